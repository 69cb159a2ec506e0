"""Which classes occur, and how sure targets are of them."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from losscli.doubts.base import Doubt
from losscli.errors import Level
from losscli.lazy import np
from losscli.roles import Binary, Classes, ClassIndex
from losscli.roles.base import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.checks import Facts
    from losscli.doubts.base import Whole
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.stats import Totals

OFTEN = 20
"""Where every other class occurs so often, one that does not is not missing by chance."""

MANY = 50
"""A class that occurs so often, and is as frequent as others, is predicted at times."""

MOST = 0.4
"""Smoothed labels are further apart than this from the middle of all classes."""


class AbsentClass(Doubt):
    """Some classes never occur among the targets, where each of the others does often.

    Are labels counted from 1, has a class no rows, or have the predictions a column too many?
    """

    code = "missing-class"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, ClassIndex) and (role.pairing.classes or 0) > 2

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        counts = _counts(whole)
        if counts is None:
            return None
        if soft(whole):
            return None  # a class that is nowhere the likeliest has its shares all the same
        ignored = self.question.options.get("ignore_index")
        if ignored is not None and 0 <= ignored < len(counts):  # it is meant to be nowhere
            return None
        per_row = max(self.role.pairing.elements_per_row, 1)
        return absent(self.role.asked.target.label, counts, per_row, whole.role.class_names)

    @property
    def side(self) -> str:
        return "target"


class NeverPredicted(Doubt):
    """A class that is as frequent as others is never predicted by a model that tells others apart.

    Has the file a column less, or in another place? Is the output of that class dead?
    """

    code = "never-predicted"
    level = Level.NOTE
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, ClassIndex) and (role.pairing.classes or 0) > 2

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        counts, named = _counts(whole), whole.total.measured.get("named")
        accuracy = whole.report.accuracy
        if counts is None or named is None or accuracy is None or counts.min() < 0:
            return None
        guessed = np.array([number(one) for one in named.tolist()], float)
        usual = (counts >= MANY) & (counts >= counts.sum() / len(counts) / 2)
        never = np.flatnonzero(usual & (guessed == 0))
        if len(never) != 1 or not accuracy.value > 0.5:
            return None
        names, one = whole.role.class_names, never[0]
        message = (
            f"{self.role.asked.prediction.label}: class {names[one]} is never predicted, though "
            f"{counts[one]:,.0f} targets are of it"
        )
        return message, ""


class Smoothed(Doubt):
    """Targets were smoothed already: all are one share, or its rest. The loss cannot become 0.

    The note has the least cross-entropy that such targets allow.
    """

    code = "smoothed"
    level = Level.NOTE
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        plain = question.target == "target" and not question.options.get("label_smoothing")
        return plain and _sharing(role)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        facts, classes = whole.total.facts["target"], whole.role.pairing.classes or 2
        plain = whole.question.loss.skill == "d2_log_loss" and not _weighted(whole.question)
        return smoothed(self.role.asked.target.label, facts, classes, least=plain)

    @property
    def side(self) -> str:
        return "target"


class SmoothedTwice(Smoothed):
    """Targets were smoothed already, and --label-smoothing smooths them once more.

    Leave out --label-smoothing, or give labels as they are.
    """

    code = "smoothed-twice"
    level = Level.WARNING

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return bool(question.options.get("label_smoothing")) and _sharing(role)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        found = _smoothing(whole.total.facts["target"], whole.role.pairing.classes or 2)
        if found is None:
            return None
        label = self.role.asked.target.label
        message = f"{label}: the targets are smoothed labels, {found[0]:.4g} and {found[1]:.4g}"
        return message + ", and --label-smoothing smooths them once more", ""


def absent(
    label: str, counts: np.ndarray, per_row: int, names: Sequence[object]
) -> tuple[str, str] | None:
    """What to say of classes that never occur.

    Args:
        label: What the targets are called.
        counts: How often each class is the true one.
        per_row: How many targets a row has: pixels of one image, and tokens of one text, are not
            drawn one by one.
        names: What each class is called.
    """
    there, gone = counts[counts > 0], np.flatnonzero(counts == 0)
    few = len(gone) == 1 or 10 * len(gone) <= len(counts)
    if not (len(gone) and few and len(there) > 1 and there.min() >= OFTEN * per_row):
        return None
    listed = ", ".join(str(names[one]) for one in gone[:4])
    message = (
        f"{label}: no target is of class {listed}, and each of the other {len(there)} classes has "
        f"at least {there.min():,.0f}"
    )
    return message, "--target-base 1 counts classes from 1" if gone[0] == 0 else ""


def smoothed(
    label: str, facts: Facts, classes: int, *, least: bool = True
) -> tuple[str, str] | None:
    """What to say of labels that are smoothed already.

    Args:
        label: What the targets are called.
        facts: What is known of them.
        classes: How many there are.
        least: The loss is a plain cross-entropy, or may be one.
    """
    found = _smoothing(facts, classes)
    if found is None:
        return None
    low, high = found
    message = f"{label}: the targets are smoothed labels, {low:.4g} and {high:.4g}"
    if least:
        entropy = -high * log(high) - (classes - 1) * low * log(low)
        message += f": no cross-entropy of them is below {entropy:.4f}"
    return message, ""


def _weighted(question: Question) -> bool:
    """Whether classes or elements count for more, or less."""
    names = (name for name, one in question.loss.options.items() if one.small)
    return any(bool(np.any(np.asarray(question.options[name]) != 1)) for name in names)


def soft(whole: Whole) -> bool:
    """Whether targets are shares, of which the largest is not all that counts."""
    shares = isinstance(whole.role, Binary) or whole.role.pairing.probabilities
    return shares and not {*(whole.total.facts["target"].values or {2})} <= {-1, 0, 1}


def _counts(whole: Whole) -> np.ndarray | None:
    """How often each class is the true one; None where that is not known."""
    found = whole.total.measured.get("classes")
    return None if found is None else np.array([number(one) for one in found.tolist()], float)


def _sharing(role: Role) -> bool:
    """Whether targets may be shares of classes."""
    return isinstance(role, Binary) or (isinstance(role, Classes) and role.pairing.probabilities)


def _smoothing(facts: Facts, classes: int) -> tuple[float, float] | None:
    """The two shares that smoothed labels have; None where they are none."""
    if facts.values is None or len(facts.values) != 2 or facts.count < 2 * classes:
        return None
    low, high = sorted(facts.values)
    middle = 1 / classes
    whole_row = abs(high + (classes - 1) * low - 1) < 1e-4
    one_each = classes == 2 or facts.values[low] == (classes - 1) * facts.values[high]
    if not (whole_row and one_each and 0 < low < middle and high - middle > MOST * (1 - middle)):
        return None
    return low, high
