"""Sigmoid or softmax where there should be none, or twice."""

from __future__ import annotations

from math import e
from typing import TYPE_CHECKING, ClassVar

from losscli.doubts.readings import Reading, taken
from losscli.doubts.slopes import line, slope
from losscli.lazy import np
from losscli.roles import Binary, ClassIndex

if TYPE_CHECKING:
    from losscli.batch import Batch
    from losscli.checks import Facts
    from losscli.doubts.base import Whole
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.stats import Totals

FEW = 50
"""Fewer probabilities say too little of how they were made."""

ROWS = 10
"""Fewer rows that sum to 1 may do so by chance."""

STEEP = 0.25
"""The sigmoid is nowhere steeper: no logit says more of its target than that."""

WIDE = 0.3
"""Probabilities that are closer together may be logits of a network that knows little."""

NEAR = 0.02
"""So near to 0 and to 1 must come what is taken for the sigmoid of probabilities."""

LOWEST, HIGHEST = 0.5, e / (1 + e)
"""The sigmoids of 0 and 1: that of a probability lies between them."""


class ProbsAsLogits(Reading):
    """All logits of a binary loss are in [0, 1], and make a better loss as probabilities.

    --probs takes probabilities, where the loss has them.
    """

    code = "probs-as-logits"

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, Binary) and role.likely and _has_probs(question, "logits")

    @property
    def form(self) -> tuple[str, ...]:
        return _form(self.question, "probs")

    def reread(self, batch: Batch) -> Batch | None:
        return batch if batch.inside("prediction", 0, 1) else None

    def beside(self, batch: Batch) -> dict[str, object]:
        return slope(batch)

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        facts, other = whole.total.facts["prediction"], self.lower(seen, whole)
        if other is None or facts.count < FEW or facts.high - facts.low < WIDE:
            return None
        found = line(seen)
        if found is None or found.slope - 4 * found.error < STEEP:
            return None
        message = (
            f"{self.role.asked.prediction.label}: every logit is in [0, 1], from {facts.low:.4g} "
            f"to {facts.high:.4g}: these look like probabilities; as probabilities the loss is "
            f"{other:.4f}, as logits {whole.loss:.4f}"
        )
        return message, "--probs says that they are probabilities"


class SoftmaxAsLogits(Reading):
    """All rows of logits sum to 1 and hold nothing below 0: probabilities, it seems.

    --probs takes probabilities; the softmax of probabilities is nearly even, so that the loss
    cannot become small.
    """

    code = "probs-as-logits"
    gainful: ClassVar[bool] = False

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return _many(role) and _has_probs(question, "logits")

    @property
    def form(self) -> tuple[str, ...]:
        return _form(self.question, "probs")

    def reread(self, batch: Batch) -> Batch | None:
        return batch if batch.inside("prediction", 0, 1) and _even(batch) else None

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        if whole.total.elements.count < ROWS:
            return None
        classes = self.role.pairing.classes or 0
        floor = float(np.log(e + classes - 1)) - 1
        other = self.other(seen, whole)
        message = (
            f"{self.role.asked.prediction.label}: every row of logits sums to 1: was the softmax "
            f"taken already? Of {classes} classes, the loss of its softmax cannot go below "
            f"{floor:.4f}; as probabilities the loss is {other:.4f}, as logits {whole.loss:.4f}"
        )
        return message, "--probs says that they are probabilities"


class SigmoidTwice(Reading):
    """Probabilities fill the range of the sigmoid of probabilities, 0.5 to 0.7311, and no more.

    Was the sigmoid taken of what already was one? The message has the loss without the second.
    """

    code = "squashed-twice"

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return isinstance(role, Binary) and role.likely and question.kind == "probs"

    def reread(self, batch: Batch) -> Batch | None:
        slack = 1e-3 if batch.prediction.dtype == np.float16 else 1e-6
        if not batch.inside("prediction", LOWEST - slack, HIGHEST + slack):
            return None
        wide = batch.prediction.astype(np.float64)
        return taken(batch, prediction=np.log(wide / (1 - wide)).clip(0, 1))

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        other = self.lower(seen, whole)
        said = filled(self.role.asked.prediction.label, whole.total.facts["prediction"])
        if other is None or said is None:
            return None
        return f"{said} Taken once, the loss would be {other:.4f} instead of {whole.loss:.4f}", ""


def filled(label: str, facts: Facts) -> str | None:
    """What to say of probabilities that the sigmoid of probabilities may have made."""
    if facts.count < FEW or not 0 < facts.low <= facts.high < 1:
        return None
    ends = np.log([facts.low / (1 - facts.low), facts.high / (1 - facts.high)])
    if not (abs(ends[0]) <= NEAR and abs(ends[1] - 1) <= NEAR):
        return None
    return (
        f"{label}: the probabilities fill {facts.low:.4f} to {facts.high:.4f} and no more, as the "
        f"sigmoid of probabilities does: was it taken twice?"
    )


class SoftmaxTwice(Reading):
    """Rows of probabilities are what the softmax of probabilities would be.

    Was the softmax taken of what already was one? The message has the loss without the second.
    """

    code = "squashed-twice"

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        return _many(role) and question.kind == "probs"

    def reread(self, batch: Batch) -> Batch | None:
        classes = self.role.pairing.classes or 0
        low, high = 1 / (e + classes - 1), e / (e + classes - 1)
        slack = 1e-3 if batch.prediction.dtype == np.float16 else 1e-6
        if not batch.inside("prediction", low - slack, high + slack):
            return None
        logs = np.log(batch.prediction.astype(np.float64))
        before = logs + (1 - logs.sum(1, keepdims=True)) / classes
        odd = before.min() < -10 * slack or before.max() > 1 + 10 * slack
        return None if odd else taken(batch, prediction=before.clip(0, 1))

    def beside(self, batch: Batch) -> dict[str, object]:
        """How many rows were sure of a class before, which only a squeezed one could be."""
        classes = self.role.pairing.classes or 0
        tops = batch.prediction.max(1) > (1 - NEAR) * e / (e + classes - 1)
        kept = tops if batch.counts is None else tops & batch.counts
        return {"sure": int(np.count_nonzero(kept))}

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        other = self.lower(seen, whole)
        if other is None or whole.total.elements.count < FEW or seen["sure"] < ROWS:
            return None
        said = _topped(self.role.asked.prediction.label, whole.total.facts["prediction"])
        return f"{said} Taken once, the loss would be {other:.4f} instead of {whole.loss:.4f}", ""


def topped(label: str, facts: Facts, classes: int) -> str | None:
    """What to say of rows of probabilities that the softmax of probabilities may have made."""
    if classes < 2 or facts.count < FEW * classes:
        return None
    low, high = 1 / (e + classes - 1), e / (e + classes - 1)
    near = abs(facts.low / low - 1) <= NEAR and abs(facts.high / high - 1) <= NEAR
    return _topped(label, facts) if near else None


def _topped(label: str, facts: Facts) -> str:
    return (
        f"{label}: no probability is above {facts.high:.4f}, and rows are as the softmax of "
        "probabilities is: was it taken twice?"
    )


def _has_probs(question: Question, kind: str) -> bool:
    """Whether a kind of prediction is given that could be given as probabilities as well."""
    return question.kind == kind and _form(question, "probs") in question.loss.forms


def _form(question: Question, kind: str) -> tuple[str, ...]:
    """The inputs of a question, with another kind of prediction."""
    return (kind, *question.inputs[1:])


def _many(role: Role) -> bool:
    """Whether there is a probability for each of several classes."""
    return isinstance(role, ClassIndex) and role.squashed and (role.pairing.classes or 0) > 1


def _even(batch: Batch) -> bool:
    """Whether all rows that count sum to 1, but for the rounding of their dtype or of a text."""
    sums = batch.prediction.sum(1, dtype=np.float64)
    slack = 1e-2 if batch.prediction.dtype == np.float16 else 1e-3
    off = np.abs(sums - 1) > slack
    return not (off if batch.counts is None else off & batch.counts).any()
