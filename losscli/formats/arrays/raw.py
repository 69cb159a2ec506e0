"""Bytes without a header, as np.memmap and tofile leave them: what they are must be said.

``raw:float16:-1,1000`` is an array of float16 with 1000 columns, and as many rows as there are.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Literal

from losscli.errors import DataError, UsageError
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.arrays.npy import stored
from losscli.formats.arrays.rows import Rows
from losscli.formats.files import named
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from losscli.formats.files import Content

__all__ = ["Layout", "read"]

_DTYPE = re.compile(r"(?P<order>[<>]?)(?P<name>bool|u?int(8|16|32|64)|float(16|32|64)|bfloat16)")
_STORED = {"bfloat16": "uint16", "bool": "uint8"}  # where not every pattern of bits is a value
_MEANT = "DTYPE is bool, int8 to int64, uint8 to uint64, float16 to float64 or bfloat16"


@record
class Layout:
    """What bytes without a header are.

    Attributes:
        dtype: The name of a dtype.
        shape: Of all, with one -1 at most: as many as there are.
        order: Of bytes: "<" or ">" if it is said, "=" for that of this machine.

    >>> Layout.of("raw:>float16:-1,1000")
    Layout(dtype='float16', shape=(-1, 1000), order='>')
    """

    dtype: str
    shape: tuple[int, ...]
    order: Literal["<", ">", "="] = "="

    @classmethod
    def of(cls, fmt: str) -> Layout:
        """From ``raw:DTYPE:SHAPE``.

        Raises:
            UsageError: it is none.
        """
        _, _, rest = fmt.partition(":")
        dtype, _, sizes = rest.partition(":")
        example = "as in raw:float16:-1,1000, where -1 stands for as many as there are"
        found = _DTYPE.fullmatch(dtype)
        if not found:
            raise UsageError(f"{fmt}: no dtype {dtype!r}", hint=f"{_MEANT}, {example}")
        if not re.fullmatch(r"(-1|[1-9][0-9]*)(,(-1|[1-9][0-9]*))*", sizes):
            raise UsageError(f"{fmt}: no shape {sizes!r}", hint=f"numbers from 1 on, {example}")
        shape = tuple(map(int, sizes.split(",")))
        if shape.count(-1) > 1:
            raise UsageError(f"{fmt}: only one axis can be -1", hint=example)
        return cls(found["name"], shape, found["order"] or "=")  # type: ignore[arg-type]

    def filled(self, size: int, itemsize: int, label: str) -> tuple[int, ...]:
        """The shape of so many bytes.

        Raises:
            DataError: they do not divide.
        """
        known = prod(axis for axis in self.shape if axis > 0) * itemsize
        fixed = -1 not in self.shape
        if size != known if fixed else size % known:
            sizes = "·".join(str(axis) for axis in self.shape if axis > 0)
            what = f"{known:,} ({sizes}·{itemsize})" if sizes else f"{known:,}"
            times = "" if fixed else "a multiple of "
            raise DataError(
                f"{label} has {size:,} bytes, which is not {times}{what}",
                hint="is it the right dtype and shape, and has the file no header?",
            )
        return tuple(size // known if axis < 0 else axis for axis in self.shape)


def read(content: Content, fmt: str) -> ArraySource:
    """The array in a file.

    Args:
        content: The bytes.
        fmt: ``raw:DTYPE:SHAPE``.
    """
    layout = Layout.of(fmt)
    name = layout.dtype
    dtype = np.dtype(_STORED.get(name, name)).newbyteorder(layout.order)
    shape = layout.filled(content.size(), dtype.itemsize, named(content.path))
    array = stored(content, dtype, shape, 0)
    if name == "bfloat16":
        widened = Rows(shape, np.dtype(np.float32), lambda rows: _widened(array[rows]))
        return ArraySource(widened, content.path)  # type: ignore[arg-type]
    return ArraySource(array, content.path)


def _widened(bits: np.ndarray) -> np.ndarray:
    """The upper half of a float32 is a bfloat16."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
