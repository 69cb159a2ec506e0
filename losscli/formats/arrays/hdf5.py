"""HDF5: datasets by their paths, of which only the rows that are asked for are read."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, UsageError
from losscli.formats.arrays.archive import Archive, Entry
from losscli.formats.arrays.fields import check_dtype
from losscli.formats.arrays.heaps import fault
from losscli.formats.arrays.rows import Rows
from losscli.formats.compressed import check_expansion
from losscli.formats.files import named, reason
from losscli.lazy import np
from losscli.memory import require

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read"]

_REFERENCE = 16
"""The bytes that say where a text is: its length, a heap, and a number in it."""


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Archive:
    """The datasets in a file."""
    label = named(content.path)
    try:
        library = import_module("h5py")
    except ImportError as error:
        raise UsageError(
            f"{label} takes the package h5py to read, and that is not installed",
            hint="pip install 'losscli[formats]'",
        ) from error
    plain = content.data is None and content.kept is None
    entries: dict[str, Entry] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, library.Dataset):
            check = cache(lambda: _check_heaps(content, label))
            entries[name] = _entry(f"{label}:{name}", item, content, reading.expansion, check)

    with _told(label):
        library.File(content.path if plain else content.open(), "r").visititems(visit)
    return Archive(content.path, entries)


def _check_heaps(content: Content, label: str) -> None:
    """Refuses a file that the library would read for ever, or make room for without measure.

    Raises:
        DataError: it is such a file.
    """
    with content.open() as file:
        found = fault(file)
    if found:
        raise DataError(f"{label} is no HDF5 that can be read: {found}")


def _check_lengths(content: Content, dataset: Any, label: str) -> None:
    """Refuses texts that are longer than the file, which the library would make room for.

    Where each is kept is 16 bytes, its length first. In chunks that are packed it is not seen.

    Raises:
        DataError: there is one.
    """
    size, own = content.size(), dataset.id
    places: list[tuple[int, int]] = []
    with _told(label):
        if dataset.chunks is None:
            places.append((own.get_offset() or 0, own.get_storage_size()))
        elif not own.get_create_plist().get_nfilters() and hasattr(own, "chunk_iter"):
            own.chunk_iter(lambda chunk: places.append((chunk.byte_offset, chunk.size)))
    with content.open() as file:
        for start, room in places:
            if room % _REFERENCE or start + room > size:
                continue
            file.seek(start)
            lengths = np.frombuffer(file.read(room), "<u4")[:: _REFERENCE // 4]
            if (lengths > size).any():
                raise DataError(
                    f"{label} is no HDF5 that can be read: a text is longer than the file"
                )


def _entry(
    label: str, dataset: Any, content: Content, expansion: float, check: Callable[[], None]
) -> Entry:
    text = import_module("h5py").check_string_dtype(dataset.dtype)
    shape = tuple(dataset.shape or ())
    dtype: np.dtype[np.generic] = dataset.dtype

    def sliced(rows: slice) -> Any:
        with _told(label):
            found = dataset.asstr() if text else dataset
            return found[rows] if shape else found[()]

    def opened() -> Any:
        if dataset.shape is None:
            raise DataError(f"{label} is empty")
        if dataset.is_virtual or dataset.external:
            raise DataError(f"{label} is kept in other files: copy it into one")
        check_expansion(prod(shape) * dtype.itemsize, content.size(), label, expansion)
        if text:
            check()
            if text.length is None:
                _check_lengths(content, dataset, label)
            return np.asarray(sliced(slice(None)).tolist() if shape else sliced(slice(None)), str)
        if dtype.names is not None:
            require(prod(shape) * dtype.itemsize, f"{label}, whose records come together")
            return sliced(slice(None))
        return Rows(shape, check_dtype(dtype, label), sliced)

    return Entry(shape, "text" if text else str(dtype.newbyteorder("=")), opened)


@contextmanager
def _told(label: str) -> Iterator[None]:
    """What is raised of broken files, in one sentence."""
    try:
        yield
    except Exception as error:  # damaged files make it raise what they like
        if isinstance(error, OSError) and error.errno in (errno.EIO, errno.EACCES, errno.EMFILE):
            raise
        raise DataError(f"{label} is no HDF5 that can be read: {reason(error)}") from error
