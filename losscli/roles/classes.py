"""Targets that choose among classes: an index, or a probability for each class."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np
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
from losscli.roles.calibration import calibration_error, confidence, exact, gaps
from losscli.roles.names import Names
from losscli.roles.perclass import MOST, averages, hits, tally
from losscli.roles.shifted import Shift
from losscli.roles.soft import masses, shares, squares
from losscli.stats import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.formats.base import Field
    from losscli.views import Pairing

TABLE = 64
"""Up to so many classes, hits and misses are counted for each pair of them."""

COUNTED = 4096
"""Up to so many classes, targets are counted for each of them."""


class ClassIndex(Role):
    """One class for each row of scores: an index from 0, or a name.

    Attributes:
        bounded: The loss is finite where a probability is 0: it takes no logarithm of it.
        squashed: Unnormalised scores are taken as logits of probabilities, and not as they are.
    """

    settings: ClassVar[tuple[str, ...]] = ("top_k", "classes", "target_base")
    hits: ClassVar[str] = (
        "the argmax is the target (or its argmax), ties to the first; --top-k: fewer than k "
        "classes score higher"
    )
    bounded: ClassVar[bool] = False
    squashed: ClassVar[bool] = True

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        if asked.target.dtype.kind == "U":
            refuse(asked, "the targets are names", ignore_index=-100, target_base=None)
        self.names = self.named()

    def named(self) -> Names:
        """What the classes are called."""
        return Names.of(self.asked, self.pairing, self.asked.prediction.columns)

    def pair(self) -> Pairing:
        pairing = self.paired()
        if pairing.probabilities:
            raise DataError(
                f"{self.asked.loss} wants class indices: {self.asked.target.label} has the shape "
                f"of the predictions, {self.asked.target.shape}",
                hint="one-hot and class-probability targets are for ce",
                code="shape-mismatch",
            )
        return pairing

    def paired(self) -> Pairing:
        """How scores and targets go together, the shift of sequences included."""
        fields = self.asked.prediction, self.asked.target
        whole = self.by_class(*fields, self.asked.options.get("class_axis"))
        self.shift = Shift.of(self.asked, whole)
        if self.shift is None:
            return whole
        self.asked = self.shift.cut(self.asked, whole)
        fields = self.asked.prediction, self.asked.target
        return self.by_class(*fields, whole.prediction.class_axis)

    def by_class(self, prediction: Field, target: Field, axis: int | None) -> Pairing:
        """How scores and targets go together, whatever --shift says."""
        return shapes.by_class(prediction, target, axis)

    def aligned(self, field: Field) -> Field:
        return field if self.shift is None else self.shift.aligned(field)

    @property
    def takes_names(self) -> bool:
        return not self.pairing.probabilities

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        return self.names.indices(raw)

    def checks(self) -> Sequence[Check]:
        kind = self.asked.kind
        return (
            *predictions.BY_KIND[kind],
            *targets.CHECKS,
            targets.class_unknown,
            targets.class_not_whole,
            targets.class_range,
            *predictions.DISTRIBUTION[kind],
            *(() if self.bounded else predictions.LOGARITHMIC[kind]),
        )

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        field = self.asked.target
        if field.dtype.kind == "f":
            message = f"{field.label}: whole numbers of {field.dtype} were read as class indices"
            return [Finding("whole-floats", Level.NOTE, message, input="target")]
        return []

    def measure(self, batch: Batch) -> Totals:
        classes = self.pairing.classes or 1
        true, guessed = self.true(batch), self.chosen(batch)
        parts: dict[str, object] = {
            "count": amount(np.ones(true.shape, bool), batch),
            "hits": amount(guessed == true, batch),
        }
        if self.tops:
            ranks = self.ranks(batch)
            parts |= {f"top{k}": amount(ranks < k, batch) for k in self.tops}
        if self.squashed:
            confidence = self.confidence(batch)
            parts["confidence"] = weighted(confidence, batch)
            parts["gaps"] = gaps(confidence, self.outcome(guessed, true, batch), batch)
        if classes <= COUNTED:
            parts["classes"] = tally(true, batch, classes)
        if classes <= MOST:
            parts["hit"] = hits(true, guessed, batch, classes)
            parts["named"] = tally(guessed, batch, classes)
        if classes <= TABLE:
            kept = ... if batch.counts is None else batch.counts
            pairs = true[kept].reshape(-1) * classes + guessed[kept].reshape(-1)
            table = np.bincount(pairs, minlength=classes**2)
            parts["table"] = table.reshape(classes, classes)
            if batch.weight is not None:
                sums = np.bincount(pairs, batch.weight[kept].reshape(-1), classes**2)
                parts["weighed"] = exact(sums).reshape(classes, classes)
        return Totals(parts)

    @property
    def class_names(self) -> Sequence[str]:
        return [self.names.shown(one) for one in range(self.pairing.classes or 0)]

    def counts(self, batch: Batch) -> np.ndarray:
        """How often each class is the target, times the sample weights."""
        classes = self.pairing.classes or 0
        known = (batch.target >= 0) & (batch.target < classes)
        known = known if batch.counts is None else known & batch.counts
        found = tally(batch.target, replace(batch, counts=known), classes)
        return found if found.dtype == object else exact(found)

    def chosen(self, batch: Batch) -> np.ndarray:
        """The class that each element was given."""
        return np.asarray(batch.prediction.argmax(1))

    def ranks(self, batch: Batch) -> np.ndarray:
        """How many classes come before the true one."""
        return _ranks(batch.prediction, self.true(batch))

    def confidence(self, batch: Batch) -> np.ndarray:
        """The probability of the class that each element was given."""
        return confidence(batch)

    def true(self, batch: Batch) -> np.ndarray:
        """The true class of each element; ignored elements are class 0, and do not count."""
        return batch.target if batch.counts is None else np.where(batch.counts, batch.target, 0)

    def outcome(self, guessed: np.ndarray, true: np.ndarray, batch: Batch) -> np.ndarray:
        """What came of each guess: 1 where it is the true class."""
        return np.asarray(guessed == true)

    @property
    def tops(self) -> list[int]:
        """The k of each top-k accuracy: those asked for, or 5 where that says something."""
        classes = self.pairing.classes or 1
        if self.asked.settings.top_k is not None:
            return [k for k in self.asked.settings.top_k if k > 1]
        return [5] if classes > 5 else []

    def report(self, totals: Totals) -> Report:
        count, right = number(totals["count"]), number(totals["hits"])
        classes = totals.get("classes")
        rule = self.rule
        majority = None if classes is None else ratio(_top(classes, 1), count)
        accuracy = Measure(
            "accuracy",
            ratio(right, count),
            f"{told(right)}/{told(count)}, {rule}",
            majority,
            (right, count),
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
            error = calibration_error(totals["gaps"], count)
            side = "over" if mean > accuracy.value else "under"
            gap = abs(mean - accuracy.value)
            how = f"{gap:.2g} {side} the accuracy, ECE {error:.2g}"
            metrics += [
                Measure("confidence", mean, how),
                Measure("ece", error, shown=False),
            ]
        metrics += averages(totals, images=len(self.pairing.elements) > 2)
        table = totals.get("weighed" if "weighed" in totals else "table")
        hardest = () if table is None else _hardest(table, self.names)
        return Report(accuracy, metrics, hardest)

    @property
    def rule(self) -> str:
        """What a hit is, in words."""
        kind = self.asked.kind.replace("_", "-").removesuffix("s")
        return f"argmax of {kind}s, ties to the first"

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        chosen, true = self.chosen(batch), self.true(batch)
        spots = np.unravel_index(places, true.shape)
        chosen, true = chosen[spots], true[spots]
        return [
            [self.names.shown(int(one)), self.names.shown(int(other))]
            for one, other in zip(chosen, true, strict=True)
        ]

    @property
    def headings(self) -> list[str]:
        return ["argmax", "y"]


class Classes(ClassIndex):
    """A class for each row of scores, or a probability for each class, as the shape says."""

    def pair(self) -> Pairing:
        pairing = self.paired()
        if self.asked.target_kind != "target" and not pairing.probabilities:
            prediction, target = self.asked.prediction, self.asked.target
            raise DataError(
                f"{target.label} has shape {target.shape}, and not that of {prediction.label}, "
                f"{prediction.shape}: --{self.asked.target_kind.replace('_', '-')} has a value for "
                "each class",
                hint="class indices are given by --target",
                code="shape-mismatch",
            )
        floating = self.asked.target.dtype.kind == "f"
        self.precise = pairing.probabilities and floating
        if pairing.probabilities:
            why = f"{self.asked.target.label} holds a probability for each class"
            refuse(self.asked, why, ignore_index=-100, target_base=None)
        return pairing

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        return raw if self.pairing.probabilities else super().read_target(raw)

    def checks(self) -> Sequence[Check]:
        if not self.pairing.probabilities:
            return super().checks()
        checks = targets.DISTRIBUTION[self.asked.target_kind]
        return distributed(self.asked.kind, checks, bounded=self.bounded)

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        if not self.pairing.probabilities:
            return super().findings(facts, seen)
        bits = self.asked.target_kind == "target" and {*(facts["target"].values or {2})} <= {0, 1}
        if bits and "target-sum" not in seen:
            message = f"{self.asked.target.label}: the target is one-hot"
            return [Finding("one-hot", Level.NOTE, message, input="target")]
        return []

    def measure(self, batch: Batch) -> Totals:
        found = super().measure(batch)
        if not self.pairing.probabilities or batch.target.shape[1] > COUNTED:
            return found
        return found + Totals({"masses": masses(batch)})

    def counts(self, batch: Batch) -> np.ndarray:
        if not self.pairing.probabilities:
            return super().counts(batch)
        return masses(batch, finite=True)

    def true(self, batch: Batch) -> np.ndarray:
        return batch.target.argmax(1) if self.pairing.probabilities else super().true(batch)

    def outcome(self, guessed: np.ndarray, true: np.ndarray, batch: Batch) -> np.ndarray:
        """Of a soft target, the share of the class that was guessed."""
        if not self.pairing.probabilities:
            return super().outcome(guessed, true, batch)
        return np.take_along_axis(shares(batch), np.expand_dims(guessed, 1), 1)[:, 0]

    @property
    def rule(self) -> str:
        return super().rule + (", target argmax" if self.pairing.probabilities else "")


class BoundedClassIndex(ClassIndex):
    """One class for each row, of a loss that takes no logarithm of a probability."""

    bounded = True


class BoundedClasses(Classes):
    """Classes or a probability for each, of a loss that takes no logarithm of a probability."""

    bounded = True

    def measure(self, batch: Batch) -> Totals:
        found = super().measure(batch)
        return found + squares(batch) if "masses" in found else found


class ScoredClassIndex(BoundedClassIndex):
    """One class for each row, of a loss that compares scores as they are."""

    squashed = False


class ScoredClasses(BoundedClasses):
    """Classes or a probability for each, of a loss that compares scores as they are."""

    squashed = False


def distributed(kind: str, target: Sequence[Check], *, bounded: bool) -> tuple[Check, ...]:
    """The checks of a prediction and a target that both have a value for each class."""
    found = predictions.BY_KIND[kind], targets.CHECKS, target, predictions.DISTRIBUTION[kind]
    logs = () if bounded else predictions.LOGARITHMIC[kind]
    return tuple(check for group in (*found, logs) for check in group)


def frequencies(totals: Totals) -> list[float] | None:
    """How often each class is the true one, as shares; None where that is not known."""
    count = number(totals["count"])
    if "classes" not in totals or not count > 0:
        return None
    found = [number(one) / count for one in totals["classes"].tolist()]
    return found if min(found) >= 0 else None


def _ranks(scores: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How many classes come before the true one: with a higher score, or an equal one earlier."""
    true = np.expand_dims(true, 1)
    own = np.take_along_axis(scores, true, 1)
    before = np.asarray((scores > own).sum(1))
    equal = scores == own
    if np.count_nonzero(equal) > np.count_nonzero(own == own):  # more than each to itself
        places = np.arange(scores.shape[1]).reshape(-1, *[1] * (scores.ndim - 2))
        before = before + (equal & (places < true)).sum(1)
    return before


def _top(classes: np.ndarray, k: int) -> float:
    """The hits of always naming the k most frequent classes."""
    return sum(sorted(map(number, classes.tolist()))[-k:])


def _hardest(table: np.ndarray, names: Names) -> list[tuple[str, str]]:
    """The classes that are missed most often, and what they are taken for."""
    parts = [[number(one) for one in row] for row in table.tolist()]
    counts = np.array(parts, float if table.dtype == object else int)
    if counts.min() < 0:  # weights below 0
        return []
    totals, hits = counts.sum(1), counts.diagonal()
    shares = np.where(totals > 0, hits / np.where(totals > 0, totals, 1), 2.0)
    worst = [int(one) for one in np.argsort(shares, kind="stable")[:2] if shares[one] < 1]
    lines = []
    for one in worst:
        wrong = counts[one].copy()
        wrong[one] = -1
        other = int(wrong.argmax())
        right, of, taken = (told(part.item()) for part in (hits[one], totals[one], wrong[other]))
        found = f"{right}/{of} right, taken for {names.shown(other)} ({taken})"
        lines.append(("class " + names.shown(one), found))
    return lines
