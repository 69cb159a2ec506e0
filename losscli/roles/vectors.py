"""Vectors that are compared with each other, without any label."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from losscli.checks import vectors as checks
from losscli.checks.numbers import numbers
from losscli.lazy import np, torch
from losscli.roles import alike
from losscli.roles.base import Measure, Report, Role, amount, number, ratio, told, weighted
from losscli.stats import Totals
from losscli.vectors import cosines, distances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.formats.base import Field
    from losscli.lazy import Tensor
    from losscli.stats import Sum
    from losscli.views import Pairing


class Vectors(Role):
    """Vectors of the same shape, with one loss for each place."""

    one_size: ClassVar[str] = "vectors are compared by their length"

    @property
    def shortest(self) -> float | None:
        """The length of the longest vectors that have no direction to speak of, if any has."""
        return None

    def pair(self) -> Pairing:
        return alike.vectors(self.vectors)

    @property
    def vectors(self) -> Mapping[str, Field]:
        """The inputs that are vectors."""
        return {side: one for side, one in self.asked.fields.items() if side != "target"}

    def checks(self) -> Sequence[Check]:
        found = [one for side in self.asked.fields for one in numbers(side)]
        if self.shortest is not None:
            found += [checks.short(side, self.shortest) for side in self.vectors]
        return found


class Cosine(Vectors):
    """Two vectors and the cosine between them."""

    precise = True

    @property
    def shortest(self) -> float:
        return float(self.asked.options["eps"])

    @property
    def vectors(self) -> Mapping[str, Field]:
        return self.asked.fields

    def measure(self, batch: Batch) -> Totals:
        found = self.cosines(batch, slice(None))
        one = np.ones(len(found))
        return Totals({"cosine": weighted(found, batch), "count": weighted(one, batch)})

    def cosines(self, batch: Batch, places: np.ndarray | slice) -> np.ndarray:
        one, other = (wide(values)[places] for values in batch.taken.values())
        return cosines(one, other, batch.options["eps"]).numpy()

    def report(self, totals: Totals) -> Report:
        mean = ratio(totals["cosine"].value, totals["count"].value)
        return Report(None, [Measure("mean_cosine", mean)])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        return [[f"{one:.4f}"] for one in self.cosines(batch, places)]

    @property
    def headings(self) -> list[str]:
        return ["cosine"]


class Triplets(Vectors):
    """An anchor, what belongs to it, and what does not."""

    hits = "d(anchor, positive) < d(anchor, negative), with the distance of the loss"

    def distances(self, batch: Batch, places: np.ndarray | slice) -> tuple[np.ndarray, ...]:
        """How far the positive and the negative are from the anchor, and from each other."""
        anchor, positive, negative = (wide(values)[places] for values in batch.taken.values())
        p, eps = batch.options["p"], batch.options["eps"]
        pairs = ((anchor, positive), (anchor, negative), (positive, negative))
        return tuple(distances(*pair, p, eps).numpy() for pair in pairs)

    def measure(self, batch: Batch) -> Totals:
        near, far, across = self.distances(batch, slice(None))
        harder = np.minimum(far, across) if batch.options["swap"] else far
        return Totals(
            {
                "hits": amount(near < far, batch),
                "count": amount(np.ones(len(near), bool), batch),
                "near": weighted(near, batch),
                "far": weighted(far, batch),
                "active": amount(near + batch.options["margin"] > harder, batch),
            }
        )

    def report(self, totals: Totals) -> Report:
        count = number(totals["count"])
        rule = "d(anchor, positive) < d(anchor, negative)"
        accuracy = share(totals["hits"], totals["count"], rule)
        near, far = (ratio(totals[name].value, count) for name in ("near", "far"))
        active = number(totals["active"])
        how = f"{told(active)}/{told(count)} with a loss: the negative is not a margin further"
        return Report(
            accuracy,
            [
                Measure("active", ratio(active, count), how),
                Measure("mean_positive", near, "mean distance from anchor to positive"),
                Measure("mean_negative", far, "mean distance from anchor to negative"),
            ],
        )

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        near, far, _ = self.distances(batch, places)
        return [[f"{one:.4f}", f"{other:.4f}"] for one, other in zip(near, far, strict=True)]

    @property
    def headings(self) -> list[str]:
        return ["d(a,p)", "d(a,n)"]


def share(
    hits: int | Sum, count: int | Sum, rule: str, guess: float | None = None, more: str = ""
) -> Measure:
    """The accuracy of so many hits."""
    found = number(hits), number(count)
    how = f"{told(found[0])}/{told(found[1])}, {rule}{more}"
    return Measure("accuracy", ratio(*found), how, guess, found, rule)


def wide(values: np.ndarray) -> Tensor:
    """Values in a dtype to compute in: their own, if it is wide enough."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))
    return tensor if tensor.dtype is torch.float32 else tensor.double()
