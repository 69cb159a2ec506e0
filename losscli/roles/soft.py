"""Targets that hold a share of each class, however it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import np, torch
from losscli.roles.base import weighted
from losscli.roles.calibration import exact
from losscli.stats import Totals

if TYPE_CHECKING:
    from losscli.batch import Batch


def masses(batch: Batch, *, finite: bool = False) -> np.ndarray:
    """How much of each class soft targets hold, times the sample weights.

    Args:
        batch: A leaf.
        finite: What is no finite number counts nothing.
    """
    found = np.moveaxis(shares(batch), 1, -1)
    found = np.where(np.isfinite(found), found, 0.0) if finite else found
    if batch.weight is not None:
        found = found * batch.weight[..., None]
    found = found[... if batch.counts is None else batch.counts]
    return exact(found.reshape(-1, found.shape[-1]).sum(0, dtype=np.float64))


def squares(batch: Batch) -> Totals:
    """The sum of the squares of all shares."""
    return Totals({"squares": weighted(np.square(shares(batch), dtype=np.float64).sum(1), batch)})


def together(batch: Batch) -> dict[str, Any]:
    """The masses of the classes, and the sum of all shares times their logarithms."""
    found = shares(batch)
    found = found if found.dtype == np.float32 else found.astype(np.float64)
    known = np.where(found > 0, found, found.dtype.type(1))
    own = (known * np.log(known)).sum(1, dtype=np.float64)
    return {"masses": masses(batch), "own": weighted(own, batch)}


def shares(batch: Batch) -> np.ndarray:
    """Soft targets as probabilities."""
    if not batch.logarithmic:
        return batch.target
    scores = torch.from_numpy(np.ascontiguousarray(batch.target)).double()
    if batch.target_kind == "target_logits":
        return torch.softmax(scores / batch.options["temperature"], 1).numpy()
    return scores.exp().numpy()
