"""Rows that are decoded in order, and asked for in nearly that order, by several threads."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Blocks"]

_NEAR = 2**25
"""So many decoded bytes of a segment stay: threads are some leaves apart, no more."""

_FEWEST = 3
"""So many segments stay open however few threads there are: a leaf may cross into the next."""


class Blocks:
    """An array of which only some blocks of rows are in memory.

    A segment is where decoding can begin; within it rows come in order. Whoever asks for a row
    that is gone has its segment decoded again: right for any order, and quick for those near
    the order of the file.

    Args:
        segments: (first row, number of rows) of each, in order and without gaps.
        decode: The rows of a segment by its place, in blocks.
        shape: Of the whole.
        dtype: Of all blocks.
        threads: How many will ask at the same time.
    """

    def __init__(
        self,
        segments: Sequence[tuple[int, int]],
        decode: Callable[[int], Iterator[np.ndarray]],
        *,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        threads: int,
    ) -> None:
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self._segments = [segment for segment in enumerate(segments) if segment[1][1]]
        self._starts = [first for _, (first, _) in self._segments]
        self._decode = decode
        self._most = max(threads + 1, _FEWEST)
        self._open: OrderedDict[int, _Segment] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        found = np.empty((max(stop - start, 0), *self.shape[1:]), self.dtype)
        at = max(bisect_right(self._starts, start) - 1, 0)
        for place in range(at, len(self._segments)):
            first = self._starts[place]
            last = first + self._segments[place][1][1]
            if first >= stop:
                break
            low, high = max(start, first), min(stop, last)
            if low < high:
                self._segment(place).fill(found[low - start : high - start], low - first)
        return found

    def _segment(self, place: int) -> _Segment:
        with self._lock:
            if place not in self._open:
                number = self._segments[place][0]
                self._open[place] = _Segment(partial(self._decode, number))  # no way back to self
            self._open.move_to_end(place)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
            return self._open[place]


class _Segment:
    """Rows that are decoded from the first on, of which the latest stay."""

    def __init__(self, decode: Callable[[], Iterator[np.ndarray]]) -> None:
        self._decode = decode
        self._lock = Lock()
        self._rewind()

    def _rewind(self) -> None:
        self._coming: Iterator[np.ndarray] | None = None
        self._blocks: deque[tuple[int, np.ndarray]] = deque()  # with the first row of each
        self._next = 0
        self._held = 0

    def fill(self, room: np.ndarray, start: int) -> None:
        """Copies rows from one on, as many as there is room for."""
        with self._lock:
            if start < (self._blocks[0][0] if self._blocks else self._next):
                self._rewind()
            try:
                self._fill(room, start)
            except BaseException:  # a generator that raised has ended, and must not look like that
                self._rewind()
                raise

    def _fill(self, room: np.ndarray, start: int) -> None:
        for first, block in self._blocks:
            _copy(room, start, block, first)
        while self._next < start + len(room):
            _copy(room, start, *self._decoded())

    def _decoded(self) -> tuple[np.ndarray, int]:
        """The next block and its first row. What is far behind it goes."""
        if self._coming is None:
            self._coming = self._decode()
        block = next(self._coming, None)
        if block is None:
            raise DataError("a group of rows has fewer rows than its file promises")
        first = self._next
        self._blocks.append((first, block))
        self._next += len(block)
        self._held += block.nbytes
        while self._held > _NEAR and len(self._blocks) > 1:
            self._held -= self._blocks.popleft()[1].nbytes
        return block, first


def _copy(room: np.ndarray, start: int, block: np.ndarray, first: int) -> None:
    """The rows that both have, where the one begins at a row and the other at another."""
    low, high = max(start, first), min(start + len(room), first + len(block))
    if low < high:
        room[low - start : high - start] = block[low - first : high - first]
