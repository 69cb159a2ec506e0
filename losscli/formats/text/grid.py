"""The cells of plain text, found and converted many at a time.

Where cells begin and end is seen from the bytes of all lines at once; numbers are converted by
libraries, a column at a time, and only cells that look odd become Python's strings. The outcome
is that of :func:`losscli.formats.text.cells.part`, cell by cell.
"""

from __future__ import annotations

import csv
import sys
from functools import cache, cached_property
from typing import TYPE_CHECKING

from losscli.formats.quiet import quietly
from losscli.formats.text.cells import Part, part
from losscli.formats.text.decimals import columns
from losscli.formats.text.ids import id_part, lengths
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Grid", "grid"]

# What the bytes of a cell can be: of a cell, the sum of its bytes.
_DIGIT, _SIGN, _POINT, _SPACE, _ODD = 1, 2, 4, 8, 16
_NEWLINE, _BLANK, _ZERO = b"\n 0"
_PLAIN = b"0123456789+-.eE\n"
_LONGEST_WHOLE = 18  # digits that any int64 has room for
_SMALLEST = sys.float_info.min  # smaller floats have fewer bits
_BEYOND, _HALF = 0x7FF, 0x400  # the bits of an extended float that a float has not
_PATIENCE = 20  # surprises, after which cells are looked at one by one
_KNOWN = [0xCCCCCCCCCCCCCCCD, 0x8000000000000400, 0x93445B8731587EA3]


def grid(piece: bytes, delimiter: int, width: int, *, missing: bool = False) -> Grid | None:
    """The cells of a piece, or None if some line has not as many as it must, or is blank."""
    text = np.frombuffer(piece, np.uint8)
    found = np.flatnonzero((text == delimiter) | (text == _NEWLINE))
    if len(found) % width:
        return None
    ends: np.ndarray = found.reshape(-1, width)
    marks = text[ends]
    if (marks[:, -1] != _NEWLINE).any() or (marks[:, :-1] != delimiter).any():
        return None
    cells = Grid(piece, text, ends, delimiter, missing=missing)
    if cells.lengths.max() > csv.field_size_limit() or (width == 1 and cells.has_blank):
        return None
    return cells


class Grid:
    """The cells of a plain piece: rows by columns."""

    def __init__(
        self,
        piece: bytes,
        text: np.ndarray,
        ends: np.ndarray,
        delimiter: int,
        *,
        missing: bool = False,
    ) -> None:
        self._piece = piece
        self._missing = missing
        self._patience = _PATIENCE
        self._text = text
        self._ends = ends
        self._delimiter = delimiter
        self._starts = np.empty_like(ends)
        self._starts.flat[0] = 0
        self._starts.reshape(-1)[1:] = ends.reshape(-1)[:-1] + 1
        self.lengths = ends - self._starts
        self._is_plain = not piece.translate(None, _PLAIN + bytes([delimiter]))

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def has_blank(self) -> bool:
        """Whether a cell is nothing but blanks."""
        if self._is_plain:
            return bool(self.lengths.min() == 0)
        doubtful = np.nonzero(self._looks & (_DIGIT | _SIGN | _POINT) == 0)
        places = zip(*doubtful, strict=True)
        return not all(self._bytes(*place).decode().strip() for place in places)

    def parts(self, wanted: tuple[int, ...], ids: tuple[int, ...] = ()) -> tuple[Part, ...]:
        """What some columns hold; ids are kept as they are written."""
        found = self._quickly(wanted)
        if found is None:
            found = self._carefully([column for column in wanted if column not in ids])
        return tuple(
            self._ids(column, found.get(column))
            if column in ids
            else Part(found[column])
            if column in found
            else part(self._strings(column), missing=self._missing)
            for column in wanted
        )

    def _ids(self, column: int, found: np.ndarray | None) -> Part:
        """Ids as they are written; they may have been read as numbers already."""
        if found is None:
            looks = int(np.bitwise_or.reduce(self._looks[:, column]))
            plain = not looks & (_POINT | _SPACE | _ODD)
            found = (self._whole([column]) or {}).get(column) if plain else None
        if (
            found is not None
            and found.dtype == np.int64
            and (lengths(found) == self.lengths[:, column]).all()
        ):
            return Part(found)
        return id_part(self._strings(column))

    def _quickly(self, wanted: Sequence[int]) -> dict[int, np.ndarray] | None:
        """Columns of plain numbers; None if there are others."""
        taken = sorted(wanted)
        if not taken:
            return {}
        if self._delimiter != _BLANK and b" " in self._piece:  # it would divide a cell
            return None
        if 2 * len(taken) < self._ends.shape[1]:
            piece = self._blanked(self._all_of(taken)).tobytes()
        else:
            piece, taken = self._piece, [*range(self._ends.shape[1])]
        found = columns(
            piece,
            self._starts[:, taken],
            self._ends[:, taken],
            self._delimiter,
            lambda text: _numbers(text, np.int64),
            extended=_extended(),
        )
        return None if found is None else dict(zip(taken, found, strict=True))

    def _carefully(self, wanted: Sequence[int]) -> dict[int, np.ndarray]:
        """The columns that are numbers, as far as that is seen without Python's strings."""
        looks = np.bitwise_or.reduce(self._looks, axis=0).tolist()
        floats = [column for column in wanted if self._is_float(column, looks[column])]
        whole = [column for column in wanted if not looks[column] & (_POINT | _ODD)]
        return {**self._bisected(floats, self._floats), **self._bisected(whole, self._whole)}

    def _bisected(
        self,
        columns: list[int],
        convert: Callable[[list[int]], dict[int, np.ndarray] | None],
    ) -> dict[int, np.ndarray]:
        """Many columns at once; one that is not what it seems must not hold up all others."""
        found = convert(columns) if columns else {}
        if found is None:
            self._patience -= 1
            if len(columns) == 1 or not self._patience:
                return {}
            half = len(columns) // 2
            found = self._bisected(columns[:half], convert)
            found.update(self._bisected(columns[half:], convert) if self._patience else {})
        return found

    @cached_property
    def _looks(self) -> np.ndarray:
        """What each cell is made of."""
        looks = np.frombuffer(self._piece.translate(_looks(self._delimiter)), np.uint8)
        cells: np.ndarray = np.bitwise_or.reduceat(looks, self._starts.reshape(-1))
        return cells.reshape(self._starts.shape)

    def _bytes(self, row: int, column: int) -> bytes:
        return self._piece[self._starts[row, column] : self._ends[row, column]]

    def _strings(self, column: int) -> list[str]:
        piece = self._piece
        places = zip(self._starts[:, column].tolist(), self._ends[:, column].tolist(), strict=True)
        return [piece[start:end].decode() for start, end in places]

    def _digits(self, column: int) -> np.ndarray | None:
        """A column of single digits, such as labels are."""
        lengths = self.lengths[:, column]
        if lengths.max() != 1 or lengths.min() != 1:
            return None
        digits: np.ndarray = self._text[self._starts[:, column]] - _ZERO
        return None if digits.max() > 9 else digits.astype(np.int64)

    def _is_float(self, column: int, look: int) -> bool:
        """Whether a column has fractions, and few cells that need a closer look."""
        if not look & _POINT:
            return False
        odd = np.count_nonzero(self._odd(column)) if look & _ODD else 0
        return bool(odd <= len(self) // 4)

    def _odd(self, column: int) -> np.ndarray:
        """The cells that are more, or less, than digits, signs, points and blanks."""
        looks = self._looks[:, column]
        odd: np.ndarray = (looks & _ODD != 0) | (looks & _DIGIT == 0)
        return odd

    def _floats(self, columns: list[int]) -> dict[int, np.ndarray] | None:
        """Columns with fractions; those with words are left out."""
        odd = {column: self._odd(column) for column in columns}
        taken = self._all_of(columns)
        for column in columns:
            taken[:, column] = ~odd[column]
        numbers = self._fractions(taken)
        if numbers is None:
            return None
        together = np.empty(taken.shape)
        together[taken] = numbers
        found = {}
        for column in columns:
            values = together[:, column].copy()
            rows = np.flatnonzero(odd[column]).tolist()
            cells = [self._bytes(row, column).decode() for row in rows]
            if cells:
                others = part(cells, missing=self._missing)
                if others.wrong or others.values is None:
                    continue
                values[rows] = others.values
            found[column] = values
        return found

    def _whole(self, columns: list[int]) -> dict[int, np.ndarray] | None:
        """Columns of digits and signs."""
        digits = {column: self._digits(column) for column in columns}
        found = {column: values for column, values in digits.items() if values is not None}
        longer = [column for column in columns if column not in found]
        looks = self._looks[:, longer]
        if not longer:
            return found
        if self.lengths[:, longer].max() > _LONGEST_WHOLE or not (looks & _DIGIT).all():
            return None
        numbers = self._read(self._all_of(longer), np.int64)
        if numbers is None:
            return None
        table = numbers.reshape(looks.shape)
        if ((table == 0) & (looks & _SIGN != 0)).any():  # -0 is a float
            return None
        found.update(zip(longer, table.T.copy(), strict=True))
        return found

    def _all_of(self, columns: list[int]) -> np.ndarray:
        taken = np.zeros(self._ends.shape, np.bool_)
        taken[:, columns] = True
        return taken

    def _fractions(self, taken: np.ndarray) -> np.ndarray | None:
        """The floats in some cells, as Python's ``float`` has them; None if it has not all.

        The C library reads extended floats in less than half the time, and rounds rightly. To
        round once more is as good as rounding once, but for those halfway between two floats.
        """
        if not taken.any():
            return np.empty(0)
        wide = self._read(taken, np.longdouble if _extended() else np.float64)
        if wide is None:
            return None
        with np.errstate(over="ignore"):
            numbers = wide.astype(np.float64)
        if not np.isfinite(numbers).all():  # too large: it is told of the cell
            return None
        if wide.dtype != numbers.dtype:
            again = wide.view(np.uint64)[::2] & _BEYOND == _HALF
            small = np.abs(numbers) <= _SMALLEST
            if small.any():
                again |= small & (wide != 0)
            self._again(numbers, taken, again)
        return numbers

    def _again(self, numbers: np.ndarray, taken: np.ndarray, again: np.ndarray) -> None:
        """Have Python convert some of the numbers."""
        places = np.flatnonzero(taken)[again]
        starts, ends = self._starts.reshape(-1)[places], self._ends.reshape(-1)[places]
        cells = zip(starts.tolist(), ends.tolist(), strict=True)
        numbers[again] = [float(self._piece[start:end]) for start, end in cells]

    def _read(self, taken: np.ndarray, dtype: type[np.generic]) -> np.ndarray | None:
        """The numbers in some cells; None if one of them is no number."""
        count = np.count_nonzero(taken)
        text = self._blanked(taken)
        if not self._is_plain and _words(text) != count:
            return None
        numbers = _numbers(text.tobytes(), dtype)
        return numbers if len(numbers) == count else None

    def _blanked(self, taken: np.ndarray) -> np.ndarray:
        """The text, with blanks for what divides cells, and for those that are not taken."""
        if (~taken & (self.lengths > 1)).any():
            kept = np.repeat(taken.reshape(-1), self.lengths.reshape(-1) + 1)
            text = np.where(kept, self._text, np.uint8(_BLANK))
        else:
            text = self._text.copy()
            text[self._starts[~taken]] = _BLANK
        text[self._ends.reshape(-1)] = _BLANK
        return text


@cache
def _extended() -> bool:
    """Whether extended floats have 64 bits of which the last eleven are of no float.

    >>> np.finfo(np.longdouble).nmant != 63 or _extended()
    True
    """
    form = np.finfo(np.longdouble)
    if form.nmant != 63 or np.dtype(np.longdouble).itemsize != 16 or sys.byteorder != "little":
        return False
    found = _numbers(b"0.1 9007199254740993 1e-310", np.longdouble)
    return len(found) == 3 and found.view(np.uint64)[::2].tolist() == _KNOWN


def _words(text: np.ndarray) -> int:
    """How many words stand between blanks."""
    black = text != _BLANK
    return int(black[0]) + int(np.count_nonzero(black[1:] & ~black[:-1]))


def _numbers(text: bytes, dtype: type[np.generic]) -> np.ndarray:
    """The numbers between blanks; fewer than there are words if one of them is no number.

    NumPy stops behind the last digit that it understands. The number that is put at the end is
    reached only if every word was understood to its end.
    """
    with quietly(DeprecationWarning):
        try:
            return np.fromstring(text + b" 0", dtype, sep=" ")[:-1]
        except ValueError:  # what is a warning today
            return np.empty(0, dtype)


def _looks(delimiter: int) -> bytes:
    """What each byte can be part of; delimiters and line breaks are nothing."""
    table = bytearray([_ODD]) * 256
    for letters, look in ((b"0123456789", _DIGIT), (b"+-", _SIGN), (b".eE", _POINT)):
        for letter in letters:
            table[letter] = look
    table[ord(" ")] = _SPACE
    table[_NEWLINE] = table[delimiter] = 0
    return bytes(table)
