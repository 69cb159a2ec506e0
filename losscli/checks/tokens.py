"""What the log-probabilities of tokens should not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Tally, check
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

LEAST = -1000.0
"""Less than the logarithm of any number that a float64 can hold."""


@check("floor", Level.WARNING, on="prediction")
def floored(batch: Batch) -> np.ndarray | None:
    """Log-probabilities so low that they stand for a token which was not among those returned.

    Servers write -9999.0 there. They count as they are; --nan omit or --mask leaves tokens out.
    """
    if batch.inside("prediction", LEAST, np.inf):
        return None
    return np.asarray((batch.prediction < LEAST) & np.isfinite(batch.prediction))


@floored.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: a log-probability of {tally.value:g} is what servers write where they have "
        f"none ({like(tally)}); it counts as it is"
    )
    return message, "--mask leaves tokens out"


@check("impossible", Level.WARNING, on="prediction")
def impossible(batch: Batch) -> np.ndarray | None:
    """Tokens that were there, and had probability 0: their loss is infinite.

    --mask leaves tokens out.
    """
    return None if np.isfinite(batch.span("prediction")).all() else np.isneginf(batch.prediction)


@impossible.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: a token of probability 0 was there, so the loss is infinite"
    return f"{message} ({like(tally)})", "--mask leaves tokens out"
