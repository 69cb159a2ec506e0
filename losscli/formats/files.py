"""The bytes of files and pipes, and files written whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import stat
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from losscli.errors import DataError, FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Content", "check_parent", "file_error", "named", "read", "replacing"]

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


@dataclass(frozen=True, slots=True)
class Content:
    """What a path gives, to be read from the start as often as needed.

    Attributes:
        path: The file as it was typed; "-" for standard input.
        data: The bytes of a pipe, which gives them only once; None for a regular file.
    """

    path: str
    data: bytes | None = None

    def open(self) -> BinaryIO:
        """A new reader at the first byte."""
        if self.data is not None:
            return io.BytesIO(self.data)
        try:
            return Path(self.path).open("rb")
        except OSError as error:
            raise file_error(self.path, error) from error

    def head(self, size: int = 4096) -> bytes:
        """The first bytes."""
        with self.open() as file:
            return file.read(size)

    def all(self) -> bytes:
        """All bytes."""
        if self.data is not None:
            return self.data
        with self.open() as file:
            return file.read()

    def text(self) -> str:
        """All characters, without a byte order mark; DataError if the bytes are not UTF-8."""
        data = self.all()
        try:
            return data.decode().removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            line = len(_BREAK.findall(data[: error.start])) + 1
            byte = data[error.start]
            raise DataError(
                f"{named(self.path)}, line {line}: byte 0x{byte:02x} is not UTF-8"
            ) from error


def read(path: str) -> Content:
    """The content of a file, which stays on disk, or of a pipe, which is read now."""
    try:
        if path == "-":
            if sys.stdin is None:
                raise FileError("standard input is closed")
            return Content(path, sys.stdin.buffer.read())
        if stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  # Path("") would be "."
            return Content(path)
        with Path(path).open("rb") as pipe:
            return Content(path, pipe.read())
    except OSError as error:
        raise file_error(path, error) from error
    except ValueError as error:  # a NUL in the path, or a standard input that is closed
        raise FileError(f"cannot read {named(path)!r}: {error}") from error


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
