"""What predictions hold as a whole: one value, the targets themselves, another scale."""

from __future__ import annotations

from math import atanh, sqrt
from typing import TYPE_CHECKING

from losscli.doubts.base import Doubt
from losscli.doubts.order import APART, OfAmounts
from losscli.doubts.readings import Reading, taken
from losscli.doubts.slopes import Line, line
from losscli.lazy import np
from losscli.roles import Binary, Classes, ClassIndex, Distribution, Values
from losscli.stats import Totals

if TYPE_CHECKING:
    from losscli.batch import Batch
    from losscli.checks import Facts
    from losscli.doubts.base import Leaf, Whole
    from losscli.question import Question
    from losscli.roles import Role

FEW = 10
"""Fewer rows may well be alike."""

SEVERAL = 250
"""Fewer labels may all be right: a model that is right in 98.5 % is so in one of forty."""

ALONG = 0.9
"""Networks that were never trained seldom go along with the targets so well."""

UNITS = (100, 255, 1000)
"""What targets are often divided by: percents, bytes, thousands."""

NEAR = 0.05
"""A scale is the usual one if it is so near to it, as a share."""

BESIDE = 0.1
"""And if it begins so near to where that does, in standard deviations."""

HALF = 65504.0
"""The largest number of float16."""


class Constant(Doubt):
    """All predictions are the same, while the targets differ: the loss is that of a constant.

    Is it the right column? A dead network, or one that was never trained, gives such a file.
    """

    code = "constant"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, (Binary, Values)) and "target" in role.asked.fields

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        ours, theirs = (whole.total.facts[side] for side in ("prediction", "target"))
        if theirs.low == theirs.high:
            return None
        return constant(self.role.asked.prediction.label, ours)


class ConstantRows(Doubt):
    """All rows of predictions are the same: every row is given the same class.

    Is it the right file? A dead network, or one that was never trained, gives such a file.
    """

    code = "constant"

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, ClassIndex) and (role.pairing.classes or 0) > 1

    def look(self, leaf: Leaf) -> Totals | None:
        rows = leaf.batch.prediction
        if (rows != rows[:1]).any():
            return None
        return Totals({"rows": {(rows[0] + 0.0).tobytes(): len(rows)}})

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        target = whole.total.facts["target"]
        rows = seen["rows"]
        if len(rows) > 1 or target.low == target.high:
            return None
        return same_rows(self.role.asked.prediction.label, sum(rows.values()))


class Copy(Doubt):
    """Predictions are the targets themselves, digit by digit.

    Were the same file or the same column given twice, or did the target leak into the prediction?
    """

    code = "copy"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, Values) or (isinstance(role, Binary) and question.kind == "probs")

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        ours, theirs = (whole.total.facts[side] for side in ("prediction", "target"))
        if isinstance(self.role, Values):
            few = ours.count < FEW or theirs.values is not None
            errors = whole.total.measured.get("largest")
            same = errors is not None and errors.high == 0
        else:
            few, totals = ours.count < SEVERAL, whole.total.measured
            sure = {*(ours.values or {2: 0})} == {0, 1} == {*(theirs.values or {2: 0})}
            same = sure and not totals["fp"] and not totals["fn"]
        return None if few or not same else self.said(ours.count)

    def said(self, count: int) -> tuple[str, str]:
        fields = self.role.asked
        message = (
            f"{fields.prediction.label}: all {count:,} predictions are exactly the targets "
            f"of {fields.target.label}"
        )
        return message, "is it the right KEY? A copy of the targets says nothing of a model"


class CopiedShares(Copy):
    """Predicted probabilities or scores are the soft targets themselves, digit by digit.

    Were the same file or the same column given twice, or did the target leak into the prediction?
    """

    code = "copy"
    looks = True

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        asked = role.asked
        target = asked.target_kind.removeprefix("target_")
        if target == "target":
            target = "log_probs" if asked.options.get("log_target") else "probs"
        return isinstance(role, (Binary, Classes, Distribution)) and asked.kind == target

    def look(self, leaf: Leaf) -> Totals | None:
        ours, theirs = leaf.batch.prediction, leaf.batch.target
        if ours.shape != theirs.shape:
            return None
        coarse = min(ours.dtype, theirs.dtype, key=lambda one: one.itemsize)
        if coarse.kind != "f" or not np.array_equal(ours.astype(coarse), theirs.astype(coarse)):
            return None
        return Totals({"rows": leaf.batch.rows})

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        enough = FEW if whole.total.facts["target"].values is None else SEVERAL
        return None if seen["rows"] < enough else self.said(whole.total.facts["prediction"].count)


class Saturated(Doubt):
    """Predictions stand at the largest number of float16, where larger ones were cut off.

    Were scores stored as float16 that do not fit? float32 or bfloat16 hold them.
    """

    code = "saturated"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return role.asked.prediction.dtype == np.float16

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        return saturated(self.role.asked.prediction.label, whole.total.facts["prediction"])


def constant(label: str, facts: Facts, what: str = "predictions") -> tuple[str, str] | None:
    """What to say of values that are all the same."""
    if facts.count < FEW or facts.low != facts.high:
        return None
    return f"{label}: all {facts.count:,} {what} are {facts.low:.6g}", "is it the right KEY?"


def same_rows(label: str, rows: int, what: str = "predictions") -> tuple[str, str] | None:
    """What to say of rows that are all the same."""
    return (f"{label}: all {rows:,} rows of {what} are the same", "") if rows >= FEW else None


def saturated(label: str, facts: Facts) -> tuple[str, str] | None:
    """What to say of values of float16 that larger ones were cut off at."""
    if max(-facts.low, facts.high) != HALF:
        return None
    message = f"{label}: values of {HALF:.0f}, the largest of float16: larger ones were cut off"
    return message, "store scores as float32 or bfloat16"


class Swapped(Reading):
    """Predictions are all 0 and 1, and targets are fractions: as if one were the other.

    Try the files the other way round.
    """

    code = "swapped"
    gainful = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, Binary) and question.target == "target"

    def reread(self, batch: Batch) -> Batch | None:
        few = batch.facts("prediction").values
        if few is None or not few.keys() <= {0, 1}:
            return None
        dtype = batch.target.dtype if batch.target.dtype.kind == "f" else np.float64
        return taken(batch, prediction=batch.target, target=batch.prediction.astype(dtype))

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        ours, theirs = (whole.total.facts[side] for side in ("prediction", "target"))
        if ours.count < FEW or theirs.values is not None or len(ours.values or {}) < 2:
            return None
        kind = self.question.kind.replace("_", "-")
        fields = self.role.asked
        message = (
            f"{fields.prediction.label} holds only 0 and 1, and {fields.target.label} fractions: "
            f"are they swapped? The other way round, as --{kind}, the loss would be "
            f"{self.other(seen, whole):.4f} instead of {whole.loss:.4f}"
        )
        return message, f"--{kind} takes what a model predicts, --target what is true"


class Scale(OfAmounts):
    """Predictions go along with the targets, but on another scale, or from another zero.

    Is one side standardised, in another unit, or a logarithm?
    """

    code = "scale"

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        found = line(seen)
        if found is None or found.pairs < 2 * FEW or found.correlation <= 0.5:
            return None
        fisher = atanh(min(found.correlation, 1 - 1e-9)) * sqrt(found.pairs - 3)
        if fisher < 5 or not self._off(found, seen, whole):  # standard errors
            return None
        message = (
            f"the predictions go along with the targets (correlation {found.correlation:.4f}), but "
            f"on another scale: {found.slope:.4g} times the prediction "
            f"{'+' if found.start >= 0 else '-'} {abs(found.start):.4g} fits them best"
        )
        return message, "is one side standardised, in another unit, or a logarithm?"

    @staticmethod
    def _off(found: Line, seen: Totals, whole: Whole) -> bool:
        """Whether a line explains why the errors are large.

        A network that was never trained predicts near 0, at times along with the targets, and one
        that has learned little does so for certain. So what is small is only suspected where it
        goes along very well, or where its scale is one that targets are often brought to.
        """
        ours, theirs = (whole.total.facts[side] for side in ("prediction", "target"))
        x, y = (seen[name].value / found.pairs for name in "xy")
        across, up = found.spreads
        squares = across + up - 2 * found.slope * across + (x - y) * (x - y)
        left = up * (1 - found.correlation**2)
        if squares < max(up / 2, 8 * left):
            return False
        if _usual(found, (x, y), (theirs.low, theirs.high)):
            return True
        small = found.slope > 1 and ours.high - ours.low <= APART
        return squares >= 2 * up and (not small or found.correlation > ALONG)  # R² is below -1


def _usual(found: Line, means: tuple[float, float], ends: tuple[float, float]) -> bool:
    """Whether predictions are targets less their mean, over their deviation; or in [0, 1]."""
    (across, up), (low, high) = found.spreads, ends
    if abs(sqrt(across) - 1) < NEAR and abs(means[0]) < BESIDE:  # standardised themselves
        return True
    scales = (sqrt(up), means[1]), (high - low, low), (high, 0), *((unit, 0) for unit in UNITS)
    return any(
        unit > 1
        and abs(found.slope / unit - 1) < NEAR
        and abs(found.start - zero) < BESIDE * sqrt(up)
        for unit, zero in scales
    )
