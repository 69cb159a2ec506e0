"""Losses of how much of two masks is the same, for each class."""

from __future__ import annotations

from math import nan
from typing import Any

from losscli.lazy import Tensor, torch
from losscli.losses.segmentation.overlap import Overlap, part, reduced, squashed, sums
from losscli.options import Absent, NonNegative, Over
from losscli.registry import Pooled, Terms, loss
from losscli.roles import AllImages, Masks


@loss(
    Masks,
    reference="monai.losses.DiceLoss",
    aliases=("dice-loss", "soft-dice", "f1-loss"),
)
def dice(
    logits: Tensor,
    target: Tensor,
    *,
    smooth: NonNegative = 1e-5,
    reduce_over: Over = "image",
    absent: Absent = "keep",
    include_background: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor | Terms | Pooled:
    """Dice: twice what two masks share, as a share of both.

    loss = 1 - (2 · I + smooth) / (P + T + smooth), with the sums over the pixels of a class: I of
    p · y, P of p and T of y. p is the softmax of logits, or the sigmoid where there is one class. A
    class that an image does not have costs nearly 1 if any of it is predicted, and 0 if none is.

    Args:
        smooth: Added above and below the line.
        reduce_over: "image" for a loss of each class in each image, "batch" for one of each class
            in all images, as in segmentation-models-pytorch and Keras.
        absent: What becomes of classes without a true pixel: "keep" them as they are, "skip" them
            in the mean, or count them as "zero", as in segmentation-models-pytorch.
        include_background: Class 0 counts as well.
        ignore_index: Pixels with this target do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Logits (N, C, …) or (N, …, C); targets of class indices without the axis of classes, or of
        shares with it. Binary masks (N, H, W) or (N, 1, H, W) on both sides. Losses (N, C), or (C,)
        over the batch; (N,) for (N, H, W).

    Mean:
        Divides by the number of losses; with --absent skip by that of those that have a true pixel.

    Elsewhere:
        Probabilities .9, .8, .2 and .1 of a mask 1, 1, 0, 0: smooth is added elsewhere, or never.

        >>> from losscli.lazy import torch
        >>> probs, mask = torch.tensor([0.9, 0.8, 0.2, 0.1]), torch.tensor([1.0, 1, 0, 0])
        >>> shape, both, whole = (1, 1, 2, 2), (probs * mask).sum(), (probs + mask).sum()
        >>> given = dice.forms["probs", "target"]
        >>> near = dict(reduce_over="image", absent="keep", include_background=True)
        >>> found = given(probs.reshape(shape), mask.reshape(shape), smooth=1e-5, **near)
        >>> round(found.item(), 4)  # MONAI, losscli
        0.15
        >>> round(1 - 2 * both.item() / whole.item(), 4)  # Keras, segmentation-models-pytorch
        0.15
        >>> round(1 - (2 * both + 2).item() / (whole + 2).item(), 4)  # optax, losscli --smooth 2
        0.1

    Related:
        jaccard: orders predictions alike.
        tversky: the same where alpha and beta are 0.5, and smooth is half of it.
        dice-ce: adds the cross-entropy.

    Reference:
        monai.losses.DiceLoss; segmentation_models_pytorch.losses.DiceLoss (batch, zero); Milletari
        et al., arXiv:1606.04797.

    Example:
        >>> dice(torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 1.0], [0.0, 1.0]]]]))
        tensor([[0.4000]])
    """
    return _dice(squashed(logits), target, smooth, reduce_over, absent, include_background)


@dice.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    smooth: float,
    reduce_over: str,
    absent: str,
    include_background: bool,
    **_: Any,
) -> Tensor | Terms | Pooled:
    return _dice(probs, target, smooth, reduce_over, absent, include_background)


def _dice(
    probs: Tensor, target: Tensor, smooth: float, over: str, absent: str, background: bool
) -> Tensor | Terms | Pooled:
    def missed(found: Overlap) -> Tensor:
        return 1 - part(2 * found.both + smooth, found.predicted + found.true + smooth)

    return reduced(sums(probs, target, background), missed, probs, over=over, absent=absent)


@loss(
    Masks,
    reference="monai.losses.DiceLoss(jaccard=True)",
    aliases=("soft-iou", "iou-mask"),
    differs={
        "jaccard-loss": "each image by itself, as in MONAI; segmentation-models-pytorch has "
        "--reduce-over batch --absent zero"
    },
)
def jaccard(
    logits: Tensor,
    target: Tensor,
    *,
    smooth: NonNegative = 1e-5,
    reduce_over: Over = "image",
    absent: Absent = "keep",
    include_background: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor | Terms | Pooled:
    """Jaccard: what two masks share, as a share of what they cover together (IoU).

    loss = 1 - (2 · I + smooth) / (2 · (P + T - I) + smooth), with the sums of dice; the 2 is
    MONAI's, and half the smooth of other libraries.

    Args:
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

    Related:
        dice: orders predictions alike; without smooth, jaccard = 2 · dice / (1 + dice).
        lovasz: its extension, which is that of hard masks.
        box-iou: the same of boxes.

    Reference:
        monai.losses.DiceLoss with jaccard=True; segmentation_models_pytorch.losses.JaccardLoss
        (batch, zero); Rahman and Wang, 2016.

    Example:
        >>> jaccard(torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 1.0], [0.0, 1.0]]]]))
        tensor([[0.5714]])
    """
    return _jaccard(squashed(logits), target, smooth, reduce_over, absent, include_background)


@jaccard.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    smooth: float,
    reduce_over: str,
    absent: str,
    include_background: bool,
    **_: Any,
) -> Tensor | Terms | Pooled:
    return _jaccard(probs, target, smooth, reduce_over, absent, include_background)


def _jaccard(
    probs: Tensor, target: Tensor, smooth: float, over: str, absent: str, background: bool
) -> Tensor | Terms | Pooled:
    def missed(found: Overlap) -> Tensor:
        union = found.predicted + found.true - found.both
        return 1 - part(2 * found.both + smooth, 2 * union + smooth)

    return reduced(sums(probs, target, background), missed, probs, over=over, absent=absent)


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


def _tversky(alpha: float, beta: float, smooth: float) -> Any:
    def missed(found: Overlap) -> Tensor:
        wrong = alpha * (found.predicted - found.both) + beta * (found.true - found.both)
        return 1 - part(found.both + smooth, found.both + wrong + smooth)

    return missed


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
