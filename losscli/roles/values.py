"""Real-valued targets."""

from __future__ import annotations

from functools import cached_property
from math import inf, isnan, nan, prod, sqrt
from os import PathLike
from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import amounts, predictions, targets
from losscli.errors import DataError
from losscli.lazy import np, torch
from losscli.mass import Mass
from losscli.quantiles import EXACT, Sample
from losscli.roles.base import Measure, Report, Role, amount, number, ratio
from losscli.stats import Extremes, Moments, Sum, Totals, Weighted
from losscli.views import Stretched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.lazy import Tensor
    from losscli.views import Pairing


FEW = 2**20
"""Errors of up to so many predictions are kept, for their median."""

FIRST = 2**10
"""The median of about so many targets is near enough to that of all."""

MEANS = ("mse", "rmse", "psnr", "msle", "rmsle", "mase", "gaussian-nll")
"""Losses whose guess is made of means: of very many targets nothing else is kept."""

OUTPUTS = 16
"""Up to so many columns have an R² of their own, of which the mean is taken."""


class Real(Role):
    """Real numbers, of which the best constant prediction may be sought."""

    precise = True

    def mass(self, batch: Batch) -> Mass:
        """The targets of a leaf with their weights."""
        weight = None if batch.weight is None else kept(batch.weight, batch)
        anchor = self._anchor if self.expected > EXACT else 0.0
        return Mass.of(kept(batch.target, batch), weight, expected=self.expected, anchor=anchor)

    @cached_property
    def _anchor(self) -> float:
        """A number amid the targets: the median of the first ones."""
        target = self.asked.target
        first = target.rows(0, max(1, FIRST // max(1, prod(target.shape[1:]))))
        numbers = np.asarray(first, np.float32).reshape(-1)
        numbers = numbers[np.isfinite(numbers)]
        return float(np.float32(np.median(numbers))) if len(numbers) else 0.0


class Values(Real):
    """One real number for each prediction."""

    def pair(self) -> Pairing:
        return shapes.same(self.asked.prediction, self.asked.target)

    def checks(self) -> Sequence[Check]:
        return (*predictions.BY_KIND["pred"], *targets.CHECKS)

    def measure(self, batch: Batch) -> Totals:
        """Moments of the errors and of the targets, weighted where samples are."""
        prediction, target = (kept(one, batch) for one in (batch.prediction, batch.target))
        weight = None if batch.weight is None else kept(batch.weight, batch).double()

        def total(values: Tensor) -> Sum:
            return Sum.of((values if weight is None else values * weight).sum().item())

        wide = target.double()
        error = prediction.to(torch.float64, copy=True).sub_(wide)
        parts: dict[str, object] = {
            "error": total(error),
            "absolute": total(absolute := error.abs_()),
            "largest": _largest(absolute),
        }
        few = weight is None and self.expected <= FEW
        parts["squared"] = total(absolute.square() if few else absolute.square_())
        parts["count"] = Sum.of(float(error.numel()) if weight is None else weight.sum().item())
        if self.expected <= EXACT or self.asked.loss not in MEANS:
            parts["mass"] = self.mass(batch)
        if weight is not None:
            return Totals({**parts, "weighed": Weighted.of(wide, weight)})
        parts["target"] = Moments.of(wide)
        if few:
            parts["errors"] = Sample.of(absolute)
        return Totals({**parts, **self._by_output(batch)})

    def _by_output(self, batch: Batch) -> dict[str, object]:
        """What R² needs of each column, where there are several but not many."""
        shape = batch.prediction.shape
        if len(shape) != 2 or not 1 < shape[1] <= OUTPUTS or _several(self.pairing):
            return {}
        if self.uneven is not None:
            return {}
        squares, spreads = {}, {}
        for column in range(shape[1]):
            rows = slice(None) if batch.counts is None else batch.counts[:, column]
            target, prediction = (
                torch.from_numpy(np.ascontiguousarray(one[rows, column])).double()
                for one in (batch.target, batch.prediction)
            )
            squares[column] = Sum.of((prediction - target).square().sum().item())
            spreads[column] = Moments.of(target)
        return {"squares": squares, "spreads": spreads}

    def report(self, totals: Totals) -> Report:
        count = totals["count"]
        bias, mae, mse = (totals[name].over(count) for name in ("error", "absolute", "squared"))
        target: Moments | None = totals.get("target")
        metrics = []
        if target is not None:
            how = "1 - squared errors / those of the mean"
            if "spreads" in totals:
                spreads = totals["spreads"].values()
                pairs = [*zip(totals["squares"].values(), spreads, strict=True)]
                found = [_explained(squares.value, spread) for squares, spread in pairs]
                how += f", mean of {len(found)} columns"
            else:
                found = [_explained(totals["squared"].value, target)]
            if target.std > 0:
                metrics.append(Measure("r2", sum(found) / len(found), how, 0.0))
        guess, median = None if target is None else _spread(target), deviation(totals)
        metrics += [
            Measure("rmse", sqrt(mse) if mse >= 0 else mse, "", guess),
            Measure("mae", mae, "", median),
            Measure("bias", bias, "mean of prediction - target"),
            Measure("max_error", totals["largest"].high),
        ]
        errors: Sample | None = totals.get("errors")
        if errors is not None and errors.count:
            middle = errors.quantiles([0.5])["0.5"]
            metrics.append(Measure("median_absolute_error", middle, shown=False))
        if median is not None and median > 0:
            how = "1 - absolute errors / those of the median"
            metrics.append(Measure("d2_absolute_error", 1 - mae / median, how, 0.0, shown=False))
        return Report(None, metrics)


class Quantiles(Values):
    """One real number for each prediction of a quantile, or for each row of several."""

    def pair(self) -> Pairing:
        pairing = shapes.several(self.asked.prediction, self.asked.target)
        given, wanted = self.asked.options["q"], _several(pairing)
        if wanted and not isinstance(given, (str, PathLike)) and np.size(given) != wanted:
            prediction, target = self.asked.prediction, self.asked.target
            raise DataError(
                f"{prediction.label} has shape {prediction.shape}, {target.label} has shape "
                f"{target.shape}: {wanted} quantiles a row, but --q has {np.size(given)}",
                hint=f"--q takes {wanted} numbers, such as 0.1,0.5,0.9",
                code="shape-mismatch",
            )
        return pairing

    def measure(self, batch: Batch) -> Totals:
        """How many targets are not above their prediction, in each column of several."""
        totals = super().measure(batch)
        covered = batch.target <= batch.prediction
        every = np.ones(covered.shape, bool)
        parts: dict[str, object] = {
            "covered": amount(covered, batch),
            "counted": amount(every, batch),
        }
        if self.columns:
            parts |= {"in columns": _columns(covered, batch), "of columns": _columns(every, batch)}
        return Totals({**totals.parts, **parts})

    @property
    def columns(self) -> int:
        """How many quantiles are told apart: 0 for one."""
        return _several(self.pairing)

    def report(self, totals: Totals) -> Report:
        covered, counted = number(totals["covered"]), number(totals["counted"])
        found = Measure("coverage", ratio(covered, counted), "share of targets not above")
        if not self.columns:
            return Report(None, [found, *super().report(totals).metrics])
        pairs = zip(totals["in columns"].tolist(), totals["of columns"].tolist(), strict=True)
        each = [
            Measure(f"coverage_{at}", ratio(number(part), number(whole)), f"in column {at}")
            for at, (part, whole) in enumerate(pairs)
        ]
        return Report(None, [found, *each])


def _several(pairing: Pairing) -> int:
    """How many predictions go with each target: 0 for one."""
    return pairing.target.row[0] if isinstance(pairing.target, Stretched) else 0


def _columns(mask: np.ndarray, batch: Batch) -> np.ndarray:
    """How many elements a mask picks in each column, or the sums of their weights."""
    if batch.counts is not None:
        mask = mask & batch.counts
    if batch.weight is None:
        return np.asarray(mask.sum(0))
    sums = (batch.weight * mask).sum(0, dtype=np.float64)
    return np.array([Sum.of(one) for one in sums.tolist()], object)


class Relative(Values):
    """A real number that errors are divided by: better not 0."""

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), amounts.zero_target)


class Growing(Values):
    """A number above -1, of which only the factor matters: the logarithm of 1 + it is taken."""

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), *amounts.ABOVE)

    def measure(self, batch: Batch) -> Totals:
        totals = super().measure(batch)
        logs = kept(batch.target, batch).log1p()
        if batch.weight is None:
            return totals + Totals({"logs": Moments.of(logs)})
        return totals + Totals({"logs": Weighted.of(logs, kept(batch.weight, batch))})


def kept(values: np.ndarray, batch: Batch) -> Tensor:
    kept = values.reshape(-1) if batch.counts is None else values[batch.counts]
    return torch.from_numpy(np.ascontiguousarray(kept))


def _largest(values: Tensor) -> Extremes:
    """The largest value but NaN, wherever it is."""
    high = values.max().item() if values.numel() else -inf
    if high != high:
        return _largest(values[~values.isnan()])
    return Extremes(high=high)


def _explained(squares: float, target: Moments) -> float:
    """R² of one column; of targets that are all equal as scikit-learn has it."""
    spread = target.std**2 * (target.count - 1)
    if target.count < 2:
        return nan
    return 1 - squares / spread if spread else float(squares == 0)


def _spread(target: Moments) -> float | None:
    """The root mean squared error of always predicting the mean."""
    if target.count < 2:
        return None
    return target.std * sqrt((target.count - 1) / target.count)


def deviation(totals: Totals) -> float | None:
    """The mean absolute error of always predicting the median."""
    mass: Mass | None = totals.get("mass")
    found = mass.deviation if mass is not None and mass.known else nan
    return None if isnan(found) else found


def variance(totals: Totals) -> float | None:
    """The mean squared error of always predicting the mean."""
    target: Moments | Weighted | None = totals.get("weighed") or totals.get("target")
    return None if target is None else target.variance
