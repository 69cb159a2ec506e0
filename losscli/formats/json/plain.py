"""Lines of JSON, a piece of a file at a time: values, the arrays in them, and what is irregular.

All of this runs in workers as well, which get bytes and give arrays. Whatever a piece has that
no array can hold is only marked there: how many rows of the file are like it, and which is the
first, takes a second look at all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from json import JSONDecodeError, JSONDecoder, loads
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, such
from losscli.formats.json.document import DuplicateError, as_object, strict_float, walk
from losscli.formats.json.nested import NON_FINITE, TooLarge, described, to_array
from losscli.formats.missing import OMIT
from losscli.formats.text.cells import LONGEST_NAME, shown
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["BATCHES", "Faults", "LineError", "Part", "Path", "extracted", "values"]

BATCHES = "*."
"""What the path of batches begins with."""

_CALLED = {dict: "an object", list: "a list"}


class LineError(Exception):
    """A line that cannot be read: which of its piece, counted from 0, and why."""

    def __init__(self, line: int, reason: str, column: int | None = None) -> None:
        super().__init__(line, reason, column)
        self.line, self.reason, self.column = line, reason, column


@record
class Path:
    """What is taken from every line.

    Attributes:
        path: Dotted, as in JSON; None for all of the line. After "*." it names a batch in every
            line, a list of rows, which are taken one after the other.
        words: Strings are text, even those that name numbers which JSON lacks.
        missing: A null is a value that is missing.
    """

    path: str | None
    words: bool = False
    missing: bool = False


@dataclass
class Part:
    """What was found in one piece.

    Attributes:
        size: Its bytes.
        rows: Its lines.
        arrays: One for each path; None where that is irregular.
        wrong: A line that cannot be read: then there are no arrays.
        uneven: The first line with names that the first line of the file has not, and one of them.
    """

    size: int
    rows: int
    arrays: list[np.ndarray | None]
    wrong: tuple[int, str, int | None] | None = None
    uneven: tuple[int, str] | None = None
    kinds: tuple[str, ...] = ()  # of the arrays: see _kind


def extracted(piece: bytes, paths: tuple[Path, ...], names: frozenset[str] | None) -> Part:
    """The arrays in some lines.

    Args:
        piece: Whole lines, without the last line break.
        paths: What to take.
        names: The names of every object; None if others may be there as well.
    """
    try:
        rows = values(piece)
        arrays = [_array(rows, path) for path in paths]
        if any(map(_has_inf, arrays)):  # Infinity or 1e400? Only another look can tell
            rows = values(piece, strict=True)
            arrays = [_array(rows, path) for path in paths]
    except LineError as error:
        return Part(len(piece), 0, [], (error.line, error.reason, error.column))
    kinds = tuple(_kind(rows, path, array) for path, array in zip(paths, arrays, strict=True))
    return Part(len(piece), len(rows), arrays, None, _uneven(rows, names), kinds)


def _array(rows: list[Any], path: Path) -> np.ndarray | None:
    try:
        return to_array(_cells(rows, path.path), "", words=path.words, missing=path.missing)
    except (DataError, _MissingError):
        return None


class _MissingError(Exception):
    pass


def _cells(rows: list[Any], path: str | None) -> list[Any]:
    if path is None:
        return rows
    if path.startswith(BATCHES):
        batches = _cells(rows, path.removeprefix(BATCHES))
        if not all(isinstance(batch, list) for batch in batches):
            raise _MissingError
        return [*chain.from_iterable(batches)]
    try:
        return [row[path] for row in rows]
    except (KeyError, TypeError):
        return [_cell(row, path) for row in rows]


def _cell(row: Any, path: str) -> Any:
    value, rest = walk(row, path)
    if rest:
        raise _MissingError
    return value


def _has_inf(array: np.ndarray | None) -> bool:
    return array is not None and array.dtype.kind == "f" and bool(np.isinf(array).any())


def _kind(rows: list[Any], path: Path, array: np.ndarray | None) -> str:
    """What an array holds that is a piece of a column.

    The letter of its dtype, with "f" for all numbers; "b" also for bools of which some are missing;
    "odd" for floats that are all written as strings, and are text if others are; "" if all values
    are missing.
    """
    if array is None or array.dtype.kind != "f" or not array.size:
        return "" if array is None else array.dtype.kind.replace("i", "f")
    leaves: Iterable[Any] = _cells(rows, path.path)
    for _ in array.shape[1:]:
        leaves = chain.from_iterable(leaves)
    present = (leaf for leaf in leaves if leaf is not None)
    first = next(present, None)
    if type(first) is str:
        return "odd" if all(type(leaf) is str for leaf in present) else "f"
    return {bool: "b", type(None): ""}.get(type(first), "f")


def _uneven(rows: list[Any], names: frozenset[str] | None) -> tuple[int, str] | None:
    if names is not None:
        for line, row in enumerate(rows):
            if isinstance(row, dict) and not row.keys() <= names:
                return line, min(row.keys() - names)
    return None


def values(piece: bytes, *, strict: bool = False) -> list[Any]:
    """The value of each line.

    Args:
        piece: Whole lines, without the last line break.
        strict: Mark numbers that are too large for a float, which takes longer.

    Raises:
        LineError: a line that is no value.
    """
    if b"\r" in piece:
        piece = piece.replace(b"\r\n", b"\n")
    try:
        text = piece.decode()
    except UnicodeDecodeError as error:
        line = piece.count(b"\n", 0, error.start)
        raise LineError(line, f"byte 0x{piece[error.start]:02x} is not UTF-8") from None
    found = None if strict else _together(text)
    if found is None:
        parse = JSONDecoder(
            object_pairs_hook=as_object, parse_float=strict_float if strict else None
        ).decode
        found = [_value(number, line, parse) for number, line in enumerate(text.split("\n"))]
    return found


def _together(text: str) -> list[Any] | None:
    """All lines as one list, at once; None where only line by line is sure to be right.

    Values of which each opens one bracket and closes it at the end of its line can neither share
    a line nor cross into the next. A name that an object has twice leaves more colons than names.
    """
    count = text.count("\n") + 1
    opening = text[:1]
    if opening in ("{", "["):
        closing = "}" if opening == "{" else "]"
        alone = text.count(opening) == text.count(closing) == count and text.endswith(closing)
        plain = alone and text.count(f"{closing}\n{opening}") == count - 1
    else:
        plain = not any(mark in text for mark in ',[{"')
    if not plain or (opening == "[" and "{" in text):
        return None
    try:
        rows: list[Any] = loads("[" + text.replace("\n", ",\n") + "]")
    except (ValueError, RecursionError):
        return None
    if len(rows) != count or (opening == "{" and text.count(":") != sum(map(len, rows))):
        return None
    return rows


def _value(number: int, line: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(line)
    except JSONDecodeError as error:
        if not line.strip():
            raise LineError(number, "the line is blank") from None
        reason = error.msg[0].lower() + error.msg[1:]
        raise LineError(number, f"not JSON: {reason}", error.colno) from None
    except DuplicateError as error:
        raise LineError(number, f"an object has two values named {error.args[0]!r}") from None
    except RecursionError:
        raise LineError(number, "it is nested too deep") from None
    except ValueError as error:  # an integer of more than 4300 digits
        raise LineError(number, str(error)) from None


@dataclass
class _Fault:
    where: str
    what: str
    noun: str
    count: int = 0


class Faults:
    """What is irregular about one path, in all lines of a file.

    The same verdicts as of :func:`to_array`, for rows that are never together.
    """

    def __init__(self, path: str | None, *, missing: bool = False) -> None:
        self._path = path
        self._missing = missing
        self._shape: tuple[int, ...] | None = None
        self._numbers = False
        self._found: dict[Any, _Fault] = {}

    def add(self, line: int, row: Any) -> None:
        """Looks at a line, counted from 1."""
        path = self._path and self._path.removeprefix(BATCHES)
        where = f"line {line}" if path is None else f"line {line}, {path!r}"
        try:
            value = row if path is None else _cell(row, path)
        except _MissingError:
            self._note("missing", f"line {line}", lambda: f"there is no {path!r}", "line")
            return
        if path == self._path:
            self._judge(value, where)
        elif isinstance(value, list):
            for place, item in enumerate(value):
                self._judge(item, f"{where}[{place}]")
        else:
            self._note("missing", where, lambda: "is no list, and so no batch", "line")

    def _judge(self, value: Any, where: str) -> None:
        """Looks at a row."""
        shape, leaves = _regular(value)
        if self._shape is None and shape is not None:
            self._shape = shape
        if shape is None or shape != self._shape:
            self._note("ragged", where, lambda: _ragged(shape, self._shape), "line")
            return
        for place, leaf in enumerate(leaves):
            self._look(place, leaf, where)

    def _look(self, place: int, leaf: Any, where: str) -> None:
        leaf = NON_FINITE.get(leaf, leaf) if type(leaf) is str else leaf
        if type(leaf) is int and abs(leaf) >= 2**1024:
            leaf = TooLarge(str(leaf) if abs(leaf) < 10**4000 else "an integer")
        if leaf is None and self._missing:
            return
        if type(leaf) in (int, float):
            self._numbers = True
        else:
            index = np.unravel_index(place, self._shape or ()) if self._shape else ()
            inside = "".join(f"[{int(i)}]" for i in index)
            separate = ", " if inside and self._path is None else ""
            where += separate + inside
            self._note(type(leaf), where, lambda: described(leaf), "value")
            if type(leaf) is str and len(leaf) > LONGEST_NAME:
                what = f"{shown(leaf)} is too long for a name"
                self._note("long", where, lambda: what, "value")

    def _note(self, code: Any, where: str, what: Callable[[], str], noun: str) -> None:
        if code not in self._found:
            self._found[code] = _Fault(where, what(), noun)
        self._found[code].count += 1

    def error(self, label: str) -> DataError:
        """The first mistake of the gravest kind, and how many are like it."""
        grave = ("missing", "ragged") if self._numbers else ("missing", "ragged", "long")
        codes = [code for code in grave if code in self._found]
        fault = self._found[codes[0]] if codes else next(iter(self._found.values()))
        counted = such(fault.count, fault.noun)
        hint = OMIT if fault.what == described(None) else ""
        return DataError(f"{label}, {fault.where}: {fault.what} ({counted})", hint=hint)


def _regular(value: Any) -> tuple[tuple[int, ...] | None, list[Any]]:
    """The shape of lists in lists, None if they have none, and what is in them."""
    shape: list[int] = []
    leaves = [value]
    while leaves and any(type(leaf) is list for leaf in leaves):
        if len({len(leaf) if type(leaf) is list else -1 for leaf in leaves}) > 1:
            return None, []
        shape.append(len(leaves[0]))
        leaves = list(chain.from_iterable(leaves))
    return tuple(shape), leaves


def _ragged(shape: tuple[int, ...] | None, usual: tuple[int, ...] | None) -> str:
    if shape is None or usual is None:
        return "holds lists of several lengths"
    if len(shape) != len(usual):
        what = "is no list" if not shape else "holds a list" if not usual else f"has shape {shape}"
        return f"{what}, unlike the first line"
    if len(shape) == 1:
        return f"has {shape[0]} values where the first line has {usual[0]}"
    return f"has shape {shape} where the first line has {usual}"
