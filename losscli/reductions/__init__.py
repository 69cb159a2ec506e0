"""What the same losses come to when they are reduced in another way: by batches, or by rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.records import record
from losscli.reductions.batches import Batches, Cut
from losscli.reductions.rows import RowMeans, countings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.registry import Terms

__all__ = ["Reduced", "Reducing"]


@record
class Reduced:
    """What some leaves contribute.

    Attributes:
        batches: The losses of batches, where they are asked for.
        rows: The means of rows that have several losses each.
    """

    batches: Batches = Batches()
    rows: RowMeans = RowMeans()

    def __add__(self, other: Reduced) -> Reduced:
        return Reduced.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Reduced]) -> Reduced:
        """The sum of several at once."""
        return cls(
            Batches.joined([one.batches for one in many]),
            RowMeans.joined([one.rows for one in many]),
        )


@record
class Reducing:
    """How the losses of a leaf are reduced besides.

    Attributes:
        cut: The batches, where they are asked for.
        by_row: Rows have several losses, of which a mean has a meaning.
    """

    cut: Cut | None
    by_row: bool

    def of(self, batch: Batch, losses: Terms) -> Reduced:
        """What a leaf contributes.

        Args:
            batch: The leaf.
            losses: Its unreduced losses and what they count, in the order of the file.
        """
        if self.cut is None and not self.by_row:
            return Reduced()
        kept = None if batch.kept is None else batch.pairing.order(batch.kept)
        shared = losses.elements if losses.shared is None else losses.shared
        values = shared.double().numpy()
        if kept is not None and losses.shared is not None:  # the losses are 0 there
            values = np.where(kept, values, 0.0)
        weights = _weights(losses, kept)
        batches = Batches()
        if self.cut is not None and self.cut.over == "rows":
            own = losses.elements.double().numpy()
            batches = Batches.of(self.cut, batch.start, batch.rows, own, countings(batch))
        elif self.cut is not None:
            batches = Batches.of(self.cut, batch.start, batch.rows, values, weights)
        if not self.by_row:
            return Reduced(batches)
        return Reduced(batches, RowMeans.of(values, weights, batch.rows, batch.pairing.stride == 0))


def _weights(losses: Terms, kept: np.ndarray | None) -> np.ndarray | None:
    """What each loss counts, which is nothing where it is left out; None for 1."""
    if losses.over is None:
        return None if kept is None else kept.astype(np.float64)
    over = losses.over.double().numpy()
    return over if kept is None else np.where(kept, over, 0.0)
