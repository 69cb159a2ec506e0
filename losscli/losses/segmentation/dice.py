"""Losses of how much of two masks is the same, for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor
from losscli.losses.segmentation.constant import constant
from losscli.losses.segmentation.overlap import Overlap, part, reduced, squashed, sums
from losscli.options import Absent, NonNegative, Over
from losscli.registry import Pooled, Terms, loss
from losscli.roles import Masks

if TYPE_CHECKING:
    from losscli.losses.segmentation.overlap import Missed
    from losscli.stats import Totals


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
    found = sums(probs, target, background)
    return reduced(found, _missed(smooth), probs, over=over, absent=absent)


def _missed(smooth: float) -> Missed:
    def missed(found: Overlap) -> Tensor:
        return 1 - part(2 * found.both + smooth, found.predicted + found.true + smooth)

    return missed


@dice.guessed("a constant mask")
def _(
    totals: Totals,
    *,
    smooth: float,
    reduce_over: str,
    absent: str,
    include_background: bool,
    **_: Any,
) -> float | None:
    """That of the best of the masks that are full of one class, empty, or the share of each."""
    return constant(totals, _missed(smooth), reduce_over, absent, include_background)


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
    found = sums(probs, target, background)
    return reduced(found, _apart(smooth), probs, over=over, absent=absent)


def _apart(smooth: float) -> Missed:
    def missed(found: Overlap) -> Tensor:
        union = found.predicted + found.true - found.both
        return 1 - part(2 * found.both + smooth, 2 * union + smooth)

    return missed


@jaccard.guessed("a constant mask")
def _(
    totals: Totals,
    *,
    smooth: float,
    reduce_over: str,
    absent: str,
    include_background: bool,
    **_: Any,
) -> float | None:
    """That of the best of the masks that are full of one class, empty, or the share of each."""
    return constant(totals, _apart(smooth), reduce_over, absent, include_background)
