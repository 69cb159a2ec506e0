"""The rows of delimited text one after the other, and whether the first of them is a header."""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.text.cells import is_number, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["BLANK", "BREAK", "Records", "has_header"]

BREAK = re.compile(r"\r\n|\r|\n")

_LONGEST = 2**24  # characters of a cell: a quote that is never closed makes one of the whole rest
csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))  # documents, images in base64
BLANK = " "
"""The delimiter of cells between which any number of blanks stand."""
_TRAILING = re.compile(r" +(?=[\r\n]|\Z)")


class Records:
    """The rows of a text, in pieces, with the lines on which they begin and end.

    Args:
        label: The file in messages.
        lines: Its lines, with their breaks.
        delimiter: One character; any number of blanks are one.
        line: The number of the first line.
    """

    def __init__(self, label: str, lines: Iterable[str], delimiter: str, line: int = 1) -> None:
        self.label = label
        self.line = line  # on which the next row begins
        self._before = line - 1
        if delimiter == BLANK:  # behind the last cell they divide nothing
            lines = (_TRAILING.sub("", text) for text in lines)
        self._reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)

    def first(self) -> tuple[list[str], int]:
        """The first row that is not blank, stripped, and its line."""
        while True:
            rows, line, _ = next(self.chunks(1), ([], 0, 0))
            if not rows:
                raise DataError(f"{self.label} is empty")
            row = rows[0]
            if any(cell.strip() for cell in row) or len(row) > 1:
                return [cell.strip() for cell in row], line

    def chunks(self, size: int) -> Iterator[tuple[list[list[str]], int, int]]:
        """Rows, the line of the first, and the line after the last."""
        while rows := self._next(size):
            start, self.line = self.line, self._before + self._reader.line_num + 1
            yield rows, start, self.line

    def _next(self, size: int) -> list[list[str]]:
        rows: list[list[str]] = []
        try:
            rows.extend(islice(self._reader, size))
        except csv.Error as error:
            breaks = sum(len(BREAK.findall(cell)) for row in rows for cell in row)
            line = self.line + len(rows) + breaks
            raise DataError(f"{self.label}, line {line}: {_reason(str(error))}") from error
        return rows


def _reason(error: str) -> str:
    """What the csv module says, in plain words."""
    if error.startswith("field larger"):
        return f"a cell has more than {_LONGEST:,} characters: is a quote opened and never closed?"
    if error.startswith("unexpected end"):
        return "a quote is opened and never closed"
    return f"broken quotes: {error}"


def has_header(first: list[str], header: bool | None, label: str) -> bool:
    """Whether the first row holds names. Taking data for names, or names for data, is silent."""
    if header is not None:
        return header
    numbers = [is_number(cell) for cell in first]
    if not any(numbers):
        return True
    counted = first == [str(column) for column in range(len(first))]
    if all(numbers) and not counted:
        return False
    what = "counts from 0, as names or as data" if counted else "mixes numbers and names"
    cells = ", ".join(map(shown, first[:6])) + (", …" if len(first) > 6 else "")
    raise DataError(
        f"{label}: the first row {what}: {cells}",
        hint="--header if it holds names, --no-header if it is data",
    )
