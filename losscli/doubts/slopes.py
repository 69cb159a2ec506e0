"""How much targets rise with predictions: sums of pairs, and what follows from them."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, NamedTuple

from losscli.lazy import np
from losscli.stats import Sum, Totals

if TYPE_CHECKING:
    from losscli.batch import Batch

SUMS = ("n", "x", "y", "xx", "xy", "yy")


class Line(NamedTuple):
    """The straight line through pairs of a prediction and a target, by least squares.

    Attributes:
        pairs: How many there are.
        slope: How much the target rises with the prediction.
        start: The target where the prediction is 0.
        spreads: The variances of predictions and of targets.
        correlation: Pearson's.
    """

    pairs: float
    slope: float
    start: float
    spreads: tuple[float, float]
    correlation: float

    @property
    def error(self) -> float:
        """The standard error of the slope."""
        left = max(self.spreads[1] * (1 - self.correlation**2), 0.0)
        return sqrt(left / self.spreads[0] / max(self.pairs - 2, 1))


def slope(batch: Batch) -> dict[str, object]:
    """Sums of the pairs of a leaf that count."""
    kept = ... if batch.counts is None else batch.counts
    x, y = (one[kept].astype(np.float64).reshape(-1) for one in (batch.prediction, batch.target))
    sums = len(x), x.sum(), y.sum(), x @ x, x @ y, y @ y
    return {name: Sum.of(float(one)) for name, one in zip(SUMS, sums, strict=True)}


def line(seen: Totals) -> Line | None:
    """The line through all pairs; None where there is none."""
    n, x, y, xx, xy, yy = (seen[name].value for name in SUMS)
    if not n > 2:
        return None
    x, y = x / n, y / n  # products and no powers: they overflow to infinity
    across, up = max(xx / n - x * x, 0.0), max(yy / n - y * y, 0.0)
    together = xy / n - x * y
    if not (across > 1e-12 * xx / n and up > 1e-12 * yy / n):  # or rounding is all there is
        return None
    rise = together / across
    correlation = together / sqrt(across * up) if across * up else nan
    return Line(n, rise, y - rise * x, (across, up), max(-1.0, min(1.0, correlation)))
