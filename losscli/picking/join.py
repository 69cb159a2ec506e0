"""Which row of one file belongs to each row of another, by their ids.

Where the ids of both ascend, the two files are read side by side, a block at a time; otherwise all
ids are held in memory. The outcome is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.lazy import np
from losscli.memory import require
from losscli.picking.ids import BLOCK, Ids, codes
from losscli.spool import Spool, Store

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EXAMPLES", "Alone", "Ascent", "join"]

EXAMPLES = 3
"""So many ids are shown."""

_BITS = 63
"""Of a whole number that is not below 0."""

_COPIES = 3
"""While they are sorted there are so many copies of ids, about."""


@dataclass
class Alone:
    """Rows without a partner.

    Attributes:
        count: How many there are.
        rows: The first of them.
    """

    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, start: int, alone: np.ndarray) -> None:
        """Takes the next rows: those that are alone."""
        self.count += int(np.count_nonzero(alone))
        if len(self.rows) < EXAMPLES:
            places = np.flatnonzero(alone)[: EXAMPLES - len(self.rows)]
            self.rows += (start + places).tolist()


@dataclass
class Ascent:
    """The ids of a file from the first to the last.

    Attributes:
        ids: The ids.
        sorted: None is smaller than the one before it.
        repeats: Rows with the id of the row before.
    """

    ids: Ids
    sorted: bool = True
    repeats: Alone = field(default_factory=Alone)

    @classmethod
    def of(cls, ids: Ids) -> Ascent:
        """Looks at all ids once; stops at the first that is out of order."""
        found = cls(ids)
        last = [part[:0] for part in ids.block(0, 0)]
        for start, block in ids.blocks():
            held = [np.concatenate(pair) for pair in zip(last, block, strict=True)]
            values, _ = codes(held, [part[:0] for part in held])
            if (values[1:] < values[:-1]).any():
                return cls(ids, sorted=False)
            found.repeats.add(start + len(block[0]) - len(held[0]) + 1, values[1:] == values[:-1])
            last = [part[-1:] for part in block]
        return found

    def refuse_repeats(self) -> None:
        if self.repeats.count:
            raise _repeated(self.ids, self.repeats)


def join(
    left: Ascent, right: Ascent, wanted: Callable[[int, int], np.ndarray], store: Store
) -> tuple[Spool, Alone]:
    """The row of the right that belongs to each row of the left, or -1; and who is left over.

    Args:
        left: Its rows give the order.
        right: The other file.
        wanted: Which of some rows of the right should have a partner.
        store: The room for what is found.

    Raises:
        DataError: an id twice, or ids that fit in no memory.
    """
    if left.sorted and right.sorted:
        left.refuse_repeats()
        right.refuse_repeats()
        return _side_by_side(left.ids, right.ids, wanted, store)
    return _together(left.ids, right.ids, wanted, store)


def _side_by_side(
    left: Ids, right: Ids, wanted: Callable[[int, int], np.ndarray], store: Store
) -> tuple[Spool, Alone]:
    partners, alone = Spool(store), Alone()
    ours = theirs = 0  # rows that are done
    while ours < len(left) or theirs < len(right):
        a, b = codes(
            left.block(ours, min(ours + BLOCK, len(left))),
            right.block(theirs, min(theirs + BLOCK, len(right))),
        )
        if len(a) and len(b):  # what is larger than the last of the other may still be found
            last = min(a[-1], b[-1])
            a, b = (side[: np.searchsorted(side, last, "right")] for side in (a, b))
        places = np.searchsorted(b, a)
        found = _equal(a, b, places)
        partners.add(np.where(found, theirs + places, -1))
        without = wanted(theirs, theirs + len(b)).copy()
        without[places[found]] = False
        alone.add(theirs, without)
        ours, theirs = ours + len(a), theirs + len(b)
    return partners, alone


def _together(
    left: Ids, right: Ids, wanted: Callable[[int, int], np.ndarray], store: Store
) -> tuple[Spool, Alone]:
    size = max(left.size, right.size)
    require(
        (len(left) + len(right)) * (size + 8) * _COPIES,
        f"the ids of {left.label} and {right.label} are not in ascending order: "
        "they are paired in memory",
        hint="ids that ascend in both files are paired in bounded memory",
    )
    (a, ours), (b, theirs) = map(
        _in_order, codes(left.block(0, len(left)), right.block(0, len(right)))
    )
    for ids, values, order in ((left, a, ours), (right, b, theirs)):
        _refuse_repeats(ids, values, order)
    places = np.searchsorted(b, a)
    found = _equal(a, b, places)
    without = wanted(0, len(right)).copy()
    without[theirs[places[found]]] = False
    alone = Alone()
    alone.add(0, without)
    partner = np.full(len(left), -1)
    partner[ours[found]] = theirs[places[found]]
    partners = Spool(store)
    for start in range(0, len(partner), BLOCK):
        partners.add(partner[start : start + BLOCK].copy())
    return partners, alone


def _in_order(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers from the smallest on, and where each of them stood; equal ones in the order of that.

    Where there is room for both in 64 bits, numbers are sorted with their places as last bits:
    that is several times quicker than to sort places.
    """
    bits, least = len(values).bit_length(), values.min()
    if (int(values.max()) - int(least)).bit_length() + bits > _BITS:
        order = np.argsort(values, kind="stable")
        return values[order], order
    both = (values - least).astype(np.int64) << bits
    both |= np.arange(len(values))
    both.sort()
    order = both & (1 << bits) - 1
    both >>= bits
    return both.astype(values.dtype) + least, order


def _equal(a: np.ndarray, b: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Where the id that a search has led to is the one that was looked for."""
    if not len(b):
        return np.zeros(len(a), bool)
    found: np.ndarray = b[np.minimum(places, len(b) - 1)] == a
    return found


def _refuse_repeats(ids: Ids, values: np.ndarray, order: np.ndarray) -> None:
    again = order[1:][values[1:] == values[:-1]]
    if len(again):
        first = np.sort(again)[:EXAMPLES]
        raise _repeated(ids, Alone(len(again), first.tolist()))


def _repeated(ids: Ids, repeats: Alone) -> DataError:
    rows = "1 row has" if repeats.count == 1 else f"{repeats.count:,} rows have"
    first = repeats.rows[0]
    place = ids.columns[0].place((first, *(0 for _ in ids.columns[0].shape[1:])))
    shown = dict.fromkeys(map(ids.shown, repeats.rows))
    return DataError(
        f"{ids.label}: {rows} the id of another row: {', '.join(shown)} (again at {place})",
        hint="--key a,b takes several columns for one id",
        code="key",
    )
