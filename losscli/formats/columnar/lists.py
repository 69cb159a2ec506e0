"""Columns of lists of several lengths."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrow import as_numpy
from losscli.formats.packed import HoleError, Packing, Runs
from losscli.lazy import np
from losscli.spool import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from losscli.formats.packed import Packed

__all__ = ["gathered"]


def gathered(
    columns: Iterable[Any],
    path: str | None,
    key: str | None,
    label: str,
    *,
    sizes: bool,
    missing: bool,
) -> Packed:
    """The innermost lists of a column.

    Args:
        columns: Its arrays of Arrow, in order.
        path: The file.
        key: The column, as it was typed.
        label: What messages call it.
        sizes: Text is taken for the bytes that it has in UTF-8.
        missing: A null is a value that is missing.

    Raises:
        DataError: nulls, but for the first value of a list, or values that are no numbers.
    """
    packing = Packing(Store())
    for column in columns:
        values, lengths, rows = _inner(column, label, packing.items)
        nulls = ~as_numpy(values.is_valid())
        if sizes and nulls.any():
            raise DataError(f"{label}: a text is null")
        numbers = _numbers(values, nulls, label, sizes=sizes)
        try:
            runs = Runs.of(numbers, nulls, lengths, rows, missing=missing)
        except HoleError as error:
            row = packing.items + int(rows[error.sequence]) + 1
            raise DataError(
                f"{label}, row {row}: value {error.at + 1} of the list is null",
                hint="only the first may be; --missing omit leaves it out",
            ) from None
        packing.add(runs, len(column))
    return packing.field(path, key, "row").noted()


def _inner(column: Any, label: str, before: int) -> tuple[Any, np.ndarray, np.ndarray]:
    """The values of the innermost lists, the length of each, and its row."""
    pa = import_module("pyarrow")
    rows, lengths = np.arange(len(column)), np.ones(len(column), np.int64)
    while hasattr(column, "value_lengths"):
        if column.null_count:
            row = int(rows[np.flatnonzero(~as_numpy(column.is_valid()))[0]])
            raise DataError(f"{label}, row {before + row + 1}: the list is null")
        lengths = as_numpy(column.value_lengths()).astype(np.int64)
        column = column.flatten()
        if pa.types.is_nested(column.type):
            rows = rows.repeat(lengths)
    return column, lengths, rows


def _numbers(values: Any, nulls: np.ndarray, label: str, *, sizes: bool) -> np.ndarray:
    pa, pc = import_module("pyarrow"), import_module("pyarrow.compute")
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        if not sizes:
            raise DataError(f"{label} holds text, and no numbers")
        values = pc.binary_length(values)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise DataError(f"{label} holds {values.type}, and no numbers")
    if not nulls.any():
        return as_numpy(values)
    kind = values.type.to_pandas_dtype()
    found = np.full(len(values), np.nan, kind if np.dtype(kind).kind == "f" else np.float64)
    found[~nulls] = as_numpy(values.drop_null())
    return found
