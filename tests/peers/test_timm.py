"""timm: means of batches."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "timm.loss"
TOLERANCE = 1e-5, "timm computes in float32"
if find_spec("timm") is None:
    pytest.skip("timm is not installed", allow_module_level=True)

RNG = np.random.default_rng(8)
N, C = 60, 4
SCORES = RNG.normal(0, 3, (N, C))
INDEX, MIXED = RNG.integers(0, C, N), RNG.dirichlet(np.ones(C), N)
LABELS = RNG.integers(0, 2, (N, C)).astype(float)
SETS = {"logits": SCORES, "target": LABELS}
WEIGHT = np.array([0.3, 1.0, 2.0, 0.7])

CASES = {
    "bce": ("bce", SETS, lambda k, i: k.BinaryCrossEntropy(smoothing=0)(i.logits, i.target)),
    "bce(weight=…, reduction=sum)": (
        "bce",
        {**SETS, "weight": WEIGHT, "reduction": "sum"},
        lambda k, i: k.BinaryCrossEntropy(smoothing=0, weight=i.weight, reduction="sum")(
            i.logits, i.target
        ),
    ),
    "bce(pos_weight=…)": (
        "bce",
        {**SETS, "pos_weight": WEIGHT},
        lambda k, i: k.BinaryCrossEntropy(smoothing=0, pos_weight=i.pos_weight)(i.logits, i.target),
    ),
    "bce(reduction=batchmean)": (
        "bce",
        {**SETS, "reduction": "batchmean"},
        lambda k, i: k.BinaryCrossEntropy(smoothing=0, sum_classes=True)(i.logits, i.target),
    ),
    "asl": ("asl", SETS, lambda k, i: k.AsymmetricLossMultiLabel()(i.logits, i.target)),
    "asl(gamma_neg=2, gamma_pos=0, clip=0, eps=1e-3)": (
        "asl",
        {**SETS, "gamma_neg": 2.0, "gamma_pos": 0.0, "clip": 0.0, "eps": 1e-3},
        lambda k, i: k.AsymmetricLossMultiLabel(gamma_neg=2, gamma_pos=0, clip=0, eps=1e-3)(
            i.logits, i.target
        ),
    ),
    "asl of probabilities": (
        "asl",
        {"probs": 1 / (1 + np.exp(-SCORES)), "target": LABELS},
        lambda k, i: k.AsymmetricLossMultiLabel()(i.probs.logit(), i.target),
    ),
    "asl(clip=0.2, reduction=sum)": (
        "asl",
        {**SETS, "clip": 0.2, "reduction": "sum"},
        lambda k, i: k.AsymmetricLossMultiLabel(clip=0.2, reduction="sum")(i.logits, i.target),
    ),
    "asl(reduction=mean)": (
        "asl",
        {**SETS, "reduction": "mean"},
        lambda k, i: k.AsymmetricLossMultiLabel(reduction="mean")(i.logits, i.target),
    ),
    "zlpr": ("zlpr", SETS, lambda k, i: k.ZlprLoss()(i.logits, i.target)),
    "ce(label_smoothing=0.1)": (
        "ce",
        {"logits": SCORES, "target": INDEX, "label_smoothing": 0.1},
        lambda k, i: k.LabelSmoothingCrossEntropy()(i.logits, i.target),
    ),
    "ce, soft targets": (
        "ce",
        {"logits": SCORES, "target": MIXED},
        lambda k, i: k.SoftTargetCrossEntropy()(i.logits, i.target),
    ),
    "poly1": (
        "poly1",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.PolyCrossEntropy()(i.logits, i.target),
    ),
    "poly1, soft targets(epsilon=-1)": (
        "poly1",
        {"logits": SCORES, "target": MIXED, "epsilon": -1.0},
        lambda k, i: k.PolyCrossEntropy(epsilon=-1)(i.logits, i.target),
    ),
    "focal": (
        "focal",
        {**SETS, "gamma": 1.5, "alpha": 0.25},
        lambda k, i: k.PolyBinaryCrossEntropy(epsilon=0, gamma=1.5, alpha=0.25)(i.logits, i.target),
    ),
}

DIFFERENT = {
    "bce(label_smoothing=0.1)": (
        "bce",
        {"logits": np.array([[2.0, 0, 0]]), "target": np.eye(3)[:1], "label_smoothing": 0.1},
        lambda k, i: k.BinaryCrossEntropy()(i.logits, i.target.argmax(1)),
        (np.log1p(np.exp(-2)) + 0.05 * 2 + 2 * np.log(2)) / 3,
        (np.log1p(np.exp(-2)) + (0.1 - 0.1 / 3) * 2 + 2 * np.log(2)) / 3,
        "timm moves targets towards 1 / C, losscli and Keras towards 1 / 2",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
