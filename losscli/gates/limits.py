"""Bounds of the numbers of a result, and how these are found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from losscli.errors import DataError, UsageError
from losscli.gates.verdict import Verdict
from losscli.records import record
from losscli.registry import flag, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from losscli.result import Result

Side = Literal["min", "max"]

_PARTS = ("baselines", "stats", "values", "reductions", "batches")
"""The objects of the JSON of which numbers are found by a path, as the hint names them."""

_RANKED = dict.fromkeys(("auroc", "average_precision"), "auroc")
"""Numbers that not all data has, and the remark that says so."""

_LACKING = ("NaN", "Infinity", "-Infinity")
"""Numbers that JSON has as words."""


@record
class Bound:
    """The least or the most that a number may be.

    Attributes:
        option: The option that asks for it.
        side: Whether it is the least or the most.
        metric: The name of the number.
        limit: What it is compared with.
        gate: The option and its value as they were typed.
    """

    option: str
    side: Side
    metric: str
    limit: float
    gate: str

    def verdict(self, value: float, gate: str) -> Verdict:
        """What becomes of a number."""
        least = self.side == "min"
        holds = value >= self.limit if least else value <= self.limit
        low, high = (self.limit, None) if least else (None, self.limit)
        wanted = f"at {'least' if least else 'most'} {self.limit!r}"
        return Verdict(gate, self.metric, value, low, high, holds, wanted)


def bound(side: Any, given: float | str, metric: str = "") -> Bound:
    """A bound from what was typed: the number of an option of its own, or METRIC=X.

    >>> bound("min", "Average-Precision=0.9").metric
    'average_precision'

    Raises:
        UsageError: it is none.
    """
    if metric:
        option = flag(f"{side}_{metric}")
        return Bound(
            option, side, metric, float(given), f"{option} {float(given)!r}".removesuffix(".0")
        )
    word, option = str(given), flag(side)
    name, equals, number = word.partition("=")
    plain = _plain(name.strip())
    hint = f"{option} accuracy=0.9"
    if not plain or not equals:
        raise UsageError(f"{option} {word}: METRIC=X is wanted", hint=hint)
    try:
        return Bound(option, side, plain, float(number), f"{option} {word}")
    except ValueError as error:
        raise UsageError(f"{option} {word}: {number!r} is no number", hint=hint) from error


def number_of(result: Result, wanted: Bound) -> float:
    """The number of a result that a gate speaks of.

    Raises:
        UsageError: there is none.
        DataError: there is one, but not of this data.
    """
    known = numbers(result)
    if wanted.metric in known:
        return known[wanted.metric]
    why = dict(result.report.remarks).get(_RANKED.get(wanted.metric, ""))
    if wanted.metric == "skill" and result.guess == 0 and result.share:
        why = "not known: guessing costs nothing"
    if why:
        raise DataError(f"{wanted.gate}: {wanted.metric} is {why}")
    if wanted.metric in ("accuracy", "skill"):
        raise UsageError(f"{wanted.option}: {result.loss} has no {wanted.metric}")
    hint = suggest(wanted.metric, known, "")
    if not hint.startswith("did you mean"):
        short = [name for name in known if "." not in name and name not in ("schema", "value")]
        hint = f"its numbers are {', '.join(short)}, and those of {', '.join(_PARTS)}"
        hint += ", such as stats.max"
    raise UsageError(f"{wanted.gate}: this result has no number {wanted.metric!r}", hint=hint)


def numbers(result: Result) -> dict[str, float]:
    """The numbers of a result by the names and paths that its JSON has for them."""
    single = {"loss": result.value, "accuracy": result.accuracy, "skill": result.skill}
    found = {name: value for name, value in single.items() if value is not None}
    found |= result.metrics
    for path, value in _paths("", result.summary()):
        found.setdefault(_plain(path), value)
    return found


def _paths(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """The numbers in an object, by their paths."""
    if isinstance(value, dict):
        inside: Mapping[str, Any] = value
        for key, one in inside.items():
            yield from _paths(f"{name}.{key}" if name else key, one)
    elif value in _LACKING or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield name, float(value)


def _plain(name: str) -> str:
    """A name as it is looked for: also as it may be typed.

    >>> _plain("Stats.max"), _plain("values.log-probs.min")
    ('stats.max', 'values.log_probs.min')
    """
    return name.lower().replace("-", "_")
