"""Targets that are signals, or images."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import amounts
from losscli.checks.base import Case, Found, Tally, check
from losscli.checks.numbers import numbers
from losscli.checks.words import like
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np
from losscli.roles.base import Measure, Report, ratio, weighted
from losscli.roles.values import Values
from losscli.stats import Totals
from losscli.views import Pairing, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.roles.base import Asked


class Image(Values):
    """A real number for each prediction, in a known range."""

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        return _beyond(self.asked, facts["target"])


def _beyond(asked: Asked, known: Facts) -> list[Finding]:
    """What to say of targets that are further apart than their range."""
    wide = asked.options["data_range"]
    if not known.high - known.low > wide:
        return []
    message = (
        f"{asked.target.label}: values from {known.low:g} to {known.high:g} are further "
        f"apart than --data-range {wide:g}"
    )
    hint = "--data-range 255 is for bytes"
    return [Finding("data-range", Level.WARNING, message, hint, "target")]


@check("silent", Level.WARNING, on="target", whole_rows=True)
def silent(batch: Batch) -> Found | None:
    """Signals of zeros alone, which have no ratio.

    --mask leaves rows out.
    """
    none = np.asarray(~(batch.target.any(-1) & batch.prediction.any(-1)))
    return Found(none, np.zeros(none.shape)) if none.any() else None


@silent.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: a signal of zeros alone ({like(tally, 'signal')}), which costs ∞"
    return message, "--mask leaves rows out"


class Signal(Values):
    """A signal for each predicted one: the last axis is time."""

    def pair(self) -> Pairing:
        return _alike(self.asked, 1, "signals have one shape, and their last axis is time")

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), silent)

    def measure(self, batch: Batch) -> Totals:
        """How far signals are from their targets, factors included."""
        with np.errstate(invalid="ignore", over="ignore"):
            squares = self._power(batch.prediction.astype(np.float64) - batch.target)
        count = weighted(np.ones(squares.shape), batch)
        return Totals({"squares": weighted(squares, batch), "count": count})

    def report(self, totals: Totals) -> Report:
        mean = ratio(totals["squares"].value, totals["count"].value)
        return Report(None, [Measure("rmse", sqrt(mean), "of the signals as they are")])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        sides = (side.astype(np.float64) for side in (batch.prediction, batch.target))
        sizes = [np.sqrt(self._power(side)).reshape(-1) for side in sides]
        return [[f"{size[at]:.4g}" for size in sizes] for at in places]

    @property
    def headings(self) -> list[str]:
        return ["rms of pred", "rms of y"]

    def _power(self, side: np.ndarray) -> np.ndarray:
        """The mean square of each signal."""
        one = (len(side), *self.pairing.elements[1:], -1)
        return np.asarray(np.square(side).reshape(one).mean(-1))


def _alike(asked: Asked, axes: int, rule: str) -> Pairing:
    """Pairs two arrays of one shape, whose last axes make one signal.

    Raises:
        DataError: their shapes differ, or they have not as many axes.
    """
    prediction, target = asked.prediction, asked.target
    shape = prediction.shape
    if shape != target.shape or len(shape) < axes:
        raise DataError(
            f"{rule}: {prediction.label} is {shape}, {target.label} is {target.shape}",
            code="shape-mismatch",
        )
    whole = len(shape) == axes
    view = View(shape if whole else shape[1:], whole=whole)
    return Pairing.of(1 if whole else shape[0], view, view, shape[:-axes])


class Picture(Signal):
    """An image for each predicted one, of one size: the last axes are height and width.

    Attributes:
        window: How many pixels high and wide an image has at least.
    """

    window: ClassVar[int] = 11

    def pair(self) -> Pairing:
        found = _alike(self.asked, 2, "images have one shape, (N, C, H, W), (N, H, W) or (H, W)")
        shape = self.asked.prediction.shape
        if min(shape[-2:]) < self.window:
            size = " x ".join(map(str, shape[-2:]))
            raise DataError(
                f"{self.asked.prediction.label} has shape {shape}: images of {size} pixels are "
                f"smaller than the window of {self.window} x {self.window}",
                hint="channels come before height and width: (N, C, H, W)",
                code="shape-mismatch",
            )
        return replace(found, elements=found.elements[:1])

    def checks(self) -> Sequence[Check]:
        return Values.checks(self)

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        return _beyond(self.asked, facts["target"])

    def report(self, totals: Totals) -> Report:
        mean = ratio(totals["squares"].value, totals["count"].value)
        return Report(None, [Measure("rmse", sqrt(mean), "of all pixels")])


class Scaled(Values):
    """A real number for each prediction, and what its error is measured in."""

    constants = ("scale",)

    def pair(self) -> Pairing:
        more = {"scale": self.asked.fields["scale"]}
        return shapes.along(super().pair(), self.asked.prediction, more)

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), *numbers("scale"), amounts.not_wide("scale", zero=False))
