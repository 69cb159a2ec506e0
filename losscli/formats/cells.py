"""Cells of text as numbers, strictly: what is not plainly a number is told, never guessed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Column", "Fault", "is_number", "shown"]

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf(?:inity)?)", re.IGNORECASE
)
_LONGEST = 40  # characters of a cell that a message shows


def is_number(cell: str) -> bool:
    """Whether a stripped cell is a number. Python's ``float`` takes more, such as ``1_000``.

    >>> [is_number(cell) for cell in ("1", "-.5e3", "nan", "1_000", "1,5", "")]
    [True, True, True, False, False, False]
    """
    return _NUMBER.fullmatch(cell) is not None


def shown(cell: str) -> str:
    """A cell as messages show it: quoted, escaped, and not too long."""
    return repr(cell if len(cell) <= _LONGEST else cell[:_LONGEST] + "…")


@dataclass(frozen=True, slots=True)
class Fault:
    """The first cell that keeps a column from being read.

    Attributes:
        row: Counted from 0.
        cell: Its text, stripped.
        what: What is wrong with it: "is empty".
        count: How many cells of the column are wrong in the same way.
    """

    row: int
    cell: str
    what: str
    count: int

    def __str__(self) -> str:
        cells = "1 such cell" if self.count == 1 else f"{self.count} such cells"
        if not self.cell:
            return f"the cell {self.what} ({cells})"
        return f"{shown(self.cell)} {self.what} ({cells})"


class Column:
    """One column of text, taken piece by piece and judged as a whole.

    >>> column = Column()
    >>> column.add(["1", "2"]); column.add([" .5"])
    >>> column.finish()
    array([1. , 2. , 0.5])
    """

    def __init__(self) -> None:
        self._pieces: list[np.ndarray | list[str]] = []

    def add(self, cells: Sequence[str]) -> None:
        """Take the next rows."""
        numbers = _numbers(cells)
        if numbers is None:
            stripped = [cell.strip() for cell in cells]
            numbers = _numbers(stripped)
            self._pieces.append(stripped if numbers is None else numbers)
        else:
            self._pieces.append(numbers)

    def finish(self) -> np.ndarray | Fault:
        """The column as int64, float64, bool or text; or the cell that belongs to none of them."""
        words = [piece for piece in self._pieces if isinstance(piece, list)]
        if not words:
            numbers = [piece for piece in self._pieces if not isinstance(piece, list)]
            return np.concatenate(numbers) if numbers else np.empty(0)
        if len(words) == len(self._pieces) and not any(map(is_number, set().union(*words))):
            return _words([cell for piece in words for cell in piece])
        return self._fault()

    def _fault(self) -> Fault:
        faults = []
        row = 0
        for piece in self._pieces:
            if isinstance(piece, list):
                found = ((row + i, cell, _wrong(cell)) for i, cell in enumerate(piece))
                faults += [fault for fault in found if fault[2]]
            row += len(piece)
        row, cell, what = faults[0]
        return Fault(row, cell, what, sum(fault[2] == what for fault in faults))


def _numbers(cells: Sequence[str]) -> np.ndarray | None:
    """All cells as int64 or float64, or None if one of them needs a closer look."""
    together = "".join(cells)
    if "_" in together or not together.isascii():  # int and float take 1_000 and Arabic digits
        return None
    try:
        return np.fromiter(map(int, cells), np.int64, len(cells))
    except (ValueError, OverflowError):
        pass
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None
    infinite = np.flatnonzero(np.isinf(numbers)).tolist()
    return None if any(_wrong(cells[i].strip()) for i in infinite) else numbers


def _words(cells: list[str]) -> np.ndarray | Fault:
    if "" in cells:
        return Fault(cells.index(""), "", _wrong(""), cells.count(""))
    if {cell.lower() for cell in set(cells)} <= {"true", "false"}:
        return np.fromiter((cell.lower() == "true" for cell in cells), np.bool_, len(cells))
    return np.array(cells)


def _wrong(cell: str) -> str:
    """What is wrong with a stripped cell as a number; nothing if it is one."""
    if not cell:
        return "is empty"
    if not is_number(cell):
        return "is not a number"
    if math.isinf(float(cell)) and "inf" not in cell.lower():
        return "is too large for a 64-bit number"
    return ""
