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
from losscli.formats.packing import NAME, PACKED, Packed, check
from losscli.lazy import np
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, Protocol

    Shape = tuple[int, ...]

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
    path: str | os.PathLike[str], elements: Elements, shape: Shape, watch: Watch | None = None
) -> None:
    """Writes every element's loss, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        elements: One axis, in the order of the file.
        shape: What they are in torch.
        watch: Who wants to know how far it is.

    Raises:
        UsageError: no format has this suffix.
        FileError: it cannot be written.
    """
    write_arrays(path, {NAME: (elements, shape)}, watch)


def write_arrays(
    path: str | os.PathLike[str],
    arrays: Mapping[str, tuple[Elements, Shape]],
    watch: Watch | None = None,
) -> None:
    """Writes arrays by their names, in the format of the suffix, whole or not at all.

    Args:
        path: Its suffix names the format.
        arrays: The elements of each, and its shape.
        watch: Who wants to know how far it is.

    Raises:
        UsageError: no format has this suffix, or it cannot hold such arrays.
        FileError: it cannot be written.
    """
    name, watch = os.fspath(path), watch or Watch()
    suffix = _suffix(name)
    _check_arrays(name, suffix, {one: shape for one, (_, shape) in arrays.items()})
    with files.replacing(name) as file:
        size = sum(len(elements) for elements, _ in arrays.values())
        watch.begin(f"writing {name}", size, "elements")
        try:
            watched = {
                one: (_Watched(elements, watch), shape) for one, (elements, shape) in arrays.items()
            }
            if suffix in PACKED:
                PACKED[suffix](file, _packed(watched))
            else:
                _write_text(file, name, texts(suffix, watched))
        finally:
            watch.end()


def _packed(arrays: Mapping[str, tuple[_Watched, Shape]]) -> list[Packed]:
    return [
        Packed(name, _pieces(elements), shape, np.dtype(elements.dtype))
        for name, (elements, shape) in arrays.items()
    ]


def check_arrays(path: str | os.PathLike[str], names: Sequence[str]) -> None:
    """Raises now what :func:`write_arrays` would raise of several arrays in one file."""
    name = os.fspath(path)
    _check_arrays(name, _suffix(name), dict.fromkeys(names))


def _check_arrays(path: str, suffix: str, shapes: Mapping[str, Shape | None]) -> None:
    names = " and ".join(shapes)
    if len(shapes) > 1 and suffix == ".npy":
        raise UsageError(
            f"{path}: .npy holds one array, and there are {len(shapes)}: {names}",
            hint=f"end the name in {' or '.join(MANY)}",
        )
    check_shapes(path, suffix, shapes, hint=f"end the name in {' or '.join(MANY)}")


def check_shapes(
    path: str, suffix: str, shapes: Mapping[str, Shape | None], *, hint: str = ""
) -> None:
    """Refuses arrays of several shapes where a line has an element of each.

    Raises:
        UsageError: they have.
    """
    if len({*shapes.values()}) > 1 and suffix not in MANY:
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


def text(suffix: str, elements: Elements, shape: Shape) -> Iterator[str]:
    """What a file of text with a suffix holds of every element's loss."""
    return texts(suffix, {NAME: (elements, shape)})


def texts(suffix: str, arrays: Mapping[str, tuple[Elements, Shape]]) -> Iterator[str]:
    """What a file of text with a suffix holds of some arrays.

    JSON is the array itself, or an object of several. The other formats have a line for each
    element, with a column for each array: these must have one shape.
    """
    ((first, shape), *_) = arrays.values()
    if suffix == ".json" and len(arrays) == 1:
        return chain(nested(first, shape), ["\n"])
    if suffix == ".json":
        opened = chain(["{"], repeat(", "))
        whole = (
            chain([f'{gap}"{name}": '], nested(elements, own))
            for gap, (name, (elements, own)) in zip(opened, arrays.items(), strict=False)
        )
        return chain(chain.from_iterable(whole), ["}\n"])
    columns = {name: elements for name, (elements, _) in arrays.items()}
    if suffix == ".jsonl":
        return _lines(columns, shape)
    delimiter = "\t" if suffix == ".tsv" else ","
    axes = ["index"] if len(shape) == 1 else [f"i{axis}" for axis in range(len(shape))]
    header = delimiter.join([*axes, *columns]) + "\n"
    return chain([header], _rows([*columns.values()], shape, delimiter))


def separated(elements: Elements, shape: Shape, delimiter: str) -> Iterator[str]:
    """One line an element: its index, counted from 0, and its loss in full precision."""
    return _rows([elements], shape, delimiter)


def _rows(columns: Sequence[Elements], shape: Shape, delimiter: str) -> Iterator[str]:
    """One line an element: its index, and what each column has of it."""
    for start, *pieces in _together(columns):
        numbers = _joined([map(repr, piece.tolist()) for piece in pieces], delimiter)
        if shape:
            cells = zip(*_places(start, len(pieces[0]), shape, delimiter), numbers, strict=True)
            yield "".join([f"{row}{at}{delimiter}{value}\n" for row, at, value in cells])
        else:
            yield "".join([f"{value}\n" for value in numbers])


def jsonl(elements: Elements, shape: Shape) -> Iterator[str]:
    """One object an element: its index, counted from 0, and its loss."""
    return _lines({NAME: elements}, shape)


def _lines(columns: Mapping[str, Elements], shape: Shape) -> Iterator[str]:
    """One object an element: its index, and what each column has of it."""
    for start, *pieces in _together([*columns.values()]):
        rows, lasts = _places(start, len(pieces[0]), shape, ", ") if shape else ([""], [""])
        named = zip(columns, pieces, strict=True)
        numbers = _joined(
            [map(f'"{name}": '.__add__, _numbers(piece)) for name, piece in named], ", "
        )
        cells = zip(rows, lasts, numbers, strict=True)
        yield "".join([f'{{"index": [{row}{at}], {number}}}\n' for row, at, number in cells])


def _together(columns: Sequence[Elements]) -> Iterator[tuple[Any, ...]]:
    """The pieces of several columns side by side, behind the place of the first element."""
    for parts in zip(*map(_pieces, columns), strict=True):
        yield parts[0][0], *(values for _, values in parts)


def _joined(columns: Sequence[Iterable[str]], gap: str) -> Iterable[str]:
    return columns[0] if len(columns) == 1 else map(gap.join, zip(*columns, strict=True))


def nested(elements: Elements, shape: Shape) -> Iterator[str]:
    """Nested lists; numbers that JSON lacks are the strings "NaN", "Infinity", "-Infinity".

    An element is preceded by the brackets that close before it and open for it: how many is
    seen from its place alone, so that pieces may end anywhere.
    """
    if not prod(shape):
        yield repr(np.empty(shape).tolist())
        return
    for start, values in _pieces(elements):
        gaps = [", "] * len(values)
        for brackets in range(1, len(shape)):
            step = prod(shape[-brackets:])
            places = range(-start % step, len(values), step)
            gaps[places.start :: step] = ["]" * brackets + ", " + "[" * brackets] * len(places)
        if not start:
            gaps[0] = "[" * len(shape)
        yield "".join(chain.from_iterable(zip(gaps, _numbers(values), strict=True)))
    yield "]" * len(shape)


def _pieces(elements: Elements) -> Iterator[tuple[int, np.ndarray]]:
    """The elements in order, so many at a time, and the place of the first of them."""
    for start in range(0, len(elements), PIECE):
        yield start, elements[start : start + PIECE]


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
