"""Warnings and notes: the number stands, and what to look at is said; healthy data is silent."""

from __future__ import annotations

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError

inf = float("inf")


def zeros(*shape):
    return np.zeros(shape)


HALVES = [[0.5, 0.5], [0.5, 0.5]]
WARNED = {  # the loss and its inputs, the code, the first place, the count, and words
    "inf logits": (
        "bce",
        {"logits": [1, inf, -inf], "target": [1, 1, 1]},
        "infinite",
        [1],
        2,
        "inf",
    ),
    "inf target": ("mse", {"pred": [1.0, 2], "target": [0, -inf]}, "infinite", [1], 1, "-inf"),
    "clamped": ("bce", {"probs": [0.5, 0, 1], "target": [1, 1, 0]}, "clamped", [1], 2, "-100"),
    "clamped focal": ("focal", {"probs": [1.0], "target": [0]}, "clamped", [0], 1, "exactly 1"),
    "ruled out": ("bce", {"log_probs": [0.0], "target": [0]}, "impossible", [0], 1, "infinite"),
    "impossible": (
        "ce",
        {"probs": [[0.5, 0.5], [0, 1]], "target": [0, 0]},
        "impossible",
        [1],
        1,
        "probability 0",
    ),
    "impossible shares": (
        "ce",
        {"probs": [[0, 1.0]], "target": HALVES[:1]},
        "impossible",
        [0],
        1,
        "infinite",
    ),
    "impossible logs": (
        "kl",
        {"probs": [[0.0, 1]], "target": np.log(HALVES[:1]), "log_target": True},
        "impossible",
        [0],
        1,
        "infinite",
    ),
    "sum": (
        "ce",
        {"probs": [[0.5, 0.5], [0.2, 0.2]], "target": [0, 0]},
        "probs-sum",
        [1],
        1,
        "0.4",
    ),
    "log sum": ("nll", {"log_probs": [[-0.5, -1.5]], "target": [0]}, "log-probs-sum", [0], 1, "ce"),
    "target sum": (
        "ce",
        {"logits": zeros(2, 2), "target": [[0, 1], [1, 1]]},
        "target-sum",
        [1],
        1,
        "sums to 2",
    ),
    "negative weight": (
        "bce",
        {"logits": zeros(2), "target": zeros(2), "weight": [1, -2]},
        "negative-weight",
        None,
        None,
        "[1]",
    ),
    "negative sample weight": (
        "bce",
        {"logits": zeros(2), "target": zeros(2), "sample_weight": [3, -2]},
        "negative-weight",
        None,
        None,
        "1 sample weights",
    ),
    "negative margin": (
        "hinge",
        {"logits": zeros(1), "target": [1], "margin": -1.0},
        "negative-margin",
        None,
        None,
        "-1",
    ),
    "overflow": (
        "mse",
        {"pred": np.float32([1e30]), "target": np.float32([0])},
        "overflow",
        None,
        None,
        "float32",
    ),
    "sum overflow": (
        "mae",
        {"pred": [1e308] * 9, "target": [0.0] * 9},
        "overflow",
        None,
        None,
        "sum",
    ),
}


@pytest.mark.parametrize("case", WARNED)
def test_warned(case):
    name, given, code, index, count, words = WARNED[case]
    result = evaluate(name, **given)
    [warning] = [one for one in result.warnings if one.code == code]
    assert words in warning.message + warning.hint
    assert (None if warning.index is None else list(warning.index), warning.count) == (index, count)
    [told] = [one for one in result.to_dict()["warnings"] if one["code"] == code]
    assert (told.get("index"), told.get("count")) == (index, count)
    with pytest.raises(DataError, match="--strict"):
        evaluate(name, **given, strict=True)
    silenced = evaluate(name, **given, ignore=[code])
    assert code not in {one.code for one in silenced.warnings}
    assert repr(silenced.value) == repr(result.value)


NOTED = {
    "squeezed target": ("bce", {"logits": zeros(3), "target": zeros(3, 1)}, "squeezed", "(3, 1)"),
    "squeezed logits": ("bce", {"logits": zeros(3, 1), "target": zeros(3)}, "squeezed", "(3, 1)"),
    "squeezed within": (
        "mse",
        {"pred": zeros(3, 1, 2), "target": zeros(3, 2)},
        "squeezed",
        "(3, 2)",
    ),
    "squeezed classes": (
        "ce",
        {"logits": zeros(3, 2), "target": zeros(3, 1)},
        "squeezed",
        "(3, 1)",
    ),
    "one-hot": ("ce", {"logits": zeros(2, 2), "target": [[0, 1], [1, 0]]}, "one-hot", "one-hot"),
    "whole": ("ce", {"logits": zeros(2, 2), "target": [0.0, 1.0]}, "whole-floats", "float64"),
    "half": ("bce", {"logits": np.float16([1]), "target": [1]}, "half-widened", "float16"),
    "half values": (
        "mse",
        {"pred": zeros(1), "target": np.float16([1])},
        "half-widened",
        "float16",
    ),
    "signs": ("hinge", {"logits": zeros(2), "target": [0, 1]}, "labels-as-signs", "-1 and +1"),
}


@pytest.mark.parametrize("case", NOTED)
def test_noted(case):
    name, given, code, words = NOTED[case]
    result = evaluate(name, **given, strict=True)
    assert not result.warnings
    [note] = [one for one in result.notes if one.code == code]
    assert words in note.message
    assert note.input in result.to_dict()["inputs"]
    assert code not in {one.code for one in evaluate(name, **given, ignore=[code]).notes}


SILENT = {
    "bce": ("bce", {"logits": [9.0, -3], "target": [0, 1]}),
    "bce in [0, 1]": ("bce", {"probs": [0, 1, 0.5], "target": [0, 1, 0.3]}),
    "bce soft": ("bce", {"logits": zeros(3, 2), "target": np.full((3, 2), 0.5)}),
    "bce bool": ("bce", {"logits": zeros(2), "target": [True, False]}),
    "bce uint8": ("bce", {"logits": zeros(2), "target": np.uint8([0, 1])}),
    "ce": ("ce", {"logits": zeros(3, 3), "target": [0, 1, 2]}),
    "ce int32": ("ce", {"logits": zeros(3, 3), "target": np.int32([0, 1, 2])}),
    "ce uint8": ("ce", {"logits": zeros(3, 256), "target": np.uint8([0, 1, 255])}),
    "ce bool": ("ce", {"logits": zeros(2, 2), "target": [True, False]}),
    "ce shares": ("ce", {"logits": zeros(2, 2), "target": HALVES}),
    "ce rounded": ("ce", {"probs": [[0.333, 0.333, 0.333]], "target": [0]}),
    "ce named": ("ce", {"logits": zeros(2, 2), "target": ["b", "a"], "classes": ["a", "b"]}),
    "ce ignored": ("ce", {"logits": zeros(2, 2), "target": [0, -100]}),
    "ce ignored 9": ("ce", {"logits": zeros(2, 2), "target": np.uint8([0, 9]), "ignore_index": 9}),
    "ce masked": ("ce", {"logits": zeros(2, 2), "target": [0, 77], "mask": [1, 0]}),
    "nll": ("nll", {"log_probs": np.log(HALVES), "target": [0, 1]}),
    "nll float16": ("nll", {"log_probs": np.log(HALVES).astype("float32"), "target": [0, 1]}),
    "kl": ("kl", {"probs": HALVES, "target": HALVES}),
    "kl of a certain target": ("kl", {"probs": [[0.0, 1]], "target": [[0.0, 1]]}),
    "hinge": ("hinge", {"logits": zeros(2), "target": [-1, 1]}),
    "mse": ("mse", {"pred": [1, 2], "target": [2.5, 1]}),
    "mse of one": ("mse", {"pred": 1, "target": 2.0}),
    "masked NaN": ("mse", {"pred": [1, float("nan")], "target": [2.5, 1], "mask": [1, 0]}),
    "masked inf": ("mse", {"pred": [1, inf], "target": [2.5, 1], "mask": [1, 0]}),
}  # fmt: skip


@pytest.mark.parametrize("case", SILENT)
def test_healthy_data_is_silent(case):
    name, given = SILENT[case]
    result = evaluate(name, **given)
    assert result.findings == []
    assert np.isfinite(result.value)


def test_names_are_matched_and_indices_are_positions():
    logits = [[0.0, 2.0], [0.0, 2.0]]
    named = evaluate("ce", logits=logits, target=["dog", "cat"], classes=["cat", "dog"])
    assert named.value == evaluate("ce", logits=logits, target=[1, 0]).value
    based = evaluate("ce", logits=logits, target=[2, 1], target_base=1)
    assert named.value == based.value


def test_the_first_place_is_that_of_the_file():
    """With the classes on axis 1 of images, and beyond the first leaf."""
    probs = np.full((3, 2, 4), 0.5)
    probs[1, 0, 2] = 1.5
    with pytest.raises(DataError, match=r"row 2, \[0, 2\]: 1.5"):
        evaluate("ce", probs=probs, target=zeros(3, 4))
    pred = zeros(200_000)
    pred[[150_001, 199_999]] = np.nan
    with pytest.raises(DataError, match=r"row 150002: NaN \(2 such values\)"):
        evaluate("mse", pred=pred, target=zeros(200_000))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("side", ["pred", "target"])
def test_whole_numbers_that_float64_rounds_are_told(side, dtype):
    given = {"pred": np.array([1, 2, 3], dtype), "target": np.array([1, 2, 3], dtype)}
    given[side][1] = 2**53
    assert not evaluate("mse", **given).warnings
    given[side][1] += 1
    (warning,) = evaluate("mse", **given).warnings
    assert (warning.code, warning.index, warning.count) == ("rounded", (1,), 1)
    assert "9007199254740993 is beyond 2^53" in warning.message


@pytest.mark.parametrize("digits", [2, 3, 4])
@pytest.mark.parametrize("classes", [3, 10])
def test_probabilities_of_a_text_sum_to_one_but_for_their_digits(digits, classes):
    powers = np.exp(np.random.default_rng(digits).normal(size=(200, classes)))
    probs = powers / powers.sum(1, keepdims=True)
    short = probs.round(digits)
    target = np.arange(200) % classes
    assert (short.sum(1) != 1).any()
    logs = np.log(probs).round(digits)
    assert evaluate("ce", probs=short, target=target).warnings == []
    assert evaluate("nll", log_probs=logs, target=target).warnings == []
    assert evaluate("ce", logits=powers, target=short).warnings == []
    short[7, 0] += 0.1
    (warning,) = evaluate("ce", probs=short, target=target).warnings
    assert (warning.code, warning.index, warning.count) == ("probs-sum", (7,), 1)
