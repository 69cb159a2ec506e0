"""What may be wrong with data as a whole, where no single value shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.doubts.base import Doubt, Evidence, Leaf, Whole
from losscli.doubts.clamped import Clamped
from losscli.doubts.classes import AbsentClass, NeverPredicted, Smoothed, SmoothedTwice
from losscli.doubts.order import (
    ClassOrder,
    Early,
    Inverted,
    Late,
    Unrelated,
    UnrelatedValues,
)
from losscli.doubts.readings import Reading
from losscli.doubts.rows import FewRows, Repeated
from losscli.doubts.squashed import ProbsAsLogits, SoftmaxAsLogits, SquashedTwice
from losscli.doubts.values import (
    Constant,
    ConstantRows,
    CopiedShares,
    Copy,
    Saturated,
    Scale,
    Swapped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.errors import Finding
    from losscli.question import Question
    from losscli.roles import Role

__all__ = ["Clamped", "Doubt", "Evidence", "Leaf", "Whole", "doubted", "doubts"]

GROUPS: tuple[tuple[type[Doubt], ...], ...] = (
    (
        Copy,
        CopiedShares,
        Constant,
        ConstantRows,
        Swapped,
        ProbsAsLogits,
        SoftmaxAsLogits,
        SquashedTwice,
        Late,
        Early,
        ClassOrder,
        Inverted,
        Scale,
        Unrelated,
        UnrelatedValues,
    ),
    (SmoothedTwice, Smoothed),
    (AbsentClass,),
    (NeverPredicted,),
    (Saturated,),
    (Repeated,),
    (FewRows,),
    (Clamped,),
)
"""Of each group, the first that is found is said: the others would follow from it."""


def doubts(question: Question, role: Role) -> list[Doubt]:
    """All that may be doubted of a question."""
    alone = question.loss.rows == "leaf"
    known = [one for group in GROUPS for one in group if alone or not issubclass(one, Reading)]
    return [one(question, role) for one in known if one.concerns(question, role)]


def doubted(seen: Mapping[Doubt, Evidence], whole: Whole) -> list[Finding]:
    """What there is to say of them, once all data has been seen."""
    found = []
    for group in GROUPS:
        members = [one for one in seen if type(one) in group]
        said = (one.finding(seen[one], whole) for one in members)
        found += [finding for finding in said if finding][:1]
    return found
