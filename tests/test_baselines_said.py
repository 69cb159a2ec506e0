"""Every loss has something to be compared with, or says why not, and how it is said."""

from __future__ import annotations

import json
from math import log

import numpy as np
import pytest
from asked import FORMS
from cases import CASES, data

from losscli import evaluate, losses, plan
from losscli.report import drawn

RNG = np.random.default_rng(31)
N = 300
LABEL = (RNG.random(N) < 0.3).astype(int)
SCORES = 2 * LABEL - 1 + RNG.normal(size=N)


def asked(case):
    """A loss, and inputs of 60 rows that suit it."""
    if case in CASES:
        return CASES[case][0], data(case, 60, np.float64)
    name, make = FORMS[case]
    return name, make(np.random.default_rng(5), 60)


SOFT = {"focal --logits", "asl --probs", "categorical-hinge soft"}
"""Targets between 0 and 1, in which these losses are not straight."""

DIFFERENT = {case for case in FORMS if case.startswith("negative-binomial")}
"""Each row has a total count of its own."""


@pytest.mark.parametrize("name", losses)
def test_every_loss_has_a_baseline_or_a_reason(name):
    guess = losses[name].guess
    assert bool(guess.function) is not bool(guess.why)
    assert guess.text.endswith(".")
    if guess.function:
        assert guess.text.startswith(f"Compared with {guess.by}. ")
        assert guess.function.__doc__
        assert guess.by.split()[0] in ("the", "a", "equal", "unrelated")
    else:
        assert guess.text == f"None: {guess.why}."


@pytest.mark.parametrize("case", [*CASES, *FORMS])
def test_a_baseline_is_there_where_one_is_said(case):
    name, given = asked(case)
    found = evaluate(name, **given)
    if not losses[name].guess.function or case in SOFT | DIFFERENT:
        assert found.guess is None
        assert found.baselines.keys() <= {"uniform"}
    else:
        assert found.guess is not None
        assert np.isfinite(found.guess)
        assert found.baselines["constant"] == found.guess


@pytest.mark.parametrize("case", [*CASES, *FORMS])
def test_baselines_do_not_depend_on_leaves_and_their_order(case, monkeypatch):
    """Other leaves may round other sums: the order of the same leaves changes no bit."""
    name, given = asked(case)
    whole = evaluate(name, **given).guess
    if losses[name].rows != "leaf" or whole is None:
        pytest.skip("all rows are one leaf, or there is none")
    monkeypatch.setattr(plan, "LEAF", 1)
    parts = evaluate(name, **given).guess
    assert parts == pytest.approx(whole, rel=1e-12, abs=1e-15)
    forwards = plan.State.joined
    turned = classmethod(lambda cls, many: forwards([*many][::-1]))
    monkeypatch.setattr(plan.State, "joined", turned)
    assert evaluate(name, **given).guess == parts


def test_the_sentence():
    found = evaluate("bce", logits=SCORES, target=LABEL)
    p = LABEL.mean()
    base = -p * log(p) - (1 - p) * log(1 - p)
    wanted = f"bce {found.value:.4g} nats; the base rate gives {base:.4g}; "
    assert str(found) == f"{wanted}{1 - found.value / base:.0%} better than guessing"
    worse = evaluate("bce", logits=-SCORES, target=LABEL)
    assert worse.value > 2 * base
    assert str(worse).endswith(f"; {worse.value / base:.3g} times that of guessing")
    little = evaluate("bce", logits=-SCORES / 9, target=LABEL)
    assert str(little).endswith(f"; {little.value / base - 1:.0%} worse than guessing")
    same = evaluate("bce", probs=np.full(N, p), target=LABEL)
    assert str(same).endswith("; no better than guessing")
    assert str(evaluate("mse", pred=SCORES, target=LABEL)).startswith("mse ")
    assert "; the mean gives " in str(evaluate("mse", pred=SCORES, target=LABEL))
    assert "; the median gives " in str(evaluate("mae", pred=SCORES, target=LABEL))
    assert str(evaluate("perceptron", logits=[1.0], target=[1])) == "perceptron 0"
    even = evaluate("margin-ranking", input1=[1.0], input2=[2.0], target=[1], margin=0.5)
    assert str(even) == "margin-ranking 1.5; equal scores give 0.5; 3 times that of guessing"
    none = evaluate("bce", logits=SCORES, target=LABEL, reduction="none")
    assert str(none) == str(found)


def test_a_network_before_training():
    target = np.arange(N) % 10
    scores = -0.01 * np.eye(10)[target]
    found = evaluate("ce", logits=scores, target=target)
    assert str(found).endswith("; no better than guessing; an untrained network: ln 10 = 2.302585")
    text = "".join(drawn(found, "table"))
    assert " an untrained network: ln 10 = 2.302585" in text
    learned = evaluate("ce", logits=np.eye(10)[target] * 9, target=target)
    assert "untrained" not in str(learned) + "".join(drawn(learned, "table"))
    hinge = evaluate("multi-margin", logits=scores, target=target, margin=2.0)
    assert "untrained network: 1.8" in str(hinge) or hinge.value < hinge.guess


def test_of_what_may_be_negative_the_difference_is_told():
    target = RNG.normal(3, 0.01, N)
    given = {"var": np.full(N, 1e-4), "target": target}
    found = evaluate("gaussian-nll", mean=target, **given)
    constant = 0.5 * (log(target.var()) + 1)
    assert found.value < found.guess < 0
    assert found.guess == pytest.approx(constant)
    assert found.skill is None
    assert json.loads("".join(drawn(found, "json")))["skill"] is None
    gap = constant - found.value
    assert str(found).endswith(f"gives {constant:.4g}; {gap:.4g} below guessing")
    first = "".join(drawn(found, "table")).splitlines()[0]
    assert first.endswith(f"{gap:.4g} below a constant")
    above = evaluate("gaussian-nll", mean=[1.0, 9.0], var=[1.0, 1.0], target=[1.0, 9.0])
    assert (above.guess > 0, above.skill) == (True, None)
    worse = evaluate("gaussian-nll", mean=target + 0.1, **given)
    assert str(worse).endswith(f"{worse.value - constant:.4g} above guessing")


def test_nothing_is_a_share_of_nothing():
    """A baseline of 0, or one that is infinite."""
    zero = evaluate("mse", pred=[1.0, 2.0], target=[5.0, 5.0])
    assert (zero.guess, zero.skill) == (0, None)
    assert str(zero) == "mse 12.5; the mean gives 0"
    assert " · " not in "".join(drawn(zero, "table")).splitlines()[0]
    far = evaluate("mse", pred=[1.0, 2.0], target=[5.0, np.inf])
    assert (far.guess, far.skill, far.baselines) == (None, None, {})
