"""Tables: named columns of equal length, whatever the file that holds them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.arrays.fields import ColumnsField
from losscli.formats.base import Listing, Source
from losscli.formats.files import named
from losscli.formats.keys import choose, chosen_or_none, unknown
from losscli.formats.text.cells import shown

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from losscli.formats.base import Field

__all__ = ["Table"]

_LONGEST = 256  # characters of a name that a message shows


class Table(Source):
    """A source of columns.

    Attributes:
        names: The names of the columns, or None if the table has no header.
        width: How many columns there are.
        height: How many rows there are.
        has_index: The first column only counts the rows, and has no name.
        prefix: The part of the key that led to this table, with its separator: "out.".
    """

    path: str | None
    names: tuple[str, ...] | None
    width: int
    height: int
    has_index: bool = False
    prefix: str = ""

    @property
    def label(self) -> str:
        """The table as messages name it."""
        path = "inline JSON" if self.path is None else named(self.path)
        return f"{path}:{self.prefix[:-1]}" if self.prefix else path

    @abstractmethod
    def column(self, column: int) -> np.ndarray:
        """One column; DataError if its cells are not of one kind."""

    def dtype(self, column: int) -> str:
        """What a column holds, in a word, whether it can be read or not."""
        try:
            array = self.column(column)
        except DataError:
            return "mixed"
        return "text" if array.dtype.kind == "U" else str(array.dtype.newbyteorder("="))

    def line(self, row: int) -> int | None:
        """The line of the file on which a row begins, if there are lines."""
        return None

    def called(self, column: int) -> str:
        """A column as messages name it."""
        name = self.names[column] if self.names else ""
        name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
        return f"column {name!r}" if name else f"column {column + 1}"

    def listing(self) -> list[Listing]:
        names = self.names or ("",) * self.width
        keys = [self.prefix + (name or str(i)) for i, name in enumerate(names)]
        return [Listing(key, self.shape(i), self.dtype(i)) for i, key in enumerate(keys)]

    def columns(self) -> list[Listing]:
        return self.listing()[1:] if self.has_index else self.listing()

    def shape(self, column: int) -> tuple[int, ...]:
        """The shape of a column, whether it can be read or not."""
        try:
            return self.column(column).shape
        except DataError:
            return (self.height,)

    def has(self, key: str) -> bool:
        try:
            return choose(key, self.names, self.width) is not None
        except DataError:  # several columns have the name
            return True

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """The columns that a key names; without one all but the index and those of others."""
        if key is None:
            return self._rest(leave)
        hidden = (0,) if self.has_index else ()
        chosen = choose(key, self.names, self.width, hidden=hidden)
        if chosen is None:
            raise unknown(self.label, self.prefix + key, self.listing())
        arrays = [self.column(column) for column in chosen]
        texts = [array.dtype.kind == "U" for array in arrays]
        if any(texts) and not all(texts):
            raise self._text(chosen[texts.index(True)])
        return self._field(chosen, arrays, self.prefix + key)

    def _rest(self, leave: Collection[str]) -> Field:
        taken = [chosen_or_none(other, self.names, self.width) or [] for other in leave]
        gone = {column for columns in taken for column in columns}
        notes: tuple[tuple[str, str], ...] = ()
        if self.has_index and 0 not in gone:
            gone.add(0)
            message = f"{self.label}: the unnamed first column only counts the rows and is left out"
            notes = (("index-column", message),)
        chosen = [column for column in range(self.width) if column not in gone]
        if not chosen:
            raise DataError(f"{self.label}: the other inputs leave no column of it")
        if len(chosen) > 1:
            for column in chosen:
                if self.dtype(column) == "text":
                    raise self._text(column)
        arrays = [self.column(column) for column in chosen]
        return self._field(chosen, arrays, self.prefix[:-1] or None, notes)

    def _field(
        self,
        chosen: list[int],
        arrays: list[np.ndarray],
        key: str | None,
        notes: tuple[tuple[str, str], ...] = (),
    ) -> Field:
        deep = [i for i, array in zip(chosen, arrays, strict=True) if array.ndim > 1]
        if deep and len(chosen) > 1:
            raise DataError(
                f"{self.label}: {self.called(deep[0])} holds an array in every row, "
                "and cannot stand beside other columns",
                hint=f"choose it alone, as in {self._key(deep[0])}",
            )
        names = None if deep or not self.names else tuple(self.names[i] for i in chosen)
        return ColumnsField(arrays, names, self.path, key, line=self.line, notes=notes)

    def _text(self, column: int) -> DataError:
        numbers = next((i for i in range(self.width) if self.dtype(i) != "text"), None)
        example = shown(str(self.column(column)[:1][0]))
        return DataError(
            f"{self.label}: {self.called(column)} holds text, such as {example}",
            hint=""
            if numbers is None
            else f"choose columns of numbers, as in {self._key(numbers)}",
        )

    def _key(self, column: int) -> str:
        """FILE:KEY of a column."""
        name = self.names[column] if self.names else ""
        return f"{self.label}{'.' if self.prefix else ':'}{name or column}"
