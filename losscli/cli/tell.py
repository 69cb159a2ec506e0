"""The voice on standard error: errors, warnings, notes and gates."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from losscli.errors import FileError
from losscli.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from losscli.errors import Finding

_COLOURS = {"error": "31", "warning": "33", "note": "36", "hint": "36"}


@dataclass(frozen=True)
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


def put(text: str) -> None:
    """Writes to standard output, if there is one; what its encoding lacks is escaped.

    Raises:
        BrokenPipeError: nobody reads on.
        FileError: it cannot be written to.
    """
    if sys.stdout is None:
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        for start in range(0, len(text), PIECE):
            sys.stdout.write(text[start : start + PIECE])
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FileError(f"cannot write standard output: {reason}") from error


def coloured(stream: TextIO | None) -> bool:
    """Whether a stream shows colour: a terminal that is not told otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def is_terminal(stream: TextIO | None) -> bool:
    with suppress(ValueError):  # it is closed
        return stream is not None and stream.isatty()
    return False
