"""The formats of files, found by name and imported when a file of theirs is opened."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from losscli.errors import DataError, UsageError
from losscli.formats import files
from losscli.formats.base import Reading

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np

    from losscli.formats.base import Source
    from losscli.formats.files import Content

__all__ = [
    "FORMATS",
    "NAMES",
    "check_writable",
    "open_source",
    "suffix_of",
    "write",
    "write_text",
]

# suffix: the module that reads and writes it
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        ".csv": "delimited",
        ".tsv": "delimited",
        ".txt": "delimited",
        ".npy": "npy",
        ".json": "json_",
    }
)
NAMES = ("csv", "tsv", "json", "npy")  # as --input-format knows them

_NPY = b"\x93NUMPY"


class _Format(Protocol):
    """What the module of a format gives."""

    def read(
        self, content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
    ) -> Source: ...

    def write(self, file: BinaryIO, elements: np.ndarray, *, suffix: str) -> None: ...


def suffix_of(path: str) -> str | None:
    """The suffix of a path, if a format has it.

    >>> suffix_of("a.CSV"), suffix_of("a.bin"), suffix_of("-")
    ('.csv', None, None)
    """
    suffix = PurePath(path).suffix.lower()
    return suffix if suffix in FORMATS else None


def open_source(
    path: str,
    *,
    fmt: str | None = None,
    reading: Reading | None = None,
    keys: Collection[str] | None = None,
) -> Source:
    """Open a file, or standard input for "-".

    Args:
        path: As it was typed.
        fmt: One of :data:`NAMES`, whatever the suffix; None to go by it, else by the content.
        reading: How it is read.
        keys: What will be selected, as far as that is known: the rest may wait. None for all.

    Raises:
        FileError: it cannot be read.
        DataError: it is not what its suffix says, or broken.
    """
    content = files.read(path)
    try:
        head = content.head()
        suffix = f".{fmt}" if fmt else suffix_of(path) or _sniffed(head, files.named(path))
        _contradict(head, suffix, files.named(path), fmt)
        return _module(suffix).read(content, suffix=suffix, reading=reading or Reading(), keys=keys)
    except OSError as error:  # a disk may fail after the file was opened
        raise files.file_error(path, error) from error


def write(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write every element's loss, in the format of the suffix, whole or not at all."""
    name = os.fspath(path)
    suffix = _writable_suffix(name)
    with files.replacing(name) as file:
        _module(suffix).write(file, array, suffix=suffix)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text, whole or not at all."""
    with files.replacing(os.fspath(path)) as file:
        file.write(text.encode())


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise now what :func:`write` would raise after the work is done."""
    name = os.fspath(path)
    _writable_suffix(name)
    files.check_parent(name)


def _writable_suffix(path: str) -> str:
    suffix = suffix_of(path)
    if suffix is None:
        raise UsageError(
            f"cannot tell the format of {path} by its suffix",
            hint=f"end the name in {', '.join(FORMATS)}",
        )
    return suffix


def _sniffed(head: bytes, label: str) -> str:
    """The suffix that content deserves."""
    if head.startswith(_NPY):
        return ".npy"
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            f"{label} is binary, and in no format that can be read",
            hint=f"formats are {', '.join(NAMES)}; --input-format names one",
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return ".json" if text.startswith((b"[", b"{")) else ".csv"


def _contradict(head: bytes, suffix: str, label: str, fmt: str | None) -> None:
    """Raise if the first bytes say that content is not what it is called."""
    said = f"read as {fmt}" if fmt else f"named {suffix}"
    is_npy = head.startswith(_NPY)
    if suffix != ".npy" and is_npy:
        raise DataError(
            f"{label} is {said}, but begins as an NPY array does",
            hint="--input-format npy reads it as one",
        )
    if suffix == ".npy" and not is_npy:
        if not head:
            raise DataError(f"{label} is empty")
        raise DataError(
            f"{label} is {said}, but does not begin with the NPY magic",
            hint=f"--input-format {_sniffed(head, label)[1:]} reads it as that",
        )


def _module(suffix: str) -> _Format:
    return cast("_Format", import_module(f"losscli.formats.{FORMATS[suffix]}"))
