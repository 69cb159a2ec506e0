"""How well scores rank positives above negatives: exact for many, within stated bounds for more."""

from __future__ import annotations

import math
from dataclasses import field
from functools import cached_property, reduce
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from losscli.lazy import np, torch
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXACT = 2**20
"""Data of up to so many scores are kept as they are, and ranked exactly."""

SHIFT = 15
"""So many last bits of a float32 do not tell bins apart: 256 of them are left in an octave."""

BINS = 2 ** (32 - SHIFT)
"""So many bins there are for either label, whatever the scores."""

WAITING = 2**20
"""So many bins are counted in one go."""

DIGIT = 30
"""Weights in bins are added up as whole numbers, in two digits of so many bits."""

LOWEST = -34
"""No digit is lower than this one and the next: 2^(30 · 35) is larger than any double."""


class Part(NamedTuple):
    """Some scores as they are, with their labels and weights."""

    scores: np.ndarray
    positive: np.ndarray
    weight: np.ndarray | None

    def binned(self, *, shares: bool) -> Binned:
        """The bin of each score, those of positives after those of negatives.

        Probabilities are told apart by their odds, of which there are as many next to 1 as to 0.
        Neither odds nor float32 change the order of two scores, though they may make them equal.
        """
        with np.errstate(divide="ignore", over="ignore"):  # the highest are infinite then
            values = self.scores / (1 - self.scores) if shares else self.scores
            single = np.asarray(values, np.float32)
        bins = single.view(np.uint32) >> np.uint32(SHIFT)
        bins += np.multiply(self.positive, BINS, dtype=np.uint32)
        return Binned(bins.view(np.int32), self.weight)


class Binned(NamedTuple):
    """The bins of some scores, not yet counted."""

    bins: np.ndarray
    weight: np.ndarray | None


@record(eq=False)
class Scores:
    """All scores with their labels; where there are too many, what lies in each bin.

    A bin is all scores that agree, as float32, in all but their last bits. Bins do not depend on
    the data, so that no grouping of it can be seen in them.

    >>> import numpy as np
    >>> one = Scores.of(np.array([0.1, 0.8, 0.4]), np.array([False, True, False]))
    >>> (one + Scores.of(np.array([0.4]), np.array([True]))).curve().auroc
    0.875

    Attributes:
        parts: Those that are kept.
        waiting: Those of which only the bins are known.
        digits: The weights in each bin, those of negatives first: whole numbers of 2^(30 k) for
            the two highest k of all. Without weights, how many there are: a single digit.
        exact: They are few enough to be kept.
        shares: They are probabilities, which lie close to 1 as they do to 0.
        signed: A weight is below 0, and no ranking is defined.
    """

    parts: tuple[Part, ...] = ()
    waiting: tuple[Binned, ...] = ()
    digits: Mapping[int, np.ndarray] = field(default_factory=dict)
    exact: bool = True
    shares: bool = False
    signed: bool = False

    @classmethod
    def of(
        cls,
        scores: np.ndarray,
        positive: np.ndarray,
        weight: np.ndarray | None = None,
        *,
        exact: bool = True,
        shares: bool = False,
    ) -> Scores:
        """Of one leaf: arrays of one axis."""
        if weight is not None and bool((weight < 0).any()):
            return cls(exact=exact, shares=shares, signed=True)
        if not len(scores):
            return cls(exact=exact, shares=shares)
        part = Part(scores, positive, weight)
        if exact:
            return cls((part,), exact=exact, shares=shares)
        return cls((), (part.binned(shares=shares),), exact=exact, shares=shares)

    def __add__(self, other: Scores) -> Scores:
        return Scores.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Scores]) -> Scores:
        """The sum of several at once."""
        exact = all(one.exact for one in many)
        shares = any(one.shares for one in many)
        if any(one.signed for one in many):
            return cls(exact=exact, shares=shares, signed=True)
        parts = tuple(part for one in many for part in one.parts)
        if exact:
            return cls(parts, exact=exact, shares=shares)
        waiting = tuple(binned for one in many for binned in one.waiting)
        waiting += tuple(part.binned(shares=shares) for part in parts)
        found = [one.digits for one in many if one.digits]
        if sum(len(one.bins) for one in waiting) >= WAITING:
            found += _counts(waiting)
            waiting = ()
        return cls((), waiting, _added(found), exact, shares)

    def curve(self) -> Curve:
        """How many positives and negatives each score has, or each bin of them."""
        if self.exact:
            weighs = any(part.weight is not None for part in self.parts)
            return Curve(*(_weighted if weighs else _counted)(self.parts))
        digits = _added([self.digits, *_counts(self.waiting)])
        table, top = np.zeros(2 * BINS), max(digits, default=0)
        for k, one in digits.items():
            table += np.ldexp(one.astype(float), DIGIT * (k - top))
        negative, positive = map(_ascending, (table[:BINS], table[BINS:]))
        either = positive + negative > 0
        return Curve(positive[either], negative[either], rounded=True)


@record
class Curve:
    """Positives and negatives of each score, from the lowest: whatever is in one is tied.

    Attributes:
        positive: The positives, or the sums of their weights.
        negative: The negatives.
        rounded: Scores in one are only next to each other, and not equal.
    """

    positive: np.ndarray
    negative: np.ndarray
    rounded: bool = False

    @cached_property
    def yes(self) -> float:
        """All positives."""
        return float(self.positive.sum())

    @cached_property
    def no(self) -> float:
        """All negatives."""
        return float(self.negative.sum())

    @property
    def auroc(self) -> float:
        """The share of pairs whose positive has the higher score; a tie is half of one."""
        below = np.cumsum(self.negative)
        below -= self.negative / 2
        below *= self.positive
        return float(below.sum() / self.yes / self.no)

    @property
    def auroc_error(self) -> float:
        """How far it may be from that of the scores: were all ties of bins won, or lost."""
        if not self.rounded:
            return 0.0
        return float((self.positive * self.negative).sum() / 2 / self.yes / self.no)

    @cached_property
    def _down(self) -> tuple[np.ndarray, np.ndarray]:
        """All positives, and all elements, from the top down to each score."""
        hits = np.cumsum(self.positive[::-1])
        return hits, np.cumsum(self.negative[::-1]) + hits

    @property
    def average_precision(self) -> float:
        """The mean precision at the scores of the positives, without interpolation."""
        hits, above = self._down
        return float((self.positive[::-1] * _quotient(hits, above)).sum() / self.yes)

    @property
    def average_precision_error(self) -> float:
        """How far it may be from that of the scores.

        In a bin the positives may all come first; or last, where their precision grows along a
        concave curve, which is nowhere below its chord.
        """
        if not self.rounded:
            return 0.0
        own, (hits, above) = self.positive[::-1], self._down
        best = _quotient(hits, above - self.negative[::-1])
        worst = (_quotient(hits - own, above - own) + _quotient(hits, above)) / 2
        ends = ((own * one).sum() / self.yes for one in (best, worst))
        return max(abs(float(end) - self.average_precision) for end in ends)


def _ascending(table: np.ndarray) -> np.ndarray:
    """The bins of one label, by their scores.

    The bits of a float below 0 are its magnitude and a sign: in order, these come first. The last
    of them holds -0.0, and is one with that of 0.0.
    """
    below, above = table[: BINS // 2 - 1 : -1], table[: BINS // 2]
    return np.concatenate([below[:-1], [below[-1] + above[0]], above[1:]])


def _quotient(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """A share of what may be nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


@record(eq=False)
class Columns:
    """Scores of several labels, of which each is ranked by itself.

    >>> import numpy as np
    >>> scores, true = np.array([[0.1, 3.0], [0.4, 1.0]]), np.array([[0, 1], [1, 1]], bool)
    >>> Columns.of(scores, true).means()
    (1.0, 1.0, 1)

    Attributes:
        each: Those of each column.
    """

    each: tuple[Scores, ...]

    @classmethod
    def of(
        cls,
        scores: np.ndarray,
        positive: np.ndarray,
        weight: np.ndarray | None = None,
        counts: np.ndarray | None = None,
    ) -> Columns:
        """Of one leaf: arrays of two axes."""
        given = [scores, positive] + ([] if weight is None else [weight])
        return cls(
            tuple(
                Scores.of(*(one[:, at][... if counts is None else counts[:, at]] for one in given))
                for at in range(scores.shape[1])
            )
        )

    def __add__(self, other: Columns) -> Columns:
        return Columns(tuple(map(add, self.each, other.each)))

    def means(self) -> tuple[float, float, int]:
        """AUROC and average precision, over so many columns: those that have both sides."""
        curves = [one.curve() for one in self.each if not one.signed]
        known = [one for one in curves if one.yes > 0 and one.no > 0]
        if not known or len(curves) < len(self.each):
            return math.nan, math.nan, 0
        areas, means = [one.auroc for one in known], [one.average_precision for one in known]
        return math.fsum(areas) / len(known), math.fsum(means) / len(known), len(known)


def _counted(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray]:
    """How many positives and negatives each score has."""
    if not parts:
        return np.zeros(0), np.zeros(0)
    sides = []
    for label in (True, False):
        own = [np.compress(part.positive == label, part.scores) for part in parts]
        sides.append(np.sort(np.concatenate(own)))
    both = np.concatenate(sides)
    order = np.argsort(both, kind="stable")  # of two sorted runs, which it only merges
    last = _last(both[order])
    positive = np.cumsum(order < len(sides[0]))[last]
    return _steps(positive.astype(float)), _steps((last + 1 - positive).astype(float))


def _weighted(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the positives and negatives of each score.

    They are added up as whole numbers, as large as fit: 2^42 or more for the largest weight. So
    equal scores need no order.
    """
    scores, positive, weight = (
        np.concatenate(column)
        for column in zip(
            *((one.scores, one.positive, _weight(one).astype(float)) for one in parts), strict=True
        )
    )
    room = 62 - len(weight).bit_length() - math.frexp(weight.max())[1]
    whole = np.rint(np.ldexp(weight, room)).astype(np.int64)
    order = np.argsort(scores)
    last = _last(scores[order])
    whole, own = whole[order], positive[order]
    yes, no = (np.cumsum(np.where(own == label, whole, 0))[last] for label in (True, False))
    return np.diff(yes, prepend=0).astype(float), np.diff(no, prepend=0).astype(float)


def _weight(part: Part) -> np.ndarray:
    return np.ones(len(part.scores)) if part.weight is None else part.weight


def _last(values: np.ndarray) -> np.ndarray:
    """Where each run of equal values ends."""
    return np.flatnonzero(np.concatenate((values[1:] != values[:-1], [True])))


def _steps(totals: np.ndarray) -> np.ndarray:
    return np.diff(totals, prepend=0.0)


def _counts(waiting: Sequence[Binned]) -> list[dict[int, np.ndarray]]:
    """What lies in the bins: of all without weights at once, of all others at once."""
    found = []
    plain = [one.bins for one in waiting if one.weight is None]
    if plain:
        found.append({0: _table(np.concatenate(plain), None)})
    heavy = [one for one in waiting if one.weight is not None and one.weight.any()]
    if heavy:
        bins, weight = (np.concatenate(column) for column in zip(*heavy, strict=True))
        k = max((math.frexp(weight.max())[1] - 1) // DIGIT, LOWEST)
        rest = weight.astype(float) * math.ldexp(1.0, -DIGIT * k)
        high = np.floor(rest)
        low = np.floor((rest - high) * 2.0**DIGIT)
        found.append({k: _table(bins, high), k - 1: _table(bins, low)})
    return found


def _table(bins: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """How many are in each bin: torch lets other threads run meanwhile, NumPy does not."""
    weights = None if weight is None else torch.from_numpy(weight)
    found = torch.bincount(torch.from_numpy(bins), weights, 2 * BINS).numpy()
    return found.astype(np.int64, copy=False)


def _added(many: Sequence[Mapping[int, np.ndarray]]) -> dict[int, np.ndarray]:
    """The sum of several: their two highest digits.

    What is cut off a weight depends on it and the largest of all alone, not on the grouping.
    """
    found: dict[int, np.ndarray] = {}
    for k in sorted({k for one in many for k in one})[-2:]:
        tables = [one[k] for one in many if k in one]
        found[k] = reduce(add, tables)
    return found
