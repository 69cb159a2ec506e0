"""Vectors that are compared with all others of the data: which of them is the nearest?"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.checks.numbers import numbers
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np, torch
from losscli.roles import alike
from losscli.roles.base import Measure, Report, amount, number, ratio, told
from losscli.roles.vectors import Vectors, share, wide
from losscli.stats import Totals
from losscli.vectors import similarities, unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.lazy import Tensor
    from losscli.views import Pairing


class Candidates(Vectors):
    """Rows of vectors, each of which is to be nearer to its own than to all others."""

    def pair(self) -> Pairing:
        pairing = alike.vectors(self.vectors, single=False)
        if len(pairing.elements) != 1:
            first = self.asked.prediction
            raise DataError(
                f"{first.label} has shape {first.shape}: rows of vectors are wanted, (N, D)",
                code="shape-mismatch",
            )
        return pairing

    @property
    def shortest(self) -> float | None:
        return 1e-12 if self.normalized else None

    @property
    def normalized(self) -> bool:
        """Only the directions of the vectors matter."""
        return bool(self.asked.options.get("normalize", True))

    @abstractmethod
    def found(self, batch: Batch, places: Any) -> tuple[Tensor, Tensor]:
        """The nearest candidate of some rows, and whether it is right."""

    def kept(self, batch: Batch, side: str) -> Tensor:
        """The rows of an input that count, of length 1 where only directions matter."""
        values = batch.taken[side]
        vectors = wide(values if batch.counts is None else values[batch.counts])
        return unit(vectors) if self.normalized else vectors

    def measure(self, batch: Batch) -> Totals:
        hits = np.zeros(batch.rows, bool)
        _, right = self.found(batch, slice(None))
        hits[... if batch.counts is None else batch.counts] = right.numpy()
        every = np.ones(batch.rows, bool)
        kept = batch.rows if batch.counts is None else int(batch.counts.sum())
        parts = {"hits": amount(hits, batch), "count": amount(every, batch), "rows": kept}
        return Totals(parts)

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        if self.rows > 1:
            return []
        label = self.asked.prediction.label
        message = f"{label}: one row has no others that it could be told from"
        return [Finding("one-row", Level.WARNING, message)]

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        kept = np.arange(batch.rows) if batch.counts is None else batch.counts.nonzero()[0]
        nearest, _ = self.found(batch, torch.from_numpy(np.searchsorted(kept, places)))
        return [[f"[{kept[int(one)]}]"] for one in nearest]

    @property
    def headings(self) -> list[str]:
        return ["nearest"]


class Partners(Candidates):
    """Rows of one input that are to be nearest to the same rows of another."""

    hits = "the partner has the largest similarity of all candidates, ties to the first"

    @property
    def others(self) -> str:
        """The input among which the nearest is looked for."""
        return next(side for side in self.asked.fields if side != "prediction")

    def both(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The rows of both inputs that count, in the wider dtype of the two."""
        one, other = (self.kept(batch, side) for side in ("prediction", self.others))
        wider = torch.promote_types(one.dtype, other.dtype)
        return one.to(wider), other.to(wider)

    def found(self, batch: Batch, places: Any) -> tuple[Tensor, Tensor]:
        one, other = self.both(batch)
        return nearest(one, other, places)

    def measure(self, batch: Batch) -> Totals:
        found = super().measure(batch)
        one, other = self.both(batch)
        heavy = one
        if batch.weight is not None:
            weight = batch.weight if batch.counts is None else batch.weight[batch.counts]
            heavy = one * wide(weight)[:, None].to(one.dtype)
        own, every = (heavy * other).sum().item(), (heavy.sum(0) * other.sum(0)).sum().item()
        parts: dict[str, object] = {"own": own, "others": every - own}
        if batch.options.get("symmetric"):
            back = np.zeros(batch.rows, bool)
            right = nearest(other, one, slice(None))[1]
            back[... if batch.counts is None else batch.counts] = right.numpy()
            parts["back"] = amount(back, batch)
        return Totals({**found.parts, **parts})

    def report(self, totals: Totals) -> Report:
        rows, count = totals["rows"], number(totals["count"])
        rule = f"argmax over all {rows:,} candidates, ties to the first"
        accuracy = share(totals["hits"], totals["count"], rule, 1 / rows)
        metrics = []
        if "back" in totals:
            back = number(totals["back"])
            how = f"{told(back)}/{told(count)}, the other way"
            metrics.append(Measure("accuracy_back", ratio(back, count), how, 1 / rows))
        what = "cosine" if self.normalized else "dot product"
        mean = ratio(totals["own"], count)
        metrics.append(Measure("mean_positive", mean, f"mean {what} of pairs"))
        if rows > 1:
            mean = ratio(totals["others"], count * (rows - 1))
            metrics.append(Measure("mean_negative", mean, f"mean {what} with all others"))
        return Report(accuracy, metrics)


class Twins(Candidates):
    """Two views of the same things: each of the 2N vectors is to be nearest to its twin."""

    hits = "the other view is the nearest of all others, ties to the first"

    def pair(self) -> Pairing:
        pairing = super().pair()
        return replace(pairing, elements=(2 * pairing.rows,), free=True)

    @property
    def shape(self) -> tuple[int, ...]:
        return (2 * self.rows,)

    def found(self, batch: Batch, places: Any) -> tuple[Tensor, Tensor]:
        both = torch.cat([self.kept(batch, side) for side in ("prediction", "input2")])
        twins = torch.arange(batch.rows).repeat(2)
        return nearest(both, both, places, labels=twins)

    def measure(self, batch: Batch) -> Totals:
        hits = int(self.found(batch, slice(None))[1].sum())
        return Totals({"hits": hits, "count": 2 * batch.rows})

    def report(self, totals: Totals) -> Report:
        rest = max(totals["count"] - 1, 1)
        rule = f"argmax over the {rest:,} others, ties to the first"
        return Report(share(totals["hits"], totals["count"], rule, 1 / rest))

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        found, _ = self.found(batch, torch.from_numpy(np.asarray(places)))
        return [[f"[{int(one)}]"] for one in found]


class Groups(Candidates):
    """Vectors with a label each: those of a label are to be near each other.

    Labels may be anything: only whether they are equal matters.
    """

    labels: ClassVar[tuple[str, ...]] = ("target",)
    hits = "the nearest other row has the same label, for rows of which any has"

    def pair(self) -> Pairing:
        first, target = self.asked.prediction, self.asked.target
        return alike.labelled(super().pair(), first, target)

    @property
    def takes_names(self) -> bool:
        return True

    def checks(self) -> Sequence[Check]:
        whole = numbers("target")[1:]  # labels are never computed with
        return [one for one in super().checks() if one not in whole]

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        """A number for each label; NaN remains what is like nothing."""
        found = np.unique(raw, return_inverse=True)[1].reshape(raw.shape)
        unknown = np.isnan(raw) if raw.dtype.kind == "f" else np.zeros(raw.shape, bool)
        return np.where(unknown, np.nan, found) if unknown.any() else found

    def settled(self, batch: Batch) -> Batch:
        kept = batch.target if batch.counts is None else batch.target[batch.counts]
        if len(np.unique(kept)) == len(kept):
            label = self.asked.target.label
            message = f"{label}: no two of the {len(kept):,} rows that count have the same label"
            raise DataError(f"{message}: nothing to average", code="nothing")
        return super().settled(batch)

    def found(self, batch: Batch, places: Any) -> tuple[Tensor, Tensor]:
        vectors = self.kept(batch, "prediction")
        labels = batch.target if batch.counts is None else batch.target[batch.counts]
        return nearest(vectors, vectors, places, labels=torch.from_numpy(labels))

    def measure(self, batch: Batch) -> Totals:
        found = super().measure(batch)
        labels = batch.target if batch.counts is None else batch.target[batch.counts]
        _, back, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        paired = np.zeros(batch.rows, bool)
        paired[... if batch.counts is None else batch.counts] = sizes[back] > 1
        return Totals({**found.parts, "count": amount(paired, batch), "groups": len(sizes)})

    def report(self, totals: Totals) -> Report:
        rule = "the nearest other row has the same label, ties to the first"
        accuracy = share(totals["hits"], totals["count"], rule)
        return Report(accuracy, [Measure("labels", totals["groups"], "different ones")])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        found = super().cells(batch, places)
        return [[*cells, str(batch.raw[at])] for cells, at in zip(found, places, strict=True)]

    @property
    def headings(self) -> list[str]:
        return ["nearest", "y"]


def nearest(
    queries: Tensor, keys: Tensor, places: Any, labels: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The key of the largest dot product with some queries, and whether it is the right one.

    Args:
        queries: The vectors that look for a partner.
        keys: Those among which they look.
        places: Which of the queries.
        labels: The keys are the queries: none finds itself, and one of the same label is right.
            Else the right key is in the same place.
    """
    own = torch.arange(len(queries))[places]
    found = torch.empty(len(own), dtype=torch.int64)
    for block, scores in similarities(queries[places], keys):
        if labels is not None:
            scores[torch.arange(len(scores)), own[block]] = -torch.inf
        found[block] = torch.from_numpy(scores.numpy().argmax(1))  # which is quicker
    return found, found == own if labels is None else labels[found] == labels[own]
