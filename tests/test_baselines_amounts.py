"""What guessing costs where targets weigh differently, or are too many to be kept."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from medians import AT_MEDIAN
from scipy import stats
from scipy.optimize import minimize, minimize_scalar

from losscli import evaluate

RNG = np.random.default_rng(31)
MANY = 40_000


def huber(error, delta):
    far = np.abs(error)
    return np.where(far < delta, error**2 / 2, delta * (far - delta / 2))


def middle(target, weight):
    """The weighted median: a plain sort with cumulated weights."""
    order = np.argsort(target)
    below = np.cumsum(weight[order])
    low = target[order][np.searchsorted(below, below[-1] / 2, "left")]
    return (low + target[order][np.searchsorted(below, below[-1] / 2, "right")]) / 2


BEST = {
    "mae": ({}, lambda y, c: abs(c - y)),
    "mape": ({}, lambda y, c: abs(c - y) / abs(y)),
    "log-cosh": ({}, lambda y, c: np.logaddexp(c - y, y - c) - np.log(2)),
    "huber": ({"delta": 0.3}, lambda y, c: huber(c - y, 0.3)),
    "smooth-l1": ({"beta": 0.0}, lambda y, c: abs(c - y)),
    "charbonnier": ({"delta": 2.0}, lambda y, c: 4 * (np.sqrt(1 + ((c - y) / 2) ** 2) - 1)),
    "expectile": ({"alpha": 0.9}, lambda y, c: np.where(y > c, 0.9, 0.1) * (y - c) ** 2),
    "quantile": ({"q": 0.9}, lambda y, c: np.where(y > c, 0.9 * (y - c), 0.1 * (c - y))),
}


def least(cost, target, weight):
    """The least weighted mean cost of a constant, among all targets that lie near it."""

    def mean(at):
        return np.average(cost(target, at), weights=weight)

    few = len(target) < 100
    ends = (target.min(), target.max()) if few else np.quantile(target, [0.001, 0.999])
    found = minimize_scalar(mean, bounds=ends, method="bounded", options={"xatol": 1e-10})
    near = target if few else target[np.argsort(abs(target - found.x))[:5]]
    return min(found.fun, *map(mean, near))


@pytest.mark.parametrize("size", [2, 21, 60])
@pytest.mark.parametrize("name", BEST)
def test_the_best_constant_of_weighted_targets(name, size):
    options, cost = BEST[name]
    target, weight = RNG.normal(3, 2, size), RNG.random(size) * (RNG.random(size) < 0.8) + 1e-3
    wanted = least(cost, target, weight)
    given = {"pred": np.zeros(size), "target": target, "sample_weight": weight}
    found = evaluate(name, **given, **options)
    assert found.guess == pytest.approx(wanted, rel=1e-7)
    assert found.skill == pytest.approx(1 - found.value / found.guess)


@pytest.mark.parametrize("name", AT_MEDIAN)
def test_the_weighted_median(name):
    target, weight = RNG.normal(3, 2, 31), RNG.random(31)
    wanted = np.average(AT_MEDIAN[name](target, middle(target, weight)), weights=weight)
    found = evaluate(name, pred=np.zeros(31), target=target, sample_weight=weight)
    assert found.guess == pytest.approx(wanted, rel=1e-12)


WEIGHED = [
    *[(name, ("pred",), options) for name, (options, _) in BEST.items()],
    *[(name, ("pred",), {}) for name in (*AT_MEDIAN, "wape")],
    ("interval", ("lower", "upper"), {"alpha": 0.3}),
    ("crps", ("mean", "std"), {}),
    ("laplace-nll", ("mean", "scale"), {}),
    ("student-t", ("mean", "scale"), {}),
]


@pytest.mark.parametrize(("name", "sides", "options"), WEIGHED, ids=str)
def test_weights_count_as_repeated_rows_do(name, sides, options):
    target, times = RNG.gamma(2.0, size=30) + 0.1, RNG.integers(0, 5, 30)
    times[0] += times.sum() % 2  # half of an even number is reached by whole weights

    def guess(target, **more):
        given = {side: np.full(len(target), 1.0 + at) for at, side in enumerate(sides)}
        return evaluate(name, **given, target=target, **more, **options).guess

    wanted = guess(target.repeat(times))
    assert guess(target, sample_weight=times) == pytest.approx(wanted, rel=1e-9)


def test_several_quantiles_of_weighted_targets():
    target, weight, levels = RNG.normal(size=50), RNG.random(50), (0.1, 0.5, 0.8)
    given = {"pred": np.zeros((50, 3)), "target": target, "sample_weight": weight}
    costs = [
        min(
            np.average(
                np.where(target > c, q * (target - c), (1 - q) * (c - target)), weights=weight
            )
            for c in target
        )
        for q in levels
    ]
    found = evaluate("quantile", **given, q=levels)
    assert found.guess == pytest.approx(np.mean(costs), rel=1e-12)


@pytest.mark.parametrize("weight", [-0.1, 0.0], ids=["negative", "nothing"])
def test_odd_weights_have_none(weight):
    weights = np.array([1.0, weight, 1.0]) if weight else np.array([0.0, 0.0, 1.0])
    given = {"pred": np.zeros(3), "target": np.arange(3.0), "sample_weight": weights}
    found = evaluate("mae", **given)
    if weight:
        assert found.guess is None
    else:  # the median of the only target that counts costs nothing
        assert found.guess == 0
    assert found.skill is None


TARGETS = {
    "normal": RNG.normal(size=MANY),
    "far": RNG.normal(1000, 1, MANY).astype(np.float32),
    "narrow": RNG.normal(-3, 0.01, MANY),
    "years": RNG.integers(1950, 2020, MANY),
    "ratings": RNG.integers(1, 6, MANY),
    "heavy": 5 + RNG.standard_t(1.5, MANY),
    "sorted": np.sort(RNG.gamma(2.0, 3.0, MANY)),
    "seconds": 1.6e9 + RNG.random(MANY) * 1e6,
}
WEIGHTS = {"plain": None, "weighted": RNG.gamma(0.5, size=MANY) * 1e-3}


@pytest.fixture
def small(monkeypatch):
    """More than 1000 targets are too many to be kept."""
    for room in ("losscli.mass", "losscli.roles.values"):
        monkeypatch.setattr(import_module(room), "EXACT", 1000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("name", ["mae", "mape", "huber", "expectile", "quantile", "cauchy"])
def test_targets_that_are_not_kept_have_one_to_a_ten_thousandth(name, kind, weight):
    target = TARGETS[kind]
    options, cost = BEST.get(name, ({}, AT_MEDIAN.get(name)))
    wide, weights = target.astype(float), np.ones(MANY) if weight is None else weight
    if name in BEST:
        wanted = least(cost, wide, weights)
    else:
        wanted = np.average(cost(wide, middle(wide, weights)), weights=weights)
    given = {"pred": np.zeros(MANY), "target": target, "sample_weight": weight}
    found = evaluate(
        name, **{side: one for side, one in given.items() if one is not None}, **options
    )
    if (name, kind) == ("mape", "heavy"):  # there are targets near 0, far from the anchor
        assert found.guess is None
    else:
        assert found.guess == pytest.approx(wanted, rel=1e-4)


@pytest.mark.usefixtures("small")
def test_distributions_of_targets_that_are_not_kept():
    target, weight = TARGETS["normal"], WEIGHTS["weighted"]
    start = 0.0, np.log(target.std())
    wanted = minimize(
        lambda at: -np.average(stats.t.logpdf(target, 4.0, at[0], np.exp(at[1])), weights=weight),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-12},
    ).fun
    given = {"mean": np.zeros(MANY), "scale": np.ones(MANY), "sample_weight": weight}
    found = evaluate("student-t", **given, target=target)
    assert found.guess == pytest.approx(wanted, rel=1e-4)
    low, high = np.quantile(target, [0.025, 0.975], method="inverted_cdf")
    outside = np.maximum(low - target, 0) + np.maximum(target - high, 0)
    given = {"lower": np.zeros(MANY), "upper": np.ones(MANY)}
    found = evaluate("interval", **given, target=target)
    assert found.guess == pytest.approx((high - low + 40 * outside).mean(), rel=1e-4)


@pytest.mark.usefixtures("small")
def test_nothing_is_said_where_targets_cannot_be_told_apart():
    """The first ones are nowhere near the others, which all lie in a few bins."""
    target = np.concatenate([np.zeros(2000), RNG.normal(1e6, 1, MANY)])
    found = evaluate("cauchy", pred=np.zeros(len(target)), target=target)
    assert found.guess is None
    assert found.skill is None


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("weight", [None, RNG.random(300_000)], ids=["plain", "weighted"])
def test_the_same_bits_on_any_number_of_threads(weight):
    given = {"pred": np.zeros(300_000), "target": RNG.normal(size=300_000), "sample_weight": weight}
    given = {side: one for side, one in given.items() if one is not None}
    one, two = (evaluate("mae", **given, threads=threads).guess for threads in (1, 3))
    assert one == two
