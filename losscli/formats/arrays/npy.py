"""NumPy arrays: read from files a few rows at a time, from pipes at once, never unpickled."""

from __future__ import annotations

from math import prod
from typing import IO, TYPE_CHECKING, Literal, cast

from losscli.errors import DataError
from losscli.formats.arrays.fields import ArraySource, check_dtype
from losscli.formats.files import file_error, named, reason
from losscli.formats.quiet import quietly
from losscli.formats.table import Table
from losscli.lazy import np

if TYPE_CHECKING:
    import io
    from collections.abc import Collection

    from losscli.formats.base import Reading, Source
    from losscli.formats.files import Content

__all__ = ["Structured", "header", "read", "stored"]


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Source:
    """The array in a file."""
    label = named(content.path)
    with content.open() as file:
        shape, fortran, dtype = header(file, label)
        start = file.tell()
        if dtype.names is None:
            check_dtype(dtype, label)
        elif dtype.hasobject:
            check_dtype(np.dtype(object), label)
        size = file.seek(0, 2) - start
    needed = prod(shape) * dtype.itemsize
    if size < needed:
        raise DataError(
            f"{label} is cut short: its header promises {shape} {dtype}, which is {needed} bytes, "
            f"and {size} follow"
        )
    order: Literal["F", "C"] = "F" if fortran else "C"
    array: np.ndarray
    if content.data is not None:
        flat = np.frombuffer(content.data, dtype, prod(shape), start)
        array = flat.reshape(shape, order=order)
    elif needed and shape and order == "C" and dtype.names is None:
        array = stored(content, dtype, shape, start)
    elif needed:
        file_or_path = content.path if content.kept is None else content.kept.file
        array = np.memmap(file_or_path, dtype, "r", start, shape, order)
    else:  # nothing cannot be mapped
        array = np.empty(shape, dtype)
    if dtype.names is None:
        return ArraySource(array, content.path)
    return Structured(array, content.path)


def stored(
    content: Content, dtype: np.dtype[np.generic], shape: tuple[int, ...], start: int
) -> np.ndarray:
    """An array of which only the rows that are asked for are read, one row after the other."""
    return cast("np.ndarray", _Stored(content, dtype, shape, start))


class _Stored:
    """Rows of an array on disk, each slice read into memory of its own.

    The pages of a mapping would count as memory of this process as long as it lives.
    """

    def __init__(
        self, content: Content, dtype: np.dtype[np.generic], shape: tuple[int, ...], start: int
    ) -> None:
        self.dtype, self.shape, self.ndim = dtype, shape, len(shape)
        self._content, self._start = content, start

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        first, last, _ = rows.indices(len(self))
        found = np.empty((max(last - first, 0), *self.shape[1:]), self.dtype)
        room = memoryview(found.reshape(-1).view(np.uint8).data)
        try:
            with cast("io.FileIO", self._content.open(raw=True)) as file:
                file.seek(self._start + first * prod(self.shape[1:]) * self.dtype.itemsize)
                while room:
                    size = file.readinto(room)
                    if not size:
                        raise DataError(
                            f"{named(self._content.path)} was cut short while it was read"
                        )
                    room = room[size:]
        except OSError as error:
            raise file_error(self._content.path, error) from error
        return found


def header(file: IO[bytes], label: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, Fortran order and dtype, from the beginning of a file in NumPy's format.

    Raises:
        DataError: they are damaged.
    """
    form = np.lib.format
    try:
        with quietly():  # of Python 2's headers, which are read
            version = form.read_magic(file)
            first = version[0] == 1
            reader = form.read_array_header_1_0 if first else form.read_array_header_2_0
            shape, fortran, dtype = reader(file)
            np.empty(0, dtype).reshape((0, *shape))  # negative lengths, too many axes
    except Exception as error:  # damaged text makes ast and tokenize raise what they like
        raise DataError(f"{label} has a damaged NPY header: {reason(error)}") from error
    if not dtype.itemsize:
        raise DataError(f"{label} has a damaged NPY header: {dtype} has no bytes")
    return shape, fortran, dtype


class Structured(Table):
    """An array of records with names."""

    def __init__(self, array: np.ndarray, path: str | None) -> None:
        self.path = path
        if array.ndim != 1:
            raise DataError(f"{self.label} holds records in {array.ndim} axes; one can be read")
        self.names = array.dtype.names
        self.width = len(self.names or ())
        self.height = len(array)
        self._array = array

    def column(self, column: int) -> np.ndarray:
        array: np.ndarray = self._array[(self.names or ())[column]]
        check_dtype(array.dtype, f"{self.label}: {self.called(column)}")
        return array
