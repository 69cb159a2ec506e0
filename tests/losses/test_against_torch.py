"""Every loss is the one of torch.nn.functional: all kinds, options, shapes and reductions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from asked import EXAMPLES
from torch.nn import functional as F

from losscli import evaluate
from losscli.losses import losses

RNG = np.random.default_rng(7)
SHAPES = [(), (1,), (130,), (9, 3), (2, 3, 4, 5)]
GIVEN = {
    "logits": lambda z, axis=None: z,
    "probs": lambda z, axis=None: z.sigmoid() if axis is None else z.softmax(axis),
    "log_probs": lambda z, axis=None: F.logsigmoid(z) if axis is None else z.log_softmax(axis),
}


def normal(shape):
    return torch.from_numpy(np.asarray(RNG.normal(0, 2, shape)))


def shares(shape):
    return torch.from_numpy(np.asarray(RNG.random(shape)))


def labels(shape):
    return shares(shape).round()


def distribution(shape, axis=1):
    return normal(shape).softmax(axis)


def agree(name, kind, prediction, target, reference, options, reductions=("mean", "sum", "none")):
    """Each reduction is torch's, in double and in single precision."""
    for reduction in (*reductions, "batchmean"):
        for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 2e-6)):
            given = prediction.to(dtype)
            soft = target.to(dtype) if target.is_floating_point() else target
            if reduction == "batchmean" and "batchmean" not in reductions:
                whole = reference(given.double(), target, "sum")
                wanted = whole / (len(given) if given.ndim else 1)
            else:
                wanted = reference(given.double(), target, reduction)
            result = evaluate(
                name, **{kind: given}, target=soft, reduction=reduction, ignore=[], **options
            )
            found = torch.tensor(
                result.elements if reduction == "none" else result.value, dtype=torch.float64
            )
            torch.testing.assert_close(found, wanted.double(), rtol=tolerance, atol=tolerance)
            assert found.shape == wanted.shape
            assert result.signature.split("|")[-3] == str(dtype).partition(".")[2]


def weights(shape):
    return torch.from_numpy(np.asarray(RNG.uniform(0.2, 3, shape)))


BCE = {
    "weight=2.5": {"weight": torch.tensor(2.5)},
    "pos_weight=3": {"pos_weight": torch.tensor(3.0)},
    "label_smoothing=0.2": {"label_smoothing": 0.2},
    "weight, pos_weight, label_smoothing": {
        "weight": torch.tensor(0.5),
        "pos_weight": torch.tensor(2.0),
        "label_smoothing": 0.1,
    },
    "": {},
}


def bce(kind, options, given=None):
    """Binary cross-entropy; torch knows pos_weight for logits and smoothing not at all."""
    smoothing = options.get("label_smoothing", 0.0)
    rest = {key: value for key, value in options.items() if key != "label_smoothing"}

    def reference(prediction, target, reduction):
        if kind == "log_probs":  # the logit of p, from ln p
            prediction = prediction - torch.log(-torch.expm1(prediction))
        elif kind == "probs" and "pos_weight" not in rest:
            target = target * (1 - smoothing) + smoothing / 2
            return F.binary_cross_entropy(prediction, target, reduction=reduction, **rest)
        elif kind == "probs":
            prediction = prediction.logit()
        target = target * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(prediction, target, reduction=reduction, **rest)

    return reference


@pytest.mark.parametrize("options", BCE, ids=lambda options: f"bce({options})")
@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bce(shape, kind, options):
    # Float32 probabilities near 1 have lost what the log of the other side needs.
    z = normal(shape).clamp(-3, 3)
    for target in (labels(shape), shares(shape)):
        agree("bce", kind, GIVEN[kind](z), target, bce(kind, BCE[options]), BCE[options])


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("shape", [(3,), (5, 3), (1, 3), (5, 1), (1, 1), (7, 5, 3), (7, 1, 3)])
def test_bce_with_arrays_of_weights(shape, kind):
    """They broadcast as in torch, or go along with the rows."""
    z = normal((7, 5, 3)).clamp(-3, 3)
    for name in ("weight", "pos_weight"):
        options = {name: weights(shape)}
        agree("bce", kind, GIVEN[kind](z), labels(z.shape), bce(kind, options), options)


REGRESSION = {
    "mse()": ("mse", {}, F.mse_loss),
    "mae()": ("mae", {}, F.l1_loss),
    "smooth_l1()": ("smooth-l1", {}, F.smooth_l1_loss),
    "smooth_l1(beta=0.3)": ("smooth-l1", {"beta": 0.3}, F.smooth_l1_loss),
    "smooth_l1(beta=0)": ("smooth-l1", {"beta": 0.0}, F.smooth_l1_loss),
    "huber()": ("huber", {}, F.huber_loss),
    "huber(delta=0.3)": ("huber", {"delta": 0.3}, F.huber_loss),
}


@pytest.mark.parametrize("case", REGRESSION)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_regression(shape, case):
    name, options, function = REGRESSION[case]

    def reference(prediction, target, reduction):
        target = target.to(torch.float32 if prediction.dtype == torch.float32 else torch.float64)
        return function(prediction, target, reduction=reduction, **options)

    agree(name, "pred", normal(shape), normal(shape), reference, options)


def margins(name):
    """The losses of ±1 labels, as their papers have them: torch has soft-margin only."""

    def reference(scores, target, reduction, margin=1.0):
        if name == "soft-margin":
            return F.soft_margin_loss(scores, target, reduction=reduction)
        found = torch.relu(margin - target * scores) ** (2 if name == "squared-hinge" else 1)
        return {"none": found, "sum": found.sum(), "mean": found.mean()}[reduction]

    return reference


@pytest.mark.parametrize("name", ["soft-margin", "hinge", "squared-hinge"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_margins(shape, name):
    signs = 2 * labels(shape) - 1
    agree(name, "logits", normal(shape), signs, margins(name), {})
    if name != "soft-margin":
        for margin in (0.0, 0.4, 3.0):
            agree(
                name,
                "logits",
                normal(shape),
                signs,
                lambda *args, margin=margin: margins(name)(*args, margin=margin),
                {"margin": margin},
            )


def torchvision_focal(gamma, alpha, kind):
    """torchvision.ops.sigmoid_focal_loss, word by word; alpha None is its -1."""

    def reference(inputs, targets, reduction):
        p = torch.sigmoid(inputs) if kind == "logits" else inputs
        if kind == "logits":
            ce = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
        else:
            ce = F.binary_cross_entropy(inputs, targets, reduction="none")
        p_t = p * targets + (1 - p) * (1 - targets)
        loss = ce * ((1 - p_t) ** gamma)
        if alpha is not None:
            loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
        return {"none": loss, "sum": loss.sum(), "mean": loss.mean()}[reduction]

    return reference


@pytest.mark.parametrize(
    ("gamma", "alpha"),
    [(2.0, None), (2.0, 0.25), (0.0, None), (0.5, 0.9), (5.0, 0.0)],
    ids=str,
)
@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_focal(shape, kind, gamma, alpha):
    options = {"gamma": gamma} if alpha is None else {"gamma": gamma, "alpha": alpha}
    for target in (labels(shape), shares(shape)):
        given = GIVEN[kind](normal(shape).clamp(-3, 3))
        agree("focal", kind, given, target, torchvision_focal(gamma, alpha, kind), options)


@pytest.mark.parametrize("shape", [(1, 3), (9, 3), (9, 1), (5, 4, 2)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_multilabel_soft_margin(shape, weighted):
    weight = weights(shape[-1]) if weighted else None

    def reference(prediction, target, reduction):
        return F.multilabel_soft_margin_loss(prediction, target, weight, reduction=reduction)

    options = {"weight": weight} if weighted else {}
    agree("multilabel-soft-margin", "logits", normal(shape), labels(shape), reference, options)


CHOICES = {
    *("perceptron", "brier", "asl", "multilabel-margin", "zlpr", "multi-margin"),
    *("multiclass-hinge", "categorical-hinge", "focal-ce", "poly1", "gce", "js"),
}
"""What test_choices compares, with torch or with others."""


AMOUNTS = ("regression", "probabilistic")
"""Families whose other losses test_amounts compares."""


def test_every_loss_is_compared():
    """Here or, the losses of a choice among classes, in test_classes_against_torch."""
    here = {"bce", "focal", "multilabel-soft-margin", "soft-margin", "hinge", "squared-hinge"}
    here |= {name for name, _, _ in REGRESSION.values()}
    here |= {name for name, one in losses.items() if one.family in AMOUNTS}
    assert here | CHOICES | {"ce", "nll", "kl", "zero-one"} | {*EXAMPLES} == set(losses)


@pytest.mark.parametrize(
    ("name", "kind", "prediction", "target", "dtype"),
    [
        ("mse", "pred", "float32", "float32", "float32"),
        ("mse", "pred", "float32", "float64", "float64"),
        ("mse", "pred", "float64", "float32", "float64"),
        ("mse", "pred", "float16", "float16", "float32"),
        ("mse", "pred", "float32", "int64", "float64"),
        ("mse", "pred", "int32", "float32", "float64"),
        ("bce", "logits", "float32", "float64", "float32"),
        ("bce", "logits", "float16", "int64", "float32"),
        ("bce", "logits", "int8", "int64", "float64"),
        ("ce", "logits", "float32", "int64", "float32"),
        ("kl", "probs", "float32", "float64", "float64"),
    ],
)
def test_dtype_auto(name, kind, prediction, target, dtype):
    """The widest float of predictions and real-valued targets; labels and weights do not count."""
    shape = (4, 1) if name in ("ce", "kl") else (4,)
    given = {
        kind: np.ones(shape, prediction),
        "target": np.ones(shape if name == "kl" else (4,), target) * (name != "ce"),
        "sample_weight": np.ones(4, "float64"),
    }
    result = evaluate(name, **given)
    assert result.elements.dtype == dtype
    assert f"|{dtype}|" in result.signature
