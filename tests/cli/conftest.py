"""The command line in this process, as a fixture."""

from __future__ import annotations

import io
import json
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from losscli.cli import main


class Ran(NamedTuple):
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Standard output as strict JSON."""

        def refused(constant):
            raise ValueError(constant)

        return json.loads(self.out, parse_constant=refused)


@pytest.fixture
def losscli(capsys, monkeypatch):
    """Runs a command line, written as in a shell or as words; standard input is text or bytes."""

    def run(command, *, stdin=""):
        words = shlex.split(command) if isinstance(command, str) else [*map(str, command)]
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        return Ran(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def value(losscli):
    """The bare number of a command line that gives one without a word besides."""

    def run(command, **options):
        ran = losscli(f"{command} --value", **options)
        assert (ran.code, ran.err) == (0, ""), ran
        return float(ran.out)

    return run


@pytest.fixture
def elements(losscli):
    """The unreduced losses of a command line, and the codes of its warnings."""

    def run(command, **options):
        found = losscli(f"{command} --reduction none --json", **options).json
        return found["elements"], [warning["code"] for warning in found["warnings"]]

    return run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, and no settings from outside."""
    for name in ("LOSSCLI_FORMAT", "LOSSCLI_DEBUG", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def samples():
    return Path(__file__).parents[2] / "samples"
