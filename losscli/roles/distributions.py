"""Targets that are whole distributions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.errors import DataError
from losscli.lazy import np
from losscli.roles.base import Measure, Report, Role, amount, number, ratio, refuse, told
from losscli.roles.classes import COUNTED, distributed
from losscli.roles.soft import together
from losscli.stats import Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.views import Pairing


class Distribution(Role):
    """A probability, or log-probability, for each class."""

    precise = True
    bounded: ClassVar[bool] = False
    hits = "argmax of prediction = argmax of target"

    def pair(self) -> Pairing:
        asked = self.asked
        if asked.prediction.shape == asked.target.shape and len(asked.prediction.shape) < 2:
            if "logits" in (asked.kind, asked.target_kind.removeprefix("target_")):
                raise DataError(
                    f"{asked.prediction.label} has shape {asked.prediction.shape}: nothing says "
                    "whether these are rows or classes",
                    hint="one distribution over C classes has the shape (1, C)",
                    code="shape-mismatch",
                )
            refuse(asked, "there is no axis of classes", class_axis=-1)
            return shapes.same(asked.prediction, asked.target)
        return shapes.terms(asked.prediction, asked.target, asked.options["class_axis"])

    def checks(self) -> Sequence[Check]:
        log = self.asked.options.get("log_target", False)
        checks = targets.DISTRIBUTION["target_log_probs" if log else self.asked.target_kind]
        if self.pairing.classes is None:
            return (*predictions.BY_KIND[self.asked.kind], *targets.CHECKS, *checks[:1])
        return distributed(self.asked.kind, checks, bounded=self.bounded)

    def settled(self, batch: Batch) -> Batch:
        """Scores left out are still part of their softmax; NaN takes its distribution along."""
        counts = batch.counts
        if counts is None or self.pairing.classes is None or not self.pairing.terms:
            return super().settled(batch)
        kinds = {"prediction": self.asked.kind, "target": self.asked.target_kind}
        for side, kind in kinds.items():
            if kind.endswith("logits"):
                counts = counts & ~(np.isnan(batch.given[side]) & ~counts).any(1, keepdims=True)
        safe = replace(batch, counts=counts).safe()
        if kinds["target"] != "target_logits":
            return safe
        target = np.where(counts.any(1, keepdims=True), batch.target, safe.target)
        return replace(safe, taken={**safe.taken, "target": target})

    def measure(self, batch: Batch) -> Totals:
        if self.pairing.classes is None:
            return Totals()
        hits = batch.prediction.argmax(1) == batch.target.argmax(1)
        whole, every = self.pairing.terms and _whole(batch), np.ones(hits.shape, bool)
        more: dict[str, object] = {}
        if self.pairing.terms:  # hits are of distributions, what counts is of classes
            more["any"] = amount(every, _of_any(batch))
            batch = replace(
                batch,
                counts=None if batch.counts is None else np.asarray(batch.counts.all(1)),
                weight=None if batch.weight is None else batch.weight.mean(1),
            )
        if whole and batch.target.shape[1] <= COUNTED:
            more |= together(batch)
        return Totals({"hits": amount(hits, batch), "count": amount(every, batch), **more})

    def means(self, numerator: Sum, value: float, totals: Totals) -> Sequence[Measure]:
        """The loss of each distribution of a row, and the loss that distillation takes."""
        found = []
        if "any" in totals and len(self.pairing.heads) > 1:
            count = number(totals["any"])
            how = f"sum / {told(count)} distributions"
            found.append(Measure("per_token", numerator.over(Sum.of(float(count))), how))
        heat = self.asked.options["temperature"]
        if heat != 1:
            found.append(Measure("t2_kl", heat**2 * value, f"T² · the loss, T = {heat:g}"))
        return found

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        order = batch.pairing.order
        prediction, target = order(batch.prediction)[places], order(batch.target)[places]
        pairs = zip(prediction, target, strict=True)
        return [[f"{one:.4f}", f"{other:.6g}"] for one, other in pairs]

    def report(self, totals: Totals) -> Report:
        if "count" not in totals or not number(totals["count"]):
            return Report()
        hits, count = number(totals["hits"]), number(totals["count"])
        how = f"{told(hits)}/{told(count)}, {self.hits}"
        return Report(Measure("accuracy", ratio(hits, count), how, None, (hits, count), self.hits))


def _of_any(batch: Batch) -> Batch:
    """Distributions of which any class counts, each with the mean weight of those that do."""
    if batch.counts is None:
        return batch if batch.weight is None else replace(batch, weight=batch.weight.mean(1))
    counts, size = np.asarray(batch.counts.any(1)), np.maximum(batch.counts.sum(1), 1)
    weight = None if batch.weight is None else (batch.weight * batch.counts).sum(1) / size
    return replace(batch, counts=counts, weight=weight)


def _whole(batch: Batch) -> bool:
    """Whether all classes of a distribution count, and as much, or none does."""
    given = (one for one in (batch.counts, batch.weight) if one is not None)
    return all(bool((one == one[:, :1]).all()) for one in given)


class Distance(Distribution):
    """A probability for each class, with one loss for each distribution."""

    bounded = True

    def means(self, numerator: Sum, value: float, totals: Totals) -> Sequence[Measure]:
        return ()

    def pair(self) -> Pairing:
        asked = self.asked
        if asked.prediction.shape == asked.target.shape and len(asked.prediction.shape) < 2:
            raise DataError(
                f"{asked.prediction.label} has shape {asked.prediction.shape}: {asked.loss} wants "
                "rows of probabilities, (N, C)",
                hint="one distribution over C classes has the shape (1, C)",
                code="shape-mismatch",
            )
        found = shapes.terms(asked.prediction, asked.target, asked.options["class_axis"])
        return replace(found, elements=found.heads, terms=False)

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        """The likeliest class on either side."""
        sides = (one.argmax(1).reshape(-1)[places] for one in (batch.prediction, batch.target))
        return [[str(one), str(other)] for one, other in zip(*sides, strict=True)]

    @property
    def headings(self) -> list[str]:
        return ["argmax", "y"]
