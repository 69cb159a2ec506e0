"""Single elements that results show: where they stand, and what they were computed from."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from losscli.formats.base import Field
    from losscli.roles import Role

__all__ = ["Element", "elements"]

WIDEST = 16
"""Characters of an id on the screen."""


@record
class Element:
    """One element with its loss, and what it was computed from.

    Attributes:
        index: Its place among all losses.
        loss: Its loss.
        cells: What it was computed from, as it is shown.
        file: Where its row is, where rows differ in size.
        id: That of its row, where rows are paired by ids: one value for each column of the key.
        place: Where its row stands in the file of the predictions, in the words of messages; ""
            where the index says it.
    """

    index: tuple[int, ...]
    loss: float
    cells: Sequence[str]
    file: str = ""
    id: tuple[str | int, ...] = ()
    place: str = ""

    @property
    def shown(self) -> str:
        """What it is called on the screen: by its row's own name, if there is one."""
        name = PurePath(self.file).name or ", ".join(map(str, self.id))
        if not name:
            return str([*self.index])
        name = name if self.file or len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"
        return f"{name} {[*self.index[1:]] or ''}".strip()

    def to_dict(self) -> dict[str, Any]:
        named = {"file": self.file, "id": [*self.id], "place": self.place}
        told = {key: value for key, value in named.items() if value}
        return {"index": [*self.index], "loss": self.loss, **told}


def elements(
    shown: Sequence[tuple[int, float, list[str]]], role: Role, ids: Collection[Field]
) -> list[Element]:
    """Elements as results show them.

    Args:
        shown: Of each how many come before it, its loss, and what it was computed from.
        role: Where they stand.
        ids: Those of the rows, column by column.
    """
    found = []
    for before, loss, cells in shown:
        index = role.index(before)
        row = None if role.pairing.free or not index else index[0]
        found.append(Element(index, loss, cells, **_named(role, row, ids)))
    return found


def _named(role: Role, row: int | None, ids: Collection[Field]) -> dict[str, Any]:
    """What a row is called beside its index."""
    if row is None:
        return {}
    id_ = tuple(one.rows(row, row + 1).reshape(-1)[0].item() for one in ids)
    if role.uneven is not None:
        return {"id": id_, "file": role.uneven.name(row)}
    place = role.asked.prediction.place((row,))
    return {"id": id_, "place": "" if place == f"row {row + 1}" else place}
