"""From members that were opened to one prediction, and what is said of each of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from losscli.ensembles.field import Averaged
from losscli.ensembles.means import mean
from losscli.errors import Finding, Level
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from losscli.question import Fields, Question
    from losscli.result import Input, Result
    from losscli.roles import Role

MANY = 8
"""Fewer values, such as decisions, may be those of two models by chance."""


@record
class Member:
    """One of the predictions that make an ensemble, and how well it does alone.

    Attributes:
        input: Where it is, and what its values are.
        result: What it is answered with.
    """

    input: Input
    result: Result

    @property
    def value(self) -> float:
        """Its reduced loss; the mean of its losses where these are not reduced."""
        found = self.result.value
        return float(self.result.stats["mean"]) if found is None else found

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.input.to_dict(),
            "value": self.result.value,
            "mean": self.result.stats["mean"],
            "accuracy": self.result.accuracy,
        }


@record
class Ensemble:
    """What was averaged.

    Attributes:
        mean: The space of the mean: "probs", "logits" or "values".
        members: The predictions, each with its own result.
    """

    mean: str
    members: Sequence[Member]

    def __str__(self) -> str:
        what = {"probs": "probabilities", "logits": "logits", "values": "predictions"}
        return f"mean {what[self.mean]} of {len(self.members)}"

    def to_dict(self) -> dict[str, Any]:
        return {"mean": self.mean, "members": [one.to_dict() for one in self.members]}


def alone(question: Question, fields: Fields) -> Iterator[tuple[Question, Fields]]:
    """The same question of each member alone."""
    settings = replace(question.settings, ensemble=None, batch_size=None, strict=False)
    for word, field in zip(question.words[question.kind], fields.members, strict=True):
        words = {**question.words, question.kind: word}
        sides = {**fields.sides, "prediction": field}
        yield (
            replace(question, settings=settings, words=words, keep=False, notes=()),
            replace(fields, sides=sides, members=(), notes=()),
        )


def together(question: Question, fields: Fields, role: Role) -> Fields:
    """The inputs with the mean of the members as the prediction.

    Args:
        question: What was asked.
        fields: The inputs.
        role: That of any member.

    Raises:
        DataError: the members do not belong together.
    """
    how = mean(question.kind, question.settings.ensemble or "")
    averaged = Averaged(fields.members, how, role.class_axis)
    return replace(fields, sides={**fields.sides, "prediction": averaged}, members=())


def said(members: Sequence[Member], known: set[str]) -> list[Finding]:
    """Warnings of single members that the ensemble does not give rise to, and of equal ones."""
    found = []
    for member in members:
        for one in member.result.warnings:
            if one.code not in known:
                message = f"{_name(member)} alone: {one.message}"
                found.append(replace(one, message=message, input=member.input.name))
    return found + twins(members)


def twins(members: Sequence[Member]) -> list[Finding]:
    """Members that are one prediction given twice."""
    for one, other in combinations(members, 2):
        if _one_source(one, other) or _alike(one, other):
            message = f"{_name(one)} and {_name(other)} are the same: one model counts twice"
            return [Finding("same-members", Level.WARNING, message, input=other.input.name)]
    return []


def _one_source(one: Member, other: Member) -> bool:
    ours, theirs = one.input, other.input
    return ours.path is not None and (ours.path, ours.key) == (theirs.path, theirs.key)


def _alike(one: Member, other: Member) -> bool:
    """Whether values and losses are the same in all that is known of them."""
    ours, theirs = one.input.facts, other.input.facts
    if ours is None or ours != theirs or (ours.values and len(ours.values) <= MANY):
        return False
    return one.result.stats == other.result.stats


def _name(member: Member) -> str:
    return member.input.name.replace("_", "-")
