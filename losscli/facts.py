"""What is known of all values of one input: mergeable, and shown beside the result."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.stats import ZERO, Sum

if TYPE_CHECKING:
    from collections.abc import Mapping

FEW = 32
"""So many distinct values are counted one by one; with more, none is."""


@dataclass(frozen=True)
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
        return cls(
            values.size + nan,
            low.item(),
            high.item(),
            Sum.of(total(values)),
            nan,
            0 if inside else int(np.count_nonzero((values < 0) | (values > 1))),
            _counted(values.reshape(-1), low.item(), high.item()),
        )

    def __add__(self, other: Facts) -> Facts:
        values = None
        if self.values is not None and other.values is not None:
            merged = Counter(self.values)
            merged.update(other.values)
            values = dict(sorted(merged.items())) if len(merged) <= FEW else None
        return Facts(
            self.count + other.count,
            min(self.low, other.low),
            max(self.high, other.high),
            self.total + other.total,
            self.nan + other.nan,
            self.outside + other.outside,
            values,
        )

    @property
    def mean(self) -> float:
        return self.total.over(Sum.of(float(self.count - self.nan)))


def total(values: np.ndarray) -> float:
    """The sum in float64, of whole numbers exactly where that is quick."""
    if values.dtype.kind in "iu" and values.dtype.itemsize < 8:
        return float(values.sum())
    return float(values.sum(dtype=np.float64))


def _counted(values: np.ndarray, low: float, high: float) -> dict[float, int] | None:
    """How often each value occurs, or None if there are many."""
    if len(np.unique(values[: FEW * 2])) > FEW:
        return None
    if values.dtype.kind in "iu" and high - low < 2**12:
        wide = values if values.dtype.itemsize == 8 else values.astype(np.int64)
        tally = np.bincount((wide - wide.dtype.type(low)).astype(np.int64, copy=False))
        found = np.flatnonzero(tally)
        if len(found) > FEW:
            return None
        return {int(low) + int(at): int(tally[at]) for at in found}
    found, counts = np.unique(values, return_counts=True)
    if len(found) > FEW:
        return None
    return {one.item(): int(count) for one, count in zip(found, counts, strict=True)}
