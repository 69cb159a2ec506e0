"""How fields that belong together are laid out for the kernel of a loss."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.errors import Finding
    from losscli.formats.base import Field

Shape = tuple[int, ...]


@record
class View:
    """How the rows of a field are laid out for the kernel of a loss.

    Attributes:
        row: The shape of one row, without the axes that were dropped.
        class_axis: The axis of classes, counted with the rows as axis 0; None for none.
        whole: The field is a single row: it has no axis of rows.
        apart: Rows stay rows for the kernel, wherever the classes are.
        fixed: The field has no rows: it is the same for all.
    """

    row: Shape
    class_axis: int | None = None
    whole: bool = False
    apart: bool = False
    fixed: bool = False

    @property
    def flat(self) -> bool:
        """The classes come last, and the axes before them are rows for the kernel: no copy."""
        return self.class_axis == len(self.row) and not self.apart

    def rows(self, field: Field, start: int, stop: int) -> np.ndarray:
        """Rows of a field as the kernel wants them; without an axis of rows it is all one row."""
        whole = self.whole and field.shape
        return self.of(field.rows(0, field.shape[0]) if whole else field.rows(start, stop))

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Rows as the kernel wants them: contiguous, with the classes on axis 1."""
        if self.class_axis is None:
            return rows.reshape(-1, *self.row)
        if self.flat:
            return rows.reshape(-1, self.row[-1])
        rows = rows.reshape(-1, *self.row)
        return np.ascontiguousarray(np.moveaxis(rows, self.class_axis, 1))

    def back(self, mask: np.ndarray) -> np.ndarray:
        """Undoes :meth:`of` for an array of the kernel's shape: back to the order of the file."""
        if self.class_axis is None or self.flat:
            return mask
        return np.moveaxis(mask, 1, self.class_axis)


@record
class Held(View):
    """An array that the loss holds, such as the weights of a layer: all of it, for each row."""

    fixed: bool = True


@record
class Stretched(View):
    """A field with less than the kernel wants: its values are repeated.

    Attributes:
        own: The shape of one of its rows, with axes of length 1 where it is repeated.
    """

    own: Shape = ()

    def rows(self, field: Field, start: int, stop: int) -> np.ndarray:
        if not self.fixed:
            return self.of(field.rows(start, stop))
        every = field.rows(0, field.shape[0] if field.shape else 1)
        return self.of(np.broadcast_to(every.reshape(1, *self.own), (stop - start, *self.own)))

    def of(self, rows: np.ndarray) -> np.ndarray:
        rows = rows.reshape(-1, *self.own)
        return np.ascontiguousarray(np.broadcast_to(rows, (len(rows), *self.row)))

    def back(self, mask: np.ndarray) -> np.ndarray:
        """Each value once."""
        once = (slice(0, size) for size in self.own)
        return mask[(slice(0, 1 if self.fixed else None), *once)]

    def fold(self, counts: np.ndarray) -> np.ndarray:
        """Which of its own values belong to anything that counts."""
        counts = counts.reshape(*counts.shape, *(1 for _ in self.row[counts.ndim - 1 :]))
        return np.asarray(counts.any(self._repeated, keepdims=True))

    def summed(self, values: np.ndarray) -> np.ndarray:
        """What belongs to each of its own values, added up: in double precision."""
        sums = values.sum(self._repeated, np.float64, keepdims=True)
        return np.asarray(sums if self.fixed else sums.astype(values.dtype))

    @property
    def _repeated(self) -> tuple[int, ...]:
        """The axes along which its values are repeated."""
        axes = [axis + 1 for axis, size in enumerate(self.own) if size < self.row[axis]]
        return (*axes, *([0] if self.fixed else []))


@record
class Pairing:
    """Fields that belong together.

    Attributes:
        rows: How many.
        views: Those of the prediction, of the target, and of further inputs by their names.
        elements: The shape of the unreduced losses, as torch gives it.
        classes: How many there are, if the prediction has an axis of classes.
        probabilities: The target holds a probability for each class, not an index.
        terms: There is an unreduced loss for each class, in the prediction's layout.
        notes: What was dropped.
        marks: The shape of what may be left out, where that is not the elements: pixels.
        free: The unreduced losses do not go along with the rows.
        stride: So many places there are from one row to the next where rows differ in size; 0
            where they do not.
    """

    rows: int
    views: Mapping[str, View]
    elements: Shape
    classes: int | None = None
    probabilities: bool = False
    terms: bool = False
    notes: tuple[Finding, ...] = ()
    marks: Shape | None = None
    free: bool = False
    stride: int = 0

    @classmethod
    def of(
        cls, rows: int, prediction: View, target: View, elements: Shape, *more: Any, **rest: Any
    ) -> Pairing:
        """Of a prediction and a target."""
        return cls(rows, {"prediction": prediction, "target": target}, elements, *more, **rest)

    @property
    def prediction(self) -> View:
        return self.views["prediction"]

    @property
    def target(self) -> View:
        return self.views["target"]

    @property
    def per_row(self) -> int:
        """How many values of the prediction one row has."""
        return prod(self.prediction.row)

    @property
    def elements_per_row(self) -> int:
        return prod(self.elements[1:])

    def first(self, row: int) -> int:
        """The place of the first element of a row."""
        return row * (self.stride or self.elements_per_row)

    @property
    def kernel_rows(self) -> int:
        """How many rows the kernel sees for each row of the file."""
        return prod(self.prediction.row[:-1]) if self.prediction.flat else 1

    @property
    def markable(self) -> Shape:
        """The shape of what may be left out."""
        return self.elements if self.marks is None else self.marks

    def lay(self, elements: np.ndarray) -> np.ndarray:
        """What there is for each element, rows first, in the layout of the kernel."""
        if self.terms:
            return self.prediction.of(elements)
        return elements.reshape(-1) if self.prediction.flat else elements

    def order(self, elements: np.ndarray) -> np.ndarray:
        """The other way: one axis, in the order of the file."""
        return (self.prediction.back(elements) if self.terms else elements).reshape(-1)

    @property
    def heads(self) -> Shape:
        """The shape of what has one distribution each: the elements, less the axis of classes."""
        axis = self.prediction.class_axis
        if not self.terms or axis is None:
            return self.markable
        return self.elements[:axis] + self.elements[axis + 1 :]
