"""Margins between the score of the true class and those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from losscli.lazy import Tensor, np, torch
from losscli.losses.limits import minus, times
from losscli.options import Bound, PerClass
from losscli.registry import loss
from losscli.roles import ScoredClasses, ScoredClassIndex
from losscli.roles.classes import frequencies

if TYPE_CHECKING:
    from losscli.stats import Totals

Power = Annotated[int, Bound(">=", 1), Bound("<=", 2)]


@loss(
    ScoredClassIndex,
    reference="torch.nn.functional.multi_margin_loss",
    aliases=("MultiMarginLoss", "weston-watkins"),
)
def multi_margin(
    logits: Tensor,
    target: Tensor,
    *,
    p: Power = 1,
    margin: float = 1.0,
    weight: PerClass = 1.0,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Hinge of the true class against each other one, averaged over all classes.

    loss = weight_y · sum over i ≠ y of max(0, margin - (score_y - score_i))^p / C.

    Args:
        p: The power of each hinge.
        margin: How much higher the true score has to be.
        weight: Factor of each class.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Scores (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes.

    Elsewhere:
        Which classes count: of the scores -1, -2, -3 with class 1, the sum over all others divided
        by C; the worst of the others (Crammer and Singer); and that of Keras.

        >>> scores, y = torch.tensor([[-1.0, -2.0, -3.0]]), torch.tensor([1])
        >>> multi_margin(scores, y)  # PyTorch, losscli
        tensor([0.6667])
        >>> multiclass_hinge(scores, y)  # optax, scikit-learn
        tensor([2.])
        >>> categorical_hinge(scores, y)  # Keras
        tensor([3.])

    Related:
        multiclass-hinge: against the best of the others alone.
        multilabel-margin: of several labels.
        hinge: of two classes, by one score.

    Reference:
        torch.nn.functional.multi_margin_loss; Weston and Watkins, 1999.

    Example:
        >>> multi_margin(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3]))
        tensor([0.3250])
    """
    counted, true = _true(target, ignore_index)
    short = _short(logits, true, margin).clamp(min=0)
    found = (short if p == 1 else short.square()).sum(1) / logits.shape[1]
    found = found if isinstance(weight, float) else times(weight[true[:, 0]], found)
    return torch.where(counted, found, 0.0)


@multi_margin.guessed("equal scores")
def _(totals: Totals, *, p: int, margin: float, weight: PerClass, **_: Any) -> float | None:
    """That of scores that are all equal: the margin to each other class."""
    shares = frequencies(totals)
    if shares is None:
        return None
    weights = np.broadcast_to(np.asarray(weight, np.float64), len(shares))
    others = (len(shares) - 1) / len(shares)
    return float(others * max(margin, 0.0) ** p * (weights * shares).sum())


@loss(
    ScoredClassIndex,
    reference="optax.losses.multiclass_hinge_loss, sklearn.metrics.hinge_loss",
    aliases=("multiclass-hinge-loss", "crammer-singer", "cs-hinge"),
    differs={"multiclass_perceptron_loss": "the margin is 1; that of the perceptron is --margin 0"},
)
def multiclass_hinge(
    logits: Tensor,
    target: Tensor,
    *,
    margin: float = 1.0,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Hinge of the true class against the best of the others: Crammer and Singer's.

    loss = max(0, margin - (score_y - highest score of the others)). With a margin of 0 it is the
    loss of the perceptron of several classes.

    Args:
        margin: How much higher the true score has to be.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Scores (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes.

    Elsewhere:
        Of the same scores, PyTorch's multi_margin_loss averages over all classes, and Keras
        compares with 0 too. torchmetrics takes a softmax first.

        >>> scores, y = torch.tensor([[-1.0, -2.0, -3.0]]), torch.tensor([1])
        >>> multi_margin(scores, y)  # PyTorch
        tensor([0.6667])
        >>> categorical_hinge(scores, y)  # Keras
        tensor([3.])

    Related:
        multi-margin: against each of the others.
        categorical-hinge: against the best of the others, and 0.
        perceptron: with a margin of 0, for two classes.

    Reference:
        optax.losses.multiclass_hinge_loss, sklearn.metrics.hinge_loss; Crammer and Singer, 2001.

    Example:
        >>> multiclass_hinge(torch.tensor([[-1.0, -2.0, -3.0]]), torch.tensor([1]))
        tensor([2.])
    """
    counted, true = _true(target, ignore_index)
    found = _short(logits, true, margin).amax(1).clamp(min=0)
    return torch.where(counted, found, 0.0)


@multiclass_hinge.guessed("the best scores")
def _(totals: Totals, *, margin: float, **_: Any) -> float | None:
    """That of equal scores, or of the most frequent class before all others by the margin."""
    shares = frequencies(totals)
    return None if shares is None else max(margin, 0.0) * min(1.0, 2 * (1 - max(shares)))


@loss(ScoredClasses, reference="keras.losses.categorical_hinge")
def categorical_hinge(
    logits: Tensor,
    target: Tensor,
    *,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Hinge of the true class against the best of the others and 0: that of Keras.

    loss = max(0, 1 - score_y + max(0, highest score of the others)). Where a score above 0 leads
    the others, it is multiclass-hinge; else the true score has to be above 1. From a probability
    for each class, score_y = sum of y · score, and the others are (1 - y) · score.

    Args:
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Scores (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes, or of
        the scores' own shape.

    Related:
        multiclass-hinge: the same without the 0, for scores that are all below it.

    Reference:
        keras.losses.categorical_hinge.

    Example:
        >>> categorical_hinge(torch.tensor([[-1.0, -2.0, -3.0]]), torch.tensor([1]))
        tensor([3.])
    """
    if target.is_floating_point():
        own, others = times(target, logits).sum(1), times(1 - target, logits).amax(1)
        return (1 - minus(own, others)).clamp(min=0)
    counted, true = _true(target, ignore_index)
    others = logits.scatter(1, true, 0.0).amax(1)
    found = (1 - minus(logits.gather(1, true)[:, 0], others)).clamp(min=0)
    return torch.where(counted, found, 0.0)


@categorical_hinge.guessed("the best scores")
def _(totals: Totals, **_: Any) -> float | None:
    """That of equal scores, or of the most frequent class before all others; of class indices."""
    shares = None if "masses" in totals else frequencies(totals)
    return None if shares is None else min(1.0, 2 * (1 - max(shares)))


def _true(target: Tensor, ignored: int) -> tuple[Tensor, Tensor]:
    """Which targets count, and all of them with an axis of classes, where those are class 0."""
    counted = target != ignored
    return counted, torch.where(counted, target, 0).unsqueeze(1)


def _short(scores: Tensor, true: Tensor, margin: float) -> Tensor:
    """By how much the true score misses its margin to each other one; 0 to itself."""
    return (margin - minus(scores.gather(1, true), scores)).scatter(1, true, 0.0)
