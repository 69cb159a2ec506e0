"""What was asked of the rows: --key, --unmatched and --where, as they were typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import UsageError
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Asked", "Where"]


@record
class Where:
    """One ``COLUMN=VALUE``."""

    column: str
    value: str

    def __str__(self) -> str:
        return f"{self.column}={self.value}"


@record
class Asked:
    """How rows are chosen and paired.

    Attributes:
        ours: The columns of ids beside the predictions; none to pair by position.
        theirs: The same beside the targets.
        omit: Rows without a partner fall out.
        where: What must hold of rows.
    """

    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    omit: bool = False
    where: tuple[Where, ...] = ()

    @classmethod
    def of(cls, key: str | None, unmatched: str, where: Sequence[str]) -> Asked:
        """What the words mean.

        Raises:
            UsageError: they mean nothing.

        >>> Asked.of("store,day=date", "error", ["split=val"]).theirs
        ('store', 'date')
        """
        if key is None and unmatched != "error":
            raise UsageError(
                f"--unmatched {unmatched} speaks of rows that are paired by id",
                hint="--key COLUMN names the ids",
            )
        pairs = [] if key is None else [_pair(key, item) for item in key.split(",")]
        return cls(
            tuple(ours for ours, _ in pairs),
            tuple(theirs for _, theirs in pairs),
            unmatched == "omit",
            tuple(map(_where, where)),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that may be read besides the inputs."""
        return tuple(dict.fromkeys([*self.ours, *self.theirs, *(one.column for one in self.where)]))


def _pair(key: str, item: str) -> tuple[str, str]:
    ours, equals, theirs = (part.strip() for part in item.partition("="))
    if not ours or (equals and not theirs):
        raise UsageError(
            f"--key {key}: a column has no name",
            hint="as in --key id, --key a,b or --key id=image_id",
        )
    return ours, theirs or ours


def _where(word: str) -> Where:
    column, equals, value = (part.strip() for part in word.partition("="))
    if not column or not equals:
        raise UsageError(f"--where {word}: no COLUMN=VALUE", hint="as in --where split=val")
    return Where(column, value)
