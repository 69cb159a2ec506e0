"""An array that is taken from JSON lines piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losscli.formats.missing import NUMBER, TEXT
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.spool import Spool

__all__ = ["Column"]


@dataclass
class Column:
    """An array that is taken piece by piece.

    Attributes:
        spool: Its rows.
        plain: It is regular and of one kind, so far.
        words: It is text, but some pieces were read as numbers that JSON lacks.
    """

    spool: Spool
    plain: bool = True
    words: bool = False
    _kinds: set[str] = field(default_factory=set)
    _row: tuple[int, ...] | None = None
    _waiting: int = 0  # rows of which all is missing, before any other

    def add(self, array: np.ndarray | None, kind: str) -> None:
        """Takes the next rows; None if they are irregular."""
        if array is None or (self._row is not None and array.shape[1:] != self._row):
            self.plain = False
        if not self.plain or array is None:
            return
        self._row = array.shape[1:]
        if not kind and array.size:
            self._waiting += len(array)
        else:
            self._judge(kind)
        if self.plain and self._kinds and not self.words:
            self.flush()
            if kind or not array.size:
                self.spool.add(array)

    def flush(self) -> None:
        """Takes what is missing, now that it is known of what; numbers, if that is all there is."""
        if self._waiting and self.plain and not self.words:
            filler = TEXT if "U" in self._kinds else NUMBER
            self.spool.add(np.full((self._waiting, *(self._row or ())), filler))
            self._waiting = 0

    def _judge(self, kind: str) -> None:
        self._kinds.add(kind)
        numbers, text = self._kinds <= {"f", "odd"}, self._kinds <= {"U", "odd"}
        self.plain = numbers or text or self._kinds == {"b"}
        self.words = text and not numbers and "odd" in self._kinds
