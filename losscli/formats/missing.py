"""What stands for a value that is missing: an empty cell, a null.

Among numbers it is a NaN with bits of its own, which no arithmetic and no text gives; it keeps them
when it is widened. A NaN that was written is another one. Among text it is a character that stands
for nothing in Unicode.
"""

from __future__ import annotations

import struct
from typing import Any

from losscli.lazy import np

__all__ = ["NUMBER", "OMIT", "TEXT", "mark", "missing"]

OMIT = "--missing omit leaves such elements out"
"""What to do about cells and nulls that are refused."""

TEXT = "\ufdd0"
_BITS = {2: 0x7EAA, 4: 0x7FD54000, 8: 0x7FFAA80000000000}  # the same, widened
NUMBER: float = struct.unpack("<d", _BITS[8].to_bytes(8, "little"))[0]


def mark(dtype: np.dtype[np.generic]) -> Any:
    """What stands for a missing value in an array of floats or text."""
    if dtype.kind == "U":
        return TEXT
    size = dtype.itemsize
    return np.array(_BITS[size], f"u{size}").view(f"f{size}")[()]


def missing(values: np.ndarray) -> np.ndarray | None:
    """Which values are missing; None if none can be.

    >>> missing(np.array([NUMBER, np.nan, 1.0])).tolist()
    [True, False, False]
    """
    if values.dtype.kind == "U":
        return np.asarray(values == TEXT)
    if values.dtype.kind != "f":
        return None
    size = values.dtype.itemsize
    found: np.ndarray = values.view(f"u{size}") == _BITS[size]
    return found
