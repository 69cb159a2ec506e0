"""Kornia: losses of images, most of which it does not reduce."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "kornia.losses"
if find_spec("kornia") is None:
    pytest.skip("kornia is not installed", allow_module_level=True)

RNG = np.random.default_rng(7)
N, C = 60, 4
X, Y = RNG.normal(0, 3, (2, N))
X[:4] = np.add(Y[:4], [0, 1, -1, 100])
VALUES = {"pred": X, "target": Y}
IMAGES, PLACES = RNG.normal(0, 3, (3, C, 5, 6)), RNG.integers(0, C, (3, 5, 6))
CLASSES = {"logits": IMAGES, "target": PLACES, "class_axis": 1}
LABELS = RNG.integers(0, 2, (3, C, 5, 6)).astype(float)
P, Q = RNG.dirichlet(np.ones(30), (2, 3, C)).reshape(2, 3, C, 5, 6)
PLANES = {"probs": P.reshape(-1, 30), "target": Q.reshape(-1, 30)}
ALPHA = [0.75, 0.25, 0.25, 0.25]
ONE_OF_THEM = {"logits": IMAGES[:1], "target": PLACES[:1] % 3, "class_axis": 1}
PHOTO, SECOND = RNG.random((2, 3, 2, 13, 15))

CASES = {
    "focal": (
        "focal",
        {"logits": IMAGES, "target": LABELS},
        lambda k, i: k.binary_focal_loss_with_logits(i.logits, i.target, alpha=None),
    ),
    "focal(gamma=0.5, alpha=0.25)": (
        "focal",
        {"logits": IMAGES, "target": LABELS, "gamma": 0.5, "alpha": 0.25},
        lambda k, i: k.binary_focal_loss_with_logits(i.logits, i.target, gamma=0.5),
    ),
    "bce(pos_weight=…)": (
        "bce",
        {"logits": IMAGES[:, :, :1, :1], "target": LABELS[:, :, :1, :1], "pos_weight": 2.5},
        lambda k, i: k.binary_focal_loss_with_logits(
            i.logits, i.target, alpha=None, gamma=0, pos_weight=i.logits.new_full((C,), 2.5)
        ),
    ),
    "focal-ce": (
        "focal-ce",
        CLASSES,
        lambda k, i: k.focal_loss(i.logits, i.target, alpha=None).sum(1),
    ),
    "focal-ce(gamma=1.5, alpha=…)": (
        "focal-ce",
        {**CLASSES, "gamma": 1.5, "alpha": ALPHA},
        lambda k, i: k.focal_loss(i.logits, i.target, alpha=0.25, gamma=1.5).sum(1),
    ),
    "focal-ce(ignore_index=2)": (
        "focal-ce",
        {**CLASSES, "ignore_index": 2},
        lambda k, i: k.focal_loss(i.logits, i.target, alpha=None, ignore_index=2).sum(1),
    ),
    "kl": (
        "kl",
        PLANES,
        lambda k, i: k.kl_div_loss_2d(*map(i.probs.new_tensor, (P, Q))),
    ),
    "js": (
        "js",
        PLANES,
        lambda k, i: k.js_div_loss_2d(*map(i.probs.new_tensor, (P, Q))),
    ),
    "charbonnier": ("charbonnier", VALUES, lambda k, i: k.charbonnier_loss(i.pred, i.target)),
    "cauchy": ("cauchy", VALUES, lambda k, i: k.cauchy_loss(i.pred, i.target)),
    "cauchy(c=2)": (
        "cauchy",
        {**VALUES, "c": 2.0},
        lambda k, i: k.cauchy_loss(i.pred / 2, i.target / 2),
    ),
    "welsch": ("welsch", VALUES, lambda k, i: k.welsch_loss(i.pred, i.target)),
    "welsch(c=2)": (
        "welsch",
        {**VALUES, "c": 2.0},
        lambda k, i: k.welsch_loss(i.pred / 2, i.target / 2),
    ),
    "geman-mcclure": (
        "geman-mcclure",
        VALUES,
        lambda k, i: k.geman_mcclure_loss(i.pred, i.target),
    ),
    "geman-mcclure(c=0.5)": (
        "geman-mcclure",
        {**VALUES, "c": 0.5},
        lambda k, i: k.geman_mcclure_loss(i.pred * 2, i.target * 2),
    ),
    "lovasz of a mask(per_image)": (
        "lovasz",
        {"logits": IMAGES[:, 0], "target": LABELS[:, 0], "per_image": True},
        lambda k, i: k.lovasz_hinge_loss(i.logits[:, None], i.target),
    ),
    "lovasz(per_image, classes=all)": (
        "lovasz",
        {**CLASSES, "per_image": True, "classes": "all"},
        lambda k, i: k.lovasz_softmax_loss(i.logits, i.target),
    ),
    "dice(smooth=0), each image with all classes": (
        "dice",
        {**CLASSES, "smooth": 0.0},
        lambda k, i: k.dice_loss(i.logits, i.target, average="macro", eps=0),
    ),
    "dice(smooth=0, absent=skip)": (
        "dice",
        {**ONE_OF_THEM, "smooth": 0.0, "absent": "skip"},
        lambda k, i: k.dice_loss(i.logits, i.target, average="macro", eps=0),
    ),
    "dice(smooth=0, ignore_index=2, absent=skip)": (
        "dice",
        {**CLASSES, "smooth": 0.0, "ignore_index": 2, "absent": "skip"},
        lambda k, i: k.dice_loss(i.logits, i.target, average="macro", ignore_index=2, eps=0),
    ),
    "tversky(alpha=0.3, beta=0.7, smooth=0, absent=skip)": (
        "tversky",
        {**ONE_OF_THEM, "alpha": 0.3, "beta": 0.7, "smooth": 0.0, "absent": "skip"},
        lambda k, i: k.tversky_loss(i.logits, i.target, alpha=0.3, beta=0.7, eps=0),
    ),
    "psnr": (
        "psnr",
        {"pred": IMAGES, "target": LABELS},
        lambda k, i: k.psnr_loss(i.pred, i.target, 1.0),
    ),
    "psnr(data_range=255)": (
        "psnr",
        {"pred": IMAGES, "target": LABELS, "data_range": 255.0},
        lambda k, i: k.psnr_loss(i.pred, i.target, 255.0),
    ),
    "ssim": (
        "ssim",
        {"pred": PHOTO, "target": SECOND},
        lambda k, i: (
            2
            * k.ssim_loss(i.pred, i.target, 11, reduction="none", padding="valid", eps=0).mean(
                (1, 2, 3)
            )
        ),
    ),
}

DIFFERENT = {
    "focal-ce(alpha=0.25)": (
        "focal-ce",
        {"logits": np.zeros((2, 3, 1)), "target": np.array([[0], [1]])},
        lambda k, i: k.focal_loss(i.logits, i.target, alpha=0.25).sum(1).mean(),
        0.4883,
        (0.3662 + 0.1221) / 2,
        "of a single alpha, class 0 gets the rest to 1: losscli takes one for each class",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
