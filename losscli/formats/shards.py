"""Several files that hold one array, one after the other."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.base import Field
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Shards", "check_alike"]

_KINDS = {"U": "text", "b": "bools"}


class Shards(Field):
    """The rows of several fields in their order; all have the same trailing shape and columns.

    Args:
        fields: One for each file, at least one.
        path: What was typed for all of them: a pattern or a directory.
        mixed: Text and whole numbers may take turns: then all of it is text.
    """

    def __init__(self, fields: Sequence[Field], path: str, *, mixed: bool = False) -> None:
        for other in fields:
            _check_array(other)
        # A file without rows does not know how wide its lists would be.
        filled = [other for other in fields if other.shape[0]] or [fields[0]]
        first = filled[0]
        for other in filled:
            if not mixed or {first.dtype.kind, other.dtype.kind} != {"U", "i"}:
                check_alike(first, other)
        self.path = path
        self.key = first.key
        self.columns = first.columns
        self.dtype = np.result_type(*(other.dtype for other in filled))
        ends = list(accumulate(other.shape[0] for other in fields))
        self._starts = (0, *ends[:-1])
        self.shape = (ends[-1], *first.shape[1:])
        self.notes = _notes(fields)
        self.files = tuple((other.path or "", other.shape[0]) for other in fields)
        self._fields = tuple(fields)

    def rows(self, start: int, stop: int) -> np.ndarray:
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        pieces: list[np.ndarray] = []
        for place in range(self._file(start), len(self._fields)):
            first = self._starts[place]
            if first >= stop and pieces:
                break
            if self._fields[place].shape[0]:
                piece = self._fields[place].rows(max(start - first, 0), max(stop - first, 0))
                pieces.append(np.asarray(piece, dtype=self.dtype))
        if not pieces:
            return np.empty((0, *self.shape[1:]), self.dtype)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def place(self, index: tuple[int, ...]) -> str:
        """The file, and where the element stands in it."""
        file = self._file(index[0])
        own = self._fields[file].place((index[0] - self._starts[file], *index[1:]))
        return f"{self._fields[file].path}, {own}"

    def _file(self, row: int) -> int:
        """The file of a row: the last that begins there, since those before it are empty."""
        return max(bisect_right(self._starts, row) - 1, 0)


def _check_array(field: Field) -> None:
    if not field.shape:
        raise DataError(f"{field.label} holds a single number, which is no part of a larger array")


def check_alike(first: Field, other: Field, *, rows: bool = False) -> None:
    """Raise if two files cannot be parts of one array.

    Args:
        first: One of them.
        other: Another.
        rows: They are rows of it, which may differ in size, and not some rows each.
    """
    if len(other.shape) != len(first.shape) or (not rows and other.shape[1:] != first.shape[1:]):
        raise DataError(
            f"{other.label} has shape {other.shape}, and {first.label} has {first.shape}: "
            + ("rows have as many axes" if rows else "only the number of rows may differ"),
        )
    if other.columns != first.columns:
        raise DataError(
            f"{other.label} has the columns {_listed(other)}, "
            f"and {first.label} has {_listed(first)}"
        )
    kinds = [_KINDS.get(shard.dtype.kind, "numbers") for shard in (other, first)]
    if kinds[0] != kinds[1]:
        raise DataError(f"{other.label} holds {kinds[0]}, and {first.label} holds {kinds[1]}")


def _listed(shard: Field) -> str:
    return ", ".join(shard.columns) if shard.columns else "without names"


def _notes(fields: Sequence[Field]) -> tuple[tuple[str, str], ...]:
    """Each kind of note once, with how many files have it."""
    notes: dict[str, list[str]] = {}
    for shard in fields:
        for code, message in shard.notes:
            notes.setdefault(code, []).append(message)
    return tuple(
        (code, messages[0] if len(messages) == 1 else f"{messages[0]} ({len(messages)} such files)")
        for code, messages in notes.items()
    )
