"""Every element's loss, or a gradient, as text or bytes, piece by piece: never all in memory.

Elements come as one axis in the order of the file, in memory or spooled; their shape is said
besides.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from losscli.errors import UsageError
from losscli.formats import files
from losscli.formats.packing import NAME, PACKED, check, members
from losscli.formats.texts import texts
from losscli.formats.uneven import Rows
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from losscli.formats.base import Field
    from losscli.formats.packing import Elements, Layout

__all__ = [
    "SUFFIXES",
    "check_arrays",
    "check_shapes",
    "check_writable",
    "write",
    "write_arrays",
    "write_text",
]

TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl")
SUFFIXES = (*TEXTS, ".npy", ".npz", ".safetensors", ".parquet")
"""What elements can be written as; text is compressed behind ``.gz``."""

MANY = (".npz", ".safetensors", ".json")
"""What holds several arrays of any shapes, by their names."""

NONE: Mapping[str, Field] = MappingProxyType({})
"""The ids of rows that have none."""

_GZIP = ".gz"


def write(
    path: str | os.PathLike[str],
    elements: Elements,
    layout: Layout,
    watch: Watch | None = None,
    ids: Mapping[str, Field] = NONE,
) -> None:
    """Writes every element's loss, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        elements: One axis, in the order of the file.
        layout: Their shape in torch, or rows that differ in size.
        watch: Who wants to know how far it is.
        ids: Those of the rows, which stand beside them where elements are lines.

    Raises:
        UsageError: no format has this suffix, or it has none for rows that differ in size.
        FileError: it cannot be written.
    """
    write_arrays(path, {NAME: (elements, layout)}, watch, ids)


def write_arrays(
    path: str | os.PathLike[str],
    arrays: Mapping[str, tuple[Elements, Layout]],
    watch: Watch | None = None,
    ids: Mapping[str, Field] = NONE,
) -> None:
    """Writes arrays by their names, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        arrays: The elements of each, and its shape, or rows that differ in size.
        watch: Who wants to know how far it is.
        ids: Those of the rows, which stand beside them where elements are lines.

    Raises:
        UsageError: no format has this suffix, or it cannot hold such arrays.
        FileError: it cannot be written.
    """
    name, watch = os.fspath(path), watch or Watch()
    suffix = _suffix(name)
    _check_arrays(name, suffix, {one: layout for one, (_, layout) in arrays.items()})
    with files.replacing(name) as file:
        size = sum(len(elements) for elements, _ in arrays.values())
        watch.begin(f"writing {name}", size, "elements")
        try:
            watched = {
                one: (_Watched(elements, watch), layout)
                for one, (elements, layout) in arrays.items()
            }
            if suffix in PACKED:
                PACKED[suffix](file, [*members(watched)], ids)
            else:
                _write_text(file, name, texts(suffix, watched, ids))
        finally:
            watch.end()


def check_arrays(path: str | os.PathLike[str], names: Sequence[str]) -> None:
    """Raises now what :func:`write_arrays` would raise of several arrays in one file."""
    name = os.fspath(path)
    _check_arrays(name, _suffix(name), dict.fromkeys(names))


def _check_arrays(path: str, suffix: str, shapes: Mapping[str, Layout | None]) -> None:
    names = " and ".join(shapes)
    if len(shapes) > 1 and suffix == ".npy":
        raise UsageError(
            f"{path}: .npy holds one array, and there are {len(shapes)}: {names}",
            hint=f"end the name in {' or '.join(MANY)}",
        )
    if suffix == ".npy" and any(isinstance(one, Rows) for one in shapes.values()):
        raise UsageError(
            f"{path}: what there is of rows that differ in size is no array",
            hint=".npz has an array for each file; .csv, .jsonl and .parquet a line for each loss",
        )
    check_shapes(path, suffix, shapes, hint=f"end the name in {' or '.join(MANY)}")


def check_shapes(
    path: str, suffix: str, shapes: Mapping[str, Layout | None], *, hint: str = ""
) -> None:
    """Refuses arrays of several shapes where a line has an element of each.

    Raises:
        UsageError: they have.
    """
    if len({*map(str, shapes.values())}) > 1 and suffix not in MANY:
        shown = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise UsageError(
            f"{path}: a line of {suffix} has an element of each array, and they have not one "
            f"shape: {shown}",
            hint=hint,
        )


def _write_text(file: BinaryIO, name: str, pieces: Iterable[str]) -> None:
    """Text, compressed if its name ends so; without a date, so that it is always the same."""
    import gzip

    zipped = name.lower().endswith(_GZIP)
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) if zipped else nullcontext(file) as room:
        for piece in pieces:
            room.write(piece.encode())


def write_text(path: str | os.PathLike[str], pieces: str | Iterable[str]) -> None:
    """Writes a text, or the pieces of one, whole or not at all."""
    with files.replacing(os.fspath(path)) as file:
        for piece in [pieces] if isinstance(pieces, str) else pieces:
            file.write(piece.encode())


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises now what :func:`write` would raise after the work is done."""
    name = os.fspath(path)
    check(_suffix(name))
    files.check_parent(name)


def _suffix(path: str) -> str:
    plain = path[: -len(_GZIP)] if path.lower().endswith(_GZIP) else path
    suffix = PurePath(plain).suffix.lower()
    if plain != path and suffix in PACKED:
        raise UsageError(f"{path}: only text is compressed", hint=f"write {plain}")
    if suffix not in SUFFIXES:
        raise UsageError(
            f"cannot tell the format of {path} by its suffix",
            hint=f"end the name in {', '.join(SUFFIXES)}",
        )
    return suffix


class _Watched:
    """Elements that tell how many of them have been taken."""

    def __init__(self, elements: Elements, watch: Watch) -> None:
        self.dtype = elements.dtype
        self._elements, self._watch = elements, watch

    def __len__(self) -> int:
        return len(self._elements)

    def __getitem__(self, rows: slice) -> np.ndarray:
        found = self._elements[rows]
        self._watch.advance(len(found))
        return found
