"""HDF5: datasets by their paths, of which only the rows that are asked for are read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, UsageError
from losscli.formats.arrays.archive import Archive, Entry
from losscli.formats.arrays.rows import Rows
from losscli.formats.files import named
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Collection

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read"]


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
    try:
        file = library.File(content.path if plain else content.open(), "r")
        entries: dict[str, Entry] = {}

        def visit(name: str, item: Any) -> None:
            if isinstance(item, library.Dataset):
                entries[name] = _entry(label, name, item)

        file.visititems(visit)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{label} is no HDF5 file that can be read: {reason}") from error
    return Archive(content.path, entries)


def _entry(label: str, name: str, dataset: Any) -> Entry:
    text = import_module("h5py").check_string_dtype(dataset.dtype) is not None
    shape = tuple(dataset.shape or ())

    def sliced(rows: slice) -> Any:
        try:
            found = dataset.asstr() if text else dataset
            return found[rows] if shape else found[()]
        except (OSError, RuntimeError, ValueError) as error:
            raise DataError(f"{label}:{name} cannot be read: {error}") from error

    def opened() -> Any:
        if text:
            return np.asarray(sliced(slice(None)).tolist() if shape else sliced(slice(None)), str)
        return Rows(shape, dataset.dtype, sliced)

    word = "text" if text else str(dataset.dtype.newbyteorder("="))
    return Entry(shape, word, opened)
