"""Rows that occur again, and rows that hold most of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.doubts.base import Doubt
from losscli.lazy import np
from losscli.roles import Values

if TYPE_CHECKING:
    from losscli.doubts.base import Whole
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.stats import Totals

DIFFERENT = 50
"""Fewer different losses may well occur equally often."""

TAIL = 50
"""So many of the largest losses tell how heavy their tail is."""

CHANCE = 1e-4
"""Of tails as heavy, fewer have a largest loss so far from the next one."""

ENOUGH = 100
"""Of fewer losses, one may well be half of the sum."""


class Repeated(Doubt):
    """Every row occurs twice, or three times, and so on: the same rows, one after the other.

    Was a file written twice, or are shards listed twice? The mean is the same, its error is not.
    """

    code = "repeated-rows"

    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return question.loss.rows == "leaf" and not role.pairing.free

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        return repeated("loss", whole.total.sample.occurrences())


def repeated(what: str, counts: np.ndarray) -> tuple[str, str] | None:
    """What to say where all occur so often, or a multiple of that."""
    times = int(np.gcd.reduce(counts)) if len(counts) >= DIFFERENT else 1
    if times < 2:
        return None
    often = {2: "twice", 3: "three times"}.get(times, f"{times:,} times")
    message = f"every {what} occurs {often}, or a multiple of that: are all rows repeated?"
    return message, "was a file written twice, or a shard listed twice?"


class FewRows(Doubt):
    """One row of many holds more than half of the sum of the losses, far beyond all others.

    Look at that row: a slip of a unit, a mark for a missing value such as -999, a wrong label.
    """

    code = "few-rows"
    looks = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        # One confident mistake of a good classifier is no slip, and stands among the worst rows.
        amounts = isinstance(role, Values)
        return amounts and question.loss.rows == "leaf" and not question.loss.finish

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        moments, worst = whole.total.elements, whole.total.extremes
        total = moments.total.value
        if moments.count < ENOUGH or not total > 0 or not worst.high > total / 2:
            return None
        if worst.high == float("inf") or whole.total.extremes.low < 0:
            return None
        clamped = any(check.code == "clamped" for check in whole.total.seen)
        if clamped or not _apart(whole.total.sample.largest(TAIL + 2)):
            return None
        field = self.role.asked.prediction
        index = self.role.index(worst.high_at or 0)
        place = field.place(index) if index else ""
        message = (
            f"{field.label}, {place}: this one of {moments.count:,} losses, {worst.high:.4g}, is "
            f"{worst.high / total:.0%} of their sum"
        )
        return message, "is it a slip, or a mark for a missing value? --worst 5 shows the next ones"


def _apart(largest: np.ndarray) -> bool:
    """Whether the largest is further from the next than the tail of the others explains.

    In a tail that falls by a power, the logarithms of the ratios of neighbours, each times its
    rank, are drawn from one exponential distribution (Rényi). That of the first two, over the mean
    of k others, is above f by a chance of (1 + f / k)^-k, whatever the power is.
    """
    logs = np.log(largest[largest > 0].astype(np.float64))
    gaps = -np.diff(logs) * np.arange(1, len(logs))
    if len(gaps) < 2 or not gaps[1:].any():
        return bool(len(gaps))
    return bool((1 + gaps[0] / gaps[1:].sum()) ** -(len(gaps) - 1) < CHANCE)
