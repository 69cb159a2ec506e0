"""Distributions over latent values, which have no targets."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from losscli.checks import amounts
from losscli.checks.numbers import numbers
from losscli.errors import DataError
from losscli.lazy import np
from losscli.roles.base import Measure, Report, Role, ratio, weighted
from losscli.roles.spreads import WIDTHS
from losscli.stats import Sum, Totals
from losscli.views import Pairing, Stretched, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.formats.base import Field


class Latent(Role):
    """A normal distribution for each latent value of a row."""

    def pair(self) -> Pairing:
        mean, wide = self.asked.prediction, self.asked.fields[self.width]
        if len(mean.shape) < 2:
            raise DataError(
                f"{mean.label} has shape {mean.shape}: nothing says whether these are rows, or "
                "the latent values of one",
                hint="D latent values of one row have the shape (1, D)",
                code="shape-mismatch",
            )
        row = (prod(mean.shape[1:]),)  # the axes are of no account to a sum
        views = {"prediction": View(row), self.width: self._wide(mean, wide, row)}
        return Pairing(mean.shape[0], views, mean.shape[:1])

    @property
    def width(self) -> str:
        """How the width is given."""
        return next(name for name in self.asked.fields if name in WIDTHS)

    def _wide(self, mean: Field, wide: Field, row: tuple[int, ...]) -> View:
        if wide.shape == mean.shape:
            return View(row)
        if prod(wide.shape) == 1:
            return Stretched(row, fixed=True, own=(1,))
        raise DataError(
            f"shapes differ: {mean.label} is {mean.shape}, {wide.label} is {wide.shape}",
            hint="variances have the shape of the means, or are one number",
            code="shape-mismatch",
        )

    def checks(self) -> Sequence[Check]:
        own = [] if self.width == "log_var" else [amounts.not_wide(self.width, zero=False)]
        return (*numbers("prediction"), *numbers(self.width), *own)

    def measure(self, batch: Batch) -> Totals:
        """What the means and the variances have of the divergence."""
        squares = np.square(batch.prediction.astype(np.float64)).sum(1) / 2
        rows = Sum.of(float(batch.rows)) if batch.plain else weighted(np.ones(batch.rows), batch)
        return Totals({"means": weighted(squares, batch), "rows": rows})

    def report(self, totals: Totals) -> Report:
        found = ratio(totals["means"].value, totals["rows"].value)
        return Report(None, [Measure("mean_part", found, "half the sum of the squared means")])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        means, wide = batch.taken["prediction"], batch.taken[self.width]
        return [
            [f"{np.abs(means[at].astype(np.float64)).mean():.4f}", f"{wide[at].mean():.4f}"]
            for at in places
        ]

    @property
    def headings(self) -> list[str]:
        return ["mean of |mean|", f"mean {self.width.replace('_', '-')}"]
