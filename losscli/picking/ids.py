"""Ids of rows: whole numbers or text, in one column or in several that are one id together."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.missing import TEXT
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from losscli.formats.base import Field

__all__ = ["BLOCK", "Ids", "codes", "settled"]

BLOCK = 2**16
"""So many ids are looked at once."""

_EXACT = 2.0**53  # from here on floats skip whole numbers
_ROOM = 2**62
_SHOWN = 60


class Ids:
    """The ids of one file.

    Args:
        columns: One field each, of one axis and the same length.
        label: The file, in messages.
    """

    def __init__(self, columns: Sequence[Field], label: str) -> None:
        self.label = label
        self.columns = columns
        self.text = tuple(column.dtype.kind == "U" for column in columns)
        for column in columns:
            if prod(column.shape[1:]) != 1 or not column.shape:
                raise DataError(
                    f"{column.label} has shape {column.shape}, and there is one id for each row",
                    code="key",
                )
            if column.shape[0] != len(self):
                raise DataError(
                    f"{column.label} has {column.shape[0]:,} rows, and {columns[0].label} has "
                    f"{len(self):,}: they are parts of one id",
                    code="key",
                )

    def __len__(self) -> int:
        return self.columns[0].shape[0]

    @property
    def size(self) -> int:
        """The bytes of an id, about."""
        return sum(max(column.dtype.itemsize, 8) for column in self.columns)

    def block(self, start: int, stop: int) -> list[np.ndarray]:
        """Some ids, column by column: int64, or text where the ids of any file are text.

        Raises:
            DataError: a value that is no id.
        """
        return [
            _whole_or_text(column, start, column.rows(start, stop).reshape(-1), text=text)
            for column, text in zip(self.columns, self.text, strict=True)
        ]

    def blocks(self) -> Iterator[tuple[int, list[np.ndarray]]]:
        """All ids in order, with the row of the first of each block."""
        for start in range(0, len(self), BLOCK):
            yield start, self.block(start, min(start + BLOCK, len(self)))

    def shown(self, row: int) -> str:
        """The id of a row, as messages show it."""
        parts = [array[0].item() for array in self.block(row, row + 1)]
        words = [repr(part[:_SHOWN]) if isinstance(part, str) else str(part) for part in parts]
        return words[0] if len(words) == 1 else f"({', '.join(words)})"

    def examples(self, rows: Sequence[int]) -> str:
        return ", ".join(map(self.shown, rows))


def settled(every: Sequence[Ids]) -> None:
    """Lets the ids of several files be compared: as text where those of any file are text."""
    text = tuple(any(column) for column in zip(*(ids.text for ids in every), strict=True))
    for ids in every:
        ids.text = text


def _whole_or_text(column: Field, start: int, values: np.ndarray, *, text: bool) -> np.ndarray:
    kind = values.dtype.kind
    if kind == "U":
        _refuse(column, start, values, (values == "") | (values == TEXT), "an id is empty")
        return values
    if kind == "f":
        _refuse(column, start, values, np.isnan(values), "an id is NaN")
        _refuse(
            column, start, values, values != np.trunc(values), "{} is no whole number, as ids are"
        )
        large = np.abs(values) >= _EXACT
        _refuse(column, start, values, large, "{} is too large: floats skip whole numbers there")
    elif kind == "u" and values.dtype.itemsize == 8:
        large = values > np.iinfo(np.int64).max
        _refuse(column, start, values, large, "{} is too large for a 64-bit number with a sign")
    whole = values.astype(np.int64, copy=False)
    return whole.astype(str) if text else whole


def _refuse(column: Field, start: int, values: np.ndarray, wrong: np.ndarray, what: str) -> None:
    if wrong.any():
        at = int(wrong.argmax())
        index = (start + at, *(0 for _ in column.shape[1:]))
        message = f"{column.label}, {column.place(index)}: {what.format(values[at])}"
        raise DataError(message, code="key")


def codes(left: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> tuple[Any, Any]:
    """One number for each id of two lots: equal for equal ids, and in the order of the ids.

    >>> import numpy as np
    >>> ours = [np.array([1, 1]), np.array(["a", "b"])]
    >>> [part.tolist() for part in codes(ours, [one[1:] for one in ours])]
    [[0, 1], [1]]
    """
    words = [word for pair in zip(left, right, strict=True) for word in _words(*pair)]
    if len(words) == 1:
        return words[0]
    size, found = 1, np.zeros(len(left[0]) + len(right[0]), np.int64)
    for ours, theirs in words:
        values, ranks = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
        if size * len(values) >= _ROOM:
            before, found = np.unique(found, return_inverse=True)
            size = len(before)
        found = found * len(values) + ranks
        size *= max(len(values), 1)
    return found[: len(left[0])], found[len(left[0]) :]


def _words(left: np.ndarray, right: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers in the order of what they stand for; text of one byte a letter is eight letters."""
    if left.dtype.kind != "U":
        return [(left, right)]
    width = max(left.dtype.itemsize, right.dtype.itemsize) // 4
    letters = [
        np.ascontiguousarray(side, f"=U{width}").view(np.uint32).reshape(len(side), width)
        for side in (left, right)
    ]
    if any(side.size and side.max() > 255 for side in letters):
        both = np.unique(np.concatenate([left, right]), return_inverse=True)[1]
        return [(both[: len(left)], both[len(left) :])]
    ours, theirs = (_packed(side, width) for side in letters)
    return [(ours[:, at], theirs[:, at]) for at in range(ours.shape[1])]


def _packed(letters: np.ndarray, width: int) -> np.ndarray:
    filled = np.zeros((len(letters), -(-width // 8) * 8), np.uint8)
    filled[:, :width] = letters
    return np.asfortranarray(filled.view(">u8").astype(np.uint64))
