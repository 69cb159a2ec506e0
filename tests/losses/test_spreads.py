"""Losses of a mean and a width: their definitions, limits, checks and measures."""

from __future__ import annotations

from math import erf, exp, inf, lgamma, log, log1p, pi, sqrt

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.roles.reach import student, student_inside

RNG = np.random.default_rng(8)
MEAN, TRUTH = RNG.normal(0, 2, (40, 3)), RNG.normal(0, 2, (40, 3))
WIDE = RNG.uniform(0.3, 3, (40, 3))

DEFINITIONS = {  # of a mean, a width and a target
    "gaussian-nll": ("std", lambda m, s, y: log(s) + (y - m) ** 2 / (2 * s * s)),
    "laplace-nll": ("scale", lambda m, b, y: log(2 * b) + abs(y - m) / b),
    "student-t": (
        "scale",
        lambda m, s, y: (
            log(s) + 2.5 * log1p(((y - m) / s) ** 2 / 4) + 0.5 * log(4 * pi) - lgamma(2.5)
        ),
    ),
    "crps": ("std", lambda m, s, y: s * unit_crps((y - m) / s)),
}


def unit_crps(z):
    density = exp(-z * z / 2) / sqrt(2 * pi)
    return z * erf(z / sqrt(2)) + 2 * density - 1 / sqrt(pi)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_definition(name):
    width, formula = DEFINITIONS[name]
    found = evaluate(name, mean=MEAN, target=TRUTH, **{width: WIDE})
    wanted = np.vectorize(formula)(MEAN, WIDE, TRUTH)
    np.testing.assert_allclose(found.elements, wanted.reshape(found.elements.shape), rtol=1e-12)
    assert found.value == pytest.approx(wanted.mean(), rel=1e-12)


@given(st.floats(-50, 50), st.floats(0.01, 50), st.floats(-50, 50), st.sampled_from([*DEFINITIONS]))
def test_definition_of_any_numbers(mean, wide, target, name):
    width, formula = DEFINITIONS[name]
    found = evaluate(name, mean=[mean], target=[target], **{width: [wide]}).value
    assert found == pytest.approx(formula(mean, wide, target), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("df", [0.3, 1.0, 2.0, 4.5, 30.0, 1999.0, 2001.0, 1e5])
def test_as_in_torch_distributions(df):
    mean, wide, target = map(torch.from_numpy, (MEAN, WIDE, TRUTH))
    wanted = -torch.distributions.StudentT(df, mean, wide).log_prob(target)
    found = evaluate("student-t", mean=MEAN, scale=WIDE, target=TRUTH, df=df).elements
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=1e-9, atol=1e-9)
    wanted = -torch.distributions.Laplace(mean, wide).log_prob(target)
    found = evaluate("laplace-nll", mean=MEAN, scale=WIDE, target=TRUTH).elements
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=1e-12)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("eps", [1e-6, 1.0])
@pytest.mark.parametrize("kind", ["var", "std", "log_var"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_as_in_torch(full, eps, kind, dtype):
    mean, wide, target = (torch.from_numpy(one).to(dtype) for one in (MEAN, WIDE, TRUTH))
    var = {"var": wide, "std": wide**2, "log_var": wide.exp()}[kind].double()
    wanted = F.gaussian_nll_loss(mean.double(), target.double(), var, full, eps, "none")
    ignore = ["clamped"]
    found = evaluate(
        "gaussian-nll", mean=mean, **{kind: wide}, target=target, full=full, eps=eps, ignore=ignore
    ).elements
    tolerance = 1e-12 if dtype is torch.float64 else 3e-6
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=tolerance, atol=tolerance)


VARIANCES = [
    (WIDE, WIDE),
    (WIDE[:, :1], WIDE[:, :1]),
    (WIDE[:, 0], WIDE[:, :1]),
    (WIDE[:1], WIDE[:1]),
    (WIDE[0], WIDE[:1]),
    (WIDE[0, 0], WIDE[:1, :1]),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "every"), VARIANCES, ids=lambda one: str(np.shape(one)))
@pytest.mark.parametrize("name", DEFINITIONS)
def test_widths_are_repeated(name, given_, every):
    width, _ = DEFINITIONS[name]
    every = np.broadcast_to(every, MEAN.shape).copy()
    found = evaluate(name, mean=MEAN, target=TRUTH, **{width: given_})
    wanted = evaluate(name, mean=MEAN, target=TRUTH, **{width: every})
    np.testing.assert_array_equal(found.elements, wanted.elements)


def test_one_variance_a_row_where_there_are_as_many_columns():
    """As torch reads shape[:-1]."""
    square, rows = MEAN[:3], np.array([0.5, 1.0, 2.0])
    found = evaluate("gaussian-nll", mean=square, var=rows, target=TRUTH[:3]).elements
    wanted = F.gaussian_nll_loss(
        *map(torch.from_numpy, (square, TRUTH[:3], rows)), reduction="none"
    )
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=1e-12)


def test_crps_is_the_integral_of_the_squared_gap():
    for mean, std, target in [(0.0, 1.0, 0.0), (1.0, 2.0, -3.0), (0.0, 0.5, 4.0)]:
        shape = stats.norm(mean, std)
        below = quad(lambda x, at=shape: at.cdf(x) ** 2, -40, target)[0]
        above = quad(lambda x, at=shape: at.sf(x) ** 2, target, 40)[0]
        found = evaluate("crps", mean=[mean], std=std, target=[target]).value
        assert found == pytest.approx(below + above, abs=1e-7)
    one = evaluate("crps", mean=[0.0], std=1.0, target=[0.0]).value
    assert one == pytest.approx((sqrt(2) - 1) / sqrt(pi), rel=1e-14)


# ---- limits

EXTREMES = [
    ("gaussian-nll", {"std": 1e-20}, [0.0, 1e-3], [-3 * log(10), 0.5 - 3 * log(10)]),
    ("gaussian-nll", {"std": 1e30}, [0.0], [30 * log(10)]),
    ("gaussian-nll", {"log_var": 200.0}, [0.0], [100.0]),
    ("gaussian-nll", {"var": 1.0}, [inf, -inf], [inf, inf]),
    ("gaussian-nll", {"log_var": -inf}, [0.0], [-3 * log(10)]),
    ("laplace-nll", {"scale": 1e-30}, [0.0], [log(2) - 30 * log(10)]),
    ("laplace-nll", {"scale": 1.0}, [inf, 1e30], [inf, 1e30]),
    ("student-t", {"scale": 1.0}, [inf, 1e30], [inf, 0.980829253 + 2.5 * log(1e60 / 4)]),
    ("student-t", {"scale": 1e-30}, [1.0], [0.980829253 + 120 * log(10) - 2.5 * log(4)]),
    ("student-t", {"scale": 1e-30}, [1e10], [0.980829253 + 170 * log(10) - 2.5 * log(4)]),
    ("crps", {"std": 0.0}, [0.0, 3.0, -2.0, inf], [0.0, 3.0, 2.0, inf]),
    ("crps", {"std": 1e-30}, [0.0, 3.0], [1e-30 * (sqrt(2) - 1) / sqrt(pi), 3.0]),
    ("crps", {"std": inf}, [0.0], [inf]),
    ("crps", {"log_var": -inf}, [3.0], [3.0]),
]


@pytest.mark.parametrize("case", EXTREMES, ids=lambda case: f"{case[0]} {case[1]}")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extremes(case, dtype):
    name, width, target, wanted = case
    wide = {key: np.full(len(target), value, dtype) for key, value in width.items()}
    mean = np.zeros(len(target), dtype)
    found = evaluate(name, mean=mean, target=np.asarray(target, dtype), **wide).elements
    tolerance = 1e-8 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(found, wanted, rtol=tolerance)


def test_many_degrees_of_freedom_are_normal():
    usual = evaluate("gaussian-nll", mean=MEAN, std=WIDE, target=TRUTH, full=True).elements
    for df in (1e8, 1e12, 1e300):
        found = evaluate("student-t", mean=MEAN, scale=WIDE, target=TRUTH, df=df).elements
        np.testing.assert_allclose(found, usual, rtol=1e-6)


# ---- checks


@pytest.mark.parametrize(
    ("name", "width", "message"),
    [
        ("gaussian-nll", {"var": [1.0, -1.0]}, "--var must be at least 0, not -1"),
        ("gaussian-nll", {"std": [1.0, -1.0]}, "--std must be at least 0, not -1"),
        ("crps", {"std": [1.0, -1.0]}, "--std must be at least 0, not -1"),
        ("laplace-nll", {"scale": [1.0, 0.0]}, "--scale must be above 0, not 0"),
        ("student-t", {"scale": [1.0, -2.0]}, "--scale must be above 0, not -2"),
        ("laplace-nll", {"scale": [1.0, np.nan]}, "NaN"),
        ("laplace-nll", {"scale": [1.0, 2.0, 3.0]}, "3 scales"),
    ],
)
def test_refused(name, width, message):
    with pytest.raises(DataError, match=message):
        evaluate(name, mean=[0.0, 1.0], target=[1.0, 2.0], **width)


def test_options_refused():
    for df in (0.0, -1.0):
        with pytest.raises(UsageError, match="--df must be > 0"):
            evaluate("student-t", mean=[0.0], scale=1.0, target=[1.0], df=df)
    with pytest.raises(UsageError, match="--scale beside"):
        evaluate("laplace-nll", mean=[0.0], target=[1.0])
    with pytest.raises(UsageError, match="ways to say the same"):
        evaluate("crps", mean=[0.0], std=1.0, var=1.0, target=[1.0])


@pytest.mark.parametrize(
    ("width", "value"), [("var", 0.0), ("std", 1e-4), ("log_var", -20.0), ("var", 9e-7)]
)
def test_a_variance_below_eps_is_told(width, value):
    given_ = {width: np.array([1.0, value])}
    result = evaluate("gaussian-nll", mean=[0.0, 0.0], target=[1.0, 1.0], **given_)
    (warning,) = result.warnings
    assert warning.code == "clamped"
    assert "1e-06" in warning.message
    wanted = F.gaussian_nll_loss(*(torch.zeros(1), torch.ones(1), torch.zeros(1))).item()
    assert result.elements[1] == pytest.approx(wanted)
    none = evaluate("gaussian-nll", mean=[0.0], target=[1.0], **{width: [0.01]})
    assert not none.warnings


# ---- measures


@pytest.mark.parametrize(
    ("name", "width", "draw", "one"),
    [
        ("gaussian-nll", "std", stats.norm, 1.0),
        ("crps", "std", stats.norm, 1.0),
        ("laplace-nll", "scale", stats.laplace, sqrt(2)),
        ("student-t", "scale", stats.t(4), sqrt(2)),
    ],
)
def test_shares_inside(name, width, draw, one):
    wide = RNG.uniform(0.3, 3, 20_000)
    truth = wide * draw.rvs(size=20_000, random_state=1)
    result = evaluate(name, mean=np.zeros(20_000), target=truth, **{width: wide})
    inside = (abs(truth) <= one * wide).mean()
    assert result.metrics["inside_sigma"] == inside
    assert inside == pytest.approx(draw.cdf(one) - draw.cdf(-one), abs=0.01)
    assert result.metrics["inside_95"] == (abs(truth) <= draw.ppf(0.975) * wide).mean()
    assert result.metrics["rmse"] == pytest.approx(sqrt((truth**2).mean()))


def test_shares_inside_count_what_counts():
    given_ = {"mean": np.zeros(4), "target": [0.5, 3.0, 0.5, 9.0], "std": np.ones(4)}
    weighted = evaluate("crps", **given_, sample_weight=[3, 1, 0, 0]).metrics
    assert weighted["inside_sigma"] == 0.75
    masked = evaluate("crps", **given_, mask=[1, 1, 0, 0]).metrics
    assert masked["inside_sigma"] == 0.5


def test_a_small_variance_counts_as_eps_in_the_shares_as_well():
    found = evaluate("gaussian-nll", mean=[0.0], var=0.0, target=[5e-4]).metrics
    assert found["inside_sigma"] == 1.0


def test_heavy_tails_have_no_deviation():
    result = evaluate("student-t", mean=[0.0], scale=1.0, target=[1.0], df=2.0)
    assert "inside_sigma" not in result.metrics


def test_guesses_are_the_best_constants():
    y = TRUTH.reshape(-1)
    constant = {"mean": np.full(y.size, y.mean()), "target": y}
    result = evaluate("gaussian-nll", mean=np.zeros(y.size), var=1.0, target=y, full=True)
    wanted = evaluate("gaussian-nll", **constant, var=y.var(), full=True).value
    assert result.guess == pytest.approx(wanted)
    median = np.median(y)
    wanted = evaluate(
        "laplace-nll", mean=np.full(y.size, median), scale=abs(y - median).mean(), target=y
    ).value
    result = evaluate("laplace-nll", mean=np.zeros(y.size), scale=1.0, target=y)
    assert result.guess == pytest.approx(wanted)


@pytest.mark.parametrize("df", [0.2, 1.0, 2.5, 4.0, 30.0, 5e4])
def test_reach_of_student(df):
    assert student(0.95, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-9)
    for far in (0.0, 0.1, 1.0, 7.0):
        wanted = stats.t.cdf(far, df) - stats.t.cdf(-far, df)
        assert student_inside(far, df) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("name", ["laplace", "StudentT", "crps_gaussian", "GaussianNLLLoss"])
def test_names(name):
    width = "scale" if name in ("laplace", "StudentT") else "std"
    assert evaluate(name, mean=[0.0, 1.0], target=[1.0, 1.0], **{width: 2.0}).value > 0
