"""What torch.save has written: tensors, arrays and numbers in dicts and lists, never unpickled.

Keys are dotted paths, as in JSON; ``*`` walks a list, whose tensors are joined along their rows.
"""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.arrays.rows import Rows, numbers
from losscli.formats.base import Listing, Source
from losscli.formats.files import named
from losscli.formats.json.document import walk
from losscli.formats.json.nested import to_array
from losscli.formats.keys import is_unknown, unknown
from losscli.formats.shards import Shards
from losscli.lazy import np, torch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Field, Reading
    from losscli.formats.files import Content

__all__ = ["read"]


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Source:
    """The tensors in a file."""
    return Saved(_plain(_loaded(content)), content.path)


def _loaded(content: Content) -> Any:
    label = named(content.path)
    plain = content.data is None and content.kept is None
    zipped = content.head(2) == b"PK"
    try:
        with torch.serialization.safe_globals(_allowed()):
            return torch.load(
                content.path if plain else content.open(),
                map_location="cpu",
                weights_only=True,
                mmap=plain and zipped,
            )
    except pickle.UnpicklingError as error:
        held = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = held[1] if held else "Python objects"
        raise DataError(
            f"{label} holds {what}, which is never unpickled: it could run code",
            hint="save tensors, arrays, numbers and text, in dicts and lists",
        ) from error
    except OSError:
        raise
    except Exception as error:  # damaged files make it raise what they like
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{label} is no file of torch.save that can be read: {reason}") from error


def _allowed() -> list[Any]:
    """What the arrays of NumPy are made of, under their names of NumPy 1 and 2."""
    import _codecs

    core = (getattr(np, "_core", None) or np.core).multiarray
    made = [
        (getattr(core, name), f"numpy.{package}.multiarray.{name}")
        for name in ("_reconstruct", "scalar")
        for package in ("core", "_core")
    ]
    dtypes = {type(np.dtype(code)) for code in "?bhilqBHILQefdU"}
    return [*made, np.ndarray, np.dtype, _codecs.encode, *dtypes]


def _plain(value: Any) -> Any:
    """Dicts with names, and lists, all through."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "detach"):
        return [_plain(one) for one in value]
    return value


class Saved(Source):
    """Tensors and arrays in dicts and lists.

    Args:
        value: All of them.
        path: The file.
    """

    def __init__(self, value: Any, path: str) -> None:
        self.path = path
        self._label = named(path)
        self._value = value

    def listing(self) -> list[Listing]:
        return list(_listed(self._value, ""))

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """The array, or the columns of one, that a dotted path names."""
        if key is None:
            return self._only(leave)
        value, rest = walk(self._value, key)
        if isinstance(value, dict) or (rest and not hasattr(value, "shape")):
            raise unknown(self._label, key, self.listing(), "key")
        if not rest:
            return self._field(value, key)
        try:
            field = ArraySource(_array(value, self._label), self.path, None).select(rest)
        except DataError as error:
            if is_unknown(error):
                raise unknown(self._label, key, self.listing(), "key") from None
            raise
        field.key = key
        return field

    def _only(self, leave: Collection[str]) -> Field:
        found = dict(_leaves(self._value, ""))
        left = [name for name in found if name not in leave]
        if len(left) == 1:
            field = self._field(found[left[0]], left[0], leave if len(found) == 1 else ())
            field.key = None
            return field
        if not left:
            raise DataError(f"{self._label} holds no array")
        held = ", ".join(str(line) for name in left for line in _listed(found[name], name))
        raise DataError(
            f"{self._label} holds {len(left)} arrays: {held}",
            hint=f"name one with a key, as in {self._label}:{left[0]}",
        )

    def _field(self, value: Any, key: str, leave: Collection[str] = ()) -> Field:
        """An array, or the batches of a list one after the other."""
        label = f"{self._label}:{key}"
        if isinstance(value, list) and any(getattr(one, "ndim", 0) for one in value):
            batches = [
                ArraySource(_array(one, label), self.path, key).select(None) for one in value
            ]
            field: Field = Shards(batches, self.path or "")
            field.path, field.files = self.path, ()
            return field
        return ArraySource(_array(value, label), self.path, key or None).select(None, leave=leave)


def _array(value: Any, label: str) -> Any:
    """Something that can be sliced by rows, with a shape and a dtype of NumPy."""
    if isinstance(value, list):
        return to_array(
            [numbers(one).item() if hasattr(one, "shape") else one for one in value], label
        )
    if not hasattr(value, "detach"):
        return to_array(value, label) if not isinstance(value, np.ndarray) else value
    if value.layout != torch.strided or value.is_complex():
        raise DataError(f"{label} is a {value.layout} tensor of {value.dtype}: save dense numbers")
    dtype = numbers(value[:0] if value.ndim else value).dtype
    return Rows(tuple(value.shape), dtype, lambda rows: value[rows] if value.ndim else value)


def _leaves(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Every array, and every list of batches, by its path."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        names = dict.fromkeys(name for one in value for name, _ in _leaves(one, ""))
        for name in names:
            path = f"*.{name}" if name else "*"
            yield f"{prefix}.{path}" if prefix else path, walk(value, path)[0]
    elif hasattr(value, "shape") or isinstance(value, list):
        yield prefix, value


def _listed(value: Any, prefix: str) -> Iterator[Listing]:
    for path, one in _leaves(value, prefix):
        if isinstance(one, list):
            rows = [(*getattr(item, "shape", ()), 1)[0] for item in one]
            first = one[0] if one else 0.0
            shape = (sum(rows), *getattr(first, "shape", ())[1:])
        else:
            first, shape = one, tuple(one.shape)
        dtype = str(getattr(first, "dtype", type(first).__name__)).removeprefix("torch.")
        yield Listing(path, shape, dtype)
