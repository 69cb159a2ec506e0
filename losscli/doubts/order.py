"""Rows, labels or classes in another order than the predictions."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt, tanh
from typing import TYPE_CHECKING, ClassVar

from losscli.doubts.base import Doubt
from losscli.doubts.classes import soft
from losscli.doubts.readings import Reading, taken
from losscli.doubts.slopes import line, slope
from losscli.lazy import np
from losscli.roles import Binary, ClassIndex, MultiLabel, Values
from losscli.roles.base import number

if TYPE_CHECKING:
    from losscli.batch import Batch
    from losscli.doubts.base import Leaf, Whole
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.stats import Totals

FEW = 100
"""Fewer rows say too little of an order."""

SEVERAL = 50
"""Fewer rows say too little of a shift, which leaves no doubt where there is one."""

MORE = 0.2
"""Of the loss of the best constant: less above it may be a network that knows little."""

APART = 6.0
"""Scores of a network that was never trained are closer together, standardised inputs given."""

SURE = 0.5
"""So much above the best constant is what was sure of itself, and said nothing."""

LITTLE = 0.04
"""With a larger standard error, a model that knows little looks like one that knows nothing."""

ALIKE = 2.5
"""By how much the variances of predictions and targets may differ where one stands for the other.

Of a good model they part by the share that it explains, and outputs of a network that was never
trained are seldom spread as far."""

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
        return alone and role.pairing.marks is None and role.rows >= SEVERAL

    def reread(self, batch: Batch) -> Batch | None:
        counts = np.roll(batch.counting, self.by, 0)
        counts[0 if self.by > 0 else -1] = False  # its partner is in another leaf, if anywhere
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

    def reread(self, batch: Batch) -> Batch | None:
        """None where the last value was the forecast, which fits the row before by its nature."""
        same = batch.prediction[1:] == batch.target[:-1] if plain(self.role) else np.zeros(0)
        return None if np.count_nonzero(same) > same.size / 2 else super().reread(batch)

    def beside(self, batch: Batch) -> dict[str, object]:
        """How much targets go along with those of the row before."""
        return (
            slope(taken(batch, prediction=np.roll(batch.target, 1, 0))) if plain(self.role) else {}
        )

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        """None of a series, of which forecasts are made of the values before."""
        along = line(seen) if plain(self.role) else None
        if along is not None and along.correlation > 2 / sqrt(along.pairs):
            return None
        return super().verdict(seen, whole)


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
        if not (_apart(whole) and _worse(whole)):
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
        two = isinstance(role, Binary) and role.likely and not isinstance(role, MultiLabel)
        return two or (isinstance(role, ClassIndex) and role.squashed)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        if soft(whole):
            return None
        said = self._of_two(whole) if isinstance(self.role, Binary) else self._of_several(whole)
        if said is None or not _worse(whole, SURE):
            return None
        message = (
            f"{said}, and the loss of {whole.loss:.4f} is far above the {whole.guess:.4f} of the "
            "best constant"
        )
        return message, KEYS

    def _of_two(self, whole: Whole) -> str | None:
        """What scores say of labels, if that is nothing."""
        area, error = _area(whole)
        if area is None or not (_apart(whole) and self._by_chance(abs(area - 0.5), error)):
            return None
        return f"the predictions say nothing of the targets (AUROC {area:.4f})"

    def _of_several(self, whole: Whole) -> str | None:
        """What the classes that are chosen say of the true ones, if that is nothing."""
        table = whole.total.measured.get("table")
        if table is None or table.sum() < FEW:
            return None
        count = table.sum()
        true, named = table.sum(1) / count, table.sum(0) / count
        hits, chance = table.trace() / count, float(true @ named)
        confidence = _confidence(whole)
        sure = confidence > max(chance, true.max()) + 0.2 and named.max() < 0.95
        if not sure or not self._by_chance(hits - chance, sqrt(chance * (1 - chance) / count)):
            return None
        return (
            f"the predictions are right in {hits:.1%}, as chance would be ({chance:.1%}), with a "
            f"mean confidence of {confidence:.1%}"
        )

    def _by_chance(self, found: float, error: float) -> bool:
        """Whether what is found is no more than chance, where little more would be seen.

        Pixels of one image, and tokens of one text, are not drawn one by one.
        """
        error *= sqrt(max(self.role.pairing.elements_per_row, 1))
        return error < LITTLE and found < 2 * error


class OfAmounts(Doubt):
    """A mistake that the straight line through predictions and targets shows."""

    first = SAMPLE

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return plain(role)

    def look(self, leaf: Leaf) -> Totals | None:
        return leaf.pairs


class UnrelatedValues(OfAmounts):
    """Predictions vary as targets do, and yet not with them.

    Are the rows of both files in the same order? --key pairs them by their ids.
    """

    code = "unrelated"

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        found = line(seen)
        if found is None or found.pairs < 2 * FEW:
            return None
        across, up = found.spreads
        alike = up / ALIKE < across < ALIKE * up
        if not alike or abs(found.correlation) > 2 / sqrt(found.pairs):
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
        # A network that was never trained may exchange classes, but it is not sure of them.
        squashed = isinstance(self.role, ClassIndex) and self.role.squashed
        if squashed and _confidence(whole) < 1 / len(table) + MORE:
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


def _apart(whole: Whole) -> bool:
    """Whether scores lie as far apart as those of a network that was never trained do not."""
    ends = whole.total.facts["prediction"].low, whole.total.facts["prediction"].high
    if whole.question.kind == "log_probs":
        ends = exp(ends[0]), exp(ends[1])
    least = APART if whole.question.kind in ("logits", "pred") else tanh(APART / 4)
    return ends[1] - ends[0] > least


def _confidence(whole: Whole) -> float:
    """The mean probability of the class that is chosen."""
    return next(one.value for one in whole.report.metrics if one.name == "confidence")


def _worse(whole: Whole, share: float = MORE) -> bool:
    """Whether the loss is above that of the best constant by far more than chance explains."""
    moments = whole.total.elements
    if whole.guess is None or moments.count < FEW:
        return False
    return whole.loss - whole.guess > max(5 * moments.stderr, share * abs(whole.guess))
