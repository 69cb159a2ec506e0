"""What is known of one array or column: mergeable, so that no more than a leaf is in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from math import prod
from typing import TYPE_CHECKING, TypeVar

from losscli.checks import Facts, Tally
from losscli.checks.base import Found, off_one
from losscli.checks.predictions import ROUNDING
from losscli.formats.missing import TEXT, missing
from losscli.inspection.repeats import Repeats
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.formats.base import Field

Key = TypeVar("Key", int, str)

__all__ = ["MANY", "Known", "Run"]

MANY = 2**14
"""So many different whole numbers, or names, are counted one by one; with more, none is."""

_DENSE = 2**16
"""Whole numbers in so wide a range are counted without sorting them."""

_SAFE = 2**53
"""Up to here every kind of number holds the others exactly."""


@record
class Run:
    """Whether values only rise, in the order of the rows; and whether they are sorted.

    >>> (Run(1, 3) + Run(4, 9)).rises, (Run(1, 3) + Run(3, 9)).rises
    (True, False)
    >>> rising = Run(1, 3, down=False)
    >>> (rising + Run(3, 9)).sorted, (rising + Run(2, 9)).sorted
    (True, False)
    """

    first: float | None = None
    last: float | None = None
    rises: bool = True
    up: bool = True  # or stay as they are
    down: bool = True

    @classmethod
    def of(cls, values: np.ndarray) -> Run:
        """Of one leaf of one axis."""
        if not len(values):
            return cls()
        rises = bool((values[1:] > values[:-1]).all())
        up = rises or bool((values[1:] >= values[:-1]).all())
        down = bool((values[1:] <= values[:-1]).all())
        return cls(values[0].item(), values[-1].item(), rises, up, down)

    def __add__(self, other: Run) -> Run:
        if self.last is None or other.first is None:
            return other if self.last is None else self
        rises = self.rises and other.rises and self.last < other.first
        up = self.up and other.up and self.last <= other.first
        down = self.down and other.down and self.last >= other.first
        return Run(self.first, other.last, rises, up, down)

    @property
    def sorted(self) -> bool:
        """Whether each value is at least, or at most, the one before."""
        return self.first is not None and (self.up or self.down)


@record
class Known:
    """Everything that a file is judged by.

    Attributes:
        facts: Range, sum, NaN and few values, of numbers.
        tallies: How many values are what a kind of number cannot be, and the first, by code.
        sums: Rows of an axis that do not sum to 1, while no value is outside [0, 1].
        exps: Rows of an axis of which the exponentials do not, while no value is above 0.
        whole: How often each whole number occurs; None if there are many, or others too.
        run: Whether the values of one axis rise, or fall.
        repeats: How often rows of fractions occur.
        names: How often each text occurs; None if there are many.
        texts: How many texts there are.
        missing: How many values are missing, where that is allowed; they are nothing else.
    """

    facts: Facts = field(default_factory=Facts)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    sums: Mapping[int, Tally] = field(default_factory=dict)
    exps: Mapping[int, Tally] = field(default_factory=dict)
    whole: Mapping[int, int] | None = field(default_factory=dict)
    run: Run = field(default_factory=Run)
    repeats: Repeats = field(default_factory=Repeats)
    names: Mapping[str, int] | None = field(default_factory=dict)
    texts: int = 0
    missing: int = 0

    @classmethod
    def of(cls, found: Field, start: int, stop: int, stride: int = 0) -> Known:
        """Of the rows of one leaf.

        Args:
            found: The field, whose rows have one size.
            start: The first row.
            stop: The row after the last.
            stride: Places from one row to the next, where that is not how many values it has.
        """
        values = found.rows(start, stop)
        if values.dtype.kind == "U":
            kept = values[values != TEXT]
            return cls(names=_names(kept), texts=kept.size, missing=values.size - kept.size)
        values = values.view(np.uint8) if values.dtype.kind == "b" else values
        with np.errstate(all="ignore"):
            facts, kept = _without_missing(values, Facts.of(values))
            before = start * (stride or prod(found.shape[1:]))
            odd = _odd(values, facts, found.shape)
            tallies = {code: Tally.of(*one, before) for code, one in odd.items()}
            sums, exps = _sums(values, start, facts, found.shape, stride)
        whole = None if "fraction" in tallies else _whole(kept, facts)
        run = Run.of(kept) if len(found.shape) == 1 else Run()
        rows = values if found.shape and values.dtype.kind == "f" else values[:0]
        gone = values.size - kept.size
        repeats = Repeats.of(rows) if len(rows) else Repeats()
        return cls(facts, tallies, sums, exps, whole, run, repeats, missing=gone)

    def __add__(self, other: Known) -> Known:
        tallies = _added(self.tallies, other.tallies)
        return Known(
            self.facts + other.facts,
            tallies,
            {} if "outside" in tallies else _added(self.sums, other.sums),
            {} if "positive" in tallies else _added(self.exps, other.exps),
            None if "fraction" in tallies else _counted(self.whole, other.whole),
            self.run + other.run,
            self.repeats + other.repeats,
            _counted(self.names, other.names),
            self.texts + other.texts,
            self.missing + other.missing,
        )

    @property
    def different(self) -> bool:
        """Whether no whole number occurs twice, as far as that is known."""
        if self.facts.nan or self.run.first is None:
            return False
        counts = (self.whole or {}).values()
        return self.run.rises or (bool(counts) and max(counts) == 1)


def _without_missing(values: np.ndarray, facts: Facts) -> tuple[Facts, np.ndarray]:
    """What is known of those values that are there, which are NaN elsewhere; and they."""
    gone = missing(values) if facts.nan else None
    if gone is None or not gone.any():
        return facts, values
    lost = int(gone.sum())
    return replace(facts, count=facts.count - lost, nan=facts.nan - lost), values[~gone]


def _odd(
    values: np.ndarray, facts: Facts, shape: tuple[int, ...]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Which values are what some kind of number cannot be; only of kinds that have any."""
    floating, some = values.dtype.kind == "f", facts.count > facts.nan
    rounding = 1e-3 if values.dtype == np.float16 else ROUNDING
    masks = {}
    if facts.nan:
        gone = missing(values)
        masks["nan"] = np.isnan(values) if gone is None else np.isnan(values) & ~gone
    if some and not np.isfinite([facts.low, facts.high]).all():
        masks["infinite"] = np.isinf(values)
    if some and facts.outside:
        masks["outside"] = (values < 0) | (values > 1)
    if some and facts.high > rounding:
        masks["positive"] = values > rounding
    if some and facts.low < 0:
        masks["negative"] = values < 0
    if floating and some:
        masks["fraction"] = (values != np.floor(values)) & ~np.isnan(values)
        masks["fraction"] |= np.isinf(values)
    if len(shape) == 2 and shape[1] == 4:
        crossed = (values[:, 2] < values[:, 0]) | (values[:, 3] < values[:, 1])
        masks["crossed"] = crossed[:, None] & (np.arange(4) == 0)
    return {code: (mask, values) for code, mask in masks.items() if mask.any()}


def _sums(
    values: np.ndarray, start: int, facts: Facts, shape: tuple[int, ...], stride: int
) -> tuple[dict[int, Tally], dict[int, Tally]]:
    """The rows that are no distribution, by the axis of classes: axis 1, and the last."""
    sums: dict[int, Tally] = {}
    exps: dict[int, Tally] = {}
    for axis in sorted({1, len(shape) - 1}) if len(shape) > 1 else ():
        if not values.shape[axis]:
            continue
        before = start * (stride or prod(shape[1:]) // shape[axis])
        if not facts.outside:
            found = off_one(values.sum(axis, dtype=np.float64), values, axis)
            sums[axis] = _tally(found, before)
        if facts.high <= (1e-3 if values.dtype == np.float16 else ROUNDING):
            wide = np.exp(values.astype(np.float64)).sum(axis)
            exps[axis] = _tally(off_one(wide, values, axis, logs=True), before)
    return sums, exps


def _tally(found: Found | None, before: int) -> Tally:
    return Tally() if found is None else Tally.of(found.mask, found.values, before)


def _whole(values: np.ndarray, facts: Facts) -> dict[int, int] | None:
    """How often each whole number occurs, or None if there are many."""
    if facts.values is not None:
        return {int(value): count for value, count in facts.values.items()}
    values = values[~np.isnan(values)] if facts.nan else values.reshape(-1)
    if facts.high - facts.low < _DENSE and -_SAFE < facts.low < _SAFE:
        tally = np.bincount(values.astype(np.int64).reshape(-1) - int(facts.low))
        places = np.flatnonzero(tally)
        if len(places) > MANY:
            return None
        return {int(facts.low) + int(at): int(tally[at]) for at in places}
    every, counts = np.unique(values, return_counts=True)
    if len(every) > MANY:
        return None
    return {int(one): int(count) for one, count in zip(every, counts, strict=True)}


def _names(values: np.ndarray) -> dict[str, int] | None:
    every, counts = np.unique(values, return_counts=True)
    if len(every) > MANY:
        return None
    return {str(one): int(count) for one, count in zip(every, counts, strict=True)}


def _added(one: Mapping[Key, Tally], other: Mapping[Key, Tally]) -> dict[Key, Tally]:
    both = dict(one)
    for key, tally in other.items():
        both[key] = both[key] + tally if key in both else tally
    return both


def _counted(
    one: Mapping[Key, int] | None, other: Mapping[Key, int] | None
) -> Mapping[Key, int] | None:
    """Both counts together, in the order of what is counted."""
    if one is None or other is None:
        return None
    if not one or not other:
        return one or other
    merged = Counter(one)
    merged.update(other)
    return None if len(merged) > MANY else dict(sorted(merged.items()))
