"""Losses of signals and images, and the scaled error: definitions, limits, warnings."""

from __future__ import annotations

from math import exp, inf, log, log1p, log10, sqrt

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


@pytest.mark.parametrize("size", [1.0, 3e50, 7e80, 3e100])
def test_si_sdr_of_nearly_as_much_noise(size):
    """The ratio is (1 + t)², next to 1, whatever the unit."""
    t = 2.0**-30
    found = evaluate("si-sdr", pred=[size, size * (1 + t)], target=[1.0, 0.0]).value
    assert found == pytest.approx(20 * log1p(t) / log(10), rel=1e-6, abs=0)


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
    assert [(one.code, one.count) for one in result.warnings] == [("perfect", None), ("silent", 2)]
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
    other = (0.9 * byte).astype(np.uint8)
    (warning,) = evaluate("psnr", pred=byte, target=other).warnings
    assert warning.code == "data-range"
    assert "--data-range 255" in (warning.hint or "")
    assert not evaluate("psnr", pred=byte, target=other, data_range=255).warnings
    with pytest.raises(UsageError, match="--data-range must be > 0"):
        evaluate("psnr", pred=byte, target=byte, data_range=0)


PHOTO = RNG.random((3, 2, 13, 12)), RNG.random((3, 2, 13, 12))
PHOTO[0][...] += PHOTO[1]


def ssim(pred, target, data_range):
    """Wang et al., equations 13 to 17, for one channel."""
    bell = [exp(-(at**2) / 4.5) for at in range(-5, 6)]
    weights = np.array([[one * other for one in bell] for other in bell])
    weights /= weights.sum()
    c1, c2, found = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2, []
    for top in range(len(pred) - 10):
        for left in range(len(pred[0]) - 10):
            x, y = (side[top : top + 11, left : left + 11] for side in (pred, target))
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            both = (weights * (x - mx) * (y - my)).sum()
            above = (2 * mx * my + c1) * (2 * both + c2)
            found.append(above / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return 1 - sum(found) / len(found)


@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_ssim(data_range):
    one, other = PHOTO
    result = evaluate("ssim", pred=one, target=other, data_range=data_range)
    channels = [[ssim(*both, data_range) for both in zip(*pair, strict=True)]
                for pair in zip(one, other, strict=True)]  # fmt: skip
    np.testing.assert_allclose(result.elements, np.mean(channels, 1), rtol=1e-12)
    gray = evaluate("ssim", pred=one[:, 1], target=other[:, 1], data_range=data_range)
    np.testing.assert_allclose(gray.elements, np.array(channels)[:, 1], rtol=1e-12)
    alone = evaluate("ssim", pred=one[2, 0], target=other[2, 0], data_range=data_range)
    assert alone.elements.shape == ()
    assert alone.value == pytest.approx(channels[2][0], rel=1e-12)
    assert result.metrics["rmse"] == pytest.approx(sqrt(((one - other) ** 2).mean()))


@settings(deadline=None)
@given(st.floats(-1, 1), st.floats(1e-9, 1e3))
def test_ssim_of_flat_images(shift, factor):
    """Images of one value differ in their means alone: equation 6."""
    one, other = factor * 0.5, factor * (0.5 + shift)
    found = evaluate(
        "ssim", pred=np.full((11, 11), one), target=np.full((11, 11), other), ignore=["data-range"]
    ).value
    wanted = (one - other) ** 2 / (one**2 + other**2 + 1e-4)
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_ssim_of_nearly_equal_images():
    """What is left of 1 - SSIM when all but a hundred-millionth is equal: no rounding of 1."""
    target = PHOTO[1][0, 0]
    noise = PHOTO[1][1, 0] - 0.5
    near, far = (evaluate("ssim", pred=target + h * noise, target=target).value for h in
                 (1e-8, 1e-4))  # fmt: skip
    assert near == pytest.approx(far * 1e-8, rel=1e-3)


def test_ssim_weights_and_masks():
    one, other = PHOTO
    each = evaluate("ssim", pred=one, target=other).elements
    weight, mask = [1.0, 2.0, 5.0], [1, 0, 1]
    some = evaluate("ssim", pred=one, target=other, sample_weight=weight, mask=mask)
    assert some.value == pytest.approx(np.average(each, weights=[1, 0, 5]))
    errors = ((one - other) ** 2).mean((1, 2, 3))
    assert some.metrics["rmse"] == pytest.approx(sqrt(np.average(errors, weights=[1, 0, 5])))


def test_ssim_refusals_and_warnings():
    one, other = PHOTO
    with pytest.raises(DataError, match=r"images of 12 x 2 pixels are smaller than the window"):
        evaluate("ssim", pred=np.moveaxis(one, 1, -1), target=np.moveaxis(other, 1, -1))
    with pytest.raises(DataError, match="images have one shape"):
        evaluate("ssim", pred=one, target=other[:, 0])
    with pytest.raises(DataError, match="images have one shape"):
        evaluate("ssim", pred=np.ones(200), target=np.ones(200))
    (warning,) = evaluate("ssim", pred=255 * one, target=255 * other).warnings
    assert warning.code == "data-range"
    endless = evaluate("ssim", pred=[[inf] * 11] * 11, target=np.ones((11, 11)))
    assert (endless.value, endless.warnings[0].code) == (1, "infinite")


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


def test_mase_by_hand():
    """Errors in the unit of the naive forecast, worked by hand."""
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
