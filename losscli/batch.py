"""One leaf of rows, as the checks and the measures of a role see it."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any

from losscli.facts import Facts
from losscli.lazy import np
from losscli.records import record
from losscli.views import Stretched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from losscli.views import Pairing


@record
class Batch:
    """A leaf after reading and before the kernel.

    Arrays are in the layout of the kernel (:class:`losscli.views.View`) and in the dtype of
    the file, so that a value is shown as it was written.

    Inputs are known by what they are: "prediction" for the first, "target", and others by name.

    Attributes:
        kind: What the prediction is: "logits", "probs", "log_probs", "pred" and so on.
        start: How many rows come before this leaf.
        rows: How many rows it has.
        given: Every input as it was read: numbers, or text.
        taken: Every input as the kernel takes it: class indices for names, and so on.
        counts: Which elements count, or which pixels of them; None for all.
        weight: The sample weight of each element; None for 1.
        options: The options of the loss.
        pairing: How the inputs belong together.
        target_kind: What the target is.
        seen: What the kernel has seen of each element beside its loss, by what it is.
        omitted: How many elements were left out for what they hold, by what that is.
    """

    kind: str
    start: int
    rows: int
    given: Mapping[str, np.ndarray]
    taken: Mapping[str, np.ndarray]
    counts: np.ndarray | None
    weight: np.ndarray | None
    options: Mapping[str, Any]
    pairing: Pairing
    target_kind: str = "target"
    omitted: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def logarithmic(self) -> bool:
        """The target holds logarithms of probabilities, or scores."""
        return self.target_kind != "target" or bool(self.options.get("log_target"))

    @property
    def prediction(self) -> np.ndarray:
        return self.taken["prediction"]

    @property
    def target(self) -> np.ndarray:
        return self.taken["target"]

    @property
    def raw(self) -> np.ndarray:
        """The target as it was read."""
        return self.given["target"]

    def values(self, side: str) -> np.ndarray:
        """The numbers of an input, as they were read."""
        return self.given[side]

    @property
    def plain(self) -> bool:
        """Every element counts, and once."""
        return self.counts is None and self.weight is None

    def facts(self, side: str) -> Facts:
        """What is known of the values of one input, counted or not; of text, of its indices."""
        if side not in self._facts:
            self._facts[side] = Facts.of(self.own(side))
        return self._facts[side]

    @cached_property
    def _facts(self) -> dict[str, Facts]:
        return {}

    def own(self, side: str) -> np.ndarray:
        """The numbers of one input, each of them once; of text, its indices."""
        values = self.taken[side] if self.given[side].dtype.kind == "U" else self.given[side]
        view = self.pairing.views[side]
        return view.back(values) if isinstance(view, Stretched) else values

    def span(self, side: str) -> tuple[float, float]:
        """The smallest and the largest value of one input, counted or not; NaN if any is."""
        facts = self.facts(side)
        return (nan, nan) if facts.nan else (facts.low, facts.high)

    def inside(self, side: str, low: float, high: float) -> bool:
        """Whether all values of one input are in a range, which most checks ask first."""
        found = self.span(side)
        return low <= found[0] and found[1] <= high

    def without(self, what: str, odd: Callable[[np.ndarray], np.ndarray | None]) -> Batch:
        """Elements with an odd value in any of their inputs do not count.

        Args:
            what: What is odd, in a word.
            odd: Which values are; None if none can be.
        """
        fine: np.ndarray | None = None
        for values in self.given.values():
            found = odd(values)
            if found is None:
                continue
            own: np.ndarray = ~found
            while own.ndim > self._elements.ndim:
                own = np.asarray(own.all(1 if self.pairing.classes is not None else -1))
            fine = own if fine is None else np.asarray(fine & own)
        if fine is None or fine.all():
            return self
        gone = ~fine if self.counts is None else self.counts & ~fine
        return replace(
            self,
            counts=fine if self.counts is None else self.counts & fine,
            omitted={**self.omitted, what: int(np.count_nonzero(gone))},
        )

    def safe(self) -> Batch:
        """Targets that do not count may be anything: here they become 0, for the kernel."""
        if self.counts is None or "target" not in self.taken:
            return self
        counts = self.counts
        while counts.ndim < self.target.ndim:
            counts = np.expand_dims(counts, 1 if self.pairing.classes is not None else -1)
        safe = np.where(counts, self.target, self.target.dtype.type(0))
        return replace(self, taken={**self.taken, "target": safe})

    @property
    def _elements(self) -> np.ndarray:
        """An array with the axes of the elements, in the layout of the kernel."""
        pairing = self.pairing
        return pairing.lay(np.empty((self.rows, *pairing.markable[1:]), bool))

    @cached_property
    def kept(self) -> np.ndarray | None:
        """Which elements count: those of which anything does."""
        if self.counts is None or self.pairing.marks is None:
            return self.counts
        if self.pairing.free:
            return None
        shape = (self.rows, *self.pairing.elements[1:])
        any_left = self.counts.reshape(self.rows, -1).any(1)
        return np.broadcast_to(any_left.reshape(-1, *(1 for _ in shape[1:])), shape).copy()

    @property
    def counting(self) -> np.ndarray:
        """Which elements count, said of each."""
        return np.ones(self._elements.shape, bool) if self.counts is None else self.counts

    def counted(self, values: np.ndarray, side: str) -> np.ndarray | None:
        """Which values, in the order of the file, belong to elements that count."""
        if self.counts is None:
            return None
        counts, view = self.counts, self.pairing.views[side]
        if isinstance(view, Stretched):
            counts = view.fold(counts)
        elif values.ndim < counts.ndim:  # one distribution each, for a loss of every class
            return np.asarray(counts.all(1))
        elif values.ndim > counts.ndim:  # there is an axis of classes, or of labels, besides
            axis = view.class_axis
            inner = axis == len(self.pairing.prediction.row)
            if axis is None:
                counts = counts.reshape(*counts.shape, *[1] * (values.ndim - counts.ndim))
            else:
                counts = np.expand_dims(counts, -1 if inner else axis)
        return np.broadcast_to(counts, values.shape)
