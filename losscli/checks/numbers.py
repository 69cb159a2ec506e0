"""What no number should be, on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Tally, check
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch


def _nan(side: str) -> Check:
    @check("nan", Level.ERROR, on=side)
    def nan(batch: Batch) -> np.ndarray | None:
        """NaN among predictions or targets: no mean can be taken."""
        low, _ = batch.span(side)
        return None if low == low else np.isnan(batch.values(side))

    @nan.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        hint = "--nan omit leaves such elements out, --nan propagate gives NaN"
        return f"{case.place}: NaN ({like(tally)})", hint

    return nan


def _infinite(side: str) -> Check:
    @check("infinite", Level.WARNING, on=side)
    def infinite(batch: Batch) -> np.ndarray | None:
        """Infinities among predictions or targets: the loss is taken as the limit."""
        return None if np.isfinite(batch.span(side)).all() else np.isinf(batch.values(side))

    @infinite.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        limit = "the loss is the limit, where there is one"
        return f"{case.place}: {tally.value} ({like(tally)}); {limit}", ""

    return infinite


NUMBERS = {side: (_nan(side), _infinite(side)) for side in ("prediction", "target")}
"""What is asked of every input of numbers."""
