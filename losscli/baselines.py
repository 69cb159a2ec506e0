"""What predictions cost that know nothing of their rows: what every loss is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losscli.question import Question
    from losscli.roles import Measure
    from losscli.state import State

__all__ = ["constant", "skill"]


def constant(question: Question, total: State) -> float | None:
    """The loss of the best constant prediction, for the plain mean only."""
    loss, found = question.loss, _mean(question, total)
    plain = question.reduction in ("mean", "none") and question.settings.denominator is None
    if not plain:
        return None
    if found is not None and question.reduction == "mean":
        return loss.ended(found, question.options)
    return found


def skill(question: Question, total: State) -> list[Measure]:
    """The share of the best constant's loss that the prediction saves, where it has a name."""
    from losscli.roles import Measure

    name = question.loss.skill
    guess = _mean(question, total) if name else None
    if guess is None or not guess > 0:
        return []
    mean = total.numerator.over(total.over)
    return [Measure(name, 1 - mean / guess, "1 - loss / guessing", 0.0, shown=False)]


def _mean(question: Question, total: State) -> float | None:
    """What the mean of the elements would be for the best constant prediction."""
    guess = question.loss.guess
    return None if guess is None else guess(total.measured, **question.options)
