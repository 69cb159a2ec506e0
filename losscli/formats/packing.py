"""Every element's loss in binary files, piece by piece, as their libraries would write it.

Elements come in pieces of one axis; their shape is said besides.
"""

from __future__ import annotations

import io
import json
import zipfile
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO

from losscli.errors import UsageError
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Pieces = Iterable[tuple[int, np.ndarray]]
    Shape = tuple[int, ...]

__all__ = ["NAME", "PACKED", "check"]

NAME = "loss"
"""What the array, or the column, is called."""


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


def _npy(file: BinaryIO, pieces: Pieces, shape: Shape, dtype: np.dtype[Any]) -> None:
    """As np.save writes the array."""
    file.writelines(_saved(pieces, shape, dtype))


def _npz(file: BinaryIO, pieces: Pieces, shape: Shape, dtype: np.dtype[Any]) -> None:
    """As np.savez writes it, but that it has no date: the same numbers make the same bytes."""
    member = zipfile.ZipInfo(f"{NAME}.npy")
    with (
        zipfile.ZipFile(file, "w") as archive,
        archive.open(member, "w", force_zip64=True) as room,
    ):
        for piece in _saved(pieces, shape, dtype):
            room.write(piece)


def _saved(pieces: Pieces, shape: Shape, dtype: np.dtype[Any]) -> Iterator[bytes]:
    form, header = np.lib.format, io.BytesIO()
    kind = form.dtype_to_descr(dtype)
    form.write_array_header_1_0(header, {"descr": kind, "fortran_order": False, "shape": shape})
    yield header.getvalue()
    for _, values in pieces:
        yield values.tobytes()


def _safetensors(file: BinaryIO, pieces: Pieces, shape: Shape, dtype: np.dtype[Any]) -> None:
    """The length of a header in JSON, the header, the numbers."""
    size = prod(shape) * dtype.itemsize
    held = {"dtype": f"F{8 * dtype.itemsize}", "shape": shape, "data_offsets": [0, size]}
    header = json.dumps({NAME: held}).encode()
    header += b" " * (-len(header) % 8)
    file.write(len(header).to_bytes(8, "little") + header)
    file.writelines(
        values.astype(dtype.newbyteorder("<"), copy=False).tobytes() for _, values in pieces
    )


def _parquet(file: BinaryIO, pieces: Pieces, shape: Shape, dtype: np.dtype[Any]) -> None:
    """As a table of text has it: the index of each element, and its loss."""
    pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    axes = ["index"] if len(shape) == 1 else [f"i{axis}" for axis in range(len(shape))]
    kinds = [(axis, pa.int64()) for axis in axes]
    schema = pa.schema([*kinds, (NAME, pa.from_numpy_dtype(dtype))])
    with pq.ParquetWriter(file, schema) as writer:
        for start, values in pieces:
            places = np.arange(start, start + len(values))
            index = np.unravel_index(places, shape) if shape else ()
            writer.write_table(pa.table([*index, values], schema))


PACKED: dict[str, Callable[[BinaryIO, Pieces, Shape, np.dtype[Any]], None]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".parquet": _parquet,
}
"""By suffix."""
