"""Losses of an image: of all its classes in one ratio, or of dice and cross-entropy together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, torch
from losscli.losses.binary.entropy import bce
from losscli.losses.limits import felt, log_softmax, times
from losscli.losses.segmentation.constant import least, sizes
from losscli.losses.segmentation.overlap import part, shares, squashed, sums, total
from losscli.options import NonNegative, WeightType
from losscli.registry import loss
from losscli.roles import Images

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Images,
    reference="monai.losses.GeneralizedDiceLoss",
    aliases=("gdl", "generalised-dice", "generalized-dice-loss"),
)
def generalized_dice(
    logits: Tensor,
    target: Tensor,
    *,
    w_type: WeightType = "square",
    smooth: NonNegative = 1e-5,
    include_background: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Generalised dice: all classes of an image in one ratio, rare ones weighing more.

    loss = 1 - (2 · sum of w · I + smooth) / (sum of w · (P + T) + smooth) over the classes, with
    the sums of dice and the weights w = 1 / T². A class that the image does not have weighs as
    much as the heaviest that it has; an image that has none of them costs 0, as in MONAI.

    Args:
        w_type: Weights of 1 / T² (square), of 1 / T (simple), or of 1 (uniform).
        smooth: Added above and below the line.
        include_background: Class 0 counts as well.
        ignore_index: Pixels with this target do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        As those of dice; losses (N,).

    Related:
        dice: a ratio of each class, and the mean of them.

    Reference:
        monai.losses.GeneralizedDiceLoss; Sudre et al., arXiv:1707.03237.

    Example:
        >>> generalized_dice(torch.zeros(1, 2, 2, 2), torch.tensor([[[1, 1], [0, 1]]]))
        tensor([0.6250])
    """
    probs = squashed(logits)
    return _generalized(sums(probs, target, include_background), w_type, smooth).to(probs.dtype)


@generalized_dice.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    w_type: str,
    smooth: float,
    include_background: bool,
    **_: Any,
) -> Tensor:
    return _generalized(sums(probs, target, include_background), w_type, smooth).to(probs.dtype)


@generalized_dice.guessed("a constant mask")
def _(
    totals: Totals, *, w_type: str, smooth: float, include_background: bool, **_: Any
) -> float | None:
    """That of the best of the masks that are full of one class, empty, or the share of each."""

    def cost(found: Tensor) -> Tensor:
        return _generalized(found, w_type, smooth)

    return least(totals, cost, background=include_background)


def _generalized(found: Tensor, w_type: str, smooth: float) -> Tensor:
    both, predicted, true = found.unbind(-1)
    weight = true ** {"square": -2, "simple": -1, "uniform": 0}[w_type]
    heaviest = torch.where(weight.isinf(), 0.0, weight).amax(1, keepdim=True)
    weight = torch.where(weight.isinf(), heaviest, weight)
    shared = 2 * (both * weight).sum(1) + smooth
    return 1 - part(shared, ((predicted + true) * weight).sum(1) + smooth)


@loss(
    Images,
    reference="monai.losses.DiceCELoss",
    aliases=("dice-bce", "dicece", "dice-ce-loss", "combo"),
)
def dice_ce(
    logits: Tensor,
    target: Tensor,
    *,
    lambda_dice: NonNegative = 1.0,
    lambda_ce: NonNegative = 1.0,
    smooth: NonNegative = 1e-5,
    include_background: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Dice and cross-entropy together.

    loss = lambda_dice · mean of dice over the classes of an image + lambda_ce · mean of ce over its
    pixels, or of bce where there is one class. Without ignored pixels the mean over images is that
    of dice and that of ce; with them, each image has the mean over its own pixels.

    Args:
        lambda_dice: Factor of dice.
        lambda_ce: Factor of the cross-entropy.
        smooth: Added above and below the line of dice.
        include_background: Class 0 counts in dice; in the cross-entropy it always does.
        ignore_index: Pixels with this target do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        As those of dice; losses (N,).

    Related:
        dice: its first part.
        ce: its second part; of one class, bce.

    Reference:
        monai.losses.DiceCELoss; Isensee et al., arXiv:1809.10486.

    Example:
        >>> dice_ce(torch.zeros(1, 2, 2, 2), torch.tensor([[[1, 1], [0, 1]]]))
        tensor([1.2265])
    """
    both, predicted, true = sums(squashed(logits), target, include_background).unbind(-1)
    missed = 1 - part(2 * both + smooth, predicted + true + smooth)
    found = lambda_dice * missed.mean(1) + lambda_ce * _entropy(logits, target)
    return found.to(logits.dtype)


@dice_ce.guessed("the base rate")
def _(
    totals: Totals,
    *,
    lambda_dice: float,
    lambda_ce: float,
    smooth: float,
    include_background: bool,
    **_: Any,
) -> float | None:
    """That of the share of each class in all pixels, which is the best for its cross-entropy."""
    known = sizes(totals)
    if known is None:
        return None
    pixels, true = known[:, :1], known[:, 1:]
    probs = true.sum(0) / pixels.sum()
    first = 0 if include_background else 1
    missed = 1 - part(2 * true * probs + smooth, pixels * probs + true + smooth)
    whole = torch.cat([pixels - true, true], 1) if len(probs) == 1 else true
    sides = torch.cat([1 - probs, probs]) if len(probs) == 1 else probs
    cross = -torch.where(whole == 0, 0.0, whole * felt(sides).log()).sum(1) / pixels[:, 0]
    return (lambda_dice * missed[:, first:].mean(1) + lambda_ce * cross).mean().item()


def _entropy(logits: Tensor, target: Tensor) -> Tensor:
    """The mean cross-entropy of the pixels of each image that count."""
    true, kept = shares(logits, target)
    if logits.shape[1] == 1:
        found = bce(logits, true)
    else:
        found = -times(true, log_softmax(logits, 1)).sum(1, keepdim=True)
    found = total(torch.where(kept, found, 0))
    return (found / total(kept.to(logits.dtype)).clamp(min=1))[:, 0]
