"""The mean of several predictions as one field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.base import Field
from losscli.formats.missing import mark, missing
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from losscli.ensembles.means import Members

__all__ = ["Averaged"]


class Averaged(Field):
    """The mean of fields of one shape, in the widest of their dtypes, and float32 at the least.

    Args:
        fields: The members.
        mean: How they are averaged: see :mod:`losscli.ensembles.means`.
        axis: That of their classes; None where each value is a probability by itself.

    Raises:
        DataError: their shapes differ, or the order of their classes.
    """

    path = key = None

    def __init__(
        self,
        fields: Sequence[Field],
        mean: Callable[[Members, int | None], np.ndarray],
        axis: int | None,
    ) -> None:
        first = fields[0]
        for other in fields[1:]:
            _refuse_others(first, other)
        self.shape, self.columns, self.files = first.shape, first.columns, first.files
        self.dtype = np.result_type(np.float32, *(one.dtype for one in fields))
        self.name = " + ".join(one.label for one in fields)
        self._fields, self._mean, self._axis = tuple(fields), mean, axis

    @property
    def label(self) -> str:
        return self.name

    def at(self, row: int) -> Field:
        if not self.uneven:
            return self
        return Averaged([one.at(row) for one in self._fields], self._mean, self._axis)

    def rows(self, start: int, stop: int) -> np.ndarray:
        read = [one.rows(start, stop) for one in self._fields]
        wide = [one.astype(np.float64, order="C") for one in read]
        with np.errstate(all="ignore"):  # infinite logits and probabilities of 0 are welcome
            found = self._mean(wide, self._axis).astype(self.dtype)
        for one in read:
            if (gaps := missing(one)) is not None:
                found[gaps] = mark(self.dtype)
        return found

    def place(self, index: tuple[int, ...]) -> str:
        return self._fields[0].place(index)


def _refuse_others(first: Field, other: Field) -> None:
    if first.shape != other.shape:
        raise DataError(
            f"the members of an ensemble differ in shape: {first.label} is {first.shape}, "
            f"{other.label} is {other.shape}",
            code="shape-mismatch",
        )
    ours, theirs = first.columns or (), other.columns or ()
    if ours != theirs and sorted(ours) == sorted(theirs):
        place = next(at for at, one in enumerate(ours) if one != theirs[at])
        raise DataError(
            f"the members of an ensemble have their columns in another order: column {place + 1} "
            f"is {ours[place]!r} in {first.label}, and {theirs[place]!r} in {other.label}",
            hint=f"FILE:COLUMN,COLUMN takes them in one order: {first.path}:{','.join(ours)}",
            code="class-order",
        )
