"""Rows of logits that sum to 1: what is said of the least that their softmax can cost."""

from __future__ import annotations

from math import e, exp, log

import numpy as np
import pytest

from losscli import evaluate

RNG = np.random.default_rng(41)
N, C = 80, 4
SHARES = RNG.dirichlet(np.ones(C) / 2, N)
TARGET = RNG.integers(0, C, N)
BEST, REST = e / (e + C - 1), 1 / (e + C - 1)
"""The softmax of a row that gives all to one class."""

FLOORS = {
    "ce": ("ce", {}, -log(BEST)),
    "ce temperature": ("ce", {"temperature": 0.5}, log(exp(2) + C - 1) - 2),
    "ce smoothed": ("ce", {"label_smoothing": 0.2}, -log(BEST)),
    "ce ignored": ("ce", {"ignore_index": 0}, -log(BEST)),
    "focal-ce": ("focal-ce", {"gamma": 1.5}, -((1 - BEST) ** 1.5) * log(BEST)),
    "poly1": ("poly1", {"epsilon": 1.0}, 1 - BEST - log(BEST)),
    "gce": ("gce", {"q": 0.5}, (1 - BEST**0.5) / 0.5),
    "brier": ("brier", {}, (1 - BEST) ** 2 + (C - 1) * REST**2),
    "rps": ("rps", {"normalize": False}, (2 * REST) ** 2 + 2 * REST**2),
}


def said(loss, **given):
    (one,) = evaluate(loss, logits=SHARES, **given).warnings
    assert one.code == "probs-as-logits"
    return one.message


@pytest.mark.parametrize("case", FLOORS)
def test_the_least_loss_is_that_of_the_loss_that_is_asked_for(case):
    loss, options, floor = FLOORS[case]
    assert f"of its softmax cannot go below {floor:.4f};" in said(loss, target=TARGET, **options)
    likely = RNG.dirichlet(np.ones(C) / 4, 2000)
    target = RNG.integers(0, C, 2000)
    assert evaluate(loss, logits=likely, target=target, **options).stats["min"] >= floor - 1e-9


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        ("ce", {"target": TARGET, "class_weight": "balanced"}),
        ("focal-ce", {"target": TARGET, "alpha": [1.0, 2, 3, 4]}),
        ("brier", {"target": SHARES[::-1].copy()}),
    ],
    ids=["weights", "alpha", "shares"],
)
def test_no_least_loss_where_it_is_not_known(loss, given):
    message = said(loss, **given)
    assert "cannot go below" not in message
    assert "taken already? As probabilities the loss is" in message


def test_decisions_are_the_same_after_a_softmax():
    assert not evaluate("zero-one", logits=SHARES, target=TARGET).warnings
