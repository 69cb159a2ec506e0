"""What guessing costs a loss of real numbers, beside every constant of a fine grid."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from medians import AT_MEDIAN
from scipy import stats
from scipy.optimize import minimize, minimize_scalar

from losscli import evaluate

RNG = np.random.default_rng(23)
WEIGHT = RNG.random(21) + 0.1


def least(cost, low, high):
    """The least value of a function of one number: by a grid, and then between its neighbours."""
    grid = np.linspace(low, high, 4001)
    at = int(np.argmin([cost(one) for one in grid]))
    ends = grid[max(at - 1, 0)], grid[min(at + 1, 4000)]
    found = minimize_scalar(cost, bounds=ends, method="bounded", options={"xatol": 1e-12})
    return min(found.fun, cost(grid[at]), cost(ends[0]), cost(ends[1]))


def huber(error, delta):
    far = np.abs(error)
    return np.where(far < delta, error**2 / 2, delta * (far - delta / 2))


FORMULAS = {
    "mse": lambda y, c: (c - y) ** 2,
    "mae": lambda y, c: abs(c - y),
    "mape": lambda y, c: abs(c - y) / abs(y),
    "log-cosh": lambda y, c: np.log(np.cosh(c - y)),
    "huber": lambda y, c, delta: huber(c - y, delta),
    "smooth-l1": lambda y, c, beta: huber(c - y, beta) / beta if beta else abs(c - y),
    "charbonnier": lambda y, c, delta: delta**2 * (np.sqrt(1 + ((c - y) / delta) ** 2) - 1),
    "expectile": lambda y, c, alpha: np.where(y > c, alpha, 1 - alpha) * (y - c) ** 2,
}

CASES = [
    *[(name, {}) for name in ("mse", "mae", "mape", "log-cosh")],
    *[("huber", {"delta": delta}) for delta in (0.05, 1.0, 30.0)],
    *[("smooth-l1", {"beta": beta}) for beta in (0.0, 0.05, 1.0)],
    *[("charbonnier", {"delta": delta}) for delta in (0.05, 1.0)],
    *[("expectile", {"alpha": alpha}) for alpha in (0.1, 0.5, 0.97)],
]


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
@pytest.mark.parametrize("size", [2, 20, 21])
def test_the_best_constant(name, options, size):
    target = RNG.normal(3, 2, size)
    cost = FORMULAS[name]
    wanted = min(
        least(lambda c: cost(target, c, **options).mean(), target.min(), target.max()),
        *(cost(target, one, **options).mean() for one in target),
    )
    found = evaluate(name, pred=np.zeros(size), target=target, **options)
    assert found.guess == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert found.skill == pytest.approx(1 - found.value / wanted)
    assert found.baselines == {"constant": found.guess}


def test_a_far_target_does_not_hide_the_best_constant():
    """A bracket of 1e9 is no bracket of 1e-9 of it: the median of the others is the best."""
    target = np.array([*np.arange(100.0), 1e9])
    wanted = huber(target - 50, 1.0).mean()
    found = evaluate("huber", pred=np.zeros(101), target=target).guess
    assert found == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize(("name", "options"), CASES[2:], ids=str)
@pytest.mark.parametrize(("mean", "width"), [(0.0, 1.0), (1000.0, 1.0), (-3.0, 0.01)])
def test_many_targets_have_one_to_a_ten_thousandth(monkeypatch, name, options, mean, width):
    """Of float32, whose rounding is that of the targets themselves."""
    target = (mean + width * RNG.standard_t(4, 40_000)).astype(np.float32)
    exact = evaluate(name, pred=np.zeros(40_000, np.float32), target=target, **options).guess
    for name_of in ("losscli.losses.constants", "losscli.mass"):
        monkeypatch.setattr(import_module(name_of), "FEW", 2**14)
    found = evaluate(name, pred=np.zeros(40_000, np.float32), target=target, **options).guess
    cost, wide = FORMULAS[name], target.astype(float)
    middle = np.median(wide)
    wanted = minimize_scalar(
        lambda c: cost(wide, c, **options).mean(),
        bounds=(middle - 9 * width, middle + 9 * width),
        method="bounded",
        options={"xatol": 1e-9},
    ).fun
    assert exact == pytest.approx(wanted, rel=1e-6)
    wanted = min(wanted, cost(wide, middle, **options).mean())
    assert wanted * (1 - 1e-5) <= found <= wanted * (1 + 1e-4)


@pytest.mark.parametrize("name", ["huber", "welsch", "interval", "crps", "student-t"])
def test_infinite_targets_have_none(name):
    given = {
        "interval": ("lower", "upper"),
        "crps": ("mean", "std"),
        "student-t": ("mean", "scale"),
    }
    pred = {one: np.ones(2) for one in given.get(name, ("pred",))}
    found = evaluate(name, **pred, target=np.array([1.0, np.inf]))
    assert found.guess is None
    assert found.skill is None


@pytest.mark.parametrize("name", AT_MEDIAN)
def test_the_median_where_there_is_no_best_constant(name):
    target = RNG.normal(3, 2, 20)
    wanted = AT_MEDIAN[name](target, np.median(target)).mean()
    found = evaluate(name, pred=np.zeros(20), target=target)
    assert found.guess == pytest.approx(wanted, rel=1e-12)
    assert found.by == "the median"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mse", {}),
        ("rmse", {}),
        ("psnr", {}),
        ("msle", {}),
        ("rmsle", {}),
        ("poisson-nll", {}),
        ("gamma", {}),
    ],
)
def test_weights_count_for_the_mean_as_repeated_rows_do(name, given):
    target = RNG.gamma(2.0, size=21) + 0.1
    target = target.reshape(3, 7) if name == "psnr" else target
    times = RNG.integers(0, 4, 21)
    kind = "rate" if name in ("poisson-nll", "gamma") else "pred"
    weight = times.astype(float)
    weighted = evaluate(
        name,
        **{kind: np.ones(target.shape)},
        target=target,
        sample_weight=weight.reshape(target.shape),
    )
    rows = target.reshape(-1).repeat(times)
    rows = rows[None] if name == "psnr" else rows
    plain = evaluate(name, **{kind: np.ones(rows.shape)}, target=rows)
    assert weighted.guess == pytest.approx(plain.guess, rel=1e-12)
    assert weighted.value == pytest.approx(plain.value, rel=1e-12)


@pytest.mark.parametrize("eps", [0.0, 0.5])
@pytest.mark.parametrize("full", [False, True])
def test_counts_with_an_eps(eps, full):
    """The mean costs what it does as a prediction."""
    target = RNG.poisson(2.0, 30)
    options = {"target": target, "eps": eps, "full": full}
    mean = evaluate("poisson-nll", rate=np.full(30, target.mean()), **options)
    found = evaluate("poisson-nll", rate=np.arange(1.0, 31), **options)
    assert found.guess == pytest.approx(mean.value, rel=1e-12)
    if not full:
        wanted = target.mean() - target.mean() * np.log(target.mean() + eps)
        assert found.guess == pytest.approx(wanted, rel=1e-12)


def test_weights_far_from_0():
    """Where the mean square less the squared mean would have no digit left."""
    target = 1e9 + np.arange(21.0)
    wanted = np.average((target - np.average(target, weights=WEIGHT)) ** 2, weights=WEIGHT)
    given = {"pred": np.zeros(21), "target": target, "sample_weight": WEIGHT}
    assert evaluate("mse", **given).guess == pytest.approx(wanted, rel=1e-9)
    order = np.argsort(target)
    middle = target[order][np.searchsorted(np.cumsum(WEIGHT[order]), WEIGHT.sum() / 2)]
    wanted = np.average(abs(target - middle), weights=WEIGHT)
    assert evaluate("mae", **given).guess == pytest.approx(wanted, rel=1e-12)


def test_distributions():
    target = RNG.normal(3, 2, 20)
    given = {"target": target, "mean": np.zeros(20)}

    def crps(mean, std):
        z = (target - mean) / std
        parts = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
        return (std * parts).mean()

    wanted = crps(target.mean(), target.std())
    assert evaluate("crps", **given, std=np.ones(20)).guess == pytest.approx(wanted)
    for df in (1.0, 4.0, 50.0):
        found = evaluate("student-t", **given, scale=np.ones(20), df=df)
        start = np.median(target), np.log(target.std())
        wanted = minimize(
            lambda at, df=df: -stats.t.logpdf(target, df, at[0], np.exp(at[1])).mean(),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000},
        ).fun
        assert found.guess == pytest.approx(wanted, rel=1e-10)
        assert found.skill is None
    same = {"mean": np.zeros(9), "scale": np.ones(9), "target": np.ones(9)}
    assert evaluate("student-t", **same).guess is None


@pytest.mark.parametrize("alpha", [0.05, 0.3, 0.5])
def test_intervals(alpha):
    target = RNG.normal(3, 2, 30)
    ends = np.sort(target)

    def cost(low, high):
        outside = np.maximum(low - target, 0) + np.maximum(target - high, 0)
        return (high - low + 2 / alpha * outside).mean()

    wanted = min(cost(low, high) for low in ends for high in ends if low <= high)
    found = evaluate("interval", lower=np.zeros(30), upper=np.ones(30), target=target, alpha=alpha)
    assert found.guess == pytest.approx(wanted, rel=1e-12)
