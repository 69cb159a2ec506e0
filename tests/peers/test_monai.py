"""MONAI: channels on axis 1, one-hot targets."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "monai.losses"
TOLERANCE = 1e-6, "MONAI computes in float32"
if find_spec("monai") is None:
    pytest.skip("monai is not installed", allow_module_level=True)

RNG = np.random.default_rng(9)
C = 4
IMAGES, PLACES = RNG.normal(0, 3, (3, C, 5, 6)), RNG.integers(0, C, (3, 5, 6))
CLASSES = {"logits": IMAGES, "target": PLACES, "class_axis": 1}
LABELS = RNG.integers(0, 2, (3, C, 5, 6)).astype(float)
SETS = {"logits": IMAGES, "target": LABELS}
PHOTOS = {"pred": RNG.random((3, 2, 12, 14)), "target": RNG.random((3, 2, 12, 14))}
ALPHA = [0.75, 0.25, 0.25, 0.25]


def classes(k, i, name, **options):
    """Targets of one class for each pixel want an axis of their own."""
    return getattr(k, name)(to_onehot_y=True, **options)(i.logits, i.target[:, None])


CORNERS = RNG.uniform(0, 10, (2, 40, 2))
BOXES = np.append(CORNERS, CORNERS + RNG.uniform(0.5, 8, (2, 40, 2)), 2)
FIRST, SECOND = RNG.normal(0, 1, (2, 24, 8))
HARD = {"probs": 1 / (1 + np.exp(-IMAGES)), "target": LABELS}
CASES = {
    "focal": (
        "focal",
        SETS,
        lambda k, i: k.FocalLoss(reduction="none")(i.logits, i.target),
    ),
    "focal(gamma=1.5, alpha=0.25)": (
        "focal",
        {**SETS, "gamma": 1.5, "alpha": 0.25},
        lambda k, i: k.FocalLoss(gamma=1.5, alpha=0.25)(i.logits, i.target),
    ),
    "focal-ce": (
        "focal-ce",
        CLASSES,
        lambda k, i: classes(k, i, "FocalLoss", use_softmax=True, reduction="none").sum(1),
    ),
    "focal-ce(gamma=0.5, alpha=…)": (
        "focal-ce",
        {**CLASSES, "gamma": 0.5, "alpha": ALPHA},
        lambda k, i: classes(
            *(k, i, "FocalLoss"), use_softmax=True, reduction="none", gamma=0.5, alpha=0.25
        ).sum(1),
    ),
    "focal-ce(alpha=list)": (
        "focal-ce",
        {**CLASSES, "alpha": [0.1, 0.2, 0.3, 0.4]},
        lambda k, i: classes(
            k, i, "FocalLoss", use_softmax=True, reduction="none", alpha=i.alpha
        ).sum(1),
    ),
    "giou": (
        "giou",
        {"pred": BOXES[0], "target": BOXES[1]},
        lambda k, i: k.BoxGIoULoss(reduction="none")(i.pred, i.target),
    ),
    "ntxent": (
        "ntxent",
        {"input1": FIRST, "input2": SECOND},
        lambda k, i: k.ContrastiveLoss()(i.input1, i.input2),
    ),
    "ntxent(temperature=0.1)": (
        "ntxent",
        {"input1": FIRST, "input2": SECOND, "temperature": 0.1},
        lambda k, i: k.ContrastiveLoss(temperature=0.1)(i.input1, i.input2),
    ),
    "dice": (
        "dice",
        CLASSES,
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, reduction="none").reshape(3, -1),
    ),
    "dice of labels": (
        "dice",
        HARD,
        lambda k, i: k.DiceLoss(reduction="none")(i.probs, i.target).reshape(3, C),
    ),
    "dice(smooth=1.0)": (
        "dice",
        {**CLASSES, "smooth": 1.0},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, smooth_nr=1, smooth_dr=1),
    ),
    "dice(include_background=False)": (
        "dice",
        {**CLASSES, "include_background": False},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, include_background=False),
    ),
    "dice(ignore_index=2)": (
        "dice",
        {**CLASSES, "ignore_index": 2},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, ignore_index=2),
    ),
    "dice(reduce_over=batch)": (
        "dice",
        {**CLASSES, "reduce_over": "batch"},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, batch=True),
    ),
    "jaccard": (
        "jaccard",
        CLASSES,
        lambda k, i: classes(
            k, i, "DiceLoss", softmax=True, reduction="none", jaccard=True
        ).reshape(3, -1),
    ),
    "jaccard of labels": (
        "jaccard",
        HARD,
        lambda k, i: k.DiceLoss(reduction="none", jaccard=True)(i.probs, i.target).reshape(3, C),
    ),
    "jaccard(smooth=1.0)": (
        "jaccard",
        {**CLASSES, "smooth": 1.0},
        lambda k, i: classes(
            k, i, "DiceLoss", softmax=True, jaccard=True, smooth_nr=1, smooth_dr=1
        ),
    ),
    "jaccard(include_background=False)": (
        "jaccard",
        {**CLASSES, "include_background": False},
        lambda k, i: classes(
            k, i, "DiceLoss", softmax=True, jaccard=True, include_background=False
        ),
    ),
    "jaccard(ignore_index=2)": (
        "jaccard",
        {**CLASSES, "ignore_index": 2},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, jaccard=True, ignore_index=2),
    ),
    "jaccard(reduce_over=batch)": (
        "jaccard",
        {**CLASSES, "reduce_over": "batch"},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True, jaccard=True, batch=True),
    ),
    "tversky": (
        "tversky",
        CLASSES,
        lambda k, i: classes(k, i, "TverskyLoss", softmax=True, reduction="none").reshape(3, -1),
    ),
    "tversky(alpha=0.3, beta=0.7)": (
        "tversky",
        {**CLASSES, "alpha": 0.3, "beta": 0.7},
        lambda k, i: classes(
            k, i, "TverskyLoss", softmax=True, reduction="none", alpha=0.3, beta=0.7
        ).reshape(3, -1),
    ),
    "dice-ce": (
        "dice-ce",
        CLASSES,
        lambda k, i: classes(k, i, "DiceCELoss", softmax=True),
    ),
    "dice-ce of a mask": (
        "dice-ce",
        {"logits": IMAGES[:, :1], "target": LABELS[:, :1]},
        lambda k, i: k.DiceCELoss(sigmoid=True)(i.logits, i.target),
    ),
    "dice-ce(lambda_dice=0.3, lambda_ce=2)": (
        "dice-ce",
        {**CLASSES, "lambda_dice": 0.3, "lambda_ce": 2.0},
        lambda k, i: classes(k, i, "DiceCELoss", softmax=True, lambda_dice=0.3, lambda_ce=2),
    ),
    "generalized-dice(w_type=square)": (
        "generalized-dice",
        {**CLASSES, "w_type": "square"},
        lambda k, i: classes(
            k, i, "GeneralizedDiceLoss", softmax=True, w_type=i.w_type, reduction="none"
        ).reshape(3),
    ),
    "generalized-dice(w_type=simple)": (
        "generalized-dice",
        {**CLASSES, "w_type": "simple"},
        lambda k, i: classes(
            k, i, "GeneralizedDiceLoss", softmax=True, w_type=i.w_type, reduction="none"
        ).reshape(3),
    ),
    "generalized-dice(w_type=uniform)": (
        "generalized-dice",
        {**CLASSES, "w_type": "uniform"},
        lambda k, i: classes(
            k, i, "GeneralizedDiceLoss", softmax=True, w_type=i.w_type, reduction="none"
        ).reshape(3),
    ),
    "dice(smooth=0.5) of a mask": (
        "dice",
        {"logits": IMAGES[:, :1], "target": LABELS[:, :1], "smooth": 0.5},
        lambda k, i: k.DiceLoss(sigmoid=True, smooth_nr=0.5, smooth_dr=0.5)(i.logits, i.target),
    ),
    "dice of a class that no image has": (
        "dice",
        {**CLASSES, "target": PLACES * (PLACES != 2)},
        lambda k, i: classes(k, i, "DiceLoss", softmax=True),
    ),
    "tversky(smooth=0.5, reduce_over=batch)": (
        "tversky",
        {**CLASSES, "smooth": 0.5, "reduce_over": "batch"},
        lambda k, i: classes(
            *(k, i, "TverskyLoss"), softmax=True, smooth_nr=0.5, smooth_dr=0.5, batch=True
        ),
    ),
    "tversky(include_background=False)": (
        "tversky",
        {**CLASSES, "include_background": False},
        lambda k, i: classes(k, i, "TverskyLoss", softmax=True, include_background=False),
    ),
    "generalized-dice of images without some classes": (
        "generalized-dice",
        {**CLASSES, "target": PLACES * (PLACES != 2)},
        lambda k, i: classes(k, i, "GeneralizedDiceLoss", softmax=True),
    ),
    "generalized-dice(smooth=0.5, include_background=False)": (
        "generalized-dice",
        {**CLASSES, "smooth": 0.5, "include_background": False},
        lambda k, i: classes(
            *(k, i, "GeneralizedDiceLoss"),
            softmax=True,
            smooth_nr=0.5,
            smooth_dr=0.5,
            include_background=False,
        ),
    ),
    "dice-ce(smooth=0.5, include_background=False)": (
        "dice-ce",
        {**CLASSES, "smooth": 0.5, "include_background": False},
        lambda k, i: (
            k.DiceLoss(
                to_onehot_y=True,
                softmax=True,
                smooth_nr=0.5,
                smooth_dr=0.5,
                include_background=False,
            )(i.logits, i.target[:, None])
            + k.DiceCELoss(softmax=True, to_onehot_y=True, lambda_dice=0)(
                i.logits, i.target[:, None]
            )
        ),
    ),
    "ssim": (
        "ssim",
        PHOTOS,
        lambda k, i: k.SSIMLoss(2, reduction="none")(i.pred, i.target).reshape(-1),
    ),
    "ssim(data_range=255)": (
        "ssim",
        {**PHOTOS, "data_range": 255},
        lambda k, i: k.SSIMLoss(2, data_range=255)(i.pred, i.target),
    ),
}

DIFFERENT = {
    "focal-ce": (
        "focal-ce",
        {"logits": np.zeros((1, 3, 1)), "target": np.zeros((1, 1), int)},
        lambda k, i: classes(k, i, "FocalLoss", use_softmax=True),
        0.4883,
        0.1628,
        "MONAI's mean divides by the number of classes too",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
