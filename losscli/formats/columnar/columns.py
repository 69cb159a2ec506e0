"""Columns of Arrow, whatever the file that holds them.

Rows are decoded when they are asked for, only in the columns that were chosen, a block at a time;
a few blocks stay, for the threads that are near. Strings alone are decoded once more before, to
find out how long they are.
"""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.errors import DataError, LosscliError, UsageError, such
from losscli.formats.arrays.fields import ColumnsField
from losscli.formats.columnar.blocks import Blocks
from losscli.formats.columnar.lists import gathered
from losscli.formats.columnar.typed import FaultError, Kind, decoded, kind_of
from losscli.formats.files import file_error, reason
from losscli.formats.keys import choose, chosen_or_none, unknown
from losscli.formats.missing import OMIT
from losscli.formats.table import Table
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from losscli.formats.base import Field
    from losscli.formats.files import Content
    from losscli.formats.packed import Packed

__all__ = ["BLOCK_BYTES", "BLOCK_ROWS", "ArrowTable", "index_columns", "library"]

BLOCK_ROWS, BLOCK_BYTES = 2**16, 2**21
_LIST_BYTES = 2**12  # of a row of lists whose lengths nobody knows
_PANDAS_INDEX = "__index_level_"
_CUT = ("magic bytes not found in footer", "file is smaller than", "Not an Arrow file")


class ArrowTable(Table):
    """The columns of a file of Arrow's family.

    Attributes:
        called_as: What messages call such a file.
    """

    called_as: ClassVar[str]

    def __init__(self, content: Content, threads: int, *, missing: bool = False) -> None:
        self.path = content.path
        self._missing = missing
        self._content = content
        self._threads = threads
        library(self.label, self.called_as)
        with self._told():
            schema, self._segments = self._looked()
            self.names = self._names = tuple(schema.names)
            self._types = [kind_of(field.type) for field in schema]
            self._index = index_columns(self._names, schema.metadata or {})
        self.width = len(self._names)
        self.height = sum(rows for _, rows, _ in self._segments)
        self._kind = cache(self._settled_kind)
        self._rows = cache(self._lazy_rows)

    @abstractmethod
    def _looked(self) -> tuple[Any, Sequence[tuple[int, int, Any]]]:
        """The schema, and where decoding can begin: (first row, rows, what is decoded)."""

    @abstractmethod
    def _batches(self, part: Any, chosen: tuple[int, ...], size: int) -> Iterator[list[Any]]:
        """Some columns of a segment, as arrays of Arrow, of rows of so many bytes."""

    def dtype(self, column: int) -> str:
        return self._types[column].name

    def shape(self, column: int) -> tuple[int, ...]:
        try:
            return (self.height, *self._kind(column).row)
        except DataError:
            return (self.height,)

    def column(self, column: int) -> np.ndarray:
        rows: np.ndarray = self._rows((column,))
        return rows

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """As of a table, but that the index of pandas may be several columns, and has names."""
        if key is None:
            return self._without_index(leave)
        chosen = choose(key, self.names, self.width, hidden=self._index)
        if chosen is None:
            raise unknown(self.label, key, self.listing())
        texts = [self.dtype(column) == "text" for column in chosen]
        if any(texts) and not all(texts):
            raise self._text(chosen[texts.index(True)])
        return self._field(chosen, [self.column(column) for column in chosen], key)

    def sequences(self, key: str | None, *, sizes: bool = False) -> Packed | None:
        """The innermost lists of one column, or the sizes of its text."""
        chosen = None if key is None else choose(key, self.names, self.width, hidden=self._index)
        if chosen is None or len(chosen) != 1:
            return None
        kind = self._types[chosen[0]]
        if kind.refused or not (kind.axes or (sizes and kind.name == "text")):
            return None
        label = f"{self.label}, {self.called(chosen[0])}"
        with self._told():
            batches = self._whole(chosen[0], _LIST_BYTES)
            return gathered(batches, self.path, key, label, sizes=sizes, missing=self._missing)

    def _without_index(self, leave: Collection[str]) -> Field:
        taken = {i for key in leave for i in chosen_or_none(key, self.names, self.width) or ()}
        passed = [self._names[column] for column in self._index if column not in taken]
        field = super().select(None, leave=[*leave, *passed])
        if passed:
            called = " and ".join(map(repr, passed))
            message = f"{self.label}: {called}, the index of pandas, is left out"
            field.notes = (*field.notes, ("index-column", message))
        return field

    def _field(
        self,
        chosen: list[int],
        arrays: list[np.ndarray],
        key: str | None,
        notes: tuple[tuple[str, str], ...] = (),
    ) -> Field:
        """As of a table, but that columns side by side are decoded together."""
        field = super()._field(chosen, arrays, key, notes)
        if len(chosen) == 1:
            return field
        together = self._rows(tuple(chosen))
        return ColumnsField([together], field.columns, self.path, key, notes=notes)

    def _lazy_rows(self, chosen: tuple[int, ...]) -> Any:
        """Rows of some columns, as an array that is never whole."""
        kinds = [self._kind(column) for column in chosen]
        dtype = np.result_type(*(kind.dtype for kind in kinds))
        row = kinds[0].row if len(chosen) == 1 else (len(chosen),)
        return Blocks(
            [(first, rows) for first, rows, _ in self._segments],
            lambda segment: self._blocks(segment, chosen, dtype),
            shape=(self.height, *row),
            dtype=dtype,
            threads=self._threads,
        )

    def _blocks(
        self, segment: int, chosen: tuple[int, ...], dtype: np.dtype[np.generic]
    ) -> Iterator[np.ndarray]:
        """The rows of a segment in order."""
        kinds = [self._kind(column) for column in chosen]
        size = sum(kind.size for kind in kinds)
        _, missing, part = self._segments[segment]
        for batch in self._batches(part, chosen, size):
            missing -= len(batch[0])
            try:
                arrays = [self._decoded(one, kind) for one, kind in zip(batch, kinds, strict=True)]
            except FaultError:
                raise self._explained(chosen) from None
            if len(arrays) == 1:
                yield np.asarray(arrays[0], dtype)
                continue
            together = np.empty((len(arrays[0]), len(arrays)), dtype)
            for place, array in enumerate(arrays):
                together[:, place] = array
            yield together
        if missing:
            raise DataError(f"{self.label} is damaged: it has fewer rows than it promises")

    def _decoded(self, column: Any, kind: Kind) -> np.ndarray:
        with self._told():
            return decoded(column, kind)

    def _may_be_null(self, column: int) -> bool:
        """Whether values of a column can be missing."""
        return True

    def _settled_kind(self, column: int) -> Kind:
        """What a column holds, with what only its values tell: lengths of lists and strings."""
        kind = self._types[column]
        if kind.refused:
            raise DataError(f"{self.label}: {self.called(column)} holds {kind.refused}")
        if self._missing and self._may_be_null(column):
            kind = kind.with_holes()
        try:
            with self._told():
                if None in kind.axes:
                    kind = kind.measured(next(self._whole(column, BLOCK_BYTES), None))
                if kind.dtype is None:
                    label = f"{self.label}: {self.called(column)}"
                    kind = kind.lengthened(self._whole(column, kind.size), label)
        except FaultError:
            raise self._explained((column,), kind) from None
        return kind

    def _whole(self, column: int, size: int) -> Iterator[Any]:
        """All of a column, some rows of so many bytes at a time."""
        for part in (part for _, rows, part in self._segments if rows):
            for (batch,) in self._batches(part, (column,), size):
                if len(batch):
                    yield batch

    def _explained(self, chosen: tuple[int, ...], kind: Kind | None = None) -> DataError:
        """The first value of some columns that no array can hold, and how many rows are like it."""
        for column in chosen:
            found: list[tuple[int, FaultError]] = []
            row = 0
            held = kind or self._kind(column)
            for batch in self._whole(column, held.size):
                try:
                    self._decoded(batch, held)
                except FaultError as fault:
                    found.append((row, fault))
                row += len(batch)
            if found:
                row, first = found[0]
                count = sum(len(fault.rows) for _, fault in found if fault.code == first.code)
                return self._error(row + int(first.rows[0]), column, first, count)
        raise AssertionError("the same values were refused before")

    def _error(self, row: int, column: int, fault: FaultError, count: int) -> DataError:
        null = f"{OMIT}; pandas writes NaN as null"
        where = f"{self.label}, row {row + 1}, {self.called(column)}"
        return DataError(
            f"{where}: {fault.what} ({such(count, 'row')})",
            hint=null if fault.code == "null" else "",
        )

    def _source(self) -> Any:
        """The bytes as Arrow reads them."""
        pa = import_module("pyarrow")
        content = self._content
        if content.data is not None:
            return pa.BufferReader(content.data)
        return pa.OSFile(os.fsencode(content.path)) if content.kept is None else content.open()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What pyarrow raises, in one sentence."""
        try:
            yield
        except (LosscliError, FaultError):
            raise
        except Exception as error:  # damaged files make it raise what they like
            if isinstance(error, OSError) and error.errno:
                raise file_error(self._content.path, error) from error
            if any(words in str(error) for words in _CUT):
                raise DataError(f"{self.label} is cut short: it has no proper end") from error
            raise DataError(
                f"{self.label} is no {self.called_as} file that can be read: {reason(error)}"
            ) from error


def library(label: str, called: str) -> None:
    try:
        import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError(
            f"{label} is a file of {called}, which takes the package pyarrow to read, and that is "
            "not installed",
            hint="pip install 'losscli[arrow]'",
        ) from error


def _places(names: list[str]) -> dict[str, list[int]]:
    """Where each name stands; a name may stand for several columns."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return places


def index_columns(names: tuple[str, ...], metadata: dict[bytes, bytes]) -> tuple[int, ...]:
    """The columns that are the index of a frame: pandas says which."""
    said: list[Any] = []
    with suppress(ValueError, TypeError, KeyError):
        said = [*json.loads(metadata[b"pandas"])["index_columns"]]
    return tuple(
        place for place, name in enumerate(names) if name in said or name.startswith(_PANDAS_INDEX)
    )
