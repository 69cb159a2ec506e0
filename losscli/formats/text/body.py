"""The rows of delimited text below its header, taken in order: in plain pieces, or row by row."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from losscli.formats.text.cells import Column
from losscli.formats.text.dialect import BREAK
from losscli.formats.text.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.text.cells import Fault
    from losscli.formats.text.pieces import Parsed
    from losscli.spool import Spool, Store

__all__ = ["Body"]


class Body:
    """What the rows hold, and on which lines they stand.

    Args:
        width: How many cells a row must have.
        wanted: The columns that are kept.
        store: The room for them.
        line: The line on which the first row begins, blank lines before it included.
        ids: Columns that are kept as they are written.
        missing: Cells may be missing.

    Attributes:
        height: How many rows there are.
        line_after: The line on which the next row begins.
        ragged: The first row of another length, as (row, line, cells), if there is one.
        ragged_count: How many there are.
    """

    def __init__(
        self,
        width: int,
        wanted: Collection[int],
        store: Store,
        line: int,
        ids: Collection[int] = (),
        *,
        missing: bool = False,
    ) -> None:
        self.height = 0
        self.line_after = line
        self.ragged: tuple[int, int, int] | None = None
        self.ragged_count = 0
        self._width = width
        self._columns = {
            column: Ids(store) if column in ids else Column(store, missing=missing)
            for column in sorted(wanted)
        }
        self._anchors: list[tuple[int, int]] = []  # (row, line) wherever rows and lines part
        self._blank: list[int] = []  # lines of a one-column table that may be empty cells

    @property
    def wanted(self) -> tuple[int, ...]:
        return tuple(self._columns)

    def finish(self) -> dict[int, Spool | Fault]:
        """The columns that are kept, by their places."""
        return {place: column.finish() for place, column in self._columns.items()}

    def line(self, row: int) -> int | None:
        """The line on which a row begins."""
        at = bisect_right(self._anchors, row, key=lambda anchor: anchor[0]) - 1
        if at < 0:
            return None
        first, line = self._anchors[at]
        return line + row - first

    def take_piece(self, piece: Parsed) -> None:
        """Take a plain piece: each of its lines is a row."""
        self._anchor(self.line_after)
        for column, part in zip(self._columns.values(), piece.parts, strict=True):
            column.take(part, piece.rows)
        self.height += piece.rows
        self.line_after += piece.rows

    def take(self, rows: list[list[str]], line: int, next_line: int) -> None:
        """Take rows that begin on a line and end before another."""
        self.line_after = next_line
        plain = not self._blank and len(rows) == next_line - line
        plain = plain and set(map(len, rows)) == {self._width}
        if plain and self._width == 1:
            plain = all(row[0].strip() for row in rows)
        if plain:
            self._anchor(line)
        else:
            rows = list(self._sorted_out(rows, line))
        if rows:
            for place, column in self._columns.items():
                column.add([row[place] for row in rows])
        self.height += len(rows) if plain else 0

    def _sorted_out(self, rows: list[list[str]], line: int) -> Iterator[list[str]]:
        """The rows of a piece with blank lines, broken cells or rows of a wrong length."""
        for row in rows:
            start, line = line, line + 1 + sum(len(BREAK.findall(cell)) for cell in row)
            if not "".join(row[:2]).strip() and len(row) < 2:
                if self._width == 1:
                    self._blank.append(start)
                continue
            for blank in self._blank:  # a row follows, so they were not the end of the file
                self._anchor(blank)
                self.height += 1
                yield [""]
            self._blank.clear()
            self._anchor(start)
            self.height += 1
            if len(row) == self._width:
                yield row
            else:
                self.ragged = self.ragged or (self.height - 1, start, len(row))
                self.ragged_count += 1

    def _anchor(self, line: int) -> None:
        if self.line(self.height) != line:
            self._anchors.append((self.height, line))
