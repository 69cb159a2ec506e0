"""Delimited text in pieces that can be parsed apart, and the parser of one piece.

A piece is plain if each of its lines is a row with as many cells as there are columns. That is
seen from the bytes of all lines at once. What is not plain is left to who reads line by
line; what is plain is judged exactly as there.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, BinaryIO

from losscli.formats.text.arrow import numbers
from losscli.formats.text.cells import Part, part
from losscli.formats.text.dialect import BLANK
from losscli.formats.text.grid import grid
from losscli.formats.text.ids import are_written, id_part
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Parsed", "cut", "is_numbers", "parse"]

_BLANKS = re.compile(rb" {2,}")
_LONGEST_LINE = 2**26  # a longer one is no line of numbers


def cut(file: BinaryIO, size: int, head: bytes = b"") -> Iterator[bytes]:
    """Pieces of about so many bytes that end where lines end; the last one is ended if need be.

    Args:
        file: What is read to its end.
        size: How much of it at a time.
        head: What has been read of it.
    """
    rest: list[bytes] = []
    block = head or file.read(size)
    while block:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, memoryview(block)[:end]])
            rest = []
        rest.append(block[end:])
        if sum(map(len, rest)) > _LONGEST_LINE:
            yield b"".join(rest)
            return
        block = file.read(size)
    last = b"".join(rest)
    if last:
        yield last + b"\n"


@record
class Parsed:
    """A piece that was plain.

    Attributes:
        rows: How many rows it has; as many as lines.
        size: Its bytes.
        parts: What the columns that were asked for hold.
    """

    rows: int
    size: int
    parts: tuple[Part, ...]


def parse(
    piece: bytes,
    delimiter: str,
    width: int,
    wanted: tuple[int, ...],
    ids: tuple[int, ...] = (),
    missing: bool = False,
    *,
    arrow: bool = False,
) -> Parsed | None:
    """The columns of a piece, or None if it is not plain.

    Args:
        piece: Lines, the last one ended.
        delimiter: One ASCII character.
        width: How many cells each line must have.
        wanted: The columns whose cells are parsed.
        ids: Those of them that are kept as they are written.
        missing: Cells may be missing.
        arrow: Arrow is asked first.
    """
    size = len(piece)
    if not piece.endswith(b"\n") or not _is_text(piece):
        return None
    if b"\r" in piece:
        if piece.count(b"\r") != piece.count(b"\r\n"):
            return None
        piece = piece.replace(b"\r\n", b"\n")
    if delimiter == BLANK:
        piece = _by_single_blanks(piece)
    if b'"' in piece:
        return _quoted(piece, size, delimiter, width, wanted, ids, missing=missing)
    plain = numbers(piece, delimiter, width, wanted) if arrow else None
    if plain is not None and all(
        column not in ids or are_written(values, piece)
        for column, values in zip(wanted, plain, strict=True)
    ):
        return Parsed(len(plain[0]), size, tuple(map(Part, plain)))
    cells = grid(piece, ord(delimiter), width, missing=missing)
    if cells is None:
        return None
    return Parsed(len(cells), size, cells.parts(wanted, ids))


def _by_single_blanks(piece: bytes) -> bytes:
    """Lines in whose midst alone blanks stand, one at a time; within quotes it takes care."""
    if b'"' in piece:
        return b"".join(line.strip(b" ") + b"\n" for line in piece[:-1].split(b"\n"))
    piece = _BLANKS.sub(b" ", piece).replace(b"\n ", b"\n").replace(b" \n", b"\n")
    return piece.removeprefix(b" ")


def is_numbers(piece: bytes) -> bool:
    """Whether a piece looks like numbers that are divided by something, and nothing else."""
    return not piece.translate(None, b"0123456789+-.eE,;|\t\r\n")


def _is_text(piece: bytes) -> bool:
    if piece.isascii():
        return True
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _quoted(
    piece: bytes,
    size: int,
    delimiter: str,
    width: int,
    wanted: tuple[int, ...],
    ids: tuple[int, ...],
    *,
    missing: bool,
) -> Parsed | None:
    """A piece with quotes: plain if no line break is inside of them."""
    lines = piece.decode().split("\n")
    lines.pop()
    try:
        rows = [*csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)]
    except csv.Error:
        return None
    if len(rows) != len(lines) or {*map(len, rows)} != {width}:
        return None
    if width == 1 and not all(row[0].strip() for row in rows):
        return None
    cells = ((column, [row[column] for row in rows]) for column in wanted)
    parts = (
        id_part(read) if column in ids else part(read, missing=missing) for column, read in cells
    )
    return Parsed(len(rows), size, tuple(parts))
