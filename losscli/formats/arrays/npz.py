"""NPZ: arrays of NumPy in a ZIP file, compressed or not, read a block of rows at a time."""

from __future__ import annotations

import errno
import zipfile
from contextlib import contextmanager
from math import prod
from typing import IO, TYPE_CHECKING, Any

from losscli.errors import DataError, LosscliError
from losscli.formats.arrays.archive import Archive, Entry
from losscli.formats.arrays.fields import check_dtype
from losscli.formats.arrays.npy import header
from losscli.formats.columnar.blocks import Blocks
from losscli.formats.compressed import check_expansion
from losscli.formats.files import named, reason
from losscli.lazy import np
from losscli.memory import require

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["read"]

_BLOCK = 2**20  # bytes that are decoded at once


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Archive:
    """The arrays in a file."""
    return Archive(content.path, dict(_Zip(content, reading).entries()))


class _Zip:
    """The members of a ZIP file."""

    def __init__(self, content: Content, reading: Reading) -> None:
        self._content, self._reading = content, reading
        self._label = named(content.path)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Each array by its name."""
        with self._told(), self._content.open() as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise DataError(f"{self._label} holds two members named {twice!r}")
            for info in archive.infolist():
                if info.filename.endswith(".npy"):
                    yield info.filename.removesuffix(".npy"), self._entry(archive, info)

    def _entry(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
        label = f"{self._label}:{info.filename.removesuffix('.npy')}"
        check_expansion(info.file_size, info.compress_size, label, self._reading.expansion)
        with archive.open(info) as member:
            shape, fortran, dtype = header(member, label)
            start = member.tell()
        size = prod(shape) * dtype.itemsize
        if dtype.hasobject:
            dtype = np.dtype(object)
        elif start + size != info.file_size:
            raise DataError(
                f"{label}: its header promises {shape} {dtype}, which is {size} bytes, and "
                f"{info.file_size - start} follow"
            )
        word = "text" if dtype.kind == "U" else str(dtype.newbyteorder("="))

        def opened() -> Any:
            if dtype.names is None:
                check_dtype(dtype, label)
            if fortran or dtype.names or not shape or not size:
                require(size, f"{label}, which does not come row by row")
                return self._whole(info, shape, dtype, fortran=fortran)
            return Blocks(
                [(0, shape[0])],
                lambda _: self._rows(info, shape, dtype),
                shape=shape,
                dtype=dtype,
                threads=self._reading.threads,
            )

        return Entry(shape, word, opened)

    def _whole(
        self, info: zipfile.ZipInfo, shape: tuple[int, ...], dtype: Any, *, fortran: bool
    ) -> np.ndarray:
        """An array that has no rows to be read one after the other."""
        with self._member(info) as member:
            flat = np.frombuffer(member.read(), dtype)
        return flat.reshape(shape, order="F" if fortran else "C")

    def _rows(
        self, info: zipfile.ZipInfo, shape: tuple[int, ...], dtype: Any
    ) -> Iterator[np.ndarray]:
        """Blocks of rows, from the first on. At the end the checksum is compared."""
        row = prod(shape[1:]) * dtype.itemsize
        step = max(1, _BLOCK // row)
        with self._member(info) as member:
            for start in range(0, shape[0], step):
                rows = min(step, shape[0] - start)
                with self._told():
                    block = member.read(rows * row)
                    if start + rows == shape[0]:
                        member.read(1)
                yield np.frombuffer(block, dtype).reshape(rows, *shape[1:])

    @contextmanager
    def _member(self, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        """A member behind its header."""
        with (
            self._content.open() as file,
            self._told(),
            zipfile.ZipFile(file) as archive,
            archive.open(info) as member,
        ):
            header(member, self._label)
            yield member

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What is raised of broken files, in one sentence."""
        try:
            yield
        except LosscliError:
            raise
        except Exception as error:  # damaged files make it raise what they like
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise
            raise DataError(
                f"{self._label} is no NPZ file that can be read: {reason(error)}"
            ) from error
