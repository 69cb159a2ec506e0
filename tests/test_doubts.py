"""Mistakes that no single value shows: each is planted in real and in larger data, and found there;
the data that it was planted in is silent."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import losscli.plan
from losscli import evaluate, losses
from losscli.checks.codes import CODES
from losscli.cli.commands import build
from losscli.doubts import GROUPS
from losscli.doubts.slopes import SUMS, line
from losscli.errors import Level
from losscli.stats import Sum, Totals

SAMPLES = Path(__file__).parents[1] / "samples"
LARGE = 20_000


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def softmax(values):
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def drawn(shares, rng):
    """A class for each row, as often as its probability says."""
    return (shares.cumsum(1) < rng.random((len(shares), 1))).sum(1).clip(0, shares.shape[1] - 1)


def binary(large):
    """Logits of a model that is right as often as it says, and labels."""
    logits = np.load(SAMPLES / "binary/logits.npy").astype(np.float64)
    target = np.load(SAMPLES / "binary/target.npy")
    if not large:
        return logits, target
    rng = np.random.default_rng(5)
    logits = rng.choice(logits, LARGE) / 4 + rng.normal(size=LARGE)
    return logits, (rng.random(LARGE) < sigmoid(logits)).astype(np.int64)


def classes(large):
    """Logits of ten classes, and which one it was."""
    logits = np.load(SAMPLES / "digits/logits.npy").astype(np.float64)
    target = np.load(SAMPLES / "digits/target.npy")
    if not large:
        return logits, target
    rng = np.random.default_rng(6)
    logits = logits[rng.integers(len(logits), size=LARGE)] / 2
    logits += rng.normal(size=logits.shape)
    return logits, drawn(softmax(logits), rng)


def values(large):
    """Predictions of a regression, and what came true."""
    pred = np.load(SAMPLES / "diabetes/pred.npy").astype(np.float64)
    truth = np.load(SAMPLES / "diabetes/truth.npy").astype(np.float64)
    if not large:
        return pred, truth
    rng = np.random.default_rng(7)
    pred = rng.choice(pred, LARGE) + rng.normal(size=LARGE)
    return pred, pred + rng.normal(size=LARGE) * 50


def first_wrong(pred, truth):
    pred = pred.copy()
    pred[17] = -99_999
    return {"pred": pred, "target": truth}


def squeezed(logits, target, one):
    """The logits of a class so low that it is never predicted."""
    logits = logits.copy()
    logits[:, one] = logits.min() - 1
    return {"logits": logits, "target": target}


HEALTHY = {
    "bce logits": ("bce", binary, lambda z, y: {"logits": z, "target": y}),
    "bce probs": ("bce", binary, lambda z, y: {"probs": sigmoid(z), "target": y}),
    "ce logits": ("ce", classes, lambda z, y: {"logits": z, "target": y}),
    "ce probs": ("ce", classes, lambda z, y: {"probs": softmax(z), "target": y}),
    "mse": ("mse", values, lambda p, y: {"pred": p, "target": y}),
}

PLANTED = {
    "probabilities as logits": (
        "probs-as-logits",
        "bce",
        binary,
        lambda z, y: {"logits": sigmoid(z), "target": y},
    ),
    "softmax as logits": (
        "probs-as-logits",
        "ce",
        classes,
        lambda z, y: {"logits": softmax(z), "target": y},
    ),
    "sigmoid twice": (
        "squashed-twice",
        "bce",
        binary,
        lambda z, y: {"probs": sigmoid(sigmoid(z)), "target": y},
    ),
    "softmax twice": (
        "squashed-twice",
        "ce",
        classes,
        lambda z, y: {"probs": softmax(softmax(z)), "target": y},
    ),
    "swapped": (
        "swapped",
        "bce",
        binary,
        lambda z, y: {"logits": y, "target": sigmoid(z).clip(1e-9, 1 - 1e-9)},
    ),
    "other column": ("inverted", "bce", binary, lambda z, y: {"logits": -z, "target": y}),
    "shuffled": (
        "unrelated",
        "bce",
        binary,
        lambda z, y: {"logits": z, "target": np.random.default_rng(1).permutation(y)},
    ),
    "shuffled classes": (
        "unrelated",
        "ce",
        classes,
        lambda z, y: {"logits": z, "target": np.random.default_rng(1).permutation(y)},
    ),
    "shuffled values": (
        "unrelated",
        "mse",
        values,
        lambda p, y: {"pred": p, "target": np.random.default_rng(1).permutation(y)},
    ),
    "a row late": ("shifted-rows", "bce", binary, lambda z, y: {"logits": z[1:], "target": y[:-1]}),
    "a row early": (
        "shifted-rows",
        "ce",
        classes,
        lambda z, y: {"logits": z[:-1], "target": y[1:]},
    ),
    "late values": ("shifted-rows", "mse", values, lambda p, y: {"pred": p[1:], "target": y[:-1]}),
    "columns in another order": (
        "class-order",
        "ce",
        classes,
        lambda z, y: {"logits": z[:, [0, 2, 3, 1, *range(4, 10)]], "target": y},
    ),
    "constant": ("constant", "bce", binary, lambda z, y: {"logits": z * 0 + 0.3, "target": y}),
    "constant rows": ("constant", "ce", classes, lambda z, y: {"logits": z * 0, "target": y}),
    "copied labels": ("copy", "bce", binary, lambda z, y: {"probs": y, "target": y}),
    "copied values": ("copy", "mse", values, lambda p, y: {"pred": y, "target": y}),
    "half": (
        "saturated",
        "bce",
        binary,
        lambda z, y: {"logits": (z * 1e4).clip(-65504, 65504).astype(np.float16), "target": y},
    ),
    "another unit": ("scale", "mse", values, lambda p, y: {"pred": (p + y) * 1000, "target": y}),
    "class without targets": (
        "missing-class",
        "ce",
        classes,
        lambda z, y: {"logits": z[y != 3], "target": y[y != 3]},
    ),
    "class never predicted": ("never-predicted", "ce", classes, lambda z, y: squeezed(z, y, 3)),
    "smoothed twice": (
        "smoothed-twice",
        "bce",
        binary,
        lambda z, y: {"logits": z, "target": np.where(y, 0.95, 0.05), "label_smoothing": 0.1},
    ),
    "written twice": (
        "repeated-rows",
        "bce",
        binary,
        lambda z, y: {"logits": np.r_[z, z], "target": np.r_[y, y]},
    ),
    "a mark for nothing": ("few-rows", "mse", values, first_wrong),
}


def codes(loss, given):
    return [one.code for one in evaluate(loss, **given).warnings]


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_data_is_silent(name, large):
    loss, data, given = HEALTHY[name]
    assert codes(loss, given(*data(large))) == []


@pytest.mark.parametrize("blocks", [1, 300], ids=["one block", "blocks"])
@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_mistakes_are_found(name, large, blocks, monkeypatch):
    code, loss, data, plant = PLANTED[name]
    given = plant(*data(large))
    if blocks > 1:
        monkeypatch.setattr(losscli.plan, "LEAF", 640)
    found = evaluate(loss, **given)
    assert code in {one.code for one in found.findings}
    assert codes(loss, given) == codes(loss, {**given, "threads": 2})


def test_the_other_number_is_the_loss_of_the_other_reading():
    logits, target = binary(large=True)
    shares = sigmoid(logits)
    found = evaluate("bce", logits=shares, target=target).warnings[0].message
    naive = -np.where(target, np.log(shares), np.log1p(-shares)).mean()
    assert f"as probabilities the loss is {naive:.4f}" in found
    wrong = np.where(target, np.log1p(np.exp(-shares)), np.log1p(np.exp(shares))).mean()
    assert f"as logits {wrong:.4f}" in found


def test_the_other_number_weighs_as_the_first_does():
    logits, target = binary(large=True)
    weight, shares = np.where(target, 3.0, 1.0), sigmoid(logits)
    found = evaluate("bce", logits=shares, target=target, sample_weight=weight).warnings[0].message
    losses = -np.where(target, np.log(shares), np.log1p(-shares))
    assert f"as probabilities the loss is {np.average(losses, weights=weight):.4f}" in found


def test_a_late_contradiction_counts():
    """A reading is decided over all data, not by the first block."""
    logits, target = binary(large=True)
    shares = sigmoid(logits)
    shares[-1] = 1.5
    assert codes("bce", {"logits": shares, "target": target}) == []


@pytest.mark.parametrize(
    ("loss", "given"),
    {
        "three rows": ("bce", {"logits": [0.1, 0.9, 0.8], "target": [0, 1, 1]}),
        "small logits": ("bce", {"logits": [0.2, 0.4] * 20, "target": [0, 1] * 20}),
        "untrained": (
            "bce",
            {
                "logits": np.random.default_rng(0).normal(size=5000) * 0.1 + 0.4,
                "target": np.random.default_rng(1).integers(0, 2, 5000),
            },
        ),
        "rare class": (
            "ce",
            {
                "logits": np.random.default_rng(0).normal([4, 0, 0], size=(5000, 3)),
                "target": np.r_[np.zeros(4900, int), np.ones(60, int), np.full(40, 2)],
            },
        ),
        "values in [0, 1]": (
            "mse",
            {
                "pred": np.random.default_rng(0).random(500) / 2 + np.linspace(0, 0.5, 500),
                "target": np.linspace(0, 1, 500),
            },
        ),
    }.values(),
)
def test_what_is_only_unusual_is_silent(loss, given):
    assert codes(loss, given) == []


def test_smoothed_targets_are_noted_with_the_least_loss():
    target = np.where(np.arange(30) % 3, 0.05, 0.95)
    found = evaluate("bce", logits=np.linspace(-2, 2, 30), target=target)
    least = -0.95 * np.log(0.95) - 0.05 * np.log(0.05)
    note = next(one for one in found.notes if one.code == "smoothed")
    assert f"{least:.4f}" in note.message
    assert not found.warnings


def test_line():
    x, y = np.array([1.0, 2, 4, 7]), np.array([2.0, 3, 5, 9])
    sums = 4, x.sum(), y.sum(), (x * x).sum(), (x * y).sum(), (y * y).sum()
    found = line(Totals({name: Sum.of(float(one)) for name, one in zip(SUMS, sums, strict=True)}))
    slope, start = np.polyfit(x, y, 1)
    assert found.slope == pytest.approx(slope)
    assert found.start == pytest.approx(start)
    assert found.correlation == pytest.approx(np.corrcoef(x, y)[0, 1])
    left = y - slope * x - start
    error = np.sqrt((left @ left) / 2 / ((x - x.mean()) ** 2).sum())
    assert found.error == pytest.approx(error)


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_said_names_options_of_that_command(name):
    """In the message, in its hint, and in what explains its code."""
    code, loss, data, plant = PLANTED[name]
    found = evaluate(loss, **plant(*data(large=False)))
    said = [f"{one.message} {one.hint}" for one in found.warnings]
    told = [" ".join(text) for text in CODES[code].texts]
    known = {flag for one in build(losses[loss], loss).params for flag in one.opts}
    assert {*re.findall(r"--[a-z][a-z-]*", " ".join([*said, *told]))} <= known


def test_every_doubt_is_planted():
    warned = {one.code for group in GROUPS for one in group if one.level is Level.WARNING}
    assert {mistake[0] for mistake in PLANTED.values()} == warned | {"never-predicted"}


@pytest.mark.parametrize(
    ("errors", "apart"),
    [
        (np.random.default_rng(0).normal(size=200), False),
        (np.random.default_rng(3).standard_t(1.5, size=200), False),
        (np.r_[np.random.default_rng(0).normal(size=199), 1e4], True),
    ],
    ids=["normal", "heavy", "slip"],
)
def test_one_row_is_far_from_the_tail_of_the_others(errors, apart):
    """Rényi's spacings, in plain Python."""
    worst = sorted((float(one) ** 2 for one in errors), reverse=True)[:52]
    gaps = [rank * np.log(worst[rank - 1] / worst[rank]) for rank in range(1, len(worst))]
    chance = (1 + gaps[0] / sum(gaps[1:])) ** -(len(gaps) - 1)
    assert bool(chance < 1e-4) is apart
    found = codes("mse", {"pred": errors, "target": np.zeros(200)})
    assert ("few-rows" in found) is bool(apart and worst[0] > sum(errors**2) / 2)


def test_the_last_value_as_a_forecast_is_no_shift():
    series = np.random.default_rng(0).normal(size=500)
    assert codes("mse", {"pred": series[:-1], "target": series[1:]}) == ["unrelated"]
    near = series[:-1] + 0.1 * np.random.default_rng(1).normal(size=499)
    assert codes("mse", {"pred": near, "target": series[1:]}) == ["shifted-rows"]


def test_what_was_never_trained_is_not_turned_round():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 500)
    weak = 0.3 * (rng.normal(size=500) - 2 * target)
    assert codes("bce", {"logits": weak, "target": target}) == []
    assert codes("bce", {"logits": 10 * weak, "target": target}) == ["inverted"]
