"""An image as an array of its rows and columns, with one number for every pixel.

Colours of a palette are indices into it, as label maps are stored; pixels of several channels
are refused, as no target is a colour.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, LosscliError, UsageError
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.arrays.rows import Rows
from losscli.formats.compressed import check_expansion
from losscli.formats.files import named
from losscli.formats.keys import unknown
from losscli.formats.quiet import quietly
from losscli.lazy import np
from losscli.memory import require

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Field, Reading
    from losscli.formats.files import Content

__all__ = ["Picture"]

_PLUGINS = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
}
_DTYPES = {
    "1": "bool",
    "L": "uint8",
    "P": "uint8",
    "I;16": "uint16",
    "I;16L": "uint16",
    "I;16B": "uint16",
    "I": "int32",
    "F": "float32",
}
"""What each mode of Pillow is read as."""

_LARGE = 2**28


class Picture(ArraySource):
    """One image, of which only the header is read until its pixels are asked for.

    Args:
        content: The bytes.
        called: "PNG" or "TIFF".
        reading: How far it may expand.
    """

    is_row = True

    def __init__(self, content: Content, called: str, reading: Reading) -> None:
        self.label = named(content.path)
        self._content, self._called = content, called
        with self._opened() as image:
            if image.mode not in _DTYPES:
                raise DataError(
                    f"{self.label} holds colours (mode {image.mode}), and one number for every "
                    "pixel is wanted",
                    hint="class indices are kept in grey, or by a palette",
                )
            width, height = image.size
            dtype = self._meant(image, np.dtype(_DTYPES[image.mode]))
            if self._goes_on(image):
                raise DataError(f"{self.label} holds several images, and one can be read")
        size = width * height * dtype.itemsize
        check_expansion(size, content.size(), self.label, reading.expansion)
        if size > _LARGE:  # to ask what is free takes longer than to decode a mask
            require(size, f"{self.label}: an image is decoded whole")
        rows = Rows((height, width), dtype, self._pixels)
        super().__init__(rows, content.path)  # type: ignore[arg-type]

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        if key is not None:
            raise unknown(self.label, key, self.listing(), "key")
        return super().select(None)

    def _meant(self, image: Any, dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
        """The dtype of the pixels, where that is not the one that Pillow gives."""
        return dtype

    def _pixels(self, rows: slice) -> np.ndarray:
        """Some rows of pixels."""
        with self._opened() as image:
            array = np.asarray(image)
            dtype = self._meant(image, array.dtype)
        same_bits = dtype.kind != array.dtype.kind and dtype.itemsize == array.dtype.itemsize
        return (array.view(dtype) if same_bits else array)[rows]

    @staticmethod
    def _goes_on(image: Any) -> bool:
        """Whether another image follows."""
        try:
            image.seek(1)
        except EOFError:
            return False
        return True

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """The image, before its pixels are decoded; what is broken in it becomes our error."""
        module, name = _PLUGINS[self._called]
        try:
            reader = getattr(import_module(module), name)
        except ImportError as error:
            raise UsageError(
                f"{self.label} takes the package Pillow to read, and that is not installed",
                hint="pip install 'losscli[formats]'",
            ) from error
        try:
            with self._content.open() as file, quietly():
                yield reader(file)
        except LosscliError:
            raise
        except Exception as error:  # damaged files make it raise what it likes
            if isinstance(error, OSError) and error.errno:
                raise
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise DataError(
                f"{self.label} is no {self._called} image that can be read: "
                f"{reason[0].lower()}{reason[1:]}"
            ) from error
