"""The interval score, and the divergence of latent values: definitions, limits, refusals."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from losscli import evaluate
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(9)


def interval_score(low, high, y, alpha):
    if y < low:
        return high - low + 2 / alpha * (low - y)
    return high - low + (2 / alpha * (y - high) if y > high else 0)


NUMBER = st.floats(-100, 100)


@given(NUMBER, st.floats(0, 50), NUMBER, st.floats(0.001, 0.999))
def test_interval(low, wide, target, alpha):
    given_ = {"lower": [low], "upper": [low + wide], "target": [target]}
    wanted = interval_score(low, low + wide, target, alpha)
    found = evaluate("interval", **given_, alpha=alpha).value
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_interval_is_two_quantile_losses():
    low, high = RNG.normal(-1, 1, 50), RNG.normal(2, 1, 50)
    high, target = np.maximum(low, high), RNG.normal(size=50)
    found = evaluate("interval", lower=low, upper=high, target=target, alpha=0.2).elements
    pinball = [
        evaluate("quantile", pred=end, target=target, q=q).elements
        for end, q in ((low, 0.1), (high, 0.9))
    ]
    np.testing.assert_allclose(found, sum(pinball) * 2 / 0.2, rtol=1e-12)


def test_interval_is_least_at_its_quantiles():
    target = RNG.normal(size=20_000)
    scores = {
        z: evaluate("interval", lower=np.full(20_000, -z), upper=np.full(20_000, z), target=target)
        for z in (1.0, 1.5, 1.96, 2.5, 3.0)
    }
    assert min(scores, key=lambda z: scores[z].value) == 1.96
    metrics = scores[1.96].metrics
    assert metrics["coverage"] == (abs(target) <= 1.96).mean()
    assert metrics["coverage"] == pytest.approx(0.95, abs=0.01)
    assert metrics["below"] == (target < -1.96).mean()
    assert metrics["width"] == pytest.approx(3.92)


def test_ends_are_inside_and_weights_count():
    given_ = {"lower": [0.0, 0.0, 0.0], "upper": [1.0, 1.0, 3.0], "target": [0.0, 1.0, 9.0]}
    assert evaluate("interval", **given_).metrics["coverage"] == 2 / 3
    weighted = evaluate("interval", **given_, sample_weight=[0.5, 0.5, 3]).metrics
    assert weighted["coverage"] == 0.25
    assert weighted["width"] == 2.5
    assert evaluate("interval", **given_, mask=[1, 1, 0]).metrics["coverage"] == 1


def test_interval_at_infinity():
    result = evaluate(
        "interval", lower=[-inf, 0.0, -inf], upper=[0.0, inf, 1.0], target=[0.0, 1.0, -inf]
    )
    assert result.elements.tolist() == [inf, inf, inf]
    assert result.warnings


def test_interval_refusals():
    with pytest.raises(DataError, match=r"row 2: --upper is 0, and --lower is above it \(1 such"):
        evaluate("interval", lower=[0.0, 1.0], upper=[1.0, 0.0], target=[0.0, 0.0])
    with pytest.raises(DataError, match="shapes differ"):
        evaluate("interval", lower=np.zeros((2, 3)), upper=np.ones((2, 1)), target=np.zeros((2, 3)))
    with pytest.raises(DataError, match="3 predictions but 2"):
        evaluate("interval", lower=np.zeros(3), upper=np.ones(2), target=np.zeros(3))
    for alpha in (0.0, 1.0):
        with pytest.raises(UsageError, match="--alpha must be > 0 and < 1"):
            evaluate("interval", lower=[0.0], upper=[1.0], target=[0.0], alpha=alpha)
    with pytest.raises(UsageError, match="--upper"):
        evaluate("interval", lower=[0.0], target=[0.0])


def test_interval_of_columns():
    given_ = {"lower": np.zeros((3, 1)), "upper": np.ones(3), "target": np.full((3, 1), 2.0)}
    result = evaluate("interval", **given_)
    assert result.elements.tolist() == [[41.0], [41.0], [41.0]]
    assert {note.code for note in result.findings} == {"squeezed"}


# ---- latent values

MEAN, LOGS = RNG.normal(size=(20, 7)), RNG.normal(size=(20, 7))


def divergence(mean, log_var):
    return 0.5 * (mean**2 + exp(log_var) - 1 - log_var)


def test_gaussian_kl():
    wanted = np.vectorize(divergence)(MEAN, LOGS).sum(1)
    for wide in ({"log_var": LOGS}, {"var": np.exp(LOGS)}, {"std": np.exp(LOGS / 2)}):
        result = evaluate("gaussian-kl", mean=MEAN, **wide)
        np.testing.assert_allclose(result.elements, wanted, rtol=1e-12)
        assert result.value == pytest.approx(wanted.mean(), rel=1e-12)
        assert result.metrics["mean_part"] == pytest.approx((MEAN**2).sum(1).mean() / 2)


def test_gaussian_kl_as_in_torch():
    mean, std = torch.from_numpy(MEAN), torch.from_numpy(np.exp(LOGS / 2))
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(mean, std), normal(0.0, 1.0)).sum(1)
    np.testing.assert_allclose(evaluate("gaussian-kl", mean=MEAN, log_var=LOGS).elements, wanted)
    total = evaluate("gaussian-kl", mean=MEAN, log_var=LOGS, reduction="sum").value
    usual = -0.5 * np.sum(1 + LOGS - MEAN**2 - np.exp(LOGS))  # as VAEs write it
    assert total == pytest.approx(usual, rel=1e-12)


def test_all_axes_behind_the_rows_are_latent():
    images = {"mean": MEAN[:, :6].reshape(20, 2, 3), "log_var": LOGS[:, :6].reshape(20, 2, 3)}
    flat = {"mean": MEAN[:, :6], "log_var": LOGS[:, :6]}
    found, wanted = (evaluate("gaussian-kl", **one) for one in (images, flat))
    np.testing.assert_array_equal(found.elements, wanted.elements)
    mask = np.arange(20) % 3 > 0
    masked = evaluate("gaussian-kl", **images, mask=mask)
    assert masked.value == pytest.approx(wanted.elements[mask].mean(), rel=1e-12)
    assert masked.metrics["mean_part"] == pytest.approx((MEAN[mask, :6] ** 2).sum(1).mean() / 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gaussian_kl_at_its_limits(dtype):
    logs = np.array([[inf], [-inf], [0.0], [1e-3], [-80.0]], dtype)
    found = evaluate("gaussian-kl", mean=np.zeros((5, 1), dtype), log_var=logs).elements
    np.testing.assert_allclose(found, [inf, inf, 0, 2.5004e-7, 39.5], rtol=1e-3)
    assert found[2] == 0
    var = np.array([[inf], [1e-30], [1.0]], dtype)
    for kind in ("var", "std"):
        found = evaluate("gaussian-kl", mean=np.zeros((3, 1), dtype), **{kind: var}).elements
        tiny = 0.5 * ((60 if kind == "std" else 30) * log(10) - 1)
        np.testing.assert_allclose(found, [inf, tiny, 0], rtol=1e-6)


def test_gaussian_kl_is_what_sampling_finds():
    mean, std = 0.7, 0.4
    x = stats.norm(mean, std).rvs(200_000, random_state=3)
    sampled = (stats.norm.logpdf(x, mean, std) - stats.norm.logpdf(x)).mean()
    assert evaluate("gaussian-kl", mean=[[mean]], std=std).value == pytest.approx(sampled, abs=0.01)


def test_gaussian_kl_refusals():
    with pytest.raises(DataError, match="nothing says whether these are rows"):
        evaluate("gaussian-kl", mean=[0.0, 1.0], log_var=[0.0, 1.0])
    with pytest.raises(DataError, match="shapes differ"):
        evaluate("gaussian-kl", mean=MEAN, log_var=LOGS[:, :1])
    with pytest.raises(DataError, match="--var must be above 0, not 0"):
        evaluate("gaussian-kl", mean=MEAN, var=np.zeros_like(MEAN))
    with pytest.raises(UsageError, match="no option --target"):
        evaluate("gaussian-kl", mean=MEAN, log_var=LOGS, target=MEAN)
    with pytest.raises(UsageError, match="--log-var or --var or --std"):
        evaluate("gaussian-kl", mean=MEAN)
