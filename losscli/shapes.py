"""How predictions and targets pair up, from their shapes alone.

Shapes are compared after dropping axes of length 1, never the rows or the classes, and
nothing is ever broadcast: torch would answer, and average numbers that nobody asked for.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, NoReturn

from losscli.errors import DataError, Finding, Level
from losscli.formats.stack import stem
from losscli.lazy import np
from losscli.views import Pairing, Shape, Stretched, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.formats.base import Field

__all__ = ["along", "by_class", "same", "several", "terms", "uneven"]


def same(prediction: Field, target: Field) -> Pairing:
    """Pairs a target that has one value for each value of the prediction."""
    shapes = prediction.shape, target.shape
    if shapes[0] == shapes[1]:
        row = shapes[0][1:]
        view = View(row, whole=not shapes[0])
        return Pairing.of(_rows(shapes[0]), view, view, shapes[0])
    dropped = _dropped(shapes[0])
    if dropped != _dropped(shapes[1]):
        _refuse(prediction, target)
    whole = tuple(View(dropped[1:], whole=not shape) for shape in shapes)
    notes = tuple(
        _squeezed(side, field.label, field.shape, dropped)
        for side, field in (("prediction", prediction), ("target", target))
        if field.shape != dropped
    )
    return Pairing.of(dropped[0], whole[0], whole[1], dropped, notes=notes)


def several(prediction: Field, target: Field) -> Pairing:
    """Pairs predictions (N, Q) with targets (N): the one target of a row goes with each of them."""
    ours, theirs = prediction.shape, target.shape
    if len(ours) != 2 or _dropped(theirs) != ours[:1] or ours[1] == 1 or not theirs:
        return same(prediction, target)
    return Pairing.of(ours[0], View(ours[1:]), Stretched(ours[1:], own=(1,)), ours)


def along(pairing: Pairing, prediction: Field, more: Mapping[str, Field]) -> Pairing:
    """Adds fields that go along with the prediction: one value for each, for each row, or for all.

    Args:
        pairing: The prediction and what it already belongs to.
        prediction: The prediction.
        more: Further fields by their names.
    """
    views = {name: _stretched(prediction, field, name, pairing) for name, field in more.items()}
    return replace(pairing, views={**pairing.views, **views})


def _stretched(prediction: Field, field: Field, name: str, pairing: Pairing) -> View:
    """How a field is repeated along the prediction: as torch does it for variances."""
    wanted, shape, row = prediction.shape, field.shape, pairing.prediction.row
    once = tuple(1 for _ in row)
    if prod(shape) == 1 < pairing.rows * prod(row):
        return Stretched(row, fixed=True, own=once)
    if _dropped(shape) == _dropped(wanted):
        return pairing.prediction
    if shape == wanted[:-1]:  # one for each row, also where there are as many columns
        own = shape if len(shape) == len(row) else _dropped(shape)
        return Stretched(row, own=(*own[1:], 1))
    if shape[:1] == wanted[:1] and _divides(shape[1:], row):
        return Stretched(row, own=shape[1:])
    if len(shape) == len(wanted) and shape[:1] == (1,):
        shape = shape[1:]
    every = once[len(shape) :] + shape
    if not _divides(every, row):
        _refuse(prediction, field, what=name.replace("_", "-") + "s")
    return Stretched(row, fixed=True, own=every)


def _divides(own: Shape, row: Shape) -> bool:
    """Whether a row can be repeated to fill another."""
    return len(own) == len(row) and all(
        one in (1, size) for one, size in zip(own, row, strict=True)
    )


def by_class(prediction: Field, target: Field, axis: int | None) -> Pairing:
    """Pairs scores for each class with class indices, or with a probability for each class.

    Args:
        prediction: Of shape (N, C), (N, C, d1, …) or (N, d1, …, C), or (C,) for a single row.
        target: The prediction's shape without the axis of classes, or the same shape.
        axis: Where the classes are; None to find it from the shapes.
    """
    shape = prediction.shape
    if not shape:
        raise DataError(
            f"{prediction.label} is a single number, with no axis of classes",
            code="shape-mismatch",
        )
    if axis is not None and not -len(shape) <= axis < len(shape):
        raise DataError(
            f"--class-axis {axis} is out of range: {prediction.label} has shape {shape}",
            code="class-axis",
        )
    if len(shape) == 1:
        return _single(prediction, target)
    axis = None if axis is None else axis % len(shape)
    if axis == 0:
        raise DataError(
            f"--class-axis 0 is the axis of rows: {prediction.label} has shape {shape}",
            code="class-axis",
        )
    if shape == target.shape:
        found = 1 if axis is None else axis
        view = View(shape[1:], found)
        elements = shape[:found] + shape[found + 1 :]
        return Pairing.of(shape[0], view, view, elements, shape[found], probabilities=True)
    found = _class_axis(prediction, target, axis)
    elements = shape[:found] + shape[found + 1 :]
    notes: tuple[Finding, ...] = ()
    if target.shape != elements:
        notes = (_squeezed("target", target.label, target.shape, elements),)
    # Where the classes come last, the axes before them are rows for the kernel.
    target_view = View(() if found == len(shape) - 1 else elements[1:])
    view = View(shape[1:], found)
    return Pairing.of(shape[0], view, target_view, elements, shape[found], notes=notes)


def terms(prediction: Field, target: Field, axis: int) -> Pairing:
    """Pairs two distributions over the classes of one axis, with a loss for each class."""
    shape = prediction.shape
    if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
        raise DataError(
            f"--class-axis {axis} is no axis of classes: {prediction.label} has shape {shape}",
            code="class-axis",
        )
    if shape != target.shape:
        _refuse(prediction, target)
    axis %= len(shape)
    view = View(shape[1:], axis)
    return Pairing.of(shape[0], view, view, shape, shape[axis], probabilities=True, terms=True)


def _single(prediction: Field, target: Field) -> Pairing:
    """Scores of shape (C,): one row, whose target is a number without axes.

    PyTorch takes a target of shape (C,) as well; but N scores and N labels have that shape too.
    """
    classes = prediction.shape[0]
    view = View((classes,), 1, whole=True)
    if target.shape == ():
        return Pairing.of(1, view, View((), whole=True), (), classes)
    hint = "scores for rows and classes have the shape (N, C); one score for each row is bce's"
    if target.shape[:1] == (classes,) and len(target.shape) == 2:
        hint = "are prediction and target swapped? Class indices are one for each row of scores"
    raise DataError(
        f"{prediction.label} has shape {prediction.shape}: one row of {classes} classes, "
        f"but {target.label} has shape {target.shape}",
        hint=hint,
        code="shape-mismatch",
    )


def _class_axis(prediction: Field, target: Field, asked: int | None) -> int:
    """The axis whose removal gives the target's shape: torch's axis 1, or the last one."""
    shape = prediction.shape
    rest = {axis: shape[:axis] + shape[axis + 1 :] for axis in range(1, len(shape))}
    usual = sorted({1, len(shape) - 1}) if asked is None else [asked]
    fits = [axis for axis in usual if rest[axis] == target.shape]
    fits = fits or [axis for axis in usual if _dropped(rest[axis]) == _dropped(target.shape)]
    # An axis of length 1 has no classes to choose from while another axis fits.
    fits = [axis for axis in fits if shape[axis] != 1] or fits
    if not fits:
        _refuse(prediction, target, classes=True)
    if len(fits) > 1:
        raise DataError(
            f"the axis of classes is ambiguous: {prediction.label} has shape {shape}, and without "
            f"axis {fits[0]} as without axis {fits[1]} that is the shape {target.shape} "
            f"of {target.label}",
            hint=f"say --class-axis {fits[0]} or --class-axis {fits[1]}",
            code="class-axis",
        )
    return fits[0]


def _rows(shape: Shape) -> int:
    return shape[0] if shape else 1


def _dropped(shape: Shape) -> Shape:
    """A shape without the axes of length 1 behind the rows; a scalar is one row."""
    return (_rows(shape), *(size for size in shape[1:] if size != 1))


def _squeezed(side: str, label: str, shape: Shape, dropped: Shape) -> Finding:
    message = f"{label}: the shape {shape} was read as {dropped}"
    return Finding("squeezed", Level.NOTE, message, input=side)


def _refuse(
    prediction: Field, target: Field, *, classes: bool = False, what: str = "targets"
) -> NoReturn:
    """Tells two shapes that do not pair up, and what torch would have made of them."""
    ours, theirs = prediction.shape, target.shape
    if _rows(ours) != _rows(theirs) and len(ours) and len(theirs):
        short, long = sorted((prediction, target), key=lambda field: field.shape[0])
        raise DataError(
            f"{_rows(ours)} predictions but {_rows(theirs)} {what} ({prediction.label} has shape "
            f"{ours}, {target.label} has shape {theirs}): "
            f"row {short.shape[0] + 1} of {long.label} has no partner",
            hint=uneven(prediction, target)
            or _alone(prediction, target)
            or _unstacked(prediction, target)
            or "was a header read as data, or data as a header? --header and --no-header say so",
            code="row-count",
        )
    if classes:
        message = (
            f"shapes do not fit: {prediction.label} is {ours} and {target.label} is {theirs}; "
            "class indices have the shape of the predictions without the axis of classes"
        )
        raise DataError(message, code="shape-mismatch", hint=_class_hint(ours, theirs))
    message = f"shapes differ: {prediction.label} is {ours}, {target.label} is {theirs}"
    try:
        joint = np.broadcast_shapes(ours, theirs)
        message += f"; torch would stretch both to {joint} and average {prod(joint)} terms"
    except ValueError:
        pass
    hint = ""
    if theirs and len(ours) == len(theirs) + 1 and ours[0] == theirs[0]:
        hint = (
            "scores for each class against class indices are for ce, nll and zero-one; "
            "focal-ce and multiclass-hinge are kin to focal and hinge"
        )
    raise DataError(message, code="shape-mismatch", hint=hint)


def uneven(prediction: Field, target: Field) -> str:
    """The first two shards that are no pair, where there are as many of both.

    They differ in their rows, or in their names where others are called alike.
    """
    if len(prediction.files) != len(target.files):
        return ""
    for ours, theirs in zip(prediction.files, target.files, strict=True):
        if ours[1] != theirs[1]:
            return f"{ours[0]} has {ours[1]:,} rows, and {theirs[0]} has {theirs[1]:,}"
    names, others = _names(prediction), _names(target)
    if not {*names} & {*others}:
        return ""
    for one, other in zip(names, others, strict=True):
        if one != other:
            return f"{names[one]} is beside {others[other]}"
    return ""


def _alone(prediction: Field, target: Field) -> str:
    """The first shard without a namesake on the other side, where others have one."""
    fewer, more = sorted((prediction, target), key=lambda field: len(field.files))
    names, others = _names(more), _names(fewer)
    if not {*names} & {*others}:
        return ""
    alone = (path for name, path in names.items() if name not in others)
    return f"{next(alone)} has no partner in {fewer.path}"


def _names(field: Field) -> dict[str, str]:
    """What its shards are called, less their suffix, in order; nothing if two are called alike."""
    found = {stem(path): path for path, _ in field.files}
    return found if len(found) == len(field.files) else {}


def _unstacked(prediction: Field, target: Field) -> str:
    """Files of which one has as many as the other has rows."""
    for one, other in ((prediction, target), (target, prediction)):
        if len(one.files) == other.shape[0]:
            return f"--stack makes a row of each of the {len(one.files)} files of {one.path}"
    return ""


def _class_hint(ours: Shape, theirs: Shape) -> str:
    if len(ours) == 2 and theirs[:1] == ours[1:]:
        return "the predictions look transposed: their rows are the first axis"
    if len(theirs) == len(ours):
        return "one-hot or class-probability targets have the very shape of the predictions"
    return "--class-axis names the axis of classes"
