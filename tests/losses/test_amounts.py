"""Losses of values, counts and amounts: their definitions, their libraries and their limits."""

from __future__ import annotations

from math import cosh, exp, inf, lgamma, log, log1p, pi, sqrt

import numpy as np
import pytest
import torch
from asked import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import pseudo_huber
from sklearn import metrics
from torch.nn import functional as F

from losscli import evaluate
from losscli.errors import DataError
from losscli.losses import losses

RNG = np.random.default_rng(23)
N = 400
VALUES, TRUTH = RNG.normal(0, 3, (2, N))
AMOUNTS, TRUE_AMOUNTS = np.exp(VALUES), np.exp(TRUTH)
COUNTS = RNG.poisson(2, N)
WEIGHT = RNG.uniform(0.1, 2, N)

values = st.floats(-30, 30)
above = st.floats(-0.9, 1e3)
amounts = st.floats(1e-3, 1e3)
counts = st.integers(0, 40).map(float)


def poisson(rate, y, *, full=False, eps=1e-8):
    rest = y * log(y) - y + 0.5 * log(2 * pi * y) if full and y > 1 else 0
    return rate - y * log(rate + eps) + rest


def tweedie(rate, y, p):
    if p == 1:
        return 2 * ((y * log(y / rate) if y else 0) - y + rate)
    if p == 2:
        return 2 * (log(rate / y) + y / rate - 1)
    a, b = 1 - p, 2 - p
    return 2 * (y**b / (a * b) - y * rate**a / a + rate**b / b)


def wing(x, y, width, curvature):
    e = abs(x - y)
    if e < width:
        return width * log(1 + e / curvature)
    return e - (width - width * log(1 + width / curvature))


PAIRS = {
    "rmse()": ("rmse", "pred", values, values, lambda x, y: (x - y) ** 2, {}),
    "log_cosh()": ("log-cosh", "pred", values, values, lambda x, y: log(cosh(x - y)), {}),
    "charbonnier(delta=2)": (
        *("charbonnier", "pred", values, values),
        lambda x, y: 4 * (sqrt(1 + ((x - y) / 2) ** 2) - 1),
        {"delta": 2.0},
    ),
    "cauchy(c=3)": (
        *("cauchy", "pred", values, values),
        lambda x, y: log(1 + (x - y) ** 2 / 18),
        {"c": 3.0},
    ),
    "welsch(c=3)": (
        *("welsch", "pred", values, values),
        lambda x, y: 1 - exp(-((x - y) ** 2) / 18),
        {"c": 3.0},
    ),
    "geman_mcclure(c=3)": (
        *("geman-mcclure", "pred", values, values),
        lambda x, y: 2 * (x - y) ** 2 / ((x - y) ** 2 + 36),
        {"c": 3.0},
    ),
    "wing()": ("wing", "pred", values, values, lambda x, y: wing(x, y, 5, 0.5), {}),
    "wing(width=10, curvature=2)": (
        *("wing", "pred", values, values),
        lambda x, y: wing(x, y, 10, 2),
        {"width": 10.0, "curvature": 2.0},
    ),
    "quantile(q=0.9)": (
        *("quantile", "pred", values, values),
        lambda x, y: 0.9 * max(y - x, 0) + 0.1 * max(x - y, 0),
        {"q": 0.9},
    ),
    "expectile(alpha=0.9)": (
        *("expectile", "pred", values, values),
        lambda x, y: (0.9 if y > x else 0.1) * (x - y) ** 2,
        {"alpha": 0.9},
    ),
    "mape()": ("mape", "pred", values, amounts, lambda x, y: abs(x - y) / abs(y), {}),
    "mape(eps=2)": (
        *("mape", "pred", values, values),
        lambda x, y: abs(x - y) / max(abs(y), 2),
        {"eps": 2.0},
    ),
    "smape()": (
        *("smape", "pred", values, values),
        lambda x, y: 2 * abs(x - y) / (abs(x) + abs(y)) if x or y else 0,
        {},
    ),
    "wape()": ("wape", "pred", values, values, lambda x, y: abs(x - y), {}),
    "msle()": ("msle", "pred", above, above, lambda x, y: (log1p(x) - log1p(y)) ** 2, {}),
    "rmsle()": ("rmsle", "pred", above, above, lambda x, y: (log1p(x) - log1p(y)) ** 2, {}),
    "poisson_nll()": ("poisson-nll", "rate", amounts, counts, poisson, {}),
    "poisson_nll(full, eps=0.1)": (
        *("poisson-nll", "rate", amounts, counts),
        lambda x, y: poisson(x, y, full=True, eps=0.1),
        {"full": True, "eps": 0.1},
    ),
    "poisson_nll --log-rate": (
        *("poisson-nll", "log_rate", st.floats(-9, 9), counts),
        lambda x, y: poisson(exp(x), y, eps=0),
        {},
    ),
    "poisson_nll(full) --log-rate": (
        *("poisson-nll", "log_rate", st.floats(-9, 9), counts),
        lambda x, y: poisson(exp(x), y, eps=0, full=True),
        {"full": True},
    ),
    **{
        f"tweedie(power={p}) --{kind}": (
            *("tweedie", kind, amounts if kind == "rate" else st.floats(-6, 6)),
            amounts if p >= 2 else st.one_of(st.just(0.0), amounts),
            lambda x, y, p=p, kind=kind: tweedie(x if kind == "rate" else exp(x), y, p),
            {"power": p},
        )
        for p in (1.0, 1.25, 1.5, 2.0, 3.0)
        for kind in ("rate", "log_rate")
    },
    "gamma --rate": ("gamma", "rate", amounts, amounts, lambda x, y: tweedie(x, y, 2), {}),
    "gamma --log-rate": (
        *("gamma", "log_rate", st.floats(-6, 6), amounts),
        lambda x, y: tweedie(exp(x), y, 2),
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_pair(case):
    name, kind, predictions, targets, definition, options = PAIRS[case]

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(predictions, targets), min_size=1, max_size=5))
    def agrees(pairs):
        xs, ys = map(list, zip(*pairs, strict=True))
        options["reduction"] = "none"
        found = evaluate(name, **{kind: xs}, target=ys, **options).elements
        wanted = [definition(x, y) for x, y in pairs]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)

    agrees()


def test_every_loss_of_these_families_is_defined():
    """Here, or, the four of torch, in test_definitions."""
    here = {name for name, *_ in PAIRS.values()} | {"mse", "mae", "smooth-l1", "huber"}
    families = ("regression", "probabilistic")
    assert here == {name for name, one in losses.items() if one.family in families} - {*EXAMPLES}


# ---- other libraries

SKLEARN = {
    "rmse": (VALUES, TRUTH, metrics.root_mean_squared_error, {}, {}),
    "mape": (VALUES, TRUTH, metrics.mean_absolute_percentage_error, {}, {}),
    "msle": (AMOUNTS, TRUE_AMOUNTS, metrics.mean_squared_log_error, {}, {}),
    "rmsle": (AMOUNTS, TRUE_AMOUNTS, metrics.root_mean_squared_log_error, {}, {}),
    "gamma": (AMOUNTS, TRUE_AMOUNTS, metrics.mean_gamma_deviance, {}, {}),
    **{
        f"quantile {q}": (VALUES, TRUTH, metrics.mean_pinball_loss, {"q": q}, {"alpha": q})
        for q in (0.0, 0.1, 0.5, 1.0)
    },
    **{
        f"tweedie {p}": (
            *(AMOUNTS, COUNTS if p < 2 else TRUE_AMOUNTS, metrics.mean_tweedie_deviance),
            *({"power": p}, {"power": p}),
        )
        for p in (1, 1.1, 1.5, 1.9, 2, 2.5, 3, 4)
    },
}  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", SKLEARN)
def test_as_in_scikit_learn(case, weighted):
    prediction, target, reference, options, theirs = SKLEARN[case]
    name = case.split()[0]
    kind = losses[name].inputs[0]
    weight = {"sample_weight": WEIGHT} if weighted else {}
    found = evaluate(name, **{kind: prediction}, target=target, **options, **weight)
    assert found.value == pytest.approx(
        reference(target, prediction, **theirs, **weight), rel=1e-12
    )
    if kind == "rate":
        again = evaluate(name, log_rate=np.log(prediction), target=target, **options, **weight)
        assert again.value == pytest.approx(found.value, rel=1e-12)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("eps", [1e-8, 0.5])
@pytest.mark.parametrize("kind", ["rate", "log_rate"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_as_in_torch(full, eps, kind, reduction, dtype):
    given = torch.from_numpy(AMOUNTS if kind == "rate" else VALUES).to(dtype)
    target = torch.from_numpy(COUNTS).to(dtype)
    log_input = kind == "log_rate"
    options = {} if log_input else {"eps": eps}
    wanted = F.poisson_nll_loss(
        given.double(), target.double(), log_input, full, **options, reduction=reduction
    )
    found = evaluate(
        "poisson-nll", **{kind: given}, target=target, full=full, reduction=reduction, **options
    )
    found = found.elements if reduction == "none" else found.value
    tolerance = 1e-12 if dtype is torch.float64 else 3e-6
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def test_as_in_scipy():
    for delta in (0.01, 1.0, 40.0):
        found = evaluate("charbonnier", pred=VALUES, target=TRUTH, delta=delta).elements
        np.testing.assert_allclose(found, pseudo_huber(delta, VALUES - TRUTH), rtol=1e-10)


def test_wape_is_all_errors_over_all_targets():
    found = evaluate("wape", pred=VALUES, target=TRUTH)
    assert found.value == pytest.approx(abs(VALUES - TRUTH).sum() / abs(TRUTH).sum(), rel=1e-12)
    assert found.denominator == pytest.approx(abs(TRUTH).sum())
    weighted = evaluate("wape", pred=VALUES, target=TRUTH, sample_weight=WEIGHT).value
    wanted = (WEIGHT * abs(VALUES - TRUTH)).sum() / (WEIGHT * abs(TRUTH)).sum()
    assert weighted == pytest.approx(wanted, rel=1e-12)
    with pytest.raises(DataError, match="sum to 0: nothing to average"):
        evaluate("wape", pred=[1.0, 2.0], target=[0.0, 0.0])


def test_published():
    """Numbers of the papers' and the libraries' own pages, as losses.md has them."""
    three = {"pred": [3.0], "target": [0.0]}
    assert evaluate("charbonnier", **three).value == pytest.approx(2.162, abs=5e-4)
    assert evaluate("charbonnier", **three, delta=2.0).value == pytest.approx(3.211, abs=5e-4)
    far = evaluate("log-cosh", pred=np.float32([100]), target=np.float32([0]))
    assert far.value == pytest.approx(99.307, abs=5e-4)
    assert evaluate("mape", pred=[1.0], target=[2.0]).value == 0.5
    zero = evaluate("mape", pred=[1.0, 1.0], target=[2.0, 0.0])
    assert zero.value == pytest.approx(2.25e15, rel=1e-2)
    assert evaluate("msle", pred=[-0.5], target=[0.0]).value == pytest.approx(0.4805, abs=5e-5)
    two = evaluate("rmse", pred=[[1.0, 3.0]], target=[[0.0, 0.0]])
    assert two.value == pytest.approx(2.236, abs=5e-4)
    log_rate = evaluate("poisson-nll", log_rate=[2.0], target=[3])
    assert log_rate.value == pytest.approx(1.3891, abs=5e-5)
    assert evaluate("poisson-nll", rate=[2.0], target=[3]).value == pytest.approx(-0.0794, abs=5e-5)
    full = evaluate("poisson-nll", rate=[2.0], target=[3], full=True)
    assert full.value == pytest.approx(1.6846, abs=5e-5)
    exact = 2 - 3 * log(2) + lgamma(4)
    assert exact == pytest.approx(1.7123, abs=5e-5)
    deviance = evaluate("tweedie", rate=[2.0], target=[3], power=1.0)
    assert deviance.value == pytest.approx(0.4328, abs=5e-5)


# ---- limits


@pytest.mark.parametrize("name", sorted({name for name, *_ in PAIRS.values()} - {"smape"}))
def test_two_infinities_have_no_limit(name):
    kind = losses[name].inputs[0]
    found = evaluate(name, **{kind: [inf, 1.0]}, target=[inf, 1.0]).elements
    assert np.isnan(found[0])
    assert not np.isnan(found[1])


def test_small_errors_keep_their_digits():
    """softplus(-2e) + e - ln 2, as elsewhere, is 0 here, or below."""
    e = np.array([1e-3, 1e-6, 1e-10])
    for name in ("log-cosh", "charbonnier", "cauchy", "welsch", "geman-mcclure"):
        found = evaluate(name, pred=e, target=np.zeros(3)).elements
        np.testing.assert_allclose(found, e**2 / 2, rtol=1e-6)
    for power in (1.0, 1.5, 2.0, 3.0):
        found = evaluate("tweedie", rate=1 + e, target=np.ones(3), power=power).elements
        np.testing.assert_allclose(found, e**2, rtol=1e-2)
        assert not evaluate("tweedie", rate=AMOUNTS, target=AMOUNTS, power=power).elements.any()
