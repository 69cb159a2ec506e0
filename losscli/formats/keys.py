"""Which columns a key names: one grammar for every format.

An exact name comes first, then an index from 0 (negative from the end), then a list
``a,b``, a range ``c0..c9`` or a glob ``logit_*``. Lists keep the order given; their items
may be ranges and globs, which give their columns in file order.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from unicodedata import normalize

from losscli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from losscli.formats.base import Listing

__all__ = ["ambiguous", "choose", "chosen_or_none", "is_unknown", "unknown"]

_UNKNOWN = "unknown-key"
_INDEX = re.compile(r"-?[0-9]+")
_LISTED = 20  # of a table with a thousand columns the first few tell enough


def choose(
    key: str, names: Sequence[str] | None, count: int, *, hidden: Collection[int] = ()
) -> list[int] | None:
    """The columns that a key names, or None if it names none.

    Args:
        key: As it was typed.
        names: The names of the columns, if they have any.
        count: How many columns there are.
        hidden: Columns that a glob does not match, such as an index.

    Raises:
        DataError: a name that several columns have, a range backwards, a column named twice.

    >>> choose("logit_*", ["id", "logit_a", "logit_b"], 3)
    [1, 2]
    >>> choose("b,0", ["a", "b"], 2), choose("0..-2", None, 4), choose("c", ["a"], 1)
    ([1, 0], [0, 1, 2], None)
    """
    return _Chooser(tuple(names or ()), count, frozenset(hidden)).key(key)


class _Chooser:
    def __init__(self, names: tuple[str, ...], count: int, hidden: frozenset[int]) -> None:
        self.names = names
        self.count = count
        self.hidden = hidden

    def key(self, key: str) -> list[int] | None:
        found = self.item(key)
        if found is not None or "," not in key:
            return found
        pieces = [self.item(piece.strip()) for piece in key.split(",")]
        columns = [column for piece in pieces for column in piece or ()]
        if None in pieces:
            return None
        for place, column in enumerate(columns):
            if column in columns[:place]:
                raise DataError(f"{key!r} names {self.called(column)} twice")
        return columns

    def item(self, key: str) -> list[int] | None:
        one = self.one(key)
        if one is not None:
            return [one]
        return self.range(key) or self.glob(key)

    def one(self, key: str) -> int | None:
        """The column with this name, else with this index."""
        key = self.spelled(key)
        if key in self.names:
            return self.unique([self.names.index(key)])[0]
        if _INDEX.fullmatch(key) and -self.count <= int(key) < self.count:
            return int(key) % self.count
        return None

    def spelled(self, key: str) -> str:
        """A name as it stands in the file: letters with accents are written in two ways."""
        if key in self.names or key.isascii():
            return key
        same = normalize("NFC", key)
        return next((name for name in self.names if normalize("NFC", name) == same), key)

    def range(self, key: str) -> list[int] | None:
        for cut in re.finditer(r"(?=\.\.)", key):
            first = self.one(key[: cut.start()].strip())
            last = self.one(key[cut.start() + 2 :].strip())
            if first is None or last is None:
                continue
            if last < first:
                raise DataError(f"{key!r} runs backwards: {self.called(last)} comes first")
            return self.unique(range(first, last + 1))
        return None

    def glob(self, key: str) -> list[int] | None:
        if not any(mark in key for mark in "*?["):
            return None
        match = (i for i, name in enumerate(self.names) if fnmatchcase(name, key))
        return self.unique(i for i in match if i not in self.hidden) or None

    def unique(self, columns: Iterable[int]) -> list[int]:
        columns = list(columns)
        for column in columns:
            name = self.names[column] if self.names else ""
            if name and self.names.count(name) > 1:
                places = [str(i) for i, other in enumerate(self.names) if other == name]
                raise DataError(
                    f"{len(places)} columns are named {name!r}",
                    hint=f"choose by index, counted from 0: {' or '.join(places)}",
                )
        return columns

    def called(self, column: int) -> str:
        name = self.names[column] if self.names else ""
        return f"column {name!r}" if name else f"column {column}"


def chosen_or_none(key: str, names: Sequence[str] | None, count: int) -> list[int] | None:
    """As :func:`choose`, for keys that speak of something else if they name no columns."""
    try:
        return choose(key, names, count)
    except DataError:
        return None


def unknown(label: str, key: str, listing: Sequence[Listing], kind: str = "column") -> DataError:
    """The error for a key that names nothing: it lists what there is."""
    from difflib import get_close_matches

    close = get_close_matches(key, [line.key for line in listing], n=1)
    return DataError(
        f"{label} has no {kind} {key!r}; it holds {_held(listing)}",
        hint=f"did you mean {close[0]!r}?" if close else "",
        code=_UNKNOWN,
    )


def ambiguous(label: str, keys: Sequence[str], listing: Sequence[Listing]) -> DataError:
    """The error for several arrays where one is wanted: it lists them."""
    return DataError(
        f"{label} holds {len(keys)} arrays: {_held(listing)}",
        hint=f"name one with a key, as in {label}:{keys[0]}",
    )


def _held(listing: Sequence[Listing]) -> str:
    """What there is, as far as it tells something."""
    more = f", … and {len(listing) - _LISTED} more" if len(listing) > _LISTED else ""
    return ", ".join(map(str, listing[:_LISTED])) + more


def is_unknown(error: DataError) -> bool:
    """Whether an error says that a key names nothing."""
    return error.code == _UNKNOWN
