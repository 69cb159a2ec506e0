"""A part of an array along one axis behind the rows."""

from __future__ import annotations

from losscli.formats.base import Field
from losscli.lazy import np

__all__ = ["Cut"]


class Cut(Field):
    """Some positions of each row of a field; messages give the places in the whole of it.

    Args:
        whole: The field.
        axis: Which axis, counted with the rows as axis 0.
        start: The first position that is taken.
        stop: The one after the last.
    """

    def __init__(self, whole: Field, axis: int, start: int, stop: int) -> None:
        self._whole, self._axis, self._span = whole, axis, slice(start, stop)
        self.path, self.key, self.name = whole.path, whole.key, whole.name
        self.dtype, self.notes, self.files = whole.dtype, whole.notes, whole.files
        self.shape = (*whole.shape[:axis], stop - start, *whole.shape[axis + 1 :])

    def rows(self, start: int, stop: int) -> np.ndarray:
        taken = (*(slice(None) for _ in range(self._axis)), self._span)
        return np.ascontiguousarray(self._whole.rows(start, stop)[taken])

    def filled(self, rows: np.ndarray) -> np.ndarray:
        """What goes with rows of it, as it goes with the whole of them: 0 for what was cut off."""
        rows = rows.reshape(-1, *self.shape[1:])
        found = np.zeros((len(rows), *self._whole.shape[1:]), rows.dtype)
        found[(*(slice(None) for _ in range(self._axis)), self._span)] = rows
        return found

    def place(self, index: tuple[int, ...]) -> str:
        at = [*index]
        if len(at) > self._axis:  # else it is a whole row
            at[self._axis] += self._span.start
        return self._whole.place(tuple(at))
