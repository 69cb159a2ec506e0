"""Values with what each of them counts: all that the best constant prediction is found from."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from math import frexp, inf, nan
from typing import TYPE_CHECKING, Any

from losscli.lazy import np, torch
from losscli.quantiles import EXACT
from losscli.records import record
from losscli.stats import ZERO, Sum, together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.lazy import Tensor

__all__ = ["Mass"]

FEW = 2**16
"""So many values are looked at one by one; of more, a constant is sought by bins."""

NEAR = 1e-4
"""A mean of bins is known if it is the same wherever in its bin a value may lie, as a share."""

REST = 15
"""So many last bits of a float32 are not told apart: 2^8 bins an octave, each with its mean."""

WIDE = 1 << REST
OCTAVE = 1 << 23 - REST
BINS = 1 << 32 - REST

LIMB = 24
"""Weights are added exactly, as whole numbers of so many bits."""

LAST = -42
"""What is below 2^-1008 counts as nothing."""


@record
class Mass:
    """Values and their weights: kept, or of more than 2^24 the mean and the weight of each bin.

    Bins are those of the distance from an anchor, and fine near it. A mean over them is told only
    where it does not matter where in its bin a value lies.

    >>> import torch
    >>> one = Mass.of(torch.tensor([4.0, 1.0]), torch.tensor([1.0, 1.0]))
    >>> (one + Mass.of(torch.tensor([2.0]), torch.tensor([3.0]))).median
    2.0

    Attributes:
        count: How many values there are.
        parts: The values and the weights of each leaf, where they are kept; None for weights of 1.
        bins: What lies in each bin, by what that is and the octave.
        anchor: What distances are measured from.
        exact: The values are kept.
        odd: One of them is infinite, or a weight is, or below 0.
    """

    count: int = 0
    parts: tuple[tuple[np.ndarray, np.ndarray | None], ...] = field(default=(), compare=False)
    bins: Mapping[tuple[Any, int], np.ndarray] = field(default_factory=dict, compare=False)
    anchor: float = 0.0
    exact: bool = True
    odd: bool = False

    @classmethod
    def of(
        cls,
        values: Tensor,
        weights: Tensor | None = None,
        *,
        expected: int = 0,
        anchor: float = 0.0,
    ) -> Mass:
        """Those of one leaf, of data that has so many in all."""
        floats = values if values.dtype in (torch.float32, torch.float64) else values.double()
        wide = None if weights is None else weights.double()
        odd = not _finite(floats)
        if wide is not None:
            odd |= not _finite(wide) or bool((wide < 0).any())
        part = floats.numpy(), None if wide is None else wide.numpy()
        kept = cls(values.numel(), (part,) if values.numel() else (), {}, anchor, odd=odd)
        return kept if expected <= EXACT else kept.rounded()

    def __add__(self, other: Mass) -> Mass:
        return Mass.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Mass]) -> Mass:
        """The sum of several at once."""
        count, odd = sum(one.count for one in many), any(one.odd for one in many)
        anchor = next((one.anchor for one in many if one.count), 0.0)
        if all(one.exact for one in many) and count <= EXACT:
            return cls(
                count, tuple(part for one in many for part in one.parts), {}, anchor, odd=odd
            )
        bins = [one.rounded().bins for one in many if one.count]
        return cls(count, (), together(bins) if bins else {}, anchor, exact=False, odd=odd)

    def rounded(self) -> Mass:
        """The same in bins."""
        if not self.exact:
            return self
        every = [] if self.odd else [_binned(*part, self.anchor) for part in self.parts]
        odd = self.odd or any(found is None for found in every)
        bins = {} if odd or not every else together(every)
        return Mass(self.count, (), bins, self.anchor, exact=False, odd=odd)

    @property
    def known(self) -> bool:
        """There are values, and all of them are finite, as their weights are."""
        return bool(self.count and not self.odd and self.weight.units > 0)

    @cached_property
    def weight(self) -> Sum:
        """The sum of all weights."""
        return sum((_weight(*part) for part in self.points), ZERO)

    @cached_property
    def points(self) -> Sequence[tuple[np.ndarray, np.ndarray | None]]:
        """Values with their weights: all of them, or one for each bin."""
        return self.parts if self.exact else [self.gathered[1:]]

    @cached_property
    def few(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Values in their order, and their weights; one for each bin, if there are many."""
        if self.exact and self.count <= FEW:
            return _ordered(self.parts)
        if not self.exact:
            return self.gathered[1:]
        middle = float(np.float32(_middle(np.concatenate([values for values, _ in self.parts]))))
        near = Mass(self.count, self.parts, {}, middle).rounded()
        return _ordered(self.parts) if near.odd else near.gathered[1:]

    def mean(self, function: Callable[[Tensor], Tensor]) -> float:
        """The mean of a function of the values; NaN where bins do not tell it."""
        found = _mean(function, self.points)
        if self.exact:
            return found
        # The same means, but every value at an end of its bin: as far apart as they may be.
        (near, far), mean, weight = self.gathered
        share = np.divide(mean - near, far - near, out=np.zeros(len(mean)), where=far != near)
        ends = _mean(function, [(near, weight * (1 - share)), (far, weight * share)])
        return found if abs(ends - found) <= NEAR * abs(found) else nan

    def quantiles(self, levels: Sequence[float]) -> list[float]:
        """The smallest values that so much of all weight is not above."""
        if self.exact and all(weights is None for _, weights in self.parts):
            values = np.concatenate([part for part, _ in self.parts]).astype(np.float64)
            return list(np.quantile(values, levels, method="inverted_cdf").tolist())
        values, below = self._below
        places = np.searchsorted(below, np.asarray(levels) * below[-1])
        return [float(one) for one in values[np.minimum(places, len(values) - 1)]]

    @cached_property
    def median(self) -> float:
        """The median; between two values, their middle."""
        if self.exact and all(weights is None for _, weights in self.parts):
            return _middle(np.concatenate([part for part, _ in self.parts]))
        values, below = self._below
        half = below[-1] / 2
        if not self.exact:
            return self._inside(int(np.searchsorted(below, half)), half)
        low, high = (np.searchsorted(below, half, side) for side in ("left", "right"))
        return float(values[low]) / 2 + float(values[min(high, len(values) - 1)]) / 2

    def _inside(self, at: int, wanted: float) -> float:
        """Where in a bin so much weight is below, if it lies evenly around the mean of the bin."""
        (near, far), mean, weight = self.gathered
        half = min(abs(mean[at] - near[at]), abs(far[at] - mean[at]))
        below = self._below[1][at] - weight[at]
        return float(mean[at] + half * (2 * (wanted - below) / weight[at] - 1))

    @cached_property
    def deviation(self) -> float:
        """The mean distance from the median; NaN where that is not known."""
        return self.mean(lambda values: (values.double() - self.median).abs())

    @cached_property
    def _below(self) -> tuple[np.ndarray, np.ndarray]:
        """Values in their order, and what those up to each weigh together."""
        values, weights = _ordered(self.points)
        return values, np.cumsum(np.ones(len(values)) if weights is None else weights)

    @cached_property
    def gathered(self) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
        """The ends, the mean and the weight of each bin, in the order of their values."""
        tables = {name: np.zeros(BINS) for name, _ in self.bins}
        for (name, octave), row in self.bins.items():
            tables[name][octave * OCTAVE : (octave + 1) * OCTAVE] = row
        at = np.flatnonzero(tables["count"])
        first = at.astype(np.uint32) << np.uint32(REST)
        ends = [bits.view(np.float32).astype(np.float64) for bits in (first, first | (WIDE - 1))]
        limbs = sorted(name for name in tables if isinstance(name, int))
        weights = sum(
            (np.ldexp(tables[limb][at], LIMB * limb) for limb in limbs), np.zeros(len(at))
        )
        count = tables["count"][at]
        mean = ends[0] + (ends[1] - ends[0]) * (tables["rest"][at] / count / (WIDE - 1))
        order = np.argsort(mean, kind="stable")
        near, far, mean = (one[order] + self.anchor for one in (*ends, mean))
        return (near, far), mean, (weights if limbs else count)[order]


def _binned(
    values: np.ndarray, weights: np.ndarray | None, anchor: float
) -> dict[tuple[Any, int], np.ndarray] | None:
    """What lies in each bin: sums of whole numbers, by octaves. None if a distance is infinite."""
    near = torch.from_numpy(values).sub(anchor).float()
    if not _finite(near):
        return None
    bits = near.view(torch.int32)
    bins = ((bits >> REST) & (BINS - 1)).long()
    count = torch.bincount(bins, minlength=BINS).view(-1, OCTAVE).numpy()
    used = np.flatnonzero(count.any(1)).tolist()
    found: dict[tuple[Any, int], np.ndarray] = {("count", one): count[one].copy() for one in used}
    whole: dict[Any, Tensor] = {"rest": (bits & (WIDE - 1)).double()}
    whole |= {} if weights is None else _limbs(torch.from_numpy(weights))
    for name, amounts in whole.items():
        rows = torch.bincount(bins, amounts, BINS).view(-1, OCTAVE).numpy()
        found |= {(name, octave): rows[octave].astype(np.int64) for octave in used}
    return found


def _finite(values: Tensor) -> bool:
    return not values.numel() or bool(values.abs().max() < inf)


def _limbs(weights: Tensor) -> dict[int, Tensor]:
    """Weights as whole numbers below 2^24, times powers of 2^24: nothing is rounded."""
    found: dict[int, Tensor] = {}
    left, limb = weights, max(int(frexp(float(weights.max()))[1]) // LIMB, LAST)
    while not found or (limb >= LAST and float(left.max()) > 0):
        whole = (left * 2.0 ** (-LIMB * limb)).floor_()
        found[limb] = whole
        left = left - whole * 2.0 ** (LIMB * limb)
        limb -= 1
    return found


def _ordered(
    parts: Sequence[tuple[np.ndarray, np.ndarray | None]],
) -> tuple[np.ndarray, np.ndarray | None]:
    values = np.concatenate([part for part, _ in parts]).astype(np.float64)
    weights = [weight for _, weight in parts if weight is not None]
    if not weights:
        return np.sort(values), None
    order = np.argsort(values, kind="stable")
    return values[order], np.concatenate(weights)[order]


def _mean(
    function: Callable[[Tensor], Tensor], points: Sequence[tuple[np.ndarray, np.ndarray | None]]
) -> float:
    found = ZERO
    for values, weights in points:
        costs = function(torch.from_numpy(values))
        if weights is not None:
            costs = costs.double() * torch.from_numpy(weights)
        found += Sum.of(costs.sum(dtype=torch.float64).item())
    return found.over(sum((_weight(*part) for part in points), ZERO))


def _weight(values: np.ndarray, weights: np.ndarray | None) -> Sum:
    return Sum.of(float(len(values) if weights is None else weights.sum()))


def _middle(values: np.ndarray) -> float:
    """The median of values that count alike."""
    half = len(values) // 2
    found = np.partition(values, half)  # of one place, which is quicker than of two
    high = float(found[half])
    return high if len(values) % 2 else high / 2 + float(found[:half].max()) / 2
