"""Columns of ids, kept as they are written: 007 is another id than 7, and 1e5 is a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.formats.text.cells import LONGEST_NAME, TOO_LONG, Fault, Part
from losscli.lazy import np
from losscli.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.spool import Store

__all__ = ["Ids", "are_written", "id_part", "lengths"]

_ZERO, _NINE, _POINT = b"09."
_LONGEST_WHOLE = 18  # digits that any int64 has room for


def id_part(cells: Sequence[str]) -> Part:
    """Some cells: whole numbers if all of them would be written like this, else text.

    >>> id_part(["7", " 12"]).values, id_part(["7", "007"]).values
    (array([ 7, 12]), array(['7', '007'], dtype='<U3'))
    """
    stripped = [cell.strip() for cell in cells]
    if all(len(cell) <= _LONGEST_WHOLE for cell in stripped):
        try:
            whole = [*map(int, stripped)]
        except ValueError:
            pass
        else:
            if [*map(str, whole)] == stripped:
                return Part(np.array(whole, np.int64))
    long = [row for row, cell in enumerate(stripped) if len(cell) > LONGEST_NAME]
    if long:
        return Part(None, (Fault(long[0], stripped[long[0]], TOO_LONG, len(long)),))
    return Part(np.array(stripped))


def lengths(whole: np.ndarray) -> np.ndarray:
    """How many characters whole numbers have.

    >>> lengths(np.array([0, 9, 10, -5])).tolist()
    [1, 1, 2, 2]
    """
    powers = 10 ** np.arange(1, 19)
    digits: np.ndarray = np.searchsorted(powers, np.abs(whole), "right") + 1 + (whole < 0)
    return digits


def are_written(values: np.ndarray, piece: bytes) -> bool:
    r"""Whether numbers of a piece are whole, and nowhere in it is one written in another way.

    >>> [are_written(np.array([7]), piece) for piece in (b"7\n", b"-70\n", b"+7\n", b"-07\n")]
    [True, True, False, False]
    """
    if values.dtype != np.int64 or b"+" in piece:
        return False
    text = np.frombuffer(b"\n" + piece, np.uint8)
    digit = (text >= _ZERO) & (text <= _NINE)
    first = ~(digit | (text == _POINT))[:-2] & (text[1:-1] == _ZERO)
    return not (first & digit[2:]).any()


class Ids:
    """A column of ids, taken piece by piece: text, unless all of it is whole numbers."""

    def __init__(self, store: Store) -> None:
        self._spool = Spool(store)
        self._rows = 0
        self._long: Fault | None = None

    def add(self, cells: Sequence[str]) -> None:
        """Take the next rows."""
        self.take(id_part(cells), len(cells))

    def take(self, rows: Part, count: int) -> None:
        """Take the next rows, read already."""
        if rows.values is None:
            first, found = self._long, rows.wrong[0]
            self._long = Fault(
                first.row if first else self._rows + found.row,
                first.cell if first else found.cell,
                found.what,
                found.count + (first.count if first else 0),
            )
        else:
            self._spool.add(rows.values)
        self._rows += count

    def finish(self) -> Spool | Fault:
        """The column; or the first cell that is too long for an id."""
        return self._long or self._spool
