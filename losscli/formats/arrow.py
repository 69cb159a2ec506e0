"""Text to floats by Arrow, which lets other threads run meanwhile: no workers are needed."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from losscli.lazy import np

__all__ = ["floats", "pays"]

WORTH = 2**25
"""From so many bytes on it saves more time than its import takes."""


def pays(size: int) -> bool:
    """Whether Arrow is there, and there is enough text for it."""
    if "pyarrow" in sys.modules:  # None if it must not be imported
        return sys.modules["pyarrow"] is not None and size >= WORTH
    return size >= WORTH and find_spec("pyarrow") is not None and _modules() is not None


def floats(
    text: np.ndarray, starts: np.ndarray, ends: np.ndarray, taken: np.ndarray
) -> np.ndarray | None:
    """The floats in some cells, or None if Arrow cannot tell one of them.

    Args:
        text: Bytes, of which the cells and one byte behind each make up all.
        starts: Where each cell begins, in order.
        ends: Where it ends.
        taken: The cells that are read: of digits, signs, points, exponents, and nothing else.
    """
    modules = _modules()
    if modules is None:
        return None
    arrow, compute = modules
    places = np.empty(2 * taken.size + 1, np.int32)
    places[:-1:2], places[1:-1:2], places[-1] = starts.reshape(-1), ends.reshape(-1), len(text)
    valid = np.zeros(2 * taken.size, np.bool_)  # what divides the cells is not
    valid[::2] = taken.reshape(-1)
    bitmap = np.packbits(valid, bitorder="little")
    buffers = [arrow.py_buffer(one) for one in (bitmap, places, text)]
    cells = arrow.Array.from_buffers(arrow.string(), 2 * taken.size, buffers)
    try:
        numbers = compute.cast(cells, arrow.float64())
    except arrow.ArrowInvalid:
        return None
    values: np.ndarray = np.frombuffer(numbers.buffers()[1], np.float64)[: 2 * taken.size]
    found: np.ndarray = values[::2][taken.reshape(-1)]
    return found


@cache
def _modules() -> tuple[Any, Any] | None:
    """Pyarrow, if it can be imported: a broken one is as good as none."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.compute")
    except Exception:
        return None
