"""Quantiles of any number of values, in bounded memory: exact for many, rounded for more."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import field
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

from losscli.lazy import np, torch
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from losscli.lazy import Tensor

EXACT = 2**24
"""Data of up to so many values are kept as they are: 64 MiB in float32."""

BITS = 11
"""So many bits of the significand tell bins apart."""

WIDTH = 1 << BITS
"""So many bins an octave has."""

NARROW = 160
"""The bins of so many octaves are counted in one go: from 0 to 2^32 in float32."""

ERROR = 2.0 ** -(BITS + 1)
"""How far a rounded quantile may be from a value of the data, relative to it: 1 in 4096."""

SOME = 2**14
"""About so many values are enough to tell how often they occur."""

OCTAVES = 20
"""A histogram has so many powers of two below its largest value."""

_SIGNIFICAND = {4: 23, 8: 52}  # bytes of a float: bits of its significand


@record
class Bins:
    """How many values lie in each bin: the floats that agree in all but their last bits.

    Bins do not depend on the data, so that no grouping of it can be seen in their counts. There
    are 2^11 of them in an octave, which is from one power of two to the next.

    Attributes:
        octaves: The counts of the bins of each octave that has any, by its number. Octaves are
            numbered as floats are: 0 begins at zero, -1 ends there.
        size: The bytes of a float.
    """

    octaves: Mapping[int, np.ndarray]
    size: int

    @classmethod
    def of(cls, *parts: np.ndarray) -> Bins:
        """Of some values of one dtype, without NaN."""
        size = parts[0].dtype.itemsize
        bins = _bins(*parts)
        if bins.min(initial=0) >= 0:
            return cls(_tally(bins, WIDTH), size)
        # With its sign as last bit, a value and its opposite are next to each other: whatever
        # has two signs would otherwise span all octaves.
        values = np.concatenate(parts)
        both = _tally(_bins(np.abs(values)) << 1 | (values < 0), 2 * WIDTH)
        found = {octave: counts[::2] for octave, counts in both.items()}
        found |= {~octave: counts[::-2] for octave, counts in both.items()}
        return cls({octave: found[octave] for octave in sorted(found) if found[octave].any()}, size)

    @classmethod
    def joined(cls, many: Sequence[Bins]) -> Bins:
        columns: dict[int, list[np.ndarray]] = {}
        for one in many:
            for octave, counts in one.octaves.items():
                columns.setdefault(octave, []).append(counts)
        found = {octave: reduce(np.add, columns[octave]) for octave in sorted(columns)}
        return cls(found, max(one.size for one in many))

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of all bins of the octaves, in the order of their values, and counts."""
        order = sorted(self.octaves)
        numbers = np.array(order, np.int64)[:, None] * WIDTH + np.arange(WIDTH)
        return numbers.reshape(-1), np.concatenate([self.octaves[octave] for octave in order])

    def middles(self, numbers: np.ndarray) -> list[float]:
        """The middle of some bins; those of zero and infinity have only that."""
        ends = zip(self._edges(numbers), self._edges(numbers + 1, last=True), strict=True)
        return [_half(low, high) for low, high in ends]

    def histogram(self) -> tuple[list[float], list[int]]:
        """How many values lie in each octave, of what is finite: edges, and a count for each gap.

        What is 2^20 times smaller than the largest is counted with zero.
        """
        bias = (1 << 8 * self.size - _SIGNIFICAND[self.size] - 2) - 1
        heights = {octave: max(octave, ~octave) for octave in self.octaves}  # alike for x and -x
        finite = [octave for octave, height in heights.items() if height <= 2 * bias]
        if not finite:
            return [], []
        least = max(max(heights[octave] for octave in finite) - OCTAVES, 1)
        gaps: Counter[int] = Counter()
        for octave in finite:
            step = max(heights[octave] - least + 1, 0)
            gaps[step if octave >= 0 else ~step] += int(self.octaves[octave].sum())
        low, high = min(gaps), max(gaps)
        unit = least - bias - 1
        edges = [
            math.copysign(_power(abs(edge) + unit), edge) if edge else 0.0
            for edge in range(low, high + 2)
        ]
        return edges, [gaps[gap] for gap in range(low, high + 1)]

    def _edges(self, numbers: np.ndarray, *, last: bool = False) -> list[float]:
        """The first float of each bin, or the last one before it."""
        whole = np.int32 if self.size == 4 else np.int64
        ordered = (numbers << _SIGNIFICAND[self.size] - BITS) - last
        bits = np.where(ordered < 0, ordered ^ np.iinfo(whole).max, ordered).astype(whole)
        return [float(one) for one in bits.view(np.float32 if self.size == 4 else np.float64)]


def _tally(bins: np.ndarray, width: int) -> dict[int, np.ndarray]:
    """How many values lie in each bin of each octave, which has so many of them.

    The bins are used up: nothing else may need them.
    """
    found: dict[int, np.ndarray] = {}
    for low, part in _narrow(bins, width):
        first = low // width
        own = np.subtract(part, first * width, out=part)
        # Torch lets other threads run meanwhile, NumPy does not.
        counts = torch.bincount(torch.from_numpy(own)).numpy()
        counts = np.pad(counts, (0, -len(counts) % width)).reshape(-1, width)
        found |= {first + at: row for at, row in enumerate(counts) if row.any()}
    return dict(sorted(found.items()))


def _bins(*parts: np.ndarray) -> np.ndarray:
    """The number of the bin of each value, in the order of the values."""
    shift = _SIGNIFICAND[parts[0].dtype.itemsize] - BITS
    whole = np.int32 if parts[0].dtype.itemsize == 4 else np.int64
    bins, stop = np.empty(sum(map(len, parts)), whole), 0
    for part in parts:
        own = bins[stop : (stop := stop + len(part))]
        np.right_shift(part.view(whole), shift, out=own)
        if own.min(initial=0) < 0:  # whole numbers in the order of the floats, and no -0.0
            bits: Any = (part + 0.0).view(whole)
            np.right_shift(np.where(bits < 0, bits ^ np.iinfo(whole).max, bits), shift, out=own)
    return bins


def _narrow(bins: np.ndarray, width: int) -> Iterator[tuple[int, np.ndarray]]:
    """Bins in parts that span not too many octaves, with the first bin of each.

    In float64 a thousand octaves lie between 0 and 1.
    """
    if not len(bins):
        return
    low, high = int(bins.min()), int(bins.max())
    if high - low < NARROW * width:
        yield low, bins
        return
    zero = bins < width
    if zero.any():
        yield int(bins.min()), bins[zero]
        yield from _narrow(bins[~zero], width)
        return
    blocks = bins // (NARROW * width)
    for block in np.unique(blocks):
        part = bins[blocks == block]
        yield int(part.min()), part


@record
class Sample:
    """All values; where there are too many, how many lie in each bin.

    >>> import torch
    >>> both = Sample.of(torch.tensor([4.0, 1.0])) + Sample.of(torch.tensor([2.0]))
    >>> both.quantiles([0.5, 0.75])
    {'0.5': 2.0, '0.75': 3.0}
    """

    count: int = 0
    parts: tuple[np.ndarray, ...] = field(default=(), compare=False)  # not in bins
    bins: Bins | None = field(default=None, compare=False)
    exact: bool = True

    @classmethod
    def of(cls, values: Tensor, expected: int = 0) -> Sample:
        """Of one leaf, without NaN, of data that has so many values in all."""
        array = values.numpy() if values.itemsize > 2 else values.float().numpy()
        return cls(len(array), (array,) if len(array) else (), None, expected <= EXACT)

    def __add__(self, other: Sample) -> Sample:
        return Sample.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Sample]) -> Sample:
        """The sum of several at once."""
        count = sum(one.count for one in many)
        parts = tuple(part for one in many for part in one.parts)
        if all(one.exact for one in many):
            return cls(count, parts)
        found = [one.bins for one in many if one.bins is not None]
        if parts:
            found.append(Bins.of(*parts))
        return cls(count, (), Bins.joined(found) if found else None, exact=False)

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

    def largest(self, count: int) -> np.ndarray:
        """The largest values, in falling order; where there are too many, of the bins.

        >>> import torch
        >>> Sample.of(torch.tensor([4.0, 1.0, 7.0])).largest(2)
        array([7., 4.], dtype=float32)
        """
        if not self.exact:
            ranks = range(max(self.count - count, 0), self.count)
            return np.array(self._at([*ranks]))[::-1]
        tops = [np.partition(part, -min(count, len(part)))[-count:] for part in self.parts]
        return np.sort(np.concatenate(tops))[::-1][:count] if tops else np.zeros(0)

    def occurrences(self) -> np.ndarray:
        """How often values occur: some of the different ones, or those of each bin.

        >>> import torch
        >>> Sample.of(torch.tensor([4.0, 1.0, 4.0]), 3).occurrences()
        array([1, 2])
        """
        if not self.exact:
            counts = self._binned.table()[1] if self.count else np.zeros(0, np.int64)
            return counts[counts > 0]
        chosen = [_some(part, SOME / max(self.count, 1)) for part in self.parts]
        return np.unique(np.concatenate(chosen), return_counts=True)[1] if chosen else np.zeros(0)

    def histogram(self) -> tuple[list[float], list[int]]:
        """How many values lie between powers of two: edges, and a count for each gap."""
        return self._binned.histogram() if self.count else ([], [])

    @cached_property
    def _binned(self) -> Bins:
        if not self.parts:
            assert self.bins is not None
            return self.bins
        return Bins.joined([*map(Bins.of, self.parts), *([self.bins] if self.bins else [])])

    def _at(self, ranks: list[int]) -> list[float]:
        """The values of some ranks, counted from 0."""
        bins = self._binned
        numbers, counts = bins.table()
        places = np.searchsorted(np.cumsum(counts), ranks, "right")
        if not self.exact:
            return bins.middles(numbers[places])
        # Only the values in those bins need to be put in order.
        wanted = np.zeros(len(numbers), bool)
        wanted[places] = True
        found = np.sort(np.concatenate([_those(part, numbers[wanted]) for part in self.parts]))
        left_out = np.cumsum(np.where(wanted, 0, counts))
        return [float(found[rank - left_out[at]]) for rank, at in zip(ranks, places, strict=True)]


def _those(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The values that lie in some bins: all of them are compared with each, which is quicker."""
    bins = _bins(values)
    mask = np.zeros(len(bins), bool)
    for number in wanted:
        mask |= bins == number
    return values[mask]


def _some(values: np.ndarray, share: float) -> np.ndarray:
    """About a share of all values, which is chosen by what they are: equal ones go together."""
    if share >= 1:
        return values
    mixed = (values.astype(np.float32) + np.float32(0)).view(np.uint32)  # no -0.0
    mixed *= np.uint32(0x9E3779B1)
    return values[mixed <= np.uint32(share * (2**32 - 1))]


def _ends(place: float) -> tuple[int, int]:
    return int(place), math.ceil(place)


def _half(low: float, high: float) -> float:
    """The middle of a bin's first and last float: zero and infinity have bins of their own."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.copysign(math.inf, low)
    return low / 2 + high / 2 if low and high else 0.0


def _power(exponent: float) -> float:
    try:
        return float(2.0**exponent)
    except OverflowError:
        return math.inf
