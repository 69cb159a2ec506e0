"""Every element's loss as text or bytes, piece by piece: no more of it is in memory at once.

Elements come as one axis in the order of the file, in memory or spooled; their shape is said
besides. Screens and files show them alike, so the text of both is made here.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from itertools import chain, repeat
from math import prod
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

from losscli.errors import UsageError
from losscli.formats import files
from losscli.formats.packing import NAME, PACKED, Member, check
from losscli.formats.uneven import Rows
from losscli.lazy import np
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from losscli.spool import Spool

    Elements = np.ndarray | Spool
    Shape = tuple[int, ...]
    Layout = Shape | Rows

__all__ = [
    "SUFFIXES",
    "check_writable",
    "jsonl",
    "nested",
    "separated",
    "text",
    "write",
    "write_text",
]

TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl")
SUFFIXES = (*TEXTS, ".npy", ".npz", ".safetensors", ".parquet")
"""What elements can be written as; text is compressed behind ``.gz``."""

PIECE = 2**15
"""So many elements are text at the same time: a megabyte of it."""

_GZIP = ".gz"


def write(
    path: str | os.PathLike[str], elements: Elements, shape: Layout, watch: Watch | None = None
) -> None:
    """Writes every element's loss, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        elements: One axis, in the order of the file.
        shape: What they are in torch, or rows that differ in size.
        watch: Who wants to know how far it is.

    Raises:
        UsageError: no format has this suffix, or it has none for rows that differ in size.
        FileError: it cannot be written.
    """
    name, watch = os.fspath(path), watch or Watch()
    suffix = _suffix(name)
    if isinstance(shape, Rows) and suffix == ".npy":
        raise UsageError(
            f"{name}: the losses of rows that differ in size are no array",
            hint=".npz has an array for each file; .csv, .jsonl and .parquet a line for each loss",
        )
    with files.replacing(name) as file:
        watch.begin(f"writing {name}", len(elements), "elements")
        try:
            watched = _Watched(elements, watch)
            if suffix in PACKED:
                PACKED[suffix](file, _members(watched, shape), np.dtype(elements.dtype))
            else:
                _write_text(file, name, text(suffix, watched, shape))
        finally:
            watch.end()


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


def text(suffix: str, elements: Elements | _Watched, shape: Layout) -> Iterator[str]:
    """What a file of text with a suffix holds."""
    if suffix == ".json":
        return chain(nested(elements, shape), ["\n"])
    if suffix == ".jsonl":
        return jsonl(elements, shape)
    delimiter = "\t" if suffix == ".tsv" else ","
    size = shape.axes if isinstance(shape, Rows) else len(shape)
    axes = ["index"] if size == 1 else [f"i{axis}" for axis in range(size)]
    header = delimiter.join([*axes, "loss"]) + "\n"
    return chain([header], separated(elements, shape, delimiter))


def separated(elements: Elements | _Watched, layout: Layout, delimiter: str) -> Iterator[str]:
    """One line an element: its index, counted from 0, and its loss in full precision."""
    for member in _members(elements, layout):
        for start, values in member.pieces:
            numbers = values.tolist()
            if not member.whole:
                yield f"{numbers[0]!r}\n"
                continue
            places = _places(start, len(values), member.whole, delimiter)
            cells = zip(*places, numbers, strict=True)
            yield "".join([f"{row}{at}{delimiter}{value!r}\n" for row, at, value in cells])


def jsonl(elements: Elements | _Watched, layout: Layout) -> Iterator[str]:
    """One object an element: its index, counted from 0, and its loss."""
    for member in _members(elements, layout):
        shape = member.whole
        for start, values in member.pieces:
            rows, lasts = _places(start, len(values), shape, ", ") if shape else ([""], [""])
            cells = zip(rows, lasts, _numbers(values), strict=True)
            yield "".join(
                [f'{{"index": [{row}{at}], "loss": {number}}}\n' for row, at, number in cells]
            )


def nested(elements: Elements | _Watched, shape: Layout) -> Iterator[str]:
    """Nested lists; numbers that JSON lacks are the strings "NaN", "Infinity", "-Infinity"."""
    if isinstance(shape, Rows):
        for row, member in enumerate(_members(elements, shape)):
            yield ", " if row else "["
            yield from _lists(member)
        yield "]"
        return
    yield from _lists(*_members(elements, shape))


def _lists(member: Member) -> Iterator[str]:
    """One array as nested lists.

    An element is preceded by the brackets that close before it and open for it: how many is
    seen from its place alone, so that pieces may end anywhere.
    """
    shape = member.shape
    if not prod(shape):
        yield repr(np.empty(shape).tolist())
        return
    for place, values in member.pieces:
        start = place % prod(shape)
        gaps = [", "] * len(values)
        for brackets in range(1, len(shape)):
            step = prod(shape[-brackets:])
            places = range(-start % step, len(values), step)
            gaps[places.start :: step] = ["]" * brackets + ", " + "[" * brackets] * len(places)
        if not start:
            gaps[0] = "[" * len(shape)
        yield "".join(chain.from_iterable(zip(gaps, _numbers(values), strict=True)))
    yield "]" * len(shape)


def _members(elements: Elements | _Watched, layout: Layout) -> Iterator[Member]:
    """The arrays that are written: all elements, or those of each row that has its own size."""
    if not isinstance(layout, Rows):
        yield Member(NAME, layout, layout, _pieces(elements, 0, len(elements)))
        return
    for row, (name, (first, last, size)) in enumerate(zip(layout.names, layout.spans, strict=True)):
        place = row * prod(size) - first  # as if all rows before it were like it
        yield Member(name, size, (row + 1, *size), _pieces(elements, first, last, place))


def _pieces(
    elements: Elements | _Watched, first: int, last: int, place: int = 0
) -> Iterator[tuple[int, np.ndarray]]:
    """Elements in order, so many at a time, and the place of the first of them."""
    for start in range(first, last, PIECE):
        yield start + place, elements[start : min(start + PIECE, last)]


def _places(
    start: int, size: int, shape: Shape, delimiter: str
) -> tuple[Iterable[str], Iterable[int]]:
    """The index of each element: the axes before the last as text that ends in a delimiter.

    That text is made once for each run of elements that share it.
    """
    if len(shape) == 1:
        return repeat("", size), range(start, start + size)
    stop, last = start + size, shape[-1]
    rows = np.arange(start // last, (stop - 1) // last + 1)
    columns = [map(str, axis.tolist()) for axis in np.unravel_index(rows, shape[:-1])]
    ends = np.minimum((rows + 1) * last, stop)
    runs = np.diff(ends, prepend=start).tolist()
    heads = (delimiter.join((*row, "")) for row in zip(*columns, strict=True))
    lasts = (np.arange(start, stop) % last).tolist()
    return chain.from_iterable(map(repeat, heads, runs)), lasts


def _numbers(values: np.ndarray) -> Iterable[str]:
    """Each value as JSON has it."""
    numbers = map(repr, values.tolist())
    if np.isfinite(values).all():
        return numbers
    return (_NAMES.get(number, number) for number in numbers)


_NAMES = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
