"""Every loss is its definition: plain Python, two numbers at a time, and the limits of it."""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p

import numpy as np
import pytest
from asked import EXAMPLES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from losscli import evaluate
from losscli.losses import losses

scores = st.floats(-30, 30)
fractions = st.floats(0, 1)
inside = st.floats(1e-6, 1 - 1e-6)
values = st.floats(-1e6, 1e6)
signs = st.sampled_from([-1.0, 1.0])
bits = st.sampled_from([0.0, 1.0])


def softplus(x):
    return max(x, 0) + log1p(exp(-abs(x)))


def bce(x, y):
    return y * softplus(-x) + (1 - y) * softplus(x)


def bce_probs(p, y):
    def clamped(q):
        return max(log(q), -100) if q else -100

    return -y * clamped(p) - (1 - y) * clamped(1 - p)


def bce_log_probs(lp, y):
    return -y * lp - (1 - y) * log(-expm1(lp))


def sigmoid(x):
    return 1 / (1 + exp(-x))


def focal(x, y, gamma, alpha):
    p = sigmoid(x)
    missed = y * sigmoid(-x) + (1 - y) * p
    return (alpha * y + (1 - alpha) * (1 - y)) * missed**gamma * bce(x, y)


def smooth_l1(x, y, beta):
    e = abs(x - y)
    return e * e / (2 * beta) if e < beta else e - beta / 2


def huber(x, y, delta):
    e = abs(x - y)
    return e * e / 2 if e < delta else delta * (e - delta / 2)


PAIRS = {
    "bce()": ("bce", "logits", scores, fractions, bce, {}),
    "bce(weight=3)": ("bce", "logits", scores, bits, lambda x, y: 3 * bce(x, y), {"weight": 3.0}),
    "bce(pos_weight=3)": (
        "bce",
        "logits",
        scores,
        fractions,
        lambda x, y: 3 * y * softplus(-x) + (1 - y) * softplus(x),
        {"pos_weight": 3.0},
    ),
    "bce(label_smoothing=0.2)": (
        "bce",
        "logits",
        scores,
        fractions,
        lambda x, y: bce(x, y * 0.8 + 0.1),
        {"label_smoothing": 0.2},
    ),
    "bce --probs": ("bce", "probs", inside, fractions, bce_probs, {}),
    "bce --log-probs": ("bce", "log_probs", st.floats(-30, -1e-6), fractions, bce_log_probs, {}),
    "focal(gamma=2, alpha=0.25)": (
        "focal",
        "logits",
        scores,
        bits,
        lambda x, y: focal(x, y, 2, 0.25),
        {"alpha": 0.25},
    ),
    "focal(gamma=0.5, alpha=0.5)": (
        "focal",
        "logits",
        scores,
        fractions,
        lambda x, y: focal(x, y, 0.5, 0.5),
        {"gamma": 0.5, "alpha": 0.5},
    ),
    "hinge(margin=0.5)": (
        "hinge",
        "logits",
        scores,
        signs,
        lambda x, y: max(0, 0.5 - y * x),
        {"margin": 0.5},
    ),
    "squared_hinge()": (
        "squared-hinge",
        "logits",
        scores,
        signs,
        lambda x, y: max(0, 1 - y * x) ** 2,
        {},
    ),
    "soft_margin()": ("soft-margin", "logits", scores, signs, lambda x, y: softplus(-y * x), {}),
    "mse()": ("mse", "pred", values, values, lambda x, y: (x - y) ** 2, {}),
    "mae()": ("mae", "pred", values, values, lambda x, y: abs(x - y), {}),
    "smooth_l1()": ("smooth-l1", "pred", values, values, lambda x, y: smooth_l1(x, y, 1), {}),
    "smooth_l1(beta=0)": (
        "smooth-l1",
        "pred",
        values,
        values,
        lambda x, y: abs(x - y),
        {"beta": 0},
    ),
    "smooth_l1(beta=5)": (
        "smooth-l1",
        "pred",
        values,
        values,
        lambda x, y: smooth_l1(x, y, 5),
        {"beta": 5},
    ),
    "huber()": ("huber", "pred", values, values, lambda x, y: huber(x, y, 1), {}),
    "huber(delta=5)": (
        "huber",
        "pred",
        values,
        values,
        lambda x, y: huber(x, y, 5),
        {"delta": 5},
    ),
    "zero_one()": ("zero-one", "logits", scores, bits, lambda x, y: (x > 0) != (y == 1), {}),
    "zero_one --probs": ("zero-one", "probs", fractions, bits, lambda p, y: (p > 0.5) != y, {}),
    "zero_one --pred": ("zero-one", "pred", bits, bits, lambda x, y: x != y, {}),
    "zero_one(threshold=2)": (
        "zero-one",
        "logits",
        scores,
        bits,
        lambda x, y: (x > 2) != (y == 1),
        {"threshold": 2.0},
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_pair(case):
    name, kind, predictions, targets, definition, options = PAIRS[case]

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(predictions, targets), min_size=1, max_size=5))
    def agrees(pairs):
        xs, ys = map(list, zip(*pairs, strict=True))
        found = evaluate(name, **{kind: xs}, target=ys, **options).elements
        wanted = [definition(x, y) for x, y in pairs]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-14)

    agrees()


def log_softmax(row):
    top = max(row)
    total = log(sum(exp(x - top) for x in row))
    return [x - top - total for x in row]


rows = st.lists(scores, min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    rows, st.integers(0, 2), st.floats(0, 1), st.lists(st.floats(0.1, 9), min_size=3, max_size=3)
)
def test_classes(row, y, smoothing, weight):
    """ce, nll and zero-one of one row, with all that ce can do."""
    logs = log_softmax(row)
    found = evaluate("ce", logits=[row], target=[y], label_smoothing=smoothing, weight=weight)
    even = sum(w * lp for w, lp in zip(weight, logs, strict=True)) / 3
    wanted = -(1 - smoothing) * weight[y] * logs[y] - smoothing * even
    assert found.elements[0] == pytest.approx(wanted, rel=1e-9, abs=1e-13)
    assert found.denominator == pytest.approx(weight[y])
    nll = evaluate("nll", log_probs=[logs], target=[y]).elements[0]
    assert nll == pytest.approx(-logs[y], rel=1e-9, abs=1e-13)
    wrong = evaluate("zero-one", logits=[row], target=[y]).elements[0]
    assert wrong == (row.index(max(row)) != y)


@settings(max_examples=60, deadline=None)
@given(rows, rows)
@example([0.0, 0.0, 0.0], [0.0, 30.0, 30.0])
def test_distributions(row, other):
    """kl of every class, and ce against class probabilities."""
    logs, wanted = log_softmax(row), log_softmax(other)
    shares = [exp(lp) for lp in wanted]
    found = evaluate("kl", logits=[row], target=[shares]).elements[0]
    each = [p * (log(p) - lp) for p, lp in zip(shares, logs, strict=True)]
    np.testing.assert_allclose(found, each, rtol=1e-9, atol=1e-12)
    again = evaluate("kl", log_probs=[logs], target=[wanted], log_target=True).elements[0]
    np.testing.assert_allclose(again, each, rtol=1e-9, atol=1e-12)
    found = evaluate("ce", logits=[row], target=[shares]).value
    whole = -sum(p * lp for p, lp in zip(shares, logs, strict=True))
    assert found == pytest.approx(whole, rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(scores, bits), min_size=1, max_size=6))
def test_multilabel_soft_margin(pairs):
    xs, ys = map(list, zip(*pairs, strict=True))
    found = evaluate("multilabel-soft-margin", logits=[xs], target=[ys]).value
    wanted = sum(bce(x, y) for x, y in pairs) / len(pairs)
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-14)


def test_every_loss_is_defined_here():
    others = ("regression", "probabilistic")  # which test_amounts defines, but for torch's four
    amounts = {name for name, one in losses.items() if one.family in others}
    rest = amounts | {"ce", "nll", "kl", "multilabel-soft-margin"}
    rest |= {  # in test_choices_limits
        *("perceptron", "brier", "asl", "multilabel-margin", "zlpr", "multi-margin"),
        *("multiclass-hinge", "categorical-hinge", "focal-ce", "poly1", "gce", "js"),
    }
    assert {name for name, *_ in PAIRS.values()} | rest | {*EXAMPLES} == set(losses)


def test_log_target_at_the_limit():
    found = evaluate("kl", log_probs=[[-inf, 0]], target=[[-inf, 0]], log_target=True).elements
    np.testing.assert_array_equal(found, [[0, 0]])


def test_soft_margin_does_not_overflow():
    """torch's own kernel is infinite from 88.8 on, in float32."""
    found = evaluate("soft-margin", logits=np.float32([-89, -1e30]), target=[1, 1])
    np.testing.assert_allclose(found.elements, [89, 1e30], rtol=1e-6)


def test_zero_weight_of_what_is_infinite():
    """What does not count cannot make the rest infinite."""
    found = evaluate("bce", logits=[-inf, 0], target=[1, 1], weight=[0, 1])
    assert found.elements.tolist() == [0, pytest.approx(log(2))]
    found = evaluate("bce", logits=[-inf, 0], target=[1, 0], pos_weight=0.0)
    assert found.elements.tolist() == [0, pytest.approx(log(2))]
    found = evaluate("ce", probs=[[0, 1], [0.5, 0.5]], target=[0, 1], weight=[0, 1])
    assert found.value == pytest.approx(log(2))
    found = evaluate("ce", probs=[[0, 1], [0.5, 0.5]], target=[0, 1], sample_weight=[0, 1])
    assert found.value == pytest.approx(log(2))


@pytest.mark.parametrize(
    ("name", "kind", "prediction", "dtype"),
    [("mse", "pred", 1e30, np.float32), ("mse", "pred", 1e200, np.float64)],
)
def test_overflow_is_said(name, kind, prediction, dtype):
    """Finite numbers whose loss is not."""
    result = evaluate(name, **{kind: np.array([prediction, 1], dtype)}, target=dtype([0, 0]))
    assert result.value == inf
    assert [one.code for one in result.warnings] == ["overflow"]
    assert ("--dtype float64" in result.warnings[0].hint) == (dtype is np.float32)
