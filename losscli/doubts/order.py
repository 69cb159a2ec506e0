"""Rows, labels or classes in another order than the predictions."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, ClassVar

from losscli.doubts.base import Doubt
from losscli.doubts.readings import Reading, taken
from losscli.doubts.slopes import line, slope
from losscli.lazy import np
from losscli.roles import Binary, ClassIndex, MultiLabel, Values
from losscli.roles.base import number
from losscli.stats import Totals

if TYPE_CHECKING:
    from losscli.batch import Batch
    from losscli.doubts.base import Leaf, Whole
    from losscli.question import Question
    from losscli.roles import Role

FEW = 100
"""Fewer rows say too little of an order."""

SAMPLE = 2**17
"""The leaves that begin before this row are enough to tell whether two columns are related."""

KEYS = "are the rows of both in the same order? --key COLUMN pairs them by their ids"


class Shifted(Reading):
    """Predictions fit the targets of the next row, or of the one before, and not their own.

    Is a header read as data on one side, or a first row missing? --key pairs rows by their ids.
    """

    code = "shifted-rows"
    sure = 6.0
    by: ClassVar[int] = 0

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        alone = question.loss.rows == "leaf" and question.inputs[1:] == ("target",)
        alone = alone and role.uneven is None  # then each row is a leaf
        return alone and role.pairing.marks is None and role.rows >= FEW

    def reread(self, batch: Batch) -> Batch | None:
        counts = None if batch.counts is None else np.roll(batch.counts, self.by, 0)
        moved = replace(taken(batch, target=np.roll(batch.target, self.by, 0)), counts=counts)
        return moved.safe()

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        other, guess = self.lower(seen, whole), whole.guess
        if other is None or guess is None or whole.loss < guess or other > 0.9 * guess:
            return None
        where = "after" if self.by > 0 else "before"
        message = (
            f"{self.role.asked.target.label}: the targets fit the predictions one row {where}: "
            f"the loss would be {other:.4f} instead of {whole.loss:.4f}"
        )
        return message, "is a header read as a row, or a row missing? --key COLUMN pairs by ids"

    @property
    def side(self) -> str:
        return "target"


class Late(Shifted):  # noqa: D101 — explained by Shifted
    by = 1


class Early(Shifted):  # noqa: D101 — explained by Shifted
    by = -1


class Inverted(Doubt):
    """Scores rank positives below negatives, far more often than chance would.

    Is it the column of the other class, or has one side 0 and 1 the other way round? 1 - p, -logit
    or --pos-label turns them.
    """

    code = "inverted"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, Binary)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        area, error = _area(whole)
        if area is None or area > 0.35 or area > 0.5 - 6 * error:
            return None
        message = (
            f"{self.role.asked.prediction.label}: positives have lower scores than negatives in "
            f"{1 - area:.1%} of all pairs (AUROC {area:.4f}; turned round it would be "
            f"{1 - area:.4f})"
        )
        return message, "is it the column of the other class, or --pos-label of the other label?"


class Unrelated(Doubt):
    """Predictions are sure of themselves, and yet say no more of the targets than chance would.

    Are the rows of both files in the same order? --key pairs them by their ids.
    """

    code = "unrelated"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, Binary) and role.likely and not isinstance(role, MultiLabel)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        area, error = _area(whole)
        if area is None or abs(area - 0.5) > 3 * error or error > 0.05 or not _worse(whole):
            return None
        message = (
            f"the predictions say nothing of the targets (AUROC {area:.4f}), and the loss of "
            f"{whole.loss:.4f} is far above the {whole.guess:.4f} of the best constant"
        )
        return message, KEYS


class UnrelatedClasses(Doubt):
    """Predictions are sure of their classes, which are the targets no more often than by chance.

    Are the rows of both files in the same order? --key pairs them by their ids.
    """

    code = "unrelated"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, ClassIndex) and role.squashed

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        table = whole.total.measured.get("table")
        if table is None or table.sum() < FEW or not _worse(whole):
            return None
        count = table.sum()
        true, named = table.sum(1) / count, table.sum(0) / count
        hits, chance = table.trace() / count, float(true @ named)
        confidence = next(one.value for one in whole.report.metrics if one.name == "confidence")
        error = sqrt(chance * (1 - chance) / count)
        sure = confidence > max(chance, true.max()) + 0.2 and named.max() < 0.95
        if not sure or hits > chance + 3 * error:
            return None
        message = (
            f"the predictions are right in {hits:.1%}, as chance would be ({chance:.1%}), with a "
            f"mean confidence of {confidence:.1%}; the loss of {whole.loss:.4f} is far above the "
            f"{whole.guess:.4f} of the best constant"
        )
        return message, KEYS


class UnrelatedValues(Doubt):
    """Predictions vary as targets do, and yet not with them.

    Are the rows of both files in the same order? --key pairs them by their ids.
    """

    code = "unrelated"
    first = SAMPLE

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return plain(role)

    def look(self, leaf: Leaf) -> Totals | None:
        return Totals(slope(leaf.batch))

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        found = line(seen)
        if found is None or found.pairs < FEW:
            return None
        across, up = found.spreads
        if not 0.25 * up < across < 4 * up or abs(found.correlation) > 3 / sqrt(found.pairs):
            return None
        message = (
            f"the predictions vary as much as the targets, but not with them: their correlation "
            f"is {found.correlation:.4f}"
        )
        return message, KEYS


class ClassOrder(Doubt):
    """Most rows of a class are taken for one other class, as if the columns were in another order.

    --classes names the columns in their order; FILE:c1,c2 takes them in another.
    """

    code = "class-order"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, ClassIndex)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        table = whole.total.measured.get("table")
        if table is None or len(table) < 2 or table.sum() < FEW:
            return None
        taken_for, totals = table.argmax(1), table.sum(1)
        there = totals > 0
        moved = there & (taken_for != np.arange(len(table)))
        if np.count_nonzero(moved) < 2 or len({*taken_for[there]}) < np.count_nonzero(there):
            return None
        most = table[moved, taken_for[moved]]
        if totals[moved].min() < 10 or (most < 0.6 * totals[moved]).any():
            return None
        now, then = table.trace() / table.sum(), table.max(1).sum() / table.sum()
        names = whole.role.class_names
        pairs = ", ".join(
            f"{names[one]} is taken for {names[taken_for[one]]}"
            for one in np.flatnonzero(moved)[:4]
        )
        message = (
            f"{self.role.asked.prediction.label}: are the columns in another order? {pairs}; with "
            f"those classes exchanged the accuracy would be {then:.4f} instead of {now:.4f}"
        )
        return message, "--classes a,b,c names the columns in their order"


def plain(role: Role) -> bool:
    """Whether predictions are real numbers that stand for the targets as they are."""
    return type(role) is Values


def _area(whole: Whole) -> tuple[float | None, float]:
    """The AUROC where it is known, and its standard error if scores said nothing."""
    found = next((one.value for one in whole.report.metrics if one.name == "auroc"), None)
    names = (("tp", "fn"), ("fp", "tn"))
    yes, no = (sum(number(whole.total.measured[one]) for one in side) for side in names)
    if found is None or not (yes > 0 and no > 0):
        return None, 0.0
    return found, sqrt((yes + no + 1) / (12 * yes * no))


def _worse(whole: Whole) -> bool:
    """Whether the loss is above that of the best constant by far more than chance explains."""
    moments = whole.total.elements
    if whole.guess is None or moments.count < FEW:
        return False
    return whole.loss - whole.guess > max(5 * moments.stderr, 0.2 * abs(whole.guess))
