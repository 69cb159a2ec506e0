"""A file of losses as it comes out of a notebook, and the command line."""

from __future__ import annotations

import pytest
from notebook import NOTEBOOK

from losscli.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the notebook's file, in which commands are run."""
    (tmp_path / "my_loss.py").write_text(NOTEBOOK, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def losscli(capsys):
    """Runs words as a command line: exit code, standard output, standard error."""

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*map(str, words)])
        return ended.value.code, *capsys.readouterr()

    return run
