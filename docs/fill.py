"""Writes what losscli prints below each command of a ``console`` block: python docs/fill.py.

The tests check that nothing would change.
"""

from __future__ import annotations

import io
import math
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from losscli.cli import main

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/strange-losses.md")
NEAR = 1e-6

_BLOCK = re.compile(r"(?<=```console\n)(\$ losscli (.*)\n)((?:.*\n)*?)(?=```\n)")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def printed(words: list[str]) -> str:
    """All that a command prints, standard output first, as it reads in a pipe."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), suppress(SystemExit):
        main(words)
    return out.getvalue() + err.getvalue()


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same but for the last digits of numbers.

    Losses are float32, which the vector units of another processor round otherwise. Whole
    numbers, and all that is no number, must be equal.
    """
    if _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
        return False
    return all(map(_near, _NUMBER.findall(one), _NUMBER.findall(other)))


def _near(one: str, other: str) -> bool:
    if one.isdigit() or other.isdigit():
        return one == other
    numbers = (float(text.replace(",", "")) for text in (one, other))
    return math.isclose(*numbers, rel_tol=NEAR)


def filled(page: str) -> str:
    """A page with what its commands print, where that is something else than it says."""

    def block(found: re.Match[str]) -> str:
        text = printed(shlex.split(found[2]))
        return found[1] + (found[3] if alike(found[3], text) else text)

    return _BLOCK.sub(block, page)


if __name__ == "__main__":
    for name in PAGES:
        path = ROOT / name
        path.write_text(filled(path.read_text()))
