"""Columns of Arrow as arrays of NumPy: strictly, and without Python objects between."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrow import as_numpy
from losscli.formats.missing import mark
from losscli.formats.text.cells import LONGEST_NAME
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FaultError", "Kind", "decoded", "kind_of"]

_REFUSED = (
    ("is_null", "nothing but nulls"),
    ("is_decimal", "decimals: save floats"),
    ("is_date", "dates: save numbers"),
    ("is_timestamp", "dates: save numbers"),
    ("is_time", "times: save numbers"),
    ("is_duration", "time differences: save numbers"),
    ("is_interval", "time differences: save numbers"),
    ("is_struct", "objects: save each of their parts as a column"),
    ("is_map", "objects: save each of their parts as a column"),
    ("is_union", "values of several types"),
)
_TEXT = 256  # bytes of a text whose length nobody knows
_LISTS = ("is_list", "is_large_list", "is_fixed_size_list", "is_list_view", "is_large_list_view")
_TEXTS = ("is_string", "is_large_string", "is_string_view")


class FaultError(Exception):
    """Values that no array can hold.

    Attributes:
        code: Which mistake it is: only those of one code are counted together.
        what: What is wrong with the first of them.
        rows: The rows that have it.
    """

    def __init__(self, code: str, what: str, rows: np.ndarray) -> None:
        super().__init__(what)
        self.code, self.what, self.rows = code, what, np.unique(rows)


@record
class Kind:
    """What a column holds.

    Attributes:
        name: In a word: "float32", "text", "decimal128(5, 2)".
        axes: The lengths of lists in lists; None where only the values tell.
        dtype: Of the values; None for text, whose length only the values tell.
        refused: What it holds if that is nothing to compute with.
        missing: Nulls are values that are missing.
    """

    name: str
    axes: tuple[int | None, ...] = ()
    dtype: np.dtype[np.generic] | None = None
    refused: str = ""
    missing: bool = False

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of a row, once it is measured."""
        return tuple(axis or 0 for axis in self.axes)

    @property
    def size(self) -> int:
        """The bytes of a row, about."""
        return prod(self.row) * (self.dtype.itemsize if self.dtype else _TEXT) or 1

    def with_holes(self) -> Kind:
        """With room for what is missing, which only floats and text have."""
        numbers = self.dtype is not None and self.dtype.kind in "biu"
        return replace(self, missing=True, dtype=np.dtype(np.float64) if numbers else self.dtype)

    def measured(self, column: Any) -> Kind:
        """With the lengths of lists that the first row of a column has; 0 without rows."""
        axes: list[int] = []
        column = None if column is None else column.slice(0, 1)
        for axis in self.axes:
            length = axis
            if column is not None:
                column = _stored(column)
                _refuse_nulls(column, 1)
                length = column.value_lengths()[0].as_py() if axis is None else axis
                column = column.flatten().slice(0, 1) if length else None
            axes.append(length or 0)
        return replace(self, axes=tuple(axes))

    def lengthened(self, columns: Iterable[Any], label: str) -> Kind:
        """With a dtype that is long enough for the text of some columns, if it can be names."""
        pc = import_module("pyarrow.compute")
        longest = 1
        for column in columns:
            flat, _ = _flat(column, self.axes, missing=self.missing)
            flat = _text(flat.dictionary) if hasattr(flat, "dictionary") else flat
            longest = max(longest, pc.max(pc.utf8_length(flat)).as_py() or 0)
        if longest > LONGEST_NAME:
            raise DataError(f"{label} holds text of {longest:,} characters: too long for a name")
        return replace(self, dtype=np.dtype(f"<U{longest}").newbyteorder("="))


def kind_of(type_: Any) -> Kind:
    """What a column of a type of Arrow holds."""
    pa = import_module("pyarrow")

    axes: list[int | None] = []
    inner = _plain(type_)
    while _is(inner, _LISTS):
        axes.append(inner.list_size if pa.types.is_fixed_size_list(inner) else None)
        inner = _plain(inner.value_type)
    if pa.types.is_dictionary(inner):
        inner = inner.value_type
    if _is(inner, _TEXTS):
        return Kind("text", tuple(axes))
    if _is(inner, ("is_boolean", "is_integer", "is_floating")):
        dtype = np.dtype(inner.to_pandas_dtype())
        return Kind(str(dtype), tuple(axes), dtype)
    words = (words for test, words in _REFUSED if _is(inner, (test,)))
    return Kind(str(inner), tuple(axes), refused=next(words, f"{inner}, which is not numbers"))


def decoded(column: Any, kind: Kind) -> np.ndarray:
    """An array of Arrow as one of NumPy; nulls become the mark of what is missing, or are refused.

    Raises:
        FaultError: nulls, or lists of several lengths.
    """
    flat, per_row = _flat(column, kind.axes, missing=kind.missing)
    if flat.null_count:
        flat = _with_holes(flat, kind)
    elif hasattr(flat, "dictionary"):
        flat = _looked_up(flat, kind, per_row)
    else:
        flat = as_numpy(flat)
    array: np.ndarray = np.asarray(flat, kind.dtype).reshape(len(column), *kind.row)
    return array


def _with_holes(flat: Any, kind: Kind) -> np.ndarray:
    """Values of which some are null."""
    assert kind.dtype is not None
    flat = flat.dictionary_decode() if hasattr(flat, "dictionary") else flat
    present = as_numpy(flat.is_valid())
    found = np.full(len(flat), mark(kind.dtype), kind.dtype)
    found[present] = as_numpy(flat.drop_null())
    return found


def _looked_up(flat: Any, kind: Kind, per_row: int) -> np.ndarray:
    """Values that are kept apart, and named by their place."""
    if flat.dictionary.null_count:
        _refuse_nulls(flat.dictionary_decode(), per_row)
    values = as_numpy(flat.dictionary)
    if not len(values):
        return np.empty(0, kind.dtype)
    found: np.ndarray = np.asarray(values, kind.dtype)[as_numpy(flat.indices)]
    return found


def _flat(column: Any, axes: tuple[int | None, ...], *, missing: bool = False) -> tuple[Any, int]:
    """The values of lists in lists, and how many of them make a row."""
    per_row = 1
    for length in axes:
        column = _stored(column)
        _refuse_nulls(column, per_row)
        lengths = as_numpy(column.value_lengths())
        wrong = np.flatnonzero(lengths != length)
        if wrong.size:
            what = f"has {lengths[wrong[0]]} values where row 1 has {length}"
            raise FaultError("ragged", what, wrong // per_row)
        column, per_row = column.flatten(), per_row * (length or 0)
        if not per_row:
            break
    column = _stored(column)
    if not missing:
        _refuse_nulls(column, max(per_row, 1))
    return _text(column), per_row


def _text(column: Any) -> Any:
    """Views of text, as polars writes them, as the text itself: more can be done with that."""
    pa = import_module("pyarrow")
    return column.cast(pa.large_string()) if _is(column.type, ("is_string_view",)) else column


def _refuse_nulls(column: Any, per_row: int) -> None:
    if column.null_count:
        nulls = np.flatnonzero(~as_numpy(column.is_valid()))
        where = "the value" if per_row == 1 else "a value of the list"
        raise FaultError("null", f"{where} is null", nulls // per_row)


def _stored(column: Any) -> Any:
    """What an extension of Arrow's types keeps its values in."""
    return column.storage if hasattr(column, "storage") else column


def _plain(type_: Any) -> Any:
    return type_.storage_type if hasattr(type_, "storage_type") else type_


def _is(type_: Any, tests: Iterable[str]) -> bool:
    """Whether one of pyarrow's tests holds; older versions lack some of them."""
    pa = import_module("pyarrow")

    return any(getattr(pa.types, test, lambda _: False)(type_) for test in tests)
