"""Targets of two values: a probability of the positive class, or a label of -1 and +1."""

from __future__ import annotations

from dataclasses import replace
from math import floor, log, log10
from typing import TYPE_CHECKING, Any, ClassVar

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np
from losscli.ranking import EXACT, Columns, Scores
from losscli.roles.base import Measure, Report, Role, amount, number, ratio, refuse, told, weighted
from losscli.roles.calibration import calibration_error, exact, gaps, probabilities
from losscli.roles.positive import Positive
from losscli.stats import Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.roles.base import Asked
    from losscli.views import Pairing

CUTS = {"logits": 0.0, "probs": 0.5, "log_probs": log(0.5), "pred": 0.5}
"""What is positive is above it, for each kind of prediction."""


MANY = 1024
"""Labels of up to so many columns are ranked one by one."""


class Binary(Role):
    """One target in [0, 1] for each prediction: 0, 1, or a probability of 1.

    Attributes:
        bounded: The loss is finite where a probability is 0 or 1: it takes no logarithm of it.
        likely: Predictions stand for probabilities, and are no scores of any scale.
    """

    settings: ClassVar[tuple[str, ...]] = ("threshold", "pos_label")
    sided = True
    hits: ClassVar[str] = (
        "logit > 0 or p > 0.5, in the space that is given (--threshold), as the target > 0.5 is"
    )
    bounded: ClassVar[bool] = False
    likely: ClassVar[bool] = True

    def __init__(self, asked: Asked) -> None:
        self.named = Positive.of(asked)
        ignored = asked.options.get("ignore_index")
        if asked.target.dtype.kind == "U" and ignored not in (None, -100):  # the defaults
            refuse(asked, "the targets are names", ignore_index=None)
        super().__init__(asked)

    def pair(self) -> Pairing:
        return shapes.same(self.asked.prediction, self.asked.target)

    @property
    def takes_names(self) -> bool:
        return self.named is not None

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        return raw if self.named is None else self.named.read(raw)

    def prepare(self, targets: Iterator[Batch]) -> None:
        if self.named is not None:
            self.named.seek(targets)

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        return [] if self.named is None else self.named.findings(facts)

    def checks(self) -> Sequence[Check]:
        kind = self.asked.kind
        certain = {"probs": predictions.clamped, "log_probs": predictions.ruled_out}
        logs = kind in certain and not self.bounded
        return (
            *predictions.BY_KIND[kind],
            *((certain[kind],) if logs else ()),
            *targets.CHECKS,
            targets.outside_unit if self.named is None else self.named.check,
        )

    def positives(self, totals: Totals) -> Sum:
        return Sum.of(number(totals["tp"]) + number(totals["fn"]))

    @property
    def class_names(self) -> Sequence[str]:
        return "0", "1"

    def counts(self, batch: Batch) -> np.ndarray:
        """Negatives and positives, of rows of labels in each column; soft targets are both."""
        target = batch.target.astype(np.float64)
        counted = ~np.isnan(target) if batch.counts is None else batch.counts & ~np.isnan(target)
        weight = counted if batch.weight is None else np.where(counted, batch.weight, 0.0)
        yes = np.where(counted, target, 0.0).clip(0, 1)
        axes = 0 if target.ndim == 2 and self.uneven is None else None
        sides = [(side * weight).sum(axes, dtype=np.float64) for side in (1 - yes, yes)]
        return exact(np.array(sides))

    @property
    def cut(self) -> float:
        """Predictions above it are positive: in the space in which they are given."""
        asked = self.asked.options.get("threshold", self.asked.settings.threshold)
        return CUTS[self.asked.kind] if asked is None else asked

    def positive(self, batch: Batch) -> np.ndarray:
        return batch.target > (0.5 if batch.target.dtype.kind == "f" else 0)

    def measure(self, batch: Batch) -> Totals:
        guessed, true = batch.prediction > self.cut, self.positive(batch)
        few = batch.facts("target").values  # which tells that no target is a probability
        soft = few is None or not few.keys() <= {-1, 0, 1}
        changed = batch.target is not batch.raw or not batch.plain or batch.facts("target").nan
        parts: dict[str, Any] = {
            **_confusion(guessed, true, batch),
            "ties": amount(batch.prediction == self.cut, batch),
            "soft": amount((batch.target > 0) & (batch.target < 1), batch) if soft else 0,
            "y": weighted(batch.target, batch) if changed else batch.facts("target").total,
        }
        if self.bounded:
            squares = np.square(batch.target, dtype=np.float64) if soft else None
            parts["squares"] = parts["y"] if squares is None else weighted(squares, batch)
        if self.likely and self.asked.kind != "pred":
            parts["gaps"] = gaps(probabilities(batch), batch.target, batch)
        if batch.prediction.ndim == 2 and batch.weight is None:
            wrong = guessed != true
            if batch.counts is not None:
                wrong &= batch.counts
                kept = batch.counts.any(1)
                parts["rows"] = int(kept.sum())
                parts["exact"] = int((kept & ~wrong.any(1)).sum())
            else:
                parts["rows"] = len(wrong)
                parts["exact"] = int((~wrong.any(1)).sum())
        columns = batch.prediction.shape[1] if batch.prediction.ndim == 2 else 1
        if 1 < columns <= MANY and self._few and self.uneven is None:
            given = batch.prediction, true, batch.weight, batch.counts
            parts["columns"] = Columns.of(*given)
        return Totals({**parts, "scores": self._scores(true, batch)})

    @property
    def _few(self) -> bool:
        """Whether all scores are kept, and ranked exactly."""
        return self.values <= EXACT

    def _scores(self, true: np.ndarray, batch: Batch) -> Scores:
        """What is to be ranked."""
        columns = [batch.prediction, true]
        columns += [] if batch.weight is None else [batch.weight]
        kept = ... if batch.counts is None else batch.counts
        return Scores.of(
            *(one[kept].reshape(-1) for one in columns),
            exact=self._few,
            shares=batch.kind == "probs",
        )

    def report(self, totals: Totals) -> Report:
        tp, fp, fn, tn = (number(totals[name]) for name in ("tp", "fp", "fn", "tn"))
        hits, count, ties = tp + tn, tp + fp + fn + tn, number(totals["ties"])
        rule = self.rule + (", target > 0.5" if number(totals["soft"]) else "")
        accuracy = Measure(
            "accuracy",
            ratio(hits, count),
            f"{told(hits)}/{told(count)}, {rule}" + (f"; {told(ties)} ties" if ties else ""),
            ratio(max(tp + fn, fp + tn), count),
            (hits, count),
            rule,
        )
        metrics = []
        if "rows" in totals:
            exact, rows = totals["exact"], totals["rows"]
            how = f"{exact}/{rows} rows with every label right"
            metrics.append(Measure("exact_match", ratio(exact, rows), how))
        if "gaps" in totals:
            p = ratio(Sum.joined([totals["y"], *totals["gaps"]]).value, count)
            y = ratio(totals["y"].value, count)
            error = calibration_error(totals["gaps"], count)
            side = "low" if p < y else "high"
            how = f"target {y:.6f}: {abs(p - y):.2g} {side}, ECE {error:.2g}"
            metrics += [
                Measure("mean_p", p, how),
                Measure("mean_target", y, shown=False),
                Measure("ece", error, shown=False),
            ]
        soft = bool(number(totals["soft"]))
        ranked, remarks = ([], [_UNRANKED]) if soft else _ranking(totals["scores"])
        ranked += [] if soft or "columns" not in totals else _macro(totals["columns"])
        metrics += [*ranked, *_decisions(tp, fp, fn, tn, soft=soft)]
        counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
        metrics += [Measure(name, value, shown=False) for name, value in counts.items()]
        cells = (f"{name.upper()} {told(value)}" for name, value in counts.items())
        return Report(accuracy, metrics, [("confusion", "   ".join(cells)), *remarks])

    @property
    def rule(self) -> str:
        """What a hit is, in words."""
        kind = self.asked.kind.replace("_", "-").removesuffix("s")
        name = {"prob": "p", "log-prob": "log p"}.get(kind, kind)
        same = " (p > 0.5)" if kind == "logit" and self.cut == 0 else ""
        return f"{name} > {self.cut:.6g}{same}"


class BoundedBinary(Binary):
    """Binary targets of a loss that takes no logarithm of a probability as it is."""

    bounded = True


class MultiLabel(Binary):
    """Several targets in [0, 1] for each row, which has one loss: the mean over its labels."""

    hits = "each label alone, logit > 0 (--threshold); exact_match counts rows"
    one_size = "every row has the same labels"

    def pair(self) -> Pairing:
        pairing = super().pair()
        if len(pairing.elements) < 2:
            raise DataError(
                f"{self.asked.prediction.label} has shape {self.asked.prediction.shape}: "
                f"{self.asked.loss} wants rows of labels, (N, C)",
                hint="one label for each row is for bce",
                code="shape-mismatch",
            )
        return replace(pairing, elements=pairing.elements[:-1])

    def measure(self, batch: Batch) -> Totals:
        counts, weight = (
            None if one is None else np.broadcast_to(one[..., None], batch.prediction.shape)
            for one in (batch.counts, batch.weight)
        )
        return super().measure(replace(batch, counts=counts, weight=weight))

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        rows = batch.prediction.reshape(-1, batch.prediction.shape[-1])
        labels = batch.target.reshape(rows.shape)
        picked = [(rows[at] > self.cut).nonzero()[0] for at in places]
        true = [(labels[at] > 0.5).nonzero()[0] for at in places]
        return [[_listed(one), _listed(other)] for one, other in zip(picked, true, strict=True)]

    @property
    def headings(self) -> list[str]:
        return ["labels", "y"]


class PlusMinus(Binary):
    """One label of -1 or +1 for each score; 0 and 1 are read as -1 and +1."""

    likely = False
    hits = "score > 0 (--threshold) where the label is +1"

    def checks(self) -> Sequence[Check]:
        own = targets.not_plus_minus if self.named is None else self.named.check
        return (*predictions.BY_KIND[self.asked.kind], *targets.CHECKS, own)

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        if self.named is not None:
            return self.named.read(raw, -1)
        signed = raw.astype(np.int8 if raw.dtype.kind in "bu" else raw.dtype)
        return np.where(signed == 0, np.array(-1, signed.dtype), signed)

    def positive(self, batch: Batch) -> np.ndarray:
        return batch.target > 0

    @property
    def rule(self) -> str:
        return f"score > {self.cut:.6g}"

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        if self.named is not None:
            return self.named.findings(facts, -1)
        values = facts["target"].values or {}
        label = self.asked.target.label
        if 0 in values and -1 in values:
            message = f"{label}: {values[-1]:,} labels are -1 and {values[0]:,} are 0"
            hint = "labels are -1 and +1, or 0 and 1"
            return [Finding("labels", Level.ERROR, message, hint, "target")]
        if 0 in values:
            message = f"{label}: labels 0 and 1 were read as -1 and +1"
            return [Finding("labels-as-signs", Level.NOTE, message, input="target")]
        return []


def balance(totals: Totals) -> float | None:
    """The share of positive targets; None where weights below 0 leave none."""
    yes = number(totals["tp"]) + number(totals["fn"])
    no = number(totals["fp"]) + number(totals["tn"])
    return yes / (yes + no) if min(yes, no) >= 0 and yes + no else None


_UNRANKED = ("auroc", "not known: targets between 0 and 1 are on no side")


def _ranking(scores: Scores) -> tuple[list[Measure], list[tuple[str, str]]]:
    """How well scores tell positives from negatives, or why that is not known."""
    if scores.signed:
        return [], [("auroc", "not known: weights are below 0")]
    curve = scores.curve()
    if not (curve.yes > 0 and curve.no > 0):
        return [], [("auroc", "not known: all targets are on one side")]
    bounds = curve.auroc_error, curve.average_precision_error
    area, mean = (f"within {_up(one)}: scores in bins" if curve.rounded else "" for one in bounds)
    names = ("auroc_error", "average_precision_error") if curve.rounded else ()
    return [
        Measure("auroc", curve.auroc, area or "pairs in the right order, ties half", 0.5),
        Measure(
            "average_precision",
            curve.average_precision,
            mean or "mean precision at each positive",
            curve.yes / (curve.yes + curve.no),
        ),
        *(Measure(name, one, shown=False) for name, one in zip(names, bounds, strict=False)),
    ], []


def _macro(columns: Columns) -> list[Measure]:
    """How well the scores of each label rank it: the means over all labels that have both sides."""
    area, mean, known = columns.means()
    how = f"mean of {known} of {len(columns.each)} columns"
    found = ("auroc_macro", area), ("average_precision_macro", mean)
    return [Measure(name, value, how, shown=False) for name, value in found if known]


def _decisions(tp: float, fp: float, fn: float, tn: float, *, soft: bool) -> list[Measure]:
    """What follows from the confusion, as far as it is defined."""
    if min(tp, fp, fn, tn) < 0:  # weights below 0
        return []
    precision = Measure("precision", ratio(tp, tp + fp), shown=False)
    recall = Measure("recall", ratio(tp, tp + fn), shown=False)
    balanced = (recall.value + ratio(tn, tn + fp)) / 2
    how = f"precision {precision.value:.6f}, recall {recall.value:.6f}"
    share = ratio(tp + fn, tp + fp + fn + tn)
    f1 = Measure(
        "f1",
        ratio(2 * tp, 2 * tp + fp + fn),
        how + (", target > 0.5" if soft else ""),
        2 * share / (1 + share),
    )
    found = f1, precision, recall, Measure("balanced_accuracy", balanced, shown=False)
    return [one for one in found if one.value == one.value]


def _up(bound: float) -> str:
    """A bound in few digits, not less than it is."""
    if bound <= 0:
        return "0"
    unit = 10.0 ** (floor(log10(bound)) - 1)
    return f"{(floor(bound / unit) + 1) * unit:.2g}"


def _confusion(guessed: np.ndarray, true: np.ndarray, batch: Batch) -> dict[str, int | Sum]:
    """How often a guess is right and wrong on either side, or the weights of those elements."""
    if not batch.plain:
        return {
            "tp": amount(guessed & true, batch),
            "fp": amount(guessed > true, batch),
            "fn": amount(guessed < true, batch),
            "tn": amount(~(guessed | true), batch),
        }
    both, yes, no = (int(np.count_nonzero(one)) for one in (guessed & true, guessed, true))
    return {"tp": both, "fp": yes - both, "fn": no - both, "tn": true.size + both - yes - no}


def _listed(places: np.ndarray) -> str:
    """Some labels by their index, cut after a few."""
    return " ".join(map(str, places[:6])) + (" …" if len(places) > 6 else "") or "none"
