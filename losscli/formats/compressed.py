"""What is compressed around any format: gzip, bzip2, xz and zstandard.

It is expanded once, as a pipe is read: into memory while it is small, then into a temporary file.
A few kilobytes may expand to more than any disk holds; so there is a limit.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from losscli.errors import DataError, UsageError
from losscli.formats.files import Content, kept, named
from losscli.formats.remote import bare
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from losscli.formats.base import Reading

__all__ = ["COMPRESSIONS", "Compression", "check_expansion", "expanded", "inner"]

HARMLESS = 2**30
"""So many bytes are expanded whatever they were made of."""

_BLOCK = 2**20
_FRAME_BYTES = 2**11  # that are expanded at once: at most some ten thousand times as many come out


@record
class Compression:
    """One way of compressing.

    Attributes:
        called: How messages name it.
        magic: How it begins.
        module: What reads it.
        opened: Reads it: from the module and the file.
    """

    called: str
    magic: bytes
    module: str
    opened: Callable[[Any, BinaryIO], BinaryIO]


COMPRESSIONS = {
    ".gz": Compression(
        "gzip", b"\x1f\x8b", "gzip", lambda module, file: module.GzipFile(fileobj=file)
    ),
    ".bz2": Compression("bzip2", b"BZh", "bz2", lambda module, file: module.BZ2File(file)),
    ".xz": Compression("xz", b"\xfd7zXZ\0", "lzma", lambda module, file: module.LZMAFile(file)),
    ".zst": Compression(
        "zstandard",
        b"\x28\xb5\x2f\xfd",
        "zstandard",
        lambda module, file: cast("BinaryIO", _Frames(module, file)),
    ),
}
"""By suffix."""


def inner(path: str) -> str:
    """A path without the suffix of a compression.

    >>> inner("preds.csv.GZ"), inner("preds.csv")
    ('preds.csv', 'preds.csv')
    """
    path = bare(path)
    return path[: -len(suffix)] if (suffix := _suffix(path)) in COMPRESSIONS else path


def expanded(content: Content, known: str | None, reading: Reading) -> Content:
    """What is inside, if the content is compressed; else the content itself.

    Args:
        content: The bytes.
        known: The suffix of the format that its name says it is.
        reading: How it is read.

    Raises:
        DataError: it is broken, expands too far, or is not what its suffix says.
        UsageError: what reads it is not installed.
    """
    head = content.head(8)
    found = next((one for one in COMPRESSIONS.values() if head.startswith(one.magic)), None)
    label, said = named(content.path), COMPRESSIONS.get(_suffix(content.path))
    if said is not None and found is not said:
        raise DataError(
            f"{label} is named {_suffix(content.path)}, but does not begin as {said.called} does",
            hint="its name should end in what it is" if found is None else "",
        )
    if found is None:
        return content
    if said is None and known:
        raise DataError(
            f"{label} is named {known}, but begins as {found.called} does",
            hint="its name should end in what it is, as in preds.csv.gz",
        )
    reading.watch.begin(f"expanding {label}", content.size(), "bytes")
    try:
        with content.open() as file, _opened(found, file, label) as stream:
            return kept(
                content.path, cast("BinaryIO", _Stream(stream, file, found, label, reading))
            )
    finally:
        reading.watch.end()


def _suffix(path: str) -> str:
    return PurePath(bare(path)).suffix.lower()


def _opened(compression: Compression, file: BinaryIO, label: str) -> BinaryIO:
    try:
        module = import_module(compression.module)
    except ImportError as error:
        called = compression.called
        raise UsageError(
            f"{label} is compressed by {called}, which takes the package {compression.module} to "
            "read, and that is not installed",
            hint="pip install 'losscli[formats]'",
        ) from error
    return compression.opened(module, file)


class _Frames:
    """What is in a file of zstandard: one frame after the other.

    The reader of the library takes a file that is cut short for the whole.
    """

    def __init__(self, module: Any, file: BinaryIO) -> None:
        self._module, self._file = module, file
        self._frame: Any = None
        self._rest = b""  # of what was read
        self._held = b""  # of what came out
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end."""
        while self._at == len(self._held):
            data = self._rest or self._file.read(_FRAME_BYTES)
            if not data:
                if self._frame is not None:
                    raise EOFError("it ends in the midst of a frame")
                return b""
            self._held, self._at = self._expanded(data), 0
        piece = self._held[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _expanded(self, data: bytes) -> bytes:
        if self._frame is None:
            self._frame = self._module.ZstdDecompressor().decompressobj()
        found: bytes = self._frame.decompress(data)
        self._rest = b""
        if self._frame.eof:
            self._rest, self._frame = self._frame.unused_data, None
        return found

    def __enter__(self) -> _Frames:
        return self

    def __exit__(self, *_: object) -> None:
        """The file is closed by who opened it."""


class _Stream:
    """What comes out of a compressed file, as far as it may."""

    def __init__(
        self, stream: BinaryIO, file: BinaryIO, kind: Compression, label: str, reading: Reading
    ) -> None:
        self._stream, self._file, self._kind, self._label = stream, file, kind, label
        self._reading = reading
        self._seen = self._given = 0

    def read(self, size: int) -> bytes:
        """The next bytes: as many as were asked for, unless the end comes first."""
        return b"".join(self._pieces(size))

    def _pieces(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self._piece(min(size, _BLOCK))
            if not piece:
                return
            size -= len(piece)
            self._given += len(piece)
            place = self._file.tell()
            self._reading.watch.advance(place - self._seen)
            self._seen = place
            check_expansion(self._given, place, self._label, self._reading.expansion)
            yield piece

    def _piece(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except _errors(self._kind) as error:
            reason = str(error) or type(error).__name__
            raise DataError(
                f"{self._label} is broken: what {self._kind.called} compressed cannot be "
                f"expanded: {reason[0].lower()}{reason[1:]}"
            ) from error
        except OSError as error:
            if error.errno:
                raise
            raise DataError(f"{self._label} is broken: {error}") from error


def _errors(kind: Compression) -> tuple[type[Exception], ...]:
    """What is raised of broken bytes, beside an OSError."""
    module = import_module(kind.module)
    own = (getattr(module, name, None) for name in ("LZMAError", "ZstdError"))
    return (EOFError, ValueError, zlib.error, *(error for error in own if error))


def check_expansion(size: int, packed: int, label: str, most: float) -> None:
    """Refuses what becomes too much larger than it was.

    Raises:
        DataError: it does.
    """
    if size > HARMLESS and size > most * max(packed, 1):
        raise DataError(
            f"{label} expands to over {most:g} times its size",
            hint="--max-expansion N allows more, if this is meant",
            code="expansion",
        )
