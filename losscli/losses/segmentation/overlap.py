"""What a predicted mask and a true one share, summed over pixels, and losses of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from losscli.lazy import Tensor, torch
from losscli.losses.limits import felt, log_softmax
from losscli.registry import Pooled, Terms
from losscli.roles.masks import MARK

if TYPE_CHECKING:
    from collections.abc import Callable


class Overlap(NamedTuple):
    """The parts of a ratio: sums over pixels, of each class."""

    both: Tensor
    predicted: Tensor
    true: Tensor


Missed: TypeAlias = "Callable[[Overlap], Tensor]"
"""The losses of some sums."""


def squashed(logits: Tensor) -> Tensor:
    """Probabilities of classes on axis 1; of a single one, the sigmoid."""
    if logits.shape[1] == 1:
        return torch.sigmoid(logits)
    return log_softmax(logits, 1).exp()


def shares(like: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The true share of each class in each pixel, and which pixels count."""
    if target.ndim < like.ndim:
        classes = torch.arange(like.shape[1], device=like.device)
        own = classes.reshape(-1, *[1] * (like.ndim - 2))
        return (target[:, None] == own).to(like.dtype), target[:, None] != MARK
    kept = target[:, :1] != MARK
    return torch.where(kept, target, 0).to(like.dtype), kept


def wide(values: Tensor) -> Any:
    """The dtype to add many numbers in: double precision, where the device has it."""
    return torch.float32 if values.device.type == "mps" else torch.float64


def total(values: Tensor) -> Tensor:
    """The sum over the pixels of each class of each image."""
    return values.reshape(*values.shape[:2], -1).sum(-1, dtype=wide(values))


def sums(probs: Tensor, target: Tensor, background: bool) -> Tensor:
    """The parts of :class:`Overlap` on a last axis: (N, C, 3)."""
    true, kept = shares(probs, target)
    probs = torch.where(kept, probs, 0)
    found = torch.stack([total(probs * true), total(probs), total(true)], -1)
    return found if background else found[:, 1:]


def part(one: Tensor, whole: Tensor) -> Tensor:
    """A quotient in which 0 / 0 is 1: nothing of nothing is all of it."""
    return torch.where(whole == 0, 1.0, felt(one) / felt(whole))


def reduced(
    found: Tensor,
    loss: Missed,
    like: Tensor,
    *,
    over: str = "image",
    absent: str = "keep",
) -> Tensor | Terms | Pooled:
    """The loss of each class, in each image or in all of them.

    Args:
        found: What :func:`sums` gave.
        loss: From the sums to the losses.
        like: Has the dtype of the losses.
        over: "image", or "batch" for the sums of all.
        absent: "keep" the losses of classes without a true pixel, "skip" them, or make them
            "zero".
    """

    def finish(found: Tensor) -> Tensor | Terms:
        overlap = Overlap(*found.unbind(-1))
        losses = loss(overlap).to(like.dtype)
        if absent == "keep":
            return losses
        none = overlap.true == 0
        losses = torch.where(none, 0.0, losses)
        return losses if absent == "zero" else Terms(losses, (~none).to(losses.dtype))

    return Pooled(found, finish) if over == "batch" else finish(found)
