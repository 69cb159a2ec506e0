"""Every warning: its mistake is planted in real and in larger data, in one leaf and in many, and
found; the data that it was planted in is silent."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
import real
from offences import MISTAKES
from planted import binary, classes, values
from spoken import speaks

import losscli.plan
from losscli import evaluate, losses
from losscli.checks.codes import CODES
from losscli.cli.commands import build
from losscli.errors import Level

DATA = {binary: real.binary, classes: real.classes, values: real.values}
LEAF = 640

ELSEWHERE = {
    "shard-rows": "test_equivalence.py",
    "unmatched": "picking/test_keys.py",
    "broken-plugin": "own/test_plugins.py",
    "plugin-name": "own/test_plugins.py",
}
"""Warnings of files, and of what is installed."""


def made(name, what, large):
    """The inputs of a mistake, or of what is sound, in real data."""
    mistake = MISTAKES[name]
    rng = np.random.default_rng(1)
    return mistake.loss, getattr(mistake, what)(*DATA[mistake.data](large), rng)


def warned(loss, given):
    return [one.code for one in evaluate(loss, **given).warnings]


@cache
def flags(loss):
    return {flag for one in build(losses[loss], loss).params for flag in one.opts}


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("name", MISTAKES)
def test_found_where_it_is_planted_and_nowhere_else(name, large, monkeypatch):
    loss, given = made(name, "plant", large)
    found = evaluate(loss, **given)
    assert MISTAKES[name].code in {one.code for one in found.findings}
    sound = made(name, "sound", large)
    assert warned(*sound) == []
    monkeypatch.setattr(losscli.plan, "LEAF", LEAF if not large else 32 * LEAF)
    for threads in (1, 2):
        again = evaluate(loss, **given, threads=threads).findings
        assert [one.code for one in again] == [one.code for one in found.findings]
        assert warned(sound[0], {**sound[1], "threads": threads}) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_said_names_options_of_that_command(name):
    """In the message, in its hint, and in what explains its code."""
    loss, given = made(name, "plant", large=False)
    said = [f"{one.message} {one.hint}" for one in evaluate(loss, **given).findings]
    texts = CODES[MISTAKES[name].code].texts
    told = texts[0] if len(texts) == 1 else ()
    for word, flag in re.findall(r"(?:([\w-]+) )?(--[a-z][a-z-]*)", " ".join([*said, *told])):
        assert flag in flags(word if word in losses else loss)


def test_every_warning_is_planted():
    warnings = {code for code, one in CODES.items() if one.level is Level.WARNING}
    planted = {one.code for one in MISTAKES.values()}
    assert planted - {"never-predicted"} == warnings - {*ELSEWHERE}


@pytest.mark.parametrize(("code", "file"), ELSEWHERE.items())
def test_the_file_of_a_warning_speaks_of_it(code, file):
    assert speaks(file, code)
