"""What is known of all values of one input: mergeable, and shown beside the result."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.records import record
from losscli.stats import ZERO, Sum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEW = 32
"""So many distinct values are counted one by one; with more, none is."""

HANDFUL = 4
"""So few are counted by comparing all values with each."""


@record
class Facts:
    """Range, sum and the distinct values, if they are few; NaN is counted apart.

    >>> import numpy as np
    >>> (Facts.of(np.array([0, 1, 1])) + Facts.of(np.array([3]))).values
    {0: 1, 1: 2, 3: 1}
    """

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: Sum = ZERO
    nan: int = 0
    outside: int = 0  # of [0, 1]
    values: Mapping[float, int] | None = field(default_factory=dict)

    @classmethod
    def of(cls, values: np.ndarray) -> Facts:
        """Of one leaf of numbers."""
        if not values.size:
            return cls()
        low, high = values.min(), values.max()
        nan = 0
        if high != high:  # NaN carries through min and max
            nan = int(np.isnan(values).sum())
            values = values[~np.isnan(values)]
            if not values.size:
                return cls(nan, nan=nan)
            low, high = values.min(), values.max()
        inside = bool(low >= 0 and high <= 1)
        found = _distinct(values.reshape(-1), low.item(), high.item())
        return cls(
            values.size + nan,
            low.item(),
            high.item(),
            Sum.of(total(values)) if found is None else _sum(found),
            nan,
            0 if inside else int(np.count_nonzero((values < 0) | (values > 1))),
            found,
        )

    def __add__(self, other: Facts) -> Facts:
        return Facts.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Facts]) -> Facts:
        """The sum of several at once."""
        tallies = [one.values for one in many]
        values: dict[float, int] | None = None
        if None not in tallies:
            merged: Counter[float] = Counter()
            for tally in tallies:
                merged.update(tally or {})
            values = dict(sorted(merged.items())) if len(merged) <= FEW else None
        return cls(
            sum(one.count for one in many),
            min(one.low for one in many),
            max(one.high for one in many),
            Sum.joined([one.total for one in many]),
            sum(one.nan for one in many),
            sum(one.outside for one in many),
            values,
        )

    def to_dict(self) -> dict[str, float]:
        """The JSON of the command line: NaN where all is NaN."""
        known = self.count > self.nan
        low, high = (self.low, self.high) if known else (math.nan, math.nan)
        return {
            "count": self.count,
            "nan": self.nan,
            "min": low,
            "mean": self.mean,
            "max": high,
        }

    @property
    def mean(self) -> float:
        return self.total.over(Sum.of(float(self.count - self.nan)))


def total(values: np.ndarray) -> float:
    """The sum in float64, of whole numbers exactly where that is quick."""
    if values.dtype.kind in "iu" and values.dtype.itemsize < 8:
        return float(values.sum())
    return float(values.sum(dtype=np.float64))


def _sum(counts: Mapping[float, int]) -> Sum:
    """The exact sum of values that occur so many times."""
    return Sum.joined([Sum.of(float(one)).times(count) for one, count in counts.items()])


def _distinct(values: np.ndarray, low: float, high: float) -> dict[float, int] | None:
    """How often each value occurs, or None if there are many."""
    head = sorted({*values[: FEW * 2].tolist()})
    if len(head) > FEW:
        return None
    if len(head) <= HANDFUL:  # labels, mostly: to compare is several times quicker than to sort
        *most, last = head
        found = {one: int(np.count_nonzero(values == one)) for one in most}
        left = len(values) - sum(found.values())
        if values.dtype.kind not in "iu" or high - low >= len(head):  # there may be others
            found[last] = int(np.count_nonzero(values == last))
        else:
            found[last] = left
        if found[last] == left:
            return found
    if values.dtype.kind in "iu" and high - low < 2**12:
        wide = values if values.dtype.itemsize == 8 else values.astype(np.int64)
        tally = np.bincount((wide - wide.dtype.type(low)).astype(np.int64, copy=False))
        places = np.flatnonzero(tally)
        if len(places) > FEW:
            return None
        return {int(low) + int(at): int(tally[at]) for at in places}
    every, counts = np.unique(values, return_counts=True)
    if len(every) > FEW:
        return None
    return {one.item(): int(count) for one, count in zip(every, counts, strict=True)}
