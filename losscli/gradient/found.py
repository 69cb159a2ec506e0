"""A gradient as results show it and files hold it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from losscli.errors import Finding, Level
from losscli.formats.sequences import Turned
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.checks import Tally
    from losscli.gradient.state import Known
    from losscli.plan import Plan
    from losscli.spool import Spool

__all__ = ["Array", "Entry", "Gradient"]

ROOM = 2**26
"""So many bytes of rows are turned at once."""


@record
class Entry:
    """One entry of a gradient."""

    input: str
    index: tuple[int, ...]
    value: float


@record
class Array:
    """The gradient of one input, in the shape of its file less the rows that were not read.

    Attributes:
        name: The input.
        kept: Its entries, one axis: rows first.
        shape: As in the file.
        turned: In the file the second axis is that of rows.
    """

    name: str
    kept: Spool
    shape: tuple[int, ...]
    turned: bool = False

    @classmethod
    def of(cls, plan: Plan, side: str, name: str, kept: Spool) -> Array:
        """Of an input of the question that a plan is of."""
        shape, view = plan.fields.sides[side].shape, plan.role.pairing.views[side]
        turned = isinstance(plan.role.asked.fields[side], Turned)
        axis = 1 if turned else 0
        if not (view.fixed or view.whole):
            shape = (*shape[:axis], plan.rows, *shape[axis + 1 :])
        return cls(name, kept, shape, turned)

    @property
    def elements(self) -> Spool | Flipped:
        """All entries on one axis, in the order of the file."""
        return Flipped(self.kept, self.shape) if self.turned else self.kept

    @property
    def values(self) -> np.ndarray:
        """All entries in memory."""
        return self.elements[0 : prod(self.shape)].reshape(self.shape)

    def index(self, place: int) -> tuple[int, ...]:
        """Where an entry stands in the file."""
        shape = self.shape if not self.turned else (self.shape[1], self.shape[0], *self.shape[2:])
        found = tuple(int(one) for one in np.unravel_index(place, shape)) if shape else ()
        return (found[1], found[0], *found[2:]) if self.turned else found


class Flipped:
    """Entries that were kept rows first, in the order of a file whose second axis is rows.

    Args:
        kept: The entries, one axis.
        shape: That of the file.
    """

    def __init__(self, kept: Spool, shape: tuple[int, ...]) -> None:
        self.dtype = kept.dtype
        self._kept = kept
        self._steps, self._rows = shape[:2]
        self._one = prod(shape[2:])
        self._held = range(0)
        self._block = np.empty(0)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, part: slice) -> np.ndarray:
        start, stop, _ = part.indices(len(self))
        step = self._rows * self._one
        pieces = [
            self._step(at)[max(start - at * step, 0) : stop - at * step]
            for at in range(start // step, -(-stop // step))
        ]
        return np.concatenate(pieces) if pieces else np.empty(0, self.dtype)

    def _step(self, at: int) -> np.ndarray:
        """One index of the first axis, of which as many are held as there is room for."""
        if at not in self._held:
            most = max(1, ROOM // (self._rows * self._one * self.dtype.itemsize))
            self._held = range(at, min(at + most, self._steps))
            self._block = self._read(slice(self._held.start, self._held.stop))
        return np.asarray(self._block[at - self._held.start])

    def _read(self, steps: slice) -> np.ndarray:
        found = np.empty((steps.stop - steps.start, self._rows, self._one), self.dtype)
        size = self._steps * self._one
        most = max(1, ROOM // (size * self.dtype.itemsize))
        for start in range(0, self._rows, most):
            rows = self._kept[start * size : (start + most) * size]
            rows = rows.reshape(-1, self._steps, self._one)
            found[:, start : start + most] = rows[:, steps].swapaxes(0, 1)
        return found.reshape(len(found), -1)


@record
class Gradient:
    """What is told of a gradient, and its arrays.

    Attributes:
        norm: Its Euclidean length, of all inputs together.
        norms: That of each input.
        largest: The entries of the largest absolute value.
        arrays: The gradient of each input.
        findings: What is to be said of it.
    """

    norm: float
    norms: Mapping[str, float]
    largest: Sequence[Entry]
    arrays: Mapping[str, Array]
    findings: Sequence[Finding]

    @classmethod
    def of(cls, plan: Plan, known: Known, arrays: Mapping[str, Array]) -> Gradient:
        """Of what all leaves are known to have, and the arrays by the sides of the role."""
        largest = [
            Entry(arrays[side].name, arrays[side].index(place), value)
            for side, place, value in known.largest.shown
        ]
        return cls(
            known.norm,
            {array.name: known.squares[side].root for side, array in arrays.items()},
            largest,
            {array.name: array for array in arrays.values()},
            [*_odd(plan, known, arrays)],
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON of it, without the arrays."""
        return {
            "norm": self.norm,
            "inputs": {
                name: {"shape": list(self.arrays[name].shape), "norm": norm}
                for name, norm in self.norms.items()
            },
            "largest": [
                {"input": one.input, "index": list(one.index), "value": one.value}
                for one in self.largest
            ],
        }


_ODD = {
    "nan": ("nan-gradient", "NaN", "as autograd finds where a loss has no slope"),
    "infinite": ("infinite-gradient", "infinite", "as that of a logarithm of 0"),
}


def _odd(plan: Plan, known: Known, arrays: Mapping[str, Array]) -> list[Finding]:
    """Entries that are no numbers, with how many and the first of them."""
    found = []
    for kind, (code, word, why) in _ODD.items():
        tallies: Mapping[str, Tally] = getattr(known, kind)
        count = sum(tally.count for tally in tallies.values())
        if not count:
            continue
        side, place = next(
            (side, tallies[side].first)
            for side in arrays
            if side in tallies and tallies[side].count
        )
        array, field = arrays[side], plan.fields.sides[side]
        index = array.index(place or 0)
        entries = "1 entry" if count == 1 else f"{count:,} entries"
        message = f"{field.label}, {field.place(index)}: the gradient is {word} ({entries}): {why}"
        found.append(
            Finding(code, Level.WARNING, message, input=array.name, index=index, count=count)
        )
    return found
