"""Arrays, tensors, frames, lists and numbers of Python as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.arrays.fields import ArrayField
from losscli.formats.arrays.rows import numbers
from losscli.formats.json.nested import to_array
from losscli.formats.missing import NUMBER
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.formats.base import Field

__all__ = ["from_value"]


def from_value(name: str, value: object, *, missing: bool = False) -> Field:
    """A field over a value, without a copy where that is possible.

    Args:
        name: The input, for messages.
        value: What NumPy takes for an array of numbers or text, or a tensor.
        missing: None, and what a masked array leaves out, are values that are missing.

    Raises:
        DataError: anything else.
    """
    if _is_plain(value):
        return ArrayField(to_array(value, name, missing=missing), name=name)
    try:
        array = np.asarray(numbers(value) if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{name}: cannot be read as an array: {error}") from error
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        if not missing or value.dtype.kind not in "biuf":
            hint = "give a mask instead"
            raise DataError(f"{name}: a masked array has values that are left out; {hint}")
        array = np.ma.filled(value.astype(np.float64), NUMBER)
    columns = None
    if array.ndim == 2 and hasattr(value, "columns"):
        columns = tuple(map(str, value.columns))
    if array.dtype.kind == "O":
        array = to_array(array.tolist(), name, missing=missing)  # as pandas keeps text
    return ArrayField(array, columns=columns, name=name)


def _is_plain(value: object) -> bool:
    """Whether a value is made of lists and Python's own numbers all through."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (bool, int, float, str, list, tuple)) or value is None
