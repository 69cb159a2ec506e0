"""What no number should be, on either side."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Tally, check
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

EXACT = 2**53
"""Up to here float64 holds every whole number."""


def _nan(side: str) -> Check:
    @check("nan", Level.ERROR, on=side)
    def nan(batch: Batch) -> np.ndarray | None:
        """NaN among predictions or targets: no mean can be taken.

        --nan omit leaves such elements out, --nan propagate gives NaN, as PyTorch would.
        """
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
        """Infinities among predictions or targets: the loss is taken as the limit.

        PyTorch often gives NaN here: 0 · ∞. --mask leaves elements out.
        """
        return None if np.isfinite(batch.span(side)).all() else np.isinf(batch.values(side))

    @infinite.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        limit = "the loss is the limit, where there is one"
        return f"{case.place}: {tally.value} ({like(tally)}); {limit}", "--mask leaves elements out"

    return infinite


def _rounded(side: str) -> Check:
    @check("rounded", Level.WARNING, on=side)
    def rounded(batch: Batch) -> np.ndarray | None:
        """Whole numbers of which float64 does not hold each.

        Nothing is to be done where the last digits do not matter; ids are better text.
        """
        values = batch.values(side)
        if values.dtype.kind not in "iu" or batch.inside(side, -EXACT, EXACT):
            return None
        return np.asarray((values < -EXACT) | (values > EXACT))

    @rounded.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        message = (
            f"{case.place}: {tally.value} is beyond 2^53, where float64 holds only some whole "
            f"numbers, and was rounded to one of them ({like(tally)})"
        )
        return message, ""

    return rounded


@cache
def numbers(side: str) -> tuple[Check, ...]:
    """What is asked of every input of numbers."""
    return _nan(side), _infinite(side), _rounded(side)
