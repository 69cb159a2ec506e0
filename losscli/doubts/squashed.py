"""Sigmoid or softmax where there should be none, or twice."""

from __future__ import annotations

from math import e
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.checks.base import off_one
from losscli.doubts.readings import Reading, taken
from losscli.doubts.slopes import line, slope
from losscli.lazy import np, torch
from losscli.roles import Binary, BoundedClasses, ClassIndex

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

STEEPEST = 2.0
"""Probabilities of which the targets say so much more are logits of a model that was held back."""

WIDE = 0.3
"""Probabilities that are closer together may be logits of a network that knows little."""

NEAR = 0.02
"""So near to 0 and to 1 must come what is taken for the sigmoid of probabilities."""

OFTEN = 3
"""So many of them must come that near to each."""


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
        if found is None or found.slope - 4 * found.error < STEEP or found.slope > STEEPEST:
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
        decided = question.loss.target.decides  # which a softmax does not change
        return _many(role) and not decided and _has_probs(question, "logits")

    @property
    def form(self) -> tuple[str, ...]:
        return _form(self.question, "probs")

    def reread(self, batch: Batch) -> Batch | None:
        return batch if batch.inside("prediction", 0, 1) and _even(batch) else None

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        if whole.total.elements.count < ROWS:
            return None
        said = f"as probabilities the loss is {self.other(seen, whole):.4f}"
        floor = self._floor(whole)
        if floor is not None:
            classes = f"of {self.role.pairing.classes} classes"
            said = f"{classes}, the loss of its softmax cannot go below {floor:.4f}; {said}"
        message = (
            f"{self.role.asked.prediction.label}: every row of logits sums to 1: was the softmax "
            f"taken already? {said[0].upper()}{said[1:]}, as logits {whole.loss:.4f}"
        )
        return message, "--probs says that they are probabilities"

    def _floor(self, whole: Whole) -> float | None:
        """What the likeliest logits cost that sum to 1; None where weights or shares have a say."""
        loss, options = whole.question.loss, whole.question.options
        rounded = self.role.pairing.probabilities and isinstance(self.role, BoundedClasses)
        if whole.question.weighs or rounded:
            return None
        sure = torch.eye(self.role.pairing.classes or 0, dtype=torch.float64)
        plain = {"ignore_index": -1, "label_smoothing": 0.0}  # smoothed labels cost no less
        every = {**options, **{name: one for name, one in plain.items() if name in options}}
        found: Any = loss.forms["logits", "target"](sure, torch.arange(len(sure)), **every)
        return float(getattr(found, "elements", found).min().item())


class SquashedTwice(Reading):
    """Probabilities are what the sigmoid, or the softmax, of probabilities would be.

    Was it taken of what already was one? The message has the loss without the second.
    """

    code = "squashed-twice"

    @classmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        two = isinstance(role, Binary) and role.likely
        return (two or _many(role)) and question.kind == "probs"

    def reread(self, batch: Batch) -> Batch | None:
        slack = 1e-3 if batch.prediction.dtype == np.float16 else 1e-6
        low, high = self._ends
        if not batch.inside("prediction", low - slack, high + slack):
            return None
        before = self._before(batch)
        odd = before.min() < -10 * slack or before.max() > 1 + 10 * slack
        return None if odd else taken(batch, prediction=before.clip(0, 1))

    def beside(self, batch: Batch) -> dict[str, object]:
        """How many probabilities were next to 0 before, and next to 1."""
        before = self._before(batch)
        kept = batch.counts
        if kept is not None and self._classes:
            kept = np.expand_dims(kept, 1)
        ends = {"low": before < NEAR, "high": before > 1 - NEAR}
        return {
            name: int(np.count_nonzero(one if kept is None else one & kept))
            for name, one in ends.items()
        }

    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        other = self.lower(seen, whole)
        if other is None or whole.total.elements.count < FEW:
            return None
        if min(seen["low"], seen["high"]) < OFTEN:
            return None
        squash = "softmax" if self._classes else "sigmoid"
        said = _twice(self.role.asked.prediction.label, whole.total.facts["prediction"], squash)
        return f"{said} Taken once, the loss would be {other:.4f} instead of {whole.loss:.4f}", ""

    @property
    def _classes(self) -> int:
        """How many there are; 0 where each probability is one of yes or no."""
        return (self.role.pairing.classes or 0) if isinstance(self.role, ClassIndex) else 0

    @property
    def _ends(self) -> tuple[float, float]:
        """What the sigmoid or softmax of probabilities lies between."""
        return _ends(self._classes) if self._classes else (0.5, e / (e + 1))

    def _before(self, batch: Batch) -> np.ndarray:
        """What the sigmoid or softmax was taken of, if that was probabilities."""
        wide = batch.prediction.astype(np.float64)
        if not self._classes:
            return np.asarray(np.log(wide / (1 - wide)))
        logs = np.log(wide)
        return np.asarray(logs + (1 - logs.sum(1, keepdims=True)) / self._classes)


def filled(label: str, facts: Facts) -> str | None:
    """What to say of probabilities that the sigmoid of probabilities may have made."""
    if facts.count < FEW or not 0 < facts.low <= facts.high < 1:
        return None
    ends = np.log([facts.low / (1 - facts.low), facts.high / (1 - facts.high)])
    near = abs(ends[0]) <= NEAR and abs(ends[1] - 1) <= NEAR
    return _twice(label, facts, "sigmoid") if near else None


def topped(label: str, facts: Facts, classes: int) -> str | None:
    """What to say of rows of probabilities that the softmax of probabilities may have made."""
    if classes < 2 or facts.count < FEW * classes:
        return None
    low, high = _ends(classes)
    near = abs(facts.low / low - 1) <= NEAR and abs(facts.high / high - 1) <= NEAR
    return _twice(label, facts, "softmax") if near else None


def _ends(classes: int) -> tuple[float, float]:
    """The least and the largest value of the softmax of probabilities."""
    return 1 / (e + classes - 1), e / (e + classes - 1)


def _twice(label: str, facts: Facts, squash: str) -> str:
    return (
        f"{label}: the probabilities fill {facts.low:.4f} to {facts.high:.4f} and no more, as the "
        f"{squash} of probabilities does: was it taken twice?"
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
    found = off_one(batch.prediction.sum(1, dtype=np.float64), batch.prediction, 1)
    if found is None:
        return True
    return not (found.mask if batch.counts is None else found.mask & batch.counts).any()
