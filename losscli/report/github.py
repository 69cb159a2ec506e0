"""Lines that GitHub shows beside a change: its workflow commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from losscli.report.text import clean

if TYPE_CHECKING:
    from losscli.errors import Finding, LosscliError
    from losscli.gates import Verdict

KINDS = ("github",)


def of_error(loss: str, error: LosscliError) -> str:
    return _command("error", f"losscli {loss}", error.message, error.hint)


def of_warning(loss: str, finding: Finding) -> str:
    return _command("warning", f"losscli {loss}: {finding.code}", finding.message, finding.hint)


def of_gate(loss: str, verdict: Verdict) -> str:
    """A gate that failed."""
    return _command("error", f"losscli {loss}: {verdict.gate}", verdict.line)


def _command(kind: str, title: str, message: str, hint: str = "") -> str:
    """A workflow command on one line.

    >>> _command("error", "a: b, c", "100%", "x")
    '::error title=a%3A b%2C c::100%25%0Ahint: x'
    """
    text = clean(message) + (f"\nhint: {clean(hint)}" if hint else "")
    return f"::{kind} title={_escaped(clean(title), _PROPERTY)}::{_escaped(text, _DATA)}"


_DATA = "%\r\n"
"""What a message cannot hold."""

_PROPERTY = _DATA + ":,"
"""What ends a title, besides."""


def _escaped(text: str, those: str) -> str:
    return re.sub(f"[{those}]", lambda found: f"%{ord(found[0]):02X}", text)
