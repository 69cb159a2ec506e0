"""Lists of scored items: how relevant each item is, which items belong together, rewards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from losscli.checks import vectors as checks
from losscli.checks.numbers import numbers
from losscli.errors import DataError
from losscli.lazy import np
from losscli.roles import alike
from losscli.roles.base import Measure, Report, Role, amount, number, ratio, weighted
from losscli.roles.pairs import in_order, ranked
from losscli.roles.vectors import share, wide
from losscli.stats import Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.views import Pairing


class Lists(Role):
    """The scores of the items of each list, and how relevant they are; a mask leaves items out."""

    precise = True
    hits = "the highest score of a list is that of a most relevant item"

    def pair(self) -> Pairing:
        pairing = alike.numbers(self.asked.fields)
        if len(pairing.elements) != 2:
            field = self.asked.prediction
            raise DataError(
                f"{field.label} has shape {field.shape}: {self.asked.loss} wants lists of items, "
                "(N, L)",
                hint="lists of different lengths are filled up, and --mask leaves that out; or "
                "each is a file, with --stack",
                code="shape-mismatch",
            )
        return replace(pairing, elements=pairing.elements[:1], marks=pairing.elements)

    def checks(self) -> Sequence[Check]:
        return (*numbers("prediction"), *numbers("target"), checks.irrelevant)

    def settled(self, batch: Batch) -> Batch:
        """Items that do not count have the score of -∞, and no relevance."""
        if batch.counts is None:
            return batch
        low = self.least
        scores = np.where(batch.counts, batch.prediction, _floating(batch.prediction, -np.inf))
        target = np.where(batch.counts, batch.target, _floating(batch.target, low))
        taken = {**batch.taken, "prediction": scores, "target": target}
        return replace(batch, taken=taken)

    @property
    def least(self) -> float:
        """The relevance of an item that does not count."""
        return 0.0

    def measure(self, batch: Batch) -> Totals:
        scores, target = batch.prediction, np.asarray(batch.target, np.float64)
        lists = replace(batch, counts=batch.kept)
        top = np.take_along_axis(target, scores.argmax(1)[:, None], 1)[:, 0]
        return Totals(
            {
                "hits": amount(top == target.max(1), lists),
                "count": amount(np.ones(len(top), bool), lists),
                "ndcg": weighted(ndcg(scores, target), lists),
                "even": weighted(self.even(batch), lists),
            }
        )

    def even(self, batch: Batch) -> np.ndarray:
        """What equal scores cost in each list: by how many items it has."""
        counts = np.ones(batch.target.shape, bool) if batch.counts is None else batch.counts
        chance = np.log(np.maximum(counts.sum(1), 1))
        return np.asarray(np.where(counts, batch.target, 0).sum(1, dtype=np.float64) * chance)

    def report(self, totals: Totals) -> Report:
        rule = "the highest score is that of a most relevant item"
        count = number(totals["count"])
        how = "of whole lists, with the relevance as gain"
        metrics = [Measure("ndcg", ratio(totals["ndcg"].value, count), how)]
        return Report(share(totals["hits"], totals["count"], rule), metrics)

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        scores, target = batch.prediction[places], batch.target[places]
        pairs = zip(scores.argmax(1), target.argmax(1), strict=True)
        return [[str(one), str(other)] for one, other in pairs]

    @property
    def headings(self) -> list[str]:
        return ["argmax", "y"]


class SoftLists(Lists):
    """Lists whose relevances are scores themselves, of any sign."""

    def checks(self) -> Sequence[Check]:
        return (*numbers("prediction"), *numbers("target"))

    @property
    def least(self) -> float:
        return -np.inf

    def even(self, batch: Batch) -> np.ndarray:
        counts = np.ones(batch.target.shape, bool) if batch.counts is None else batch.counts
        return np.asarray(np.log(np.maximum(counts.sum(1), 1)))


class Rewards(Role):
    """How likely a policy and a reference find a chosen and a rejected answer."""

    hits = "the reward of chosen > that of rejected; ties are wrong, and counted"
    constants = ("ref_chosen", "ref_rejected")

    def pair(self) -> Pairing:
        return alike.numbers(self.asked.fields)

    def checks(self) -> Sequence[Check]:
        found = [one for side in self.asked.fields for one in numbers(side)]
        return [*found, *(checks.no_log_prob(side) for side in self.asked.fields)]

    def rewards(self, batch: Batch, places: Any) -> tuple[np.ndarray, np.ndarray]:
        """Those of the chosen and of the rejected answers."""
        chosen, rejected, first, second = (
            wide(values.reshape(-1)[places]).numpy() for values in batch.taken.values()
        )
        beta = batch.options["beta"]
        return beta * (chosen - first), beta * (rejected - second)

    def measure(self, batch: Batch) -> Totals:
        shape = batch.prediction.shape
        yes, no = (one.reshape(shape) for one in self.rewards(batch, slice(None)))
        parts = {"yes": weighted(yes, batch), "no": weighted(no, batch)}
        return Totals({**ranked(yes > no, yes == no, batch).parts, **parts})

    def report(self, totals: Totals) -> Report:
        found = in_order(totals, "reward of chosen > reward of rejected")
        count = number(totals["count"])
        yes, no = (ratio(totals[name].value, count) for name in ("yes", "no"))
        rewards = [
            Measure("reward_chosen", yes, "mean of beta · (policy - reference)"),
            Measure("reward_rejected", no, "mean of beta · (policy - reference)"),
            Measure("reward_margin", yes - no, "chosen less rejected"),
        ]
        return Report(found.accuracy, [*rewards, *found.metrics])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        pairs = zip(*self.rewards(batch, places), strict=True)
        return [[f"{one:.4f}", f"{other:.4f}"] for one, other in pairs]

    @property
    def headings(self) -> list[str]:
        return ["chosen", "rejected"]


def ndcg(scores: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The discounted gain of each list in the order of its scores, as a share of the best order.

    Equal scores are in the order of the file; a list without any gain has 0, as in scikit-learn.
    """
    gains = np.where(np.isneginf(target), 0, target)
    discount = 1 / np.log2(np.arange(gains.shape[1]) + 2)
    order = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")
    found = (np.take_along_axis(gains, order, 1) * discount).sum(1)
    best = (-np.sort(-gains, axis=1) * discount).sum(1)
    return np.where(best == 0, 0, found / np.where(best == 0, 1, best))


def _floating(values: np.ndarray, value: float) -> Any:
    """A number in the dtype of some values, or in double for whole numbers."""
    return values.dtype.type(value) if values.dtype.kind == "f" else np.float64(value)
