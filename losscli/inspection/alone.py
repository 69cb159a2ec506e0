"""What may be doubted of one array by itself, in the words of the doubts of a loss."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

from losscli.checks.codes import CODES
from losscli.doubts.classes import AbsentClass, Smoothed, absent, smoothed
from losscli.doubts.rows import Repeated, repeated
from losscli.doubts.squashed import SquashedTwice, filled, topped
from losscli.doubts.values import Constant, Saturated, constant, same_rows, saturated
from losscli.errors import Finding
from losscli.inspection.looks import Look, Side, class_axis, look, padding, side
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.inspection.parts import Part

__all__ = ["alone"]

Said: TypeAlias = "tuple[str, str] | None"


def alone(part: Part) -> list[Finding]:
    """All that may be doubted of an array."""
    if part.field is None or part.known.texts:
        return []
    said = ((code, doubt(part)) for code, doubt in _DOUBTS)
    return [Finding(code, CODES[code].level, *one) for code, one in said if one]


def _constant(part: Part) -> Said:
    rows = part.known.repeats.same if len(part.shape) > 1 else 0
    what = {Side.PREDICTION: "predictions", Side.TARGET: "targets"}.get(side(part), "values")
    return constant(_label(part), part.known.facts, what) or same_rows(_label(part), rows, what)


def _saturated(part: Part) -> Said:
    half = part.field is not None and part.field.dtype == np.float16
    return saturated(_label(part), part.known.facts) if half else None


def _smoothed(part: Part) -> Said:
    """Only of targets: predictions of two values are no labels."""
    if side(part) is Side.PREDICTION or look(part) not in (Look.PROBS, Look.UNIT):
        return None
    axis = class_axis(part)
    return smoothed(_label(part), part.known.facts, 2 if axis is None else part.shape[axis])


def _squashed(part: Part) -> Said:
    """Probabilities in the range of the sigmoid, or the softmax, of probabilities."""
    found, axis = look(part), class_axis(part)
    if side(part) is Side.TARGET or found not in (Look.PROBS, Look.UNIT):
        return None
    if found is Look.UNIT:
        said = filled(_label(part), part.known.facts)
    else:
        classes = 0 if axis is None else part.shape[axis]
        said = topped(_label(part), part.known.facts, classes)
    return None if said is None else (said, "")


def _absent(part: Part) -> Said:
    """A class that is nowhere among class indices; 0 may be none where they count from 1."""
    classes, whole = padding(part), part.known.whole
    if look(part) is not Look.CLASSES or classes is None or not whole or classes.high < 2:
        return None
    if classes.low == 1:
        return None
    counts = np.array([whole.get(one, 0) for one in range(classes.high + 1)], float)
    rows = part.shape[0] if part.shape else 1
    per_row = max(part.known.facts.count // rows, 1)
    return absent(_label(part), counts, per_row, range(classes.high + 1))


def _repeated(part: Part) -> Said:
    """Rows of fractions alone: whole numbers may well occur equally often."""
    if "fraction" not in part.known.tallies or look(part) is Look.ONE_HOT:
        return None
    rows = part.known.facts.count // (prod(part.shape[1:]) or 1)
    counts = part.known.repeats.occurrences
    said = repeated("row", counts) if len(counts) and rows % np.gcd.reduce(counts) == 0 else None
    return said and (f"{_label(part)}: {said[0]}", said[1])


_DOUBTS: tuple[tuple[str, Callable[[Part], Said]], ...] = (
    (Constant.code, _constant),
    (Saturated.code, _saturated),
    (SquashedTwice.code, _squashed),
    (Smoothed.code, _smoothed),
    (AbsentClass.code, _absent),
    (Repeated.code, _repeated),
)


def _label(part: Part) -> str:
    return part.field.label if part.field is not None else part.argument
