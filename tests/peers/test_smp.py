"""segmentation_models_pytorch: means over a batch."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "segmentation_models_pytorch.losses"
TOLERANCE = 1e-6, "its losses compute in float32"
if find_spec("segmentation_models_pytorch") is None:
    pytest.skip("segmentation_models_pytorch is not installed", allow_module_level=True)

RNG = np.random.default_rng(10)
N, C = 60, 4
X, Y = RNG.normal(0, 6, (2, N))
IMAGES, PLACES = RNG.normal(0, 3, (3, C, 5, 6)), RNG.integers(0, C, (3, 5, 6))
CLASSES = {"logits": IMAGES, "target": PLACES, "class_axis": 1}
LABELS = RNG.integers(0, 2, (3, C, 5, 6)).astype(float)
SETS = {"logits": IMAGES, "target": LABELS}

CASES = {
    "bce": (
        "bce",
        SETS,
        lambda k, i: k.SoftBCEWithLogitsLoss(reduction="none")(i.logits, i.target),
    ),
    "bce(label_smoothing=0.2)": (
        "bce",
        {**SETS, "label_smoothing": 0.2},
        lambda k, i: k.SoftBCEWithLogitsLoss(smooth_factor=0.1)(i.logits, i.target),
    ),
    "bce(weight=2, pos_weight=3)": (
        "bce",
        {**SETS, "weight": 2.0, "pos_weight": 3.0},
        lambda k, i: k.SoftBCEWithLogitsLoss(
            weight=i.logits.new_tensor(2.0), pos_weight=i.logits.new_tensor(3.0)
        )(i.logits, i.target),
    ),
    "ce(label_smoothing=0.1)": (
        "ce",
        {**CLASSES, "label_smoothing": 0.1},
        lambda k, i: k.SoftCrossEntropyLoss(smooth_factor=0.1)(i.logits, i.target),
    ),
    "focal": (
        "focal",
        SETS,
        lambda k, i: k.FocalLoss("multilabel")(i.logits, i.target),
        2e-5,
        "it takes the exponential of a rounded cross-entropy for p",
    ),
    "focal(gamma=0.5, alpha=0.25)": (
        "focal",
        {**SETS, "gamma": 0.5, "alpha": 0.25},
        lambda k, i: k.FocalLoss("multilabel", gamma=0.5, alpha=0.25)(i.logits, i.target),
        2e-5,
        "it takes the exponential of a rounded cross-entropy for p",
    ),
    "focal-ce": (
        "focal-ce",
        CLASSES,
        lambda k, i: k._functional.softmax_focal_loss_with_logits(
            i.logits, i.target, reduction="none"
        ),
    ),
    "focal-ce(gamma=1.5)": (
        "focal-ce",
        {**CLASSES, "gamma": 1.5},
        lambda k, i: k._functional.softmax_focal_loss_with_logits(i.logits, i.target, gamma=1.5),
    ),
    "wing": (
        "wing",
        {"pred": X, "target": Y},
        lambda k, i: k._functional.wing_loss(i.pred, i.target, reduction="none"),
    ),
    "wing(width=10, curvature=2)": (
        "wing",
        {"pred": X, "target": Y, "width": 10.0, "curvature": 2.0},
        lambda k, i: k._functional.wing_loss(i.pred, i.target, width=10, curvature=2),
    ),
}

DIFFERENT = {
    "bce(label_smoothing=0.1)": (
        "bce",
        {"logits": np.full(1, 2.0), "target": np.ones(1), "label_smoothing": 0.1},
        lambda k, i: k.SoftBCEWithLogitsLoss(smooth_factor=0.1)(i.logits, i.target),
        0.2269,
        0.3269,
        "its smoothing by s is y(1 - s) + (1 - y)s, that of losscli and Keras by 2s",
    ),
    "ce(ignore_index)": (
        "ce",
        {"logits": np.array([[[2.0, 2], [1, 1], [0, 0]]]), "target": np.array([[0, -100]])},
        lambda k, i: k.SoftCrossEntropyLoss(smooth_factor=0.0)(i.logits, i.target),
        0.4076,
        0.2038,
        "ignored pixels stay in its mean",
    ),
    "focal-ce": (
        "focal-ce",
        {"logits": np.zeros((1, 3, 1)), "target": np.zeros((1, 1), int)},
        lambda k, i: k.FocalLoss("multiclass")(i.logits, i.target),
        0.4883,
        0.1733,
        "what it calls multiclass is one sigmoid for each class",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
