"""Writes what losscli prints below each command of a ``console`` block: python docs/fill.py.

The tests check that nothing would change.
"""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from losscli.cli import main

ROOT = Path(__file__).parent.parent
PAGES = ("README.md",)

_BLOCK = re.compile(r"(?<=```console\n)(\$ losscli (.*)\n)(?:.*\n)*?(?=```\n)")


def printed(words: list[str]) -> str:
    """All that a command prints, standard output first, as it reads in a pipe."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), suppress(SystemExit):
        main(words)
    return out.getvalue() + err.getvalue()


def filled(page: str) -> str:
    """A page with what its commands print."""
    return _BLOCK.sub(lambda found: found[1] + printed(shlex.split(found[2])), page)


if __name__ == "__main__":
    for name in PAGES:
        path = ROOT / name
        path.write_text(filled(path.read_text()))
