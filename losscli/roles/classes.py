"""Targets that choose among classes: an index, or a probability for each class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np, torch
from losscli.roles.base import (
    Asked,
    Measure,
    Report,
    Role,
    amount,
    number,
    ratio,
    refuse,
    told,
    weighted,
)
from losscli.roles.names import Names
from losscli.stats import Sum, Totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.shapes import Pairing

TABLE = 64
"""Up to so many classes, hits and misses are counted for each pair of them."""

COUNTED = 4096
"""Up to so many classes, targets are counted for each of them."""


class ClassIndex(Role):
    """One class for each row of scores: an index from 0, or a name."""

    settings: ClassVar[tuple[str, ...]] = ("top_k", "classes", "target_base")

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        if asked.target.dtype.kind == "U":
            refuse(asked, "the targets are names", ignore_index=-100, target_base=None)
        self.names = Names.of(asked, self.pairing)

    def pair(self) -> Pairing:
        pairing = shapes.by_class(
            self.asked.prediction, self.asked.target, self.asked.options.get("class_axis")
        )
        if pairing.probabilities:
            raise DataError(
                f"{self.asked.loss} wants class indices: {self.asked.target.label} has the shape "
                f"of the predictions, {self.asked.target.shape}",
                hint="one-hot and class-probability targets are for ce",
                code="shape-mismatch",
            )
        return pairing

    @property
    def takes_names(self) -> bool:
        return not self.pairing.probabilities

    def read(self, raw: np.ndarray) -> np.ndarray:
        return self.names.indices(raw, self.asked.settings.target_base or 0)

    def checks(self) -> Sequence[Check]:
        kind = self.asked.kind
        return (
            *predictions.BY_KIND[kind],
            *targets.CHECKS,
            targets.class_unknown,
            targets.class_not_whole,
            targets.class_range,
            *predictions.DISTRIBUTION[kind],
        )

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        field = self.asked.target
        if field.dtype.kind == "f":
            message = f"{field.label}: whole numbers of {field.dtype} were read as class indices"
            return [Finding("whole-floats", Level.NOTE, message, input="target")]
        return []

    def measure(self, batch: Batch) -> Totals:
        scores, classes = batch.prediction, batch.prediction.shape[1]
        true = self.true(batch)
        guessed = scores.argmax(1)
        parts: dict[str, object] = {
            "count": amount(np.ones(true.shape, bool), batch),
            "hits": amount(guessed == true, batch),
        }
        if self.tops:
            ranks = _ranks(scores, true)
            parts |= {f"top{k}": amount(ranks < k, batch) for k in self.tops}
        if batch.kind != "pred":
            parts["confidence"] = _confidence(batch)
        if classes <= COUNTED:
            parts["classes"] = _tally(true, batch, classes)
        if classes <= TABLE:
            kept = ... if batch.counts is None else batch.counts
            pairs = true[kept].reshape(-1) * classes + guessed[kept].reshape(-1)
            table = np.bincount(pairs, minlength=classes**2)
            parts["table"] = table.reshape(classes, classes)
        return Totals(parts)

    def true(self, batch: Batch) -> np.ndarray:
        """The true class of each element; ignored elements are class 0, and do not count."""
        return batch.target if batch.counts is None else np.where(batch.counts, batch.target, 0)

    @property
    def tops(self) -> list[int]:
        """The k of each top-k accuracy: those asked for, or 5 where that says something."""
        classes = self.pairing.classes or 1
        if self.asked.settings.top_k is not None:
            return [k for k in self.asked.settings.top_k if k > 1]
        return [5] if classes > 5 else []

    def report(self, totals: Totals) -> Report:
        count, hits = number(totals["count"]), number(totals["hits"])
        classes = totals.get("classes")
        rule = self.rule
        majority = None if classes is None else ratio(_top(classes, 1), count)
        accuracy = Measure(
            "accuracy",
            ratio(hits, count),
            f"{told(hits)}/{told(count)}, {rule}",
            majority,
            (hits, count),
            rule,
        )
        metrics = []
        for k in self.tops:
            found = number(totals[f"top{k}"])
            how = f"{told(found)}/{told(count)}, fewer than {k} classes score higher"
            share = None if classes is None else ratio(_top(classes, k), count)
            metrics.append(Measure(f"top{k}", ratio(found, count), how, share))
        if "confidence" in totals:
            mean = ratio(totals["confidence"].value, count)
            side = "over" if mean > ratio(hits, count) else "under"
            gap = abs(mean - ratio(hits, count))
            metrics.append(Measure("confidence", mean, f"{gap:.2g} {side} the accuracy"))
        hardest = _hardest(totals["table"], self.names) if "table" in totals else ()
        return Report(accuracy, metrics, hardest)

    @property
    def rule(self) -> str:
        """What a hit is, in words."""
        kind = self.asked.kind.replace("_", "-").removesuffix("s")
        return f"argmax of {kind}s, ties to the first"

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        spots = np.unravel_index(places, batch.prediction[:, 0].shape)
        scores = np.moveaxis(batch.prediction, 1, -1)[spots]
        true = self.true(batch)[spots]
        return [
            [self.names.shown(int(row.argmax())), self.names.shown(int(one))]
            for row, one in zip(scores, true, strict=True)
        ]

    @property
    def headings(self) -> list[str]:
        return ["argmax", "y"]


class Classes(ClassIndex):
    """A class for each row of scores, or a probability for each class, as the shape says."""

    def pair(self) -> Pairing:
        axis = self.asked.options.get("class_axis")
        pairing = shapes.by_class(self.asked.prediction, self.asked.target, axis)
        floating = self.asked.target.dtype.kind == "f"
        self.precise = pairing.probabilities and floating
        if pairing.probabilities:
            why = f"{self.asked.target.label} holds a probability for each class"
            refuse(self.asked, why, ignore_index=-100, target_base=None)
        return pairing

    def read(self, raw: np.ndarray) -> np.ndarray:
        return raw if self.pairing.probabilities else super().read(raw)

    def checks(self) -> Sequence[Check]:
        if not self.pairing.probabilities:
            return super().checks()
        return _distributions(self.asked.kind, (targets.probs_range, targets.probs_sum))

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        if not self.pairing.probabilities:
            return super().findings(facts, seen)
        if set(facts["target"].values or {2}) <= {0, 1} and "target-sum" not in seen:
            message = f"{self.asked.target.label}: the target is one-hot"
            return [Finding("one-hot", Level.NOTE, message, input="target")]
        return []

    def measure(self, batch: Batch) -> Totals:
        found = super().measure(batch)
        if not self.pairing.probabilities or batch.target.shape[1] > COUNTED:
            return found
        masses = np.moveaxis(batch.target, 1, -1)
        if batch.weight is not None:
            masses = masses * batch.weight[..., None]
        masses = masses[... if batch.counts is None else batch.counts]
        sums = masses.reshape(-1, masses.shape[-1]).sum(0, dtype=np.float64)
        return found + Totals({"masses": _exact(sums)})

    def true(self, batch: Batch) -> np.ndarray:
        return batch.target.argmax(1) if self.pairing.probabilities else super().true(batch)

    @property
    def rule(self) -> str:
        return super().rule + (", target argmax" if self.pairing.probabilities else "")


class Distribution(Role):
    """A probability, or log-probability, for each class."""

    precise = True

    def pair(self) -> Pairing:
        asked = self.asked
        if asked.prediction.shape == asked.target.shape and len(asked.prediction.shape) < 2:
            if asked.kind == "logits":
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
        log = self.asked.options["log_target"]
        range_ = targets.log_probs_range if log else targets.probs_range
        if self.pairing.classes is None:
            return (*predictions.BY_KIND[self.asked.kind], *targets.CHECKS, range_)
        return _distributions(self.asked.kind, (range_, targets.probs_sum))

    def measure(self, batch: Batch) -> Totals:
        if self.pairing.classes is None:
            return Totals()
        hits = batch.prediction.argmax(1) == batch.target.argmax(1)
        heads = replace(  # one for each distribution, not for each class
            batch,
            counts=None if batch.counts is None else np.asarray(batch.counts.all(1)),
            weight=None if batch.weight is None else batch.weight.mean(1),
        )
        every = np.ones(hits.shape, bool)
        return Totals({"hits": amount(hits, heads), "count": amount(every, heads)})

    def report(self, totals: Totals) -> Report:
        if "count" not in totals or not number(totals["count"]):
            return Report()
        hits, count = number(totals["hits"]), number(totals["count"])
        rule = "argmax of prediction = argmax of target"
        how = f"{told(hits)}/{told(count)}, {rule}"
        return Report(Measure("accuracy", ratio(hits, count), how, None, (hits, count), rule))


def _distributions(kind: str, target: Sequence[Check]) -> tuple[Check, ...]:
    """The checks of a prediction and a target that both have a value for each class."""
    found = predictions.BY_KIND[kind], targets.CHECKS, target, predictions.DISTRIBUTION[kind]
    return tuple(check for group in found for check in group)


def _ranks(scores: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How many classes come before the true one: with a higher score, or an equal one earlier."""
    true = np.expand_dims(true, 1)
    own = np.take_along_axis(scores, true, 1)
    before = np.asarray((scores > own).sum(1))
    equal = scores == own
    if np.count_nonzero(equal) > true.size:  # more than each score to itself
        places = np.arange(scores.shape[1]).reshape(-1, *[1] * (scores.ndim - 2))
        before = before + (equal & (places < true)).sum(1)
    return before


def _confidence(batch: Batch) -> Sum:
    """The sum of the probabilities of the classes that were chosen."""
    scores = torch.from_numpy(np.ascontiguousarray(batch.prediction))
    if scores.dtype is not torch.float32:
        scores = scores.double()
    if batch.kind == "logits" and scores.sum().isfinite():
        top = torch.softmax(scores, 1).amax(1)
    elif batch.kind == "logits":  # the highest score may be infinite, and have company
        top = scores.amax(1, keepdim=True)
        top = 1 / torch.where(scores == top, 0.0, scores - top).exp().sum(1)
    else:
        top = scores.amax(1)
    return weighted((top.exp() if batch.kind == "log_probs" else top).numpy(), batch)


def _tally(true: np.ndarray, batch: Batch, classes: int) -> np.ndarray:
    """How often each class is the true one: whole numbers, or sums of sample weights."""
    kept = ... if batch.counts is None else batch.counts
    weight = None if batch.weight is None else batch.weight[kept].reshape(-1)
    found = np.bincount(true[kept].reshape(-1), weight, classes)
    return found if weight is None else _exact(found)


def _exact(sums: np.ndarray) -> np.ndarray:
    return np.array([Sum.of(one) for one in sums.tolist()], object)


def _top(classes: np.ndarray, k: int) -> float:
    """The hits of always naming the k most frequent classes."""
    return sum(sorted(map(number, classes.tolist()))[-k:])


def _hardest(table: np.ndarray, names: Names) -> list[tuple[str, str]]:
    """The classes that are missed most often, and what they are taken for."""
    totals, hits = table.sum(1), table.diagonal()
    shares = np.where(totals > 0, hits / np.maximum(totals, 1), 2.0)
    worst = [int(one) for one in np.argsort(shares, kind="stable")[:2] if shares[one] < 1]
    lines = []
    for one in worst:
        wrong = table[one].copy()
        wrong[one] = -1
        other = int(wrong.argmax())
        found = f"{hits[one]}/{totals[one]} right, taken for {names.shown(other)} ({wrong[other]})"
        lines.append(("class " + names.shown(one), found))
    return lines
