"""Targets that are counts, or amounts of at least 0, and predictions of their mean."""

from __future__ import annotations

from math import inf, log, pi
from typing import TYPE_CHECKING, ClassVar

from losscli.checks import amounts, predictions, targets
from losscli.lazy import torch
from losscli.roles.base import Measure, Report, ratio, refuse
from losscli.roles.values import Values, kept
from losscli.stats import Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.lazy import Tensor
    from losscli.roles.base import Asked


PARTS = ("own", "cross", "mean")
"""The parts of a deviance: see :func:`parts`."""


ROUNDING = 1e-13
"""A deviance below this share of its parts is their rounding: all targets are equal."""


class Amounts(Values):
    """A number of at least 0 for each prediction of its mean.

    Attributes:
        fixed: The power of the mean to which the variance is proportional, where no option says.
    """

    fixed: ClassVar[float] = 2.0

    @property
    def power(self) -> float:
        """The power of the mean to which the variance is proportional."""
        return float(self.asked.options.get("power", self.fixed))

    def checks(self) -> Sequence[Check]:
        low = amounts.negative if self.power < 2 else amounts.not_positive
        kind = predictions.BY_KIND[self.asked.kind]
        return (*kind, predictions.never, *targets.CHECKS, low)

    def measure(self, batch: Batch) -> Totals:
        """The sums that the deviance is made of, and that of the best constant."""
        rate, target = (kept(one, batch).double() for one in (batch.prediction, batch.target))
        logs = rate if batch.kind == "log_rate" else rate.log()
        rate = rate.exp() if batch.kind == "log_rate" else rate
        weight = None if batch.weight is None else kept(batch.weight, batch).double()

        def summed(values: Tensor) -> Sum:
            return Sum.of((values if weight is None else values * weight).sum().item())

        own, cross, mean = parts(target, logs, rate, self.power)
        count = float(target.numel()) if weight is None else weight.sum().item()
        totals = {
            "count": Sum.of(count),
            "rate": summed(rate),
            "target": summed(target),
            "own": summed(own),
            "cross": summed(cross),
            "mean": summed(mean),
        }
        if batch.options.get("full"):
            totals["stirling"] = summed(stirling(target))
        return Totals(totals)

    def report(self, totals: Totals) -> Report:
        count = totals["count"].value
        rate, target = (ratio(totals[name].value, count) for name in ("rate", "target"))
        metrics = []
        null = constant(totals, self.power)
        if null is not None and null > 0:
            own, cross, mean = (ratio(totals[name].value, count) for name in PARTS)
            how = "1 - deviance / that of the mean"
            found = 1 - deviance(own, cross, mean, self.power) / null
            metrics.append(Measure("d2", found, how, 0.0))
        side = "low" if rate < target else "high"
        how = f"target mean {target:.6g}: {abs(rate - target):.2g} {side}"
        metrics += [
            Measure("mean_rate", rate, how),
            Measure("mean_target", target, shown=False),
        ]
        return Report(None, metrics)


class Counts(Amounts):
    """A count for each prediction of its mean."""

    fixed = 1.0

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        if asked.kind == "log_rate":
            refuse(asked, "only the logarithm of a --rate needs it", eps=1e-8)

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), amounts.fractional)


def parts(target: Tensor, logs: Tensor, rate: Tensor, power: float) -> tuple[Tensor, ...]:
    """The three parts of half a deviance, without their factors: see :func:`deviance`."""
    if power == 1:
        return torch.xlogy(target, target), times_zero(target, logs), rate - target
    if power == 2:
        return target.log(), logs, target / rate
    cross = times_zero(target, ((1 - power) * logs).exp())
    return target ** (2 - power), cross, ((2 - power) * logs).exp()


def times_zero(target: Tensor, value: Tensor) -> Tensor:
    """A product that is 0 where the target is."""
    return torch.where(target == 0, 0.0, target * value)


def deviance(own: float, cross: float, mean: float, power: float) -> float:
    """The mean deviance, of the means of its parts; what is no number is infinite."""
    if power == 1:
        half = own - cross + mean
    elif power == 2:
        half = cross - own + mean - 1
    else:
        half = own / ((1 - power) * (2 - power)) - cross / (1 - power) + mean / (2 - power)
    return 2 * half if half == half else inf


def constant(totals: Totals, power: float) -> float | None:
    """The mean deviance of always predicting the mean of the targets."""
    count = totals["count"].value
    mean, own = (ratio(totals[name].value, count) for name in ("target", "own"))
    if not 0 < mean < inf:
        return None
    scale = mean ** (2 - power)
    if power == 1:
        found = 2 * (own - mean * log(mean))
    elif power == 2:
        found = 2 * (log(mean) - own)
    else:
        found = deviance(own, scale, scale, power)
    return found if found > ROUNDING * (abs(own) + scale) else 0.0


def stirling(target: Tensor) -> Tensor:
    """Stirling's approximation of ln(target!), and 0 up to 1, as torch has it."""
    wide = target.clamp(min=1)
    found = wide * (wide.log() - 1) + 0.5 * (2 * pi * wide).log()
    return torch.where(target > 1, found, torch.where(target.isnan(), target, 0.0))
