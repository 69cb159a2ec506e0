"""What vectors, distances between them, and labels of pairs cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Found, Tally, check, of_each
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

ROUNDING = 1e-5
"""So far outside [-1, 1] may a cosine be by rounding: that of six digits in a text file."""


@of_each("prediction", 0.0)
def short(side: str, least: float) -> Check:
    """The check of vectors that are divided by their length.

    Args:
        side: The input.
        least: The length below which that is not what it should be; 0 for vectors of zeros alone.
    """

    @check("zero-vector", Level.WARNING, on=side, whole_rows=True)
    def too_short(batch: Batch) -> Found | None:
        """Vectors of zeros, or hardly more: they have no direction.

        Their cosine with any other counts as 0; --mask leaves rows out.
        """
        values = batch.values(side)
        wide = values if values.dtype == np.float64 else values.astype(np.float64)
        found = np.sqrt(np.einsum("...i,...i->...", wide, wide))
        mask = found <= least
        return Found(mask, found) if mask.any() else None

    @too_short.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        of = f"{case.place}: a vector of length {tally.value:.3g} ({like(tally, 'vector')})"
        if tally.value == 0:
            return f"{of} has no direction: its cosine with any other counts as 0", ""
        return f"{of} is divided by more than its length, as in PyTorch", ""

    return too_short


@of_each("prediction")
def negative(side: str) -> Check:
    """The check of distances."""

    @check("negative-distance", Level.WARNING, on=side)
    def below(batch: Batch) -> np.ndarray | None:
        """Distances below 0: similarities, perhaps.

        1 - cosine is a distance.
        """
        return None if batch.span(side)[0] >= 0 else np.asarray(batch.values(side) < 0)

    @below.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        message = f"{case.place}: a distance of {tally.value:g} ({like(tally)})"
        return message, "is it a similarity? 1 - cosine is a distance"

    return below


@check("labels", Level.ERROR, on="target")
def no_sign(batch: Batch) -> np.ndarray | None:
    """Labels of pairs other than yes and no.

    They are -1 and +1, or 0 and 1 for contrastive.
    """
    raw = batch.raw
    if raw.dtype.kind == "b":
        return None
    return np.asarray((np.abs(raw) != 1) & (raw != 0) & (raw == raw))


@no_sign.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    either = "0 and 1, or -1 and +1" if case.loss == "contrastive" else "-1 and +1"
    message = f"{case.place}: {case.loss} wants labels of {either}, not {tally.value:g}"
    return f"{message} ({like(tally)})", ""


@check("cosine-range", Level.ERROR, on="prediction")
def no_cosine(batch: Batch) -> np.ndarray | None:
    """Scores that are no cosines: they were scaled already, perhaps.

    Cosines are in [-1, 1]; the loss multiplies them itself.
    """
    if batch.inside("prediction", -1 - ROUNDING, 1 + ROUNDING):
        return None
    return np.asarray(np.abs(batch.values("prediction")) > 1 + ROUNDING)


@no_cosine.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value:g} is no cosine ({like(tally)})"
    return message, f"{case.loss} takes cosines as they are, and multiplies them itself"


@of_each("prediction")
def no_log_prob(side: str) -> Check:
    """The check of logarithms of probabilities that are no prediction over classes."""

    @check("log-probs-range", Level.ERROR, on=side)
    def above(batch: Batch) -> np.ndarray | None:
        """Log-probabilities above 0.

        Sums of the log-probabilities of tokens are wanted, as natural logarithms.
        """
        return (
            None if batch.span(side)[1] <= ROUNDING else np.asarray(batch.values(side) > ROUNDING)
        )

    @above.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        message = f"{case.place}: {tally.value:g} is no log-probability: above 0 ({like(tally)})"
        return message, "sums of the log-probabilities of tokens are wanted, as ln p"

    return above


@check("negative-relevance", Level.WARNING, on="target")
def irrelevant(batch: Batch) -> np.ndarray | None:
    """Relevances below 0: padding, perhaps.

    --mask leaves items out.
    """
    return None if batch.span("target")[0] >= 0 else np.asarray(batch.values("target") < 0)


@irrelevant.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: a relevance of {tally.value:g} ({like(tally)})"
    return message, "is it padding? --mask leaves items out"
