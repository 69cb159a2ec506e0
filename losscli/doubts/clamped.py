"""How much of a loss is of probabilities whose logarithm is clamped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.predictions import LEAST, clamped
from losscli.doubts.base import Doubt
from losscli.lazy import torch
from losscli.stats import ZERO, Sum, Totals

if TYPE_CHECKING:
    from losscli.doubts.base import Leaf, Whole
    from losscli.question import Question
    from losscli.roles import Role


class Clamped(Doubt):
    """Clamped probabilities make so much of the loss as the warning says, each of them a lot.

    Where it is most of it, look at those rows first: the loss of all others is far lower.
    """

    # A check finds them and tells it, but knows no losses.
    code = "clamped"

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return clamped in role.checks()

    def look(self, leaf: Leaf) -> Totals | None:
        losses, batch = leaf.losses, leaf.batch
        low, high = batch.span("prediction")
        found = None if low > LEAST and high < 1 else clamped.found(batch)
        if found is None:
            return Totals({"cost": ZERO})
        if losses is None or found.mask.size != losses.elements.numel():
            return None  # a loss is not that of one probability
        of_them = losses.elements[torch.from_numpy(found.mask.reshape(-1))]
        return Totals({"cost": Sum.of(of_them.sum(dtype=torch.float64).item())})

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        return None

    @classmethod
    def cost(cls, whole: Whole) -> float | None:
        """The share of all losses that is theirs; None where that says nothing."""
        every = whole.total.numerator.value
        for doubt, seen in whole.total.doubts.items():
            if isinstance(doubt, cls) and "cost" in seen.parts and 0 < every < float("inf"):
                found = seen.parts["cost"].value / every
                return found if 0 <= found <= 1 else None
        return None
