"""The formats of files, found by name and imported when a file of theirs is opened."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from losscli.errors import DataError
from losscli.formats import files
from losscli.formats.base import Reading
from losscli.formats.compressed import expanded, inner

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from losscli.formats.base import Source
    from losscli.formats.files import Content

__all__ = [
    "FORMATS",
    "NAMES",
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
        ".json": "json.document",
        ".jsonl": "json.lines",
        ".ndjson": "json.lines",
        ".parquet": "columnar.parquet",
        ".pq": "columnar.parquet",
    }
)
NAMES = ("csv", "tsv", "json", "jsonl", "npy", "npz", "parquet")  # as --input-format knows them

_MAGIC = {".npy": b"\x93NUMPY", ".npz": b"PK", ".parquet": b"PAR1"}
_CALLED = {".npy": "an NPY array", ".npz": "an NPZ archive", ".parquet": "a Parquet file"}


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
        fmt: One of :data:`NAMES`, whatever the suffix; None to go by it, else by the content.
        reading: How it is read.
        keys: What will be selected, as far as that is known: the rest may wait. None for all.

    Raises:
        FileError: it cannot be read.
        DataError: it is not what its suffix says, or broken.
    """
    reading = reading or Reading()
    content = files.read(path)
    try:
        content = expanded(content, suffix_of(path), reading)
        head = content.head()
        suffix = f".{fmt}" if fmt else suffix_of(path) or _sniffed(head, files.named(path))
        _contradict(head, suffix, files.named(path), fmt)
        return _module(suffix).read(content, suffix=suffix, reading=reading, keys=keys)
    except OSError as error:  # a disk may fail after the file was opened
        raise files.file_error(path, error) from error


def _sniffed(head: bytes, label: str) -> str:
    """The suffix that content deserves."""
    magic = _magic(head)
    if magic:
        return magic
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            f"{label} is binary, and in no format that can be read",
            hint=f"formats are {', '.join(NAMES)}; --input-format names one",
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith((b"[", b"{")):
        return ".csv"
    return ".jsonl" if _is_lines(text) else ".json"


def _is_lines(text: bytes) -> bool:
    """Whether the first line is a value of its own, and another follows."""
    import json

    line, _, rest = text.partition(b"\n")
    try:
        json.loads(line.decode())
    except (ValueError, RecursionError):
        return False
    return bool(rest.strip())


def _magic(head: bytes) -> str | None:
    """The suffix of the binary format that begins like this."""
    return next((suffix for suffix, magic in _MAGIC.items() if head.startswith(magic)), None)


def _contradict(head: bytes, suffix: str, label: str, fmt: str | None) -> None:
    """Raise if the first bytes say that content is not what it is called."""
    said = f"read as {fmt}" if fmt else f"named {suffix}"
    module, found = FORMATS[suffix], _magic(head)
    if found and FORMATS[found] != module:
        raise DataError(
            f"{label} is {said}, but begins as {_CALLED[found]} does",
            hint=f"--input-format {found[1:]} reads it as one",
        )
    called = next((_CALLED[other] for other in _MAGIC if FORMATS[other] == module), None)
    if called and not found:
        if not head:
            raise DataError(f"{label} is empty")
        raise DataError(
            f"{label} is {said}, but does not begin with the {called.split()[1]} magic",
            hint=f"--input-format {_sniffed(head, label)[1:]} reads it as that",
        )


def _module(suffix: str) -> _Format:
    return cast("_Format", import_module(f"losscli.formats.{FORMATS[suffix]}"))
