"""The gradient of one leaf: a vector-Jacobian product of the loss's function."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from losscli.autograd import product
from losscli.cores import recording
from losscli.formats.cut import Cut
from losscli.gradient.state import Known
from losscli.lazy import np, torch
from losscli.losses.limits import times
from losscli.records import record
from losscli.registry import Pooled
from losscli.stats import Sum
from losscli.views import Stretched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.gradient.slopes import Slopes
    from losscli.lazy import Tensor
    from losscli.plan import Plan
    from losscli.registry import Terms
    from losscli.state import Worst

__all__ = ["Part", "Pass"]


class Part(NamedTuple):
    """The gradient of some leaves: of each input in pieces, on one axis, in the order of rows."""

    rows: int
    pieces: Sequence[Mapping[str, np.ndarray]]
    known: Known


@record
class Pass:
    """The second pass over the data.

    Attributes:
        slopes: How the reduced loss changes with its sums.
        sides: The inputs of which there is a gradient, as the role knows them.
        worst: Chooses the largest entries of each.
    """

    plan: Plan
    slopes: Slopes
    sides: Sequence[str]
    worst: Mapping[str, Worst] = field(default_factory=dict)

    def several(self, leaves: Sequence[tuple[int, int]]) -> Part:
        """The gradient of some leaves."""
        parts = [self.part(*leaf) for leaf in leaves]
        return Part(
            sum(part.rows for part in parts),
            [piece for part in parts for piece in part.pieces],
            Known.joined([part.known for part in parts]),
        )

    def part(self, start: int, stop: int) -> Part:
        """The gradient of one leaf."""
        with np.errstate(all="ignore"):
            batch, _ = self.plan.reader.leaf(start, stop)
            found, reached = self.product(batch)
            known, pieces, same = [Known(reached=reached)], {}, {}
            for order, side in enumerate(self.sides):
                values = self.placed(found[side], side, batch)
                if batch.pairing.views[side].fixed:
                    sums = [Sum.of(one) for one in values.astype(np.float64).reshape(-1).tolist()]
                    same[side] = np.array(sums, object)
                    continue
                pieces[side] = values = values.reshape(-1) + values.dtype.type(0)  # no -0.0
                first = start * (values.size // batch.rows)
                known.append(Known.of(side, order, values, first, self.worst[side]))
            known.append(Known(same=same))
        return Part(stop - start, [pieces], Known.joined(known))

    def product(self, batch: Batch) -> tuple[dict[str, np.ndarray], int]:
        """The gradient of each input, in the layout of the kernel, and whether there is any."""
        plan = self.plan
        with recording(), plan.way.open():
            inputs = plan.inputs(batch)
            wanted = [inputs[side].requires_grad_() for side in self.sides]
            parts = self.outputs(plan.computed(inputs, batch), batch)
            slopes: Sequence[Tensor | None] = [None] * len(wanted)
            if parts:
                outputs, weights = zip(*parts, strict=True)
                slopes = product(outputs, weights, wanted)
            known = [
                torch.zeros_like(one) if slope is None else slope
                for one, slope in zip(wanted, slopes, strict=True)
            ]
            found = [plan.back(one.detach()).numpy() for one in known]
        return dict(zip(self.sides, found, strict=True)), int(bool(parts))

    def outputs(self, found: Terms | Pooled, batch: Batch) -> list[tuple[Tensor, Tensor]]:
        """What depends on the inputs, and how the reduced loss changes with each of it."""
        if isinstance(found, Pooled):
            assert self.slopes.by_pool is not None
            by = torch.zeros(found.sums.shape, dtype=torch.float64)
            by[: len(batch.prediction)] = self.slopes.by_pool
            every = [(found.sums, by)]
        else:
            weight = self.weights(found.elements, batch)
            every = [(one, times(weight, by)) for one, by in self.scaled(found, weight)]
        return [(one, by.to(one)) for one, by in every if one.requires_grad]

    def scaled(self, found: Terms, weight: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The same before the weights of the elements."""
        parts = self.slopes.parts(found)
        return [(one, torch.full_like(weight, by).reshape(one.shape)) for one, by in parts]

    def weights(self, losses: Tensor, batch: Batch) -> Tensor:
        """What each loss weighs, in the layout of the kernel: 0 where it does not count."""
        found = torch.zeros(losses.shape, dtype=torch.float64)
        given = [one for one in (batch.weight, batch.kept) if one is not None]
        if not given:
            found[: None if batch.pairing.free else len(self._own(batch))] = 1
            return found
        every = np.ones(given[0].shape)
        for one in given:
            every = every * one
        if len(self._own(batch)) < len(batch.prediction):
            every = every[batch.counts]
        rows = len(self._own(batch))
        found[:rows] = torch.from_numpy(every).reshape(rows, *found.shape[1:])
        return found

    def _own(self, batch: Batch) -> np.ndarray:
        """The prediction as the kernel sees it, but for its padding."""
        return self.plan.seen(batch)["prediction"]

    def placed(self, slope: np.ndarray, side: str, batch: Batch) -> np.ndarray:
        """A gradient as the rows of the file are, with 0 where nothing counts."""
        view, whole = batch.pairing.views[side], batch.taken[side]
        slope = slope[: len(self.plan.seen(batch)[side])]
        if len(slope) < len(whole):
            every = np.zeros_like(slope, shape=whole.shape)
            every[batch.counts] = slope
            slope = every
        felt = self.felt(batch)
        if felt is not None:
            felt = _spread(felt, slope.ndim, batch)
            slope = np.where(felt, slope, slope.dtype.type(0))
        slope = view.back(slope) if not isinstance(view, Stretched) else view.summed(slope)
        source = self.plan.role.asked.fields[side]
        return source.filled(slope) if isinstance(source, Cut) else slope

    def felt(self, batch: Batch) -> np.ndarray | None:
        """What counts, and does not count 0 times: nothing else is felt; None for all."""
        counts = batch.counts
        if batch.pairing.terms and counts is not None:
            counts = np.asarray(counts.any(1, keepdims=True))
        if batch.weight is None or not self.plan.alone:
            return counts
        heavy = batch.weight != 0
        if heavy.all():
            return counts
        if batch.pairing.terms:
            heavy = heavy.any(1, keepdims=True)
        elif batch.pairing.marks is not None:  # an image of which any class weighs something
            each = heavy.reshape(batch.rows, -1).any(1)
            heavy = each.reshape(-1, *(1 for _ in batch.pairing.marks[1:]))
        return np.asarray(heavy if counts is None else counts & heavy)


def _spread(felt: np.ndarray, axes: int, batch: Batch) -> np.ndarray:
    """With the axes that a value has beside those of its element."""
    while felt.ndim < axes:
        felt = np.expand_dims(felt, 1 if batch.pairing.classes is not None else -1)
    return felt
