"""Every element's loss, or a gradient, as text or bytes, piece by piece: never all in memory.

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
from losscli.formats.packing import NAME, PACKED, Member, check, together
from losscli.formats.uneven import Rows
from losscli.lazy import np
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, Protocol

    Shape = tuple[int, ...]
    Layout = Shape | Rows

    class Elements(Protocol):
        """One axis: an array, or what is read piece by piece."""

        @property
        def dtype(self) -> np.dtype[Any]: ...

        def __len__(self) -> int: ...

        def __getitem__(self, rows: slice) -> np.ndarray: ...


__all__ = [
    "SUFFIXES",
    "check_arrays",
    "check_shapes",
    "check_writable",
    "jsonl",
    "nested",
    "separated",
    "text",
    "texts",
    "write",
    "write_arrays",
    "write_text",
]

TEXTS = (".csv", ".tsv", ".txt", ".json", ".jsonl")
SUFFIXES = (*TEXTS, ".npy", ".npz", ".safetensors", ".parquet")
"""What elements can be written as; text is compressed behind ``.gz``."""

MANY = (".npz", ".safetensors", ".json")
"""What holds several arrays of any shapes, by their names."""

PIECE = 2**15
"""So many elements are text at the same time: a megabyte of it."""

_GZIP = ".gz"


def write(
    path: str | os.PathLike[str], elements: Elements, layout: Layout, watch: Watch | None = None
) -> None:
    """Writes every element's loss, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        elements: One axis, in the order of the file.
        layout: Their shape in torch, or rows that differ in size.
        watch: Who wants to know how far it is.

    Raises:
        UsageError: no format has this suffix, or it has none for rows that differ in size.
        FileError: it cannot be written.
    """
    write_arrays(path, {NAME: (elements, layout)}, watch)


def write_arrays(
    path: str | os.PathLike[str],
    arrays: Mapping[str, tuple[Elements, Layout]],
    watch: Watch | None = None,
) -> None:
    """Writes arrays by their names, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        arrays: The elements of each, and its shape, or rows that differ in size.
        watch: Who wants to know how far it is.

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
                PACKED[suffix](file, [*_members(watched)])
            else:
                _write_text(file, name, texts(suffix, watched))
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


def text(suffix: str, elements: Elements, layout: Layout) -> Iterator[str]:
    """What a file of text with a suffix holds of every element's loss."""
    return texts(suffix, {NAME: (elements, layout)})


def texts(suffix: str, arrays: Mapping[str, tuple[Elements, Layout]]) -> Iterator[str]:
    """What a file of text with a suffix holds of some arrays.

    JSON is the array itself, or an object of several. The other formats have a line for each
    element, with a column for each array: these must have one shape.
    """
    ((first, layout), *_) = arrays.values()
    if suffix == ".json" and len(arrays) == 1:
        return chain(nested(first, layout), ["\n"])
    if suffix == ".json":
        opened = chain(["{"], repeat(", "))
        whole = (
            chain([f'{gap}"{name}": '], nested(elements, own))
            for gap, (name, (elements, own)) in zip(opened, arrays.items(), strict=False)
        )
        return chain(chain.from_iterable(whole), ["}\n"])
    if suffix == ".jsonl":
        return _lines(arrays)
    delimiter = "\t" if suffix == ".tsv" else ","
    size = layout.axes if isinstance(layout, Rows) else len(layout)
    axes = ["index"] if size == 1 else [f"i{axis}" for axis in range(size)]
    header = delimiter.join([*axes, *arrays]) + "\n"
    return chain([header], _rows(arrays, delimiter))


def separated(elements: Elements, layout: Layout, delimiter: str) -> Iterator[str]:
    """One line an element: its index, counted from 0, and its loss in full precision."""
    return _rows({NAME: (elements, layout)}, delimiter)


def _rows(arrays: Mapping[str, tuple[Elements, Layout]], delimiter: str) -> Iterator[str]:
    """One line an element: its index, and what each array has of it."""
    for whole, start, pieces in together(_members(arrays)):
        numbers = _joined([map(repr, piece.tolist()) for piece in pieces], delimiter)
        if whole:
            cells = zip(*_places(start, len(pieces[0]), whole, delimiter), numbers, strict=True)
            yield "".join([f"{row}{at}{delimiter}{value}\n" for row, at, value in cells])
        else:
            yield "".join([f"{value}\n" for value in numbers])


def jsonl(elements: Elements, layout: Layout) -> Iterator[str]:
    """One object an element: its index, counted from 0, and its loss."""
    return _lines({NAME: (elements, layout)})


def _lines(arrays: Mapping[str, tuple[Elements, Layout]]) -> Iterator[str]:
    """One object an element: its index, and what each array has of it."""
    for whole, start, pieces in together(_members(arrays)):
        rows, lasts = _places(start, len(pieces[0]), whole, ", ") if whole else ([""], [""])
        named = zip(arrays, pieces, strict=True)
        numbers = _joined(
            [map(f'"{name}": '.__add__, _numbers(piece)) for name, piece in named], ", "
        )
        cells = zip(rows, lasts, numbers, strict=True)
        yield "".join([f'{{"index": [{row}{at}], {number}}}\n' for row, at, number in cells])


def _joined(columns: Sequence[Iterable[str]], gap: str) -> Iterable[str]:
    return columns[0] if len(columns) == 1 else map(gap.join, zip(*columns, strict=True))


def nested(elements: Elements, layout: Layout) -> Iterator[str]:
    """Nested lists; numbers that JSON lacks are the strings "NaN", "Infinity", "-Infinity"."""
    members = _members({NAME: (elements, layout)})
    if isinstance(layout, Rows):
        for row, member in enumerate(members):
            yield ", " if row else "["
            yield from _lists(member)
        yield "]"
        return
    yield from _lists(*members)


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


def _members(arrays: Mapping[str, tuple[Elements, Layout]]) -> Iterator[Member]:
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
