"""What the target of a mask cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Found, Tally, check
from losscli.checks.targets import probs_sum
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch


@check("target-range", Level.ERROR, on="target")
def not_binary(batch: Batch) -> np.ndarray | None:
    """Binary masks outside [0, 1].

    --pos-label 255 reads masks of 0 and 255; leave pixels of no class out with --ignore-index 255.
    """
    if batch.inside("target", 0, 1):
        return None
    return np.asarray((batch.target < 0) | (batch.target > 1))


@not_binary.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: a binary mask is in [0, 1], not {tally.value:g} ({like(tally)}); the "
        "predictions have one score for each pixel"
    )
    if {*(case.facts.values or {2})} == {0, 255}:
        return message, "--pos-label 255 reads a mask of 0 and 255"
    if case.facts.high == 255:
        return message, "are these pixels of no class? --ignore-index 255"
    return message, "class indices want scores for each class: (N, C, H, W)"


@check("target-hard", Level.ERROR, on="target")
def not_hard(batch: Batch) -> np.ndarray | None:
    """Targets between 0 and 1, where pixels are put in order by what they are.

    The loss of a soft mask is not defined here: dice, jaccard and tversky take one.
    """
    if batch.target.dtype.kind != "f":
        return None
    return np.asarray((batch.target > 0) & (batch.target < 1))


@not_hard.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {case.loss} wants targets of 0 and 1, not {tally.value:g}"
    return f"{message} ({like(tally)})", "soft targets are for dice, jaccard and tversky"


@check("target-sum", Level.WARNING, on="target", whole_rows=True)
def shares_sum(batch: Batch) -> Found | None:
    """Pixels of which the shares of the classes do not sum to 1.

    Masks that overlap want a sigmoid, not a softmax: give its values by --probs.
    """
    found = probs_sum.offends(batch)
    return found if isinstance(found, Found) else None


@shares_sum.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: the target sums to {tally.value:.6g}, not 1 ({like(tally, 'pixel')}); "
        "nothing is renormalised"
    )
    hint = "masks that overlap want a sigmoid, not a softmax: give its values by --probs"
    return message, hint if case.kind == "logits" else ""
