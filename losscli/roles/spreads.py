"""Real-valued targets of a distribution with a mean and a width."""

from __future__ import annotations

from math import erf, exp, log, sqrt
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import amounts
from losscli.checks.numbers import numbers
from losscli.lazy import np
from losscli.roles.base import Measure, Report, amount, number, ratio
from losscli.roles.reach import NORMAL_95, student, student_inside
from losscli.roles.values import Values
from losscli.stats import Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.formats.base import Field
    from losscli.views import Pairing

WIDTHS = ("var", "std", "log_var", "scale")
"""How the width of a distribution is given."""

NORMAL = {"inside_sigma": (1.0, erf(sqrt(0.5))), "inside_95": (NORMAL_95, 0.95)}
"""How far a normal distribution reaches, in standard deviations: shares of it are inside."""


class Spread(Values):
    """A real number for each normal distribution, of which a mean and a width are predicted.

    Attributes:
        zero: The width may be 0.
        unit: What the width is.
    """

    zero: ClassVar[bool] = True
    unit: ClassVar[str] = "sd"

    def pair(self) -> Pairing:
        return shapes.along(super().pair(), self.asked.prediction, self.width)

    @property
    def width(self) -> dict[str, Field]:
        """The field of the width, by its name."""
        return {name: field for name, field in self.asked.fields.items() if name in WIDTHS}

    @property
    def reach(self) -> dict[str, tuple[float, float]]:
        """How many widths from the mean each measured share reaches, and what it should be."""
        return NORMAL

    def checks(self) -> Sequence[Check]:
        (name,) = self.width
        own = [] if name == "log_var" else [amounts.not_wide(name, zero=self.zero)]
        own += [amounts.narrow(name)] if "eps" in self.asked.options else []
        return (*super().checks(), *numbers(name), *own)

    def measure(self, batch: Batch) -> Totals:
        """How many targets are as near to the mean as they should be."""
        found = super().measure(batch)
        far = np.abs(batch.prediction.astype(np.float64) - batch.target)
        wide = self.widths(batch)
        parts = {
            name: amount(far <= times * wide, batch) for name, (times, _) in self.reach.items()
        }
        every = amount(np.ones(far.shape, bool), batch)
        return Totals({**found.parts, **parts, "distributions": every})

    def widths(self, batch: Batch) -> np.ndarray:
        """The width of each distribution: its standard deviation, or its scale."""
        (name,) = self.width
        given = batch.taken[name].astype(np.float64)
        if name in ("std", "scale"):
            least = sqrt(batch.options.get("eps", 0.0))
            return np.asarray(np.maximum(given, least))
        with np.errstate(over="ignore"):
            var = np.exp(given) if name == "log_var" else given
        return np.asarray(np.sqrt(np.maximum(var, batch.options.get("eps", 0.0))))

    def report(self, totals: Totals) -> Report:
        count = number(totals["distributions"])
        inside = [
            Measure(
                name,
                ratio(number(totals[name]), count),
                f"|y - mean| <= {times:.3g} {self.unit}; {share:.1%} expected",
            )
            for name, (times, share) in self.reach.items()
        ]
        return Report(None, [*inside, *super().report(totals).metrics])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        (name,) = self.width
        wide = batch.taken[name].reshape(-1)
        found = zip(super().cells(batch, places), places, strict=True)
        return [[mean, f"{wide[at]:.4g}", target] for (mean, target), at in found]

    @property
    def headings(self) -> list[str]:
        (name,) = self.width
        return ["mean", name.replace("_", "-"), "y"]


class Pointed(Spread):
    """A real number for each Laplace distribution, whose scale is predicted."""

    zero = False
    unit = "scales"

    @property
    def reach(self) -> dict[str, tuple[float, float]]:
        far = sqrt(2)
        return {"inside_sigma": (far, 1 - exp(-far)), "inside_95": (log(20), 0.95)}


class Heavy(Spread):
    """A real number for each of Student's t distributions, whose scale is predicted."""

    zero = False
    unit = "scales"

    @property
    def reach(self) -> dict[str, tuple[float, float]]:
        df = self.asked.options["df"]
        found = {"inside_95": (student(0.95, df), 0.95)}
        if df <= 2:  # there is no standard deviation
            return found
        far = sqrt(df / (df - 2))
        return {"inside_sigma": (far, student_inside(far, df)), **found}
