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
ZERO = {"reduce_over": "batch", "absent": "zero", "smooth": 0.0}
HARD = {"probs": 1 / (1 + np.exp(-IMAGES)), "target": LABELS}
CLAMPS = 1e-5, "it divides by 1e-7 at least, and is in float32"
SHARE, MASK = np.array([[[[0.9, 0.8], [0.2, 0.1]]], [[[1.0, 1], [0, 0]]]])[:, None]
APART, WHOLE = np.array(
    [[[[1.0, 0], [0, 0]], [[1, 0], [0, 0]]], [[[1, 0], [0, 0]], [[1, 1], [1, 1]]]]
)
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
    "dice": (
        "dice",
        {**CLASSES, **ZERO},
        lambda k, i: k.DiceLoss("multiclass")(i.logits, i.target),
        *CLAMPS,
    ),
    "dice of labels": (
        "dice",
        {**HARD, **ZERO},
        lambda k, i: k.DiceLoss("multilabel", from_logits=False)(i.probs, i.target),
        *CLAMPS,
    ),
    "dice(ignore_index=2)": (
        "dice",
        {**CLASSES, **ZERO, "ignore_index": 2},
        lambda k, i: k.DiceLoss("multiclass", ignore_index=2)(i.logits, i.target),
        *CLAMPS,
    ),
    "jaccard": (
        "jaccard",
        {**CLASSES, **ZERO},
        lambda k, i: k.JaccardLoss("multiclass")(i.logits, i.target),
        *CLAMPS,
    ),
    "jaccard of labels": (
        "jaccard",
        {**HARD, **ZERO},
        lambda k, i: k.JaccardLoss("multilabel", from_logits=False)(i.probs, i.target),
        *CLAMPS,
    ),
    "jaccard(ignore_index=2)": (
        "jaccard",
        {**CLASSES, **ZERO, "ignore_index": 2},
        lambda k, i: k.JaccardLoss("multiclass", ignore_index=2)(i.logits, i.target),
        *CLAMPS,
    ),
    "tversky(alpha=0.3, beta=0.7)": (
        "tversky",
        {**CLASSES, **ZERO, "alpha": 0.3, "beta": 0.7},
        lambda k, i: k.TverskyLoss("multiclass", alpha=0.3, beta=0.7)(i.logits, i.target),
        *CLAMPS,
    ),
    "focal-tversky": (
        "focal-tversky",
        CLASSES,
        lambda k, i: k.TverskyLoss("multiclass", alpha=0.3, beta=0.7, gamma=0.75)(
            i.logits, i.target
        ),
        *CLAMPS,
    ),
    "lovasz": (
        "lovasz",
        CLASSES,
        lambda k, i: k.LovaszLoss("multiclass")(i.logits.float(), i.target),
    ),
    "lovasz(per_image)": (
        "lovasz",
        {**CLASSES, "per_image": True},
        lambda k, i: k.LovaszLoss("multiclass", per_image=True)(i.logits.float(), i.target),
    ),
    "lovasz(ignore_index=2)": (
        "lovasz",
        {**CLASSES, "ignore_index": 2},
        lambda k, i: k.LovaszLoss("multiclass", ignore_index=2)(i.logits.float(), i.target),
    ),
    "lovasz of a mask": (
        "lovasz",
        {"logits": IMAGES[:, 0], "target": LABELS[:, 0]},
        lambda k, i: k.LovaszLoss("binary")(i.logits.float(), i.target),
    ),
    "lovasz of a mask(per_image)": (
        "lovasz",
        {"logits": IMAGES[:, 0], "target": LABELS[:, 0], "per_image": True},
        lambda k, i: k.LovaszLoss("binary", per_image=True)(i.logits.float(), i.target),
    ),
    "dice(smooth=2)": (
        "dice",
        {**CLASSES, **ZERO, "smooth": 2.0},
        lambda k, i: k.DiceLoss("multiclass", smooth=1)(i.logits, i.target),
        *CLAMPS,
    ),
    "focal-tversky(alpha=0.6, beta=0.4, gamma=1.5)": (
        "focal-tversky",
        {**CLASSES, "alpha": 0.6, "beta": 0.4, "gamma": 1.5},
        lambda k, i: k.TverskyLoss("multiclass", alpha=0.6, beta=0.4, gamma=1.5)(
            i.logits, i.target
        ),
        *CLAMPS,
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
    "dice of an absent class": (
        "dice",
        {"probs": np.full((1, 1, 2, 2), 0.5), "target": np.zeros((1, 1, 2, 2))},
        lambda k, i: k.DiceLoss("binary", from_logits=False)(i.probs, i.target),
        1.0,
        0.0,
        "a class without a true pixel costs nothing there; --absent zero does the same",
    ),
    "dice(smooth=1)": (
        "dice",
        {"probs": SHARE, "target": MASK, "smooth": 1.0},
        lambda k, i: k.DiceLoss("binary", from_logits=False, smooth=1.0)(i.probs, i.target),
        0.12,
        0.1,
        "its smooth stands beside half of the sums: it is half of that of losscli",
    ),
    "jaccard(smooth=1)": (
        "jaccard",
        {"probs": SHARE, "target": MASK, "smooth": 1.0},
        lambda k, i: k.JaccardLoss("binary", from_logits=False, smooth=1.0)(i.probs, i.target),
        1 - 4.4 / 5.6,
        1 - 2.7 / 3.3,
        "the ratio of MONAI and losscli has twice both areas: its smooth is half as much",
    ),
    "tversky over images": (
        "tversky",
        {"probs": APART, "target": WHOLE, "smooth": 0.0},
        lambda k, i: k.TverskyLoss("binary", from_logits=False)(i.probs, i.target),
        0.3,
        0.4286,
        "sums of all images there, of each image in losscli; --reduce-over batch does the same",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
