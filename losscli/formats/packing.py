"""Every element's loss, or arrays by name, in binary files: as their libraries would write them.

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
from losscli.formats.uneven import Rows
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    from losscli.formats.base import Field

    Pieces = Iterable[tuple[int, np.ndarray]]
    Shape = tuple[int, ...]
    Layout = Shape | Rows

    class Elements(Protocol):
        """One axis: an array, or what is read piece by piece."""

        @property
        def dtype(self) -> np.dtype[Any]: ...

        def __len__(self) -> int: ...

        def __getitem__(self, rows: slice) -> np.ndarray: ...


__all__ = ["NAME", "PACKED", "PIECE", "Member", "check", "columns", "members", "together"]

NAME = "loss"
"""What the array, or the column, of losses is called."""

PIECE = 2**15
"""So many elements are written at the same time: a megabyte of text."""

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
    """One array of those that are written: mostly the only one.

    Attributes:
        column: What its elements are, where lines have one of each.
        name: Its name, where arrays have one.
        shape: Its shape.
        whole: That of which it is a part, and in which its elements are counted.
        pieces: The place of the first element, and some from there.
        dtype: What it is written as.
    """

    column: str
    name: str
    shape: Shape
    whole: Shape
    pieces: Pieces
    dtype: np.dtype[Any]


def members(arrays: Mapping[str, tuple[Elements, Layout]]) -> Iterator[Member]:
    """What is written: whole arrays, or each row that has its own size as an array."""
    for column, (elements, layout) in arrays.items():
        dtype = np.dtype(elements.dtype)
        if not isinstance(layout, Rows):
            pieces = _pieces(elements, 0, len(elements))
            yield Member(column, column, layout, layout, pieces, dtype)
            continue
        spans = zip(layout.names, layout.spans, strict=True)
        for row, (name, (first, last, size)) in enumerate(spans):
            place = row * prod(size) - first  # as if all rows before it were like it
            pieces = _pieces(elements, first, last, place)
            own = name if len(arrays) == 1 else f"{column}.{name}"
            yield Member(column, own, size, (row + 1, *size), pieces, dtype)


def _pieces(
    elements: Elements, first: int, last: int, place: int = 0
) -> Iterator[tuple[int, np.ndarray]]:
    """Elements in order, so many at a time, and the place of the first of them."""
    for start in range(first, last, PIECE):
        yield start + place, elements[start : min(start + PIECE, last)]


def columns(arrays: Iterable[str], ids: Mapping[str, Field], axes: int) -> list[str]:
    """What the columns of a line are called: axes, arrays, and ids that none of these is called."""
    known = [*(["index"] if axes == 1 else [f"i{axis}" for axis in range(axes)]), *arrays]
    return [*known, *(f"id_{name}" if name in known else name for name in ids)]


def together(
    members: Iterable[Member], ids: Mapping[str, Field]
) -> Iterator[tuple[Shape, int, list[np.ndarray]]]:
    """What stands side by side: the elements of all columns, and where the first of them is.

    Args:
        members: The arrays.
        ids: Those of the rows, which follow the elements.
    """
    columns: dict[str, list[Member]] = {}
    for one in members:
        columns.setdefault(one.column, []).append(one)
    for beside in zip(*columns.values(), strict=True):
        for parts in zip(*(one.pieces for one in beside), strict=True):
            whole, start = beside[0].whole, parts[0][0]
            found = [values for _, values in parts]
            yield whole, start, [*found, *_named(ids, whole, start, len(found[0]))]


def _named(ids: Mapping[str, Field], whole: Shape, start: int, size: int) -> Iterator[np.ndarray]:
    """The ids of the rows of some elements, column by column."""
    if ids:
        rows = np.arange(start, start + size) // prod(whole[1:])
        low, high = rows[0].item(), rows[-1].item() + 1
        yield from (one.rows(low, high).reshape(-1)[rows - low] for one in ids.values())


def _npy(file: BinaryIO, members: Sequence[Member], _: Mapping[str, Field]) -> None:
    """As np.save writes the array."""
    (only,) = members
    file.writelines(_saved(only))


def _npz(file: BinaryIO, members: Sequence[Member], _: Mapping[str, Field]) -> None:
    """As np.savez writes them, but that they have no date: the same numbers make the same bytes."""
    with zipfile.ZipFile(file, "w") as archive:
        for one in members:
            member = zipfile.ZipInfo(f"{one.name}.npy")
            with archive.open(member, "w", force_zip64=True) as room:
                for piece in _saved(one):
                    room.write(piece)


def _saved(one: Member) -> Iterator[bytes]:
    form, header = np.lib.format, io.BytesIO()
    kind = form.dtype_to_descr(one.dtype)
    held = {"descr": kind, "fortran_order": False, "shape": one.shape}
    form.write_array_header_1_0(header, held)
    yield header.getvalue()
    for _, values in one.pieces:
        yield values.tobytes()


def _safetensors(file: BinaryIO, members: Sequence[Member], _: Mapping[str, Field]) -> None:
    """The length of a header in JSON, the header, the numbers."""
    held, end = {}, 0
    for one in members:
        start, end = end, end + prod(one.shape) * one.dtype.itemsize
        kind = f"F{8 * one.dtype.itemsize}"
        held[one.name] = {"dtype": kind, "shape": one.shape, "data_offsets": [start, end]}
    header = json.dumps(held).encode()
    header += b" " * (-len(header) % 8)
    file.write(len(header).to_bytes(8, "little") + header)
    for one in members:
        wanted = one.dtype.newbyteorder("<")
        file.writelines(values.astype(wanted, copy=False).tobytes() for _, values in one.pieces)


def _parquet(file: BinaryIO, members: Sequence[Member], ids: Mapping[str, Field]) -> None:
    """As a table of text has it: the index of each element, what each array has of it, and ids."""
    pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    axes = len(members[0].whole)
    arrays = {one.column: pa.from_numpy_dtype(one.dtype) for one in members}
    keys = [
        pa.string() if one.dtype.kind == "U" else pa.from_numpy_dtype(one.dtype)
        for one in ids.values()
    ]
    kinds = [*(pa.int64() for _ in range(axes)), *arrays.values(), *keys]
    schema = pa.schema([*zip(columns(arrays, ids, axes), kinds, strict=True)])
    tables: list[Any] = []
    with pq.ParquetWriter(file, schema) as writer:
        for whole, start, pieces in together(members, ids):
            places = np.arange(start, start + len(pieces[0]))
            index = np.unravel_index(places, whole) if whole else ()
            tables.append(pa.table([*index, *pieces], schema))
            if sum(map(len, tables)) >= GROUP:
                writer.write_table(pa.concat_tables(tables))
                tables = []
        if tables:
            writer.write_table(pa.concat_tables(tables))


PACKED: dict[str, Callable[[BinaryIO, Sequence[Member], Mapping[str, Field]], None]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".parquet": _parquet,
}
"""By suffix."""
