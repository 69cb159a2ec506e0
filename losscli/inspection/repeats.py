"""How often rows occur, of a few hundred that stand for all: mergeable, in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Repeats"]

KEPT = 256
"""So many different rows are kept: those whose hashes are the lowest."""

_ODD = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio: the multiples of it are spread evenly."""


@record
class Repeats:
    """The rows of the lowest hashes, and how often each occurs.

    What is among the lowest of all rows is among the lowest of every part that has it, so that no
    count is lost.

    >>> import numpy as np
    >>> rows = np.array([[0.5, 1], [2, 3], [0.5, 1]])
    >>> sorted((Repeats.of(rows) + Repeats.of(rows[:1])).counts.values())
    [1, 3]
    """

    counts: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: np.ndarray) -> Repeats:
        """Of one leaf."""
        hashes = _hashed(rows)
        if len(hashes) > 16 * KEPT:  # the lowest alone, if enough of them differ
            low = hashes[hashes < np.uint64(2**64 * 4 * KEPT // len(hashes))]
            every, counts = np.unique(low, return_counts=True)
            if len(every) >= KEPT:
                return cls(_lowest(every, counts))
        return cls(_lowest(*np.unique(hashes, return_counts=True)))

    def __add__(self, other: Repeats) -> Repeats:
        merged = Counter(self.counts)
        merged.update(other.counts)
        return Repeats({one: merged[one] for one in sorted(merged)[:KEPT]})

    @property
    def same(self) -> int:
        """How many rows there are, where all are the same; else 0."""
        return next(iter(self.counts.values())) if len(self.counts) == 1 else 0

    @property
    def occurrences(self) -> np.ndarray:
        """How often each of them occurs."""
        return np.array([*self.counts.values()], int)


def _lowest(every: np.ndarray, counts: np.ndarray) -> dict[int, int]:
    pairs = zip(every[:KEPT].tolist(), counts[:KEPT].tolist(), strict=True)
    return dict(pairs)


def _hashed(rows: np.ndarray) -> np.ndarray:
    """A number of 64 bits for each row, by its bits, but that -0 is 0."""
    flat = rows.reshape(len(rows), -1).astype(np.float64)
    flat += 0.0
    words = flat.view(np.uint64)
    odd = np.arange(1, words.shape[1] + 1, dtype=np.uint64) * np.uint64(_ODD) | np.uint64(1)
    hashes = words @ odd
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(_ODD)
    hashes ^= hashes >> np.uint64(29)
    return np.asarray(hashes)
