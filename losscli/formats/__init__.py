"""The formats of files, found by name and imported when a file of theirs is opened."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from losscli.errors import DataError
from losscli.formats import files
from losscli.formats.base import Reading
from losscli.formats.compressed import expanded, inner
from losscli.formats.files import named

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from losscli.formats.base import Source
    from losscli.formats.files import Content

__all__ = [
    "FORMATS",
    "NAMES",
    "is_raw",
    "open_source",
    "suffix_of",
]

# suffix: the module that reads it
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        ".csv": "text.delimited",
        ".tsv": "text.delimited",
        ".txt": "text.delimited",
        ".npy": "arrays.npy",
        ".npz": "arrays.npz",
        ".pt": "arrays.saved",
        ".pth": "arrays.saved",
        ".safetensors": "arrays.tensors",
        ".h5": "arrays.hdf5",
        ".hdf5": "arrays.hdf5",
        ".json": "json.document",
        ".jsonl": "json.lines",
        ".ndjson": "json.lines",
        ".parquet": "columnar.parquet",
        ".pq": "columnar.parquet",
        ".arrow": "columnar.feather",
        ".feather": "columnar.feather",
        ".png": "images.png",
        ".tif": "images.tiff",
        ".tiff": "images.tiff",
    }
)
NAMES = (  # as --input-format knows them
    *("csv", "tsv", "json", "jsonl", "npy", "npz", "pt", "safetensors", "hdf5"),
    *("parquet", "arrow", "png", "tiff"),
)


class _Kind(NamedTuple):
    """A binary format that can be told by how it begins."""

    begins: re.Pattern[bytes]
    called: str


_KINDS = {
    "arrays.npy": _Kind(re.compile(rb"\x93NUMPY"), "an NPY array"),
    "arrays.saved": _Kind(
        re.compile(rb"PK\x03\x04.{26,200}?data\.pkl|\x80\x02\x8a\nl\xfc\x9cF", re.DOTALL),
        "a file of torch.save",
    ),
    "arrays.npz": _Kind(re.compile(rb"PK\x03\x04|PK\x05\x06"), "an NPZ archive"),
    "arrays.tensors": _Kind(re.compile(rb'.{4}\0{4}\{\s*"', re.DOTALL), "a safetensors file"),
    "arrays.hdf5": _Kind(re.compile(rb"\x89HDF\r\n\x1a\n"), "an HDF5 file"),
    "columnar.parquet": _Kind(re.compile(rb"PAR1"), "a Parquet file"),
    "columnar.feather": _Kind(re.compile(rb"ARROW1"), "an Arrow file"),
    "images.png": _Kind(re.compile(rb"\x89PNG\r\n\x1a\n"), "a PNG image"),
    "images.tiff": _Kind(re.compile(rb"II[*+]\0|MM\0[*+]"), "a TIFF image"),
}
"""The binary formats, those first that are a special case of others."""


_UNREAD = (
    _Kind(
        re.compile(rb"\xff{4}"), "a stream of Arrow: write an Arrow file, as pyarrow.ipc.new_file"
    ),
    _Kind(re.compile(rb"FEA1"), "Feather of version 1: write version 2, or Parquet"),
    _Kind(
        re.compile(rb"PK\x03\x04.{26,60}?\[Content_Types\]", re.DOTALL), "an Excel file: save CSV"
    ),
    _Kind(
        re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html\b)", re.IGNORECASE),
        "a web page: servers give one for what is gone, or wants a login",
    ),
    _Kind(
        re.compile(rb"\x80[\x02-\x05][\x95c}\]]"), "a pickle, which could run code: save an array"
    ),
)
"""What people have as well, and what to do about it."""


class _Format(Protocol):
    """What the module of a format gives."""

    def read(
        self, content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
    ) -> Source: ...


def suffix_of(path: str) -> str | None:
    """The suffix of a path, if a format has it.

    >>> suffix_of("a.CSV"), suffix_of("a.csv.gz"), suffix_of("a.bin"), suffix_of("-")
    ('.csv', '.csv', None, None)
    """
    suffix = PurePath(inner(path)).suffix.lower()
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
        fmt: One of :data:`NAMES`, or ``raw:DTYPE:SHAPE``, whatever the suffix; None to go by it,
            else by the content.
        reading: How it is read.
        keys: What will be selected, as far as that is known: the rest may wait. None for all.

    Raises:
        FileError: it cannot be read.
        DataError: it is not what its suffix says, or broken.
    """
    reading = reading or Reading()
    content = files.read(path)
    try:
        if is_raw(fmt):
            return _raw(content, fmt or "", reading)
        content = expanded(content, suffix_of(path), reading)
        head = content.head()
        suffix = f".{fmt}" if fmt else suffix_of(path) or _sniffed(head, named(path))
        _contradict(head, suffix, named(path), fmt)
        return _module(suffix).read(content, suffix=suffix, reading=reading, keys=keys)
    except OSError as error:  # a disk may fail after the file was opened
        raise files.file_error(path, error) from error


def is_raw(fmt: str | None) -> bool:
    """Whether a format is one of bytes without a header: ``raw:DTYPE:SHAPE``."""
    return fmt is not None and f"{fmt}:".startswith("raw:")


def _raw(content: Content, fmt: str, reading: Reading) -> Source:
    """Bytes that may be anything, also what looks like the beginning of another format."""
    from losscli.formats.arrays import raw

    if inner(content.path) != content.path:
        content = expanded(content, None, reading)
    if _kind(content.head()) == "arrays.npy":
        raise DataError(
            f"{named(content.path)} is read as raw, but begins as an NPY array does",
            hint="--input-format npy reads it as one",
        )
    return raw.read(content, fmt)


def _sniffed(head: bytes, label: str) -> str:
    """The suffix that content deserves."""
    _check_unread(head, label)
    found = _kind(head)
    if found:
        return _suffix(found)
    if _is_binary(head):
        raise DataError(
            f"{label} is binary, and in no format that can be read",
            hint=f"formats are {', '.join(NAMES)} and raw:DTYPE:SHAPE; --input-format names one",
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith((b"[", b"{")):
        return ".csv"
    return ".jsonl" if _is_lines(text) else ".json"


def _is_binary(head: bytes) -> bool:
    """Whether content is no text: UTF-16 is, and is told where it is read."""
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_lines(text: bytes) -> bool:
    """Whether the first line is a value of its own, and another follows."""
    import json

    line, _, rest = text.partition(b"\n")
    try:
        json.loads(line.decode())
    except (ValueError, RecursionError):
        return False
    return bool(rest.strip())


def _kind(head: bytes) -> str | None:
    """The module of the binary format that begins like this."""
    return next((name for name, kind in _KINDS.items() if kind.begins.match(head)), None)


def _check_unread(head: bytes, label: str) -> None:
    """Refuses what is known, and not read."""
    for kind in _UNREAD:
        if kind.begins.match(head):
            what, _, hint = kind.called.partition(": ")
            raise DataError(f"{label} is {what}", hint=hint)


def _suffix(module: str) -> str:
    """The suffix of a module that is also a name of its format."""
    return next(f".{name}" for name in NAMES if FORMATS[f".{name}"] == module)


def _contradict(head: bytes, suffix: str, label: str, fmt: str | None) -> None:
    """Raise if the first bytes say that content is not what it is called."""
    said = f"read as {fmt}" if fmt else f"named {suffix}"
    _check_unread(head, label)
    module, found = FORMATS[suffix], _kind(head)
    if found and found != module:
        raise DataError(
            f"{label} is {said}, but begins as {_KINDS[found].called} does",
            hint=f"--input-format {_suffix(found)[1:]} reads it as one",
        )
    if module in _KINDS and not found:
        if not head:
            raise DataError(f"{label} is empty")
        text = not _is_binary(head)
        raise DataError(
            f"{label} is {said}, but does not begin as {_KINDS[module].called} does",
            hint=f"--input-format {_sniffed(head, label)[1:]} reads it as that" if text else "",
        )


def _module(suffix: str) -> _Format:
    return cast("_Format", import_module(f"losscli.formats.{FORMATS[suffix]}"))
