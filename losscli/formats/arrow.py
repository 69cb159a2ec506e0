"""Arrays of Arrow as those of NumPy."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from losscli.lazy import np

__all__ = ["as_numpy"]


def as_numpy(array: Any) -> np.ndarray:
    """The values of an array without nulls: numbers are not copied.

    Arrow's own ``to_numpy`` imports pandas wherever that is installed, which takes longer than
    to parse some ten million numbers. Only text still takes that way: as Python's objects.
    """
    pa = import_module("pyarrow")
    if pa.types.is_boolean(array.type):
        return as_numpy(array.cast(pa.uint8())).view(np.bool_)  # Arrow keeps eight in a byte
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return np.asarray(array.to_numpy(zero_copy_only=False))
    dtype = np.dtype(array.type.to_pandas_dtype())
    values = array.buffers()[1]
    if values is None or not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(values, dtype, len(array), array.offset * dtype.itemsize)
