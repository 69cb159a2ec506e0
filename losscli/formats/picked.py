"""Some rows of a field, or all of them in another order: nobody who reads them can tell."""

from __future__ import annotations

from collections import OrderedDict
from math import prod
from threading import Lock
from typing import TYPE_CHECKING

from losscli.formats.base import Field
from losscli.lazy import np
from losscli.spool import Spool, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Picked", "Reordered"]

_PIECE = 2**22
"""So many bytes are read at once of rows that stand apart."""

_BUCKET = 2**24
"""So many bytes of rows are put in order at once."""

_OPEN = 4
"""So many buckets stay in memory: threads are some leaves apart, no more."""


class Picked(Field):
    """Rows of another field in its own order.

    Args:
        field: The other field.
        index: Which row of it each row is, ascending.
    """

    def __init__(self, field: Field, index: Spool) -> None:
        self.path, self.key, self.name = field.path, field.key, field.name
        self.columns, self.notes, self.dtype = field.columns, field.notes, field.dtype
        self.shape = (len(index), *field.shape[1:])
        self._field = field
        self._index = index
        self._most = max(_PIECE // _row_bytes(field), 1)

    def at(self, row: int) -> Field:
        return Picked(self._field.at(self._row(row)), self._index) if self.uneven else self

    def rows(self, start: int, stop: int) -> np.ndarray:
        index = self._index[start:stop]
        if not len(index):
            return self._field.rows(0, 0)
        first, last = int(index[0]), int(index[-1])
        if last - first + 1 == len(index):
            return self._field.rows(first, last + 1)
        return self._apart(index)

    def _apart(self, index: np.ndarray) -> np.ndarray:
        found = np.empty((len(index), *self.shape[1:]), self.dtype)
        at = 0
        while at < len(index):
            first = int(index[at])
            end = int(np.searchsorted(index, first + self._most))
            piece = self._field.rows(first, int(index[end - 1]) + 1)
            found[at:end] = piece[index[at:end] - first]
            at = end
        return found

    def place(self, index: tuple[int, ...]) -> str:
        """Where it stands in the file."""
        return self._field.place((self._row(index[0]), *index[1:]))

    def _row(self, row: int) -> int:
        """Which row of the other field it is."""
        return int(self._index[row : row + 1][0])


class Reordered(Picked):
    """Rows of another field in any order: put in order once, in one pass over its file.

    Args:
        field: The other field.
        index: Which row of it each row is; no row twice.
        store: The room for the rows.
    """

    def __init__(self, field: Field, index: Spool, store: Store) -> None:
        super().__init__(field, index)
        self._rows = max(_BUCKET // _row_bytes(field), 1)
        count = -(-len(index) // self._rows)
        self._buckets = [_Bucket(Spool(store), Spool(store)) for _ in range(count)]
        self._open: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = Lock()
        self._fill(field)

    def _fill(self, field: Field) -> None:
        goes = np.full(field.shape[0], -1)
        for start, piece in _pieces(self._index, self._rows):
            goes[piece] = np.arange(start, start + len(piece))
        for start in range(0, len(goes), self._most):
            to = goes[start : start + self._most]
            taken = np.flatnonzero(to >= 0)
            taken = taken[np.argsort(to[taken] // self._rows, kind="stable")]
            values = field.rows(start, start + len(to))[taken]
            cuts = np.searchsorted(to[taken] // self._rows, np.arange(1, len(self._buckets)))
            parts = zip(np.split(to[taken], cuts), np.split(values, cuts), strict=True)
            for place, (rows, part) in enumerate(parts):
                if len(rows):
                    self._buckets[place].add(rows - place * self._rows, part)

    def rows(self, start: int, stop: int) -> np.ndarray:
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        pieces = []
        for place in range(start // self._rows, -(-stop // self._rows)):
            first = place * self._rows
            bucket = self._bucket(place)
            pieces.append(bucket[max(start - first, 0) : stop - first])
        if not pieces:
            return self._field.rows(0, 0)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _bucket(self, place: int) -> np.ndarray:
        with self._lock:
            if place not in self._open:
                self._open[place] = self._buckets[place].ordered()
            self._open.move_to_end(place)
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
            return self._open[place]


class _Bucket:
    """Neighbouring rows, kept in the order in which they came."""

    def __init__(self, places: Spool, values: Spool) -> None:
        self._places, self._values = places, values

    def add(self, places: np.ndarray, values: np.ndarray) -> None:
        self._places.add(places)
        self._values.add(values)

    def ordered(self) -> np.ndarray:
        values = self._values[:]
        found = np.empty_like(values)
        found[self._places[:]] = values
        return found


def _pieces(index: Spool, rows: int) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(index), rows):
        yield start, index[start : start + rows]


def _row_bytes(field: Field) -> int:
    return max(prod(field.shape[1:]) * field.dtype.itemsize, 1)
