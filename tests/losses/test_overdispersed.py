"""The negative binomial likelihood: its definition in five forms, limits, checks, measures."""

from __future__ import annotations

from math import inf

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from losscli import evaluate
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(10)
RATE = RNG.exponential(6, (30, 3))
TOTAL = RNG.choice([0.2, 1.0, 7.5, 15.9, 16.1, 300.0], (30, 3))
COUNTS = RNG.poisson(6, (30, 3))
WEIGHT = RNG.random((30, 3))

FORMS = {
    "rate": {"rate": RATE, "total_count": TOTAL},
    "log-rate": {"log_rate": np.log(RATE), "total_count": TOTAL},
    "logits": {"logits": np.log(RATE / TOTAL), "total_count": TOTAL},
    "rate, dispersion": {"rate": RATE, "dispersion": 1 / TOTAL},
    "log-rate, dispersion": {"log_rate": np.log(RATE), "dispersion": 1 / TOTAL},
}


def definition(rate, total, count):
    """By 50 digits."""
    with mpmath.workdps(50):
        rate, total, count = map(mpmath.mpf, (float(rate), float(total), float(count)))
        found = mpmath.loggamma(count + 1) + mpmath.loggamma(total)
        found -= mpmath.loggamma(total + count)
        found += total * mpmath.log1p(rate / total)
        return float(found + (count * mpmath.log1p(total / rate) if count else 0))


@pytest.mark.parametrize("form", FORMS)
def test_definition(form):
    found = evaluate("negative-binomial", **FORMS[form], target=COUNTS)
    wanted = np.vectorize(definition)(RATE, TOTAL, COUNTS)
    np.testing.assert_allclose(found.elements, wanted, rtol=1e-12)
    assert found.value == pytest.approx(wanted.mean(), rel=1e-12)


def test_as_in_torch_and_scipy():
    total, logits = torch.from_numpy(TOTAL), torch.from_numpy(FORMS["logits"]["logits"])
    theirs = torch.distributions.NegativeBinomial(total, logits=logits)
    wanted = -theirs.log_prob(torch.from_numpy(COUNTS).double())
    found = evaluate("negative-binomial", **FORMS["logits"], target=COUNTS).elements
    np.testing.assert_allclose(found, wanted, rtol=1e-10)
    wanted = -stats.nbinom.logpmf(COUNTS, TOTAL, TOTAL / (TOTAL + RATE))
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


@given(
    st.floats(1e-3, 1e6),
    st.one_of(st.floats(1e-3, 1e3), st.floats(1e3, 1e12)),
    st.integers(0, 10**6),
)
def test_definition_of_any_numbers(rate, total, count):
    found = evaluate("negative-binomial", rate=[rate], total_count=total, target=[count]).value
    largest = max(rate, count, 1)
    assert found == pytest.approx(definition(rate, total, count), rel=1e-11, abs=1e-13 * largest)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_parts_cancel(dtype):
    """In float32 ln Γ of a million is off by one."""
    rate, count = np.array([1e6, 2e6], dtype), np.array([1_000_100, 2_000_000])
    for total in (4.0, 1e4, 1e9):
        found = evaluate("negative-binomial", rate=rate, total_count=total, target=count).elements
        wanted = [definition(*pair) for pair in zip(rate, [total] * 2, count, strict=True)]
        np.testing.assert_allclose(found, wanted, rtol=1e-6 if dtype is np.float32 else 1e-9)


def test_no_dispersion_is_poisson():
    wanted = -stats.poisson.logpmf(COUNTS, RATE)
    for wide in ({"dispersion": 0.0}, {"dispersion": 1e-13}, {"total_count": inf}):
        result = evaluate("negative-binomial", rate=RATE, target=COUNTS, **wide)
        np.testing.assert_allclose(result.elements, wanted, rtol=1e-10)


@pytest.mark.parametrize("kind", ["rate", "log_rate"])
@pytest.mark.parametrize("wide", [{"total_count": 2.0}, {"dispersion": 0.0}])
def test_extremes(kind, wide):
    rate, count = np.array([0.0, 0.0, inf, inf, 2.0]), [0, 3, 0, 3, inf]
    with np.errstate(divide="ignore"):
        given_ = {kind: rate if kind == "rate" else np.log(rate)}
    result = evaluate("negative-binomial", **given_, target=count, **wide)
    assert result.elements.tolist() == [0, inf, inf, inf, inf]
    assert result.warnings
    with np.errstate(divide="ignore"):
        both = evaluate("negative-binomial", **{kind: [inf]}, target=[inf], **wide).elements
    assert np.isnan(both).all()


def test_refusals():
    given_ = {"rate": [1.0, 2.0], "target": [1, 2]}
    with pytest.raises(DataError, match="--total-count must be above 0, not 0"):
        evaluate("negative-binomial", **given_, total_count=0.0)
    with pytest.raises(DataError, match="--dispersion must be at least 0, not -1"):
        evaluate("negative-binomial", **given_, dispersion=-1.0)
    with pytest.raises(DataError, match="no rate: below 0"):
        evaluate("negative-binomial", **given_ | {"rate": [1.0, -2.0]}, total_count=1.0)
    with pytest.raises(DataError, match="targets must be at least 0"):
        evaluate("negative-binomial", **given_ | {"target": [1, -2]}, total_count=1.0)
    with pytest.raises(UsageError, match="two ways to say the same"):
        evaluate("negative-binomial", **given_, total_count=1.0, dispersion=1.0)
    with pytest.raises(UsageError, match="--total-count or --dispersion beside"):
        evaluate("negative-binomial", **given_)
    odd = evaluate("negative-binomial", rate=[1.0], target=[1.5], total_count=1.0)
    assert [one.code for one in odd.warnings] == ["count-whole"]


def half_deviance(count, rate, total):
    own = count * np.log(count / rate) if count else 0.0
    return own - (count + total) * np.log((count + total) / (rate + total))


@pytest.mark.parametrize("weighted", [False, True])
def test_d2_and_guess_of_one_total_count(weighted):
    weight = WEIGHT if weighted else np.ones_like(WEIGHT)
    beside = {"sample_weight": weight} if weighted else {}
    mean = np.average(COUNTS, weights=weight)
    for wide in ({"total_count": 3.5}, {"dispersion": 1 / 3.5}):
        result = evaluate("negative-binomial", rate=RATE, target=COUNTS, **wide, **beside)
        ours, null = (
            np.average(np.vectorize(half_deviance)(COUNTS, rate, 3.5), weights=weight)
            for rate in (RATE, mean)
        )
        assert result.metrics["d2"] == pytest.approx(1 - ours / null, rel=1e-11)
        guess = evaluate(
            "negative-binomial", rate=np.full_like(RATE, mean), target=COUNTS, **wide, **beside
        ).value
        assert result.guess == pytest.approx(guess, rel=1e-11)
        assert result.metrics["mean_rate"] == pytest.approx(np.average(RATE, weights=weight))


def test_several_total_counts_have_no_best_constant():
    result = evaluate("negative-binomial", **FORMS["logits"], target=COUNTS)
    assert result.guess is None
    assert "d2" not in result.metrics
    assert result.metrics["mean_rate"] == pytest.approx(RATE.mean())
    assert result.metrics["mean_target"] == pytest.approx(COUNTS.mean())
