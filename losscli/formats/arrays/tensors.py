"""Safetensors: tensors by name, of which only the rows that are asked for are read."""

from __future__ import annotations

import json
from importlib import import_module
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, UsageError
from losscli.formats.arrays.archive import Archive, Entry
from losscli.formats.arrays.fields import check_dtype
from losscli.formats.arrays.npy import stored
from losscli.formats.arrays.rows import Rows
from losscli.formats.files import named, reason
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read"]

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BOOL": "bool",
    **{
        f"{kind}{bits}": f"{name}{bits}"
        for kind, name in (("I", "int"), ("U", "uint"))
        for bits in (8, 16, 32, 64)
    },
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
"""PyTorch's names of dtypes."""


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Archive:
    """The tensors in a file."""
    label = named(content.path)
    try:
        library = import_module("safetensors")
    except ImportError as error:
        raise UsageError(
            f"{label} takes the package safetensors to read, and that is not installed",
            hint="pip install 'losscli[formats]'",
        ) from error
    path = _path(content)
    try:
        if path is None:
            tensors = import_module("safetensors.torch").load(content.all())
            slices = {name: _in_memory(tensor) for name, tensor in tensors.items()}
        else:
            file = library.safe_open(path, framework="pt")  # which checks the header
            starts = _starts(content)
            slices = {
                name: _on_disk(file, name, content, starts[name])
                for name in file.keys()  # noqa: SIM118
            }
    except Exception as error:  # of the library's own kind, which has no place to import it from
        raise DataError(
            f"{label} is no safetensors file that can be read: {reason(error)}"
        ) from error
    return Archive(
        content.path, {name: _entry(label, name, *slices[name]) for name in sorted(slices)}
    )


def _path(content: Content) -> str | None:
    """Where the library can open it; None for what is only in memory."""
    if content.data is not None:
        return None
    if content.kept is None:
        return content.path
    path = f"/dev/fd/{content.kept.file.fileno()}"  # a temporary file has no name of its own
    return path if Path(path).exists() else None


def _in_memory(tensor: Any) -> tuple[str, tuple[int, ...], Callable[[slice], Any]]:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return dtype, tuple(tensor.shape), lambda rows: tensor[rows] if tensor.ndim else tensor


def _starts(content: Content) -> dict[str, int]:
    """Where the bytes of each tensor begin."""
    with content.open() as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return {name: 8 + size + one["data_offsets"][0] for name, one in header.items()}


def _on_disk(
    file: Any, name: str, content: Content, start: int
) -> tuple[str, tuple[int, ...], Callable[[slice], Any]]:
    part = file.get_slice(name)
    shape, word = tuple(part.get_shape()), part.get_dtype()
    plain = _DTYPES.get(word, "")
    if not shape or not prod(shape) or not plain or _widened(plain):
        return word, shape, lambda rows: part[rows] if shape else file.get_tensor(name)
    # A slice of the library is a mapping, whose pages count as memory of this process.
    rows = stored(content, np.dtype(plain).newbyteorder("<"), shape, start)
    return word, shape, rows.__getitem__


def _widened(word: str) -> bool:
    """Whether NumPy lacks a dtype."""
    return word.startswith(("bfloat", "float8"))


def _entry(
    label: str, name: str, dtype: str, shape: tuple[int, ...], sliced: Callable[[slice], Any]
) -> Entry:
    word = _DTYPES.get(dtype, dtype.lower())

    def opened() -> Any:
        try:
            found = np.dtype("float32" if _widened(word) else word)
        except TypeError as error:
            raise DataError(f"{label}:{name} holds {word}, which is not numbers") from error
        return Rows(shape, check_dtype(found, f"{label}:{name}"), sliced)

    return Entry(shape, word, opened)
