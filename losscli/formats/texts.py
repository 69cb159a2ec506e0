"""Arrays as text, piece by piece: a line for each element, or nested lists of JSON.

Screens and files show them alike.
"""

from __future__ import annotations

import json
from itertools import chain, repeat
from math import prod
from typing import TYPE_CHECKING

from losscli.formats.packing import NAME, columns, members, together
from losscli.formats.uneven import Rows
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from losscli.formats.base import Field
    from losscli.formats.packing import Elements, Layout, Member, Shape

__all__ = ["jsonl", "nested", "separated", "texts"]


def texts(
    suffix: str, arrays: Mapping[str, tuple[Elements, Layout]], ids: Mapping[str, Field]
) -> Iterator[str]:
    """What a file of text with a suffix holds of some arrays.

    JSON is the array itself, or an object of several. The other formats have a line for each
    element, with a column for each array, which must have one shape, and the ids of its row.
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
        return _lines(arrays, ids)
    delimiter = "\t" if suffix == ".tsv" else ","
    size = layout.axes if isinstance(layout, Rows) else len(layout)
    header = delimiter.join(_quoted(columns(arrays, ids, size), delimiter)) + "\n"
    return chain([header], _rows(arrays, ids, delimiter))


def separated(
    elements: Elements, layout: Layout, delimiter: str, ids: Mapping[str, Field]
) -> Iterator[str]:
    """One line an element: its index, counted from 0, its loss in full precision, and ids."""
    return _rows({NAME: (elements, layout)}, ids, delimiter)


def _rows(
    arrays: Mapping[str, tuple[Elements, Layout]], ids: Mapping[str, Field], delimiter: str
) -> Iterator[str]:
    """One line an element: its index, what each array has of it, and the ids of its row."""
    for whole, start, pieces in together(members(arrays), ids):
        numbers = _joined([_cells(piece, delimiter) for piece in pieces], delimiter)
        if whole:
            cells = zip(*_places(start, len(pieces[0]), whole, delimiter), numbers, strict=True)
            yield "".join([f"{row}{at}{delimiter}{value}\n" for row, at, value in cells])
        else:
            yield "".join([f"{value}\n" for value in numbers])


def _cells(values: np.ndarray, delimiter: str) -> Iterable[str]:
    """Each value as a table of text has it."""
    if values.dtype.kind == "U":
        return _quoted(values.tolist(), delimiter)
    return map(repr, values.tolist())


def _quoted(words: Sequence[str], delimiter: str) -> Iterator[str]:
    """Words, in quotation marks where they would end a cell."""
    special = {delimiter, '"', "\n", "\r"}
    for word in words:
        yield '"' + word.replace('"', '""') + '"' if special.intersection(word) else word


def jsonl(elements: Elements, layout: Layout, ids: Mapping[str, Field]) -> Iterator[str]:
    """One object an element: its index, counted from 0, its loss, and the ids of its row."""
    return _lines({NAME: (elements, layout)}, ids)


def _lines(
    arrays: Mapping[str, tuple[Elements, Layout]], ids: Mapping[str, Field]
) -> Iterator[str]:
    """One object an element: its index, what each array has of it, and the ids of its row."""
    _, *names = columns(arrays, ids, 1)
    named = [f"{json.dumps(name)}: " for name in names]
    for whole, start, pieces in together(members(arrays), ids):
        rows, lasts = _places(start, len(pieces[0]), whole, ", ") if whole else ([""], [""])
        both = zip(named, pieces, strict=True)
        numbers = _joined([map(name.__add__, _values(piece)) for name, piece in both], ", ")
        cells = zip(rows, lasts, numbers, strict=True)
        yield "".join([f'{{"index": [{row}{at}], {number}}}\n' for row, at, number in cells])


def _joined(columns: Sequence[Iterable[str]], gap: str) -> Iterable[str]:
    return columns[0] if len(columns) == 1 else map(gap.join, zip(*columns, strict=True))


def nested(elements: Elements, layout: Layout) -> Iterator[str]:
    """Nested lists; numbers that JSON lacks are the strings "NaN", "Infinity", "-Infinity"."""
    arrays = members({NAME: (elements, layout)})
    if isinstance(layout, Rows):
        for row, member in enumerate(arrays):
            yield ", " if row else "["
            yield from _lists(member)
        yield "]"
        return
    yield from _lists(*arrays)


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


def _values(values: np.ndarray) -> Iterable[str]:
    """Each value as JSON has it, whatever it is."""
    return map(json.dumps, values.tolist()) if values.dtype.kind in "Ub" else _numbers(values)


def _numbers(values: np.ndarray) -> Iterable[str]:
    """Each number as JSON has it."""
    numbers = map(repr, values.tolist())
    if np.isfinite(values).all():
        return numbers
    return (_NAMES.get(number, number) for number in numbers)


_NAMES = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
