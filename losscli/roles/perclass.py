"""What is counted for each class, and the means over classes of what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.roles.base import Measure, number
from losscli.roles.calibration import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.stats import Totals

MOST = 1000
"""Up to so many classes, hits and misses are counted for each of them."""


def tally(chosen: np.ndarray, batch: Batch, classes: int) -> np.ndarray:
    """How often each class is chosen: whole numbers, or sums of sample weights."""
    kept = ... if batch.counts is None else batch.counts
    weight = None if batch.weight is None else batch.weight[kept].reshape(-1)
    found = np.bincount(chosen[kept].reshape(-1), weight, classes)
    return found if weight is None else exact(found)


def hits(true: np.ndarray, guessed: np.ndarray, batch: Batch, classes: int) -> np.ndarray:
    """How often each class is the true one and the guess."""
    return tally(np.where(guessed == true, true, classes), batch, classes + 1)[:classes]


def averages(totals: Totals, *, images: bool) -> Sequence[Measure]:
    """Means over classes, as far as hits are known for each of them.

    Args:
        totals: With "hit", "named" and "classes": how often each is right, guessed and true.
        images: Elements are pixels, for which the overlap is what is looked at.
    """
    if "hit" not in totals:
        return []
    columns = (totals[name].tolist() for name in ("hit", "named", "classes"))
    hit, named, true = (np.array([number(one) for one in column], float) for column in columns)
    if min(named.min(), true.min()) < 0:  # weights below 0
        return []
    there, either = true > 0, true + named > 0
    if not there.any():
        return []
    recall = (hit[there] / true[there]).mean()
    f1 = (2 * hit / np.where(either, true + named, 1))[either].mean()
    iou = (hit / np.where(either, true + named - hit, 1))[either].mean()
    how = f"over {np.count_nonzero(either)} classes, balanced accuracy {recall:.6f}"
    return [
        Measure("mean_iou", float(iou), how if images else "", shown=images),
        Measure("macro_f1", float(f1), "" if images else how, shown=not images),
        Measure("balanced_accuracy", float(recall), shown=False),
    ]
