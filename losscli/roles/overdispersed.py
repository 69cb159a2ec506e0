"""Targets that are counts, and vary more than those of a Poisson distribution."""

from __future__ import annotations

from math import inf, log, log1p, prod
from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import amounts
from losscli.checks.numbers import numbers
from losscli.lazy import torch
from losscli.roles.base import Measure, Report, ratio
from losscli.roles.counts import Counts
from losscli.roles.values import kept
from losscli.stats import Extremes, Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.lazy import Tensor
    from losscli.views import Pairing

SERIES = 16.0
"""From here on, ln Γ is taken by its series: a difference of two would lose its digits."""


class Overdispersed(Counts):
    """A count for each prediction of its mean, and how much it varies."""

    averaged = ("rate", "log_rate")

    def pair(self) -> Pairing:
        field = self.asked.fields[self.wide]
        return shapes.along(super().pair(), self.asked.prediction, {self.wide: field})

    @property
    def wide(self) -> str:
        """What says how much counts vary: the total count, or one over that."""
        return "dispersion" if "dispersion" in self.asked.fields else "total_count"

    @property
    def one(self) -> float | None:
        """The total count, if it is one number for all."""
        field = self.asked.fields[self.wide]
        if prod(field.shape) != 1:
            return None
        value = float(field.rows(0, 1).reshape(-1)[0])
        if self.wide == "total_count":
            return value if value > 0 else None
        return 1 / value if value > 0 else inf

    def checks(self) -> Sequence[Check]:
        own = amounts.not_wide(self.wide, zero=self.wide == "dispersion")
        return (*super().checks(), *numbers(self.wide), own)

    def measure(self, batch: Batch) -> Totals:
        """The means, and the sums that the deviance is made of and that of the best constant."""
        target = kept(batch.target, batch).double()
        wide = kept(batch.taken[self.wide], batch).double()
        total = wide.reciprocal() if self.wide == "dispersion" else wide
        rate = kept(batch.prediction, batch).double()
        if batch.kind != "rate":
            rate = rate.exp() * (total if batch.kind == "logits" else 1.0)
        weight = None if batch.weight is None else kept(batch.weight, batch).double()

        def summed(values: Tensor) -> Sum:
            return Sum.of((values if weight is None else values * weight).sum().item())

        count = float(target.numel()) if weight is None else weight.sum().item()
        totals: dict[str, Sum | Extremes] = {
            "count": Sum.of(count),
            "rate": summed(rate),
            "target": summed(target),
        }
        if self.one is not None:
            totals["total"] = Extremes(self.one, 0, self.one, 0)
            totals["deviance"] = summed(half_deviance(target, rate, self.one))
            totals["own"] = summed(half_deviance(target, torch.ones_like(target), self.one))
            totals["chance"] = summed((target + 1).lgamma() - rising(target, total))
        return Totals(totals)

    def report(self, totals: Totals) -> Report:
        count = totals["count"].value
        rate, target = (ratio(totals[name].value, count) for name in ("rate", "target"))
        metrics = []
        null = constant(totals)
        if null is not None and null > 0:
            found = 1 - ratio(totals["deviance"].value, count) / null
            metrics.append(Measure("d2", found, "1 - deviance / that of the mean", 0.0))
        side = "low" if rate < target else "high"
        how = f"target mean {target:.6g}: {abs(rate - target):.2g} {side}"
        metrics += [
            Measure("mean_rate", rate, how),
            Measure("mean_target", target, shown=False),
        ]
        return Report(None, metrics)


def rising(target: Tensor, total: Tensor) -> Tensor:
    """The logarithm of Γ(y + r) / Γ(r) / r^y: 0 for y = 0, and for an infinite r.

    Args:
        target: The counts y.
        total: The total counts r.
    """
    small = (target + total).lgamma() - total.lgamma() - torch.xlogy(target, total)
    large = total.clamp(min=SERIES)
    rest = _series(large + target) - _series(large)
    growth = (target / large).log1p()
    by_series = (large + target - 0.5) * growth - target + rest
    return torch.where(total < SERIES, small, torch.where(total == inf, 0.0, by_series))


def _series(value: Tensor) -> Tensor:
    """What Stirling's formula for ln Γ leaves out: to 2e-16 from 16 on."""
    square = value.square()
    inner = 1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square
    return (1 / 12 - (1 / 360 - inner / square) / square) / value


def half_deviance(target: Tensor, rate: Tensor, total: float) -> Tensor:
    """Half the deviance of counts from a mean."""
    near = target - rate
    if total < inf:
        near = (target + total) * (near / (rate + total)).log1p()
    return torch.where(target == 0, 0.0, target * (target / rate).log()) - near


def constant(totals: Totals) -> float | None:
    """Half the mean deviance of always predicting the mean; None where it is not known."""
    mean, total = _one(totals)
    if mean is None:
        return None
    # Half the deviance from a mean of 1 is larger by what a change of mean makes.
    moved = mean * log(mean)
    moved -= mean - 1 if total == inf else (mean + total) * log1p((mean - 1) / (1 + total))
    return max(ratio(totals["own"].value, totals["count"].value) - moved, 0.0)


def best(totals: Totals) -> float | None:
    """The loss of always predicting the mean."""
    mean, total = _one(totals)
    if mean is None:
        return None
    whole = mean if total == inf else (mean + total) * log1p(mean / total)
    return ratio(totals["chance"].value, totals["count"].value) + whole - mean * log(mean)


def _one(totals: Totals) -> tuple[float | None, float]:
    """The mean of the targets and the total count of all, if there is such."""
    mean = ratio(totals["target"].value, totals["count"].value)
    known = "total" in totals and 0 < mean < inf
    return (mean, totals["total"].high) if known else (None, inf)
