"""Losses of signals and images, and the scaled error: definitions, limits, warnings."""

from __future__ import annotations

from math import inf, log10, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli import evaluate
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(14)
ONE, OTHER = RNG.normal(size=(9, 50)), RNG.normal(size=(9, 50))
OTHER += 0.7 * ONE + 0.2
IMAGES = RNG.random((4, 3, 8, 8)), RNG.random((4, 3, 8, 8))


def si_sdr(pred, target, zero_mean=False):
    if zero_mean:
        pred, target = ([x - sum(s) / len(s) for x in s] for s in (pred, target))
    factor = sum(p * y for p, y in zip(pred, target, strict=True)) / sum(y * y for y in target)
    signal = sum((factor * y) ** 2 for y in target)
    noise = sum((factor * y - p) ** 2 for p, y in zip(pred, target, strict=True))
    return -10 * log10(signal / noise)


@pytest.mark.parametrize("zero_mean", [False, True])
def test_si_sdr(zero_mean):
    result = evaluate("si-sdr", pred=ONE, target=OTHER, zero_mean=zero_mean)
    wanted = [si_sdr(*pair, zero_mean) for pair in zip(ONE, OTHER, strict=True)]
    np.testing.assert_allclose(result.elements, wanted, rtol=1e-10)
    assert result.value == pytest.approx(np.mean(wanted))
    assert result.metrics["rmse"] == pytest.approx(sqrt(((ONE - OTHER) ** 2).mean()))


def test_si_sdr_published():
    """The example of torchmetrics: 18.4030 dB."""
    found = evaluate("si-sdr", pred=[2.5, 0.0, 2.0, 8.0], target=[3.0, -0.5, 2.0, 7.0])
    assert found.value == pytest.approx(-18.4030, abs=5e-5)
    assert found.elements.shape == ()


@settings(deadline=None)
@given(st.floats(0.01, 100), st.integers(0, 8))
def test_a_factor_does_not_matter(factor, at):
    found = evaluate("si-sdr", pred=factor * ONE[at], target=OTHER[at]).value
    assert found == pytest.approx(evaluate("si-sdr", pred=ONE[at], target=OTHER[at]).value)
    moved = evaluate("si-sdr", pred=ONE[at] + factor, target=OTHER[at], zero_mean=True).value
    wanted = evaluate("si-sdr", pred=ONE[at], target=OTHER[at], zero_mean=True).value
    assert moved == pytest.approx(wanted)


def test_channels_weights_and_masks():
    one, other = ONE[:8].reshape(4, 2, 50), OTHER[:8].reshape(4, 2, 50)
    result = evaluate("si-sdr", pred=one, target=other)
    flat = evaluate("si-sdr", pred=ONE[:8], target=OTHER[:8])
    np.testing.assert_allclose(result.elements.reshape(-1), flat.elements)
    mask, weight = np.array([[1, 0]] * 4), np.arange(1.0, 5)
    some = evaluate("si-sdr", pred=one, target=other, mask=mask, sample_weight=weight)
    assert some.value == pytest.approx(np.average(result.elements[:, 0], weights=weight))
    errors = ((one - other) ** 2).mean(-1)[:, 0]
    assert some.metrics["rmse"] == pytest.approx(sqrt(np.average(errors, weights=weight)))


def test_silence_is_told():
    zero, signal = [0.0, 0.0], [1.0, 2.0]
    result = evaluate("si-sdr", pred=[zero, signal, signal], target=[signal, zero, signal])
    assert result.elements.tolist() == [inf, inf, -inf]
    (warning,) = result.warnings
    assert (warning.code, warning.count) == ("silent", 2)
    unknown = evaluate("si-sdr", pred=[[np.nan, 1.0]], target=[signal], nan="propagate")
    assert np.isnan(unknown.elements).all()
    with pytest.raises(DataError, match="their last axis is time"):
        evaluate("si-sdr", pred=ONE, target=OTHER[0])


@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_psnr(data_range):
    one, other = (data_range * image for image in IMAGES)
    result = evaluate("psnr", pred=one, target=other, data_range=data_range)
    squares = ((one - other) ** 2).mean()
    assert result.value == pytest.approx(-10 * log10(data_range**2 / squares))
    np.testing.assert_allclose(result.elements, ((one - other) / data_range) ** 2)
    wanted = evaluate("psnr", pred=np.full_like(other, other.mean()), target=other,
                      data_range=data_range).value  # fmt: skip
    assert result.guess == pytest.approx(wanted)
    assert not result.warnings


def test_psnr_published():
    """The examples of kornia, and of torchmetrics with a range of 3."""
    ones = np.ones((4, 5))
    assert evaluate("psnr", pred=ones, target=1.2 * ones, data_range=2.0).value == (
        pytest.approx(-20.0)
    )
    pred, target = [[0.0, 1.0], [2.0, 3.0]], [[3.0, 2.0], [1.0, 0.0]]
    found = evaluate("psnr", pred=pred, target=target, data_range=3.0).value
    assert found == pytest.approx(-2.5527, abs=5e-5)


def test_psnr_of_equal_images_and_of_bytes():
    assert evaluate("psnr", pred=IMAGES[0], target=IMAGES[0]).value == -inf
    byte = (255 * IMAGES[0]).astype(np.uint8)
    (warning,) = evaluate("psnr", pred=byte, target=byte[::-1]).warnings
    assert warning.code == "data-range"
    assert "--data-range 255" in (warning.hint or "")
    assert not evaluate("psnr", pred=byte, target=byte[::-1], data_range=255).warnings
    with pytest.raises(UsageError, match="--data-range must be > 0"):
        evaluate("psnr", pred=byte, target=byte, data_range=0)


def test_mase():
    """Hyndman and Koehler: errors over those of the naive forecast of the training series."""
    train = RNG.normal(size=40).cumsum()
    scale = sum(abs(train[t] - train[t - 1]) for t in range(1, 40)) / 39
    pred, target = ONE[0], OTHER[0]
    found = evaluate("mase", pred=pred, target=target, scale=scale)
    assert found.value == pytest.approx(abs(pred - target).mean() / scale)
    scales = RNG.uniform(1, 3, 9)
    series = evaluate("mase", pred=ONE, target=OTHER, scale=scales).elements
    np.testing.assert_allclose(series, abs(ONE - OTHER) / scales[:, None])


def test_mase_published():
    """The example of the page of sktime."""
    train, target, pred = [5, 0.5, 4, 6, 3, 5, 2], [3, -0.5, 2, 7, 2], [2.5, 0.0, 2, 8, 1.25]
    naive = np.abs(np.diff(train)).mean()
    found = evaluate("mase", pred=pred, target=target, scale=naive).value
    assert found == pytest.approx(0.18333333333, abs=1e-9)


def test_mase_refusals():
    with pytest.raises(DataError, match="--scale must be above 0, not 0"):
        evaluate("mase", pred=[1.0], target=[2.0], scale=0.0)
    with pytest.raises(UsageError, match="--scale beside --pred"):
        evaluate("mase", pred=[1.0], target=[2.0])
    with pytest.raises(DataError, match="3 scales"):
        evaluate("mase", pred=[1.0, 2.0], target=[2.0, 2.0], scale=[1.0, 2.0, 3.0])
