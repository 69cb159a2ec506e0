"""How inputs of the same shape pair up: any number of them, and a label for each element."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from losscli.errors import DataError, Finding, Level
from losscli.views import Pairing, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.formats.base import Field
    from losscli.views import Shape


def vectors(fields: Mapping[str, Field], *, single: bool = True) -> Pairing:
    """Pairs vectors along the last axis, with one loss for each: (N, D), (…, D), or (D,) for one.

    Args:
        fields: The vectors by their sides.
        single: One vector without an axis of rows is something to ask of.

    Raises:
        DataError: their shapes differ, or there is no axis of rows where one is needed.
    """
    shape, notes = _common(fields, tail=1)
    first = fields["prediction"]
    if len(shape) < (1 if single else 2):
        raise DataError(
            f"{first.label} has shape {first.shape}: rows of vectors are wanted, (N, D)",
            hint="several columns are one input: 'FILE:e0..e9' or 'FILE:e_*'",
            code="shape-mismatch",
        )
    if len(shape) == 1:
        notes = (*notes, _one(first))
        view = View(shape, 1, whole=True)
        return Pairing(1, dict.fromkeys(fields, view), (), notes=notes)
    view = View(shape[1:], len(shape) - 1)
    return Pairing(shape[0], dict.fromkeys(fields, view), shape[:-1], notes=notes)


def numbers(fields: Mapping[str, Field]) -> Pairing:
    """Pairs numbers of any shape, one by one.

    Raises:
        DataError: their shapes differ.
    """
    shape, notes = _common(fields, tail=0)
    view = View(shape[1:], whole=not shape)
    return Pairing(shape[0] if shape else 1, dict.fromkeys(fields, view), shape, notes=notes)


def labelled(pairing: Pairing, first: Field, target: Field) -> Pairing:
    """Adds one label for each element.

    Args:
        pairing: What the elements are made of.
        first: The first of it.
        target: The labels.

    Raises:
        DataError: there are not as many labels.
    """
    wanted, notes = pairing.elements, pairing.notes
    if target.shape != wanted:
        if _dropped(target.shape, 0) != wanted and not (not wanted and target.shape == (1,)):
            refuse(first, target, _labels_hint(first, target))
        notes = (*notes, _squeezed("target", target, wanted))
    view = View((), whole=not target.shape) if pairing.prediction.flat else pairing.prediction
    return replace(pairing, views={**pairing.views, "target": view}, notes=notes)


def refuse(one: Field, other: Field, hint: str = "") -> NoReturn:
    """Tells two shapes that do not fit."""
    both = f"{one.label} has shape {one.shape}, {other.label} has shape {other.shape}"
    rows = [field.shape[0] if field.shape else 1 for field in (one, other)]
    if rows[0] != rows[1] and one.shape and other.shape:
        short, long = sorted((one, other), key=lambda field: field.shape[0])
        message = f"{both}: row {short.shape[0] + 1} of {long.label} has no partner"
        raise DataError(message, hint=hint, code="row-count")
    raise DataError(f"shapes differ: {both}", hint=hint, code="shape-mismatch")


def _common(fields: Mapping[str, Field], tail: int) -> tuple[Shape, tuple[Finding, ...]]:
    """The shape of all fields, perhaps without axes of length 1, and what was dropped."""
    first = fields["prediction"]
    if all(field.shape == first.shape for field in fields.values()):
        return first.shape, ()
    wanted = _dropped(first.shape, tail)
    for field in fields.values():
        if _dropped(field.shape, tail) != wanted:
            refuse(first, field)
    odd = ((side, field) for side, field in fields.items() if field.shape != wanted)
    return wanted, tuple(_squeezed(side, field, wanted) for side, field in odd)


def _dropped(shape: Shape, tail: int) -> Shape:
    """A shape without axes of length 1 between the rows and its tail."""
    end = len(shape) - tail
    return (*shape[:1], *(size for size in shape[1:end] if size != 1), *shape[max(end, 1) :])


def _squeezed(side: str, field: Field, wanted: Shape) -> Finding:
    message = f"{field.label}: the shape {field.shape} was read as {wanted}"
    return Finding("squeezed", Level.NOTE, message, input=side)


def _one(field: Field) -> Finding:
    message = f"{field.label}: the shape {field.shape} was read as one vector"
    hint = "vectors of one number each have the shape (N, 1)"
    return Finding("one-vector", Level.NOTE, message, hint, "prediction")


def _labels_hint(first: Field, target: Field) -> str:
    if len(first.shape) == 1 and first.shape == target.shape:
        return "rows of vectors have the shape (N, D): these are read as one vector"
    return ""
