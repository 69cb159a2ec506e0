"""Losses of classes that have an order: the further from the true one, the worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import Tensor, np, torch
from losscli.losses.limits import entropy, log_softmax, times
from losscli.options import Array
from losscli.registry import loss
from losscli.roles import Ordered, Thresholds
from losscli.roles.classes import frequencies

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Ordered,
    reference="Epstein, 1969; Murphy, 1971",
    aliases=("ranked-probability-score", "ranked-probability"),
)
def rps(
    probs: Tensor,
    target: Tensor,
    *,
    normalize: bool = True,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Ranked probability score: squared gaps of cumulative probabilities, for ordered classes.

    loss = sum over k < C of (P(class ≤ k) - [y ≤ k])² / (C - 1): 0 for the true class, 1 for the
    class at the other end, and brier of two classes. Nothing is normalised but by C - 1.

    Args:
        normalize: Divides by C - 1; --no-normalize is the plain sum, as some libraries have it.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Probabilities (N, C), (N, C, d1, …) or (N, d1, …, C); class indices without that axis.

    Related:
        brier: the same of two classes, and without any order of more.
        crps: of values.

    Reference:
        Epstein, 1969; Murphy, 1971; the mean of verification::rps of R.

    Example:
        >>> rps(torch.tensor([[0.5, 0.3, 0.2]]), torch.tensor([0]))
        tensor([0.1450])
    """
    classes = probs.shape[1]
    below = probs.cumsum(1)[:, : classes - 1]
    true = (_places(below, classes - 1) >= target.unsqueeze(1)).to(probs.dtype)
    found = (below - true).square().sum(1)
    return found / max(classes - 1, 1) if normalize else found


@rps.given
def _(
    logits: Tensor, target: Tensor, *, normalize: bool, ignore_index: int, class_axis: int | None
) -> Tensor:
    return rps(log_softmax(logits, 1).exp(), target, normalize=normalize)


@rps.guessed("the base rate")
def _(totals: Totals, *, normalize: bool, **_: object) -> float | None:
    """That of always predicting how often each class occurs."""
    shares = frequencies(totals)
    if shares is None:
        return None
    below = [sum(shares[: at + 1]) for at in range(len(shares) - 1)]
    found = sum(share * (1 - share) for share in below)
    return found / max(len(below), 1) if normalize else found


@loss(
    Thresholds,
    unit="nats",
    reference="coral_pytorch.losses.coral_loss",
    aliases=("coral-loss", "ordinal-ce"),
)
def coral(logits: Tensor, target: Tensor, *, weight: Array = 1.0) -> Tensor:
    """Cross-entropy of the thresholds between ordered classes: above each of them, or not.

    loss = sum over k < C - 1 of weight_k · (ln(1 + exp(logit_k)) - [y > k] · logit_k): bce of the
    C - 1 questions whether the class is above k. The rank is how many are answered by yes.

    Args:
        weight: Factor of each threshold.

    Shape:
        Logits (N, C - 1); class indices (N) in 0 … C - 1.

    Related:
        bce: of each threshold; coral is the sum of them.
        rps: of probabilities of the classes.

    Reference:
        coral_pytorch.losses.coral_loss; Cao, Mirjalili and Raschka, arXiv:1901.07884.

    Example:
        >>> coral(torch.tensor([[2.0, -1.0]]), torch.tensor([1]))
        tensor([0.4402])
    """
    above = _places(logits, logits.shape[1]) < target.unsqueeze(1)
    wrong = torch.where(above, -logits, logits)
    return times(weight, torch.logaddexp(wrong, torch.zeros_like(wrong))).sum(1)


@coral.guessed("the base rate")
def _(totals: Totals, *, weight: Array) -> float | None:
    """That of always answering each threshold with how often the class is above it."""
    shares = frequencies(totals)
    if shares is None:
        return None
    above = [sum(shares[at:]) for at in range(1, len(shares))]
    weights = np.broadcast_to(np.asarray(weight, np.float64), len(above)).tolist()
    parts = zip(weights, above, strict=True)
    return float(sum(one * entropy([share, 1 - share]) for one, share in parts))


def _places(like: Tensor, count: int) -> Tensor:
    """0, 1, … along the axis of classes."""
    places = torch.arange(count, device=like.device)
    return places.reshape(-1, *(1 for _ in like.shape[2:]))
