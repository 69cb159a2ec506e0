"""Pieces of nothing but numbers by Arrow, which lets other threads run: no workers are needed."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from losscli.formats.arrow import as_numpy
from losscli.lazy import np

__all__ = ["numbers", "pays"]

_WHOLE = re.compile(rb"[+-]?[0-9]+")
_PLUS, _MINUS, _POINT, _ZERO, _NINE, _NEWLINE = b"+-.09\n"  # between plus and nine: , and / too
_SAMPLE = 2**12  # bytes of lines that show which columns are whole numbers

WORTH = 2**25
"""From so many bytes on it saves more time than its import takes."""


def pays(size: int) -> bool:
    """Whether Arrow is there, and there is enough text for it."""
    if "pyarrow" in sys.modules:  # None if it must not be imported
        return sys.modules["pyarrow"] is not None and size >= WORTH
    return size >= WORTH and find_spec("pyarrow") is not None and _modules() is not None


def numbers(
    piece: bytes, delimiter: str, width: int, wanted: tuple[int, ...]
) -> list[np.ndarray] | None:
    """The columns of a piece as int64 or float64, or None if that takes a closer look.

    Arrow reads no more than the characters of plain numbers here, so it takes nothing that is
    not one; what it refuses may be a number still.

    Args:
        piece: Lines, the last one ended.
        delimiter: One ASCII character.
        width: How many cells each line must have.
        wanted: The columns.
    """
    modules = _modules()
    if modules is None or not wanted:
        return None
    arrow, csv = modules
    text = np.frombuffer(piece, np.uint8)
    lines = _lines(piece, text, ord(delimiter))
    whole = _whole(piece, delimiter.encode(), width) if lines else None
    if whole is None:
        return None
    if not whole.isdisjoint(wanted):
        signed = _minus_zeros(text, ord(delimiter), width)
        if signed is None:
            return None
        whole -= signed
    names = [str(column) for column in range(width)]
    kinds = [arrow.int64() if column in whole else arrow.float64() for column in range(width)]
    chosen = [names[column] for column in wanted]
    try:
        table = csv.read_csv(
            arrow.BufferReader(piece),
            csv.ReadOptions(use_threads=False, block_size=len(piece) + 1, column_names=names),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                check_utf8=False,
                column_types=dict(zip(names, kinds, strict=True)),
                include_columns=chosen,
                null_values=[],
            ),
        )
    except arrow.ArrowInvalid:
        return None
    columns = [table.column(name) for name in chosen]
    if table.num_rows != lines or any(column.null_count for column in columns):
        return None
    found = [as_numpy(column.chunk(0)) for column in columns]  # one block is one chunk
    return found if all(map(_are_finite, found)) else None


def _lines(piece: bytes, text: np.ndarray, delimiter: int) -> int | None:
    """How many lines there are; None if there are characters of which no plain number is made.

    NumPy lets other threads run, which methods of bytes do not.
    """
    others = np.count_nonzero(text - _PLUS > _NINE - _PLUS)  # what is below it wraps around
    lines = int(np.count_nonzero(text == _NEWLINE))
    others -= lines
    if others and not _PLUS <= delimiter <= _NINE:
        others -= np.count_nonzero(text == delimiter)
    if others:
        others -= piece.count(b"e") + piece.count(b"E")
    return None if others else lines


def _whole(piece: bytes, delimiter: bytes, width: int) -> set[int] | None:
    """The columns that begin with whole numbers; None if lines have other widths."""
    first = piece.index(b"\n")
    end = max(piece.rfind(b"\n", 0, _SAMPLE), first)
    rows = [line.split(delimiter) for line in piece[:end].split(b"\n")]
    if {*map(len, rows)} != {width}:
        return None
    return {
        at for at, cells in enumerate(zip(*rows, strict=True)) if all(map(_WHOLE.fullmatch, cells))
    }


def _minus_zeros(text: np.ndarray, delimiter: int, width: int) -> set[int] | None:
    """The columns with a cell of -0, which is a float; None if one such as -00 takes a look."""
    begins = text[:-2] == _MINUS
    begins &= text[1:-1] == _ZERO
    begins &= text[2:] != _POINT
    places = np.flatnonzero(begins)
    before, after = text[places - 1], text[places + 2]  # before the first one: the last line ends
    cells = (before == delimiter) | (before == _NEWLINE)
    if (cells & (after == _ZERO)).any():
        return None
    places = places[cells & ((after == delimiter) | (after == _NEWLINE))]
    if not len(places):
        return set()
    ends = np.flatnonzero((text == delimiter) | (text == _NEWLINE))
    return {*np.unique(np.searchsorted(ends, places) % width).tolist()}


def _are_finite(values: np.ndarray) -> bool:
    return values.dtype.kind == "i" or bool(np.isfinite([values.min(), values.max()]).all())


@cache
def _modules() -> tuple[Any, Any] | None:
    """Pyarrow and its reader of text, if it can be imported: a broken one is as good as none."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.csv")
    except Exception:
        return None
