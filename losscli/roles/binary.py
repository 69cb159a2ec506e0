"""Targets of two values: a probability of the positive class, or a label of -1 and +1."""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np, torch
from losscli.roles.base import Measure, Report, Role, amount, exact, number, ratio, told, weighted
from losscli.roles.positive import Positive
from losscli.stats import Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.roles.base import Asked
    from losscli.shapes import Pairing

_CUTS = {"logits": 0.0, "probs": 0.5, "log_probs": log(0.5), "pred": 0.5}


class Binary(Role):
    """One target in [0, 1] for each prediction: 0, 1, or a probability of 1.

    Attributes:
        bounded: The loss is finite where a probability is 0 or 1: it takes no logarithm of it.
    """

    settings: ClassVar[tuple[str, ...]] = ("threshold", "pos_label")
    sided = True
    bounded: ClassVar[bool] = False

    def __init__(self, asked: Asked) -> None:
        self.named = Positive.of(asked)
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
        axes = 0 if target.ndim == 2 else None
        sides = [(side * weight).sum(axes, dtype=np.float64) for side in (1 - yes, yes)]
        return exact(np.array(sides))

    @property
    def cut(self) -> float:
        """Predictions above it are positive: in the space in which they are given."""
        asked = self.asked.options.get("threshold", self.asked.settings.threshold)
        return _CUTS[self.asked.kind] if asked is None else asked

    def positive(self, batch: Batch) -> np.ndarray:
        return batch.target > (0.5 if batch.target.dtype.kind == "f" else 0)

    def measure(self, batch: Batch) -> Totals:
        guessed, true = batch.prediction > self.cut, self.positive(batch)
        few = batch.facts("target").values  # which tells that no target is a probability
        soft = few is None or not few.keys() <= {-1, 0, 1}
        changed = batch.target is not batch.raw or not batch.plain or batch.facts("target").nan
        parts = {
            **_confusion(guessed, true, batch),
            "soft": amount((batch.target > 0) & (batch.target < 1), batch) if soft else 0,
            "y": weighted(batch.target, batch) if changed else batch.facts("target").total,
        }
        if self.asked.kind != "pred":
            parts["p"] = weighted(_probabilities(batch), batch)
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
        return Totals(parts)

    def report(self, totals: Totals) -> Report:
        tp, fp, fn, tn = (number(totals[name]) for name in ("tp", "fp", "fn", "tn"))
        hits, count = tp + tn, tp + fp + fn + tn
        rule = self.rule + (", target > 0.5" if number(totals["soft"]) else "")
        accuracy = Measure(
            "accuracy",
            ratio(hits, count),
            f"{told(hits)}/{told(count)}, {rule}",
            ratio(max(tp + fn, fp + tn), count),
            (hits, count),
            rule,
        )
        metrics = []
        if "rows" in totals:
            exact, rows = totals["exact"], totals["rows"]
            how = f"{exact}/{rows} rows with every label right"
            metrics.append(Measure("exact_match", ratio(exact, rows), how))
        if "p" in totals:
            p, y = ratio(totals["p"].value, count), ratio(totals["y"].value, count)
            side = "low" if p < y else "high"
            how = f"target mean {y:.6f}: {abs(p - y):.2g} {side}"
            metrics += [Measure("mean_p", p, how), Measure("mean_target", y, shown=False)]
        cells = (
            f"{name} {told(value)}"
            for name, value in zip(("TP", "FP", "FN", "TN"), (tp, fp, fn, tn), strict=True)
        )
        return Report(accuracy, metrics, [("confusion", "   ".join(cells))])

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

    def report(self, totals: Totals) -> Report:
        found = super().report(totals)
        return Report(found.accuracy, (), found.remarks)

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


def _probabilities(batch: Batch) -> np.ndarray:
    if batch.kind == "probs":
        return batch.prediction
    values = torch.from_numpy(np.ascontiguousarray(batch.prediction))
    values = values if values.dtype is torch.float32 else values.double()
    return (torch.sigmoid(values) if batch.kind == "logits" else torch.exp(values)).numpy()


def _listed(places: np.ndarray) -> str:
    """Some labels by their index, cut after a few."""
    return " ".join(map(str, places[:6])) + (" …" if len(places) > 6 else "") or "none"
