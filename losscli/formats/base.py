"""What every format gives: sources, and the fields selected from them.

A *source* is one opened file, pipe or literal. A *field* is one array of it, as a
person named it by a KEY: its shape and dtype are known before its rows are read.
Rows are asked for in any order, by several threads at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import field
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.keys import is_unknown
from losscli.formats.quiet import quietly
from losscli.lazy import torch
from losscli.records import record
from losscli.spool import Store
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from losscli.formats.packed import Packed
    from losscli.lazy import Tensor

__all__ = ["OPEN", "Field", "Listing", "Reading", "Source"]

OPEN = -1
"""The size of an axis of which every row has its own."""

_LONGEST = 256  # characters of a name that a message shows


@record
class Reading:
    """How files are read, and what may be used for it.

    Attributes:
        header: Whether the first rows of tables hold names; None to find out.
        threads: How many cores may work.
        store: The room for what is parsed.
        watch: Who wants to know how far it is.
        expansion: How many times its size a compressed file may become.
        missing: Empty cells and nulls are values that are missing, and no mistake.
        also: Columns that will be selected too, of those files that have them.
        ids: Those of them that are read as they are written: 007 is another id than 7.
    """

    header: bool | None = None
    threads: int = 1
    store: Store = field(default_factory=Store)
    watch: Watch = field(default_factory=Watch)
    expansion: float = 100.0
    missing: bool = False
    also: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class Field(ABC):
    """One array of a source, selected by a key.

    Attributes:
        path: The file as it was typed ("-" for standard input), or None for a Python value.
        key: The key as it was typed, or None.
        shape: The shape, rows first; () for a scalar. OPEN where rows differ in size.
        dtype: The NumPy dtype of the rows that :meth:`rows` gives: native byte order, and
            bool, integer, floating or text (kind "U"); never object.
        columns: The names of the columns, where the source carries them: of the last axis, or
            of the one column that a field of one axis is.
        name: The input that it is, for messages of what has no path.
        notes: (code, message) of what was passed over without loss.
        files: Where it is in shards: the path of each, and how many rows it has.
    """

    path: str | None
    key: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    columns: tuple[str, ...] | None = None
    name: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, int], ...] = ()

    @property
    def label(self) -> str:
        """The field as messages name it: ``preds.csv:logit``."""
        if self.path is None:
            return self.name.replace("_", "-") or "array"
        path = "standard input" if self.path == "-" else self.path
        return path if self.key is None else f"{path}:{self.key}"

    @property
    def uneven(self) -> bool:
        """Whether rows differ in size."""
        return OPEN in self.shape

    def at(self, row: int) -> Field:
        """The field as it would be if all rows had the size of one; itself where they have."""
        return self

    @abstractmethod
    def rows(self, start: int, stop: int) -> np.ndarray:
        """Rows start to stop, C-contiguous, in the field's dtype; the scalar itself if 0-d.

        They may be views of a mapped file, and then cannot be written to.
        """

    def tensor(self) -> Tensor:
        """All rows, mapped where they are, in the dtype of the file: also in what NumPy lacks.

        It must not be written to.
        """
        rows = self.rows(0, self.shape[0])
        with quietly(UserWarning):  # that a mapped file cannot be written to
            return torch.from_numpy(rows)

    def place(self, index: tuple[int, ...]) -> str:
        """Where an element stands, as a person finds it: "row 3 (line 4), column 'logit'".

        Rows and columns count from 1, the header is not a row. A field of one axis has no column;
        beyond two axes the rest is given as an index from 0: "row 3, [0, 5]".
        """
        if not index:
            return "the only value"
        where = f"row {index[0] + 1}"
        rest = index[1:]
        if len(rest) == 1:
            named = self.columns is not None and rest[0] < len(self.columns)
            column = repr(self.columns[rest[0]]) if named and self.columns else str(rest[0] + 1)
            where += f", column {column}"
        elif rest:
            where += f", {list(rest)}"
        return where


@record
class Listing:
    """One line of what a source holds, for the error that tells an unknown key."""

    key: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        key = self.key if len(self.key) <= _LONGEST else f"{self.key[:_LONGEST]}…"
        return f"{key} {self.shape} {self.dtype}".lstrip()


class Source(ABC):
    """One opened file, pipe or literal: parsed once for all the keys asked of it.

    Attributes:
        path: The file as it was typed, or None for a Python value.
        is_row: A file is one row of a data set, as an image is, and not all of it.
    """

    path: str | None
    is_row: bool = False

    @abstractmethod
    def listing(self) -> list[Listing]:
        """What there is to select, in file order."""

    def columns(self) -> list[Listing]:
        """What there is to select, without what is left out where no key is given."""
        return self.listing()

    def has(self, key: str) -> bool:
        """Whether a key names anything, without reading more than that takes."""
        try:
            self.select(key)
        except DataError as error:
            return not is_unknown(error)
        return True

    def sequences(self, key: str | None, *, sizes: bool = False) -> Packed | None:
        """The lists of several lengths that a key names; None where it names an array.

        Args:
            key: As of :meth:`select`.
            sizes: Text is taken for the bytes that it has in UTF-8.

        Raises:
            DataError: no such key, or values that are no numbers.
        """
        return None

    @abstractmethod
    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """The array that a key names.

        Args:
            key: A name, an index, or a list, range or glob of columns; None for all there is.
            leave: Keys that other options name: without a key, their columns are left out.

        Raises:
            DataError: no such key (the message lists what there is), or cells that are not numbers.
        """
