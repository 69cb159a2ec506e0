"""What features cannot be, of which scores are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Tally, check
from losscli.checks.numbers import numbers
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch


@check("infinite-feature", Level.ERROR, on="prediction")
def infinite(batch: Batch) -> np.ndarray | None:
    """Infinite features, of which no scores can be made.

    Scores are sums of products, and infinities of both signs among these have none; --mask leaves
    elements out.
    """
    values = batch.values("prediction")
    return None if np.isfinite(batch.span("prediction")).all() else np.isinf(values)


@infinite.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value} is no feature: there are no scores of it"
    return f"{message} ({like(tally)})", "--mask leaves elements out"


PLAIN = numbers("prediction")

CHECKS = (PLAIN[0], infinite, PLAIN[2])
