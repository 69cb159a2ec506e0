"""What predictions cost that know nothing of their rows: what every loss is compared with."""

from __future__ import annotations

from math import exp, isfinite, log
from typing import TYPE_CHECKING, Any

from losscli.lazy import torch
from losscli.stats import Sum

if TYPE_CHECKING:
    from losscli.doubts import Whole
    from losscli.question import Question
    from losscli.result import Result
    from losscli.roles import Measure, Role

__all__ = ["compared", "constant", "saved", "sentence", "skill", "uniform", "untrained"]

EVEN = (
    *("ce", "nll", "focal-ce", "poly1", "gce", "linear-ce"),
    *("multi-margin", "multiclass-hinge", "categorical-hinge"),
)
"""Losses of one of several classes that treat all of them alike."""

CROSS_ENTROPIES = ("ce", "nll", "linear-ce")
"""Those of which equal scores cost ln C, whatever the weights of the true classes are."""


def constant(whole: Whole, denominator: Sum | None) -> float | None:
    """The loss of the best constant prediction, reduced as the loss itself is."""
    question, found = whole.question, whole.guessed
    loss, total = question.loss, whole.total
    if found is None or not isfinite(found):
        return None
    if not _plain(question):
        if loss.shared:  # the mean is taken of something else than the losses
            return None
        found *= total.over.over(denominator or Sum.of(1.0))
    found = float(found) if denominator is None else loss.ended(found, question.options)
    return found if isfinite(found) else None


def skill(whole: Whole) -> list[Measure]:
    """The share of the best constant's loss that the prediction saves, where it has a name."""
    from losscli.roles import Measure

    name, total = whole.question.loss.skill, whole.total
    guess = whole.guessed if name else None
    if guess is None or not guess > 0:
        return []
    mean = total.numerator.over(total.over)
    return [Measure(name, 1 - mean / guess, "1 - loss / guessing", 0.0, shown=False)]


def uniform(question: Question, role: Role) -> float | None:
    """The loss of equal scores for all classes: what a network begins with, before training."""
    loss, classes, options = question.loss, role.pairing.classes, question.options
    if loss.name not in EVEN or classes is None or not _plain(question):
        return None
    mixed = role.pairing.probabilities or options.get("label_smoothing")
    if loss.name in CROSS_ENTROPIES and not (question.weighs and mixed):
        return log(classes)
    if question.weighs:
        return None
    scores, target = torch.zeros(1, classes, dtype=torch.float64), torch.zeros(1).long()
    every = {**options, "ignore_index": -1}  # class 0 may be the one that does not count
    found: Any = loss.forms["logits", "target"](scores, target, **every)
    return float(getattr(found, "elements", found).item())


def untrained(value: float | None, guess: float | None, even: float | None) -> str:
    """What is said of a loss that is no better than guessing: what equal scores cost.

    >>> untrained(2.4, 2.3, log(10))
    'an untrained network: ln 10 = 2.302585'
    """
    if even is None or guess is None or value is None or not value >= guess:
        return ""
    classes = round(exp(min(even, 100)))
    logarithm = f"ln {classes} = " if log(max(classes, 1)) == even else ""
    return f"an untrained network: {logarithm}{even:.6f}"


def compared(value: float | None, guess: float | None, *, share: bool) -> str:
    """How a loss stands to that of guessing, in a few words; nothing where that says nothing.

    >>> [compared(value, 0.6931, share=True) for value in (0.4621, 0.9, 2.0, 0.6932)]
    ['33% better than', '30% worse than', '2.89 times that of', 'no better than']
    >>> [compared(value, -0.25, share=False) for value in (-0.5, 1.0, -0.25)]
    ['0.25 below', '1.25 above', 'no better than']
    """
    if value is None or guess is None or not isfinite(value) or not isfinite(guess):
        return ""
    if not share:
        gap = value - guess
        return f"{abs(gap):.4g} {'below' if gap < 0 else 'above'}" if gap else "no better than"
    if not guess > 0 or not isfinite(value / guess):
        return ""
    ratio = value / guess
    if ratio > 2:
        return f"{ratio:.3g} times that of"
    if 1 <= ratio < 1.005:
        return "no better than"
    part = "<1%" if 0 < 1 - ratio < 0.005 else f"{abs(1 - ratio):.0%}"
    return f"{part} {'better' if ratio < 1 else 'worse'} than"


def saved(result: Result) -> float | None:
    """The share of the loss of guessing that the predictions save, where that means anything."""
    value, guess = result.value, result.guess
    if guess is None or value is None or not guess > 0 or not result.share:
        return None
    found = 1 - value / guess
    return found if isfinite(found) else None


def sentence(result: Result) -> str:
    """A loss beside that of guessing, in words.

    As "0.4621 nats; the base rate gives 0.6931; 33% better than guessing".
    """
    value = result.stats["mean"] if result.value is None else result.value
    parts = [f"{value:.4g}" + (f" {result.unit}" if result.unit else "")]
    if result.guess is not None:
        found = compared(value, result.guess, share=result.share)
        verb = "give" if result.by.endswith("s") else "gives"
        parts.append(f"{result.by} {verb} {result.guess:.4g}")
        parts += [f"{found} guessing"] if found else []
    more = untrained(value, result.guess, result.even)
    return "; ".join(parts + ([more] if more else []))


def _plain(question: Question) -> bool:
    """The mean is the loss's own."""
    return question.reduction in ("mean", "none") and question.settings.denominator is None
