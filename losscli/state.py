"""What one leaf of rows contributes, and how contributions add up."""

from __future__ import annotations

import math
from dataclasses import field, fields, replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, TypeAlias

from losscli.checks import Check, Facts, Tally
from losscli.lazy import np, torch
from losscli.quantiles import Sample
from losscli.records import record
from losscli.reductions import Reduced
from losscli.registry import Terms
from losscli.stats import ZERO, Extremes, Moments, Ranked, Sum, Totals, together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.doubts import Doubt, Evidence
    from losscli.lazy import Tensor
    from losscli.registry import Pooled

    Cells: TypeAlias = "Callable[[np.ndarray], list[list[str]]]"
    from losscli.roles import Role


@record
class Pool:
    """Sums over all rows, and how losses are made of them; empty for a loss of single rows."""

    sums: np.ndarray | None = None  # of exact sums
    finish: Callable[[Tensor], Tensor | Terms] | None = None
    dtype: Any = None

    @classmethod
    def joined(cls, many: Sequence[Pool]) -> Pool:
        """The sum of several at once."""
        filled = [one for one in many if one.sums is not None]
        sums = [one.sums for one in filled if one.sums is not None]
        return replace(filled[0], sums=reduce(np.add, sums)) if sums else cls()

    @property
    def losses(self) -> Terms:
        """The unreduced losses, once all rows are in."""
        assert self.finish is not None
        found = self.finish(self.values)
        terms = found if isinstance(found, Terms) else Terms(found, None)
        return terms._replace(elements=terms.elements.to(self.dtype).reshape(-1))

    @property
    def values(self) -> Tensor:
        """The sums, each rounded once."""
        assert self.sums is not None
        values = [one.value for one in self.sums.reshape(-1)]
        return torch.tensor(values, dtype=torch.float64).reshape(self.sums.shape)


@record
class State:
    """The sum of leaves: every field has a zero and a ``+``.

    Attributes:
        elements: Moments of the unreduced losses that count.
        numerator: Their sum, times the sample weights.
        shared: The sum of what the mean is taken of: mostly the same.
        over: What they count together: the denominator of the mean.
        rows: How many rows count: the denominator of the batchmean.
        extremes: The smallest and the largest loss.
        sample: The losses, for quantiles.
        worst: The largest losses.
        first: The first ones.
        measured: Counts and sums of the role.
        facts: What is known of the values of each input that count.
        seen: How many values offend each check.
        negative: How many sample weights are.
        pool: Sums of which the losses are made in the end.
        omitted: How many elements were left out for what they hold, by what that is.
        digests: Of the sample weights and masks, for the signature: see :func:`fingerprint`.
        doubts: The evidence of what may be wrong with all of them.
        reduced: The losses of batches and of rows.
    """

    elements: Moments = Moments()
    numerator: Sum = ZERO
    shared: Sum = ZERO
    over: Sum = ZERO
    rows: Sum = ZERO
    extremes: Extremes = Extremes()
    sample: Sample = Sample()
    worst: Ranked = Ranked()
    first: Ranked = Ranked()
    measured: Totals = Totals()
    facts: Mapping[str, Facts] = field(default_factory=dict)
    seen: Mapping[Check, Tally] = field(default_factory=dict)
    negative: int = 0
    pool: Pool = Pool()
    omitted: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, int] = field(default_factory=dict)
    doubts: Mapping[Doubt, Evidence] = field(default_factory=dict)
    reduced: Reduced = Reduced()

    def __add__(self, other: State) -> State:
        return State.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[State]) -> State:
        """The sum of several at once, which is quicker than one by one."""
        columns = {one.name: [getattr(state, one.name) for state in many] for one in fields(cls)}
        return cls(**{name: together(parts) for name, parts in columns.items()})

    @property
    def unknown(self) -> bool:
        """There is a NaN among what counts."""
        return any(one.nan for one in self.facts.values())

    def summed(self, reduction: str) -> Sum:
        """What is divided."""
        return self.shared if reduction == "mean" else self.numerator

    def denominator(self, reduction: str) -> Sum | None:
        """What the sum of the losses is divided by; None where it is not."""
        return {"mean": self.over, "batchmean": self.rows}.get(reduction)

    def digest(self, name: str) -> str:
        """What tells an input that was read leaf by leaf from others."""
        return f"{self.digests.get(name, 0) % 2**64:016x}"[:12]


@record
class Wanted:
    """How much to keep of each leaf.

    Attributes:
        worst: The largest losses.
        first: The first ones.
        expected: How many losses there are in all, as far as is known.
    """

    worst: Worst
    first: First
    expected: int


def look(batch: Batch, checks: Sequence[Check], digests: Mapping[str, int]) -> State:
    """The facts of a leaf, and what its checks say: before any loss is computed."""
    seen = {check: check.look(batch) for check in checks}
    sides = [side for side in batch.given if not (batch.start and batch.pairing.views[side].fixed)]
    return State(
        facts={side: _facts(batch, side) for side in sides},
        seen={check: tally for check, tally in seen.items() if tally.count},
        omitted=batch.omitted,
        digests=digests,
    )


def _facts(batch: Batch, side: str) -> Facts:
    """What is known of the values of an input that count."""
    if batch.counts is None:
        return batch.facts(side)
    values = batch.taken[side] if batch.given[side].dtype.kind == "U" else batch.given[side]
    ordered = batch.pairing.views[side].back(values)
    return Facts.of(ordered[batch.counted(ordered, side)])


def measure(
    facts: State, batch: Batch, losses: Terms, role: Role, wanted: Wanted, **more: Any
) -> State:
    """The statistics of a leaf.

    Args:
        facts: What is known of it already.
        batch: The leaf.
        losses: Its unreduced losses, one axis in the order of the file, and what each of them
            counts, sample weights included.
        role: What is measured beside the loss.
        wanted: How much to keep.
        more: What else is known of it.
    """
    kept = None if batch.kept is None else torch.from_numpy(batch.pairing.order(batch.kept))
    start = batch.pairing.first(batch.start)
    found = _summed(losses, kept, start, partial(role.cells, batch), wanted)
    return replace(
        found,
        rows=_rows(batch),
        measured=role.measure(batch),
        negative=0 if batch.weight is None else int((batch.weight < 0).sum()),
        facts=facts.facts,
        seen=facts.seen,
        omitted=facts.omitted,
        digests=facts.digests,
        **more,
    )


def pooled(facts: State, batch: Batch, found: Pooled, role: Role) -> State:
    """What a leaf adds to sums over all rows."""
    sums = found.sums.double().sum(0)
    exact = np.array([Sum.of(one) for one in sums.reshape(-1).tolist()], object)
    pool = Pool(exact.reshape(sums.shape), found.finish, found.sums.dtype)
    return replace(facts, rows=_rows(batch), measured=role.measure(batch), pool=pool)


def finished(total: State, losses: Terms, role: Role, wanted: Wanted) -> State:
    """The statistics of losses that were made of sums over all rows."""
    found = _summed(losses, None, 0, role.free_cells, wanted)
    names = ("rows", "measured", "facts", "seen", "omitted", "digests", "pool", "doubts")
    return replace(found, **{name: getattr(total, name) for name in names})


def _summed(
    losses: Terms,
    counts: Tensor | None,
    start: int,
    cells: Cells,
    wanted: Wanted,
) -> State:
    """The statistics of some unreduced losses.

    Args:
        losses: The losses, one axis, and what each of them counts.
        counts: Which of them count; None for all.
        start: How many come before.
        cells: What to show of those at some places.
        wanted: How much to keep.
    """
    places = None
    if counts is not None:
        places = counts.nonzero()[:, 0]
        losses = losses.each(lambda values: values[places])
    kept, over, shared, _ = losses
    moments = Moments.of(kept)
    valid, spots = kept, places
    if moments.total.special and bool(kept.isnan().any()):
        mask = ~kept.isnan()
        valid = kept[mask]
        spots = mask.nonzero()[:, 0] if places is None else places[mask]
    extremes = Extremes.of(valid, spots, start)
    top = extremes.high if valid is kept else math.nan
    worst, first = wanted.worst.of(kept, top), wanted.first.of(kept, start)
    return State(
        elements=moments,
        numerator=moments.total,
        shared=moments.total if shared is None else Sum.of(shared.double().sum().item()),
        over=Sum.of(float(kept.numel() if over is None else over.double().sum().item())),
        extremes=extremes,
        sample=Sample.of(valid, wanted.expected),
        worst=_ranked(wanted.worst.size, worst, kept, places, cells, start, by_loss=True),
        first=_ranked(wanted.first.size, first, kept, places, cells, start, by_loss=False),
    )


def _rows(batch: Batch) -> Sum:
    """The rows of which anything counts, each with the mean weight of what does."""
    if batch.pairing.free and batch.counts is not None:
        return Sum.of(float(batch.counts.reshape(batch.rows, -1).any(1).sum()))
    if batch.kept is None and batch.weight is None:
        return Sum.of(float(batch.rows))
    per_row = batch.pairing.elements_per_row
    size = batch.rows * per_row
    order = batch.pairing.order
    counts = np.ones(size, bool) if batch.kept is None else order(batch.kept)
    weight = np.ones(size) if batch.weight is None else order(batch.weight)
    counts, weight = counts.reshape(batch.rows, per_row), weight.reshape(batch.rows, per_row)
    number = counts.sum(1)
    means = (weight * counts).sum(1, dtype=np.float64)[number > 0] / number[number > 0]
    return Sum.of(float(means.sum()))


class Worst:
    """Chooses the largest losses of a leaf, as far as they can be among those of all.

    Leaves that are computed at the same time share the least loss that still can. It only saves
    work: two leaves that write at once may lower it, which costs only work.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._least = -math.inf

    def of(self, values: Tensor, top: float) -> Tensor:
        """The places of the largest values, NaN first, the earliest among equals.

        Args:
            values: The losses of a leaf.
            top: The largest of them; NaN if there is one.
        """
        if not self.size or not values.numel() or top < self._least:
            return torch.arange(0)
        least = self._least
        if least == -math.inf:  # NaN is the largest of all
            least = values.topk(min(self.size, values.numel())).values[-1].item()
        places = torch.from_numpy(np.flatnonzero(~(values.numpy() < least)))  # torch takes longer
        chosen = places[values[places].argsort(descending=True, stable=True)[: self.size]]
        if len(chosen) == self.size:
            lowest = values[chosen[-1]].item()
            self._least = max(self._least, lowest) if lowest == lowest else math.inf
        return chosen


class First:
    """Chooses the first losses of a leaf, as far as they can be among those of all."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._last = math.inf  # the start of a leaf that has enough of them

    def of(self, values: Tensor, start: int) -> Tensor:
        """The places of the first values of a leaf that begins at a place."""
        if start > self._last:
            return torch.arange(0)
        if values.numel() >= self.size:
            self._last = min(self._last, start)
        return torch.arange(min(self.size, values.numel()))


def _ranked(
    size: int,
    chosen: Tensor,
    kept: Tensor,
    places: Tensor | None,
    cells: Cells,
    start: int,
    *,
    by_loss: bool,
) -> Ranked:
    """Entries of some elements: place, loss, and what the role shows of them."""
    if not len(chosen):
        return Ranked(size)
    spots = (chosen if places is None else places[chosen]).numpy()
    losses = [float(one) for one in kept[chosen].double()]
    entries = []
    for spot, loss, shown in zip(spots, losses, cells(spots), strict=True):
        place = start + int(spot)
        rank = (0, 0.0, place) if loss != loss else (1, -loss, place)
        entries.append((rank if by_loss else place, (place, loss, shown)))
    return Ranked.of(size, entries)


def fingerprint(first: int, values: np.ndarray) -> int:
    """The sum of a number for each element, in which its place and its value are mixed.

    A sum cannot tell how the data were cut into leaves. The mixing is that of splitmix64 (Steele,
    Lea and Flood, 2014).

    Args:
        first: The place of the first element.
        values: Numbers, whatever the dtype of their file.
    """
    bits = (values.astype(np.float64) + 0.0).reshape(-1).view(np.uint64)
    places = np.arange(first + 1, first + 1 + len(bits), dtype=np.uint64)
    mixed = bits ^ (places * np.uint64(0x9E3779B97F4A7C15))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return int((mixed ^ (mixed >> np.uint64(31))).sum())
