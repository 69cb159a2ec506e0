"""Pieces of nothing but numbers by Arrow, which lets other threads run: no workers are needed."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from losscli.lazy import np

__all__ = ["numbers", "pays"]

_PLAIN = b"0123456789+-.eE\n"
_WHOLE = re.compile(rb"[+-]?[0-9]+")
_MINUS, _ZERO, _NEWLINE = b"-0\n"

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
    if modules is None or not wanted or piece.translate(None, _PLAIN + delimiter.encode()):
        return None
    arrow, csv = modules
    names = [str(column) for column in range(width)]
    first = piece[: piece.index(b"\n")].split(delimiter.encode())
    if len(first) != width:
        return None
    kinds = [arrow.int64() if _WHOLE.fullmatch(cell) else arrow.float64() for cell in first]
    text = np.frombuffer(piece, np.uint8)
    if any(kinds[at] == arrow.int64() for at in wanted) and _minus_zero(text, ord(delimiter)):
        return None  # it is a float
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
    lines = np.count_nonzero(text == _NEWLINE)
    if table.num_rows != lines or any(column.null_count for column in columns):
        return None
    found = [column.to_numpy() for column in columns]
    return found if all(np.isfinite(values).all() for values in found) else None


def _minus_zero(text: np.ndarray, delimiter: int) -> bool:
    """Whether there is a cell such as -0; or -00.5, which may take another look as well.

    NumPy lets other threads run, and a pattern does not.
    """
    begins = (text[:-2] == _MINUS) & (text[1:-1] == _ZERO)
    last = text[2:]
    return bool((begins & ((last == delimiter) | (last == _NEWLINE) | (last == _ZERO))).any())


@cache
def _modules() -> tuple[Any, Any] | None:
    """Pyarrow and its reader of text, if it can be imported: a broken one is as good as none."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.csv")
    except Exception:
        return None
