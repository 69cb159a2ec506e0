"""Plain numbers of many cells at once: whole numbers, and digits with a point among them.

The points are left out, all cells are read as whole numbers, and what had a point is divided by a
power of ten. That takes half the time of reading floats, and is as exact: the quotient of two whole
numbers that floats hold without rounding is rounded once (Clinger, 1990).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["columns"]

_POINT, _ZERO, _MINUS, _UPPER, _LOWER = b".0-Ee"
_EXACT = 2**53  # so far floats hold all whole numbers
_POWERS = 22, 27  # of ten, which floats and extended floats hold
_LONGEST_WHOLE = 18  # digits that any int64 has room for
_FEW = 16  # one cell in so many may have to be read otherwise
_BEYOND, _HALF = 0x7FF, 0x400  # the bits of an extended float that a float has not


def columns(
    piece: bytes,
    starts: np.ndarray,
    ends: np.ndarray,
    delimiter: int,
    read: Callable[[bytes], np.ndarray],
    *,
    extended: bool,
) -> list[np.ndarray] | None:
    """Each column as int64 or float64; None if some cell takes a closer look.

    Args:
        piece: Cells, delimiters, line breaks and blanks.
        starts: Where each cell begins: rows by columns.
        ends: Where it ends.
        delimiter: One ASCII character.
        read: Reads whole numbers between blanks; fewer than there are if one is none.
        extended: Extended floats can be had, of 64 bits.
    """
    filled, others = _without_exponents(piece, starts, ends)
    rest = bytes(filled).translate(_blanks(delimiter), b".")
    if others is None:
        return None
    digits = read(rest)
    if digits.size != ends.size:
        return None
    table = digits.reshape(ends.shape).T.copy()
    points = np.flatnonzero(np.frombuffer(filled, np.uint8) == _POINT)
    with_point = [
        _POINT in filled[start:end] for start, end in zip(starts[0], ends[0], strict=True)
    ]
    if len(points) != len(ends) * sum(with_point):
        return None
    parted = iter(points.reshape(len(ends), -1).T)
    found: list[np.ndarray] = []
    for at, whole in enumerate(table):
        first, after = starts[:, at], ends[:, at]
        odd = (others // len(table))[others % len(table) == at]
        values = (
            _fractions(piece, whole, first, after, next(parted), odd, extended=extended)
            if with_point[at]
            else _whole(piece, whole, first, after, odd)
        )
        if values is None:
            return None
        found.append(values)
    return found


def _whole(
    piece: bytes, whole: np.ndarray, first: np.ndarray, after: np.ndarray, odd: np.ndarray
) -> np.ndarray | None:
    """A column without points."""
    if len(odd) or (after - first).max() > _LONGEST_WHOLE:
        return None
    return None if len(_negative(piece, whole, first)) else whole  # -0 is a float


def _fractions(
    piece: bytes,
    digits: np.ndarray,
    first: np.ndarray,
    after: np.ndarray,
    points: np.ndarray,
    odd: np.ndarray,
    *,
    extended: bool,
) -> np.ndarray | None:
    """A column with points, as Python's ``float`` has it."""
    if not ((first <= points) & (points < after)).all():
        return None
    places = after - points - 1
    size = np.abs(digits)
    wide = extended and bool(size.max() > _EXACT)
    again = (size >= 10**_LONGEST_WHOLE if wide else size > _EXACT) | (places > _POWERS[wide])
    again[odd] = again[_negative(piece, digits, first)] = True
    powers = _powers(extended=wide)
    exact = digits.astype(powers.dtype) / powers[np.minimum(places, _POWERS[wide])]
    if wide:  # to round once more is as good as once, but for those halfway between two floats
        again |= exact.view(np.uint64)[::2] & _BEYOND == _HALF
    rows = np.flatnonzero(again)
    if len(rows) > len(again) // _FEW:
        return None
    numbers = exact.astype(np.float64)
    cells = zip(first[rows].tolist(), after[rows].tolist(), strict=True)
    try:
        numbers[rows] = [float(piece[start:end]) for start, end in cells]
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _negative(piece: bytes, digits: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The zeros with a minus, which whole numbers lose."""
    zeros = np.flatnonzero(digits == 0)
    found: np.ndarray = zeros[np.frombuffer(piece, np.uint8)[first[zeros]] == _MINUS]
    return found


def _without_exponents(
    piece: bytes, starts: np.ndarray, ends: np.ndarray
) -> tuple[bytes | bytearray, np.ndarray | None]:
    """A piece with 0.00 in place of cells with exponents, and their places; None if many."""
    none = np.empty(0, np.int64)
    if b"e" not in piece and b"E" not in piece:
        return piece, none
    text = np.frombuffer(piece, np.uint8)
    letters = np.flatnonzero((text == _LOWER) | (text == _UPPER))
    if len(letters) > ends.size // _FEW:
        return piece, None
    first, after = starts.reshape(-1), ends.reshape(-1)
    found = np.searchsorted(after, letters)
    filled = bytearray(piece)
    for start, end in zip(first[found].tolist(), after[found].tolist(), strict=True):
        if end - start < 3:
            return piece, None
        filled[start:end] = b"0." + b"0" * (end - start - 2)
    return filled, found


@cache
def _blanks(delimiter: int) -> bytes:
    """Blanks for what divides cells, and a letter for what is in no number."""
    table = bytearray(b"x") * 256
    for letter in b"0123456789+-":
        table[letter] = letter
    for letter in (*b" \n", delimiter):
        table[letter] = ord(" ")
    return bytes(table)


@cache
def _powers(*, extended: bool) -> np.ndarray:
    """The powers of ten that floats hold without rounding."""
    dtype = np.longdouble if extended else np.float64
    powers: np.ndarray = np.cumprod(np.array([1] + [10] * _POWERS[extended], dtype))
    return powers
