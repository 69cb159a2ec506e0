"""Arrays of one axis that are the columns of a matrix, as ``p_*`` and ``a,b`` name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.base import Field
from losscli.formats.keys import choose
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["side_by_side"]


class _Beside(Field):
    """Fields of one axis, each a column."""

    def __init__(self, fields: Sequence[Field], names: tuple[str, ...], path: str | None) -> None:
        self.path, self.columns = path, names
        self.shape = (*fields[0].shape, len(fields))
        self.dtype = np.result_type(*(field.dtype for field in fields))
        self._fields = fields

    def rows(self, start: int, stop: int) -> np.ndarray:
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        together = np.empty((max(stop - start, 0), len(self._fields)), self.dtype)
        for column, field in enumerate(self._fields):
            together[:, column] = field.rows(start, stop)
        return together


def side_by_side(
    key: str, names: Sequence[str], label: str, path: str | None, select: Callable[[str], Field]
) -> Field | None:
    """The arrays that a list, a range or a glob names; None if it names none.

    Args:
        key: As it was typed.
        names: Of all arrays in the file.
        label: The file in messages.
        path: The file.
        select: Gives an array by its name.

    Raises:
        DataError: they are not columns of one length and of one kind.
    """
    chosen = choose(key, names, 0)  # arrays have no indices
    if chosen is None:
        return None
    found = tuple(names[place] for place in chosen)
    fields = [select(name) for name in found]
    if len(fields) == 1:
        return fields[0]
    for name, field in zip(found, fields, strict=True):
        if len(field.shape) != 1 or field.shape != fields[0].shape:
            raise DataError(
                f"{label}: {found[0]} {fields[0].shape} and {name} {field.shape} are no columns of "
                "one matrix",
                hint=f"choose one array, as in {label}:{found[0]}",
            )
        if (field.dtype.kind == "U") != (fields[0].dtype.kind == "U"):
            text, other = (name, found[0]) if field.dtype.kind == "U" else (found[0], name)
            raise DataError(f"{label}: {text} holds text, and {other} does not")
    return _Beside(fields, found, path)
