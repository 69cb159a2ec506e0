"""What is known of a gradient: its length, its largest entries, and those that are no numbers."""

from __future__ import annotations

import math
from dataclasses import field, fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from losscli.checks import Tally
from losscli.lazy import np, torch
from losscli.records import record
from losscli.stats import Ranked, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.state import Worst

__all__ = ["Known", "Squares"]

LARGEST = 1024
"""Doubles have no more bits before the point."""

BITS = 60
"""A root is taken of a whole number of so many bits, or of one more."""


@record
class Squares:
    """A sum of squares that neither overflows nor underflows, without rounding between leaves.

    >>> (Squares.of(np.array([3e-200])) + Squares.of(np.array([4e-200]))).root
    5e-200

    Attributes:
        total: The sum of the finite ones.
        special: The sum of the others: 0, ∞ or NaN.
    """

    total: Fraction = Fraction()
    special: float = 0.0

    @classmethod
    def of(cls, values: np.ndarray) -> Squares:
        """Of one leaf: numbers on one axis."""
        top = float(np.abs(values).max(initial=0.0))
        if not math.isfinite(top):
            return cls(special=top)
        power = math.frexp(top)[1]
        scaled = np.ldexp(values.astype(np.float64), -power)
        return cls(Fraction(float(np.square(scaled).sum())) * Fraction(4) ** power)

    def __add__(self, other: Squares) -> Squares:
        return Squares(self.total + other.total, self.special + other.special)

    @property
    def root(self) -> float:
        """The root of the sum."""
        if self.special != 0.0 or not self.total:
            return self.special
        found = self.total
        size = found.numerator.bit_length() - found.denominator.bit_length()
        shift = BITS - size // 2
        root = math.isqrt(int(found * Fraction(4) ** shift))
        return math.ldexp(root, -shift) if root.bit_length() - shift <= LARGEST else math.inf


@record
class Known:
    """The sum of leaves of a gradient: every field has a zero and a ``+``.

    Attributes:
        squares: Of the gradient of each input.
        largest: The entries of the largest absolute value.
        nan: How many entries are NaN, by input.
        infinite: How many are infinite.
        same: Sums of the gradient of inputs that are the same for all rows.
        reached: How many leaves have losses that depend on a prediction.
    """

    squares: Mapping[str, Squares] = field(default_factory=dict)
    largest: Ranked = Ranked()
    nan: Mapping[str, Tally] = field(default_factory=dict)
    infinite: Mapping[str, Tally] = field(default_factory=dict)
    same: Mapping[str, Any] = field(default_factory=dict)
    reached: int = 0

    def __add__(self, other: Known) -> Known:
        return Known.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Known]) -> Known:
        """The sum of several at once."""
        columns = {one.name: [getattr(part, one.name) for part in many] for one in fields(cls)}
        return cls(**{name: together(parts) for name, parts in columns.items()})

    @classmethod
    def of(cls, side: str, order: int, values: np.ndarray, start: int, worst: Worst) -> Known:
        """Of some entries of the gradient of one input.

        Args:
            side: The input.
            order: How many inputs come before it.
            values: The entries, one axis.
            start: How many entries come before them.
            worst: Chooses those that may be among the largest of all.
        """
        sizes = torch.from_numpy(np.abs(values))
        top = sizes.max().item() if len(values) else 0.0
        entries = []
        for at in worst.of(sizes, top).tolist():
            value, place = float(values[at]), start + at
            rank = (0, 0.0) if value != value else (1, -abs(value))
            entries.append(((*rank, order, place), (side, place, value)))
        found = cls({side: Squares.of(values)}, Ranked.of(worst.size, entries))
        if math.isfinite(top):
            return found
        nan, infinite = (
            {side: Tally.of(odd, values, start)} for odd in (np.isnan(values), np.isinf(values))
        )
        return replace(found, nan=nan, infinite=infinite)

    @property
    def norm(self) -> float:
        """The Euclidean length of all of it."""
        return sum(self.squares.values(), Squares()).root
