"""What a training loop logs: the mean of the losses of batches, each reduced by itself."""

from __future__ import annotations

from dataclasses import field
from itertools import chain
from math import fsum, isfinite, nan
from typing import TYPE_CHECKING, Literal

from losscli.records import record
from losscli.stats import ZERO, Extremes, Sum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.lazy import np

__all__ = ["Batches", "Cut"]


@record
class Cut:
    """How rows are cut into batches: in their order, the last one smaller.

    Attributes:
        size: The rows of a batch.
        rows: Of all batches.
        over: What the sum of a batch is divided by: what its losses count, or its rows.
        ended: What becomes of the mean of a batch.
    """

    size: int
    rows: int
    over: Literal["losses", "rows"] = "losses"
    ended: Callable[[float], float] = field(default=float, compare=False, repr=False)

    @property
    def count(self) -> int:
        """How many batches there are."""
        return -(-self.rows // self.size)

    def span(self, batch: int) -> tuple[int, int]:
        """The first row of a batch, and the one after its last.

        >>> Cut(size=4, rows=10).span(2)
        (8, 10)
        """
        return batch * self.size, min((batch + 1) * self.size, self.rows)


@record
class Piece:
    """Some rows of a batch that is not whole yet."""

    rows: int
    numerator: Sum
    denominator: Sum

    def __add__(self, other: Piece) -> Piece:
        return Piece(
            self.rows + other.rows,
            self.numerator + other.numerator,
            self.denominator + other.denominator,
        )


@record
class Batches:
    """The losses of batches: exact sums, so that no cut into leaves can be seen in them.

    Attributes:
        cut: How rows are cut; None before any is known.
        count: How many batches are whole and have a loss.
        total: The sum of their losses.
        empty: How many are whole and have nothing to divide by.
        extremes: The smallest and the largest loss, and the first batch of each.
        open: The batches of which rows are missing, by their number.
    """

    cut: Cut | None = None
    count: int = 0
    total: Sum = ZERO
    empty: int = 0
    extremes: Extremes = Extremes()
    open: Mapping[int, Piece] = field(default_factory=dict)

    @classmethod
    def of(
        cls, cut: Cut, start: int, rows: int, values: np.ndarray, weights: np.ndarray | None
    ) -> Batches:
        """Of one leaf.

        Args:
            cut: How rows are cut.
            start: How many rows come before.
            rows: How many there are.
            values: What is added up: as many for each row, in float64.
            weights: What the sum is divided by, for each of the values or for each row; None for
                the number of values.
        """
        found, per_row = _Found(cut), len(values) // rows
        numbers = values.tolist()
        counted = None if weights is None else weights.tolist()
        per_count = 0 if counted is None else len(counted) // rows
        for batch in range(start // cut.size, -(-(start + rows) // cut.size)):
            first, last = cut.span(batch)
            low, high = max(first, start) - start, min(last, start + rows) - start
            above = numbers[low * per_row : high * per_row]
            below = [float(len(above))]
            if counted is not None:
                below = counted[low * per_count : high * per_count]
            if high - low == last - first:
                found.close(batch, rounded(above), rounded(below))
            else:
                found.open[batch] = Piece(high - low, exact(above), exact(below))
        return found.batches

    def __add__(self, other: Batches) -> Batches:
        return Batches.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Batches]) -> Batches:
        """The sum of several at once."""
        cut = next((one.cut for one in many if one.cut is not None), None)
        if cut is None:
            return cls()
        found = _Found(cut)
        for one in many:
            found.add(one)
        return found.batches

    @property
    def mean(self) -> float:
        """The mean of the losses of all: as torch's, NaN if one has nothing to divide by."""
        return nan if self.empty else self.filled

    @property
    def filled(self) -> float:
        """The mean of the losses of those that have one."""
        return self.total.over(Sum.of(float(self.count)))


class _Found:
    """Batches as they are put together."""

    def __init__(self, cut: Cut) -> None:
        self.cut, self.count, self.empty, self.extremes = cut, 0, 0, Extremes()
        self.totals: list[Sum] = []
        self.losses: list[tuple[float, int]] = []
        self.open: dict[int, Piece] = {}

    def add(self, other: Batches) -> None:
        self.count += other.count
        self.empty += other.empty
        self.totals.append(other.total)
        self.extremes += other.extremes
        for batch, piece in other.open.items():
            whole = self.open.pop(batch) + piece if batch in self.open else piece
            first, last = self.cut.span(batch)
            if whole.rows == last - first:
                self.close(batch, whole.numerator.value, whole.denominator.value)
            else:
                self.open[batch] = whole

    def close(self, batch: int, numerator: float, denominator: float) -> None:
        """Takes a batch that is whole: both of its sums were rounded once."""
        if denominator == 0:
            self.empty += 1
        else:
            self.count += 1
            self.losses.append((self.cut.ended(numerator / denominator), batch))

    @property
    def batches(self) -> Batches:
        losses = [one for one, _ in self.losses]
        known = [(loss, batch) for loss, batch in self.losses if loss == loss]
        extremes = self.extremes
        if known:
            low, high = min(known), min((-loss, batch) for loss, batch in known)
            extremes += Extremes(low[0], low[1], -high[0], high[1])
        total = Sum.joined([*self.totals, exact(losses)])
        pieces = {batch: self.open[batch] for batch in sorted(self.open)}
        return Batches(self.cut, self.count, total, self.empty, extremes, pieces)


def exact(values: Sequence[float]) -> Sum:
    """The sum of doubles without any rounding.

    What is left of a sum rounded once is rounded again, and so on until nothing is left.

    >>> exact([1e100, 1.0, -1e100, 2**-60]) == Sum.of(1.0) + Sum.of(2**-60)
    True
    """
    parts: list[float] = []
    try:
        while part := fsum(chain(values, (-one for one in parts))):
            if not isfinite(part):
                return _slowly(values)
            parts.append(part)
    except (OverflowError, ValueError):  # a sum beyond all doubles, or of infinities
        return _slowly(values)
    return Sum.joined(map(Sum.of, parts))


def rounded(values: Sequence[float]) -> float:
    """The same, rounded once."""
    try:
        return fsum(values)
    except (OverflowError, ValueError):
        return _slowly(values).value


def _slowly(values: Sequence[float]) -> Sum:
    return Sum.joined(map(Sum.of, values))
