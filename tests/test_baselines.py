"""What guessing costs where there is no formula for it, and what a network begins with."""

from __future__ import annotations

from importlib import import_module
from math import log

import numpy as np
import pytest
from scipy.optimize import minimize

from losscli import evaluate
from losscli.report import drawn

RNG = np.random.default_rng(23)
SCORES, LABEL = RNG.normal(size=40), RNG.integers(0, 2, 40)


def best(loss, start):
    """The loss of the best constant, found by trying."""
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 5000, "maxfev": 5000}
    return minimize(loss, start, method="Nelder-Mead", options=options).fun


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *[("mse", {}), ("mae", {}), ("log-cosh", {}), ("mape", {})],
        *[("huber", {"delta": delta}) for delta in (0.05, 1.0, 30.0)],
        *[("smooth-l1", {"beta": beta}) for beta in (0.0, 0.05, 1.0)],
        *[("charbonnier", {"delta": delta}) for delta in (0.05, 1.0)],
        *[("expectile", {"alpha": alpha}) for alpha in (0.1, 0.5, 0.97)],
    ],
)
@pytest.mark.parametrize("size", [1, 2, 20, 21])
def test_baseline_of_values(name, options, size):
    target = RNG.normal(3, 2, size)
    given = {"target": target, **options}
    losses = [evaluate(name, pred=np.full(size, at), **given).value for at in target]
    start = target[np.argmin(losses)] + 1e-3
    wanted = best(lambda c: evaluate(name, pred=np.full(size, c[0]), **given).value, [start])
    found = evaluate(name, pred=np.zeros(size), **given).guess
    if size > 1 or name != "mse":
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-9)
        assert found <= wanted * (1 + 1e-9) + 1e-12


def test_a_far_target_does_not_hide_the_best_constant():
    """A bracket of 1e9 is no bracket of 1e-9 of it: the median of the others is the best."""
    target = np.array([*np.arange(100.0), 1e9])
    errors = np.abs(target - 50)
    wanted = np.where(errors < 1, errors**2 / 2, errors - 0.5).mean()
    found = evaluate("huber", pred=np.zeros(101), target=target).guess
    assert found == pytest.approx(wanted, rel=1e-13)


def test_baselines_are_tried_for_so_many_targets_only(monkeypatch):
    monkeypatch.setattr(import_module("losscli.losses.constants"), "MOST", 20)
    assert evaluate("huber", pred=np.zeros(20), target=np.arange(20.0)).guess is not None
    assert evaluate("huber", pred=np.zeros(21), target=np.arange(21.0)).guess is None
    inf = np.array([1.0, np.inf])
    assert evaluate("huber", pred=np.zeros(2), target=inf, ignore="infinite").guess is None


@pytest.mark.parametrize("options", [{}, {"gamma": 0.0}, {"gamma": 5.0}, {"alpha": 0.25}], ids=str)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 1.0])
def test_baseline_of_focal(options, share):
    """Beside every probability of a fine grid, by the formula."""
    count = 200
    target = (np.arange(count) < share * count).astype(int)
    p = np.linspace(1e-6, 1 - 1e-6, 200_001)
    gamma, alpha = options.get("gamma", 2.0), options.get("alpha")
    yes, no = -((1 - p) ** gamma) * np.log(p), -(p**gamma) * np.log1p(-p)
    heavy, light = (1, 1) if alpha is None else (alpha, 1 - alpha)
    wanted = (target.mean() * heavy * yes + (1 - target.mean()) * light * no).min()
    for kind, value in (("logits", 0.3), ("probs", 0.3)):
        found = evaluate("focal", **{kind: np.full(count, value)}, target=target, **options).guess
        assert found == pytest.approx(wanted, rel=1e-7, abs=2e-6)
        assert found <= wanted + 1e-12


EVEN = {
    "ce": log(4),
    "focal-ce": (1 - 1 / 4) ** 2 * log(4),
    "poly1": log(4) + 2 * (1 - 1 / 4),
    "gce": (1 - 0.25**0.7) / 0.7,
    "multi-margin": 3 / 4,
    "multiclass-hinge": 1.0,
    "categorical-hinge": 1.0,
}


@pytest.mark.parametrize("name", EVEN)
def test_equal_scores(name):
    """What a network begins with, whatever the frequencies of the classes are."""
    scores, target = RNG.normal(size=(12, 4)), np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 0])
    found = evaluate(name, logits=scores, target=target)
    assert found.baselines["uniform"] == pytest.approx(EVEN[name], rel=1e-12)
    even = evaluate(name, logits=np.zeros((12, 4)), target=target)
    assert even.value == pytest.approx(found.baselines["uniform"], rel=1e-12)
    assert "uniform" not in evaluate(name, logits=scores, target=target, reduction="sum").baselines


@pytest.mark.parametrize(
    "options",
    [{"weight": [1.0, 2.0, 3.0, 4.0]}, {"label_smoothing": 0.2}, {"ignore_index": 0}],
    ids=str,
)
def test_equal_scores_cost_the_same_with_options(options):
    target = np.array([0, 0, 1, 2, 3])
    even = evaluate("ce", logits=np.zeros((5, 4)), target=target, **options)
    assert even.baselines["uniform"] == pytest.approx(even.value, rel=1e-12)
    both = {"weight": [1.0, 2.0, 3.0, 4.0], "label_smoothing": 0.2}
    assert "uniform" not in evaluate("ce", logits=np.zeros((5, 4)), target=target, **both).baselines


def test_equal_scores_are_told_of_where_nothing_was_learned():
    target = np.array([0, 0, 0, 1, 2])
    scores = RNG.normal(scale=0.01, size=(5, 3))
    text = "".join(drawn(evaluate("ce", logits=scores, target=target), "table"))
    assert "equal scores            1.098612, as of a network before training" in text
    learned = evaluate("ce", logits=np.eye(3)[target] * 9, target=target)
    assert "equal scores" not in "".join(drawn(learned, "table"))


def test_a_result_is_a_sentence():
    found = evaluate("bce", logits=SCORES, target=LABEL)
    skill = 1 - found.value / found.guess
    assert found.skill == pytest.approx(skill)
    words = "better" if skill >= 0 else "worse"
    wanted = f"bce {found.value:.4g} nats; the best constant gives {found.guess:.4g}; "
    assert str(found) == f"{wanted}{abs(skill):.0%} {words} than guessing"
    assert str(evaluate("welsch", pred=[1.0], target=[1.0])) == "welsch 0"
