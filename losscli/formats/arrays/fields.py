"""Fields over arrays that are in memory or mapped, and what every array must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrays.rows import Rows
from losscli.formats.base import Field, Listing, Source
from losscli.formats.keys import choose, chosen_or_none, unknown
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from losscli.lazy import Tensor

__all__ = ["ArrayField", "ArraySource", "ColumnsField", "check_dtype"]

_REFUSED = {
    "O": "Python objects, which are never unpickled: save it again with a number dtype, "
    "as in np.save(file, array.astype(float))",
    "c": "complex numbers: save the real part, the imaginary part or the magnitude",
    "M": "dates: save numbers",
    "m": "time differences: save numbers, as in array.astype(float)",
    "V": "records: choose fields of numbers",
    "S": "bytes: save text with array.astype(str)",
    "f": "extended floats, which no kernel computes: save array.astype(float)",
}


def check_dtype(dtype: np.dtype[np.generic], label: str) -> np.dtype[np.generic]:
    """The dtype in native byte order, if losses can be computed from it."""
    plain = dtype.kind in "biuU" or (dtype.kind == "f" and dtype.itemsize <= 8)
    if plain:
        return dtype.newbyteorder("=")
    raise DataError(f"{label} holds {_REFUSED.get(dtype.kind, f'{dtype}, which is not numbers')}")


class ArrayField(Field):
    """Rows of one array, copied a piece at a time only if they must be."""

    def __init__(
        self,
        array: np.ndarray,
        path: str | None = None,
        key: str | None = None,
        *,
        pick: list[int] | None = None,
        columns: tuple[str, ...] | None = None,
        name: str = "",
    ) -> None:
        self.path = path
        self.key = key
        self.dtype = check_dtype(array.dtype, name or self.label)
        self.columns = columns
        self._array = array
        self._pick = pick[0] if pick and len(pick) == 1 else pick
        wide = () if isinstance(self._pick, int) else (len(self._pick or ()),)
        self.shape = array.shape if self._pick is None else (len(array), *wide)

    def rows(self, start: int, stop: int) -> np.ndarray:
        piece = self._array[start:stop] if self.shape else self._array
        if self._pick is not None:
            piece = piece[:, self._pick]
        return np.asarray(piece, dtype=self.dtype, order="C")

    def tensor(self) -> Tensor:
        array: Any = self._array
        whole = self._pick is None and isinstance(array, Rows)
        return array.tensor() if whole else super().tensor()


class ColumnsField(Field):
    """Columns of a table: one as (N,), several side by side as (N, C)."""

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        names: tuple[str, ...] | None,
        path: str | None,
        key: str | None,
        *,
        line: Callable[[int], int | None] = lambda _: None,
        notes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.path = path
        self.key = key
        self.columns = names
        self.notes = notes
        dtypes = [check_dtype(array.dtype, self.label) for array in arrays]
        self.dtype = np.result_type(*dtypes)
        self.shape = arrays[0].shape if len(arrays) == 1 else (len(arrays[0]), len(arrays))
        self._arrays = arrays
        self._line = line

    def rows(self, start: int, stop: int) -> np.ndarray:
        pieces = [array[start:stop] for array in self._arrays]
        if len(pieces) == 1:
            return np.asarray(pieces[0], dtype=self.dtype, order="C")
        together = np.empty((len(pieces[0]), len(pieces)), self.dtype)
        for column, piece in enumerate(pieces):
            together[:, column] = piece
        return together

    def place(self, index: tuple[int, ...]) -> str:
        where = super().place(index)
        line = self._line(index[0])
        row = f"row {index[0] + 1}"
        return where if line is None else where.replace(row, f"{row} (line {line})", 1)


class ArraySource(Source):
    """One array without names: a key names columns of it, if it has two axes."""

    def __init__(
        self,
        array: np.ndarray,
        path: str | None,
        key: str | None = None,
        *,
        columns: tuple[str, ...] | None = None,
    ) -> None:
        self.path = path
        self._array = array
        self._names = columns
        self._whole = ArrayField(array, path, key, columns=columns)

    def listing(self) -> list[Listing]:
        return [Listing(self._whole.key or "", self._array.shape, str(self._whole.dtype))]

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        count = self._array.shape[1] if self._array.ndim == 2 else 0
        if key is not None:
            pick = choose(key, self._names, count)
            if pick is None:
                kind = "column" if count else "key"
                raise unknown(self._whole.label, key, self.listing(), kind)
            return self._picked(pick, key)
        left = [chosen_or_none(other, self._names, count) or [] for other in leave]
        gone = {column for columns in left for column in columns}
        if not gone:
            return self._whole
        pick = [column for column in range(count) if column not in gone]
        if not pick:
            raise DataError(f"{self._whole.label}: the other inputs leave no column of it")
        return self._picked(pick, None)

    def _picked(self, pick: list[int], key: str | None) -> Field:
        names = None if self._names is None else tuple(self._names[column] for column in pick)
        return ArrayField(self._array, self.path, key, pick=pick, columns=names)
