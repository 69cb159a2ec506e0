"""Losses of one score, or of several independent ones, for each row."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor, torch
from losscli.losses.limits import entropy, times
from losscli.options import Array, Fraction, NonNegative
from losscli.registry import loss
from losscli.roles import Binary, Labels, MultiLabel, PlusMinus
from losscli.roles.base import number, ratio

if TYPE_CHECKING:
    from losscli.stats import Totals

FLOOR = -100.0
"""Logarithms of probabilities are clamped here, as torch.nn.BCELoss does."""

LINEAR = 50
"""From here on ln(1 + exp(x)) is x in every dtype; exp(x) would leave float32 at 88."""


@loss(
    Binary,
    unit="nats",
    reference="torch.nn.functional.binary_cross_entropy_with_logits, .binary_cross_entropy",
    aliases=(
        "binary-cross-entropy",
        "binary_cross_entropy_with_logits",
        "binary_crossentropy",
        "bce-with-logits",
        "bce-logits",
        "BCEWithLogitsLoss",
        "BCELoss",
        "sigmoid-ce",
        "binary-logloss",
    ),
)
def bce(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Array = 1.0,
    pos_weight: Array = 1.0,
    label_smoothing: Fraction = 0.0,
) -> Tensor:
    """Binary cross-entropy: of one yes or no for each score.

    With p = sigmoid(logit):  loss = -weight · (pos_weight · y · ln p + (1 - y) · ln(1 - p)).
    Targets are 0, 1, or any probability between. From probabilities, each logarithm is clamped
    at -100, as PyTorch does. The mean divides by the number of elements, whatever the weights.

    Args:
        weight: Factor of each element's loss; broadcast, as in PyTorch.
        pos_weight: Factor of the positive part: one number, or one for each column.
        label_smoothing: Moves targets towards 1/2: y(1 - s) + s/2.

    Shape:
        Any; the target's is the same.

    Reference:
        torch.nn.functional.binary_cross_entropy_with_logits; Good, "Rational Decisions", 1952.

    Example:
        >>> bce(torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0]))
        tensor([0.1269, 0.3133])
    """
    target = _smooth(target, label_smoothing)
    if not (target * (1 - target)).sum():  # of what is never negative: all are 0 or 1
        # One kernel is enough, and unlike PyTorch's (1 - y) x - ln p nothing cancels in it.
        found = F.softplus(logits * torch.rsub(target, 1, alpha=2), threshold=LINEAR)
        heavier = times(pos_weight, found)
        if heavier is not found:
            found = torch.where(target > 0.5, heavier, found)
        return times(weight, found)
    yes, no = F.logsigmoid(logits), F.logsigmoid(-logits)
    return _both(target, yes, no, weight, pos_weight)


@bce.given("probs")
def _(
    probs: Tensor, target: Tensor, *, weight: Array, pos_weight: Array, label_smoothing: Fraction
) -> Tensor:
    target = _smooth(target, label_smoothing)
    yes, no = probs.log().clamp(min=FLOOR), (-probs).log1p().clamp(min=FLOOR)
    return _both(target, yes, no, weight, pos_weight)


@bce.given("log_probs")
def _(
    log_probs: Tensor,
    target: Tensor,
    *,
    weight: Array,
    pos_weight: Array,
    label_smoothing: Fraction,
) -> Tensor:
    target = _smooth(target, label_smoothing)
    yes = log_probs.clamp(max=0)
    # ln(1 - p): from expm1 while p is near 1, from log1p while it is small (Mächler, 2012).
    no = torch.where(yes > -0.6931472, (-yes.expm1()).log(), (-yes.exp()).log1p())
    return _both(target, yes, no, weight, pos_weight)


@bce.guessed
def _(totals: Totals, *, weight: Array, pos_weight: Array, label_smoothing: float) -> float | None:
    """The entropy of the mean target: that of always naming the base rate."""
    if not (isinstance(weight, float) and isinstance(pos_weight, float)):
        return None
    if weight != 1 or pos_weight != 1:
        return None
    count = sum(number(totals[name]) for name in ("tp", "fp", "fn", "tn"))
    mean = ratio(totals["y"].value, count) * (1 - label_smoothing) + label_smoothing / 2
    return entropy([mean, 1 - mean]) if 0 <= mean <= 1 else None


def _both(
    target: Tensor, yes: Tensor, no: Tensor, weight: Tensor | float, pos_weight: Tensor | float
) -> Tensor:
    """The cross-entropy of both sides, from their logarithms."""
    return -times(weight, times(pos_weight, times(target, yes)) + times(1 - target, no))


def _smooth(target: Tensor, amount: float) -> Tensor:
    return target * (1 - amount) + amount / 2 if amount else target


@loss(
    Binary,
    unit="nats",
    reference="torchvision.ops.sigmoid_focal_loss (alpha off: -1)",
    aliases=(
        "focal-loss",
        "binary-focal",
        "sigmoid-focal",
        "sigmoid_focal_loss",
        "binary_focal_crossentropy",
    ),
)
def focal(
    logits: Tensor, target: Tensor, *, gamma: NonNegative = 2.0, alpha: Fraction | None = None
) -> Tensor:
    """Binary cross-entropy that counts well-classified elements less.

    With p_t the probability of the true side:  loss = a_t · (1 - p_t)^gamma · bce. Soft targets
    mix both sides, as in torchvision. With gamma 0 it is bce.

    Args:
        gamma: How much easy elements are discounted.
        alpha: Weight of the positive class, the negative one has 1 - alpha (RetinaNet: 0.25).

    Shape:
        Any; the target's is the same.

    Reference:
        torchvision.ops.sigmoid_focal_loss; Lin et al., arXiv:1708.02002.

    Example:
        >>> focal(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 1.0]))
        tensor([0.1733, 0.0018])
    """
    cross = bce(logits, target)
    # 1 - p_t, without the cancellation of 1 - (p y + (1 - p)(1 - y)).
    missed = torch.sigmoid(-logits) * target + torch.sigmoid(logits) * (1 - target)
    return _sided(times(missed**gamma, cross), target, alpha)


@focal.given("probs")
def _(probs: Tensor, target: Tensor, *, gamma: NonNegative, alpha: Fraction | None) -> Tensor:
    cross = -(
        target * probs.log().clamp(min=FLOOR) + (1 - target) * (-probs).log1p().clamp(min=FLOOR)
    )
    missed = (1 - probs) * target + probs * (1 - target)
    return _sided(missed**gamma * cross, target, alpha)


def _sided(found: Tensor, target: Tensor, alpha: float | None) -> Tensor:
    return found if alpha is None else times(alpha * target + (1 - alpha) * (1 - target), found)


@loss(PlusMinus, reference="keras.losses.hinge", aliases=("hinge-loss", "svm", "binary-hinge"))
def hinge(logits: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    """Hinge of the support vector machine: how far a score is from the right side of the margin.

    loss = max(0, margin - y · score), for labels y of -1 and +1; 0 and 1 are read as -1 and +1.

    Args:
        margin: The score from which on nothing is lost.

    Shape:
        Any; the target's is the same.

    Reference:
        keras.losses.hinge, sklearn.metrics.hinge_loss; Cortes and Vapnik, 1995.

    Example:
        >>> hinge(torch.tensor([0.3, -2.0]), torch.tensor([1.0, -1.0]))
        tensor([0.7000, 0.0000])
    """
    return (margin - target * logits).clamp(min=0)


@loss(PlusMinus, reference="keras.losses.squared_hinge", aliases=("sq-hinge", "l2-svm"))
def squared_hinge(logits: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    """Squared hinge: smooth at the margin, harder on what is far beyond it.

    loss = max(0, margin - y · score)², for labels y of -1 and +1; 0 and 1 are read as -1 and +1.

    Args:
        margin: The score from which on nothing is lost.

    Shape:
        Any; the target's is the same.

    Reference:
        keras.losses.squared_hinge; Tang, arXiv:1306.0239.

    Example:
        >>> squared_hinge(torch.tensor([0.5, -2.0]), torch.tensor([1.0, -1.0]))
        tensor([0.2500, 0.0000])
    """
    return (margin - target * logits).clamp(min=0).square()


@loss(
    PlusMinus,
    unit="nats",
    reference="torch.nn.functional.soft_margin_loss",
    aliases=("logistic", "logistic-loss", "SoftMarginLoss"),
)
def soft_margin(logits: Tensor, target: Tensor) -> Tensor:
    """Logistic loss of labels -1 and +1: bce under another convention.

    loss = ln(1 + exp(-y · score)); 0 and 1 are read as -1 and +1. PyTorch's own kernel overflows
    in float32 where y · score is below -88; here it does not.

    Shape:
        Any; the target's is the same.

    Reference:
        torch.nn.functional.soft_margin_loss; Friedman, Hastie and Tibshirani, 2000.

    Example:
        >>> soft_margin(torch.tensor([2.0, 200.0]), torch.tensor([1.0, -1.0]))
        tensor([1.2693e-01, 2.0000e+02])
    """
    return F.softplus(-target * logits, threshold=LINEAR)


@loss(
    Labels,
    reference="sklearn.metrics.zero_one_loss, .hamming_loss",
    aliases=("01", "error-rate", "misclassification", "hamming", "hamming-loss"),
)
def zero_one(
    logits: Tensor,
    target: Tensor,
    *,
    threshold: float | None = None,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Zero-one loss: 1 for a wrong decision, 0 for a right one.

    With scores for each class the decision is their argmax, ties to the first; with one score for
    each target it is whether the score is above the threshold; --pred is the decision itself.
    The mean is the error rate, 1 - accuracy; for multi-label targets the Hamming loss.

    Args:
        threshold: Of binary scores: 0 for logits and 0.5 for probabilities if not given.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Scores (N, C) or (N, C, d1, …) with targets (N) or (N, d1, …); or any, and the same.

    Reference:
        sklearn.metrics.zero_one_loss, sklearn.metrics.hamming_loss.

    Example:
        >>> zero_one(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1]))
        tensor([0., 1.])
    """
    return _missed(logits, target, 0.0 if threshold is None else threshold, ignore_index)


@zero_one.given("probs")
def _(
    probs: Tensor,
    target: Tensor,
    *,
    threshold: float | None,
    ignore_index: int,
    class_axis: int | None,
) -> Tensor:
    return _missed(probs, target, 0.5 if threshold is None else threshold, ignore_index)


@zero_one.given("pred")
def _(
    pred: Tensor,
    target: Tensor,
    *,
    threshold: float | None,
    ignore_index: int,
    class_axis: int | None,
) -> Tensor:
    return torch.where(pred.isnan() | target.isnan(), nan, (pred != target).to(pred.dtype))


def _missed(scores: Tensor, target: Tensor, cut: float, ignored: int) -> Tensor:
    if scores.ndim > target.ndim:
        missed = (scores.argmax(1) != target) & (target != ignored)
        return torch.where(scores.isnan().any(1), nan, missed.to(scores.dtype))
    missed = (scores > cut) != (target > 0.5)
    return torch.where(scores.isnan() | target.isnan(), nan, missed.to(scores.dtype))


@loss(
    MultiLabel,
    unit="nats",
    reference="torch.nn.functional.multilabel_soft_margin_loss",
    aliases=("mlsm", "MultiLabelSoftMarginLoss"),
)
def multilabel_soft_margin(logits: Tensor, target: Tensor, *, weight: Array = 1.0) -> Tensor:
    """Mean of bce over the labels of each row.

    loss = mean over c of weight_c · bce(logit_c, y_c): one loss for each row.

    Args:
        weight: Factor of each label's loss.

    Shape:
        Logits and targets (N, C), or more axes before the last; losses without the last axis.

    Reference:
        torch.nn.functional.multilabel_soft_margin_loss.

    Example:
        >>> multilabel_soft_margin(torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([0.2201])
    """
    return bce(logits, target, weight=weight).mean(-1)
