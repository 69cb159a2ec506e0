"""The same data read in another way, and what the loss would be then."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from losscli.doubts.base import Doubt
from losscli.lazy import np, torch
from losscli.registry import Pooled
from losscli.stats import Moments, Sum, Totals

if TYPE_CHECKING:
    from losscli.batch import Batch
    from losscli.doubts.base import Leaf, Whole
    from losscli.lazy import Tensor
    from losscli.question import Question
    from losscli.registry import Terms
    from losscli.roles import Role

MANY = 2**12
"""A leaf of so many losses can tell by itself that a reading gains nothing."""

SOME = 50
"""One of so many can tell that it loses much."""

HEAD = 2**14
"""The leaves that begin before this row tell it together, however small they are."""


class Reading(Doubt):
    """Another reading of the data, under which the loss is lower by more than chance.

    Attributes:
        sure: The least gain that is believed, in standard errors.
        gainful: A leaf that plainly gains nothing contradicts it, and so do the first ones.
    """

    sure: ClassVar[float] = 5.0
    gainful: ClassVar[bool] = True

    def __init__(self, question: Question, role: Role) -> None:
        super().__init__(question, role)
        self._head = Moments()  # what is known of the first leaves: it only saves work
        self._rows = 0

    @abstractmethod
    def reread(self, batch: Batch) -> Batch | None:
        """A leaf in the other reading; None where it cannot be read so."""

    @property
    def form(self) -> tuple[str, ...]:
        """The inputs of the loss in the other reading."""
        return self.question.inputs

    def beside(self, batch: Batch) -> dict[str, object]:
        """Further evidence of a leaf that can be read so."""
        return {}

    def look(self, leaf: Leaf) -> Totals | None:
        if leaf.losses is None:
            return None
        other = self.reread(leaf.batch)
        if other is None:
            return None
        found = leaf.again(other, self.form)
        if isinstance(found, Pooled):
            return None
        counted = leaf.batch.kept
        if other.kept is not None:
            counted = other.kept if counted is None else counted & other.kept
        chosen = None if counted is None else torch.from_numpy(leaf.batch.pairing.order(counted))
        ours, theirs = (_counted(one, chosen) for one in (leaf.losses, found))
        gains = Moments.of(ours[0] - theirs[0])
        if self.gainful and _in_vain(gains):
            return None
        parts = {"gains": gains, "sum": Sum.of(theirs[1]), "over": Sum.of(theirs[2])}
        if self.gainful and leaf.batch.start < HEAD:
            parts["head"] = gains
            self._head += gains
            self._rows += leaf.batch.rows
            if self._rows >= min(HEAD, self.role.rows) and _in_vain(self._head):
                return None
        return Totals({**parts, **self.beside(leaf.batch)})

    def other(self, seen: Totals, whole: Whole) -> float:
        """The mean loss in the other reading."""
        return whole.ended(seen["sum"].over(seen["over"]))

    def lower(self, seen: Totals, whole: Whole) -> float | None:
        """The mean loss in the other reading, where it is lower by more than chance."""
        gains: Moments | None = seen.get("gains")
        if gains is None or gains.count < 2 or not gains.mean > self.sure * gains.stderr:
            return None
        head: Moments | None = seen.get("head")
        if head is not None and _in_vain(head):
            return None
        found = self.other(seen, whole)
        return found if found < whole.loss else None


def _in_vain(gains: Moments) -> bool:
    """Whether so much tells that another reading gains nothing."""
    if gains.count >= MANY:
        return not gains.mean > 3 * gains.stderr
    return gains.count >= SOME and gains.mean < -6 * gains.stderr


def _counted(losses: Terms, chosen: Tensor | None) -> tuple[Tensor, float, float]:
    """The losses that count, the sum of what the mean is taken of, and what that is divided by."""
    elements, over, shared, _ = losses.each(lambda one: one if chosen is None else one[chosen])
    total = elements if shared is None else shared
    number = float(elements.numel()) if over is None else over.double().sum().item()
    return elements.double(), total.double().sum().item(), number


def taken(batch: Batch, **values: np.ndarray) -> Batch:
    """A leaf with other values in some of its inputs."""
    return replace(batch, taken={**batch.taken, **values})
