"""Which rows of a file have the values that were asked for."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.formats.base import Field
    from losscli.picking.asked import Where

__all__ = ["holds", "values"]

_BLOCK = 2**16
_SHOWN = 8
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def holds(field: Field, where: Where) -> np.ndarray:
    """Which rows of a column have a value: numbers compare as numbers, text as text.

    Raises:
        DataError: the column holds numbers and the value is none, or it holds arrays.
    """
    if not field.shape or prod(field.shape[1:]) != 1:
        raise DataError(f"--where {where}: {field.label} has shape {field.shape}", code="where")
    value = _value(field, where)
    found = np.empty(field.shape[0], bool)
    for start in range(0, len(found), _BLOCK):
        rows = field.rows(start, min(start + _BLOCK, len(found))).reshape(-1)
        found[start : start + len(rows)] = rows == value
    return found


def _value(field: Field, where: Where) -> str | float | int | bool:
    if field.dtype.kind == "U":
        return where.value
    try:
        if field.dtype.kind == "b":
            return _TRUTHS[where.value.lower()]
        return _number(where.value)
    except (KeyError, ValueError):
        what = "true and false" if field.dtype.kind == "b" else "numbers"
        raise DataError(
            f"--where {where}: {field.label} holds {what}, not {where.value!r}", code="where"
        ) from None


def _number(word: str) -> float | int:
    """A number, whole if it can be: no float has all digits of a long id."""
    try:
        return int(word)
    except ValueError:
        return float(word)


def values(field: Field) -> str:
    """Some values of a column, for the message that none of them was asked for."""
    seen: dict[str, None] = {}
    for start in range(0, field.shape[0], _BLOCK):
        rows = field.rows(start, min(start + _BLOCK, field.shape[0])).reshape(-1)
        seen.update(dict.fromkeys(map(repr, np.unique(rows).tolist())))
        if len(seen) > _SHOWN:
            break
    more = ", …" if len(seen) > _SHOWN else ""
    return ", ".join([*seen][:_SHOWN]) + more
