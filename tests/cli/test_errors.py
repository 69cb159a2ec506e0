"""Mistakes at a prompt: one message each, tested whole."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import stat
from pathlib import Path

import numpy as np
import pytest

import losscli as package
from losscli import losses
from losscli.cli.commands import build

CODE = Path(package.__file__).parent
MISSPELLED = CODE / "cli" / "usage.py"
"""It has what is typed instead of options."""

TRANSCRIPT = (Path(__file__).parent / "errors.txt").read_text("utf-8")
CASES = re.findall(r"^\$ (.*)\n((?:.+\n)*?)\[(\d+)\]$", TRANSCRIPT, re.MULTILINE)

TEXTS = {
    "ids.csv": "id,y\n5,1\n8,0\n",
    "twice.csv": "id,y\n7,1\n8,0\n7,0\n9,1\n",
    "other.csv": "id,y\nu,1\nv,0\n",
    "p.csv": "id,logit,y\n7,2.0,1\n8,-1.0,0\n9,0.5,0\n",
    "words.csv": "logit,y\n2.0,1\nlots,0\n",
    "empty.csv": "",
    "header.csv": "logit,y\n",
    "ragged.csv": "a,logit,y\n1,2.0,1\n2,0.5\n",
    "gap.csv": "logit,y\n2.0,1\n,0\n",
    "huge.csv": "logit,y\n2.0,1\n1e400,0\n",
    "nan.csv": "logit,y\n2.0,1\nnan,0\n",
    "mixed.csv": "1,b\n2,3\n",
    "names.csv": "cat,dog,label\n1,2,cat\n2,1,eel\n",
    "bad.json": '{"z": [1, 2,]}',
    "fake.npy": "logit,y\n2,7\n",
    "some.bin": "\0\1\2",
}
ARRAYS = {
    "z": [2.0, -1.0, 0.5],
    "y": [1, 0, 0],
    "c": [0, 5, 1],
    "m": [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]],
    "long": [0.0, 0.0, 0.0, 0.0],
    "cube": np.zeros((3, 3, 3)),
    "square": np.zeros((3, 3), int),
}


@pytest.fixture(autouse=True)
def files(folder):
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    for name, values in ARRAYS.items():
        np.save(f"{name}.npy", np.array(values))
    return folder


def test_transcript_is_read_whole():
    assert len(CASES) == TRANSCRIPT.count("\n$ ") > 90


@pytest.mark.parametrize(("command", "told", "code"), CASES, ids=[case[0] for case in CASES])
def test_told(command, told, code, losscli, files):
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    assert losscli(command) == (int(code), "", told)
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


@pytest.mark.parametrize(("command", "told", "code"), CASES, ids=[case[0] for case in CASES])
def test_form(command, told, code):
    assert re.fullmatch(r"error: \S.*[^.\n]\n(hint: \S.*[^.\n]\n)?", told)
    assert not re.search(r"Traceback|Error\b|Exception|np\.|tensor\(", told)
    assert code in "234"


@pytest.mark.parametrize(("command", "told", "code"), CASES, ids=[case[0] for case in CASES])
def test_every_option_that_is_named_exists(command, told, code):
    typed = shlex.split(command)
    asked = {re.sub("_", "-", word.partition("=")[0]) for word in typed}
    named = set(re.findall(r"(?<!\S)'?(--[a-z][a-z-]*)", told)) - asked
    meant = {word for word in re.findall(r"[\w-]+", f"{typed[0]} {told}") if word in losses}
    known = {name for loss in meant for name in options(loss)}
    assert named <= {*known, "--help"}


def options(loss):
    found = build(losses[loss], loss).params
    return [name for one in found for name in (*one.opts, *one.secondary_opts)]


def test_every_option_that_the_code_speaks_of_exists(losscli):
    """In messages, hints and docstrings, of all there is."""
    known = {"--version"} | {name for loss in losses for name in options(loss)}
    for tool in ("list", "explain", "inspect", "run"):
        known |= {*re.findall(r"--[a-z][a-z-]*", losscli(f"{tool} --help").out)}
    for path in CODE.rglob("*.py"):
        texts = (one.value for one in ast.walk(ast.parse(path.read_text())) if _is_text(one))
        named = {flag for text in texts for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)}
        assert path == MISSPELLED or named <= known, path


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("loss", losses)
def test_docstrings_speak_of_their_own_options(loss):
    """Or of those of another loss, which the same line names."""
    for line in inspect.getdoc(losses[loss].function).splitlines():
        meant = {loss, *re.findall(r"[\w-]+", line)} & {*losses}
        named = {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)}
        assert named <= {name for one in meant for name in options(one)}, line


def test_message_of_a_bug_is_one_line_and_asks_for_a_report(losscli, monkeypatch):
    monkeypatch.setattr("losscli.engine.answer", lambda question: 1 / 0)
    assert losscli("bce --logits z.npy --target y.npy") == (
        70,
        "",
        "error: this is a mistake in losscli, not in your data: ZeroDivisionError: division by "
        "zero\nhint: LOSSCLI_DEBUG=1 shows where it happened; please report it\n",
    )


def test_no_memory_is_told(losscli, monkeypatch):
    def refused(question):
        raise MemoryError

    monkeypatch.setattr("losscli.engine.answer", refused)
    ran = losscli("bce --logits z.npy --target y.npy")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: there is not enough memory")


def test_format_in_the_environment_that_there_is_not(losscli, monkeypatch):
    monkeypatch.setenv("LOSSCLI_FORMAT", "xml")
    assert losscli("bce --logits z.npy --target y.npy") == (
        2,
        "",
        "error: LOSSCLI_FORMAT cannot be 'xml'\nhint: it may be table, json, jsonl, tsv, csv\n",
    )


def test_directory_that_cannot_be_written(losscli, files):
    folder = files / "locked"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        (folder / "try").touch()
        pytest.skip("whoever runs this may write anywhere")
    except PermissionError:
        ran = losscli("bce --logits z.npy --target y.npy --output locked/o.npy")
        assert ran == (4, "", "error: cannot write locked/o.npy: permission denied\n")


def test_words_that_no_terminal_should_obey_are_seen(losscli):
    ran = losscli(["bce", "--logits", "\x1b[31m[bold]\n.npy", "--target", "y.npy"])
    assert ran == (4, "", "error: logits: no file matches \\x1b[31m[bold]\\n.npy\n")
