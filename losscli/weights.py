"""Weights by a rule: given by name, or from how often each class is the target.

A rule stands in the place of a small array until the classes are known. Where it needs the
targets, the engine reads them once before anything else, and them alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.errors import DataError, Finding, Level, UsageError
from losscli.formats.words import numbers
from losscli.lazy import np
from losscli.records import record
from losscli.registry import flag, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.registry import Option

LISTED = 8
"""So many weights are named in a message."""


@record
class Drawn:
    """The weights of a rule, and what is to be said of them."""

    values: np.ndarray
    findings: tuple[Finding, ...] = ()


@record
class Rule:
    """How weights come to be.

    Attributes:
        option: The flag that it was given to, for messages.
        counts: It needs to know how many targets there are of each class.
    """

    option: str
    counts: ClassVar[bool] = True

    def draw(self, names: Sequence[str], counts: Any) -> Drawn:
        """The weights.

        Args:
            names: What the classes are called.
            counts: How much of each class there is, in the order of the names on the first axis;
                None where the rule does not ask.
        """
        raise NotImplementedError

    def _told(self, message: str, level: Level = Level.NOTE) -> Finding:
        code = "balanced" if level is Level.NOTE else "absent-class"
        return Finding(code, level, f"{flag(self.option)} {self}: {message}", input=self.option)


class FromCounts(Rule):
    """A weight for each class from how often it is the target."""

    def draw(self, names: Sequence[str], counts: Any) -> Drawn:
        counts = counts.reshape(len(names), -1).sum(1)
        present = counts > 0
        if not present.any():
            raise DataError(f"{flag(self.option)} {self}: there is no target that counts")
        values = np.zeros(len(counts))
        values[present] = self.weigh(counts[present])
        every = list(zip(names, counts.tolist(), values.tolist(), strict=True))
        shown = ", ".join(f"{name} {value:.6g} (of {count:.6g})" for name, count, value in every)
        several = f"{len(names)} classes from {values[present].min():.6g} to {values.max():.6g}"
        found = [self._told(shown if len(every) <= LISTED else several)]
        absent = [name for name, count, _ in every if not count > 0]
        if absent:
            more = f", nor any of {len(absent) - 1} others" if len(absent) > 1 else ""
            text = f"no target is of class {absent[0]}{more}, which weigh 0"
            text = text if more else text.replace("weigh", "weighs")
            found.append(self._told(text, Level.WARNING))
        return Drawn(values, tuple(found))

    def weigh(self, counts: np.ndarray) -> np.ndarray:
        """The weights of the classes that there are."""
        raise NotImplementedError


@record
class Balanced(FromCounts):
    """n / (C · count), as sklearn's compute_class_weight: C classes that are there, n targets."""

    def __str__(self) -> str:
        return "balanced"

    def weigh(self, counts: np.ndarray) -> np.ndarray:
        return np.asarray(counts.sum() / (len(counts) * counts))


@record
class Effective(FromCounts):
    """(1 - beta) / (1 - beta^count), scaled so that the mean of all is 1 (Cui et al., 2019)."""

    beta: float = 0.0

    def __str__(self) -> str:
        return f"effective={self.beta:g}"

    def weigh(self, counts: np.ndarray) -> np.ndarray:
        log = math.log(self.beta) if self.beta else -math.inf
        values = 1 / -np.expm1(counts * log)
        return np.asarray(values * (len(values) / values.sum()))


@record
class Odds(Rule):
    """Negatives over positives, for each column."""

    def __str__(self) -> str:
        return "balanced"

    def draw(self, names: Sequence[str], counts: Any) -> Drawn:
        no, yes = counts if counts[0].size > 1 else counts.reshape(2)
        none = ~(yes > 0)
        values = np.where(none, 1.0, no / np.where(none, 1.0, yes))
        if not values.shape:
            text = f"{no:.6g} negatives / {yes:.6g} positives = {values:.6g}"
        else:
            listed = ", ".join(f"{one:.6g}" for one in values[:LISTED])
            more = f", … ({len(values)} columns)" if len(values) > LISTED else ""
            text = f"negatives / positives = {listed}{more}"
        found = [self._told(text)]
        for lacking, side, weight in ((none, "positives", 1), (~none & (no == 0), "negatives", 0)):
            if lacking.any():
                where = f"column {int(lacking.argmax()) + 1} has no {side}, and weighs {weight}"
                text = f"{where} ({int(lacking.sum())} such columns)"
                text = text if values.shape else f"there are no {side}: the weight is {weight}"
                found.append(self._told(text, Level.WARNING))
        return Drawn(values, tuple(found))


@record
class Named(Rule):
    """Weights of classes by their names; the others weigh 1."""

    counts: ClassVar[bool] = False
    given: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return ",".join(f"{name}={value:g}" for name, value in self.given)

    def draw(self, names: Sequence[str], counts: Any) -> Drawn:
        places = {name: at for at, name in enumerate(names)}
        values = np.ones(len(names))
        for name, value in self.given:
            if name not in places:
                hint = suggest(name, names, "classes are") if len(names) <= 64 else ""
                raise UsageError(f"{flag(self.option)}: no class is named {name!r}", hint=hint)
            values[places[name]] = value
        return Drawn(values)


def parse(option: Option, name: str, given: Any) -> Rule | None:
    """The rule that a value of an option is, if it is one.

    Args:
        option: The option that takes it.
        name: The option that it was given to, which may be another name of the same.
        given: A word, or a dictionary of names.

    Raises:
        UsageError: a rule that this option does not know, or that lacks something.
    """
    kind = option.small.drawn if option.small else ""
    if isinstance(given, Mapping):
        pairs = [(str(one), value) for one, value in given.items()]
    else:
        pairs = _pairs(str(given))
    if given != "balanced" and given != "effective" and not pairs:
        return None
    effective = given == "effective" or [one for one, _ in pairs] == ["effective"]
    if not kind or (kind == "columns" and given != "balanced"):
        hint = "--pos-weight balanced is negatives / positives" if kind else _HINT
        raise UsageError(f"{flag(name)} cannot be {given}", hint=hint)
    if kind == "columns":
        return Odds(name)
    if given == "balanced":
        return Balanced(name)
    if not effective:
        _hold(option, name, pairs)
        return Named(name, tuple(pairs))
    beta = pairs[0][1] if pairs else math.nan
    if not 0 <= beta < 1:
        hint = "effective=0.999: the beta of Cui et al., arXiv:1901.05555"
        raise UsageError(f"{flag(name)} effective needs a beta >= 0 and < 1", hint=hint)
    return Effective(name, beta)


_HINT = "--class-weight balanced and --pos-weight balanced come from the targets, where there are"


def _hold(option: Option, name: str, pairs: Sequence[tuple[str, Any]]) -> None:
    names = [one for one, _ in pairs]
    for place, (one, value) in enumerate(pairs):
        if one in names[:place]:
            raise UsageError(f"{flag(name)}: {one!r} is named twice")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"{flag(name)}: the weight of {one!r} must be a number")
        if not math.isfinite(value):
            raise UsageError(f"{flag(name)}: the weight of {one!r} must be finite, not {value:g}")
        option.hold(value)


def _pairs(word: str) -> list[tuple[str, float]]:
    """The names and numbers of ``cat=1,dog=2``; none if any piece is something else."""
    found = []
    for piece in word.split(","):
        name, equals, value = piece.rpartition("=")
        one = numbers(value) if equals and name and re.search(r"\S", name) else None
        if one is None:
            return []
        found.append((name.strip(), one[0]))
    return found
