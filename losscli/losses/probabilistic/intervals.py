"""Losses of the two ends of an interval that should hold the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from losscli.lazy import Tensor
from losscli.losses.constants import known, mean_of
from losscli.losses.limits import minus
from losscli.options import Bound
from losscli.registry import loss
from losscli.roles import Interval

if TYPE_CHECKING:
    from losscli.stats import Totals

Miss = Annotated[float, Bound(">", 0), Bound("<", 1)]


@loss(
    Interval,
    reference="Gneiting and Raftery, 2007, equation 43",
    aliases=("interval-score", "winkler", "winkler-score"),
)
def interval(lower: Tensor, upper: Tensor, target: Tensor, *, alpha: Miss = 0.05) -> Tensor:
    """Interval score: how wide an interval is, and how far its target is outside.

    loss = upper - lower, plus 2 / alpha times the distance of a target outside from the nearer
    end. It is least where the ends are the quantiles alpha / 2 and 1 - alpha / 2.

    Args:
        alpha: The share of targets that may be outside: 0.05 for an interval of 95%.

    Shape:
        Any; the same for both ends and the target.

    Related:
        quantile: the score is 2 / alpha times the sum of that of both ends.
        crps: of a whole distribution.

    Reference:
        Gneiting and Raftery, 2007, equation 43; Winkler, 1972.

    Example:
        >>> interval(torch.tensor([0.0]), torch.tensor([1.0]), torch.tensor([1.5]), alpha=0.5)
        tensor([3.])
    """
    below, above = minus(lower, target).clamp(min=0), minus(target, upper).clamp(min=0)
    return upper - lower + 2 / alpha * (below + above)


@interval.guessed("the quantiles")
def _(totals: Totals, *, alpha: float) -> float | None:
    """That of always predicting those of alpha / 2 and 1 - alpha / 2."""
    mass = known(totals)
    if mass is None:
        return None
    low, high = mass.quantiles([alpha / 2, 1 - alpha / 2])
    return mean_of(interval, mass, (low, high), {"alpha": alpha})
