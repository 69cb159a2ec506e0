"""Losses of how much two masks share, to which what is missing counts otherwise than the rest."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, torch
from losscli.losses.segmentation.constant import constant
from losscli.losses.segmentation.overlap import Overlap, part, reduced, squashed, sums
from losscli.options import Absent, NonNegative, Over
from losscli.registry import Pooled, Terms, loss
from losscli.roles import AllImages, Masks

if TYPE_CHECKING:
    from losscli.losses.segmentation.overlap import Missed
    from losscli.stats import Totals


@loss(
    Masks,
    reference="monai.losses.TverskyLoss",
    aliases=("tversky-loss",),
)
def tversky(
    logits: Tensor,
    target: Tensor,
    *,
    alpha: NonNegative = 0.5,
    beta: NonNegative = 0.5,
    smooth: NonNegative = 1e-5,
    reduce_over: Over = "image",
    absent: Absent = "keep",
    include_background: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor | Terms | Pooled:
    """Tversky: dice in which false positives and false negatives have weights of their own.

    loss = 1 - (I + smooth) / (I + alpha · FP + beta · FN + smooth), with the sums of dice, false
    positives FP = P - I and false negatives FN = T - I. Halves make it dice, ones jaccard.

    Args:
        alpha: Weight of false positives.
        beta: Weight of false negatives.
        smooth: Added above and below the line.
        reduce_over: "image" for a loss of each class in each image, "batch" for one of each class
            in all images, as in segmentation-models-pytorch.
        absent: What becomes of classes without a true pixel: "keep" them as they are, "skip" them
            in the mean, or count them as "zero", as in segmentation-models-pytorch.
        include_background: Class 0 counts as well.
        ignore_index: Pixels with this target do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        As those of dice.

    Mean:
        Divides by the number of losses; with --absent skip by that of those that have a true pixel.

    Elsewhere:
        One true positive, two false positives and a false negative, alpha 0.3 and beta 0.7: Keras
        3.15 has both the other way round.

        >>> round(1 - 1 / (1 + 0.3 * 2 + 0.7 * 1), 4)  # MONAI, losscli
        0.5652
        >>> round(1 - 1 / (1 + 0.7 * 2 + 0.3 * 1), 4)  # Keras 3.15
        0.6296

    Related:
        dice: the same where both weights are 0.5, and its smooth is twice as large.
        focal-tversky: a power of its mean.

    Reference:
        monai.losses.TverskyLoss; segmentation_models_pytorch.losses.TverskyLoss (batch, zero);
        Salehi et al., arXiv:1706.05721.

    Example:
        >>> target = torch.tensor([[[[1.0, 1.0], [0.0, 1.0]]]])
        >>> tversky(torch.zeros(1, 1, 2, 2), target, alpha=0.3, beta=0.7)
        tensor([[0.4444]])
    """
    found = sums(squashed(logits), target, include_background)
    missed = _tversky(alpha, beta, smooth)
    return reduced(found, missed, logits, over=reduce_over, absent=absent)


@tversky.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    alpha: float,
    beta: float,
    smooth: float,
    reduce_over: str,
    absent: str,
    include_background: bool,
    **_: Any,
) -> Tensor | Terms | Pooled:
    found = sums(probs, target, include_background)
    return reduced(found, _tversky(alpha, beta, smooth), probs, over=reduce_over, absent=absent)


def _tversky(alpha: float, beta: float, smooth: float) -> Missed:
    def missed(found: Overlap) -> Tensor:
        wrong = alpha * (found.predicted - found.both) + beta * (found.true - found.both)
        return 1 - part(found.both + smooth, found.both + wrong + smooth)

    return missed


@tversky.guessed("a constant mask")
def _(
    totals: Totals,
    *,
    alpha: float,
    beta: float,
    smooth: float,
    absent: str,
    include_background: bool,
    reduce_over: str,
    **_: Any,
) -> float | None:
    """That of the best of the masks that are full of one class, empty, or the share of each."""
    missed = _tversky(alpha, beta, smooth)
    return constant(totals, missed, reduce_over, absent, include_background)


def power(mean: Tensor, gamma: float) -> Tensor:
    """A power of a mean; NaN below 0, where rounding may put it no further than -1e-12.

    >>> power(torch.tensor([0.25, -1.0]), 0.5)
    tensor([0.5000,    nan])
    """
    return torch.where(mean > -1e-12, mean.clamp(min=0) ** gamma, nan)


@loss(
    AllImages,
    reference="segmentation_models_pytorch.losses.TverskyLoss(gamma=)",
    aliases=("ftl", "focal-tversky-loss"),
    finish=power,
)
def focal_tversky(
    logits: Tensor,
    target: Tensor,
    *,
    alpha: NonNegative = 0.3,
    beta: NonNegative = 0.7,
    gamma: NonNegative = 0.75,
    smooth: NonNegative = 0.0,
    absent: Absent = "zero",
    include_background: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor | Terms | Pooled:
    """Focal Tversky: a power of the mean of tversky over classes, in all images together.

    loss = 1 - (I + smooth) / (I + alpha · FP + beta · FN + smooth) for a class, and mean ^ gamma
    for all of them: the power is taken of the mean alone. The paper's own exponent is 1 / gamma.

    Args:
        alpha: Weight of false positives.
        beta: Weight of false negatives.
        gamma: The power of the mean.
        smooth: Added above and below the line.
        absent: What becomes of classes without a true pixel: "keep" them as they are, "skip" them
            in the mean, or count them as "zero", as in segmentation-models-pytorch.
        include_background: Class 0 counts as well.
        ignore_index: Pixels with this target do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        As those of dice; losses (C,).

    Mean:
        Divides by the number of classes, with --absent skip by that of those that have a true
        pixel; then the power is taken.

    Related:
        tversky: without the power, and by default of each image.

    Reference:
        segmentation_models_pytorch.losses.TverskyLoss; Abraham and Khan, arXiv:1810.07842.

    Example:
        >>> found = focal_tversky(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
        >>> found.finish(found.sums.sum(0))
        tensor([0.4118])
    """
    found = sums(squashed(logits), target, include_background)
    return reduced(found, _tversky(alpha, beta, smooth), logits, over="batch", absent=absent)


@focal_tversky.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    alpha: float,
    beta: float,
    smooth: float,
    absent: str,
    include_background: bool,
    **_: Any,
) -> Tensor | Terms | Pooled:
    found = sums(probs, target, include_background)
    return reduced(found, _tversky(alpha, beta, smooth), probs, over="batch", absent=absent)


@focal_tversky.guessed("a constant mask")
def _(
    totals: Totals,
    *,
    alpha: float,
    beta: float,
    smooth: float,
    absent: str,
    include_background: bool,
    **_: Any,
) -> float | None:
    """That of the best of the masks that are full of one class, empty, or the share of each."""
    return constant(totals, _tversky(alpha, beta, smooth), "batch", absent, include_background)
