"""Delimited text: CSV, TSV, and the like with ``;`` or ``|``.

Every row has as many cells as the first, in columns nobody asked for as well: a file that
breaks there is broken everywhere. Errors and places name physical lines, also after quoted
cells with line breaks in them.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from itertools import chain, islice, product
from typing import TYPE_CHECKING, BinaryIO

from losscli.errors import DataError
from losscli.formats.cells import Column, Fault, is_number, shown
from losscli.formats.files import named
from losscli.formats.table import Table
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read", "write"]

_DELIMITERS = ",\t;|"
_CHUNK = 2**14  # cells that are text at the same time: they stay in the processor's cache
_BREAK = re.compile(r"\r\n|\r|\n")
_QUOTED = re.compile(r'"[^"]*"?')


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Delimited:
    """The table in a file.

    Args:
        content: The bytes.
        suffix: ".tsv" is delimited by tabs, anything else by what its first line shows.
        reading: Whether the first row holds names; None to find out, and refuse if in doubt.
        keys: What will be selected.
    """
    label = named(content.path)
    if content.head(4).startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{label} is UTF-16 text", hint="save it as UTF-8")
    with content.open() as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        try:
            return Delimited(content.path, text, "\t" if suffix == ".tsv" else None, reading.header)
        except UnicodeDecodeError:
            content.text()  # raises, and says where
            raise


def write(file: BinaryIO, elements: np.ndarray, *, suffix: str) -> None:
    """One line an element: its index, counted from 0, and its loss in full precision."""
    delimiter = "\t" if suffix == ".tsv" else ","
    axes = ["index"] if elements.ndim == 1 else [f"i{axis}" for axis in range(elements.ndim)]
    file.write((delimiter.join([*axes, "loss"]) + "\n").encode())
    places = product(*map(range, elements.shape))
    for start in range(0, elements.size, _CHUNK):
        values = elements.flat[start : start + _CHUNK].tolist()
        lines = (
            delimiter.join([*map(str, index), repr(value)]) + "\n"
            for value, index in zip(values, places, strict=False)
        )
        file.write("".join(lines).encode())


class Delimited(Table):
    """A parsed table of text.

    Args:
        path: As it was typed.
        text: Its characters, line breaks untouched.
        delimiter: One character, or None to take it from the first line.
        header: As for :func:`read`.
    """

    def __init__(
        self, path: str, text: io.TextIOWrapper, delimiter: str | None, header: bool | None
    ) -> None:
        self.path = path
        self.height = 0
        self._header = header
        self._anchors: list[tuple[int, int]] = []  # (row, line) wherever rows and lines part
        self._ragged: list[tuple[int, int, int]] = []  # (row, line, cells)
        self._blank: list[int] = []  # lines of a one-column table that may be empty cells
        records = _Records(self.label, text, delimiter)
        first, line = records.first()
        self.width = len(first)
        self._columns = [Column() for _ in first]
        self.names = None
        if _has_header(first, header, self.label):
            self.names = tuple(name.strip() for name in first)
            self.names = (self.names[0].removeprefix("#").strip(), *self.names[1:])
        else:
            self._take([first], line, records.line)
        for rows, start, end in records.chunks(max(1, _CHUNK // self.width)):
            self._take(rows, start, end)
        self._check_ragged()
        self._arrays = [column.finish() for column in self._columns]
        self.has_index = self.width > 1 and self._counts_rows()

    def _take(self, rows: list[list[str]], line: int, next_line: int) -> None:
        """Take rows that begin on a line and end before another."""
        plain = not self._blank and len(rows) == next_line - line
        plain = plain and set(map(len, rows)) == {self.width}
        if plain and self.width == 1:
            plain = all(row[0].strip() for row in rows)
        if plain:
            self._anchor(line)
        else:
            rows = list(self._sorted_out(rows, line))
        if rows:
            for column, cells in zip(self._columns, zip(*rows, strict=True), strict=True):
                column.add(cells)
        self.height += len(rows) if plain else 0

    def _sorted_out(self, rows: list[list[str]], line: int) -> Iterator[list[str]]:
        """The rows of a piece with blank lines, broken cells or rows of a wrong length."""
        for row in rows:
            start, line = line, line + 1 + sum(len(_BREAK.findall(cell)) for cell in row)
            if not "".join(row[:2]).strip() and len(row) < 2:
                if self.width == 1:
                    self._blank.append(start)
                continue
            for blank in self._blank:  # a row follows, so they were not the end of the file
                self._anchor(blank)
                self.height += 1
                yield [""]
            self._blank.clear()
            self._anchor(start)
            self.height += 1
            if len(row) == self.width:
                yield row
            else:
                self._ragged.append((self.height - 1, start, len(row)))

    def _anchor(self, line: int) -> None:
        if self.line(self.height) != line:
            self._anchors.append((self.height, line))

    def _check_ragged(self) -> None:
        if not self._ragged:
            return
        row, line, cells = self._ragged[0]
        rows = "1 such row" if len(self._ragged) == 1 else f"{len(self._ragged)} such rows"
        what = "header" if self.names is not None else "first row"
        has = "1 cell" if cells == 1 else f"{cells} cells"
        raise DataError(
            f"{self.label}, row {row + 1} (line {line}): "
            f"{has} where the {what} has {self.width} ({rows})"
        )

    def _counts_rows(self) -> bool:
        """Whether the first column is unnamed and counts from 0 or 1."""
        numbers = self._arrays[0]
        if self.names is None or self.names[0] or isinstance(numbers, Fault):
            return False
        if not self.height:
            return True
        first = numbers[0]
        counted = numbers.dtype == np.int64 and first in (0, 1)
        return bool(counted and np.array_equal(numbers, np.arange(first, first + self.height)))

    def line(self, row: int) -> int | None:
        at = bisect_right(self._anchors, row, key=lambda anchor: anchor[0]) - 1
        if at < 0:
            return None
        first, line = self._anchors[at]
        return line + row - first

    def dtype(self, column: int) -> str:
        array = self._arrays[column]
        if isinstance(array, Fault):
            return "mixed" if array.cell else "with empty cells"
        return super().dtype(column)

    def column(self, column: int) -> np.ndarray:
        array = self._arrays[column]
        if not isinstance(array, Fault):
            return array
        where = f"row {array.row + 1} (line {self.line(array.row)}), {self.called(column)}"
        hint = ""
        if array.row == 0 and self.names is None and self._header is False:
            hint = "--header if the first row holds names"
        elif not array.cell:
            hint = "write nan for a missing number"
        raise DataError(f"{self.label}, {where}: {array}", hint=hint)


class _Records:
    """The rows of a text, in pieces, with the lines on which they begin and end."""

    def __init__(self, label: str, text: io.TextIOWrapper, delimiter: str | None) -> None:
        self.label = label
        self.line = 1  # on which the next row begins
        lines: list[str] = []
        for line in text:
            lines.append(line)
            if line.strip():
                break
        else:
            raise DataError(f"{label} is empty")
        self._reader = csv.reader(
            chain(lines, text),
            delimiter=delimiter or _delimiter(lines[-1]),
            skipinitialspace=True,
            strict=True,
        )

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
            start, self.line = self.line, self._reader.line_num + 1
            yield rows, start, self.line

    def _next(self, size: int) -> list[list[str]]:
        rows: list[list[str]] = []
        try:
            rows.extend(islice(self._reader, size))
        except csv.Error as error:
            breaks = sum(len(_BREAK.findall(cell)) for row in rows for cell in row)
            line = self.line + len(rows) + breaks
            raise DataError(f"{self.label}, line {line}: {_reason(str(error))}") from error
        return rows


def _reason(error: str) -> str:
    """What the csv module says, in plain words."""
    if error.startswith(("unexpected end", "field larger")):
        return "a quote is opened and never closed"
    return f"broken quotes: {error}"


def _delimiter(line: str) -> str:
    r"""The delimiter that a first line shows: the most frequent outside quotes.

    >>> _delimiter('"a,b";c;d'), _delimiter("a"), _delimiter("1\t2")
    (';', ',', '\t')
    """
    bare = _QUOTED.sub("", line)
    return max(_DELIMITERS, key=bare.count)


def _has_header(first: list[str], header: bool | None, label: str) -> bool:
    """Whether the first row holds names. Taking data for names, or names for data, is silent."""
    _check_blanks(first, label)
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


def _check_blanks(first: list[str], label: str) -> None:
    cells = first[0].split()
    if len(first) == 1 and len(cells) > 1 and all(map(is_number, cells)):
        raise DataError(
            f"{label}: the cells of the first row are separated by blanks: {shown(first[0])}",
            hint="separate them by commas, as np.savetxt(file, array, delimiter=',') does",
        )
