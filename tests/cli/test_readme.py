"""The commands of samples/README.md give the numbers that stand beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "samples" / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^\| `losscli (.+?)` \| (\S+) \|$", README, re.MULTILINE)


@pytest.fixture(autouse=True)
def inside(samples, monkeypatch):
    monkeypatch.chdir(samples)


def test_readme_has_commands():
    assert len(COMMANDS) == README.count("| `losscli ") > 15


@pytest.mark.parametrize(("command", "number"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_number(command, number, losscli):
    ran = losscli(f"{command} --value")
    assert (ran.code, "error" in ran.err, "warning" in ran.err) == (0, False, False)
    assert f"{float(ran.out):.6g}" == number


@pytest.mark.parametrize("command", [command for command, _ in COMMANDS])
def test_screen_fits(command, losscli):
    lines = losscli(command).out.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 120


def test_numbers_in_the_text(value):
    signs = "hinge --logits binary/logits.npy --target binary/signs.npy"
    assert f"{value(signs):.6g}" == "0.0565063"
    names = "ce --probs digits/by_name.csv:zero..nine --target digits/by_name.csv:label"
    assert f"{value(names):.6g}" == "0.0921123"
