"""A field that is read once, and kept: the weights of a layer, which all rows are computed with."""

from __future__ import annotations

from threading import Lock

from losscli.formats.base import Field
from losscli.lazy import np
from losscli.memory import require

__all__ = ["Whole"]


class Whole(Field):
    """All of another field, which is read once and kept."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._lock = Lock()
        self._array: np.ndarray | None = None
        self.path, self.key, self.name = field.path, field.key, field.name
        self.shape, self.dtype, self.columns = field.shape, field.dtype, field.columns

    def rows(self, start: int, stop: int) -> np.ndarray:
        with self._lock:
            if self._array is None:
                size = int(np.prod(self.shape)) * self.dtype.itemsize
                require(2 * size, f"{self.label} is held whole")
                found = self._field.rows(0, self.shape[0])
                self._array = found if found.flags.writeable else found.copy()
        return self._array[start:stop]

    def place(self, index: tuple[int, ...]) -> str:
        return self._field.place(index)
