"""How right an answer is: whether it is, and how far its probabilities are from what came."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from losscli.lazy import Tensor, torch
from losscli.losses.limits import log_softmax
from losscli.registry import loss
from losscli.roles import Labels, Outcomes
from losscli.roles.base import number, ratio
from losscli.roles.binary import balance
from losscli.roles.classes import frequencies

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Outcomes,
    skill="d2_brier",
    reference="sklearn.metrics.brier_score_loss",
    aliases=("brier-score", "brier_score_loss", "quadratic-score"),
)
def brier(
    logits: Tensor,
    target: Tensor,
    *,
    scale_by_half: bool | None = None,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Brier score: the squared error of probabilities.

    loss = sum over c of (p_c - y_c)², with y one-hot or soft; half of it for two classes, which is
    (p - y)² of a single probability. A row has several probabilities, or a single one: (N, C) or
    (N). Targets are class indices, a probability for each class, or 0 and 1.

    Args:
        scale_by_half: Halves the sum, so that no loss is above 1. If not given, for two classes
            and for a single probability only, as sklearn does.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Scores (N, C) or (N, C, d1, …) with targets (N), (N, d1, …) or of the same shape; or (N)
        and (N). Of one shape with an axis of classes, the target holds class probabilities.

    Elsewhere:
        Two columns are halved, three are not, as in scikit-learn: of 0.8 for the true one of two
        classes, and of 0.7, 0.2 and 0.1 where the first of three is true.

        >>> round(((0.8 - 1) ** 2 + 0.2**2) / 2, 4)  # scikit-learn, losscli
        0.04
        >>> round((0.7 - 1) ** 2 + 0.2**2 + 0.1**2, 4)  # scikit-learn, losscli
        0.14

    Related:
        bce: the logarithmic score of the same probabilities, which certain mistakes make infinite.
        ce: the same for several classes.
        mse: of a single probability, brier is its mse.

    Reference:
        sklearn.metrics.brier_score_loss; Brier, 1950.

    Example:
        >>> brier(torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0]))
        tensor([0.0142, 0.0723])
    """
    if _single(logits, target, class_axis):
        # p - y, without the cancellation of a p next to 1.
        gap = torch.sigmoid(logits) * (1 - target) - torch.sigmoid(-logits) * target
        return gap.square() * (2 if scale_by_half is False else 1)
    return _squared(log_softmax(logits, 1).exp(), target, scale_by_half, ignore_index)


@brier.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    scale_by_half: bool | None,
    ignore_index: int,
    class_axis: int | None,
) -> Tensor:
    if _single(probs, target, class_axis):
        return (probs - target).square() * (2 if scale_by_half is False else 1)
    return _squared(probs, target, scale_by_half, ignore_index)


def _single(scores: Tensor, target: Tensor, class_axis: int | None) -> bool:
    """Whether there is a single probability for each target, as :class:`Outcomes` reads it."""
    return class_axis is None and scores.ndim == target.ndim and scores.shape[1:2].numel() == 1


def _squared(probs: Tensor, target: Tensor, half: bool | None, ignored: int) -> Tensor:
    """The score of probabilities with the classes on axis 1."""
    if target.ndim < probs.ndim:
        counted = (target != ignored).unsqueeze(1)
        true = torch.where(counted, target.unsqueeze(1), 0)
        gaps = probs.scatter_add(1, true, -torch.ones_like(probs[:, :1])) * counted
    else:
        gaps = probs - target
    halved = probs.shape[1] == 2 if half is None else half
    return gaps.square().sum(1) * (0.5 if halved else 1.0)


@brier.guessed("the base rate")
def _(
    totals: Totals, *, scale_by_half: bool | None, ignore_index: int, class_axis: int | None
) -> float | None:
    """That of always naming the base rate, or the class frequencies: the variance of targets."""
    if "tp" in totals:
        count = sum(number(totals[name]) for name in ("tp", "fp", "fn", "tn"))
        means, halved = [ratio(totals["y"].value, count)], scale_by_half is not False
    elif "masses" in totals or "classes" in totals:
        masses, count = (
            totals["masses" if "masses" in totals else "classes"],
            number(totals["count"]),
        )
        means = [ratio(number(one), count) for one in masses.tolist()]
        halved = len(means) == 2 if scale_by_half is None else scale_by_half
    else:
        return None
    squares = ratio(totals["squares"].value, count) if "squares" in totals else sum(means)
    found = squares - sum(mean**2 for mean in means)
    if not (count > 0 and min(means) >= 0 and found >= 0):
        return None
    return found * (2 if "tp" in totals else 1) / (2 if halved else 1)


@loss(
    Labels,
    reference="sklearn.metrics.zero_one_loss, .hamming_loss",
    aliases=(
        "01",
        "zero-one-loss",
        "error",
        "error-rate",
        "misclassification",
        "hamming",
        "hamming-loss",
    ),
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

    loss = 1 where the decision is not the target, else 0.

    With scores for each class the decision is their argmax, ties to the first; with one score for
    each target it is whether the score is above the threshold; --pred is the decision itself.
    The mean is the error rate, 1 - accuracy; for multi-label targets the Hamming loss.

    Args:
        threshold: Of binary scores: 0 for logits and 0.5 for probabilities if not given.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Scores (N, C) or (N, C, d1, …) with targets (N) or (N, d1, …); or any, and the same.

    Elsewhere:
        Multi-label targets, of which one of two labels is right: the share of wrong labels is
        scikit-learn's hamming_loss; its zero_one_loss counts whole rows.

        >>> zero_one(torch.tensor([[2.0, 2.0]]), torch.tensor([[1.0, 0.0]])).mean()  # losscli
        tensor(0.5000)
        >>> float([1, 1] != [1, 0])  # scikit-learn's zero_one_loss
        1.0

    Related:
        bce: a smooth loss of binary decisions.
        ce: a smooth loss of a choice among classes.

    Reference:
        sklearn.metrics.zero_one_loss, sklearn.metrics.hamming_loss.

    Example:
        >>> zero_one(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1]))
        tensor([0., 1.])
    """
    return _missed(logits, target, 0.0 if threshold is None else threshold, ignore_index)


@zero_one.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    threshold: float | None,
    ignore_index: int,
    class_axis: int | None,
) -> Tensor:
    return _missed(probs, target, 0.5 if threshold is None else threshold, ignore_index)


@zero_one.given
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


@zero_one.guessed("the base rate")
def _(
    totals: Totals, *, threshold: float | None, ignore_index: int, class_axis: int | None
) -> float | None:
    """That of always naming the more frequent label, or the most frequent class."""
    if "tp" in totals:
        share = balance(totals)
        return None if share is None else min(share, 1 - share)
    shares = frequencies(totals)
    return None if shares is None else 1 - max(shares)
