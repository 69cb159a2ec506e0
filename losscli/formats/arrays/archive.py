"""Files that hold several arrays by name: each is opened only if a key names it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrays.beside import side_by_side
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.arrays.npy import Structured
from losscli.formats.base import Listing, Source
from losscli.formats.files import named
from losscli.formats.keys import ambiguous, is_unknown, unknown
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from losscli.formats.base import Field

__all__ = ["Archive", "Entry"]


@record
class Entry:
    """An array that is still in its file.

    Attributes:
        shape: Its shape.
        dtype: Its dtype, in a word.
        opened: Something that can be sliced by rows, and has a shape and a dtype of NumPy.
        columns: The names of its columns.
    """

    shape: tuple[int, ...]
    dtype: str
    opened: Callable[[], Any]
    columns: tuple[str, ...] | None = None


class Archive(Source):
    """Arrays by name. A key names an array, or columns: ``x.1``, ``1`` of the only one there is."""

    def __init__(self, path: str | None, entries: Mapping[str, Entry]) -> None:
        self.path = path
        self._label = named(path or "")
        self._entries = entries

    def listing(self) -> list[Listing]:
        return [Listing(name, one.shape, one.dtype) for name, one in self._entries.items()]

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        if key is None:
            return self._only(leave)
        if key not in self._entries:
            key = key.removeprefix("/")  # as paths in HDF5 may begin
        if key in self._entries:
            return self._source(key, key).select(None)
        try:
            field = self._columns(key)
        except DataError as error:
            if is_unknown(error):
                raise unknown(self._label, key, self.listing(), "array") from None
            raise
        field.key = key
        return field

    def _only(self, leave: Collection[str]) -> Field:
        left = [name for name in self._entries if name not in leave]
        if not left:
            what = "the other inputs leave no array of it" if self._entries else "it holds no array"
            raise DataError(f"{self._label}: {what}")
        if len(left) > 1:
            listing = [line for line in self.listing() if line.key in left]
            raise ambiguous(self._label, left, listing)
        rest = leave if len(self._entries) == 1 else ()
        return self._source(left[0], None).select(None, leave=rest)

    def _columns(self, key: str) -> Field:
        """Columns, or fields of records: of the array before a dot, or of the only one."""
        for dot in reversed([*re.finditer(r"\.", key)]):
            name = key[: dot.start()].removeprefix("/")
            if name in self._entries:
                return self._source(name, name).select(key[dot.end() :])
        if len(self._entries) != 1:
            several = side_by_side(key, [*self._entries], self._label, self.path, self.select)
            if several is None:
                raise unknown(self._label, key, self.listing(), "array")
            return several
        (name,) = self._entries
        return self._source(name, None).select(key)

    def _source(self, name: str, key: str | None) -> Source:
        array = self._entries[name].opened()
        if array.dtype.names is not None:
            return Structured(array, self.path)
        return ArraySource(array, self.path, key, columns=self._entries[name].columns)
