"""The mean of each row's own mean: of the samples where each has many tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.records import record
from losscli.stats import ZERO, Sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch

__all__ = ["RowMeans", "countings"]


@record
class RowMeans:
    """The sum of the means of rows.

    Attributes:
        means: Of rows of which some losses count for more than others, or not at all.
        plain: The sum of all losses of the other rows.
        per_row: How many losses each of those has.
        rows: How many rows there are that have a mean.
    """

    means: Sum = ZERO
    plain: Sum = ZERO
    per_row: int = 0
    rows: int = 0

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray | None, rows: int, alike: bool) -> RowMeans:
        """Of one leaf.

        Args:
            values: What is added up, in float64: as many for each row.
            weights: What the sum is divided by; None for the number of losses.
            rows: How many there are.
            alike: Rows have the same size in all leaves.
        """
        per_row = len(values) // rows
        if weights is None and alike:
            return cls(ZERO, Sum.of(float(values.sum())), per_row, rows)
        above = _summed(values.reshape(rows, per_row))
        below = np.full(rows, float(per_row))
        if weights is not None:
            below = _summed(weights.reshape(rows, per_row))
        some = below != 0
        return cls(Sum.of(float((above[some] / below[some]).sum())), ZERO, 0, int(some.sum()))

    def __add__(self, other: RowMeans) -> RowMeans:
        return RowMeans.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[RowMeans]) -> RowMeans:
        """The sum of several at once."""
        return cls(
            Sum.joined(one.means for one in many),
            Sum.joined(one.plain for one in many),
            max(one.per_row for one in many),
            sum(one.rows for one in many),
        )

    @property
    def mean(self) -> float:
        """The mean of all their means."""
        size = max(self.per_row, 1)
        return (self.means.times(size) + self.plain).over(Sum.of(float(self.rows * size)))


NARROW = 32
"""Rows of so few values are added up column by column, which is quicker."""


def _summed(table: np.ndarray) -> np.ndarray:
    """The sum of each row, which does not depend on how many rows there are."""
    if table.shape[1] > NARROW:
        return np.asarray(table.sum(1))
    sums = table[:, 0].copy()
    for column in range(1, table.shape[1]):
        sums += table[:, column]
    return sums


def countings(batch: Batch) -> np.ndarray:
    """What each row counts: the mean weight of what counts in it, and 0 where nothing does."""
    if batch.kept is None and batch.weight is None:
        return np.ones(batch.rows)
    per_row, order = batch.pairing.elements_per_row, batch.pairing.order
    size = batch.rows * per_row
    counts = np.ones(size, bool) if batch.kept is None else order(batch.kept)
    weight = np.ones(size) if batch.weight is None else order(batch.weight)
    counts, weight = counts.reshape(batch.rows, per_row), weight.reshape(batch.rows, per_row)
    number = counts.sum(1)
    sums = (weight * counts).sum(1, dtype=np.float64)
    return np.where(number > 0, sums / np.maximum(number, 1), 0.0)
