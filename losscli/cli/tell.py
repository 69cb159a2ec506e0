"""The voice on standard error: errors, warnings, notes and gates."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from losscli.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from losscli.errors import Finding

_COLOURS = {"error": "31", "warning": "33", "note": "36", "hint": "36"}


@dataclass(frozen=True)
class Voice:
    """Speaks on standard error, as it is at the moment of speaking.

    Attributes:
        quiet: Only errors are told.
    """

    quiet: bool = False

    @classmethod
    def of(cls, words: Sequence[str]) -> Voice:
        return cls("-q" in words or "--quiet" in words)

    def error(self, message: str, hint: str = "") -> None:
        self._say("error", message, hint)

    def findings(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if not self.quiet:
                self._say(str(finding.level), finding.message, finding.hint)

    def line(self, text: str) -> None:
        if not self.quiet:
            sys.stderr.write(clean(text) + "\n")

    def _say(self, kind: str, message: str, hint: str) -> None:
        lines = [(kind, message)] + ([("hint", hint)] if hint else [])
        for name, text in lines:
            head = f"{name}:"
            if coloured(sys.stderr):
                head = f"\x1b[1;{_COLOURS[name]}m{head}\x1b[0m"
            sys.stderr.write(f"{head} {clean(text)}\n")


def coloured(stream: TextIO) -> bool:
    """Whether a stream shows colour: a terminal that is not told otherwise."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False
