"""What masks cost that are the same in all images: of one class, or as likely as it occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import Tensor, np, torch
from losscli.losses.segmentation.overlap import reduced
from losscli.registry import Pooled, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from losscli.losses.segmentation.overlap import Missed
    from losscli.stats import Totals

__all__ = ["MANY", "constant", "least", "sizes"]

MANY = 256
"""Of more classes than that, not all are tried."""


def sizes(totals: Totals) -> Tensor | None:
    """The pixels of each image that count, and those of each class: (N, 1 + C), where known."""
    if "sizes" not in totals:
        return None
    found = totals["sizes"].table
    return torch.from_numpy(found) if len(found) and np.isfinite(found).all() else None


def least(
    totals: Totals, cost: Callable[[Tensor], Tensor | Terms | Pooled], *, background: bool = True
) -> float | None:
    """The least that a constant mask costs: full of one class, empty, or the share of each.

    Args:
        totals: What was measured.
        cost: The losses, from the sums of :func:`~losscli.losses.segmentation.overlap.sums`.
        background: Class 0 counts as well.
    """
    known = sizes(totals)
    if known is None or known.shape[1] > 1 + MANY:
        return None
    pixels, true = known[:, :1], known[:, 1:]
    found = []
    for probs in _masks(pixels, true):
        overlap = torch.stack([true * probs, pixels * probs, true], -1)
        found.append(mean(cost(overlap if background else overlap[:, 1:])))
    return min(found)


def constant(
    totals: Totals, missed: Missed, over: str, absent: str, background: bool
) -> float | None:
    """The same of a loss of each class, in each image or in all of them."""

    def cost(found: Tensor) -> Tensor | Terms | Pooled:
        return reduced(found, missed, found, over=over, absent=absent)

    return least(totals, cost, background=background)


def mean(found: Tensor | Terms | Pooled) -> float:
    """The mean of some losses, of whatever the function of a loss returns."""
    if isinstance(found, Pooled):
        return mean(found.finish(found.sums.sum(0)))
    if not isinstance(found, Terms):
        return found.mean().item()
    over = len(found.elements) if found.over is None else found.over.sum().item()
    return found.elements.sum().item() / over if over else float("nan")


def _masks(pixels: Tensor, true: Tensor) -> Iterator[Tensor]:
    """The probabilities of the classes that are tried."""
    shares = true.sum(0) / pixels.sum()
    yield shares
    if len(shares) == 1:
        yield from (torch.zeros_like(shares), torch.ones_like(shares))
    else:
        yield from torch.eye(len(shares), dtype=shares.dtype)
