"""Arrays that come beside predictions and targets: sample weights, masks, small arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, Finding, Level
from losscli.formats.missing import missing
from losscli.formats.values import from_value
from losscli.lazy import np, torch
from losscli.records import record
from losscli.registry import flag
from losscli.weights import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.formats.base import Field
    from losscli.lazy import Tensor
    from losscli.question import Fields, Question
    from losscli.registry import Option
    from losscli.roles import Role
    from losscli.views import Pairing, Shape


@record
class PerElement:
    """One number for each row or for each element: a sample weight, or a mask."""

    name: str
    source: Field
    field: Field  # the same, as it goes with the elements
    pairing: Pairing
    row: Shape  # the shape of a row's elements; all 1 where there is one number a row
    full: Shape  # the shape of a row's elements

    @classmethod
    def of(cls, name: str, source: Field, role: Role, row: int = 0) -> PerElement:
        """Fits a field to the elements.

        Args:
            name: What it is.
            source: The field.
            role: What the inputs are.
            row: One that has the size of those that are read.

        Raises:
            DataError: it has neither one number a row nor one an element, or is no number.
        """
        if source.uneven and role.uneven is None:
            raise DataError(
                f"{flag(name)} {source.label}: its rows differ in size, and those of "
                f"{role.asked.prediction.label} do not",
                code="shape-mismatch",
            )
        field, pairing = role.aligned(source.at(row)), role.pairing
        if field.dtype.kind == "U":
            raise DataError(f"{field.label}: {flag(name)} wants numbers, not text", code="text")
        elements = pairing.markable if name == "mask" else pairing.elements
        rest, wanted = (
            tuple(size for size in shape[1:] if size != 1) for shape in (field.shape, elements)
        )
        rows = field.shape[0] if field.shape else 1
        if rows != pairing.rows or rest not in ((), wanted):
            whose = "" if role.uneven is None else f"{role.asked.prediction.place((row,))}: "
            either = f"{elements} or {elements[:1]}" if len(elements) > 1 else f"{elements}"
            raise DataError(
                f"{whose}{flag(name)} {field.label} has shape {field.shape}, but there is one "
                f"{'loss' if elements is pairing.elements else 'pixel'} for each of {either}",
                code="shape-mismatch",
            )
        one = elements[1:] if rest else tuple(1 for _ in elements[1:])
        return cls(name, source, field, pairing, one, elements[1:])

    def at(self, role: Role, row: int) -> PerElement:
        """As it goes with a row, and with all that have its size."""
        return self if role.uneven is None else PerElement.of(self.name, self.source, role, row)

    def rows(self, start: int, stop: int) -> np.ndarray:
        """As numbers for the elements of some rows, in the layout of the kernel."""
        found = self.field.rows(start, stop).reshape(-1, *self.row)
        if self.name == "mask":
            odd, wanted = (found != 0) & (found != 1), "a mask is 0 or 1"
        else:
            odd, wanted = ~np.isfinite(found), "a weight is a finite number"
        if odd.any():
            value = found[odd][:1]
            gone = missing(value)
            shown = "a missing value" if gone is not None and gone[0] else f"{value[0]:g}"
            raise DataError(
                f"{self._at(odd, start)}: {wanted}, not {shown}",
                hint="--sample-weight takes any weight" if self.name == "mask" else "",
                code=f"{self.name.replace('_', '-')}-value",
            )
        full = np.empty((len(found), *self.full), found.dtype)
        full[:] = found
        return self.pairing.lay(full)

    def _at(self, odd: np.ndarray, start: int) -> str:
        place = start * (odd.size // len(odd)) + int(odd.reshape(-1).argmax())
        shape = self.field.shape or (1,)
        index = tuple(int(one) for one in np.unravel_index(place, shape))
        return f"{self.field.label}, {self.field.place(index)}"


def per_element(fields: Fields, role: Role) -> dict[str, PerElement]:
    """The sample weights and masks that are given.

    Raises:
        DataError: one of them does not fit, or has no number for some row.
    """
    found: dict[str, PerElement] = {}
    for name in ("sample_weight", "mask"):
        if name not in fields.beside:
            continue
        found[name] = PerElement.of(name, fields.beside[name], role.at(0))
        for row in range(1, role.rows if role.uneven else 1):
            found[name].at(role.at(row), row)
    return found


@record
class SmallArray:
    """The array of an option: broadcast to the prediction, or taken along with its rows."""

    option: Option
    values: np.ndarray
    pairing: Pairing
    shape: Shape = ()  # of the prediction; () where it does not matter
    along: bool = False

    @classmethod
    def of(cls, option: Option, value: Any, prediction: Field, pairing: Pairing) -> SmallArray:
        """Fits an array to the prediction, or to its classes.

        Raises:
            DataError: it does not fit.
        """
        values = np.asarray(value, np.float64)
        shape = prediction.shape
        name = flag(option.name)
        odd = ~np.isfinite(values)
        if odd.any():
            value = np.atleast_1d(values)[np.atleast_1d(odd)][0]
            raise DataError(f"{name} is {value} at {_first(odd)}", code="weight-value")
        for extreme in (values.min(), values.max()):
            option.hold(extreme)
        if option.small and option.small.free:
            return cls(option, values, pairing)
        if option.small and option.small.per_class:
            classes = pairing.classes or 2
            if values.shape != (classes,):
                held = "one number" if not values.shape else f"shape {values.shape}"
                there = "the predictions have" if pairing.classes else "0 and 1 are"
                raise DataError(
                    f"{name} has {held}, but {there} {classes} classes",
                    code="shape-mismatch",
                )
            return cls(option, values, pairing)
        try:
            fits = np.broadcast_shapes(values.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise DataError(
                f"{name} has shape {values.shape}, which cannot be broadcast to the predictions' "
                f"{shape}",
                code="shape-mismatch",
            )
        if values.size == 1:
            return cls(option, values.reshape(()), pairing, shape)
        if len(values.shape) == len(shape) and len(values) == 1 < shape[0]:
            values = values[0]  # the same for every row
        return cls(option, values, pairing, shape, len(values.shape) == len(shape))

    def at(self, role: Role) -> SmallArray:
        """As it goes with the rows of a role."""
        if not self.values.shape or not self.shape:
            return self
        return SmallArray.of(self.option, self.values, role.asked.prediction, role.pairing)

    def rows(self, start: int, stop: int) -> np.ndarray:
        """What the kernel wants: a number, something for every row, or something for each."""
        if not self.values.shape or not self.shape:
            return self.values
        if not self.along:
            every = np.broadcast_to(self.values, self.shape[1:])
            return every.reshape(self.pairing.prediction.row)
        piece = self.values[start:stop]
        piece = np.broadcast_to(piece, (len(piece), *self.shape[1:]))
        return self.pairing.prediction.of(np.ascontiguousarray(piece))

    @property
    def findings(self) -> list[Finding]:
        """Negative weights, and those of columns that could be of rows: as torch takes them."""
        name, found = self.option.name, []
        if (self.values < 0).any():
            first = _first(self.values < 0)
            message = f"{flag(name)} is negative at {first}: {self.values.min():g} at the least"
            found.append(Finding("negative-weight", Level.WARNING, message, input=name))
        rows, columns = self.shape[0] if self.shape else 0, self.values.shape
        if name == "weight" and not self.along and columns == (rows,) and len(self.shape) > 1:
            message = (
                f"{flag(name)} has shape {columns}, and there are as many rows as columns: it was "
                "taken for the columns, as in torch"
            )
            hint = "--sample-weight takes one for each row"
            found.append(Finding("weight-axis", Level.WARNING, message, hint, input=name))
        return found


def small_arrays(
    question: Question, fields: Fields, role: Role, counts: Callable[[], np.ndarray]
) -> tuple[dict[str, SmallArray], list[Finding]]:
    """The small arrays that are given, and what is to be said of them.

    Args:
        question: What was asked.
        fields: Its inputs.
        role: What its inputs are.
        counts: Finds out how much of each class the targets hold; called once, if at all.
    """
    arrays: dict[str, SmallArray] = {}
    findings: list[Finding] = []
    known = None
    for name, option in question.loss.options.items():
        given = question.options[name]
        default = given is option.default and name not in fields.beside
        if not option.small or default:
            continue
        if isinstance(given, Rule):
            if given.counts and known is None:
                known = counts()
            drawn = given.draw(role.class_names, known)
            findings += _unless_ignored(drawn.findings, known, question.options)
            values = drawn.values
        else:
            values = _values(name, fields.beside.get(name), given)
        arrays[name] = SmallArray.of(option, values, role.asked.prediction, role.pairing)
        findings += arrays[name].findings
    return arrays, findings


def _unless_ignored(
    findings: Sequence[Finding], counts: Any, options: Mapping[str, Any]
) -> list[Finding]:
    """What is to be said of weights; a class that is left out on purpose may well be absent."""
    several = counts is not None and counts.ndim == 1 and len(counts) > 2
    meant = several and np.flatnonzero(counts == 0).tolist() == [options.get("ignore_index")]
    return [one for one in findings if one.code != "absent-class" or not meant]


def _values(name: str, field: Field | None, given: Any) -> Any:
    """The array of an option: from its file, or as it was given."""
    field = field or from_value(flag(name), given)
    if field.dtype.kind == "U":
        raise DataError(f"{field.label}: numbers are wanted, not text")
    if field.uneven:
        raise DataError(
            f"{flag(name)} {field.label}: its rows differ in size, which is no array",
            hint="--sample-weight takes a weight for each element of every file",
            code="shape-mismatch",
        )
    return field.rows(0, field.shape[0] if field.shape else 1).reshape(field.shape)


def _first(mask: np.ndarray) -> str:
    return str([int(one[0]) for one in np.nonzero(np.atleast_1d(mask))])


def tensors(
    arrays: Mapping[str, SmallArray], start: int, stop: int, pad: Any, like: Tensor
) -> dict[str, Tensor | float]:
    """The arrays of a leaf on its device and in its dtype; a single number stays a number."""
    found: dict[str, Tensor | float] = {}
    for name, array in arrays.items():
        values = array.rows(start, stop)
        if not values.shape:
            found[name] = float(values)
            continue
        values = pad(values) if array.along else values
        found[name] = torch.tensor(values, dtype=like.dtype, device=like.device)
    return found
