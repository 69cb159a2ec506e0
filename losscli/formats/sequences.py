"""Sequences in other layouts than one a row: time first, end to end, or spelled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.formats.base import Field
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Chained", "Spelled", "Turned"]

FILL = -1
"""What fills a row of a sequence behind its last label."""


class _Other(Field):
    """A field that is read from another one."""

    def __init__(self, field: Field, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
        self.field, self.shape, self.dtype = field, shape, dtype
        self.path, self.key, self.name, self.notes = field.path, field.key, field.name, field.notes


class Turned(_Other):
    """A field of which the second axis is that of rows, as in (T, N, C)."""

    def __init__(self, field: Field) -> None:
        steps, rows, *rest = field.shape
        super().__init__(field, (rows, steps, *rest), field.dtype)

    def rows(self, start: int, stop: int) -> np.ndarray:
        every = self.field.rows(0, self.field.shape[0])
        return np.ascontiguousarray(every[:, start:stop].swapaxes(0, 1))

    def place(self, index: tuple[int, ...]) -> str:
        return self.field.place((index[1], index[0], *index[2:]) if len(index) > 1 else index)


class Chained(_Other):
    """Sequences that stand one behind the other on a single axis, with the length of each."""

    def __init__(self, field: Field, lengths: np.ndarray) -> None:
        self.ends = np.concatenate([[0], np.cumsum(lengths)])
        widest = max(1, int(lengths.max(initial=0)))
        super().__init__(field, (len(lengths), widest), np.dtype(np.int64))

    def rows(self, start: int, stop: int) -> np.ndarray:
        found = np.full((stop - start, self.shape[1]), FILL, self.field.dtype)
        own = self.field.rows(int(self.ends[start]), int(self.ends[stop]))
        for row, at in enumerate(range(start, stop)):
            first, last = (int(one - self.ends[start]) for one in self.ends[at : at + 2])
            found[row, : last - first] = own[first:last]
        return found

    def place(self, index: tuple[int, ...]) -> str:
        behind = index[1] if len(index) > 1 else 0
        return self.field.place((int(self.ends[index[0]]) + behind,))


class Spelled(_Other):
    """A line of text for each row, as the labels of its characters.

    Attributes:
        labels: The label of each character.
        unknown: The label of those that have none.
    """

    def __init__(self, field: Field, labels: Mapping[str, int], unknown: int) -> None:
        self.labels, self.unknown = labels, unknown
        widest = max((len(str(one)) for one in field.rows(0, field.shape[0])), default=0)
        super().__init__(field, (field.shape[0], max(1, widest)), np.dtype(np.int64))

    def rows(self, start: int, stop: int) -> np.ndarray:
        found = np.full((stop - start, self.shape[1]), FILL, np.int64)
        for row, line in enumerate(self.field.rows(start, stop).tolist()):
            found[row, : len(line)] = [self.labels.get(one, self.unknown) for one in line]
        return found

    def place(self, index: tuple[int, ...]) -> str:
        where = self.field.place(index[:1])
        return where if len(index) < 2 else f"{where}, character {index[1] + 1}"
