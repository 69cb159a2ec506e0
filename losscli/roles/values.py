"""Real-valued targets."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.lazy import np, torch
from losscli.quantiles import EXACT, Sample
from losscli.roles.base import Measure, Report, Role, ratio
from losscli.stats import Extremes, Moments, Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.lazy import Tensor
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
        prediction, target = (_kept(one, batch) for one in (batch.prediction, batch.target))
        wide = target.double()
        error = prediction.double() - wide
        absolute = error.abs()
        sums = {"error": error, "absolute": absolute, "squared": error * error}
        count = float(error.numel())
        if batch.weight is not None:
            weight = _kept(batch.weight, batch).double()
            sums = {name: values * weight for name, values in sums.items()}
            count = weight.sum().item()
        totals = {name: values.sum().item() for name, values in sums.items()}
        if totals["error"] != totals["error"]:  # NaN is no error, and nowhere among them
            absolute = absolute[~absolute.isnan()]
        parts: dict[str, object] = {name: Sum.of(found) for name, found in totals.items()}
        parts |= {"count": Sum.of(count), "largest": Extremes.of(absolute, None, 0)}
        if batch.weight is None:
            parts["target"] = Moments.of(wide)
            if self.expected <= EXACT:  # the median is only known where all values are
                parts["sample"] = Sample.of(target if target.is_floating_point() else wide)
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


def _kept(values: np.ndarray, batch: Batch) -> Tensor:
    kept = values.reshape(-1) if batch.counts is None else values[batch.counts]
    return torch.from_numpy(np.ascontiguousarray(kept))


def _spread(target: Moments) -> float | None:
    """The root mean squared error of always predicting the mean."""
    if target.count < 2:
        return None
    return target.std * sqrt((target.count - 1) / target.count)


def deviation(totals: Totals) -> float | None:
    """The mean absolute error of always predicting the median."""
    sample: Sample | None = totals.get("sample")
    if sample is None or not sample.count:
        return None
    values = np.concatenate(sample.parts)
    return float(np.abs(values - np.median(values)).mean())
