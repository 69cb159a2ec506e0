"""Every error and note: what it tells of is planted in real data, and the data it was planted in is
free of it. Warnings are in test_mistakes.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import offences
import pytest
import real
from offences import at, put, row
from spoken import SAID, TESTS, speaks, strings

import losscli.judge
import losscli.plan
import losscli.quantiles
from losscli import evaluate
from losscli.checks.codes import CODES
from losscli.errors import DataError, Level

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(0)

ELSEWHERE = {
    "all-rows": "test_rows.py",
    "baseline": "cli/test_gates.py",
    "baseline-data": "cli/test_gates.py",
    "baseline-versions": "cli/test_gates.py",
    "batches": "formats/test_saved.py",
    "columns-by-name": "test_inputs.py",
    "comments": "formats/test_delimited.py",
    "empty-sequence": "test_token_log_probs.py",
    "expansion": "formats/test_hostile.py",
    "first-token": "test_token_log_probs.py",
    "index-column": "formats/test_delimited.py",
    "key": "picking/test_keys.py",
    "missing-omitted": "formats/test_missing.py",
    "never-predicted": "test_mistakes.py",
    "no-partner": "picking/test_keys.py",
    "own-loss": "own/test_mistakes.py",
    "paired": "picking/test_keys.py",
    "picked": "picking/test_where.py",
    "role-any": "own/test_run.py",
    "role-guessed": "own/test_run.py",
    "torch-default": "cli/test_names.py",
    "unpaired-files": "formats/test_stack.py",
    "values": "cli/test_inspect.py",
    "where": "picking/test_where.py",
}
"""Codes of files, of gates, and of losses that are not ours."""


def as_they_are(pred, truth):
    return offences.bare(pred, truth, RNG)


def sound(make):
    """Inputs that the benchmarks make of data."""
    return lambda pred, truth: make(pred, truth, RNG)


def change(name, how):
    """Another array instead of one."""
    return lambda given, _: {**given, name: how(given[name])}


def signed(logits, y):
    return {"logits": logits, "target": 2 * y - 1}


def cosines(logits, y):
    return {"logits": np.tanh(logits / 9), "target": y}


def between(pred, truth):
    return {"lower": pred - 50, "upper": pred + 50, "target": truth}


def images(pred, truth):
    """Masks of the signs of scores."""
    shape = (-1, 1, 5, 5)
    many = len(pred) // 25 * 25
    return {"logits": pred[:many].reshape(shape), "target": truth[:many].reshape(shape)}


def named(logits, y):
    names = [f"class {one}" for one in range(logits.shape[1])]
    return {"logits": logits, "target": np.array(names)[y], "classes": names}


def layer(logits, y):
    return {"features": logits, "target": y, "weight_matrix": np.eye(logits.shape[1])}


CASES: dict[str, tuple[str, Callable, Callable, Callable]] = {
    # errors of values
    "nan": ("bce", real.binary, as_they_are, at("logits", np.nan)),
    "probs-range": ("bce", real.binary, sound(offences.probs), at("probs", 1.5)),
    "log-probs-range": ("nll", real.classes, sound(offences.logs), at("log_probs", 0.5)),
    "target-range": ("bce", real.binary, as_they_are, at("target", 2)),
    "labels": ("hinge", real.binary, signed, at("target", 3)),
    "class-range": ("ce", real.classes, as_they_are, at("target", 10)),
    "class-whole": (
        "ce",
        real.classes,
        as_they_are,
        change("target", lambda y: np.where(np.arange(len(y)) == 7, 1.5, y)),
    ),
    "class-unknown": (
        "ce",
        real.classes,
        named,
        change("target", lambda y: np.where(np.arange(len(y)) == 7, "class", y)),
    ),
    "target-probs-range": ("ce", real.classes, sound(offences.shares), at("target", 1.5)),
    "target-log-probs-range": (
        "kl",
        real.classes,
        lambda z, y: {
            "logits": z,
            "target": np.log(real.softmax(z / 2)),
            "log_target": True,
        },
        at("target", 0.5),
    ),
    "label-range": ("multilabel-margin", real.classes, sound(offences.listed), at("target", 10)),
    "rate-range": ("poisson-nll", real.values, sound(offences.counted), at("rate", -1)),
    "width-range": ("gaussian-nll", real.values, sound(offences.spread), at("var", -1)),
    "log-range": ("msle", real.values, sound(offences.positive), at("pred", -2)),
    "interval-ends": ("interval", real.values, between, at("upper", -1e6)),
    "target-hard": (
        "lovasz",
        real.binary,
        images,
        change("target", lambda y: np.where(np.arange(y.size).reshape(y.shape) == 7, 0.5, y)),
    ),
    "event-value": ("cox", real.binary, sound(offences.times), at("event", 2)),
    "infinite-feature": ("linear-ce", real.classes, layer, at("features", np.inf)),
    "cosine-range": ("arcface", real.classes, cosines, at("logits", 1.5)),
    "box-corners": (
        "giou",
        real.classes,
        sound(offences.boxes),
        row("pred", lambda one: one[[2, 1, 0, 3]]),
    ),
    "length": (
        "ctc",
        real.classes,
        lambda z, y: {
            **offences.speech(z, y, RNG),
            "input_lengths": np.full(len(z[:300]), 6),
        },
        at("input_lengths", 99),
    ),
    "third-label": (
        "bce",
        real.binary,
        lambda z, y: {"logits": z, "target": y, "pos_label": 1},
        at("target", 5),
    ),
    # errors of what goes along
    "sample-weight-value": (
        "bce",
        real.binary,
        sound(offences.weighted),
        at("sample_weight", np.nan),
    ),
    "weight-value": (
        "ce",
        real.classes,
        lambda z, y: {"logits": z, "target": y, "weight": np.ones(10)},
        at("weight", np.inf),
    ),
    "mask-value": (
        "bce",
        real.binary,
        lambda z, y: {"logits": z, "target": y, "mask": np.ones(len(y))},
        at("mask", 2),
    ),
    "nothing": (
        "ce",
        real.classes,
        as_they_are,
        change("target", lambda y: np.full(len(y), -100)),
    ),
    # errors of shapes
    "empty": (
        "bce",
        real.binary,
        as_they_are,
        lambda given, _: {name: one[:0] for name, one in given.items()},
    ),
    "row-count": ("bce", real.binary, as_they_are, change("target", lambda y: y[1:])),
    "shape-mismatch": (
        "mse",
        real.values,
        as_they_are,
        change("target", lambda y: np.c_[y, y]),
    ),
    "class-axis": (
        "ce",
        real.classes,
        lambda z, y: {"logits": z, "target": y},
        lambda given, _: {
            "logits": given["logits"][:100].reshape(10, 10, 10),
            "target": given["target"][:100].reshape(10, 10),
        },
    ),
    "text": ("mse", real.values, as_they_are, change("target", lambda y: y.astype(str))),
    # notes
    "squeezed": ("bce", real.binary, as_they_are, change("target", lambda y: y[:, None])),
    "half-widened": (
        "mse",
        real.values,
        as_they_are,
        change("pred", lambda pred: pred.astype(np.float16)),
    ),
    "whole-floats": ("ce", real.classes, as_they_are, change("target", lambda y: y * 1.0)),
    "one-hot": ("ce", real.classes, as_they_are, change("target", lambda y: np.eye(10)[y])),
    "labels-as-signs": ("hinge", real.binary, signed, change("target", lambda y: (y + 1) // 2)),
    "pos-label": ("bce", real.binary, as_they_are, put(pos_label=1)),
    "balanced": ("ce", real.classes, as_they_are, put(class_weight="balanced")),
    "nan-omitted": (
        "bce",
        real.binary,
        lambda z, y: {"logits": z, "target": y, "nan": "omit"},
        at("logits", np.nan),
    ),
    "smoothed": ("bce", real.binary, as_they_are, change("target", lambda y: 0.05 + 0.9 * y)),
    "lengths": (
        "ctc",
        real.classes,
        lambda z, y: {
            **offences.speech(z, y, RNG),
            "target_lengths": np.full(len(z[:300]), 2),
        },
        lambda given, _: {name: one for name, one in given.items() if name != "target_lengths"},
    ),
    "one-vector": (
        "cosine",
        real.classes,
        lambda z, y: {"input1": z, "input2": z + 1},
        lambda given, _: {name: one[0] for name, one in given.items()},
    ),
    "unfinished": ("rmse", real.values, as_they_are, put(reduction="none")),
}
"""By its code: a loss, data, the inputs that are made of it, and what is done to them."""


def told(loss, given):
    """The codes of all that is said, or of the refusal."""
    try:
        return [one.code for one in evaluate(loss, **given).findings]
    except DataError as error:
        return [error.code]


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("code", CASES)
def test_told_where_it_is_planted_and_nowhere_else(code, large, monkeypatch):
    loss, data, make, spoil = CASES[code]
    given = make(*data(large))
    planted = spoil(given, np.random.default_rng(1))
    wanted = told(loss, planted)
    assert code in wanted
    assert code not in told(loss, given)
    monkeypatch.setattr(losscli.plan, "LEAF", 640 if not large else 20_480)
    for threads in (1, 2):
        assert told(loss, {**planted, "threads": threads}) == wanted
        assert code not in told(loss, {**given, "threads": threads})


def test_rounded_quantiles_are_noted(monkeypatch):
    pred, target = real.values(large=False)
    asked = {"pred": pred, "target": target}
    assert told("mse", asked) == []
    monkeypatch.setattr(losscli.quantiles, "EXACT", 200)
    monkeypatch.setattr(losscli.judge, "EXACT", 200)
    assert told("mse", asked) == ["quantiles-rounded"]


def test_every_code_is_planted():
    assert {*CASES, *ELSEWHERE, "quantiles-rounded"} == {
        code for code, one in CODES.items() if one.level is not Level.WARNING
    }


@pytest.mark.parametrize(("code", "file"), ELSEWHERE.items())
def test_the_file_of_a_code_speaks_of_it(code, file):
    assert speaks(file, code)


def test_speaking_is_no_matter_of_the_name_alone():
    """Of another code no file speaks, nor one whose words the package says of no such code."""
    assert not speaks("test_rows.py", "paired")
    assert not speaks("test_inputs.py", "unpaired-files")
    assert not speaks("shared/spoken.py", "where")
    assert "all-rows" in strings(TESTS / "test_rows.py")
    assert {*SAID} <= {*CODES}
