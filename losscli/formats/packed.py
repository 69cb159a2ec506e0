"""Sequences of several lengths, one behind the other on a single axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from losscli.formats.base import Field
from losscli.formats.missing import NUMBER
from losscli.formats.shards import Shards
from losscli.lazy import np
from losscli.records import record
from losscli.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.spool import Store

__all__ = ["HoleError", "Packed", "Packing", "Runs", "chained", "even"]


class HoleError(Exception):
    """A null that is not the first of its sequence: of which, and where; both from 0."""

    def __init__(self, sequence: int, at: int) -> None:
        super().__init__(sequence, at)
        self.sequence, self.at = sequence, at


@record
class Runs:
    """Some sequences.

    Attributes:
        values: Of all of them, one behind the other.
        lengths: How many each has.
        items: The line, row or item in which each stands, counted from 0.
        headless: Which had a null in front, that was left out.
    """

    values: np.ndarray
    lengths: np.ndarray
    items: np.ndarray
    headless: np.ndarray

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        nulls: np.ndarray,
        lengths: np.ndarray,
        items: np.ndarray,
        *,
        missing: bool,
    ) -> Runs:
        """Leaves out nulls that stand first: the first token has nothing before it.

        Args:
            values: Of all sequences; anything where there is a null.
            nulls: Where that is.
            lengths: How many values each sequence has.
            items: Where each stands.
            missing: Other nulls are values that are missing.

        Raises:
            HoleError: there are other nulls.
        """
        filled = lengths > 0
        firsts = (np.cumsum(lengths) - lengths)[filled]
        first = np.zeros(len(values), bool)
        first[firsts] = True
        holes = np.flatnonzero(nulls & ~first)
        if len(holes) and not missing:
            sequence = int(np.searchsorted(np.cumsum(lengths), holes[0], "right"))
            raise HoleError(sequence, int(holes[0] - lengths[:sequence].sum()))
        if len(holes):
            values = values.copy()
            values[holes] = NUMBER
        headless = np.zeros(len(lengths), bool)
        headless[filled] = nulls[firsts]
        return cls(values[~(nulls & first)], lengths - headless, items, headless)


class Packed(Field):
    """The values of all sequences.

    Attributes:
        starts: The place of the first value of each, and the end.
        runs: The length of each, its line, row or item, and whether a null before it was left out.
        source: The shape of the array that they were in, if they were in one.
    """

    def __init__(
        self,
        values: Field | Spool,
        runs: tuple[np.ndarray, np.ndarray, np.ndarray],
        path: str | None,
        key: str | None,
        noun: str = "",
    ) -> None:
        self.runs = runs
        lengths, self._items, self._headless = runs
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.shape, self.dtype = (int(self.starts[-1]),), values.dtype
        self.path, self.key, self._noun = path, key, noun
        self._values = values
        self.source: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self, start: int, stop: int) -> np.ndarray:
        if isinstance(self._values, Field):
            return self._values.rows(start, stop)
        return self._values[start:stop]

    def sequence(self, token: int) -> int:
        """Which sequence a value belongs to, counted from 0."""
        return int(np.searchsorted(self.starts, token, "right")) - 1

    def where(self, token: int) -> tuple[str, str]:
        """The sequence of a value, and its place there, as a person finds them."""
        sequence = self.sequence(token)
        at = token - int(self.starts[sequence]) + int(self._headless[sequence])
        item = self._items[sequence]
        low, high = (int(np.searchsorted(self._items, item, side)) for side in ("left", "right"))
        found = [f"{self._noun} {item + 1}"] if self._noun else []
        if high - low > 1 or not self._noun:
            found.append(f"sequence {sequence - low + 1}")
        return ", ".join(found), f"{at + 1}"

    def place(self, index: tuple[int, ...]) -> str:
        sequence, token = self.where(index[0])
        return f"{sequence}, token {token}"

    def noted(self) -> Packed:
        """With what is to be said of nulls that were left out, and of empty sequences."""
        first, empty = int(self._headless.sum()), int((np.diff(self.starts) == 0).sum())
        notes = []
        if first:
            text = f"{first} of {_counted(len(self))} began with null, for a token without context"
            notes.append(("first-token", f"{self.label}: {text}: left out"))
        if empty:
            message = f"{self.label}: {empty} of {_counted(len(self))} had no token that counts"
            notes.append(("empty-sequence", message))
        self.notes = (*self.notes, *notes)
        return self


def _counted(count: int) -> str:
    return "1 sequence" if count == 1 else f"{count:,} sequences"


class Packing:
    """Takes sequences, some at a time."""

    def __init__(self, store: Store) -> None:
        self._values = Spool(store)
        self._runs: list[Runs] = []
        self.items = 0

    def add(self, runs: Runs, items: int) -> None:
        """Takes the next ones, which stand in so many lines or rows."""
        self._values.add(runs.values)
        empty = runs.values[:0]
        self._runs.append(Runs(empty, runs.lengths, runs.items + self.items, runs.headless))
        self.items += items

    def field(self, path: str | None, key: str | None, noun: str) -> Packed:
        """All of them."""
        columns = ([one.lengths, one.items, one.headless] for one in self._runs)
        runs = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
        return Packed(self._values, (runs[0], runs[1], runs[2]), path, key, noun)


class _Flat(Field):
    """All values of an array, on one axis."""

    def __init__(self, field: Field) -> None:
        self.field, self.dtype, self.shape = field, field.dtype, (prod(field.shape),)
        self.path, self.key, self.name = field.path, field.key, field.name

    def rows(self, start: int, stop: int) -> np.ndarray:
        width = prod(self.field.shape[1:]) or 1
        first = start // width
        found = self.field.rows(first, -(-stop // width)).reshape(-1)
        return found[start - first * width : stop - first * width]


def even(field: Field) -> Packed:
    """An array as sequences of one length: its last axis; one axis is a single sequence."""
    shape = field.shape or (1,)
    count, length = prod(shape[:-1]), shape[-1]
    runs = np.full(count, length), np.arange(count), np.zeros(count, bool)
    found = Packed(_Flat(field), runs, field.path, field.key, "row" if len(shape) > 1 else "")
    found.name, found.notes, found.source = field.name, field.notes, field.shape
    return found


def chained(fields: Sequence[Packed], path: str) -> Packed:
    """The sequences of several files."""
    return fields[0] if len(fields) == 1 else _Chained(fields, path)


class _Chained(Packed):
    """Sequences of several files, whose places are told with the name of the file."""

    def __init__(self, fields: Sequence[Packed], path: str) -> None:
        columns = zip(*(one.runs for one in fields), strict=True)
        lengths, items, headless = (np.concatenate(parts) for parts in columns)
        shards = Shards(fields, path)
        super().__init__(shards, (lengths, items, headless), path, shards.key)
        self.notes, self.files = shards.notes, shards.files
        self._fields = fields
        self._ends = np.cumsum([len(one) for one in fields])

    def where(self, token: int) -> tuple[str, str]:
        sequence = self.sequence(token)
        file = int(np.searchsorted(self._ends, sequence, "right"))
        own = self._fields[file]
        inside, at = own.where(token - int(self.starts[int(self._ends[file]) - len(own)]))
        return ", ".join(filter(None, [own.path, inside])), at
