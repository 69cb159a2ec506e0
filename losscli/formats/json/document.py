"""JSON: nested lists, objects with arrays, lists of records."""

from __future__ import annotations

import json
import re
from itertools import repeat
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrays.batches import joined, note
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.base import Listing, Source
from losscli.formats.files import named
from losscli.formats.json.nested import TooLarge, to_array
from losscli.formats.json.records import Lists, Records
from losscli.formats.keys import ambiguous, is_unknown, unknown
from losscli.lazy import np
from losscli.memory import require

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from losscli.formats.base import Field, Reading
    from losscli.formats.files import Content
    from losscli.formats.packed import Packed

__all__ = [
    "Document",
    "DuplicateError",
    "as_object",
    "listed",
    "literal",
    "parse",
    "read",
    "step",
    "strict_float",
    "walk",
]

_LITERAL = "inline JSON"
_TYPED = re.compile(
    r"""
    "(?:[^"\\]|\\.)*"                              # a string is passed over
    | ([+-]?) (?: ([0-9]+)?\.([0-9]+)?(e[+-]?[0-9]+)?   # .5, 1. and +0.5
                | \b(nan|inf(?:inity)?)\b )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SMALL = 2**25  # bytes of a document that fits anywhere
_SAMPLE = 2**16  # bytes that tell what the others are like
_INDEX = re.compile(r"-?[0-9]+")


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Source:
    """The document in a file."""
    size = _checked_size(content)
    reading.watch.begin(f"parsing {named(content.path)} whole", size, "bytes")
    try:
        label = named(content.path)
        document = Document(content.text, content.path, label, missing=reading.missing)
        reading.watch.advance(size)
    finally:
        reading.watch.end()
    return document


def _checked_size(content: Content) -> int:
    """The bytes of a document; what would end in the midst of parsing is refused now."""
    size = content.size()
    if size < _SMALL:
        return size
    with content.open() as file:
        sample = b""
        for place in (0, size // 2):
            file.seek(place)
            sample += file.read(_SAMPLE)
    require(
        int(size * _weight(sample)),
        f"{named(content.path)}: a JSON document is parsed whole",
        hint="JSON lines, NPY and Parquet are read in bounded memory",
    )
    return size


def _weight(text: bytes) -> float:
    """The bytes that a byte of JSON takes, about: its values as objects, and as arrays beside them.

    Measured on CPython 3.11, 64 bits: numbers and places in lists, lists, dicts, and strings that
    are no names. Small whole numbers exist only once.
    """
    values, lists, dicts = (text.count(mark) for mark in (b",", b"[", b"{"))
    strings = max(text.count(b'"') / 2 - text.count(b":"), 0)
    number = 26 if len(text) < 3.5 * values else 58
    return 0.5 + (number * values + 90 * lists + 190 * dicts + 60 * strings) / len(text)


def literal(text: str, *, missing: bool = False) -> Document:
    """The document in a word of the command line: JSON, with numbers as people type them.

    Args:
        text: The word.
        missing: A null is a value that is missing.

    >>> literal("[.5, 1., -.2, nan]").select(None).rows(0, 4)
    array([ 0.5,  1. , -0.2,  nan])
    """
    return Document(lambda: _TYPED.sub(_as_json, text), None, _LITERAL, missing=missing)


def _as_json(found: re.Match[str]) -> str:
    """A number as JSON spells it; what is one already, or a string, stays as it is."""
    sign, whole, fraction, exponent, name = found.group(1, 2, 3, 4, 5)
    if name:
        return sign.replace("+", "") + {"n": "NaN", "i": "Infinity"}[name[0].lower()]
    if whole is None and fraction is None:
        return found[0]
    return f"{sign.replace('+', '')}{whole or 0}.{fraction or 0}{exponent or ''}"


def parse(text: str, label: str, *, strict_floats: bool = False) -> Any:
    """The values of a document, NaN and Infinity among them.

    Args:
        text: The document.
        label: Its name in messages.
        strict_floats: Mark numbers that are too large for a float, which takes longer.
    """
    if not text.strip():
        raise DataError(f"{label} is empty")
    parse_float = strict_float if strict_floats else None
    try:
        return json.loads(text, object_pairs_hook=as_object, parse_float=parse_float)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        reason = error.msg[0].lower() + error.msg[1:]
        lines = error.msg == "Extra data" and error.lineno > 1
        raise DataError(
            f"{label}, {where}: not JSON: {reason}",
            hint="--input-format jsonl reads one value a line" if lines else "",
        ) from error
    except DuplicateError as error:
        raise DataError(f"{label}: an object has two values named {error.args[0]!r}") from None
    except RecursionError:
        raise DataError(f"{label} is nested too deep") from None
    except ValueError as error:  # an integer of more than 4300 digits
        raise DataError(f"{label}: {error}") from error


class DuplicateError(Exception):
    """An object has two values of the same name, its only argument."""


def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise DuplicateError(next(name for name in names if names.count(name) > 1))
    return values


def strict_float(digits: str) -> float | TooLarge:
    """A number, or a mark if no float can hold it."""
    value = float(digits)
    return TooLarge(digits) if value in (float("inf"), float("-inf")) else value


class Document(Source):
    """A parsed document.

    Keys are dotted paths: ``out.logits``, ``0.preds``, ``*.logits``. A list of flat objects
    is a table, whose columns are keys as in CSV; so are the columns of a list of lists.
    """

    def __init__(
        self, text: Callable[[], str], path: str | None, label: str, *, missing: bool = False
    ) -> None:
        self.path = path
        self._missing = missing
        self._label = label
        self._text = text  # read again if it must be, not kept beside its values
        self._value = parse(text(), label)
        self._exact = False

    def listing(self) -> list[Listing]:
        return list(listed(self._value, ""))

    def sequences(self, key: str | None, *, sizes: bool = False) -> Packed | None:
        """The innermost lists that a dotted path leads to, in the document or each item of it."""
        from losscli.formats.json.runs import documented

        return documented(self._value, self.path, key, sizes=sizes, missing=self._missing)

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """The array or the columns that a dotted path names."""
        field = self._found(key, leave)
        if self._exact or field.dtype.kind != "f" or not _has_inf(field):
            return field
        # Infinity or 1e400? Only a second look, which takes longer, can tell.
        self._value = parse(self._text(), self._label, strict_floats=True)
        self._exact = True
        return self._found(key, leave)

    def _found(self, key: str | None, leave: Collection[str]) -> Field:
        if key is None:
            return self._whole(self._value, None, leave)
        value, rest = walk(self._value, key)
        if not rest and "*" in key and self._is_batches(value, key):
            return self._joined(value, key)
        if not rest:
            return self._whole(value, key, ())
        done = key[: len(key) - len(rest)]
        source = self._columns(value, done)
        if source is None:
            raise unknown(self._label, key, self.listing(), "key")
        try:
            field = source.select(rest)
        except DataError as error:
            if isinstance(value, dict) and is_unknown(error):
                raise unknown(self._label, key, self.listing(), "key") from None
            raise
        field.key = key
        return field

    def _whole(self, value: Any, key: str | None, leave: Collection[str]) -> Field:
        """All of a value: an array, a table, or the one array in an object."""
        if isinstance(value, dict):
            return self._only(value, key, leave)
        if _is_records(value):
            table = self._records(value, f"{key}." if key else "")
            return table.select(None, leave=leave)
        label = self._label if key is None else f"{self._label}:{key}"
        return self._array(value, label, key).select(None, leave=leave)

    def _records(self, value: list[dict[str, Any]], prefix: str) -> Records:
        return Records(value, self.path, prefix, missing=self._missing)

    def _array(self, value: Any, label: str, key: str | None) -> ArraySource:
        return ArraySource(to_array(value, label, missing=self._missing), self.path, key)

    def _is_batches(self, items: Any, key: str) -> bool:
        """Whether what ``*`` has found in each item is a batch of rows, and not one row.

        So are matrices, lists that differ in length, and lists that are as long as the matrices
        beside them. Other lists of numbers are the rows of a matrix.
        """
        if not isinstance(items, list) or not all(isinstance(item, list) for item in items):
            return False
        if max(map(_depth, items), default=0) > 1 or len(set(map(len, items))) > 1:
            return True
        base, _, name = key.rpartition("*.")
        around, rest = walk(self._value, base.removesuffix("."))
        if rest or not _is_records(around):
            return False
        others = (other for other in around[0] if other != name)
        return any(all(map(_goes_with, around, items, repeat(other))) for other in others)

    def _joined(self, batches: list[list[Any]], key: str) -> Field:
        """Batches one after the other."""
        label = f"{self._label}:{key}"
        arrays = [
            to_array(batch, f"{label}[{place}]", missing=self._missing)
            for place, batch in enumerate(batches)
        ]
        whole = joined(arrays, self.path, key)
        field = ArraySource(whole, self.path, key).select(None)
        base, _, name = key.rpartition("*.")
        plain = "*." in key and "." not in name
        hint = f"the key {base}{name} makes each of them a row" if plain else ""
        field.notes = (*field.notes, note(label, len(batches), whole.shape, hint))
        return field

    def _only(self, value: dict[str, Any], key: str | None, leave: Collection[str]) -> Field:
        prefix = f"{key}." if key else ""
        arrays = dict(_arrays(value, prefix))
        left = [name for name in arrays if name not in leave]
        if len(left) == 1:
            field = self._whole(arrays[left[0]], left[0], ())
            field.key = key
            return field
        if not left:
            raise DataError(f"{self._label} holds no array")
        listing = [line for name in left for line in listed(arrays[name], name)]
        raise ambiguous(self._label, left, listing)

    def _columns(self, value: Any, prefix: str) -> Source | None:
        """The value as something with columns, if it is that."""
        if _is_records(value):
            return self._records(value, prefix)
        if isinstance(value, dict):
            lists = {name: cells for name, cells in value.items() if isinstance(cells, list)}
            return Lists(lists, self.path, prefix, missing=self._missing) if lists else None
        if _is_matrix(value):
            label = f"{self._label}:{prefix[:-1]}" if prefix else self._label
            return self._array(value, label, prefix[:-1] or None)
        return None


def walk(value: Any, path: str) -> tuple[Any, str]:
    """Follow a dotted path as far as it leads; what is left of it speaks of columns, if it can.

    >>> walk({"a": [{"b": 1}, {"b": 2}]}, "a.*.b")
    ([1, 2], '')
    >>> walk({"a": [[1, 2], [3, 4]]}, "a.1")
    ([[1, 2], [3, 4]], '1')
    """
    while path:
        if path == "*" or (path.startswith("*.") and isinstance(value, list)):
            if not isinstance(value, list):
                break
            found = [walk(item, path[2:]) for item in value]
            lost = next((rest for _, rest in found if rest), "")
            return (value, path) if lost else ([item for item, _ in found], "")
        taken = step(value, path)
        if taken is None:
            break
        value, path = taken
    return value, path


def step(value: Any, path: str) -> tuple[Any, str] | None:
    """One name or index of a path, the longest that there is: names may contain dots."""
    if isinstance(value, dict):
        heads = [path, *(path[: dot.start()] for dot in reversed([*re.finditer(r"\.", path)]))]
        head = next((head for head in heads if head in value), None)
        return None if head is None else (value[head], path[len(head) + 1 :])
    head, _, rest = path.partition(".")
    if not isinstance(value, list) or not _INDEX.fullmatch(head) or _is_table(value):
        return None
    return (value[int(head)], rest) if -len(value) <= int(head) < len(value) else None


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(row) is dict for row in value)


def _depth(value: object) -> int:
    """How many lists are in one another, by the first of each."""
    depth = 0
    while isinstance(value, list):
        depth += 1
        value = value[0] if value else None
    return depth


def _goes_with(around: dict[str, Any], batch: list[Any], other: str) -> bool:
    """Whether another value beside a list is a matrix with as many rows."""
    beside = around.get(other)
    return _depth(beside) > 1 and isinstance(beside, list) and len(beside) == len(batch)


def _is_matrix(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(row) is list for row in value)


def _is_table(value: list[Any]) -> bool:
    """Whether an index names a column: objects or lists of single values, not deeper."""
    rows = value[0].values() if _is_records(value) else value[0] if _is_matrix(value) else [[]]
    return not any(isinstance(cell, (list, dict)) for cell in rows)


def _arrays(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, list[Any]]]:
    for name, item in value.items():
        if isinstance(item, list):
            yield prefix + name, item
        elif isinstance(item, dict):
            yield from _arrays(item, f"{prefix}{name}.")


def listed(value: Any, key: str) -> Iterator[Listing]:
    """What a value holds, by the keys that name it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from listed(item, f"{key}.{name}" if key else name)
    elif _is_records(value):
        yield from Records(value, None, f"{key}." if key else "").listing()
    else:
        try:
            array = to_array(value, "")
            yield Listing(key, array.shape, "text" if array.dtype.kind == "U" else str(array.dtype))
        except DataError:
            yield Listing(key, (len(value),) if isinstance(value, list) else (), "mixed")


def _has_inf(field: Field) -> bool:
    rows = field.rows(0, field.shape[0] if field.shape else 1)
    return bool(np.isinf(rows).any())
