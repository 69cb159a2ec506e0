"""The bytes of files and pipes, and files written whole or not at all."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import shutil
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from losscli.errors import DataError, FileError
from losscli.formats import remote
from losscli.records import record
from losscli.spool import no_room, temporary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

__all__ = ["Content", "check_parent", "file_error", "kept", "named", "read", "reason", "replacing"]

_SENTENCES = {
    errno.ENOENT: "there is no such file",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EISDIR: "it is a directory",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.ENOSPC: "no space left on the device",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "too many symbolic links",
}

MEMORY = 2**26
"""A pipe that gives so many bytes goes to a temporary file."""

_BLOCK = 2**20
_LONGEST = 256  # characters of what libraries say
_BREAK = re.compile(rb"\r\n|\r|\n")


def named(path: str) -> str:
    """A path as messages name it.

    >>> named("preds.csv"), named("-")
    ('preds.csv', 'standard input')
    """
    return "standard input" if path == "-" else path


def file_error(path: str, error: OSError, verb: str = "read") -> FileError:
    """An OSError in a plain sentence.

    >>> print(file_error("y.npy", PermissionError(errno.EACCES, "Permission denied")))
    cannot read y.npy: permission denied
    """
    reason = _SENTENCES.get(error.errno or 0) or (error.strerror or str(error)).lower()
    return FileError(f"cannot {verb} {named(path)}: {reason}")


def reason(error: BaseException) -> str:
    r"""What a library says of a broken file, in one line that is not too long.

    >>> reason(ValueError("no\nway")), reason(KeyError())
    ('no', 'KeyError')
    """
    line = str(error).strip().partition("\n")[0] or type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


@record
class Content:
    """What a path gives, to be read from the start as often as needed.

    Attributes:
        path: The file as it was typed; "-" for standard input.
        data: The bytes of a pipe, which gives them only once; None for a regular file.
        kept: The bytes of a pipe that gave many.
    """

    path: str
    data: bytes | None = None
    kept: Kept | None = None

    def open(self, *, raw: bool = False) -> BinaryIO:
        """A new reader at the first byte.

        Args:
            raw: It is not read in small pieces: without a buffer it is opened sooner.
        """
        if self.data is not None:
            return io.BytesIO(self.data)
        if self.kept is not None:
            return self.kept.open()
        try:
            return cast("BinaryIO", io.FileIO(self.path)) if raw else Path(self.path).open("rb")
        except OSError as error:
            raise file_error(self.path, error) from error

    def head(self, size: int = 4096) -> bytes:
        """The first bytes."""
        with self.open() as file:
            return file.read(size)

    def size(self) -> int:
        """How many bytes there are."""
        with self.open() as file:
            return file.seek(0, os.SEEK_END)

    def all(self) -> bytes:
        """All bytes."""
        if self.data is not None:
            return self.data
        with self.open() as file:
            return file.read()

    def text(self) -> str:
        """All characters, without a byte order mark; DataError if the bytes are not UTF-8."""
        try:
            return self.all().decode().removeprefix("\ufeff")
        except UnicodeDecodeError:
            self.check_text()
            raise

    def check_text(self) -> None:
        """Raise DataError if the bytes are not UTF-8; no more than a few are in memory."""
        line, rest = 1, b""
        with self.open() as file:
            while block := file.read(_BLOCK):
                text = rest + block
                try:
                    end = codecs.utf_8_decode(text, "strict", False)[1]
                except UnicodeDecodeError as error:
                    raise self._no_text(text, error.start, line) from error
                if text.endswith(b"\r"):  # a line break may follow
                    end = min(end, len(text) - 1)
                line += len(_BREAK.findall(text[:end]))
                rest = text[end:]
        if rest.rstrip(b"\r"):
            raise self._no_text(rest, 0, line)

    def _no_text(self, text: bytes, at: int, line: int) -> DataError:
        line += len(_BREAK.findall(text[:at]))
        where = f"{named(self.path)}, line {line}"
        return DataError(f"{where}: byte 0x{text[at]:02x} is not UTF-8")


def read(path: str) -> Content:
    """The content of a file, which stays on disk, or of a pipe, which is read to its end now.

    A pipe, or a URL, that gives more than memory should hold goes to a temporary file.
    """
    try:
        if path == "-":
            if sys.stdin is None:
                raise FileError("standard input is closed")
            return kept(path, sys.stdin.buffer)
        if remote.is_url(path):
            with remote.opened(path) as file:
                return kept(path, file, remote.MEMORY)
        if stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  # Path("") would be "."
            return Content(path)
        with Path(path).open("rb") as pipe:
            return kept(path, pipe)
    except OSError as error:
        raise file_error(path, error) from error
    except ValueError as error:  # a NUL in the path, or a standard input that is closed
        raise FileError(f"cannot read {named(path)!r}: {error}") from error


def kept(path: str, pipe: BinaryIO, memory: int = MEMORY) -> Content:
    """What a pipe gives, kept: in memory if it is little, else in a temporary file."""
    data = pipe.read(memory)
    if len(data) < memory:
        return Content(path, data)
    file = Kept()
    while data:
        file.add(data)
        data = pipe.read(_BLOCK)
    return Content(path, kept=file)


class Kept:
    """Bytes in a file without name, which vanishes with the last who reads it."""

    def __init__(self) -> None:
        self.file = temporary("a pipe")

    def add(self, data: bytes) -> None:
        """Appends bytes.

        Raises:
            FileError: there is no room in the folder of temporary files.
        """
        room = memoryview(data)
        try:
            while room:
                room = room[self.file.write(room) or 0 :]
        except OSError as error:
            raise no_room(error, "a pipe") from error

    def open(self) -> BinaryIO:
        """A new reader at the first byte."""
        return io.BufferedReader(_Reader(self))

    def __del__(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


class _Reader(io.RawIOBase):
    """One of several that read a file without disturbing each other."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._kept.file.fileno()).st_size
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: size}[whence]
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, room: WriteableBuffer) -> int:
        size = os.preadv(self._kept.file.fileno(), [room], self._place)
        self._place += size
        return size


def check_parent(path: str) -> None:
    """Raise FileError now if a file could not be written there later."""
    parent = Path(path).resolve().parent
    if Path(path).is_dir():
        raise file_error(path, IsADirectoryError(errno.EISDIR, ""), "write")
    if not parent.is_dir():
        raise FileError(f"cannot write {path}: there is no directory {Path(path).parent}")
    if not os.access(parent, os.W_OK):
        raise file_error(path, PermissionError(errno.EACCES, ""), "write")


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A file that takes its name when the block ends well, and never exists half written."""
    try:
        target = Path(path).resolve()  # a link stays a link
        if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
            with target.open("wb") as file:
                yield file
            return
        with _beside(target) as file:
            yield file
    except OSError as error:
        raise file_error(path, error, "write") from error


@contextmanager
def _beside(target: Path) -> Iterator[BinaryIO]:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except BaseException:  # an interrupt too must leave nothing behind
        with suppress(OSError):
            part.unlink()
        raise
