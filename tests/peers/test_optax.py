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
