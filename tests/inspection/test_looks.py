"""What values look like, on planted arrays that are, and that nearly are."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from losscli.formats.base import Reading
from losscli.formats.locate import parse_word
from losscli.inspection.looks import Look, Side, cannot, look, padding, side, words
from losscli.inspection.parts import Files

RNG = np.random.default_rng(7)
SCORES = RNG.normal(size=(40, 3)) * 4
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
BOXES = np.c_[RNG.random((9, 2)) * 50, 50 + RNG.random((9, 2)) * 50]


@pytest.fixture
def part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(array, name="x.npy"):
        np.save(name, array)
        ref = parse_word("inspect", name)
        return Files([ref], Reading()).held(ref).parts[0]

    return made


def changed(array, place, value):
    array = np.array(array)
    array[place] = value
    return array


@pytest.mark.parametrize(
    ("array", "expected", "told"),
    [
        (SCORES, Look.REAL, "unnormalised scores, or real values"),
        (SHARES, Look.PROBS, "all rows sum to 1"),
        (SHARES.astype(np.float16), Look.PROBS, "all rows sum to 1"),
        (changed(SHARES, (3, 1), 0.99), Look.UNIT, "one for each label"),
        (np.log(SHARES), Look.LOG_PROBS, "none above 0"),
        (changed(np.log(SHARES), (3, 1), -0.01), Look.BELOW, "none above 0"),
        (changed(np.log(SHARES), (3, 1), 0.01), Look.REAL, "scores"),
        (np.moveaxis(SHARES[None], 2, 1), Look.PROBS, "sum to 1"),
        (np.eye(3)[[0, 2, 1, 1]], Look.ONE_HOT, "one-hot"),
        (np.array([[1, 1], [0, 1]]), Look.LABELS, "labels 0/1: 1, 3, several a row"),
        (np.array([0, 1, 1] * 9), Look.LABELS, "labels 0/1: 9, 18"),
        (np.array([False, True]), Look.LABELS, "labels 0/1: 1, 1"),
        (np.array([0, 255, 255]), Look.COUNTS, "two labels, 0 and 255: 1, 2"),
        (np.array([-1, 1, 1]), Look.SIGNS, "±1 labels: 1, 2"),
        (np.array([0, 1, 2] * 9), Look.CLASSES, "class indices 0..2"),
        (np.array([1, 2, 3] * 9), Look.CLASSES, "counted from 1"),
        (np.array([0.0, 1, 2] * 9), Look.CLASSES, "class indices 0..2"),
        (np.array([0, 1, 2, -100] * 9), Look.CLASSES, "0..2, and -100 9 times: padding"),
        (np.array([0, 1, 255, 2] * 9), Look.CLASSES, "0..2, and 255 9 times: padding"),
        (RNG.permutation(500) + 1000, Look.IDS, "ids: all different whole numbers"),
        (np.arange(10**5), Look.IDS, "ids"),
        (RNG.poisson(90, 500), Look.COUNTS, "counts, classes or ids"),
        (np.array([0.1, 0.7, 0.2]), Look.UNIT, "all in [0, 1]: probabilities"),
        (np.array([0.0, 0.5, 1e-9, 1.0000001]), Look.REAL, "25% outside [0, 1]"),
        (np.full(5, 3.5), Look.REAL, "always 3.5"),
        (np.full(5, np.nan), Look.NOTHING, "all NaN"),
        (np.empty((0, 3)), Look.NOTHING, "no values"),
        (np.array(["cat", "dog", "cat"]), Look.NAMES, "names: cat 2, dog 1"),
        (np.array(["a", "b"]), Look.NAMES, "names: all different"),
        (BOXES, Look.REAL, "boxes? x2 >= x1, y2 >= y1 in all rows"),
        (np.zeros((2, 5, 5), int) + np.eye(5, dtype=int), Look.ONE_HOT, "sum to 1"),
        (np.tri(5, dtype=int)[None], Look.LABELS, "as in masks"),
    ],
)
def test_looks(part, array, expected, told):
    found = part(array)
    assert look(found) is expected
    assert told in words(found)


def test_what_a_name_says_is_no_id(part):
    assert look(part(np.arange(9) + 100, "x.npy")) is Look.IDS
    assert look(part(np.arange(9) + 100, "y.npy")) is Look.COUNTS
    assert look(part(np.arange(9.0), "x.npy")) is Look.COUNTS


def test_a_leaf_is_in_memory_and_no_more(part):
    array = np.random.default_rng(0).normal(size=(2**21, 8))
    tracemalloc.start()
    try:
        part(array)
        assert tracemalloc.get_traced_memory()[1] < array.nbytes / 3
    finally:
        tracemalloc.stop()


def test_boxes_that_cross_are_none(part):
    assert "boxes" not in words(part(changed(BOXES, (4, 2), 0)))
    assert "boxes" not in words(part(BOXES[:3]))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (
            changed(SHARES, (3, 1), 1.5),
            ["probabilities: x.npy, row 4, column 2: 1.5 is no probability (under 1% of --probs"],
        ),
        (
            changed(SHARES, (3, 1), 0.0) * 0.5,
            ["probabilities of classes: x.npy, row 1: the probabilities sum to 0.5, not 1"],
        ),
        (
            changed(np.log(SHARES), (3, 1), 0.25),
            ["log-probabilities: x.npy, row 4, column 2: 0.25 is no log-probability: above 0 (1 "],
        ),
        (
            np.log(SHARES * 0.5),
            ["log-probabilities: x.npy, row 1: exp of the log-probabilities sums to 0.5, not 1"],
        ),
        (np.array([0.5, np.nan, np.nan]), ["free of NaN: x.npy, row 2: NaN (2 such values)"]),
        (np.array([0.5, 1, -np.inf]), ["finite: x.npy, row 3: -inf (1 such value)"]),
        (
            np.array([2.0, 3.5]),
            ["class indices: x.npy, row 2: class index 3.5 is not a whole numb"],
        ),
    ],
)
def test_what_they_cannot_be(part, array, said):
    lines = [f"{what}: {finding.message}" for what, finding in cannot(part(array))]
    for one in said:
        assert any(line.startswith(one) for line in lines), lines


@pytest.mark.parametrize(
    "array", [np.array([0, 1, 1]), np.array([-1, 1]), np.eye(3), np.array([0, 1, 2] * 3), SHARES]
)
def test_what_is_plain_is_not_denied(part, array):
    assert not [*cannot(part(array))]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2, -1], (0, 2, -1)),
        ([0, 5, 255], (0, 5, 255)),
        ([0, 254, 255], (0, 255, None)),
        ([-1, 1], (-1, 1, None)),
        ([-5, -1, 2], (-5, 2, None)),
        ([3], (3, 3, None)),
    ],
)
def test_padding(part, values, expected):
    found = padding(part(np.array(values)))
    assert (found.low, found.high, found.padding) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("preds.npy", Side.PREDICTION),
        ("y.npy", Side.TARGET),
        ("y_pred.npy", Side.PREDICTION),
        ("y_true.npy", Side.TARGET),
        ("test-labels.npy", Side.TARGET),
        ("sample_weight.npy", Side.BESIDE),
        ("model.npy", Side.UNKNOWN),
    ],
)
def test_names_tell_the_side(part, name, expected):
    assert side(part(np.arange(3.0), name)) is expected
