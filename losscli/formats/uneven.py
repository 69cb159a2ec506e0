"""Rows that differ in size, one after the other along one axis."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from losscli.formats.stack import stem
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Shape = tuple[int, ...]

__all__ = ["Rows"]


@record
class Rows:
    """How elements on one axis are rows, each of its own shape.

    Attributes:
        shapes: That of each row; all have as many axes.
        files: Where each comes from.

    >>> rows = Rows([(2, 2), (1, 3)], ["p/a.npy", "p/b.npy"])
    >>> [*rows.spans], rows.names
    ([(0, 4, (2, 2)), (4, 7, (1, 3))], ['a', 'b'])
    """

    shapes: Sequence[Shape]
    files: Sequence[str]

    @property
    def spans(self) -> Iterator[tuple[int, int, Shape]]:
        """The first element of each row, the one after its last, and its shape."""
        first = 0
        for shape in self.shapes:
            last = first + prod(shape)
            yield first, last, shape
            first = last

    @property
    def axes(self) -> int:
        """How many axes all of them have together."""
        return 1 + len(self.shapes[0])

    @property
    def names(self) -> list[str]:
        """What each row is called: its file, less the suffix; its number if two are called so."""
        found = [stem(file) for file in self.files]
        fine = max(Counter(found).values()) == 1 and all(map(_plain, found))
        return found if fine else [*map(str, range(len(found)))]


def _plain(name: str) -> bool:
    """Whether a name is text, and no bytes that a file system let pass."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)
