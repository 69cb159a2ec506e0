"""Nested lists as arrays, strictly: as regular as a table, and of one kind throughout."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, such
from losscli.formats.missing import NUMBER, OMIT, mark
from losscli.formats.text.cells import LONGEST_NAME, shown
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NON_FINITE", "TooLarge", "described", "such", "to_array"]

_DEEPEST = 32  # axes of an array in NumPy 1
NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
"""Numbers that JSON lacks, as they are written in strings."""


@record
class TooLarge:
    """A number that no float can hold."""

    digits: str


def to_array(
    value: object, label: str, *, inside: str = "", words: bool = False, missing: bool = False
) -> np.ndarray:
    """An array of bool, int64, float64 or text.

    Args:
        value: Nested lists of bools, numbers or strings; or one of those.
        label: What messages call it.
        inside: What follows the first index in the paths of messages: ".label".
        words: Strings are text, even where all of them name numbers that JSON lacks.
        missing: None among numbers, bools or strings is a value that is missing.

    Raises:
        DataError: ragged lists, or values of several kinds; with the path of the first.

    >>> to_array([[1, 2], [3, "NaN"]], "y.json")
    array([[ 1.,  2.], [ 3., nan]])
    """
    shape: list[int] = []
    leaves = [value]

    def path(place: int) -> str:
        index = [str(int(i)) for i in np.unravel_index(place, shape)] if shape else []
        steps = [f"[{i}]" for i in index]
        return "".join([*steps[:1], inside if steps else "", *steps[1:]])

    while leaves and any(issubclass(kind, (list, tuple)) for kind in set(map(type, leaves))):
        _check_regular(leaves, label, path)
        shape.append(len(leaves[0]))  # type: ignore[arg-type]  # all of them are lists
        leaves = list(chain.from_iterable(leaves))  # type: ignore[arg-type]
        if len(shape) > _DEEPEST:
            raise DataError(f"{label} is nested too deep")
    if missing and None in leaves:
        return _with_holes(leaves, label, path, words=words).reshape(shape)
    return _convert(leaves, label, path, words=words).reshape(shape)


def _with_holes(
    leaves: list[Any], label: str, path: Callable[[int], str], *, words: bool
) -> np.ndarray:
    """As without what is missing, and a mark in its place."""
    places = [place for place, leaf in enumerate(leaves) if leaf is not None]
    if not places:
        return np.full(len(leaves), NUMBER)
    rest = _convert(
        [leaves[place] for place in places],
        label,
        lambda place: path(places[place]),
        words=words,
    )
    dtype = rest.dtype if rest.dtype.kind == "U" else np.dtype(np.float64)
    values = np.full(len(leaves), mark(dtype), dtype)
    values[places] = rest
    return values


def _check_regular(items: list[Any], label: str, path: Callable[[int], str]) -> None:
    with suppress(TypeError):
        if len(set(map(len, items))) == 1 and set(map(type, items)) <= {list, tuple}:
            return
    lengths = [len(item) if isinstance(item, (list, tuple)) else -1 for item in items]
    if len(set(lengths)) == 1:
        return
    usual = lengths[0] if lengths[0] >= 0 else max(lengths)
    place = next(i for i, length in enumerate(lengths) if length != usual)
    first = path(lengths.index(usual))
    has = f"has {lengths[place]} values" if lengths[place] >= 0 else "is no list"
    count = sum(length != usual for length in lengths)
    raise DataError(
        f"{label}, {path(place)}: {has} where {first} has {usual} ({such(count, 'list')})"
    )


def _convert(
    leaves: list[Any], label: str, path: Callable[[int], str], *, words: bool
) -> np.ndarray:
    kinds = set(map(type, leaves))
    if any(issubclass(kind, np.generic) for kind in kinds):
        leaves = [leaf.item() if isinstance(leaf, np.generic) else leaf for leaf in leaves]
        kinds = set(map(type, leaves))
    if kinds == {bool}:
        return np.array(leaves, np.bool_)
    if kinds == {str} and (words or not NON_FINITE.keys() >= set(leaves)):
        return _names(leaves, label, path)
    if str in kinds:
        leaves = [NON_FINITE.get(leaf, leaf) if type(leaf) is str else leaf for leaf in leaves]
        kinds = set(map(type, leaves))
    if kinds == {int}:
        try:
            return np.array(leaves, np.int64)
        except OverflowError:
            pass
    if kinds <= {int, float}:
        try:
            return np.array(leaves, np.float64)
        except OverflowError:
            leaves = [_float_or_mark(leaf) for leaf in leaves]
    raise _not_numbers(leaves, label, path)


def _names(texts: list[str], label: str, path: Callable[[int], str]) -> np.ndarray:
    """An array of text, which is as wide as its longest."""
    long = [place for place, text in enumerate(texts) if len(text) > LONGEST_NAME]
    if long:
        what = f"{shown(texts[long[0]])} is too long for a name ({such(len(long), 'value')})"
        raise DataError(f"{label}, {path(long[0])}: {what}")
    return np.array(texts)


def _float_or_mark(value: float) -> float | TooLarge:
    try:
        return float(value)
    except OverflowError:
        return TooLarge(str(value) if abs(value) < 10**4000 else "an integer")


def _not_numbers(leaves: list[Any], label: str, path: Callable[[int], str]) -> DataError:
    place = next(i for i, leaf in enumerate(leaves) if type(leaf) not in (int, float))
    kind = type(leaves[place])
    count = sum(type(leaf) is kind for leaf in leaves)
    what = f"{described(leaves[place])} ({such(count, 'value')})"
    where = path(place)
    hint = OMIT if leaves[place] is None else ""
    return DataError(f"{label}, {where}: {what}" if where else f"{label}: {what}", hint=hint)


def described(value: object) -> str:
    if isinstance(value, TooLarge):
        return f"{value.digits[:40]} is too large for a 64-bit number"
    if isinstance(value, dict):
        return "an object is not a number"
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else shown(str(value))
    return f"{text} is not a number"
