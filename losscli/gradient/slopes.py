"""How the reduced loss changes with what it is made of: the sums over all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.autograd import product
from losscli.cores import recording
from losscli.lazy import torch
from losscli.records import record
from losscli.registry import Terms

if TYPE_CHECKING:
    from losscli.lazy import Tensor
    from losscli.plan import Plan
    from losscli.state import State

__all__ = ["Slopes"]


@record
class Slopes:
    """The derivatives of the reduced loss.

    Attributes:
        shared: Whether the mean is of what the losses share out, and not of the losses.
        by_sum: By the sum of the losses, or of what they share out.
        by_over: By the sum of what they count.
        by_pool: By the sums of which losses are made in the end, where they are.
    """

    shared: bool
    by_sum: float
    by_over: float
    by_pool: Tensor | None = None

    @classmethod
    def of(cls, plan: Plan, total: State) -> Slopes:
        """At the sums of all leaves."""
        reduction = plan.question.reduction
        denominator = plan.denominator(total)
        if denominator is None:
            found = cls(False, 1.0, 0.0)
        else:
            mean = total.summed(reduction).over(denominator)
            by_sum = _steep(plan, mean) / denominator.value
            counted = reduction == "mean" and plan.question.settings.denominator is None
            found = cls(reduction == "mean", by_sum, -by_sum * mean if counted else 0.0)
        return found if total.pool.sums is None else found.pooled(total)

    def pooled(self, total: State) -> Slopes:
        """Through the losses that are made of sums over all rows."""
        assert total.pool.finish is not None
        with recording():
            sums = total.pool.values.requires_grad_()
            found = total.pool.finish(sums)
            terms = found if isinstance(found, Terms) else Terms(found, None)
            parts = [
                (values, torch.full_like(values, by))
                for values, by in self.parts(terms)
                if values.requires_grad
            ]
            outputs, weights = zip(*parts, strict=True)
            (by_pool,) = product(outputs, weights, [sums])
        return Slopes(self.shared, self.by_sum, self.by_over, by_pool)

    def parts(self, terms: Terms) -> list[tuple[Tensor, float]]:
        """What some losses add to the sums, and how the reduced loss changes with each of it."""
        summed = terms.elements if terms.shared is None or not self.shared else terms.shared
        if terms.over is None:
            return [(summed, self.by_sum)]
        return [(summed, self.by_sum), (terms.over, self.by_over)]


def _steep(plan: Plan, mean: float) -> float:
    """How what becomes of a mean changes with it."""
    if plan.question.loss.finish is None:
        return 1.0
    with recording():
        at = torch.tensor(mean, dtype=torch.float64, requires_grad=True)
        (found,) = torch.autograd.grad(plan.question.loss.finished(at, plan.question.options), at)
    return float(found)
