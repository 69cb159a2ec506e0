"""Real-valued targets of intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import amounts
from losscli.checks.numbers import numbers
from losscli.lazy import np
from losscli.roles.base import Measure, Report, amount, number, ratio, weighted
from losscli.roles.values import Real
from losscli.stats import Totals
from losscli.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.views import Pairing


class Interval(Real):
    """One real number for each interval, of which both ends are predicted."""

    def pair(self) -> Pairing:
        fields = self.asked.fields
        ends = shapes.same(fields["prediction"], fields["upper"])
        found = shapes.same(fields["prediction"], fields["target"])
        row = found.elements[1:]
        views = {name: View(row, whole=not field.shape) for name, field in fields.items()}
        notes = dict.fromkeys((*ends.notes, *found.notes))
        return replace(found, views=views, notes=tuple(notes))

    def checks(self) -> Sequence[Check]:
        every = [one for side in ("prediction", "upper", "target") for one in numbers(side)]
        return (*every, amounts.crossed)

    def measure(self, batch: Batch) -> Totals:
        """How many targets are inside, and how wide the intervals are."""
        low, high = (batch.taken[side].astype(np.float64) for side in ("prediction", "upper"))
        inside = (batch.target >= low) & (batch.target <= high)
        return Totals(
            {
                "mass": self.mass(batch),
                "inside": amount(inside, batch),
                "below": amount(batch.target < low, batch),
                "width": weighted(high - low, batch),
                "count": amount(np.ones(inside.shape, bool), batch),
            }
        )

    def report(self, totals: Totals) -> Report:
        count, wanted = number(totals["count"]), 1 - self.asked.options["alpha"]
        how = f"share of targets inside, ends included; {wanted:.4g} expected"
        below = "share of targets below the interval"
        metrics = [
            Measure("coverage", ratio(number(totals["inside"]), count), how),
            Measure("below", ratio(number(totals["below"]), count), below),
            Measure("width", ratio(totals["width"].value, count), "mean of upper - lower"),
        ]
        return Report(None, metrics)

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        low, high, target = (one.reshape(-1) for one in batch.taken.values())
        return [[f"{low[at]:.4f}", f"{high[at]:.4f}", f"{target[at]:.6g}"] for at in places]

    @property
    def headings(self) -> list[str]:
        return ["lower", "upper", "y"]
