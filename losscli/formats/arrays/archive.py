"""Files that hold several arrays by name: each is opened only if a key names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.base import Listing, Source
from losscli.formats.files import named
from losscli.formats.keys import is_unknown, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from losscli.formats.base import Field

__all__ = ["Archive", "Entry"]

_LISTED = 20


@dataclass(frozen=True)
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
    """Arrays by name. A key names an array, or columns of the only one there is."""

    def __init__(self, path: str | None, entries: Mapping[str, Entry]) -> None:
        self.path = path
        self._label = named(path or "")
        self._entries = entries

    def listing(self) -> list[Listing]:
        return [Listing(name, one.shape, one.dtype) for name, one in self._entries.items()]

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        if key is not None and key in self._entries:
            return self._source(key, key).select(None)
        left = [name for name in self._entries if name not in leave]
        if key is not None and len(self._entries) == 1:
            return self._columns(key)
        if key is not None:
            raise unknown(self._label, key, self.listing(), "array")
        if not left:
            what = "the other inputs leave no array of it" if self._entries else "it holds no array"
            raise DataError(f"{self._label}: {what}")
        if len(left) > 1:
            raise DataError(
                f"{self._label} holds {len(left)} arrays: {self._held(left)}",
                hint=f"name one with a key, as in {self._label}:{left[0]}",
            )
        rest = leave if len(self._entries) == 1 else ()
        return self._source(left[0], None).select(None, leave=rest)

    def _columns(self, key: str) -> Field:
        """Columns of the only array."""
        (name,) = self._entries
        try:
            field = self._source(name, None).select(key)
        except DataError as error:
            if is_unknown(error):
                raise unknown(self._label, key, self.listing(), "array") from None
            raise
        return field

    def _source(self, name: str, key: str | None) -> ArraySource:
        entry = self._entries[name]
        return ArraySource(entry.opened(), self.path, key, columns=entry.columns)

    def _held(self, names: list[str]) -> str:
        lines = [str(line) for line in self.listing() if line.key in names]
        more = f", … and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
        return ", ".join(lines[:_LISTED]) + more
