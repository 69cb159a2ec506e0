"""One leaf of rows, as the checks and the measures of a role see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any

from losscli.facts import Facts
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.shapes import Pairing


@dataclass(frozen=True)
class Batch:
    """A leaf after reading and before the kernel.

    Arrays are in the layout of the kernel (:class:`losscli.shapes.View`) and in the dtype of
    the file, so that a value is shown as it was written.

    Attributes:
        kind: What the prediction is: "logits", "probs", "log_probs", "pred" and so on.
        start: How many rows come before this leaf.
        rows: How many rows it has.
        prediction: Values of the prediction.
        raw: The target as it was read: numbers, or text.
        target: The target as its role reads it: class indices for names, and so on.
        counts: Which elements count; None for all of them.
        weight: The sample weight of each element; None for 1.
        options: The options of the loss.
        pairing: How the two belong together.
    """

    kind: str
    start: int
    rows: int
    prediction: np.ndarray
    raw: np.ndarray
    target: np.ndarray
    counts: np.ndarray | None
    weight: np.ndarray | None
    options: Mapping[str, Any]
    pairing: Pairing

    def values(self, side: str) -> np.ndarray:
        """The numbers of the prediction, or those of the target as they were read."""
        return self.prediction if side == "prediction" else self.raw

    @property
    def plain(self) -> bool:
        """Every element counts, and once."""
        return self.counts is None and self.weight is None

    def facts(self, side: str) -> Facts:
        """What is known of the values of one side, counted or not; of text, of its indices."""
        return self._prediction_facts if side == "prediction" else self._target_facts

    @cached_property
    def _prediction_facts(self) -> Facts:
        return Facts.of(self.prediction)

    @cached_property
    def _target_facts(self) -> Facts:
        values = self.target if self.raw.dtype.kind == "U" else self.raw
        repeated = self.pairing.target.repeat is not None
        return Facts.of(self.pairing.target.back(values) if repeated else values)

    def span(self, side: str) -> tuple[float, float]:
        """The smallest and the largest value of one side, counted or not; NaN if any is."""
        facts = self.facts(side)
        return (nan, nan) if facts.nan else (facts.low, facts.high)

    def inside(self, side: str, low: float, high: float) -> bool:
        """Whether all values of one side are in a range, which most checks ask first."""
        found = self.span(side)
        return low <= found[0] and found[1] <= high

    def without_nan(self) -> Batch:
        """Elements with a NaN in their prediction or target do not count."""
        fine = None
        for values in (self.prediction, self.raw):
            if values.dtype.kind != "f":
                continue
            own = ~np.isnan(values)
            if values.ndim > self._elements.ndim:
                own = own.all(1 if self.pairing.classes is not None else -1)
            fine = own if fine is None else fine & own
        if fine is None or fine.all():
            return self
        return replace(self, counts=fine if self.counts is None else self.counts & fine)

    def safe(self) -> Batch:
        """Targets that do not count may be anything: here they become 0, for the kernel."""
        if self.counts is None:
            return self
        counts = self.counts
        if self.target.ndim > counts.ndim:
            counts = np.expand_dims(counts, 1 if self.pairing.classes is not None else -1)
        return replace(self, target=np.where(counts, self.target, self.target.dtype.type(0)))

    @property
    def _elements(self) -> np.ndarray:
        """An array with the axes of the elements, in the layout of the kernel."""
        pairing = self.pairing
        return pairing.lay(np.empty((self.rows, *pairing.elements[1:]), bool))

    def counted(self, values: np.ndarray, side: str) -> np.ndarray | None:
        """Which values, in the order of the file, belong to elements that count."""
        if self.counts is None:
            return None
        counts = self.counts
        if values.ndim < counts.ndim and getattr(self.pairing, side).repeat is not None:
            return np.asarray(counts.any(1))
        if values.ndim < counts.ndim:  # one distribution each, for a loss of every class
            return np.asarray(counts.all(1))
        if values.ndim > counts.ndim:  # there is an axis of classes, or of labels, besides
            axis = getattr(self.pairing, side).class_axis
            inner = axis is None or axis == len(self.pairing.prediction.row)
            counts = np.expand_dims(counts, -1 if inner else axis)
        return np.broadcast_to(counts, values.shape)
