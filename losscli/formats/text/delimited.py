"""Delimited text: CSV, TSV, and the like with ``;``, ``|`` or blanks.

Every row has as many cells as the first, in columns nobody asked for as well: a file that
breaks there is broken everywhere. Errors and places name physical lines, also after quoted
cells with line breaks in them.

Plain pieces of the text are parsed side by side. From the first piece on that is not plain, the
text is read line by line: no later piece can be understood without knowing how it ends.
"""

from __future__ import annotations

import io
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

from losscli.errors import DataError, FileError, such
from losscli.formats.files import named
from losscli.formats.keys import chosen_or_none
from losscli.formats.missing import OMIT
from losscli.formats.table import Table
from losscli.formats.text import arrow, pieces
from losscli.formats.text.body import Body
from losscli.formats.text.cells import HOLES, Fault
from losscli.formats.text.dialect import Records, has_header
from losscli.formats.text.sniff import DECIMAL_COMMA, first_record
from losscli.formats.workers import parsed, threaded
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator
    from typing import BinaryIO

    from losscli.formats.base import Field, Reading
    from losscli.formats.files import Content
    from losscli.formats.text.pieces import Parsed
    from losscli.spool import Spool

__all__ = ["read"]

_CHUNK = 2**14  # cells that are text at the same time: they stay in the processor's cache
_PIECE = 2**20  # bytes of text that are parsed at once
_BY_ARROW = 4  # times as much: it takes no lock of Python's, which every piece waits for
_BOM = b"\xef\xbb\xbf"
_ROWS = 2**16  # rows that are compared at once


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Delimited:
    """The table in a file.

    Args:
        content: The bytes.
        suffix: ".tsv" is delimited by tabs, anything else by what its first line shows.
        reading: Whether the first row holds names; None to find out, and refuse if in doubt.
        keys: What will be selected: other columns are parsed only if they are asked for.
    """
    if content.head(4).startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{named(content.path)} is UTF-16 text", hint="save it as UTF-8")
    if b"\0" in content.head():
        raise DataError(f"{named(content.path)} holds bytes of 0, which no text does")
    return Delimited(content, "\t" if suffix == ".tsv" else None, reading, keys)


class Delimited(Table):
    """A table of text, of which the columns that will be selected are parsed at once.

    Args:
        content: The bytes.
        delimiter: One character, or None to take it from the first line.
        reading: As for :func:`read`.
        keys: As for :func:`read`.
    """

    def __init__(
        self,
        content: Content,
        delimiter: str | None,
        reading: Reading,
        keys: Collection[str] | None,
    ) -> None:
        self.path = content.path
        self._content = content
        self._reading = reading
        with self._opened(0) as (_, text):
            self._first = first_record(self.label, text, delimiter)
        self._start = self._first.size + len(_BOM) * (content.head(3) == _BOM)
        first = self._first.cells
        self.width = len(first)
        self.names = None
        if has_header(first, reading.header, self.label):
            self.names = tuple(name.strip() for name in first)
            self.names = (self.names[0].removeprefix("#").strip(), *self.names[1:])
        self._columns: dict[int, Spool | Fault] = {}
        self._ids = self._chosen(reading.ids)
        self._body = self._parsed(self._wanted(keys))
        self.height = self._body.height
        self.has_index = self.width > 1 and self._counts_rows()

    def _wanted(self, keys: Collection[str] | None) -> set[int]:
        """The columns that keys name, and one that may be an index; all if they name others."""
        chosen = [chosen_or_none(key, self.names, self.width) for key in keys or ()]
        if keys is None or None in chosen:
            return {*range(self.width)}
        index = {0} if self.names and not self.names[0] else set()
        return index.union(self._chosen(self._reading.also), *(one or () for one in chosen))

    def _chosen(self, keys: Collection[str]) -> set[int]:
        """The columns of those keys that name any."""
        chosen = (chosen_or_none(key, self.names, self.width) for key in keys)
        return {column for columns in chosen for column in columns or ()}

    def _parsed(self, wanted: Collection[int]) -> Body:
        """The rows, read from the first to the last."""
        first = self._first
        if self.names is not None:
            body = self._body_of(wanted, first.line_after)
        else:
            body = self._body_of(wanted, first.line)
            body.take([first.cells], first.line, first.line_after)
        size = self._content.size()
        self._reading.watch.begin(f"reading {self.label}", size, "bytes")
        try:
            self._reading.watch.advance(self._start)
            end = self._in_pieces(body, self._start, size - self._start)
            if end is not None:
                self._by_lines(body, end)
        finally:
            self._reading.watch.end()
        self._check_ragged(body)
        self._columns.update(body.finish())
        return body

    def _body_of(self, wanted: Collection[int], line: int) -> Body:
        reading = self._reading
        return Body(self.width, wanted, reading.store, line, self._ids, missing=reading.missing)

    def _in_pieces(self, body: Body, start: int, size: int) -> int | None:
        """Take plain pieces; where one begins that is not, or None at the end of the text."""
        with self._content.open() as file:
            file.seek(start)
            with closing(self._results(file, body.wanted, size)) as results:
                for piece in results:
                    if piece is None:
                        return start
                    body.take_piece(piece)
                    start += piece.size
                    self._reading.watch.advance(piece.size)
        return None

    def _results(
        self, file: BinaryIO, wanted: tuple[int, ...], size: int
    ) -> Generator[Parsed | None]:
        """What the pieces hold, in order: parsed by threads if Arrow helps, else by workers."""
        arguments = (
            self._first.delimiter,
            self.width,
            wanted,
            (*self._ids,),
            self._reading.missing,
        )
        head = file.read(_PIECE)
        if self._reading.threads > 1 and arrow.pays(size) and pieces.is_numbers(head):
            return threaded(
                lambda piece: pieces.parse(piece, *arguments, arrow=True),
                pieces.cut(file, _BY_ARROW * _PIECE, head),
                self._reading.threads,
            )
        blocks = pieces.cut(file, _PIECE, head)
        return parsed(pieces.parse, blocks, arguments, self._reading, size)

    def _by_lines(self, body: Body, start: int) -> None:
        """Take all rows from a byte on, which begins a line."""
        with self._opened(start) as (file, text):
            records = Records(self.label, text, self._first.delimiter, body.line_after)
            for rows, line, line_after in records.chunks(max(1, _CHUNK // self.width)):
                body.take(rows, line, line_after)
                done = file.tell()
                self._reading.watch.advance(done - start)
                start = done

    @contextmanager
    def _opened(self, start: int) -> Iterator[tuple[BinaryIO, io.TextIOWrapper]]:
        with self._content.open() as file:
            file.seek(start)
            encoding = "utf-8" if start else "utf-8-sig"
            try:
                yield file, io.TextIOWrapper(file, encoding=encoding, newline="")
            except UnicodeDecodeError:
                self._content.check_text()  # raises, and says where
                raise

    def _check_ragged(self, body: Body) -> None:
        if body.ragged is None:
            return
        row, line, cells = body.ragged
        rows = such(body.ragged_count, "row")
        what = "header" if self.names is not None else "first row"
        has = "1 cell" if cells == 1 else f"{cells} cells"
        raise DataError(
            f"{self.label}, row {row + 1} (line {line}): "
            f"{has} where the {what} has {self.width} ({rows})"
        )

    def _counts_rows(self) -> bool:
        """Whether the first column is unnamed and counts from 0 or 1."""
        if self.names is None or self.names[0]:
            return False
        numbers = self._values(0)
        if isinstance(numbers, Fault):
            return False
        if not self.height:
            return True
        first = numbers[:1][0]
        if numbers.dtype != np.int64 or first not in (0, 1):
            return False
        places = range(0, self.height, _ROWS)
        return all(
            np.array_equal(piece, np.arange(first + start, first + start + len(piece)))
            for start, piece in zip(places, numbers.pieces(_ROWS), strict=True)
        )

    def _values(self, column: int) -> Spool | Fault:
        """A column; if it was not expected to be asked for, all that are missing are parsed."""
        if column not in self._columns:
            body = self._parsed({*range(self.width)} - {*self._columns})
            if body.height != self.height:
                raise FileError(f"{self.label} was changed while it was read")
        return self._columns[column]

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """As of a table; lines that were passed over are said."""
        field = super().select(key, leave=leave)
        count = self._first.comments
        if count:
            lines = (
                "a leading line is a comment"
                if count == 1
                else f"{count} leading lines are comments"
            )
            message = f"{self.label}: {lines}, and passed over"
            field.notes = (*field.notes, ("comments", message))
        return field

    def line(self, row: int) -> int | None:
        return self._body.line(row)

    def dtype(self, column: int) -> str:
        values = self._values(column)
        if isinstance(values, Fault):
            return "mixed" if values.cell else "with empty cells"
        return super().dtype(column)

    def shape(self, column: int) -> tuple[int, ...]:
        return (self.height,)

    def column(self, column: int) -> np.ndarray:
        values = self._values(column)
        if isinstance(values, Fault):
            raise self._faulty(values, column)
        if values.dtype.kind == "U" and len(values):
            cell = str(values[:1][0])
            if DECIMAL_COMMA.fullmatch(cell):
                raise self._faulty(Fault(0, cell, "has a decimal comma", 1), column)
        return cast("np.ndarray", values)

    def _faulty(self, values: Fault, column: int) -> DataError:
        """What is wrong with a column, and what to do."""
        where = f"row {values.row + 1} (line {self.line(values.row)}), {self.called(column)}"
        hint = ""
        if values.row == 0 and self.names is None and self._reading.header is False:
            hint = "--header if the first row holds names"
        elif not values.cell:
            hint = f"{OMIT}; what is nan is written so"
        elif values.cell in HOLES:
            hint = OMIT
        elif DECIMAL_COMMA.fullmatch(values.cell):
            hint = "save it with decimal points, as in 1.5"
        return DataError(f"{self.label}, {where}: {values}", hint=hint)
