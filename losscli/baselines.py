"""What predictions cost that know nothing of their rows: what every loss is compared with."""

from __future__ import annotations

from math import isfinite, log
from typing import TYPE_CHECKING, Any

from losscli.lazy import np, torch

if TYPE_CHECKING:
    from losscli.question import Question
    from losscli.roles import Measure, Role
    from losscli.state import State

__all__ = ["constant", "sentence", "skill", "uniform", "untrained"]

EVEN = (
    *("ce", "nll", "focal-ce", "poly1", "gce", "linear-ce"),
    *("multi-margin", "multiclass-hinge", "categorical-hinge"),
)
"""Losses of one of several classes that treat all of them alike."""

CROSS_ENTROPIES = ("ce", "nll", "linear-ce")
"""Those of which equal scores cost ln C, whatever the weights of classes are."""


def constant(question: Question, total: State) -> float | None:
    """The loss of the best constant prediction, for the plain mean only."""
    loss, found = question.loss, _mean(question, total)
    if not _plain(question):
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


def uniform(question: Question, role: Role) -> float | None:
    """The loss of equal scores for all classes: what a network begins with, before training."""
    loss, classes, options = question.loss, role.pairing.classes, question.options
    if loss.name not in EVEN or classes is None or not _plain(question):
        return None
    weighted = any(np.size(options[name]) > 1 for name, one in loss.options.items() if one.small)
    if loss.name in CROSS_ENTROPIES and not (weighted and options.get("label_smoothing")):
        return log(classes)
    if weighted:
        return None
    scores, target = torch.zeros(1, classes, dtype=torch.float64), torch.zeros(1).long()
    found: Any = loss.forms["logits", "target"](scores, target, **options)
    return float(getattr(found, "elements", found).item())


def untrained(value: float | None, guess: float | None, even: float | None) -> str:
    """What is said of a loss that is no better than guessing: what equal scores cost."""
    if even is None or guess is None or value is None or not value >= guess:
        return ""
    return f"{even:.6f}, as of a network before training"


def sentence(value: float, unit: str, guess: float | None) -> str:
    """A loss beside that of the best constant, in words.

    >>> sentence(0.46205, "nats", 0.693147)
    '0.462 nats; the best constant gives 0.6931; 33% better than guessing'
    """
    text = f"{value:.4g}" + (f" {unit}" if unit else "")
    if guess is None:
        return text
    text += f"; the best constant gives {guess:.4g}"
    share = 1 - value / guess if guess > 0 else float("nan")
    if not isfinite(share):
        return text
    return f"{text}; {abs(share):.0%} {'better' if share >= 0 else 'worse'} than guessing"


def _plain(question: Question) -> bool:
    """The mean is the loss's own."""
    return question.reduction in ("mean", "none") and question.settings.denominator is None


def _mean(question: Question, total: State) -> float | None:
    """What the mean of the elements would be for the best constant prediction."""
    guess = question.loss.guess
    return None if guess is None else guess(total.measured, **question.options)
