"""Optax, in double precision: no function reduces, but those of divergences sum over classes."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "optax.losses"
if find_spec("optax") is None:
    pytest.skip("optax is not installed", allow_module_level=True)

RNG = np.random.default_rng(2)
N, C = 60, 4
X, Y = RNG.normal(0, 3, (2, N))
X[:4] = np.add(Y[:4], [0, 1, -1, 100])
Z = np.append(RNG.normal(0, 3, N - 5), [0, 30, -30, 1000, -1000])
HARD, SOFT = (RNG.random(N) < 0.5).astype(float), RNG.random(N)
SIGN = 2 * HARD - 1
SCORES, IMAGES = RNG.normal(0, 3, (N, C)), RNG.normal(0, 3, (3, C, 5, 2))
SCORES[:2] = [[1000, 0, -1000, 0], [0, 0, 0, 0]]
LOGS = SCORES[2:] - np.logaddexp.reduce(SCORES[2:], axis=1, keepdims=True)
MIXED = RNG.dirichlet(np.ones(C), N)
LAST = {"logits": IMAGES.transpose(0, 2, 3, 1).copy(), "target": RNG.integers(0, C, (3, 5, 2))}
MASKED = np.append(SCORES[2:], np.full((N - 2, 1), -np.inf), 1)
BESIDE = np.append(MIXED[2:], np.zeros((N - 2, 1)), 1)
INDEX = RNG.integers(0, C, N)
FIRST, SECOND, THIRD = RNG.normal(0, 1, (3, N, 8))
SHIFTED = 1e-4, "torch adds eps to each difference, Optax to the sum of squares"


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


ALIKE = unit(FIRST) @ unit(SECOND).T
SPOKEN, LETTERS = RNG.normal(0, 2, (5, 12, 6)), RNG.integers(1, 6, (5, 4))
LONG, SHORT = np.array([12, 12, 9, 7, 12]), np.array([4, 3, 2, 1, 4])


def beyond(lengths, size):
    return (np.arange(size) >= lengths[:, None]).astype(float)


def log_softmax(scores):
    return scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)


def softmax(scores):
    return np.exp(log_softmax(scores))


GRADES = RNG.integers(0, 4, (N, C)).astype(float)
THERE = RNG.random((N, C)) < 0.7
THERE[:, 0] = True
LIKELY = {
    name: -RNG.gamma(9, 3, N) for name in ("chosen", "rejected", "ref_chosen", "ref_rejected")
}


def gain(i):
    return (i.chosen - i.ref_chosen) - (i.rejected - i.ref_rejected)


CASES = {
    "bce": (
        "bce",
        {"logits": Z, "target": HARD},
        lambda k, i: k.sigmoid_binary_cross_entropy(i.logits, i.target),
    ),
    "bce, soft targets": (
        "bce",
        {"logits": Z, "target": SOFT},
        lambda k, i: k.sigmoid_binary_cross_entropy(i.logits, i.target),
    ),
    "focal": (
        "focal",
        {"logits": Z, "target": HARD},
        lambda k, i: k.sigmoid_focal_loss(i.logits, i.target),
    ),
    "focal, soft targets(gamma=1.5, alpha=0.25)": (
        "focal",
        {"logits": Z, "target": SOFT, "gamma": 1.5, "alpha": 0.25},
        lambda k, i: k.sigmoid_focal_loss(i.logits, i.target, gamma=i.gamma, alpha=i.alpha),
    ),
    "focal(gamma=0)": (
        "focal",
        {"logits": Z, "target": HARD, "gamma": 0.0},
        lambda k, i: k.sigmoid_binary_cross_entropy(i.logits, i.target),
    ),
    "hinge": (
        "hinge",
        {"logits": Z, "target": SIGN},
        lambda k, i: k.hinge_loss(i.logits, i.target),
    ),
    "perceptron": (
        "perceptron",
        {"logits": Z, "target": SIGN},
        lambda k, i: k.perceptron_loss(i.logits, i.target),
    ),
    "ce": (
        "ce",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(i.logits, i.target),
    ),
    "ce, classes last": (
        "ce",
        {**LAST, "class_axis": -1},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(i.logits, i.target),
    ),
    "ce(class_axis=1)": (
        "ce",
        {"logits": IMAGES, "target": LAST["target"], "class_axis": 1},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(i.logits, i.target, axis=1),
    ),
    "ce(mask=…), the mean of what is kept": (
        "ce",
        {"logits": SCORES, "target": INDEX, "mask": HARD},
        lambda k, i: (
            (
                k.softmax_cross_entropy_with_integer_labels(i.logits, i.target, where=i.mask > 0)
                * i.mask
            ).sum()
            / i.mask.sum()
        ),
    ),
    "ce, soft targets": (
        "ce",
        {"logits": SCORES, "target": MIXED},
        lambda k, i: k.softmax_cross_entropy(i.logits, i.target),
    ),
    "ce, several labels a row": (
        "ce",
        {"logits": SCORES, "target": np.round(2 * MIXED).clip(max=1)},
        lambda k, i: k.softmax_cross_entropy(i.logits, i.target),
    ),
    "ce, soft targets(label_smoothing=0.2)": (
        "ce",
        {"logits": SCORES, "target": MIXED, "label_smoothing": 0.2},
        lambda k, i: k.softmax_cross_entropy(i.logits, k.smooth_labels(i.target, 0.2)),
    ),
    "ce of logits -∞, with targets of 0": (
        "ce",
        {"logits": MASKED, "target": BESIDE},
        lambda k, i: k.safe_softmax_cross_entropy(i.logits, i.target),
    ),
    "poly1": (
        "poly1",
        {"logits": SCORES, "target": MIXED},
        lambda k, i: k.poly_loss_cross_entropy(i.logits, i.target),
    ),
    "poly1 of probabilities": (
        "poly1",
        {"probs": np.exp(LOGS), "target": MIXED[2:]},
        lambda k, i: k.poly_loss_cross_entropy(LOGS, i.target),
    ),
    "poly1(epsilon=-1)": (
        "poly1",
        {"logits": SCORES, "target": INDEX, "epsilon": -1.0},
        lambda k, i: k.poly_loss_cross_entropy(i.logits, np.eye(C)[INDEX], epsilon=-1),
    ),
    "kl": (
        "kl",
        {"log_probs": LOGS, "target": MIXED[2:]},
        lambda k, i: k.kl_divergence(i.log_probs, i.target).mean(),
    ),
    "kl of logits": (
        "kl",
        {"logits": SCORES[2:], "target": MIXED[2:]},
        lambda k, i: k.kl_divergence(LOGS, i.target).mean(),
    ),
    "kl(log_target)": (
        "kl",
        {"log_probs": LOGS, "target": np.log(MIXED[2:]), "log_target": True},
        lambda k, i: k.kl_divergence_with_log_targets(i.log_probs, i.target).mean(),
    ),
    "multiclass-hinge": (
        "multiclass-hinge",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.multiclass_hinge_loss(i.logits, i.target),
    ),
    "multiclass-hinge(margin=0)": (
        "multiclass-hinge",
        {"logits": SCORES, "target": INDEX, "margin": 0.0},
        lambda k, i: k.multiclass_perceptron_loss(i.logits, i.target),
    ),
    "mse": (
        "mse",
        {"pred": X, "target": Y},
        lambda k, i: k.squared_error(i.pred, i.target),
    ),
    "huber": (
        "huber",
        {"pred": X, "target": Y},
        lambda k, i: k.huber_loss(i.pred, i.target),
    ),
    "huber(delta=2.5)": (
        "huber",
        {"pred": X, "target": Y, "delta": 2.5},
        lambda k, i: k.huber_loss(i.pred, i.target, delta=i.delta),
    ),
    "log-cosh": (
        "log-cosh",
        {"pred": X, "target": Y},
        lambda k, i: k.log_cosh(i.pred, i.target),
    ),
    "expectile(alpha=0.5)": (
        "expectile",
        {"pred": X, "target": Y},
        lambda k, i: k.l2_loss(i.pred, i.target),
    ),
    "cosine": (
        "cosine",
        {"input1": FIRST, "input2": SECOND},
        lambda k, i: k.cosine_distance(i.input1, i.input2),
    ),
    "triplet": (
        "triplet",
        {"anchor": FIRST, "positive": SECOND, "negative": THIRD},
        lambda k, i: k.triplet_margin_loss(i.anchor, i.positive, i.negative, eps=0),
        *SHIFTED,
    ),
    "triplet(margin=0.2, p=3)": (
        "triplet",
        {
            "anchor": FIRST,
            "positive": FIRST - np.abs(SECOND),
            "negative": FIRST - np.abs(THIRD),
            "margin": 0.2,
            "p": 3.0,
        },
        lambda k, i: k.triplet_margin_loss(
            i.anchor, i.positive, i.negative, margin=0.2, norm_degree=3, eps=0
        ),
        *SHIFTED,
    ),
    "bpr": (
        "bpr",
        {"positive": SCORES[:, 0], "negative": SCORES[:, 1]},
        lambda k, i: k.sigmoid_binary_cross_entropy(i.positive - i.negative, 1.0),
    ),
    "ntxent": (
        "ntxent",
        {"input1": FIRST, "input2": SECOND},
        lambda k, i: k.ntxent(np.append(FIRST, SECOND, 0), np.arange(2 * N) % N, temperature=0.5),
    ),
    "ntxent(temperature=0.07)": (
        "ntxent",
        {"input1": FIRST, "input2": SECOND, "temperature": 0.07},
        lambda k, i: k.ntxent(np.append(FIRST, SECOND, 0), np.arange(2 * N) % N),
    ),
    "infonce": (
        "infonce",
        {"input1": FIRST, "input2": SECOND},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(ALIKE / 0.07, np.arange(N)),
    ),
    "infonce(temperature=0.5, symmetric)": (
        "infonce",
        {"input1": FIRST, "input2": SECOND, "temperature": 0.5, "symmetric": True},
        lambda k, i: (
            (
                k.softmax_cross_entropy_with_integer_labels(ALIKE / 0.5, np.arange(N))
                + k.softmax_cross_entropy_with_integer_labels(ALIKE.T / 0.5, np.arange(N))
            )
            / 2
        ),
    ),
    "infonce(normalize=False)": (
        "infonce",
        {"input1": FIRST, "input2": SECOND, "normalize": False},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(
            i.input1 @ i.input2.T / 0.07, np.arange(N)
        ),
    ),
    "siglip": (
        "siglip",
        {"input1": FIRST, "input2": SECOND},
        lambda k, i: k.sigmoid_binary_cross_entropy(10 * ALIKE - 10, np.eye(N)).sum(1),
    ),
    "siglip(temperature=1, bias=0.5)": (
        "siglip",
        {"input1": FIRST, "input2": SECOND, "temperature": 1.0, "bias": 0.5},
        lambda k, i: k.sigmoid_binary_cross_entropy(ALIKE + 0.5, np.eye(N)).sum(1),
    ),
    "ctc": (
        "ctc",
        {
            "logits": SPOKEN,
            "target": LETTERS,
            "input_lengths": LONG,
            "target_lengths": SHORT,
            "batch_first": True,
        },
        lambda k, i: k.ctc_loss(i.logits, beyond(LONG, 12), i.target, beyond(SHORT, 4)),
        *(1e-6, "Optax has -1e5 for ln 0"),
    ),
    "ranking-softmax": (
        "ranking-softmax",
        {"logits": SCORES, "target": MIXED},
        lambda k, i: k.ranking_softmax_loss(i.logits, i.target, reduce_fn=None),
    ),
    "ranking-softmax(reduction=sum)": (
        "ranking-softmax",
        {"logits": SCORES, "target": GRADES, "reduction": "sum"},
        lambda k, i: k.ranking_softmax_loss(i.logits, i.target, reduce_fn=np.sum),
    ),
    "ranking-softmax(mask=…)": (
        "ranking-softmax",
        {"logits": SCORES, "target": GRADES, "mask": THERE},
        lambda k, i: k.ranking_softmax_loss(i.logits, i.target, where=THERE),
    ),
    "listnet": (
        "listnet",
        {"logits": SCORES, "target": GRADES},
        lambda k, i: k.softmax_cross_entropy(i.logits, softmax(GRADES)),
    ),
    "coral": (
        "coral",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.sigmoid_binary_cross_entropy(i.logits, i.target[:, None] > np.arange(C)).sum(
            1
        ),
    ),
    "coral(weight=…)": (
        "coral",
        {"logits": SCORES, "target": INDEX, "weight": [0.3, 1.0, 2.0, 0.7]},
        lambda k, i: (
            k.sigmoid_binary_cross_entropy(i.logits, i.target[:, None] > np.arange(C))
            @ np.array(i.weight)
        ),
    ),
    "dpo": (
        "dpo",
        LIKELY,
        lambda k, i: k.sigmoid_binary_cross_entropy(0.1 * gain(i), 1.0),
    ),
    "dpo(beta=0.5, label_smoothing=0.2)": (
        "dpo",
        {**LIKELY, "beta": 0.5, "label_smoothing": 0.2},
        lambda k, i: k.sigmoid_binary_cross_entropy(0.5 * gain(i), 0.8),
    ),
    "tversky(smooth=1)": (
        "tversky",
        {**LAST, "class_axis": -1, "smooth": 1.0},
        lambda k, i: k.dice_loss(i.logits, np.eye(C)[LAST["target"]], reduction="none"),
    ),
    "tversky(smooth=0.2, alpha=0.3, beta=0.7, include_background=False)": (
        "tversky",
        {
            **LAST,
            "class_axis": -1,
            "smooth": 0.2,
            "alpha": 0.3,
            "beta": 0.7,
            "include_background": False,
        },
        lambda k, i: k.dice_loss(
            i.logits,
            np.eye(C)[LAST["target"]],
            reduction="none",
            smooth=0.2,
            alpha=0.3,
            beta=0.7,
            ignore_background=True,
        ),
    ),
    "dice(smooth=2)": (
        "dice",
        {**LAST, "class_axis": -1, "smooth": 2.0},
        lambda k, i: k.dice_loss(i.logits, np.eye(C)[LAST["target"]], reduction="none"),
    ),
    "arcface": (
        "arcface",
        {"logits": ALIKE, "target": np.arange(N)},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(
            64 * np.where(np.eye(N), np.cos(np.arccos(ALIKE) + 0.5), ALIKE), i.target
        ),
    ),
    "cosface(margin=0.2, scale=30)": (
        "cosface",
        {"logits": ALIKE, "target": np.arange(N), "margin": 0.2, "scale": 30.0},
        lambda k, i: k.softmax_cross_entropy_with_integer_labels(
            30 * (ALIKE - 0.2 * np.eye(N)), i.target
        ),
    ),
    "ctc(blank=5) of log-probabilities": (
        "ctc",
        {
            "log_probs": log_softmax(SPOKEN).transpose(1, 0, 2).copy(),
            "target": LETTERS - 1,
            "target_lengths": SHORT,
            "blank": 5,
        },
        lambda k, i: k.ctc_loss(SPOKEN, np.zeros((5, 12)), i.target, beyond(SHORT, 4), blank_id=5),
        *(1e-6, "Optax has -1e5 for ln 0"),
    ),
}

DIFFERENT = {
    "hinge, 0 and 1": (
        "hinge",
        {"logits": np.full(1, 0.3), "target": np.zeros(1)},
        lambda k, i: k.hinge_loss(i.logits, i.target),
        1.3,
        1.0,
        "losscli reads 0 as -1, as Keras and scikit-learn do",
    ),
    "mse": (
        "mse",
        {"pred": np.full(1, 3.0), "target": np.zeros(1)},
        lambda k, i: k.l2_loss(i.pred, i.target),
        9,
        4.5,
        "what Optax calls l2_loss is halved",
    ),
    "ntxent": (
        "ntxent",
        {"input1": np.eye(3), "input2": np.eye(3)[[1, 2, 0]]},
        lambda k, i: k.ntxent(np.append(i.input1, i.input2, 0), np.arange(6) % 3),
        np.log(np.exp(2) + 4),
        np.log(np.exp(1 / 0.07) + 4),
        "the temperature is 0.5 as in SimCLR and MONAI; that of Optax is 0.07",
    ),
    "dice(smooth=1)": (
        "dice",
        {
            "probs": np.array([[[0.9, 0.1], [0.8, 0.2]]]),
            "target": np.array([[[1.0, 0], [1, 0]]]),
            "class_axis": -1,
            "smooth": 1.0,
        },
        lambda k, i: k.dice_loss(i.probs, i.target, apply_softmax=False, reduction="mean")[0],
        1 - (4.4 / 4.7 + 1 / 1.3) / 2,
        1 - (2.7 / 2.85 + 1 / 1.15) / 2,
        "its smooth stands beside half of the sums: it is half of that of losscli",
    ),
    "ctc of more labels than time steps": (
        "ctc",
        {"logits": np.zeros((1, 1, 3)), "target": np.array([[1, 2]])},
        lambda k, i: k.ctc_loss(i.logits, np.zeros((1, 1)), i.target, np.zeros((1, 2)))[0],
        np.inf,
        1e5,
        "Optax has -1e5 for ln 0",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _double():
    import jax

    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def array(_double):
    import jax.numpy as jnp

    return jnp.asarray


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
