"""Arrays that are kept piece by piece: in memory while there is room, then in a file without name.

What is parsed from text, and every element's loss where it is asked for, can be larger than
memory. A store is the room for all such arrays of one question; a spool is one of them.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from losscli.errors import FileError
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Spool", "Store", "no_room", "temporary"]

MEMORY = 2**26
"""So many bytes are kept in memory; what comes later goes to the temporary file."""


class Store:
    """Room for arrays: so much memory, and then a file that vanishes with the process."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._left = memory
        self._file: BinaryIO | None = None
        self._end = 0
        self._lock = Lock()

    def put(self, array: np.ndarray) -> np.ndarray | int:
        """Keeps an array: the array itself, or where its bytes are in the file.

        Raises:
            FileError: there is no room in the folder of temporary files.
        """
        with self._lock:
            if array.nbytes <= self._left:
                self._left -= array.nbytes
                return array
            place, self._end = self._end, self._end + array.nbytes
            file = self._file = self._file or temporary()
        _write(file.fileno(), array, place)
        return place

    def get(self, place: int, into: np.ndarray) -> None:
        """Reads bytes of the file back into an array in one piece of memory."""
        assert self._file is not None
        room = memoryview(into.reshape(-1).view(np.uint8).data)
        while room:
            size = os.preadv(self._file.fileno(), [room], place)
            if not size:
                raise FileError("the temporary file was cut short")
            place, room = place + size, room[size:]

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()


def temporary(what: str = "data") -> BinaryIO:
    """A file without a name, which vanishes when it is closed.

    Raises:
        FileError: there is no room for it.
    """
    from tempfile import TemporaryFile

    try:
        return TemporaryFile(buffering=0)
    except OSError as error:
        raise no_room(error, what) from error


def _write(descriptor: int, array: np.ndarray, place: int) -> None:
    room = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    try:
        while room:
            size = os.pwrite(descriptor, room, place)
            place, room = place + size, room[size:]
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError, what: str = "data") -> FileError:
    """Why something cannot be kept in the folder of temporary files."""
    from tempfile import gettempdir

    reason = (error.strerror or str(error)).lower()
    return FileError(
        f"cannot keep {what} in {gettempdir()}: {reason}",
        hint="TMPDIR=FOLDER names another folder for temporary files",
    )


@record
class _Piece:
    rows: int
    dtype: np.dtype[np.generic]
    kept: np.ndarray | int


class Spool:
    """One array, taken in pieces of rows and read back by rows, by several threads at once.

    Pieces may differ in dtype: they are kept as they came, and read as what holds them all.

    >>> import numpy
    >>> spool = Spool(Store(memory=8))
    >>> spool.add(numpy.array([1, 2])); spool.add(numpy.array([0.5]))
    >>> spool[1:3]
    array([2. , 0.5])
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._row: tuple[int, ...] = ()
        self._pieces: list[_Piece] = []
        self._starts: list[int] = []
        self._rows = 0
        self.dtype: np.dtype[np.generic] = np.dtype(np.float64)

    def add(self, rows: np.ndarray) -> None:
        """Takes the next rows, all of the same shape."""
        if not self._pieces:
            self.dtype, self._row = rows.dtype, rows.shape[1:]
        elif self.dtype != rows.dtype:
            self.dtype = np.result_type(self.dtype, rows.dtype)
        self._pieces.append(_Piece(len(rows), rows.dtype, self._store.put(rows)))
        self._starts.append(self._rows)
        self._rows += len(rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._rows, *self._row)

    @property
    def ndim(self) -> int:
        return 1 + len(self._row)

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self._rows)
        found = np.empty((max(stop - start, 0), *self._row), self.dtype)
        at = max(bisect_right(self._starts, start) - 1, 0)
        while at < len(self._pieces) and self._starts[at] < stop:
            piece, first = self._pieces[at], self._starts[at]
            low, high = max(start - first, 0), min(stop - first, piece.rows)
            if low < high:
                found[first + low - start : first + high - start] = self._part(piece, low, high)
            at += 1
        return found

    def _part(self, piece: _Piece, low: int, high: int) -> np.ndarray:
        if not isinstance(piece.kept, int):
            return piece.kept[low:high]
        part = np.empty((high - low, *self._row), piece.dtype)
        row = prod(self._row) * piece.dtype.itemsize
        self._store.get(piece.kept + low * row, part)
        return part

    def pieces(self, rows: int) -> Iterator[np.ndarray]:
        """All rows in order, so many at a time."""
        for start in range(0, self._rows, rows):
            yield self[start : start + rows]
