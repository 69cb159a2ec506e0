"""Keras, on torch: its functions average over the last axis, which is of length 1 here."""

from __future__ import annotations

from importlib.util import find_spec
from math import inf

import numpy as np
import pytest

PEER = "keras.losses"
TOLERANCE = 2e-6, "Keras takes means in float32"
if find_spec("keras") is None:
    pytest.skip("keras is not installed", allow_module_level=True)

RNG = np.random.default_rng(1)
N, C = 60, 4
X, Y = RNG.normal(0, 3, (2, N))
X[:4] = np.add(Y[:4], [0, 1, -1, 100])
Z = np.append(RNG.normal(0, 3, N - 4), [0, 30, -30, 1000])
P = RNG.uniform(0.001, 0.999, N)
HARD, SOFT = (RNG.random(N) < 0.5).astype(float), RNG.random(N)
SIGN = 2 * HARD - 1
SCORES, IMAGES = RNG.normal(0, 3, (N, C)), RNG.normal(0, 3, (3, C, 5, 2))
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
MIXED = RNG.dirichlet(np.ones(C), N)
INDEX, PLACES = RNG.integers(0, C, N), RNG.integers(0, C, (3, 5, 2))
INDEX[:C] = range(C)
WEIGHT = np.array([0.3, 1.0, 2.0, 0.7])
AMOUNTS, TRUE_AMOUNTS = RNG.lognormal(0, 1, (2, N))
COUNTS = RNG.poisson(2, N).astype(float)
SAMPLE = RNG.uniform(0.1, 2, N)
CLIPS = 1e-5, "Keras clips probabilities at 1e-7"


def rows(k, i, name, prediction, **options):
    """One loss for each element: each is a row of its own."""
    return getattr(k, name)(i.target[:, None], prediction[:, None], **options)


def hot(target):
    import torch

    return torch.nn.functional.one_hot(target, C).double()


def metric(name, i, **options):
    import keras

    return getattr(keras.metrics, name)(**options)(i.target, i.pred)


MAPS, MASKS = RNG.random((3, C, 5, 2)), RNG.integers(0, 2, (3, C, 5, 2)).astype(float)
APART, WHOLE = np.zeros((2, 2, 1, 2, 2))
APART[:, 0, 0, 0], WHOLE[0, 0, 0, 0], WHOLE[1] = 1, 1, 1
CASES = {
    "bce": (
        "bce",
        {"logits": Z, "target": HARD},
        lambda k, i: rows(k, i, "binary_crossentropy", i.logits, from_logits=True),
    ),
    "bce, soft targets": (
        "bce",
        {"logits": Z, "target": SOFT},
        lambda k, i: rows(k, i, "binary_crossentropy", i.logits, from_logits=True),
    ),
    "bce(label_smoothing=0.1)": (
        "bce",
        {"logits": Z, "target": HARD, "label_smoothing": 0.1},
        lambda k, i: rows(
            *(k, i, "binary_crossentropy", i.logits), from_logits=True, label_smoothing=0.1
        ),
    ),
    "bce of probabilities": (
        "bce",
        {"probs": P, "target": SOFT},
        lambda k, i: rows(k, i, "binary_crossentropy", i.probs),
    ),
    "bce of probabilities(label_smoothing=0.3)": (
        "bce",
        {"probs": P, "target": HARD, "label_smoothing": 0.3},
        lambda k, i: rows(k, i, "binary_crossentropy", i.probs, label_smoothing=0.3),
    ),
    "bce(weight=…), a mean that does not divide by the weights": (
        "bce",
        {"logits": Z, "target": HARD, "weight": SAMPLE},
        lambda k, i: k.BinaryCrossentropy(from_logits=True)(
            i.target[:, None], i.logits[:, None], sample_weight=i.weight
        ),
    ),
    "focal": (
        "focal",
        {"logits": Z[:-1], "target": HARD[:-1]},
        lambda k, i: rows(k, i, "binary_focal_crossentropy", i.logits, from_logits=True),
        *CLIPS,
    ),
    "focal(gamma=0.5, alpha=0.25)": (
        "focal",
        {"probs": P, "target": HARD, "gamma": 0.5, "alpha": 0.25},
        lambda k, i: rows(
            *(k, i, "binary_focal_crossentropy", i.probs),
            gamma=0.5,
            alpha=0.25,
            apply_class_balancing=True,
        ),
    ),
    "multilabel-soft-margin": (
        "multilabel-soft-margin",
        {"logits": SCORES, "target": np.round(MIXED)},
        lambda k, i: k.binary_crossentropy(i.target, i.logits, from_logits=True),
    ),
    "hinge": (
        "hinge",
        {"logits": Z, "target": SIGN},
        lambda k, i: rows(k, i, "hinge", i.logits),
    ),
    "hinge, 0 and 1": (
        "hinge",
        {"logits": Z, "target": HARD},
        lambda k, i: rows(k, i, "hinge", i.logits),
    ),
    "squared-hinge": (
        "squared-hinge",
        {"logits": Z, "target": HARD},
        lambda k, i: rows(k, i, "squared_hinge", i.logits),
    ),
    "ce": (
        "ce",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.sparse_categorical_crossentropy(i.target, i.logits, from_logits=True),
    ),
    "ce of images": (
        "ce",
        {"logits": IMAGES, "target": PLACES, "class_axis": 1},
        lambda k, i: k.sparse_categorical_crossentropy(
            i.target, i.logits, from_logits=True, axis=1
        ),
    ),
    "ce, classes last": (
        "ce",
        {"logits": IMAGES.transpose(0, 2, 3, 1).copy(), "target": PLACES, "class_axis": -1},
        lambda k, i: k.sparse_categorical_crossentropy(i.target, i.logits, from_logits=True),
    ),
    "ce of probabilities": (
        "ce",
        {"probs": SHARES, "target": INDEX},
        lambda k, i: k.sparse_categorical_crossentropy(i.target, i.probs),
        *CLIPS,
    ),
    "ce, soft targets(label_smoothing=0.1)": (
        "ce",
        {"logits": SCORES, "target": MIXED, "label_smoothing": 0.1},
        lambda k, i: k.categorical_crossentropy(
            i.target, i.logits, from_logits=True, label_smoothing=0.1
        ),
    ),
    "ce of probabilities, soft targets": (
        "ce",
        {"probs": SHARES, "target": MIXED},
        lambda k, i: k.categorical_crossentropy(i.target, i.probs),
        *CLIPS,
    ),
    "ce(ignore_index=2), the mean of what is kept": (
        "ce",
        {"logits": SCORES, "target": INDEX, "ignore_index": 2},
        lambda k, i: k.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)(
            i.target, i.logits
        ),
    ),
    "ce(weight=…)": (
        "ce",
        {"logits": SCORES, "target": INDEX, "weight": WEIGHT},
        lambda k, i: k.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        )(i.target, i.logits, sample_weight=i.weight[i.target]),
    ),
    "ce(sample_weight=…)": (
        "ce",
        {"logits": SCORES, "target": INDEX, "sample_weight": SAMPLE},
        lambda k, i: k.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        )(i.target, i.logits, sample_weight=i.sample_weight),
    ),
    "ce(reduction=sum)": (
        "ce",
        {"logits": SCORES, "target": INDEX, "reduction": "sum"},
        lambda k, i: k.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")(
            i.target, i.logits
        ),
    ),
    "focal-ce": (
        "focal-ce",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.categorical_focal_crossentropy(
            hot(i.target), i.logits, alpha=1.0, from_logits=True
        ),
        *CLIPS,
    ),
    "focal-ce(gamma=1.5, alpha=0.25)": (
        "focal-ce",
        {"probs": SHARES, "target": INDEX, "gamma": 1.5, "alpha": [0.25] * C},
        lambda k, i: k.categorical_focal_crossentropy(hot(i.target), i.probs, gamma=1.5),
        *CLIPS,
    ),
    "gce": (
        "gce",
        {"probs": SHARES, "target": INDEX},
        lambda k, i: k.categorical_generalized_cross_entropy(i.target, i.probs, 0.7),
        *CLIPS,
    ),
    "gce of logits": (
        "gce",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.categorical_generalized_cross_entropy(i.target, i.logits.softmax(1), 0.7),
        *CLIPS,
    ),
    "gce(q=0.3)": (
        "gce",
        {"probs": SHARES, "target": INDEX, "q": 0.3},
        lambda k, i: k.categorical_generalized_cross_entropy(i.target, i.probs, i.q),
        *CLIPS,
    ),
    "kl": (
        "kl",
        {"probs": SHARES, "target": MIXED},
        lambda k, i: k.KLDivergence()(i.target, i.probs),
        *CLIPS,
    ),
    "categorical-hinge": (
        "categorical-hinge",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.categorical_hinge(hot(i.target), i.logits),
    ),
    "categorical-hinge, soft targets": (
        "categorical-hinge",
        {"logits": SCORES, "target": MIXED},
        lambda k, i: k.categorical_hinge(i.target, i.logits),
    ),
    "mse": (
        "mse",
        {"pred": X, "target": Y},
        lambda k, i: rows(k, i, "mean_squared_error", i.pred),
    ),
    "mse(sample_weight=…)": (
        "mse",
        {"pred": X, "target": Y, "sample_weight": SAMPLE},
        lambda k, i: k.MeanSquaredError(reduction="mean_with_sample_weight")(
            i.target[:, None], i.pred[:, None], sample_weight=i.sample_weight
        ),
    ),
    "rmse": (
        "rmse",
        {"pred": X, "target": Y},
        lambda k, i: metric("RootMeanSquaredError", i),
    ),
    "mae": (
        "mae",
        {"pred": X, "target": Y},
        lambda k, i: rows(k, i, "mean_absolute_error", i.pred),
    ),
    "mape": (
        "mape",
        {"pred": X, "target": np.append(Y[:-1], 1e-9), "eps": 1e-7},
        lambda k, i: rows(k, i, "mean_absolute_percentage_error", i.pred) / 100,
    ),
    "msle": (
        "msle",
        {"pred": AMOUNTS, "target": TRUE_AMOUNTS},
        lambda k, i: rows(k, i, "mean_squared_logarithmic_error", i.pred),
    ),
    "huber": (
        "huber",
        {"pred": X, "target": Y},
        lambda k, i: rows(k, i, "huber", i.pred),
    ),
    "huber(delta=0.7)": (
        "huber",
        {"pred": X, "target": Y, "delta": 0.7},
        lambda k, i: rows(k, i, "huber", i.pred, delta=i.delta),
    ),
    "log-cosh": (
        "log-cosh",
        {"pred": X, "target": Y},
        lambda k, i: rows(k, i, "log_cosh", i.pred),
    ),
    "poisson-nll(eps=1e-7)": (
        "poisson-nll",
        {"rate": AMOUNTS, "target": COUNTS, "eps": 1e-7},
        lambda k, i: rows(k, i, "poisson", i.rate),
    ),
    "cosine": (
        "cosine",
        {"pred": SCORES, "target": MIXED},
        lambda k, i: 1 + k.cosine_similarity(i.target, i.pred),
    ),
    "dice": (
        "dice",
        {"probs": MAPS, "target": MASKS, "smooth": 0.0},
        lambda k, i: k.dice(i.target, i.probs, axis=(2, 3)).reshape(3, C),
    ),
    "tversky": (
        "tversky",
        {"probs": MAPS, "target": MASKS, "smooth": 0.0},
        lambda k, i: k.tversky(i.target, i.probs, axis=(2, 3)).reshape(3, C),
    ),
    "ctc": (
        "ctc",
        {
            "logits": RNG.normal(0, 2, (5, 12, 6)),
            "target": RNG.integers(1, 6, (5, 4)),
            "batch_first": True,
        },
        lambda k, i: k.ctc(i.target, i.logits),
    ),
}

DIFFERENT = {
    "bce of p = 0": (
        "bce",
        {"probs": np.zeros(1), "target": np.ones(1)},
        lambda k, i: k.binary_crossentropy(i.target, i.probs),
        100,
        16.118,
        "torch clamps the logarithm at -100, Keras the probability at 1e-7",
    ),
    "ce of probabilities that do not sum to 1": (
        "ce",
        {"probs": np.full((1, 3), 0.2), "target": np.zeros(1, int)},
        lambda k, i: k.sparse_categorical_crossentropy(i.target, i.probs),
        1.6094,
        1.0986,
        "Keras normalises, losscli warns",
    ),
    "ce of an impossible class": (
        "ce",
        {"probs": np.array([[0.0, 1.0]]), "target": np.zeros(1, int)},
        lambda k, i: k.sparse_categorical_crossentropy(i.target, i.probs),
        inf,
        16.118,
        "Keras clips probabilities at 1e-7",
    ),
    "kl of an impossible class": (
        "kl",
        {"probs": np.array([[1.0, 0.0]]), "target": np.array([[0.5, 0.5]])},
        lambda k, i: k.kl_divergence(i.target, i.probs),
        inf,
        7.366,
        "Keras clips probabilities at 1e-7",
    ),
    "mape": (
        "mape",
        {"pred": np.ones(1), "target": np.full(1, 2.0)},
        lambda k, i: k.mean_absolute_percentage_error(i.target, i.pred),
        0.5,
        50,
        "Keras gives percent, scikit-learn and losscli a fraction",
    ),
    "msle below 0": (
        "msle",
        {"pred": np.full(1, -0.5), "target": np.zeros(1)},
        lambda k, i: k.mean_squared_logarithmic_error(i.target, i.pred),
        0.4805,
        0,
        "Keras reads negative predictions as 0",
    ),
    "focal-ce": (
        "focal-ce",
        {"logits": np.zeros((1, 3)), "target": np.zeros(1, int)},
        lambda k, i: k.categorical_focal_crossentropy(np.eye(3)[:1], i.logits, from_logits=True),
        0.4883,
        0.1221,
        "Keras multiplies all classes by an alpha of 0.25",
    ),
    "multiclass-hinge": (
        "multiclass-hinge",
        {"logits": -np.arange(1.0, 4)[None], "target": np.ones(1, int)},
        lambda k, i: k.categorical_hinge(np.eye(3)[1:2], i.logits),
        2,
        3,
        "in Keras, a 0 is among the scores of the others",
    ),
    "cosine": (
        "cosine",
        {"input1": np.array([[1.0, 0.0]]), "input2": np.array([[1.0, 1.0]])},
        lambda k, i: k.cosine_similarity(i.input1, i.input2),
        0.2929,
        -0.7071,
        "Keras takes the negative of the cosine, losscli the difference from 1",
    ),
    "dice over images": (
        "dice",
        {"probs": APART, "target": WHOLE, "smooth": 0.0},
        lambda k, i: k.dice(i.target, i.probs),
        0.3,
        0.4286,
        "Keras sums over everything, losscli over each image; --reduce-over batch does the same",
    ),
    "ctc": (
        "ctc",
        {
            "logits": np.zeros((2, 3, 3)),
            "target": np.array([[1, 2], [1, 0]]),
            "batch_first": True,
        },
        lambda k, i: k.CTC()(i.target, i.logits),
        (np.log(27 / 5) / 2 + np.log(27 / 6)) / 2,
        (np.log(27 / 5) + np.log(27 / 6)) / 2,
        "Keras takes the plain mean, losscli divides each by its number of labels",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _on_torch():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        import keras

        assert keras.backend.backend() == "torch"
        yield


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
