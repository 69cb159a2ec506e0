"""TorchMetrics: the mean over all elements."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "torchmetrics.functional"
TOLERANCE = 1e-6, "TorchMetrics counts and sums in float32"
if find_spec("torchmetrics") is None:
    pytest.skip("torchmetrics is not installed", allow_module_level=True)

RNG = np.random.default_rng(5)
N, C = 60, 4
X, Y = RNG.normal(0, 3, (2, N))
VALUES = {"pred": X, "target": Y}
MANY = {"pred": RNG.normal(0, 3, (N, 3)), "target": RNG.normal(0, 3, (N, 3))}
AMOUNTS, TRUE_AMOUNTS = RNG.lognormal(0, 1, (2, N))
POSITIVE = {"rate": AMOUNTS, "target": TRUE_AMOUNTS}
COUNTS = RNG.poisson(2, N).astype(float)
P, Q = RNG.dirichlet(np.ones(C), (2, N))
INDEX = RNG.integers(0, C, N)
LABELS, GUESSED = RNG.integers(0, 2, (2, N, C))
ONE, OTHER = RNG.random((2, 3, 2, 16, 20))
WAVES, TRUE_WAVES = RNG.normal(0, 1, (2, 5, 100))


def reflected(images):
    """As TorchMetrics pads them: then each pixel is the middle of a window."""
    return np.pad(images, ((0, 0), (0, 0), (5, 5), (5, 5)), "reflect")


CASES = {
    "mse": ("mse", MANY, lambda k, i: k.mean_squared_error(i.pred, i.target)),
    "rmse": ("rmse", VALUES, lambda k, i: k.mean_squared_error(i.pred, i.target, squared=False)),
    "rmse of columns": (
        "rmse",
        MANY,
        lambda k, i: k.mean_squared_error(i.pred, i.target, squared=False),
    ),
    "mae": ("mae", MANY, lambda k, i: k.mean_absolute_error(i.pred, i.target)),
    "mae(reduction=sum)": (
        "mae",
        {"pred": X, "target": Y, "reduction": "sum"},
        lambda k, i: k.minkowski_distance(i.pred, i.target, p=1),
    ),
    "mape": (
        "mape",
        {**VALUES, "eps": 1.17e-6},
        lambda k, i: k.mean_absolute_percentage_error(i.pred, i.target),
    ),
    "smape": (
        "smape",
        VALUES,
        lambda k, i: k.symmetric_mean_absolute_percentage_error(i.pred, i.target),
    ),
    "wape": (
        "wape",
        MANY,
        lambda k, i: k.weighted_mean_absolute_percentage_error(i.pred, i.target),
    ),
    "msle": (
        "msle",
        {"pred": AMOUNTS, "target": TRUE_AMOUNTS},
        lambda k, i: k.mean_squared_log_error(i.pred, i.target),
    ),
    "log-cosh": ("log-cosh", VALUES, lambda k, i: k.log_cosh_error(i.pred, i.target)),
    "tweedie(power=1)": (
        "tweedie",
        {"rate": AMOUNTS, "target": COUNTS, "power": 1.0},
        lambda k, i: k.tweedie_deviance_score(i.rate, i.target, power=1),
    ),
    "tweedie": (
        "tweedie",
        POSITIVE,
        lambda k, i: k.tweedie_deviance_score(i.rate, i.target, power=1.5),
    ),
    "gamma": (
        "gamma",
        POSITIVE,
        lambda k, i: k.tweedie_deviance_score(i.rate, i.target, power=2),
    ),
    "kl": (
        "kl",
        {"probs": P, "target": Q},
        lambda k, i: k.kl_divergence(i.target, i.probs),
    ),
    "kl of log-probabilities": (
        "kl",
        {"log_probs": np.log(P), "target": np.log(Q), "log_target": True},
        lambda k, i: k.kl_divergence(i.target, i.log_probs, log_prob=True),
    ),
    "js": (
        "js",
        {"probs": P, "target": Q},
        lambda k, i: k.regression.jensen_shannon_divergence(i.probs, i.target, reduction="none"),
    ),
    "zero-one of labels": (
        "zero-one",
        {"pred": GUESSED, "target": LABELS},
        lambda k, i: k.classification.multilabel_hamming_distance(
            i.pred, i.target, C, average="micro"
        ),
    ),
    "zero-one": (
        "zero-one",
        {"probs": P, "target": INDEX, "ignore_index": 2},
        lambda k, i: (
            1
            - k.classification.multiclass_accuracy(
                i.probs, i.target, C, average="micro", ignore_index=2
            )
        ),
    ),
    "hinge of probabilities": (
        "hinge",
        {"logits": P[:, 0], "target": LABELS[:, 0]},
        lambda k, i: k.classification.binary_hinge_loss(i.logits, i.target),
    ),
    "squared-hinge of probabilities": (
        "squared-hinge",
        {"logits": P[:, 0], "target": LABELS[:, 0]},
        lambda k, i: k.classification.binary_hinge_loss(i.logits, i.target, squared=True),
    ),
    "multiclass-hinge of probabilities": (
        "multiclass-hinge",
        {"logits": P, "target": INDEX},
        lambda k, i: k.classification.multiclass_hinge_loss(i.logits, i.target, C),
    ),
    "cosine": (
        "cosine",
        {"input1": P, "input2": Q},
        lambda k, i: 1 - k.cosine_similarity(i.input1, i.input2, reduction="none"),
    ),
    "psnr": (
        "psnr",
        {"pred": ONE, "target": OTHER, "data_range": 1.0},
        lambda k, i: -k.image.peak_signal_noise_ratio(i.pred, i.target, data_range=1.0),
    ),
    "si-sdr": (
        "si-sdr",
        {"pred": WAVES, "target": TRUE_WAVES},
        lambda k, i: -k.audio.scale_invariant_signal_distortion_ratio(i.pred, i.target),
    ),
    "psnr(data_range=255)": (
        "psnr",
        {"pred": np.round(255 * ONE), "target": np.round(255 * OTHER), "data_range": 255.0},
        lambda k, i: -k.image.peak_signal_noise_ratio(i.pred, i.target, data_range=255.0),
    ),
    "si-sdr(zero_mean)": (
        "si-sdr",
        {"pred": WAVES + 1, "target": TRUE_WAVES, "zero_mean": True},
        lambda k, i: -k.audio.scale_invariant_signal_noise_ratio(i.pred, i.target),
    ),
    "ssim of padded images": (
        "ssim",
        {"pred": reflected(ONE), "target": reflected(OTHER)},
        lambda k, i: (
            1
            - k.image.structural_similarity_index_measure(
                *(one[..., 5:-5, 5:-5] for one in (i.pred, i.target)),
                data_range=1.0,
                reduction="none",
            )
        ),
    ),
}

DIFFERENT = {
    "kl, the other way round": (
        "kl",
        {"probs": np.array([[0.9, 0.1]]), "target": np.array([[0.6, 0.4]])},
        lambda k, i: k.kl_divergence(i.probs, i.target),
        0.31124,
        0.22629,
        "TorchMetrics takes KL(first ‖ second), and calls the first the prediction",
    ),
    "log-cosh of a large error": (
        "log-cosh",
        {"pred": np.full(1, 1e3), "target": np.zeros(1)},
        lambda k, i: k.log_cosh_error(i.pred, i.target),
        999.307,
        np.inf,
        "TorchMetrics overflows",
    ),
    "hinge of scores above 1": (
        "hinge",
        {"logits": np.array([0.3, 2.0]), "target": np.ones(2, int)},
        lambda k, i: k.classification.binary_hinge_loss(i.logits, i.target),
        0.35,
        0.2724,
        "TorchMetrics takes the sigmoid of scores once any is outside [0, 1]",
    ),
    "multiclass-hinge": (
        "multiclass-hinge",
        {"logits": -np.arange(1.0, 4)[None], "target": np.ones(1, int)},
        lambda k, i: k.classification.multiclass_hinge_loss(i.logits, i.target, 3),
        2,
        1.4205,
        "TorchMetrics takes the softmax of scores",
    ),
    "mape of a target of 0": (
        "mape",
        {"pred": np.ones(2), "target": np.array([2.0, 0.0])},
        lambda k, i: k.mean_absolute_percentage_error(i.pred, i.target),
        2.2518e15,
        4.2735e5,
        "TorchMetrics divides by 1.17e-6 at least, losscli by 2.2e-16 as scikit-learn",
    ),
    "cosine": (
        "cosine",
        {"input1": np.array([[1.0, 0.0]] * 2), "input2": np.array([[1.0, 1.0]] * 2)},
        lambda k, i: k.cosine_similarity(i.input1, i.input2),
        1 - 0.5**0.5,
        2 * 0.5**0.5,
        "TorchMetrics sums the cosines by default, losscli takes the mean of 1 - cosine",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
