"""The table of reductions."""

from __future__ import annotations

import re

import pytest

from losscli import evaluate
from losscli.report import drawn
from losscli.report.look import Look


def lines(result, **look):
    text = "".join(drawn(result, "table", Look(**look))).splitlines()
    first = next((at for at, line in enumerate(text) if line.startswith("reduction ")), None)
    return None if first is None else [re.split(r"  +", line) for line in text[first + 2 :]]


PRED, TARGET = [[1.0, 2], [3, 4], [0, 1]], [[1.0, 2], [2, 2], [0, 3]]


def test_shown_where_asked_for():
    assert lines(evaluate("mse", pred=PRED, target=TARGET)) is None
    found = lines(evaluate("mse", pred=PRED, target=TARGET), reductions=True)
    assert found[:4] == [
        ["mean", "1.500000", "sum / 6"],
        ["batchmean", "3.000000", "sum / 3 rows", "+1e+02%"],
        ["sum", "9.000000"],
        ["row mean", "1.500000", "mean of the means of 3 rows"],
    ]


def test_batches():
    """Means of 5 / 4 and of 4 / 2 squares: the smaller batch weighs as much as the other."""
    found = lines(evaluate("mse", pred=PRED, target=TARGET, batch_size=2))
    assert ["batches", "1.625000", "mean of 2 batches of 2, the last of 1", "+8.3%"] in found
    assert ["", "each from 1.2500 to 2.0000"] in found


def test_roots():
    found = lines(evaluate("rmse", pred=PRED, target=TARGET), reductions=True)
    assert found[0] == ["mean", "1.224745", "root(sum / 6)"]
    assert found[2] == ["sum", "9.000000"]


def test_a_batch_without_anything():
    given = {"pred": [1.0, 2, 3], "target": [0.0, 0, 0], "mask": [1, 0, 1]}
    found = lines(evaluate("mse", **given, batch_size=1))
    assert ["batches", "nan", "mean of 3 batches of 1"] in found
    assert ["", "5.000000", "of 2 that have any"] in found


def test_one_batch():
    found = lines(evaluate("mse", pred=PRED, target=TARGET, batch_size=9))
    assert ["batches", "1.500000", "1 batch of 3"] in found


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_nothing_is_compared_with_what_is_no_mean(reduction):
    found = lines(evaluate("mse", pred=PRED, target=TARGET, reduction=reduction), reductions=True)
    assert all("%" not in cell for line in found[:4] for cell in line)
