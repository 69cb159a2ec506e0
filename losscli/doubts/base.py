"""What a doubt is: a mistake that no single value shows, but all data together.

Each leaf gives evidence, which adds up; where a leaf contradicts a doubt, it is looked into no
further. What the evidence amounts to is decided once, when all data has been seen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from losscli.checks.codes import CODES, Code
from losscli.doubts.slopes import slope
from losscli.errors import Finding, Level
from losscli.records import record
from losscli.stats import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from losscli.batch import Batch
    from losscli.question import Question
    from losscli.registry import Pooled, Terms
    from losscli.roles import Role
    from losscli.roles.base import Report
    from losscli.state import State


@record
class Evidence:
    """What leaves say of a doubt; one that contradicts it settles the matter.

    >>> (Evidence(Totals({"rows": 2})) + Evidence(Totals({"rows": 1}))).parts["rows"]
    3
    >>> (Evidence() + Evidence(contradicted=True)).contradicted
    True
    """

    parts: Totals = Totals()
    contradicted: bool = False

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Evidence]) -> Evidence:
        """The sum of several at once."""
        if any(one.contradicted for one in many):
            return cls(contradicted=True)
        return cls(Totals.joined([one.parts for one in many]))


@record
class Leaf:
    """A leaf as a doubt sees it.

    Attributes:
        batch: What was read.
        losses: Its unreduced losses in the order of the file, and what they count; None where
            losses are made of sums over all rows.
        again: Computes the losses once more: of other inputs, which the loss may take by another
            of its forms.
    """

    batch: Batch
    losses: Terms | None
    again: Callable[[Batch, tuple[str, ...]], Terms | Pooled]

    @cached_property
    def pairs(self) -> Totals:
        """Sums of the pairs of a prediction and a target, which several doubts ask for."""
        return Totals(slope(self.batch))


@record
class Whole:
    """All data, as a verdict sees it.

    Attributes:
        question: What was asked.
        role: What its inputs are.
        total: The sum of all leaves.
    """

    question: Question
    role: Role
    total: State

    @cached_property
    def report(self) -> Report:
        """What was measured beside the loss."""
        return self.role.report(self.total.measured)

    @cached_property
    def loss(self) -> float:
        """The mean loss."""
        return self.ended(self.total.shared.over(self.total.over))

    @cached_property
    def guess(self) -> float | None:
        """The mean loss of the best constant prediction."""
        return None if self.guessed is None else self.ended(self.guessed)

    @cached_property
    def guessed(self) -> float | None:
        """What the mean of the losses would be of a prediction that knows nothing of its rows."""
        return self.question.loss.guess(self.total.measured, **self.question.options)

    def ended(self, mean: float) -> float:
        """What the loss makes of a mean."""
        return self.question.loss.ended(mean, self.question.options)


class Doubt(ABC):
    """A mistake that may have been made.

    The first line of the docstring says what the code means, the text below it what to do.

    Attributes:
        code: Its stable name.
        level: How much it weighs.
        looks: It wants evidence of each leaf, and not only the totals of all.
        first: It looks at the leaves that begin before this row alone; None for all.
    """

    code: ClassVar[str]
    level: ClassVar[Level] = Level.WARNING
    looks: ClassVar[bool] = True
    first: ClassVar[int | None] = None

    def __init_subclass__(cls) -> None:
        if "code" in vars(cls):
            CODES[cls.code] = CODES.get(cls.code, Code(cls.level)).told(cls.__doc__)

    def __init__(self, question: Question, role: Role) -> None:
        self.question = question
        self.role = role
        self.over = False
        """A leaf has contradicted it. It only saves work: the evidence says so as well."""

    @classmethod
    @abstractmethod
    def concerns(cls, question: Question, role: Role) -> bool:
        """Whether the mistake can be made here."""

    def look(self, leaf: Leaf) -> Totals | None:
        """The evidence of a leaf; None where it contradicts the doubt."""
        return Totals()

    @abstractmethod
    def verdict(self, seen: Totals, whole: Whole) -> tuple[str, str] | None:
        """The message and the hint where the evidence is plain; None where it is not."""

    def evidence(self, leaf: Leaf) -> Evidence:
        """The evidence of a leaf, as long as there is any doubt."""
        late = self.first is not None and leaf.batch.start >= self.first
        if late or not self.looks:
            return Evidence()
        found = None if self.over else self.look(leaf)
        if found is None:
            self.over = True
            return Evidence(contradicted=True)
        return Evidence(found)

    @property
    def side(self) -> str:
        """The input that it blames."""
        return self.question.kind

    def finding(self, seen: Evidence, whole: Whole) -> Finding | None:
        """What there is to say of all data."""
        if seen.contradicted:
            return None
        said = self.verdict(seen.parts, whole)
        return said and Finding(self.code, self.level, *said, input=self.side)
