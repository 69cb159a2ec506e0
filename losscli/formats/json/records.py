"""Tables in JSON: a list of objects, or an object of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, such
from losscli.formats.json.nested import to_array
from losscli.formats.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from losscli.formats.base import Field

__all__ = ["Lists", "Records"]


class Lists(Table):
    """An object of lists of the same length."""

    def __init__(
        self,
        lists: dict[str, list[Any]],
        path: str | None,
        prefix: str,
        *,
        missing: bool = False,
    ) -> None:
        self.path = path
        self.prefix = prefix
        self._names = self.names = tuple(lists)
        self.width = len(lists)
        self.height = len(next(iter(lists.values()), ()))
        self._lists = lists
        self._missing = missing

    @staticmethod
    def line(row: int) -> None:
        """None; and no bound method, which would keep all objects as long as a field of them."""

    def column(self, column: int) -> np.ndarray:
        name = self._names[column]
        label = f"{self.label}, {name!r}"
        array = to_array(self._lists[name], label, missing=self._missing)
        if len(array) != self.height:
            raise DataError(
                f"{self.label}: {self._names[0]!r} has {self.height} values, "
                f"and {name!r} has {len(array)}"
            )
        return array


class Records(Table):
    """A list of objects with the same names."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        path: str | None,
        prefix: str,
        *,
        missing: bool = False,
    ) -> None:
        self.path = path
        self.prefix = prefix
        self._names = self.names = tuple(rows[0])
        self.width = len(self._names)
        self.height = len(rows)
        self._rows = rows
        self._missing = missing
        self._read: dict[int, np.ndarray] = {}

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """As a table; a whole table must have the same names throughout."""
        if key is None:
            for place, row in enumerate(self._rows):
                extra = row.keys() - set(self._names)
                if extra:
                    raise DataError(f"{self.label}, [{place}]: [0] has no {min(extra)!r}")
        return super().select(key, leave=leave)

    @staticmethod
    def line(row: int) -> None:
        """None; and no bound method, which would keep all objects as long as a field of them."""

    def column(self, column: int) -> np.ndarray:
        if column not in self._read:
            name = self._names[column]
            missing = [place for place, row in enumerate(self._rows) if name not in row]
            if missing:
                raise DataError(
                    f"{self.label}, [{missing[0]}]: there is no {name!r} "
                    f"({such(len(missing), 'object')})"
                )
            cells = [row[name] for row in self._rows]
            self._read[column] = to_array(
                cells, self.label, inside=f".{name}", missing=self._missing
            )
        return self._read[column]
