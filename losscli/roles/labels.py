"""Targets of a loss that only counts mistakes: classes, binary labels, or label against label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import np
from losscli.roles.base import Asked, Measure, Report, Role, amount, number, ratio, refuse, told
from losscli.roles.binary import BoundedBinary
from losscli.roles.classes import BoundedClasses, BoundedClassIndex, ClassIndex
from losscli.roles.values import Values
from losscli.stats import Totals

if TYPE_CHECKING:
    from losscli.batch import Batch


DECIDING = ("threshold", "class_axis", "classes", "target_base", "pos_label")
"""The options that say how scores become decisions."""


class Labels(ClassIndex):
    """A label for each prediction; which kind of label follows from the predictions.

    ``--pred`` is a label itself. Scores with an axis more than the target are scores for each
    class; scores of the target's own shape are binary, or multi-label.
    """

    settings = ("classes", "target_base", "pos_label")
    averaged = ("logits", "probs")
    decides = True
    hits = "the decision is the target: an argmax, logit > 0, p > 0.5, or --pred itself"

    @classmethod
    def of(cls, asked: Asked) -> Role:
        if asked.kind == "pred":
            refuse(asked, "--pred is the decision itself", **dict.fromkeys(DECIDING))
            return Equal(asked)
        scores, target = asked.prediction.shape, asked.target.shape
        if len(_long(scores)) > len(_long(target)):
            why = "the highest score decides among classes"
            refuse(asked, why, threshold=None, pos_label=None)
            return BoundedClassIndex(asked)
        why = f"{asked.prediction.label} of shape {scores} has one score for each target"
        refuse(asked, why, classes=None, target_base=None, class_axis=None)
        return BoundedBinary(asked)


class Outcomes(BoundedClasses):
    """What came of a probability, or of one for each class; which follows from the shapes.

    Shapes that have only the rows in common with a single number each are binary, as is an axis 1
    of length 1 on both sides. Others have classes: scores of the target's own shape, class
    probabilities; scores with an axis more, class indices.
    """

    settings = ("threshold", "pos_label", *BoundedClasses.settings)
    hits = "logit > 0 or p > 0.5 (--threshold); of several classes the argmax, ties to the first"

    @classmethod
    def of(cls, asked: Asked) -> Role:
        scores, target = asked.prediction.shape, asked.target.shape
        flat = len(_long(scores)) == len(_long(target)) == len(scores[:1])
        single = flat or (scores == target and scores[1:2] == (1,))
        if single and asked.options.get("class_axis") is None:
            why = f"{asked.prediction.label} of shape {scores} has one score for each target"
            refuse(asked, why, top_k=None, classes=None, target_base=None)
            return BoundedBinary(asked)
        why = "the highest score decides among classes"
        refuse(asked, why, threshold=None, pos_label=None)
        return BoundedClasses(asked)


class Equal(Values):
    """Labels against labels: any numbers, equal or not."""

    hits = "label = target"

    def measure(self, batch: Batch) -> Totals:
        hits = batch.prediction == batch.target
        counted = np.ones(hits.shape, bool)
        return Totals({"hits": amount(hits, batch), "count": amount(counted, batch)})

    def report(self, totals: Totals) -> Report:
        hits, count = number(totals["hits"]), number(totals["count"])
        how = f"{told(hits)}/{told(count)}, {self.hits}"
        return Report(Measure("accuracy", ratio(hits, count), how, None, (hits, count), self.hits))


def _long(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The rows, and the axes that are longer than 1."""
    return (*shape[:1], *(size for size in shape[1:] if size != 1))
