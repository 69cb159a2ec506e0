"""Real-valued targets."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.lazy import np, torch
from losscli.quantiles import Sample
from losscli.roles.base import Measure, Report, Role, ratio
from losscli.stats import Extremes, Moments, Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.shapes import Pairing


class Values(Role):
    """One real number for each prediction."""

    precise = True

    def pair(self) -> Pairing:
        return shapes.same(self.asked.prediction, self.asked.target)

    def checks(self) -> Sequence[Check]:
        return (*predictions.BY_KIND["pred"], *targets.CHECKS)

    def measure(self, batch: Batch) -> Totals:
        """Moments of the errors and of the targets, weighted where samples are."""
        prediction, target = (
            _kept(values, batch).astype(np.float64) for values in (batch.prediction, batch.target)
        )
        weight = np.ones(1) if batch.weight is None else _kept(batch.weight, batch)
        with np.errstate(invalid="ignore", over="ignore"):
            error = prediction - target
            sums = {
                "error": error * weight,
                "absolute": np.abs(error) * weight,
                "squared": error**2 * weight,
            }
        largest = torch.from_numpy(np.abs(error))
        if not np.isfinite(error).all():
            largest = largest[~largest.isnan()]
        true = torch.from_numpy(target)
        parts: dict[str, object] = {
            name: Sum.of(float(values.sum(dtype=np.float64))) for name, values in sums.items()
        }
        count = Sum.of(float(error.size if batch.weight is None else weight.sum()))
        parts |= {"count": count, "largest": Extremes.of(largest, None, 0)}
        if batch.weight is None:
            parts |= {"target": Moments.of(true), "sample": Sample.of(true)}
        return Totals(parts)

    def report(self, totals: Totals) -> Report:
        count = totals["count"]
        bias, mae, mse = (totals[name].over(count) for name in ("error", "absolute", "squared"))
        target: Moments | None = totals.get("target")
        metrics = []
        if target is not None:
            spread = target.std**2 * (target.count - 1)
            squared = totals["squared"].value
            how = "1 - squared errors / those of the mean"
            if spread > 0:
                metrics.append(Measure("r2", 1 - ratio(squared, spread), how, 0.0))
        guess = None if target is None else _spread(target)
        metrics += [
            Measure("rmse", sqrt(mse) if mse >= 0 else mse, "", guess),
            Measure("mae", mae, "", deviation(totals)),
            Measure("bias", bias, "mean of prediction - target"),
            Measure("max_error", totals["largest"].high),
        ]
        return Report(None, metrics)


def _kept(values: np.ndarray, batch: Batch) -> np.ndarray:
    return values.reshape(-1) if batch.counts is None else values[batch.counts]


def _spread(target: Moments) -> float | None:
    """The root mean squared error of always predicting the mean."""
    if target.count < 2:
        return None
    return target.std * sqrt((target.count - 1) / target.count)


def deviation(totals: Totals) -> float | None:
    """The mean absolute error of always predicting the median."""
    sample: Sample | None = totals.get("sample")
    if sample is None or not sample.count or not sample.exact:
        return None
    values = np.concatenate(sample.parts)
    return float(np.abs(values - np.median(values)).mean())
