"""Every element's loss, or arrays by name, in binary files: as their libraries would write them.

Elements come in pieces of one axis; their shape is said besides.
"""

from __future__ import annotations

import io
import json
import zipfile
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from losscli.errors import UsageError
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Pieces = Iterable[tuple[int, np.ndarray]]
    Shape = tuple[int, ...]

__all__ = ["NAME", "PACKED", "Packed", "check"]

NAME = "loss"
"""What the array, or the column, of losses is called."""


def check(suffix: str) -> None:
    """Raises UsageError if what writes files of a suffix is not installed."""
    if suffix == ".parquet":
        try:
            import_module("pyarrow.parquet")
        except ImportError as error:
            raise UsageError(
                "Parquet takes the package pyarrow to write, and that is not installed",
                hint="pip install 'losscli[arrow]'",
            ) from error


class Packed(NamedTuple):
    """An array with a name, in pieces."""

    name: str
    pieces: Pieces
    shape: Shape
    dtype: np.dtype[Any]


def _npy(file: BinaryIO, arrays: Sequence[Packed]) -> None:
    """As np.save writes the array."""
    (only,) = arrays
    file.writelines(_saved(only))


def _npz(file: BinaryIO, arrays: Sequence[Packed]) -> None:
    """As np.savez writes them, but that they have no date: the same numbers make the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        for array in arrays:
            member = zipfile.ZipInfo(f"{array.name}.npy")
            with archive.open(member, "w", force_zip64=True) as room:
                for piece in _saved(array):
                    room.write(piece)


def _saved(array: Packed) -> Iterator[bytes]:
    form, header = np.lib.format, io.BytesIO()
    kind = form.dtype_to_descr(array.dtype)
    described = {"descr": kind, "fortran_order": False, "shape": array.shape}
    form.write_array_header_1_0(header, described)
    yield header.getvalue()
    for _, values in array.pieces:
        yield values.tobytes()


def _safetensors(file: BinaryIO, arrays: Sequence[Packed]) -> None:
    """The length of a header in JSON, the header, the numbers."""
    held, end = {}, 0
    for name, _, shape, dtype in arrays:
        start, end = end, end + prod(shape) * dtype.itemsize
        kind = f"F{8 * dtype.itemsize}"
        held[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    header = json.dumps(held).encode()
    header += b" " * (-len(header) % 8)
    file.write(len(header).to_bytes(8, "little") + header)
    for array in arrays:
        wanted = array.dtype.newbyteorder("<")
        file.writelines(values.astype(wanted, copy=False).tobytes() for _, values in array.pieces)


def _parquet(file: BinaryIO, arrays: Sequence[Packed]) -> None:
    """As a table of text has it: the index of each element, and what each array has of it."""
    pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    shape = arrays[0].shape
    axes = ["index"] if len(shape) == 1 else [f"i{axis}" for axis in range(len(shape))]
    kinds = [(axis, pa.int64()) for axis in axes]
    kinds += [(array.name, pa.from_numpy_dtype(array.dtype)) for array in arrays]
    schema = pa.schema(kinds)
    with pq.ParquetWriter(file, schema) as writer:
        for parts in zip(*(array.pieces for array in arrays), strict=True):
            start, columns = parts[0][0], [values for _, values in parts]
            places = np.arange(start, start + len(columns[0]))
            index = np.unravel_index(places, shape) if shape else ()
            writer.write_table(pa.table([*index, *columns], schema))


PACKED: dict[str, Callable[[BinaryIO, Sequence[Packed]], None]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".parquet": _parquet,
}
"""By suffix."""
