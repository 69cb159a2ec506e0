"""What torch.save has written: tensors, arrays and numbers in dicts and lists, never unpickled.

Keys are dotted paths, as in JSON; ``*`` walks a list, whose tensors are joined along their rows.
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from itertools import repeat
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, LosscliError
from losscli.formats.arrays.batches import joined, note
from losscli.formats.arrays.beside import side_by_side
from losscli.formats.arrays.fields import ArraySource
from losscli.formats.arrays.pickled import SIZE, check_pickle, refusal
from losscli.formats.arrays.rows import Rows, numbers
from losscli.formats.base import Listing, Source
from losscli.formats.compressed import check_expansion
from losscli.formats.files import named, reason
from losscli.formats.json.document import DuplicateError, as_object, walk
from losscli.formats.json.nested import to_array
from losscli.formats.keys import ambiguous, is_unknown, unknown
from losscli.lazy import np, torch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Field, Reading
    from losscli.formats.files import Content

__all__ = ["read"]

_PICKLES = 5
"""Of a file that is no ZIP file: a mark, the protocol, the machine, the values, their storages."""


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Source:
    """The tensors in a file."""
    try:
        value = _plain(_loaded(content, reading), repeat(True, max(SIZE, content.size())))
    except DuplicateError as error:
        label = named(content.path)
        raise DataError(f"{label}: a dict has two values named {error.args[0]!r}") from None
    except RecursionError:
        raise DataError(f"{named(content.path)} is nested too deep") from None
    except StopIteration:
        raise DataError(
            f"{named(content.path)} holds the same lists over and over: it is never spread out"
        ) from None
    return Saved(value, content.path, content.size(), reading.expansion)


def _loaded(content: Content, reading: Reading) -> Any:
    label = named(content.path)
    zipped = content.head(2) == b"PK"
    try:
        stored = _looked_over(content, reading) if zipped else _checked_stream(content)
        mapped = content.data is None and content.kept is None
        with torch.serialization.safe_globals(_allowed()):
            return torch.load(
                content.path if mapped else content.open(),
                map_location="cpu",
                weights_only=True,
                mmap=mapped and stored,
            )
    except pickle.UnpicklingError as error:
        held = re.search(r"GLOBAL ([\w.]+)", str(error))
        raise refusal(label, held[1] if held else "Python objects") from error
    except (OSError, LosscliError):
        raise
    except Exception as error:  # damaged files make it raise what they like
        raise DataError(
            f"{label} is no file of torch.save that can be read: {reason(error)}"
        ) from error


def _looked_over(content: Content, reading: Reading) -> bool:
    """Whether a ZIP file, of which the pickle may be read, has its tensors as they are."""
    label = named(content.path)
    with content.open() as file, zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for one in members:
            check_expansion(one.file_size, one.compress_size, label, reading.expansion)
            if PurePath(one.filename).name == "data.pkl":
                with archive.open(one) as member:
                    check_pickle(io.BufferedReader(member), label, content.size())  # type: ignore[type-var]
    return all(one.compress_type == zipfile.ZIP_STORED for one in members)


def _checked_stream(content: Content) -> bool:
    """False: what PyTorch wrote before 1.6 is never mapped; what may not be read is refused."""
    with content.open() as file:
        for _ in range(_PICKLES):
            check_pickle(file, named(content.path), content.size())
    return False


def _allowed() -> list[Any]:
    """What the arrays of NumPy are made of, under their names of NumPy 1 and 2.

    Nothing among it makes room for as much as a file says: the values of an array come after it.
    """
    import _codecs

    core = (getattr(np, "_core", None) or np.core).multiarray
    made = [
        (function, f"numpy.{package}.multiarray.{name}")
        for name, function in (("_reconstruct", _no_rows), ("scalar", core.scalar))
        for package in ("core", "_core")
    ]
    dtypes = {type(np.dtype(code)) for code in "?bhilqBHILQefdU"}
    arrays = [(_Array, "numpy.ndarray"), (np.ndarray, "no\nname")]  # filled, but never called
    return [*made, *arrays, np.dtype, _codecs.encode, (_no_bytes, "builtins.bytes"), *dtypes]


class _Array:
    """Stands for the class of arrays."""


def _no_rows(kind: type[_Array], shape: tuple[int, ...], code: bytes) -> np.ndarray:
    """An array that has not got its values yet."""
    return np.empty(0)


def _no_bytes() -> bytes:
    """The values of an array without any."""
    return b""


def _plain(value: Any, room: Iterator[bool]) -> Any:
    """Dicts with names, and lists, all through: as many values as there is room for."""
    next(room)
    if isinstance(value, dict):
        return as_object([(str(name), _plain(one, room)) for name, one in value.items()])
    if isinstance(value, (list, tuple)) and not hasattr(value, "detach"):
        return [_plain(one, room) for one in value]
    return value


class Saved(Source):
    """Tensors and arrays in dicts and lists.

    Args:
        value: All of them.
        path: The file.
        size: Its bytes.
        expansion: How many times as many a tensor may have.
    """

    def __init__(self, value: Any, path: str, size: int, expansion: float) -> None:
        self.path = path
        self._label = named(path)
        self._value = value
        self._size, self._expansion = size, expansion

    def listing(self) -> list[Listing]:
        return list(_listed(self._value, ""))

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """The array, or the columns of one, that a dotted path names."""
        if key is None:
            return self._only(leave)
        value, rest = walk(self._value, key)
        if not rest and not isinstance(value, dict):
            return self._chosen(value, key, None)
        try:
            field = self._columns(key)
        except DataError as error:
            if is_unknown(error):
                raise unknown(self._label, key, self.listing(), "key") from None
            raise
        field.key = key
        return field

    def _columns(self, key: str) -> Field:
        """Columns of what the first part of a key names, or of the only array there is."""
        for dot in reversed([*re.finditer(r"\.", key)]):
            value, rest = walk(self._value, key[: dot.start()])
            if not rest and (hasattr(value, "shape") or isinstance(value, list)):
                return self._chosen(value, key[: dot.start()], key[dot.end() :])
        found = dict(_leaves(self._value, ""))
        if len(found) != 1:
            several = side_by_side(key, [*found], self._label, self.path, self.select)
            if several is None:
                raise unknown(self._label, key, self.listing(), "key")
            return several
        ((name, value),) = found.items()
        return self._chosen(value, name, key)

    def _only(self, leave: Collection[str]) -> Field:
        found = dict(_leaves(self._value, ""))
        left = [name for name in found if name not in leave]
        if len(left) == 1:
            rest = leave if len(found) == 1 else ()
            field = self._chosen(found[left[0]], left[0], None, rest)
            field.key = None
            return field
        if not left:
            what = "the other inputs leave no array of it" if found else "it holds no array"
            raise DataError(f"{self._label}: {what}")
        listing = [line for name in left for line in _listed(found[name], name)]
        raise ambiguous(self._label, left, listing)

    def _chosen(
        self, value: Any, key: str, columns: str | None, leave: Collection[str] = ()
    ) -> Field:
        """An array or a list of batches, all of it or some columns."""
        label = f"{self._label}:{key}" if key else self._label
        if not _is_batches(value):
            array = self._array(value, label)
            return ArraySource(array, self.path, key or None).select(columns, leave=leave)
        whole = joined([self._array(one, label) for one in value], self.path, key)
        field = ArraySource(whole, self.path, key or None).select(columns, leave=leave)
        hint = "torch.stack keeps an axis for them"
        field.notes = (*field.notes, note(label, len(value), whole.shape, hint))
        return field

    def _array(self, value: Any, label: str) -> Any:
        """Something that can be sliced by rows, with a shape and a dtype of NumPy."""
        if isinstance(value, list):
            return self._list(value, label)
        if isinstance(value, (np.ndarray, np.generic)):
            return np.asarray(value)
        if not hasattr(value, "detach"):
            return to_array(value, label)
        dtype = _dtype(value, label)
        size = value.numel() * dtype.itemsize
        check_expansion(size, self._size, label, self._expansion)
        return Rows(tuple(value.shape), dtype, lambda rows: value[rows] if value.ndim else value)

    def _list(self, values: list[Any], label: str) -> Any:
        """Numbers, each a tensor of its own or not."""
        arrays = [self._array(one, label) for one in values if hasattr(one, "shape")]
        if arrays and len(arrays) == len(values):
            return np.stack([numbers(one) for one in arrays])
        items = iter(arrays)
        plain = [next(items).tolist() if hasattr(one, "shape") else one for one in values]
        return to_array(plain, label)


def _is_batches(value: Any) -> bool:
    return isinstance(value, list) and any(getattr(one, "ndim", 0) for one in value)


def _dtype(tensor: Any, label: str) -> np.dtype[np.generic]:
    """What the numbers of a tensor become."""
    plain = tensor.layout == torch.strided and not tensor.is_complex() and not tensor.is_meta
    try:
        if plain:
            return numbers(torch.empty(0, dtype=tensor.dtype)).dtype
    except (TypeError, RuntimeError):  # of quantized numbers, and whatever else will come
        pass
    layout = "" if tensor.layout == torch.strided else f"{tensor.layout} "
    where = "without values" if tensor.is_meta else f"{layout}of {tensor.dtype}"
    raise DataError(f"{label} is a tensor {where}: save dense numbers")


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
