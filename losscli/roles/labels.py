"""Targets of a loss that only counts mistakes: classes, binary labels, or label against label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import predictions, targets
from losscli.errors import UsageError
from losscli.lazy import np
from losscli.roles.base import Asked, Measure, Report, Role, amount, number, ratio, told
from losscli.roles.binary import Binary
from losscli.roles.classes import ClassIndex
from losscli.stats import Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.shapes import Pairing


class Labels(ClassIndex):
    """A label for each prediction; which kind of label follows from the predictions.

    ``--pred`` is a label itself. Scores with an axis more than the target are scores for each
    class; scores of the target's own shape are binary, or multi-label.
    """

    settings = ("classes", "target_base")

    @classmethod
    def of(cls, asked: Asked) -> Role:
        if asked.kind == "pred":
            return Equal(asked)
        scores, target = asked.prediction.shape, asked.target.shape
        if len(_long(scores)) > len(_long(target)):
            return ClassIndex(asked)
        for name in cls.settings:
            if getattr(asked.settings, name) is not None:
                raise UsageError(
                    f"--{name.replace('_', '-')} speaks of classes, but {asked.prediction.label} "
                    f"of shape {scores} has one score for each target"
                )
        return Binary(asked)


class Equal(Role):
    """Labels against labels: any numbers, equal or not."""

    precise = True

    def pair(self) -> Pairing:
        return shapes.same(self.asked.prediction, self.asked.target)

    def checks(self) -> Sequence[Check]:
        return (*predictions.BY_KIND["pred"], *targets.CHECKS)

    def measure(self, batch: Batch) -> Totals:
        hits = batch.prediction == batch.target
        counted = np.ones(hits.shape, bool)
        return Totals({"hits": amount(hits, batch), "count": amount(counted, batch)})

    def report(self, totals: Totals) -> Report:
        hits, count = number(totals["hits"]), number(totals["count"])
        rule = "label = target"
        how = f"{told(hits)}/{told(count)}, {rule}"
        return Report(Measure("accuracy", ratio(hits, count), how, None, (hits, count), rule))


def _long(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The rows, and the axes that are longer than 1."""
    return (*shape[:1], *(size for size in shape[1:] if size != 1))
