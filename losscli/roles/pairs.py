"""Pairs with a label that says whether they belong together, or which of them is higher."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.checks import vectors as checks
from losscli.errors import Finding, Level
from losscli.lazy import np
from losscli.roles import alike
from losscli.roles.base import Measure, Report, amount, number, ratio, weighted
from losscli.roles.vectors import Vectors, share, wide
from losscli.stats import Totals
from losscli.vectors import cosines, distances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.roles.base import Asked, Role
    from losscli.views import Pairing


class Labelled(Vectors):
    """Vectors, and a label of yes or no for each: no is :attr:`no`, the other way is converted.

    Attributes:
        no: What the kernel takes for no; yes is 1.
    """

    no: ClassVar[int] = -1

    def pair(self) -> Pairing:
        first, target = self.asked.prediction, self.asked.target
        return alike.labelled(alike.vectors(self.vectors), first, target)

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), checks.no_sign)

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        signed = raw.astype(np.int8) if raw.dtype.kind in "bu" else raw
        return np.where(signed == -1 - self.no, signed.dtype.type(self.no), signed)

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        values = facts["target"].values or {}
        label = self.asked.target.label
        if 0 in values and -1 in values:
            message = f"{label}: {values[-1]:,} labels are -1 and {values[0]:,} are 0"
            hint = "labels are -1 and +1, or 0 and 1"
            return [Finding("labels", Level.ERROR, message, hint, "target")]
        if -1 - self.no in values:
            given, read = ("0 and 1", "-1 and +1") if self.no else ("-1 and +1", "0 and 1")
            message = f"{label}: labels {given} were read as {read}"
            return [Finding("labels-converted", Level.WARNING, message, input="target")]
        return []


class Pairs(Labelled):
    """Pairs that belong together, or do not, as a number for each pair tells.

    Accuracy reads each pair as the label that costs less.

    Attributes:
        called: What the number is.
        near: Whether the pairs that belong together have the smaller numbers.
        boundary: The number at which both labels cost the same.
    """

    settings: ClassVar[tuple[str, ...]] = ("threshold",)
    hits = "each pair is read as the label that costs less (--threshold)"
    called: ClassVar[str] = "distance"
    near: ClassVar[bool] = True

    @property
    def boundary(self) -> float:
        return float(self.asked.options["margin"]) / 2

    @abstractmethod
    def numbers(self, batch: Batch, places: Any) -> np.ndarray:
        """The number of each pair, or of those at some places."""

    @property
    def cut(self) -> float:
        asked = self.asked.settings.threshold
        return self.boundary if asked is None else asked

    def measure(self, batch: Batch) -> Totals:
        found, true = self.numbers(batch, slice(None)), batch.target > 0
        guessed = found < self.cut if self.near else found > self.cut
        return Totals(
            {
                "hits": amount(guessed == true, batch),
                "count": amount(np.ones(true.shape, bool), batch),
                "same": amount(true, batch),
                "of same": weighted(np.where(true, found, 0), batch),
                "of different": weighted(np.where(true, 0, found), batch),
            }
        )

    def report(self, totals: Totals) -> Report:
        count, same = number(totals["count"]), number(totals["same"])
        rule = f"{self.called} {'<' if self.near else '>'} {self.cut:.6g}"
        both = ", where both labels cost the same" if self.cut == self.boundary else ""
        guess = ratio(max(same, count - same), count)
        means = (
            ratio(totals["of same"].value, same),
            ratio(totals["of different"].value, count - same),
        )
        return Report(
            share(totals["hits"], totals["count"], rule, guess, both),
            [
                Measure("mean_same", means[0], f"mean {self.called} of pairs labelled 1"),
                Measure("mean_different", means[1], f"mean {self.called} of the others"),
            ],
        )

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        found, target = self.numbers(batch, places), batch.target.reshape(-1)[places]
        return [[f"{one:.4f}", f"{label:.6g}"] for one, label in zip(found, target, strict=True)]

    @property
    def headings(self) -> list[str]:
        return [self.called, "y"]


class CosinePairs(Pairs):
    """Pairs of vectors, told by their cosine."""

    called = "cosine"
    near = False

    @property
    def shortest(self) -> float:
        """Where the 1e-12 that PyTorch adds to the squared length is felt."""
        return 1e-4

    @property
    def boundary(self) -> float:
        return (1 + float(self.asked.options["margin"])) / 2

    def numbers(self, batch: Batch, places: Any) -> np.ndarray:
        one, other = (wide(batch.taken[side])[places] for side in ("prediction", "input2"))
        return cosines(one, other, added=1e-12).numpy()


class FarPairs(Pairs):
    """Pairs of vectors, told by their Euclidean distance: 1 is the same, 0 is different."""

    no = 0

    @classmethod
    def of(cls, asked: Asked) -> Role:
        return GivenPairs(asked) if asked.kind == "distance" else cls(asked)

    def numbers(self, batch: Batch, places: Any) -> np.ndarray:
        one, other = (wide(batch.taken[side])[places] for side in ("prediction", "input2"))
        return distances(one, other).numpy()


class Distances(Pairs):
    """Pairs of which the distance is given."""

    one_size = ""

    def pair(self) -> Pairing:
        return alike.numbers(self.asked.fields)

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), checks.negative("prediction"))

    def numbers(self, batch: Batch, places: Any) -> np.ndarray:
        return (
            batch.prediction if isinstance(places, slice) else batch.prediction.reshape(-1)[places]
        )


class GivenPairs(Distances):
    """Pairs of which the distance is given: 1 is the same, 0 is different."""

    no = 0


class Ranking(Labelled):
    """Two scores, and which of them is to be higher."""

    one_size = ""
    hits = "the scores are in the right order; ties are wrong, and counted"

    def pair(self) -> Pairing:
        return alike.numbers(self.asked.fields)

    def measure(self, batch: Batch) -> Totals:
        one, other = batch.prediction, batch.taken["input2"]
        return ranked((one > other) == (batch.target > 0), one == other, batch)

    def report(self, totals: Totals) -> Report:
        return in_order(totals, "input1 > input2 where y = 1, input1 < input2 where y = -1")

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        columns = [values.reshape(-1)[places] for values in batch.taken.values()]
        return [
            [f"{one:.4f}", f"{other:.4f}", f"{label:.6g}"]
            for one, other, label in zip(*columns, strict=True)
        ]

    @property
    def headings(self) -> list[str]:
        return ["input1", "input2", "y"]


class Preference(Vectors):
    """Two scores, of which the first is to be higher."""

    one_size = ""
    hits = "positive > negative; ties are wrong, and counted"

    def pair(self) -> Pairing:
        return alike.numbers(self.asked.fields)

    def measure(self, batch: Batch) -> Totals:
        one, other = batch.prediction, batch.taken["negative"]
        gap = np.where(one == other, 0, wide(one) - wide(other))
        return ranked(one > other, one == other, batch) + Totals({"gap": weighted(gap, batch)})

    def report(self, totals: Totals) -> Report:
        found = in_order(totals, "positive > negative")
        gap = ratio(totals["gap"].value, number(totals["count"]))
        how = "mean of positive - negative"
        return Report(found.accuracy, [*found.metrics, Measure("mean_gap", gap, how)])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        columns = [values.reshape(-1)[places] for values in batch.taken.values()]
        return [[f"{one:.4f}", f"{other:.4f}"] for one, other in zip(*columns, strict=True)]

    @property
    def headings(self) -> list[str]:
        return ["positive", "negative"]


def ranked(right: np.ndarray, tied: np.ndarray, batch: Batch) -> Totals:
    """How many of two scores are in the right order; equal ones are in none."""
    return Totals(
        {
            "hits": amount(right & ~tied, batch),
            "ties": amount(tied, batch),
            "count": amount(np.ones(right.shape, bool), batch),
        }
    )


def in_order(totals: Totals, rule: str) -> Report:
    """The share of pairs in the right order."""
    accuracy = share(totals["hits"], totals["count"], rule, 0.5, "; ties are wrong")
    return Report(accuracy, [Measure("ties", number(totals["ties"]), "pairs of equal scores")])
