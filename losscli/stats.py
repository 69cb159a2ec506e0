"""Statistics that add up: they never change, have a zero, and are the same whatever the grouping.

Each is made ``of`` a leaf, added with ``+`` and read through properties. Nothing is
normalised before it is read, and sums are kept exactly: ``(a + b) + c`` and
``a + (c + b)`` are equal to the last bit, so threads, blocks and shards cannot be
told apart by their result.
"""

from __future__ import annotations

import math
from dataclasses import field
from functools import reduce
from itertools import chain
from operator import add
from typing import TYPE_CHECKING, Any

from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from losscli.lazy import Tensor

__all__ = [
    "ZERO",
    "Extremes",
    "Moments",
    "Ranked",
    "Sum",
    "Totals",
    "Weighted",
    "together",
]

# Every finite double is a whole number of 2^-1074: the smallest one there is.
_UNIT = 1074
_ONE = 1 << _UNIT


def _ratio(numerator: int, denominator: int) -> float:
    """The nearest double to a quotient of whole numbers, infinite if none is large enough."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf if (numerator > 0) == (denominator > 0) else -math.inf


@record
class Sum:
    """A sum of doubles without any rounding, as a whole number of 2^-1074.

    >>> (Sum.of(1e16) + Sum.of(1.0) + Sum.of(-1e16)).value
    1.0
    """

    units: int = 0
    special: float = 0.0  # the sum of what is not finite: 0, ±inf or NaN

    @classmethod
    def of(cls, value: float) -> Sum:
        try:
            whole, parts = value.as_integer_ratio()  # of which there are a power of two
        except (OverflowError, ValueError):  # it is not finite
            return cls(0, value)
        return cls(whole << _UNIT + 1 - parts.bit_length())

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.units + other.units, self.special + other.special)

    @classmethod
    def joined(cls, many: Iterable[Sum]) -> Sum:
        """The sum of several at once."""
        units, special = 0, 0.0
        for one in many:
            units += one.units
            special += one.special
        return cls(units, special)

    def times(self, count: int) -> Sum:
        """The same number so many times: 0 times anything is 0."""
        return Sum(self.units * count, self.special if count else 0.0)

    @property
    def value(self) -> float:
        """The sum, rounded once."""
        if self.special != 0.0:
            return self.special
        return _ratio(self.units, _ONE)

    def over(self, other: Sum) -> float:
        """The quotient of two sums, rounded once; NaN if the other is 0."""
        if self.special != 0.0 or other.special != 0.0:
            return self.value / other.value if other.value else math.nan
        return _ratio(self.units, other.units) if other.units else math.nan


ZERO = Sum()


@record
class Moments:
    """Count, sum and spread of values (Chan, Golub and LeVeque, 1983, in exact arithmetic).

    >>> import torch
    >>> a, b, c = (Moments.of(torch.tensor(values)) for values in ([0.1], [0.2, 0.7], [0.4]))
    >>> (a + b) + c == a + (c + b)
    True
    >>> (a + b + c).std
    0.264575...
    """

    count: int = 0
    total: Sum = ZERO
    within: Sum = ZERO  # of squared distances from the mean of one's own leaf
    between: int = 0  # sum of total² / count of each leaf, as a whole number of 2^-2148

    @classmethod
    def of(cls, values: Tensor) -> Moments:
        """The moments of one leaf: a tensor of one axis."""
        count = values.numel()
        if not count:
            return cls()
        wide = values.double()
        total = Sum.of(wide.sum().item())
        own = wide is not values  # a copy, which may be written to
        gaps = (wide.sub_ if own else wide.sub)(total.value / count)
        spread = gaps.dot(gaps).item()
        return cls(count, total, Sum.of(spread), total.units**2 // count)

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count,
            self.total + other.total,
            self.within + other.within,
            self.between + other.between,
        )

    @property
    def mean(self) -> float:
        return self.total.over(Sum.of(float(self.count)))

    @property
    def std(self) -> float:
        """The standard deviation of a sample: NaN for fewer than two values."""
        if self.count < 2 or self.total.special != 0.0 or self.within.special != 0.0:
            return math.nan
        gaps = self.between - self.total.units**2 // self.count
        spread = _ratio((self.within.units << _UNIT) + gaps, 1 << 2 * _UNIT)
        return math.sqrt(max(spread, 0.0) / (self.count - 1))

    @property
    def variance(self) -> float | None:
        """The mean squared distance from the mean, where there are two values and it is finite."""
        found = self.std**2 * (self.count - 1) / self.count if self.count > 1 else math.nan
        return found if math.isfinite(found) else None

    @property
    def stderr(self) -> float:
        """The standard error of the mean of independent values."""
        return self.std / math.sqrt(self.count) if self.count else math.nan


@record
class Weighted:
    """The mean and the spread of values that weigh differently, as those of :class:`Moments`.

    >>> import torch
    >>> values, weights = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 1.0, 2.0])
    >>> one, other = Weighted.of(values[:1], weights[:1]), Weighted.of(values[1:], weights[1:])
    >>> (one + other).variance, (one + other) == (other + one)
    (1.6875, True)
    """

    weight: Sum = ZERO
    total: Sum = ZERO
    within: Sum = ZERO  # of squared distances from the mean of one's own leaf
    between: int = 0  # sum of total² / weight of each leaf, as a whole number of 2^-1074

    @classmethod
    def of(cls, values: Tensor, weights: Tensor) -> Weighted:
        """Those of one leaf: tensors of one axis."""
        wide, weights = values.double(), weights.double()
        weight = Sum.of(weights.sum().item())
        total = Sum.of((wide * weights).sum().item())
        if not weight.units or weight.special or total.special:
            return cls(weight, total, Sum.of((wide.square() * weights).sum().item()))
        spread = ((wide - total.over(weight)).square() * weights).sum().item()
        return cls(weight, total, Sum.of(spread), total.units**2 // weight.units)

    def __add__(self, other: Weighted) -> Weighted:
        return Weighted(
            self.weight + other.weight,
            self.total + other.total,
            self.within + other.within,
            self.between + other.between,
        )

    @property
    def variance(self) -> float | None:
        """The mean squared distance from the mean, where it is finite and weights are positive."""
        if self.weight.units <= 0 or self.total.special or self.within.special:
            return None
        gaps = self.between - self.total.units**2 // self.weight.units
        return max(_ratio(self.within.units + gaps, self.weight.units), 0.0)


@record
class Extremes:
    """The smallest and largest value, and the first place of each."""

    low: float = math.inf
    low_at: int | None = None
    high: float = -math.inf
    high_at: int | None = None

    @classmethod
    def of(cls, values: Tensor, places: Tensor | None, start: int) -> Extremes:
        """Of one leaf.

        Args:
            values: One axis, without NaN.
            places: Where in the leaf each value stands; None if they stand side by side.
            start: The place of the leaf's first element.
        """
        if not values.numel():
            return cls()
        array = values.numpy()  # whose argmin and argmax are the first among equals
        first = int(array.argmin()), int(array.argmax())
        spots = [start + (at if places is None else int(places[at])) for at in first]
        return cls(array[first[0]].item(), spots[0], array[first[1]].item(), spots[1])

    def __add__(self, other: Extremes) -> Extremes:
        low, low_at = min(self._low, other._low)
        high, high_at = min(self._high, other._high)
        return Extremes(
            low,
            None if math.isinf(low_at) else int(low_at),
            -high,
            None if math.isinf(high_at) else int(high_at),
        )

    @property
    def _low(self) -> tuple[float, float]:
        return self.low, math.inf if self.low_at is None else self.low_at

    @property
    def _high(self) -> tuple[float, float]:
        return -self.high, math.inf if self.high_at is None else self.high_at


@record
class Ranked:
    """The first ``size`` of all entries, by a key in which no two are equal.

    Each entry is (key, what to show). For the worst losses the key is (-loss, place), for the
    first ones the place alone.
    """

    size: int = 0
    entries: tuple[tuple[Any, Any], ...] = ()

    @classmethod
    def of(cls, size: int, entries: Iterable[tuple[Any, Any]]) -> Ranked:
        return cls(size, tuple(sorted(entries, key=lambda entry: entry[0])[:size]))

    def __add__(self, other: Ranked) -> Ranked:
        return Ranked.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Ranked]) -> Ranked:
        """The sum of several at once."""
        size = max(one.size for one in many)
        return cls.of(size, chain.from_iterable(one.entries for one in many))

    @property
    def shown(self) -> list[Any]:
        return [shown for _, shown in self.entries]


def together(many: Sequence[Any]) -> Any:
    """The sum of several of a kind: statistics, numbers, or mappings, which add name by name."""
    first = many[0]
    if isinstance(first, dict):
        columns: dict[Any, list[Any]] = {}
        for one in many:
            for name, part in one.items():
                columns.setdefault(name, []).append(part)
        return {name: together(parts) for name, parts in columns.items()}
    own = getattr(type(first), "joined", None)
    return own(many) if own else reduce(add, many)


@record
class Totals:
    """Named counts and exact sums, added name by name.

    >>> (Totals({"hits": 2}) + Totals({"hits": 1, "count": 4})).parts
    {'hits': 3, 'count': 4}
    """

    parts: Mapping[str, Any] = field(default_factory=dict)

    def __add__(self, other: Totals) -> Totals:
        return Totals.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Totals]) -> Totals:
        """The sum of several at once."""
        return cls(together([one.parts for one in many]))

    def __getitem__(self, name: str) -> Any:
        return self.parts[name]

    def __contains__(self, name: str) -> bool:
        return name in self.parts

    def get(self, name: str) -> Any:
        return self.parts.get(name)
