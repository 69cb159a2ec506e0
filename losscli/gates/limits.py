"""Bounds of the numbers of a result, and how these are found by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from losscli.errors import UsageError
from losscli.gates.verdict import Verdict
from losscli.registry import flag, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from losscli.result import Result

Side = Literal["min", "max"]

_PARTS = ("baselines", "stats", "reductions", "batches")
"""The objects of the JSON of which numbers are found by a path."""


@dataclass(frozen=True)
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
    plain = name.strip().lower().replace("-", "_")
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
    """
    known = numbers(result)
    if wanted.metric in known:
        return known[wanted.metric]
    if wanted.metric in ("accuracy", "skill"):
        raise UsageError(f"{wanted.option}: {result.loss} has no {wanted.metric}")
    hint = suggest(wanted.metric, known, "")
    if not hint.startswith("did you mean"):
        short = [name for name in known if "." not in name]
        hint = f"its numbers are {', '.join(short)}, and those of {', '.join(_PARTS)}"
        hint += ", such as stats.max"
    raise UsageError(f"{wanted.gate}: this result has no number {wanted.metric!r}", hint=hint)


def numbers(result: Result) -> dict[str, float]:
    """The numbers of a result by the names that its JSON has for them."""
    single = {"loss": result.value, "accuracy": result.accuracy, "skill": result.skill}
    found = {name: value for name, value in single.items() if value is not None}
    found |= result.metrics
    for part in _PARTS:
        found |= dict(_paths(part, getattr(result, part)))
    return found


def _paths(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """The numbers in an object, by their paths."""
    if isinstance(value, dict):
        inside: Mapping[str, Any] = value
        for key, one in inside.items():
            yield from _paths(f"{name}.{key}", one)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, float(value)
