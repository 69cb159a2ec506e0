"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import np, torch
from losscli.roles.base import ratio
from losscli.stats import ZERO, Sum

if TYPE_CHECKING:
    from losscli.batch import Batch

BINS = 15
"""Probabilities are told apart by bins of this share of 1, closed on the left; 1 is in the last."""


def probabilities(batch: Batch) -> np.ndarray:
    """Of the positive side, of each element."""
    if batch.kind == "probs":
        return batch.prediction
    values = torch.from_numpy(np.ascontiguousarray(batch.prediction))
    values = values if values.dtype is torch.float32 else values.double()
    return (torch.sigmoid(values) if batch.kind == "logits" else torch.exp(values)).numpy()


def confidence(batch: Batch) -> np.ndarray:
    """The probabilities of the classes that were chosen."""
    scores = torch.from_numpy(np.ascontiguousarray(batch.prediction))
    if scores.dtype is not torch.float32:
        scores = scores.double()
    if batch.kind == "logits" and batch.options.get("temperature", 1) != 1:
        scores = scores / batch.options["temperature"]
    if batch.kind == "logits" and scores.sum().isfinite():
        top = torch.softmax(scores, 1).amax(1)
    elif batch.kind == "logits":  # the highest score may be infinite, and have company
        top = scores.amax(1, keepdim=True)
        top = 1 / torch.where(scores == top, 0.0, scores - top).exp().sum(1)
    else:
        top = scores.amax(1)
    return (top.exp() if batch.kind == "log_probs" else top).numpy()


def gaps(probability: np.ndarray, outcome: np.ndarray, batch: Batch) -> np.ndarray:
    """By how much the probabilities of each bin exceed what came of them: exact sums.

    Args:
        probability: Of each element.
        outcome: 1 where it came true, 0 where not, or a share.
        batch: Which elements count, and how much.
    """
    columns = [probability, outcome] + ([] if batch.weight is None else [batch.weight])
    kept = ... if batch.counts is None else batch.counts
    said, came, *weight = (
        torch.from_numpy(np.ascontiguousarray(one[kept]).reshape(-1)) for one in columns
    )
    wide = said.double()
    shares = (said if said.dtype is torch.float32 else wide) * BINS
    bins = shares.int().clamp_(0, BINS - 1).long()  # at once they take twice the time
    gap = (wide if wide is not said else wide.clone()).sub_(came.double())
    for one in weight:
        gap *= one.double()
    sums = torch.zeros(BINS, dtype=torch.float64)
    return exact(sums.scatter_add_(0, bins, gap).numpy())  # quicker than to count with weights


def calibration_error(sums: np.ndarray, count: float) -> float:
    """The mean distance of the probability from the share that came true, bin by bin."""
    return ratio(sum(abs(one.value) for one in sums.tolist()), count)


def exact(sums: np.ndarray) -> np.ndarray:
    """Sums of a leaf as statistics that add up."""
    found = [Sum.of(one) if one else ZERO for one in sums.reshape(-1).tolist()]
    return np.array(found, object).reshape(sums.shape)
