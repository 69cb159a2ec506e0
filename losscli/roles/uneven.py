"""Rows that differ in size: each is paired by itself, as if all others were like it."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.base import OPEN
from losscli.records import record
from losscli.roles.base import Asked, Role, unravel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.formats.base import Field
    from losscli.views import Pairing, Shape

__all__ = ["STRIDE", "Uneven", "role_of"]

STRIDE = 2**40
"""Places from one row to the next: more than any row has values."""

_SHAPES = ("shape-mismatch", "row-count", "empty")
"""The codes of errors of shapes alone."""

_WHOLE = {"all": "takes all rows at once", "pairs": "compares each row with all others"}


def role_of(target: type[Role], asked: Asked, rows: str) -> Role:
    """The role that answers a question, whose rows may differ in size.

    Args:
        target: What the target of the loss is.
        asked: The question.
        rows: How rows belong together: see :class:`losscli.registry.Loss`.

    Raises:
        DataError: rows do not pair up, or the loss wants rows of one size.
    """
    uneven = [field for field in asked.fields.values() if field.uneven]
    if not uneven:
        return target.of(asked)
    if rows != "leaf":
        _refuse(asked, uneven[0], f"{asked.loss} {_WHOLE[rows]}")
    try:
        role = _model(target, asked, uneven)
    except DataError:
        if target.one_size:
            _refuse(asked, uneven[0], target.one_size)
        raise
    if role.one_size:
        _refuse(asked, uneven[0], role.one_size)
    role.uneven = Uneven.of(role, asked)
    role.pairing = replace(role.pairing, stride=STRIDE)
    return role


def _refuse(asked: Asked, field: Field, why: str) -> None:
    """Refuses rows of several sizes, and shows two."""
    first = field.at(0).shape[1:]
    sizes = (field.at(row).shape[1:] for row in range(field.shape[0]))
    other = next(row for row, size in enumerate(sizes) if size != first)
    raise DataError(
        f"{_told(field, other)}, and {_told(field, 0)}: {asked.loss} wants rows of one size, as "
        f"{why}",
        hint="bring them to one size, or take those of one size at a time",
        code="shape-mismatch",
    )


def _model(target: type[Role], asked: Asked, uneven: Sequence[Field]) -> Role:
    """The role of the largest row, which tells most: it has no axis of length 1 by chance.

    Where the classes are may be open there, and plain in another row.
    """
    rows = uneven[0].shape[0] if asked.settings.limit is None else asked.settings.limit
    sizes = [prod(uneven[0].at(row).shape[1:]) for row in range(min(rows, uneven[0].shape[0]))]
    open_axis = None
    for row in sorted(range(len(sizes)), key=lambda row: -sizes[row]):
        _check_filled(asked, row)
        try:
            return target.of(asked.at(row))
        except DataError as error:
            open_axis = open_axis or error
            if error.code != "class-axis":
                raise _placed(error, asked, row) from error
    assert open_axis is not None
    raise open_axis


@record(eq=False)
class Uneven:
    """All rows of a question, where they differ in size.

    Attributes:
        model: The role of one of them.
        asked: The question, with all rows.
        sizes: The shape of the losses of each row that is read.
        values: How many values of the prediction are read.
    """

    model: Role
    asked: Asked
    sizes: Sequence[Shape]
    values: int

    @classmethod
    def of(cls, role: Role, asked: Asked) -> Uneven:
        """Pairs every row.

        Raises:
            DataError: one of them does not pair up, or not as the others do.
        """
        found = cls(role, asked, (), 0)
        sizes, values = [], 0
        for row in range(role.rows):
            _check_filled(asked, row)
            pairing = found.at(row).pairing
            sizes.append(pairing.elements[1:])
            values += pairing.per_row
        return replace(found, sizes=sizes, values=values)

    def at(self, row: int) -> Role:
        """The role of one row."""
        found = copy(self.model)
        found.asked = self.asked.at(row)
        try:
            pairing = self._paired(found)
        except DataError as error:
            raise _placed(error, self.asked, row) from error
        self._check(pairing, row)
        found.pairing = replace(pairing, stride=STRIDE)
        return found

    def _paired(self, role: Role) -> Pairing:
        """How a row pairs up: with its classes where the others have them."""
        axis = self.model.pairing.prediction.class_axis
        asked = role.asked
        forced = replace(asked, options={**asked.options, "class_axis": axis})
        free = axis is not None and self._may_say_axis
        try:
            found = role.pair()
        except DataError as error:
            if not free or error.code != "class-axis":
                raise
        else:
            if not free or found.prediction.class_axis == axis:
                return found
        role.asked = forced
        return role.pair()

    def _check(self, found: Pairing, row: int) -> None:
        """A row that pairs up in another way than the others."""
        model = self.model.pairing
        if found.classes != model.classes:
            raise DataError(
                f"{_told(self.asked.prediction, row)}: {found.classes} classes, and other rows "
                f"have {model.classes}",
                hint="--class-axis names the axis of classes" if self._may_say_axis else "",
                code="shape-mismatch",
            )
        if _way(found) != _way(model):
            raise DataError(
                f"{_sides(self.asked, row)}: that is read in another way than the other rows are",
                hint="give all files the same axes, those of length 1 as well",
                code="shape-mismatch",
            )

    @property
    def _may_say_axis(self) -> bool:
        return self.asked.options.get("class_axis", 0) is None

    @cached_property
    def shape(self) -> Shape:
        """The shape of all losses; OPEN where rows differ."""
        axes = (set(axis) for axis in zip(*self.sizes, strict=True))
        return (len(self.sizes), *(axis.pop() if len(axis) == 1 else OPEN for axis in axes))

    def name(self, row: int) -> str:
        """The file of a row."""
        field = next(field for field in self.asked.fields.values() if field.uneven)
        return field.place((row,))

    @cached_property
    def losses(self) -> int:
        """How many there are."""
        return sum(map(prod, self.sizes))

    def index(self, place: int) -> Shape:
        """Where an element stands among the losses."""
        row, inside = divmod(place, STRIDE)
        return (row, *unravel(inside, self.sizes[row]))


def _way(pairing: Pairing) -> Any:
    """How a row was read, which is the same for all."""
    fixed = {side: view.fixed for side, view in pairing.views.items()}
    axes = len(pairing.elements), pairing.prediction.class_axis
    return axes, pairing.probabilities, pairing.terms, pairing.free, fixed


def _check_filled(asked: Asked, row: int) -> None:
    for field in asked.fields.values():
        if 0 in field.at(row).shape:
            raise DataError(
                f"{_told(field, row)}, which holds nothing: nothing to average", code="empty"
            )


def _placed(error: DataError, asked: Asked, row: int) -> DataError:
    """An error of the shapes of one row, which knows no more than that all others are like it."""
    if error.code not in _SHAPES:
        return error
    return DataError(f"{_sides(asked, row)}: {error.message}", hint=error.hint, code=error.code)


def _sides(asked: Asked, row: int) -> str:
    """The files of a row with their shapes."""
    rows = asked.prediction.shape[:1]
    stacks: Mapping[str, Field] = {
        side: one for side, one in asked.fields.items() if one.shape[:1] == rows and one.shape[1:]
    }
    return ", ".join(dict.fromkeys(_told(field, row) for field in stacks.values()))


def _told(field: Field, row: int) -> str:
    """A row with its shape."""
    shape = field.at(row).shape[1:]
    if field.uneven:
        return f"{field.place((row,))} has shape {shape}"
    return f"rows of {field.label} have shape {shape}"
