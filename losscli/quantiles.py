"""Quantiles of any number of values, in bounded memory: exact for many, rounded for more."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from losscli.lazy import Tensor

EXACT = 2**24
"""Up to so many values are kept as they are: 64 MiB in float32."""

HELD = 2**22
"""Beyond, so many wait to be counted together."""

TOGETHER = 16
"""So many leaves are counted at once: each count begins with 2^20 empty bins."""

BITS = 12
"""The last bits of a float32 that bins do without."""

ERROR = 2.0 ** (BITS - 24)
"""How far a rounded quantile may be from a value of the data, relative to it: 1 in 4096."""


@dataclass(frozen=True, slots=True)
class Sample:
    """All values, and once there are too many, how many lie in each of 2^20 bins.

    Bins are the values that a float32 cannot tell apart without its last bits, so that no
    grouping of the data can be seen in their counts.

    >>> import torch
    >>> both = Sample.of(torch.tensor([4.0, 1.0])) + Sample.of(torch.tensor([2.0]))
    >>> both.quantiles([0.5, 0.75])
    {'0.5': 2.0, '0.75': 3.0}
    """

    count: int = 0
    parts: tuple[np.ndarray, ...] = field(default=(), compare=False)  # not in bins
    bins: np.ndarray | None = field(default=None, compare=False)

    @classmethod
    def of(cls, values: Tensor) -> Sample:
        """Of one leaf, without NaN."""
        return cls(values.numel(), (values.numpy(),))

    def __add__(self, other: Sample) -> Sample:
        both = [one.bins for one in (self, other) if one.bins is not None]
        bins = np.sum(both, 0) if both else None
        found = Sample(self.count + other.count, self.parts + other.parts, bins)
        if found.exact or sum(map(len, found.parts)) <= HELD:
            return found
        return Sample(found.count, (), found._tally())

    def _tally(self) -> np.ndarray:
        """How many values lie in each bin, those among them that are in none yet."""
        found = _counted(self.parts)
        return found if self.bins is None else found + self.bins

    @property
    def exact(self) -> bool:
        return self.count <= EXACT

    def quantiles(self, points: Iterable[float]) -> dict[str, float]:
        """Quantiles by linear interpolation (Hyndman and Fan's type 7)."""
        if not self.count:
            return {}
        places = {f"{point:g}": point * (self.count - 1) for point in points}
        ranks = sorted({end for place in places.values() for end in _ends(place)})
        values = dict(zip(ranks, self._at(ranks), strict=True))
        found = {}
        for name, place in places.items():
            low, high = (values[end] for end in _ends(place))
            # Equal values, such as two infinities, have nothing between them.
            found[name] = low if low == high else low + (high - low) * (place % 1)
        return found

    def _at(self, ranks: list[int]) -> list[float]:
        """The values of some ranks, counted from 0."""
        if self.exact:
            return [float(one) for one in np.partition(np.concatenate(self.parts), ranks)[ranks]]
        return _middle(np.searchsorted(np.cumsum(self._tally()), ranks, "right"))


def _ends(place: float) -> tuple[int, int]:
    return int(place), math.ceil(place)


def _counted(parts: Sequence[np.ndarray]) -> np.ndarray:
    """How many values lie in each bin; bins are in the order of their values."""
    found = np.zeros(1 << (32 - BITS), np.int64)
    for start in range(0, len(parts), TOGETHER):
        values = np.concatenate(parts[start : start + TOGETHER])
        bits = values.astype(np.float32, copy=False).view(np.int32)
        ordered = bits ^ (bits >> 31 & 0x7FFF_FFFF)  # whole numbers in the order of the floats
        found += np.bincount((ordered >> BITS) + len(found) // 2, minlength=len(found))
    return found


def _middle(bins: np.ndarray) -> list[float]:
    """The middle of some bins; the one of infinity has only that."""
    lowest = bins.astype(np.uint32) << BITS
    ends = []
    for part in (0, (1 << BITS) - 1):
        ordered = lowest | np.uint32(part)
        bits = np.where(ordered >> 31, ordered & 0x7FFF_FFFF, ~ordered).astype(np.uint32)
        ends.append([float(one) for one in bits.view(np.float32)])
    return [_half(one, other) for one, other in zip(*ends, strict=True)]


def _half(low: float, high: float) -> float:
    infinite = [end for end in (low, high) if math.isinf(end)]
    return infinite[0] if infinite else (low + high) / 2
