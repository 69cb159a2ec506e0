"""What the first lines of delimited text show: comments, the delimiter, the cells of the first row.

Nothing else is known of a text than these lines, and nothing is taken for certain that they leave
open: what would be read in two ways is refused, or said in a note.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.text.cells import is_number, shown
from losscli.formats.text.dialect import BLANK, Records
from losscli.records import record

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator

__all__ = ["DECIMAL_COMMA", "First", "first_record"]

DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")
_DELIMITERS = ",\t;|"
_QUOTED = re.compile(r'"[^"]*"?')
_COMMENT = "#"
_SAID = re.compile(rf"sep=([{_DELIMITERS}])\s*", re.IGNORECASE)
"""A first line that tells the delimiter, as spreadsheets write and read it."""


@record
class First:
    """The first row of a text that is neither blank nor a comment.

    Attributes:
        cells: Its cells, stripped.
        line: On which it begins.
        line_after: On which the next row begins.
        size: The bytes up to there, without a byte order mark.
        delimiter: What divides the cells.
        comments: How many lines before it are comments.
    """

    cells: list[str]
    line: int
    line_after: int
    size: int
    delimiter: str
    comments: int = 0


def first_record(label: str, text: io.TextIOWrapper, delimiter: str | None) -> First:
    """The first row; its delimiter is the one given, or what the first lines show."""
    lead = _Lead([], [], [])
    for line in text:
        lead.take(line)
        if len(lead.rows) == 2:
            break
    if not lead.comments and not lead.rows:
        raise DataError(f"{label} is empty")
    shown_by = [lead.lines[place] for place in lead.rows or lead.comments[-1:]]
    _check_commas(label, shown_by[0])
    delimiter = lead.said or delimiter or _delimiter(shown_by)
    start, comments = lead.start(delimiter)
    counted = _Counted(chain(lead.lines, text))
    lines = iter(counted)
    for _ in range(start):
        next(lines)
    records = Records(label, lines, delimiter, start + 1)
    cells, number = records.first()
    if delimiter == BLANK and cells[0] == _COMMENT:
        cells = cells[1:]
    elif lead.rows[:1] == [start] and _lacks_corner(shown_by, delimiter):
        cells = ["", *cells]
    return First(cells, number, records.line, counted.size, delimiter, comments)


@dataclass
class _Lead:
    """Lines up to the second row.

    Attributes:
        lines: All of them.
        comments: The places of those that are comments.
        rows: The places of the rows.
        said: The delimiter, where the first line tells it; "" where not.
    """

    lines: list[str]
    comments: list[int]
    rows: list[int]
    said: str = ""

    def take(self, line: str) -> None:
        """Takes the next line."""
        told = None if self.lines else _SAID.fullmatch(line)
        if told:
            self.said = told[1]
        elif line.strip():
            comment = not self.rows and line.lstrip().startswith(_COMMENT)
            (self.comments if comment else self.rows).append(len(self.lines))
        self.lines.append(line)

    def start(self, delimiter: str) -> tuple[int, int]:
        """The line that the first row is on, and how many comments there are before it.

        A last comment of as many words as the row below it has cells names the columns.
        """
        if not self.comments:
            return self.rows[0], 0
        *others, last = self.comments
        if not self.rows:
            return last, len(others)
        first = self.lines[self.rows[0]]
        names = _cells(self.lines[last].lstrip().removeprefix(_COMMENT), delimiter)
        if len(names) == len(_cells(first, delimiter)) and not any(map(is_number, names)):
            return last, len(others)
        return self.rows[0], len(self.comments)


class _Counted:
    """Lines that are passed on, and counted in bytes."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.size += len(line.encode())
            yield line


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line, stripped, as far as one line tells."""
    if delimiter == BLANK:
        line = line.strip()
    try:
        row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # told where the row is read
        row = []
    return [cell.strip() for cell in row]


def _delimiter(lines: list[str]) -> str:
    r"""The delimiter that the first rows show: the most frequent outside quotes, else blanks.

    >>> _delimiter(['"a,b";c;d']), _delimiter(["a"]), _delimiter(["1\t2"])
    (';', ',', '\t')
    >>> _delimiter(["1  2"]), _delimiter(["a b", "cat 2"]), _delimiter(["the name", "0.5"])
    (' ', ' ', ',')
    """
    bare = _QUOTED.sub("", lines[0])
    best = max(_DELIMITERS, key=bare.count)
    return BLANK if best not in bare and _by_blanks(lines) else best


def _by_blanks(lines: list[str]) -> bool:
    """Whether blanks divide the cells of the first rows, and do not merely stand within one."""
    first, *more = (_cells(line.lstrip().removeprefix(_COMMENT), BLANK) for line in lines)
    if len(first) > 1 and all(map(is_number, first)):
        return True
    second = more[0] if more else []
    bare = _QUOTED.sub("", "".join(lines[1:]))
    alike = len(second) > 1 and len(second) - len(first) in (0, 1)
    return alike and not any(mark in bare for mark in _DELIMITERS) and any(map(is_number, second))


def _lacks_corner(lines: list[str], delimiter: str) -> bool:
    """Whether rows have a name before their cells, as R writes them, and the header has none."""
    if len(lines) < 2 or not (delimiter == BLANK or all(line[:1] == '"' for line in lines)):
        return False
    first, second = (_cells(line, delimiter) for line in lines)
    return len(second) == len(first) + 1 and not any(map(is_number, first))


def _check_commas(label: str, line: str) -> None:
    """Refuses a first row of numbers with decimal commas, which commas would cut in two."""
    bare = _QUOTED.sub("", line)
    for delimiter in (*_DELIMITERS[1:], BLANK):
        cells = [cell for cell in map(str.strip, bare.split(delimiter)) if cell]
        commas = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
        if len(cells) > 1 and commas and all(is_number(c) or c in commas for c in cells):
            raise DataError(
                f"{label}: the first row has decimal commas: {shown(commas[0])}",
                hint="save it with decimal points, as in 1.5",
            )
