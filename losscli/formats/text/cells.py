"""Cells of text as numbers, strictly: what is not plainly a number is told, never guessed."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.errors import such
from losscli.formats.missing import NUMBER, TEXT, mark
from losscli.lazy import np
from losscli.records import record
from losscli.spool import Spool, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TOO_LONG", "Column", "Fault", "Part", "is_number", "part", "shown"]

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf(?:inity)?)", re.IGNORECASE
)
LONGEST_NAME = 256
"""Characters of a text that can be a name: an array of text is as wide as its longest."""

HOLES = frozenset({"", "NA", "N/A", "null", "NULL"})
"""Cells that are missing, where cells may be: R writes NA, and SQL NULL."""

_EMPTY = "is empty"
TOO_LONG = f"is too long for a name: it has more than {LONGEST_NAME} characters"
_PIECE = 2**16  # rows that are turned into bools at once
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


@record
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
        cells = such(self.count, "cell")
        if not self.cell:
            return f"the cell {self.what} ({cells})"
        return f"{shown(self.cell)} {self.what} ({cells})"


@record
class Part:
    """Some rows of a column.

    Attributes:
        values: Numbers, or text of which no cell is a number; None if there are both.
        wrong: The first cell of each kind that is no number, with how many are like it.
        bools: All cells are true or false, or missing.
        blank: All cells are missing: nobody knows of what.
    """

    values: np.ndarray | None
    wrong: tuple[Fault, ...] = ()
    bools: bool = False
    blank: bool = False


def part(cells: Sequence[str], *, missing: bool = False) -> Part:
    """What some cells hold.

    Args:
        cells: As they are written.
        missing: Empty cells, and what other programs write for a missing value, are missing.

    >>> part(["1", "-2"]).values, part(["1", "-0"]).values, part(["1", "x"]).wrong[0].row
    (array([ 1, -2]), array([ 1., -0.]), 1)
    """
    numbers = _numbers(cells)
    if numbers is not None:
        return Part(numbers)
    stripped = [cell.strip() for cell in cells]
    numbers = _numbers(stripped)
    if numbers is not None:
        return Part(numbers)
    if missing and not HOLES.isdisjoint(stripped):
        return _with_holes(stripped)
    return _worded(stripped)


def _with_holes(cells: list[str]) -> Part:
    """Cells of which at least one is missing: as without it, and a mark in its place."""
    places = [place for place, cell in enumerate(cells) if cell not in HOLES]
    if not places:
        return Part(np.full(len(cells), NUMBER), blank=True)
    rest = part([cells[place] for place in places])
    wrong = tuple(replace(fault, row=places[fault.row]) for fault in rest.wrong)
    if rest.values is None:
        return Part(None, wrong)
    dtype = rest.values.dtype if rest.values.dtype.kind == "U" else np.dtype(np.float64)
    values = np.full(len(cells), mark(dtype), dtype)
    values[places] = rest.values
    return Part(values, wrong, rest.bools)


def _worded(cells: list[str]) -> Part:
    """Cells of which at least one is not a number."""
    distinct = set(cells)
    wrong = {cell: _wrong(cell) for cell in distinct if _wrong(cell)}
    counts: dict[str, int] = {}
    firsts: dict[str, int] = {}
    for row, cell in enumerate(cells):
        for what in (wrong.get(cell, ""), TOO_LONG if len(cell) > LONGEST_NAME else ""):
            if what:
                firsts.setdefault(what, row)
                counts[what] = counts.get(what, 0) + 1
    faults = tuple(Fault(row, cells[row], what, counts[what]) for what, row in firsts.items())
    if len(wrong) < len(distinct) or any(map(is_number, distinct)):
        return Part(None, faults)
    bools = {cell.lower() for cell in distinct} <= {"true", "false"}
    cut = [cell[:LONGEST_NAME] for cell in cells] if TOO_LONG in firsts else cells
    return Part(np.array(cut), faults, bools)


class Column:
    """One column of text, taken piece by piece and judged as a whole.

    Its values are kept for as long as they may be read: not of a column with numbers and words.

    >>> column = Column(Store())
    >>> column.add(["1", "2"]); column.add([" .5"])
    >>> column.finish()[:]
    array([1. , 2. , 0.5])
    """

    def __init__(self, store: Store, *, missing: bool = False) -> None:
        self._store = store
        self._missing = missing
        self._waiting = 0  # missing cells, before any other
        self._spool: Spool | None = Spool(store)
        self._rows = 0
        self._numbers = False
        self._bools = True
        self._wrong: dict[str, Fault] = {}

    def add(self, cells: Sequence[str]) -> None:
        """Take the next rows."""
        self.take(part(cells, missing=self._missing), len(cells))

    def take(self, rows: Part, count: int) -> None:
        """Take the next rows, judged already."""
        if rows.blank:
            self._waiting += count
        else:
            self._judge(rows)
        if self._waiting and (self._numbers or self._wrong):
            if self._spool is not None:
                self._spool.add(np.full(self._waiting, NUMBER if self._numbers else TEXT))
            self._waiting = 0
        if self._spool is not None and rows.values is not None and not rows.blank:
            self._spool.add(rows.values)
        self._rows += count

    def _judge(self, rows: Part) -> None:
        """What rows with anything in them say of the column."""
        self._numbers = self._numbers or not rows.wrong or rows.values is None
        self._bools = self._bools and rows.bools
        for fault in rows.wrong:
            first = self._wrong.get(fault.what)
            self._wrong[fault.what] = (
                replace(first, count=first.count + fault.count)
                if first
                else replace(fault, row=self._rows + fault.row)
            )
        if self._numbers and self._wrong:
            self._spool = None

    def finish(self) -> Spool | Fault:
        """The column as int64, float64, bool or text; or the cell that belongs to none of them."""
        if self._spool is None:
            return min(self._wrong.values(), key=lambda fault: fault.row)
        if self._waiting:
            self._spool.add(np.full(self._waiting, NUMBER))
        if not self._wrong:
            return self._spool
        for what in (_EMPTY, TOO_LONG):
            if what in self._wrong:
                return self._wrong[what]
        return self._truths(self._spool) if self._bools else self._spool

    def _truths(self, words: Spool) -> Spool:
        truths = Spool(self._store)
        for piece in words.pieces(_PIECE):
            true = np.char.lower(piece) == "true"
            gone = piece == TEXT
            truths.add(np.where(gone, NUMBER, true) if gone.any() else true)
        return truths


def _numbers(cells: Sequence[str]) -> np.ndarray | None:
    """All cells as int64 or float64, or None if one of them needs a closer look.

    A negative zero is a float, wherever it stands: no integer keeps its sign, and the bits of a
    column must not depend on the pieces in which it is read.
    """
    together = "".join(cells)
    if "_" in together or not together.isascii():  # int and float take 1_000 and Arabic digits
        return None
    try:
        whole = np.fromiter(map(int, cells), np.int64, len(cells))
        if "-" not in together or not _any_negative_zero(whole, cells):
            return whole
    except (ValueError, OverflowError):
        pass
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return None
    infinite = np.flatnonzero(np.isinf(numbers)).tolist()
    return None if any(_wrong(cells[i].strip()) for i in infinite) else numbers


def _any_negative_zero(whole: np.ndarray, cells: Sequence[str]) -> bool:
    return any("-" in cells[i] for i in np.flatnonzero(whole == 0).tolist())


def _wrong(cell: str) -> str:
    """What is wrong with a stripped cell as a number; nothing if it is one."""
    if not cell:
        return _EMPTY
    if not is_number(cell):
        return "is not a number"
    if math.isinf(float(cell)) and "inf" not in cell.lower():
        return "is too large for a 64-bit number"
    return ""
