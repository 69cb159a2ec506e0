"""TIFF: masks and measurements, of whole numbers or floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.images.pixels import Picture
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Collection

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read"]

_BITS, _SIGN = 258, 339  # tags: bits of each sample, and what they mean
_UNSIGNED, _SIGNED = 1, 2


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Picture:
    """The image in a file."""
    return _Tiff(content, "TIFF", reading)


class _Tiff(Picture):
    """Pillow takes some samples for others of the same size: their bits are right."""

    def _meant(self, image: Any, dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
        bits, sign = image.tag_v2.get(_BITS, (1,)), image.tag_v2.get(_SIGN, (_UNSIGNED,))
        if len(bits) > 1:
            raise DataError(f"{self.label} holds {len(bits)} numbers for every pixel, not one")
        if bits[0] == 32 and sign[0] == _UNSIGNED and dtype.kind == "i":
            return np.dtype(np.uint32)
        if bits[0] == 8 and sign[0] == _SIGNED:
            return np.dtype(np.int8)
        return dtype
