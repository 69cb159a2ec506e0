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
