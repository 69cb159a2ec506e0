"""The second pass: all leaves of the gradient, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.cores import spread
from losscli.errors import UsageError
from losscli.gradient.asked import predicted
from losscli.gradient.found import Array, Gradient
from losscli.gradient.leaf import Pass
from losscli.gradient.slopes import Slopes
from losscli.gradient.state import Known
from losscli.lazy import np
from losscli.spool import Spool, Store
from losscli.state import Worst

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from losscli.plan import Plan
    from losscli.state import State

__all__ = ["gradient"]


def gradient(plan: Plan, total: State, threads: int) -> Gradient:
    """The gradient at the data of which the first pass found the sums.

    Args:
        plan: How leaves are computed.
        total: The sum of all leaves.
        threads: How many leaves are computed at the same time.

    Raises:
        UsageError: autograd sees no way from the losses to the predictions.
    """
    names = predicted(plan.question)
    sides = [side for side in plan.role.asked.fields if plan.question.input(side) in names]
    worst = {side: Worst(plan.question.settings.worst) for side in sides}
    work = Pass(plan, Slopes.of(plan, total), sides, worst)
    store, known = Store(), Known()
    spools = {side: Spool(store) for side in sides}
    watch = plan.question.watch
    watch.begin(f"gradient of {plan.question.loss.name}", plan.rows, "rows")
    try:
        for part in spread(work.several, plan.groups(threads), threads):
            known = known + part.known
            for pieces in part.pieces:
                for side, piece in pieces.items():
                    spools[side].add(piece)
            watch.advance(part.rows)
    finally:
        watch.end()
    if not known.reached:
        raise UsageError(
            f"{plan.question.loss.name} has no gradient: its losses do not depend on the "
            "predictions in a way that autograd can follow"
        )
    known = known + Known.joined([Known(), *_same(plan, known, spools, worst)])
    arrays = {side: Array.of(plan, side, plan.question.input(side), spools[side]) for side in sides}
    return Gradient.of(plan, known, arrays)


def _same(
    plan: Plan, known: Known, spools: Mapping[str, Spool], worst: Mapping[str, Worst]
) -> Iterator[Known]:
    """The gradient of inputs that are the same for all rows, now that all are in."""
    dtype = "float32" if plan.dtype == "bfloat16" else plan.dtype
    for order, side in enumerate(spools):
        if side in known.same:
            values = np.array([one.value for one in known.same[side]], dtype)
            spools[side].add(values)
            yield Known.of(side, order, values, 0, worst[side])
