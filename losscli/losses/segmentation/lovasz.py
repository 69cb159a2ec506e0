"""The Lovász extension of the Jaccard loss, which ranks all pixels by their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, torch
from losscli.losses.limits import times
from losscli.losses.segmentation.constant import MANY, sizes
from losscli.losses.segmentation.overlap import shares, squashed, wide
from losscli.options import Chosen
from losscli.registry import Terms, loss
from losscli.roles import Pixels

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Pixels,
    rows="all",
    reference="segmentation_models_pytorch.losses.LovaszLoss",
    aliases=("lovasz-softmax", "lovasz-hinge", "lovasz-loss"),
)
def lovasz(
    logits: Tensor,
    target: Tensor,
    *,
    per_image: bool = False,
    classes: Chosen = "present",
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor | Terms:
    """Lovász-softmax and Lovász-hinge: the Jaccard loss, made smooth between masks.

    loss = sum of error · (how much the error adds to the Jaccard loss) for a class, from the
    largest error to the smallest. Errors are |y - softmax(logits)_c| of each class c, and for a
    binary mask max(0, 1 - logit · s), s = 1 or -1. Pixels of all images are ranked together.

    Args:
        per_image: Ranks the pixels of each image on their own, as in kornia: one loss for each.
        classes: Those that have a true pixel ("present"), or "all".
        ignore_index: Pixels with this target do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        As those of dice; losses (C,), or (N,) per image; (1,) of a binary mask.

    Mean:
        Divides by the number of classes that count; with --per-image by that of images.

    Related:
        jaccard: the same where the predicted masks are hard.
        hinge: a binary mask has its errors, in the order of their size.

    Reference:
        segmentation_models_pytorch.losses.LovaszLoss; Berman et al., arXiv:1705.08790.

    Example:
        >>> lovasz(torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 1.0], [0.0, 1.0]]]])).elements
        tensor([1.])
    """
    if logits.shape[1] > 1:
        return _ranked(squashed(logits), target, per_image, classes)
    true, kept = shares(logits, target)
    errors = (1 - logits * (2 * true - 1)).clamp(min=0)
    return _reduced(errors, true, kept, per_image, "all")


@lovasz.given
def _(probs: Tensor, target: Tensor, *, per_image: bool, classes: str, **_: Any) -> Tensor | Terms:
    return _ranked(probs, target, per_image, classes)


@lovasz.guessed("a constant mask")
def _(totals: Totals, *, per_image: bool, classes: str, **_: Any) -> float | None:
    """That of the best mask that is full of one class; of a binary one, of the best logit."""
    known = sizes(totals)
    if known is None or not 1 < known.shape[1] <= 1 + MANY:
        return None
    known = known if per_image else known.sum(0, keepdim=True)
    pixels, true = known[:, :1], known[:, 1:]
    if true.shape[1] == 1:  # logits of -1, 0 and 1: the loss is straight between them
        empty, full = 2.0 * (true > 0), 2 * (1 - true / pixels)
        return min(empty.mean().item(), 1.0, full.mean().item())
    counted = torch.ones_like(true) if classes == "all" else (true > 0).to(true.dtype)
    found = []
    for at in range(true.shape[1]):
        missed = (true > 0).to(true.dtype)
        missed[:, at] = (1 - true / pixels)[:, at]
        found.append((missed * counted).sum(1) / counted.sum(1))
    return min(one.mean().item() for one in found)


def _ranked(probs: Tensor, target: Tensor, per_image: bool, classes: str) -> Tensor | Terms:
    true, kept = shares(probs, target)
    return _reduced((true - probs).abs(), true, kept, per_image, classes)


def _reduced(
    errors: Tensor, true: Tensor, kept: Tensor, per_image: bool, classes: str
) -> Tensor | Terms:
    """The losses of the classes, or of the images: the mean of their classes."""
    images = len(errors) if per_image else 1
    found, present = [], []
    for at in range(images):
        each = slice(at, at + 1) if per_image else slice(None)
        pick = kept[each].reshape(-1)
        own, other = (one[each].movedim(1, 0).flatten(1)[:, pick] for one in (true, errors))
        found.append(_extended(other, own))
        present.append((own > 0).any(1) if classes == "present" else own.new_ones(len(own)) > 0)
    losses, over = torch.stack(found), torch.stack(present)
    losses = torch.where(over, losses, 0).to(errors.dtype)
    if per_image:
        return losses.sum(1) / over.sum(1).clamp(min=1)
    return Terms(losses[0], over[0].to(losses.dtype))


def _extended(errors: Tensor, true: Tensor) -> Tensor:
    """The loss of each class (C,), of the errors and truths of its pixels: (C, P)."""
    errors, order = errors.sort(dim=1, descending=True, stable=True)
    own = true.gather(1, order).to(wide(true))
    whole = own.sum(1, keepdim=True)
    missed = 1 - (whole - own.cumsum(1)) / (whole + (1 - own).cumsum(1))
    return times(missed.diff(dim=1, prepend=torch.zeros_like(whole)), errors).sum(1)
