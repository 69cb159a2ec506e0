"""Every element's loss in binary files, piece by piece, as their libraries would write it.

Elements come in pieces of one axis; their shape is said besides. Rows that differ in size are an
array each, by the name of its file.
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
    from collections.abc import Callable, Iterable, Iterator

    Shape = tuple[int, ...]

__all__ = ["NAME", "PACKED", "Member", "check"]

NAME = "loss"
"""What the array, or the column, is called."""

GROUP = 2**12
"""So many elements at least are one group of rows in Parquet, but for the last."""


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


class Member(NamedTuple):
    """One array of those that are written: mostly the only one."""

    name: str
    shape: Shape
    whole: Shape  # of which it is a part, and in which its elements are counted
    pieces: Iterable[tuple[int, np.ndarray]]  # the place of the first element, and some from there


def _npy(file: BinaryIO, members: Iterable[Member], dtype: np.dtype[Any]) -> None:
    """As np.save writes the array."""
    for one in members:
        file.writelines(_saved(one, dtype))


def _npz(file: BinaryIO, members: Iterable[Member], dtype: np.dtype[Any]) -> None:
    """As np.savez writes it, but that it has no date: the same numbers make the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        for one in members:
            member = zipfile.ZipInfo(f"{one.name}.npy")
            with archive.open(member, "w", force_zip64=True) as room:
                for piece in _saved(one, dtype):
                    room.write(piece)


def _saved(one: Member, dtype: np.dtype[Any]) -> Iterator[bytes]:
    form, header = np.lib.format, io.BytesIO()
    kind = form.dtype_to_descr(dtype)
    held = {"descr": kind, "fortran_order": False, "shape": one.shape}
    form.write_array_header_1_0(header, held)
    yield header.getvalue()
    for _, values in one.pieces:
        yield values.tobytes()


def _safetensors(file: BinaryIO, members: Iterable[Member], dtype: np.dtype[Any]) -> None:
    """The length of a header in JSON, the header, the numbers."""
    every, held, end = [*members], {}, 0
    for one in every:
        start, end = end, end + prod(one.shape) * dtype.itemsize
        kind = f"F{8 * dtype.itemsize}"
        held[one.name] = {"dtype": kind, "shape": one.shape, "data_offsets": [start, end]}
    header = json.dumps(held).encode()
    header += b" " * (-len(header) % 8)
    file.write(len(header).to_bytes(8, "little") + header)
    for one in every:
        file.writelines(
            values.astype(dtype.newbyteorder("<"), copy=False).tobytes() for _, values in one.pieces
        )


def _parquet(file: BinaryIO, members: Iterable[Member], dtype: np.dtype[Any]) -> None:
    """As a table of text has it: the index of each element, and its loss."""
    pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    first, *rest = members
    size = len(first.whole)
    axes = ["index"] if size == 1 else [f"i{axis}" for axis in range(size)]
    schema = pa.schema([*((axis, pa.int64()) for axis in axes), (NAME, pa.from_numpy_dtype(dtype))])
    tables: list[Any] = []
    with pq.ParquetWriter(file, schema) as writer:
        for one in (first, *rest):
            for start, values in one.pieces:
                places = np.arange(start, start + len(values))
                index = np.unravel_index(places, one.whole) if one.whole else ()
                tables.append(pa.table([*index, values], schema))
                if sum(map(len, tables)) >= GROUP:
                    writer.write_table(pa.concat_tables(tables))
                    tables = []
        if tables:
            writer.write_table(pa.concat_tables(tables))


PACKED: dict[str, Callable[[BinaryIO, Iterable[Member], np.dtype[Any]], None]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".parquet": _parquet,
}
"""By suffix."""
