"""What values look like, in plain words, and what they cannot be, in those of the checks."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from losscli.checks import Case, Tally, targets
from losscli.checks import predictions as asked
from losscli.checks.numbers import numbers
from losscli.checks.words import share
from losscli.formats.packed import Packed
from losscli.inspection.names import Side, side_of
from losscli.records import record
from losscli.settings import Settings
from losscli.views import Pairing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from losscli.checks import Check
    from losscli.errors import Finding
    from losscli.inspection.parts import Part

__all__ = ["Look", "Side", "boxes", "cannot", "class_axis", "look", "padding", "side", "words"]

FEW = 4
"""So few values are counted in words."""

ROWS = 5
"""So many rows of boxes are no accident."""

SORTED = 20
"""So many values are in order by no accident."""

LONG = 40
"""Longer text is no name."""

CLASSES = 1000
"""Whole numbers that reach further are no class indices to somebody who guesses."""


class Look(StrEnum):
    """What values look like most."""

    NAMES = "names"
    NOTHING = "nothing"
    LABELS = "labels"
    SIGNS = "signs"
    ONE_HOT = "one-hot"
    CLASSES = "classes"
    IDS = "ids"
    COUNTS = "counts"
    PROBS = "probabilities"
    LOG_PROBS = "log-probabilities"
    UNIT = "unit"
    BELOW = "below"
    REAL = "real"


def side(part: Part) -> Side:
    """What the name of a part says: that of the key, else that of the file."""
    found = Side.UNKNOWN if part.key is None else side_of(part.key)
    stem = re.sub(r"(\.[A-Za-z]+)+$", "", re.split(r"[/\\]", part.word)[-1])
    if found is not Side.UNKNOWN or part.word.startswith("["):
        return found
    return side_of(stem, columns=part.key is not None)


@record
class Classes:
    """Whole numbers as class indices.

    Attributes:
        low: The smallest.
        high: The largest.
        padding: A value apart from the others, which stands where there is no class.
        count: How often it does.
    """

    low: int
    high: int
    padding: int | None = None
    count: int = 0


def padding(part: Part) -> Classes | None:
    """The range of whole numbers, without one that stands apart; None for what is none."""
    whole = part.known.whole
    if not whole:
        return None
    values = sorted(whole)
    if len(values) > 2:
        for odd, near, rest in ((values[-1], values[-2], values[:-1]), (values[0], 0, values[1:])):
            apart = odd < 0 <= rest[0] or (odd in targets.PADDING and odd - near > 1)
            if apart and rest[0] >= 0:
                return Classes(rest[0], rest[-1], odd, whole[odd])
    return Classes(values[0], values[-1])


def class_axis(part: Part) -> int | None:
    """The axis along which all rows are distributions, if there is one."""
    sums = part.known.exps or part.known.sums
    return next((axis for axis, tally in sums.items() if not tally.count), None)


def look(part: Part) -> Look:
    """What the values of a part look like most."""
    known, facts = part.known, part.known.facts
    if known.texts:
        return Look.NAMES
    if not facts.count > facts.nan:
        return Look.NOTHING
    values = set(facts.values or ())
    if known.sums and class_axis(part) is not None:
        return Look.ONE_HOT if values == {0, 1} else Look.PROBS
    if values <= {0, 1} and values:
        return Look.LABELS
    if values == {-1, 1}:
        return Look.SIGNS
    if "fraction" not in known.tallies:
        return _whole(part)
    if not facts.outside:
        return Look.UNIT
    if "positive" not in known.tallies:
        return Look.LOG_PROBS if class_axis(part) is not None else Look.BELOW
    return Look.REAL


def _whole(part: Part) -> Look:
    """What whole numbers look like."""
    known, facts = part.known, part.known.facts
    classes = padding(part)
    floating = part.field is not None and part.field.dtype.kind == "f"
    told = side(part) in (Side.PREDICTION, Side.TARGET)
    if known.different and facts.count > FEW and not (floating or told):
        return Look.IDS
    if classes is not None and classes.padding is not None and classes.padding < 0:
        return Look.CLASSES
    if classes is not None and classes.low >= 0 and classes.high < CLASSES and not floating:
        kinds = len(known.whole or ()) - (classes.padding is not None)
        if classes.low <= 1 and kinds > (classes.high - classes.low) / 2:
            return Look.CLASSES
    if floating and classes is not None and classes.low in (0, 1):
        span = classes.high - classes.low + 1
        if len(known.whole or ()) - (classes.padding is not None) == span <= facts.count / 2:
            return Look.CLASSES
    return Look.COUNTS if facts.low >= 0 else Look.REAL


def words(part: Part) -> str:
    """What the values of a part look like, with the evidence."""
    found = _words(part) + _sorted(part)
    if not isinstance(part.field, Packed):
        return found
    lengths = part.field.runs[0]
    runs = f"{len(lengths):,} sequences of {lengths.min():,} to {lengths.max():,}"
    return f"{runs}: {found}" if found else runs


def _words(part: Part) -> str:
    known, facts = part.known, part.known.facts
    found = look(part)
    if found is Look.NAMES:
        return _names(part)
    if found is Look.NOTHING:
        return "all NaN" if facts.nan else "no values"
    if facts.values and len(facts.values) == 1:
        return f"always {facts.low:g}"
    counts = ", ".join(map(str, (facts.values or {}).values()))
    aim = side(part) is Side.TARGET
    two = f"two labels, {facts.low:.15g} and {facts.high:.15g}: {counts}{_boxed(part)}"
    if found is Look.COUNTS and len(facts.values or ()) == 2:
        return two
    texts = {
        Look.LABELS: f"labels 0/1: {counts}{_boxed(part)}",
        Look.SIGNS: f"±1 labels: {counts}",
        Look.ONE_HOT: "one-hot: 0 and 1, and all rows sum to 1",
        Look.CLASSES: _classes(part),
        Look.IDS: "ids: all different whole numbers",
        Look.COUNTS: f"whole numbers {facts.low:.15g}..{facts.high:.15g}: counts, classes or ids"
        + _boxes(part),
        Look.PROBS: f"{'soft targets' if aim else 'probabilities'}: all in [0, 1], and all rows "
        "sum to 1",
        Look.LOG_PROBS: "log-probabilities: none above 0, and exp of all rows sums to 1",
        Look.UNIT: "all in [0, 1]: "
        + ("soft targets" if aim else "probabilities" + _unsummed(part)),
        Look.BELOW: "none above 0: logarithms, or scores",
        Look.REAL: "",
    }
    if found is not Look.REAL:
        return texts[found]
    if percent := _percent(part):
        return percent
    if len(facts.values or ()) == 2 and "fraction" not in known.tallies:
        return two
    outside = f"{share(facts.outside, facts.count - facts.nan)} outside [0, 1]"
    if "fraction" not in known.tallies:
        return f"whole numbers: {outside}"
    if side(part) is Side.TARGET:
        return f"real values: {outside}{_boxes(part)}"
    return f"unnormalised scores, or real values: {outside}{_boxes(part)}"


def _percent(part: Part) -> str:
    """Shares of 100, as their name tells."""
    low, high = part.known.facts.low, part.known.facts.high
    named = re.search(r"perc|pct|prob", part.argument.lower()) is not None
    if named and low >= 0 and 1 < high <= 100:
        return f"percentages? all in [0, 100], up to {high:g}"
    return ""


def _sorted(part: Part) -> str:
    """Whether rows stand in the order of their values, which few data sets do by nature."""
    run, facts = part.known.run, part.known.facts
    if not run.sorted or facts.count < SORTED or not facts.low < facts.high:
        return ""
    return "" if look(part) is Look.IDS else f"; sorted, from {run.first:g} to {run.last:g}"


def boxes(part: Part) -> bool:
    """Whether four columns are corners: of random rows, three in four would have them crossed."""
    four = len(part.shape) == 2 and part.shape[1] == 4 and part.shape[0] >= ROWS
    return four and part.known.facts.low >= 0 and "crossed" not in part.known.tallies


def _boxes(part: Part) -> str:
    return "; boxes? x2 >= x1, y2 >= y1 in all rows" if boxes(part) else ""


def _boxed(part: Part) -> str:
    """Labels of several axes are more than labels."""
    if len(part.shape) > 2:
        return ", as in masks"
    return ", several a row" if len(part.shape) == 2 and part.shape[1] > 1 else ""


def _unsummed(part: Part) -> str:
    if not part.known.sums:
        return ""
    return ", one for each label" if len(part.shape) == 2 else ", one for each value"


def _names(part: Part) -> str:
    names = part.known.names
    if names is None:
        return "names, or other text: many different ones"
    if max(map(len, names), default=0) > LONG:
        return "text"
    if len(names) == part.known.texts > 1:
        return "names: all different"
    if len(names) > FEW:
        return f"names: {len(names)} different ones"
    return "names: " + ", ".join(f"{name} {count}" for name, count in names.items())


def _classes(part: Part) -> str:
    classes = padding(part)
    if classes is None:
        return ""
    text = f"class indices {classes.low}..{classes.high}"
    if classes.low == 1 and classes.padding is None:
        text += ", counted from 1 perhaps"
    if classes.padding is not None:
        text += f", and {classes.padding} {classes.count:,} times: padding"
    return text


def cannot(part: Part) -> Iterator[tuple[str, Finding]]:
    """What the values of a part cannot be, and the first that shows it."""
    found, tallies = look(part), part.known.tallies
    if found in (Look.NAMES, Look.NOTHING) or part.field is None:
        return
    nan, infinite, _ = numbers("prediction")
    yield from _said(part, "free of NaN", nan, tallies.get("nan"))
    yield from _said(part, "finite", infinite, tallies.get("infinite"))
    if found in (Look.LABELS, Look.SIGNS, Look.ONE_HOT, Look.CLASSES, Look.IDS, Look.COUNTS):
        return
    yield from _said(part, "probabilities", asked.probs_range, tallies.get("outside"))
    if class_axis(part) is None:
        what = "probabilities of classes"
        for axis in _nearest(part.known.sums):
            yield from _said(part, what, asked.probs_sum, part.known.sums[axis], axis)
    if found not in (Look.PROBS, Look.UNIT):
        what = "log-probabilities"
        yield from _said(part, what, asked.log_probs_range, tallies.get("positive"))
        for axis in _nearest(part.known.exps) if class_axis(part) is None else ():
            yield from _said(part, what, asked.log_probs_sum, part.known.exps[axis], axis)
    if side(part) is Side.TARGET or (len(part.shape) == 1 and side(part) is Side.UNKNOWN):
        yield from _said(part, "class indices", targets.class_not_whole, tallies.get("fraction"))


def _nearest(sums: Mapping[int, Tally]) -> list[int]:
    """The axis of classes, if there is one: that along which fewest rows are no distribution."""
    return sorted(sums, key=lambda axis: sums[axis].count)[:1]


def _said(
    part: Part, what: str, check: Check, tally: Tally | None, axis: int | None = None
) -> Iterator[tuple[str, Finding]]:
    """What a check would say of a part, if it found anything."""
    if tally is None or not tally.count or part.field is None:
        return
    index = part.index(tally.first or 0, axis)
    case = Case(
        loss="",
        kind="",
        option="probs",
        field=part.field,
        facts=part.known.facts,
        index=index,
        pairing=Pairing(1, {}, part.shape),
        options={},
        settings=Settings(),
        kinds=(),
    )
    finding = check.finding(tally, case)
    if finding is not None:
        yield what, finding
