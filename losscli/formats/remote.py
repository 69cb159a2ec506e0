"""URLs of what fsspec reaches: s3://, gs://, http:// and others, where it is installed.

What a URL gives is kept as what a pipe gives: nothing is fetched twice.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from losscli.errors import FileError, LosscliError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MEMORY", "bare", "is_pattern", "is_url", "matches", "opened"]

MEMORY = 2**20
"""More bytes of a URL go to a temporary file: there may be many such shards."""

_URL = re.compile(r"[a-z][a-z0-9+.-]*(::[a-z][a-z0-9+.-]*)*://", re.IGNORECASE)
_GONE = (404, 410)  # what servers answer of what is not there
_WEB = re.compile(r"https?://", re.IGNORECASE)


def is_url(word: str) -> bool:
    """Whether a word begins as a URL does, and is no file here.

    >>> is_url("s3://bucket/preds.npy"), is_url("preds.csv:a")
    (True, False)
    """
    return _URL.match(word) is not None and not os.path.exists(word)  # noqa: PTH110  # may be ""


def bare(path: str) -> str:
    """A path without what a web address asks for beside it.

    >>> bare("https://h/a.csv?version=2"), bare("a?.csv")
    ('https://h/a.csv', 'a?.csv')
    """
    return re.split("[?#]", path, maxsplit=1)[0] if _WEB.match(path) else path


def is_pattern(url: str) -> bool:
    """Whether a URL stands for several: a pattern, or a folder by its last slash."""
    marks = "*[" if _WEB.match(url) else "*?["
    return url.endswith("/") or any(mark in url for mark in marks)


def matches(url: str) -> list[str]:
    """The URLs that a pattern or a folder stands for.

    Raises:
        FileError: they cannot be listed.
    """
    with _told(url):
        system, path = import_module("fsspec").core.url_to_fs(url)
        found = system.find(path, maxdepth=1) if url.endswith("/") else system.glob(path)
        return [system.unstrip_protocol(one) for one in found]


@contextmanager
def opened(url: str) -> Iterator[BinaryIO]:
    """What a URL gives, from its first byte.

    Raises:
        FileError: it cannot be read.
    """
    with _told(url):
        opening = import_module("fsspec").open(url, "rb")
        with opening as file:
            # A folder of S3 opens as a file without bytes.
            if getattr(file, "size", None) == 0 and opening.fs.isdir(opening.path):
                raise FileError(
                    f"cannot read {url}: it is a folder", hint=f"{url}/ is all the files in it"
                )
            yield cast("BinaryIO", _Filled(file))


class _Filled:
    """A stream that gives as many bytes as were asked for, unless the end comes first."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        pieces = []
        while size > 0 and (piece := self._file.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What goes wrong on the way, as our error."""
    try:
        yield
    except LosscliError:
        raise
    except ModuleNotFoundError as error:
        if error.name != "fsspec":
            raise _failed(url, error) from error
        raise FileError(
            f"{url} is a URL, which takes the package fsspec to read, and that is not installed",
            hint="pip install fsspec",
        ) from error
    except FileNotFoundError as error:
        raise _absent(url, error) from error
    except Exception as error:  # every kind of URL raises what its own library does
        raise _failed(url, error) from error


def _absent(url: str, error: FileNotFoundError) -> FileError:
    """Of what is not there; and of what nobody gives, which fsspec takes for the same."""
    cause = error.__cause__
    status = getattr(cause, "status", None)
    if status is not None and status not in _GONE:
        message = getattr(cause, "message", "")
        return FileError(f"cannot read {url}: the server answers {status} {message}".rstrip())
    if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):
        return _failed(url, cause)
    return FileError(f"cannot read {url}: there is no such file")


def _failed(url: str, error: Exception) -> FileError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    if reason[1:2].islower():
        reason = f"{reason[0].lower()}{reason[1:]}"
    return FileError(f"cannot read {url}: {reason}")
