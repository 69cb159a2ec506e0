"""The voice on standard error: errors, warnings, notes and gates."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from losscli.errors import FileError
from losscli.records import record
from losscli.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from losscli.errors import Finding

_COLOURS = {"error": "31", "warning": "33", "note": "36", "hint": "36"}


@record
class Voice:
    """Speaks on standard error, as it is at the moment of speaking.

    Attributes:
        quiet: Only errors are told.
    """

    quiet: bool = False

    def error(self, message: str, hint: str = "") -> None:
        self._say("error", message, hint)

    def findings(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if not self.quiet:
                self._say(str(finding.level), finding.message, finding.hint)

    def line(self, text: str) -> None:
        if not self.quiet:
            _tell(clean(text))

    def command(self, text: str) -> None:
        """A line for a machine that reads along, which is told even where people are not."""
        _tell(text)

    def _say(self, kind: str, message: str, hint: str) -> None:
        lines = [(kind, message)] + ([("hint", hint)] if hint else [])
        for name, text in lines:
            head = f"{name}:"
            if coloured(sys.stderr):
                head = f"\x1b[1;{_COLOURS[name]}m{head}\x1b[0m"
            _tell(f"{head} {clean(text)}")


def _tell(line: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError):  # there is nobody left to tell
            sys.stderr.write(line + "\n")


PIECE = 4096
"""A pipe takes so much whole or not at all: without a buffer, no closed pipe goes unnoticed."""


def tamed(pieces: Iterable[str]) -> Iterable[str]:
    """Text with values of files: on a terminal control characters are seen, and do nothing.

    Whatever else reads standard output gets them as they are.
    """
    if not is_terminal(sys.stdout):
        return pieces
    return (_CONTROL.sub(lambda found: clean(found[0]), one) for one in pieces)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def put(pieces: Iterable[str]) -> None:
    """Writes to standard output, if there is one; what its encoding lacks is escaped.

    Args:
        pieces: Of a text that may be larger than memory.

    Raises:
        BrokenPipeError: nobody reads on.
        FileError: it cannot be written to.
    """
    for text in pieces:
        if not text:
            continue
        if sys.stdout is None:
            raise FileError("standard output is closed")
        try:
            _print(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise FileError(f"cannot write standard output: {reason}") from error


def _print(text: str) -> None:
    encoding = _encoding(sys.stdout)
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    for start in range(0, len(text), PIECE):
        sys.stdout.write(text[start : start + PIECE])
    sys.stdout.flush()


def _encoding(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def knows(stream: TextIO | None, characters: str) -> bool:
    """Whether a stream can show some characters."""
    try:
        characters.encode("utf-8" if stream is None else _encoding(stream))
    except UnicodeEncodeError:
        return False
    return True


def coloured(stream: TextIO | None) -> bool:
    """Whether a stream shows colour: a terminal that is not told otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def is_terminal(stream: TextIO | None) -> bool:
    with suppress(ValueError):  # it is closed
        return stream is not None and stream.isatty()
    return False
