"""PNG: masks as they are drawn, in one channel or by a palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.formats.images.pixels import Picture

if TYPE_CHECKING:
    from collections.abc import Collection

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read"]


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Picture:
    """The image in a file."""
    return Picture(content, "PNG", reading)
