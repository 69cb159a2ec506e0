"""Targets that are one of several classes in an order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.lazy import np
from losscli.roles.base import Measure, Report, amount, number, ratio, weighted
from losscli.roles.classes import BoundedClassIndex
from losscli.stats import Totals

if TYPE_CHECKING:
    from losscli.batch import Batch
    from losscli.views import Pairing


class Ordered(BoundedClassIndex):
    """One of several classes in an order, for each row of scores."""

    settings = ("classes", "target_base")
    hits = "the argmax is the target, ties to the first"

    @property
    def tops(self) -> list[int]:
        return []

    def measure(self, batch: Batch) -> Totals:
        """The sums that the weighted kappa is made of."""
        true, chosen = (one.astype(np.float64) for one in (self.true(batch), self.chosen(batch)))
        gaps = chosen - true
        sums = {
            "true": true,
            "chosen": chosen,
            "squares": true * true + chosen * chosen,
            "far": np.abs(gaps),
            "farther": gaps * gaps,
        }
        found = {name: weighted(values, batch) for name, values in sums.items()}
        return Totals({**super().measure(batch).parts, **found})

    def report(self, totals: Totals) -> Report:
        found, count = super().report(totals), number(totals["count"])
        products = totals["true"].value * totals["chosen"].value
        chance = totals["squares"].value - 2 * ratio(products, count)
        how = "1 - squared distances / those of chance"
        kappa = Measure("qwk", 1 - ratio(totals["farther"].value, chance), how, 0.0)
        far = Measure("distance", ratio(totals["far"].value, count), "mean, in classes")
        known = [kappa] if chance > 0 else []  # of a single class there is none
        return replace(found, metrics=[*known, far, *found.metrics])


class Thresholds(Ordered):
    """One of several classes in an order, for each row of scores of the thresholds between."""

    hits = "the rank is the target: how many thresholds have a logit > 0"
    squashed = False

    def pair(self) -> Pairing:
        prediction = self.asked.prediction
        if len(prediction.shape) != 2:
            raise DataError(
                f"{prediction.label} has shape {prediction.shape}: {self.asked.loss} wants a score "
                "for each of the C - 1 thresholds between classes, (N, C - 1)",
                hint="one threshold has the shape (N, 1)",
                code="shape-mismatch",
            )
        return replace(super().pair(), classes=prediction.shape[1] + 1)

    def chosen(self, batch: Batch) -> np.ndarray:
        return np.asarray((batch.prediction > 0).sum(1))

    def measure(self, batch: Batch) -> Totals:
        scores = batch.prediction
        rising = np.asarray((scores[:, 1:] > scores[:, :-1]).any(1))
        return Totals({**super().measure(batch).parts, "rising": amount(rising, batch)})

    def report(self, totals: Totals) -> Report:
        found = super().report(totals)
        share = ratio(number(totals["rising"]), number(totals["count"]))
        how = "rows whose scores rise from a threshold to the next"
        return replace(found, metrics=[*found.metrics, Measure("inconsistent", share, how)])

    @property
    def rule(self) -> str:
        return "thresholds with a logit > 0"

    @property
    def headings(self) -> list[str]:
        return ["rank", "y"]
