"""Which inputs have a gradient, and whether there is any: known before files are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import UsageError
from losscli.registry import TARGETS

if TYPE_CHECKING:
    from losscli.question import Question

__all__ = ["check", "predicted"]


def predicted(question: Question) -> list[str]:
    """The inputs of which the loss has a gradient: neither targets, nor labels, nor constants.

    A number that was typed is a constant too.
    """
    role = question.loss.target
    typed = [
        name
        for name in question.loss.stretched(question.inputs)
        if isinstance(question.words[name], (int, float))
    ]
    fixed = (*TARGETS, *role.labels, *role.constants, *typed)
    return [name for name in question.inputs if name not in fixed]


def check(question: Question) -> None:
    """Refuses a gradient of what has none.

    Raises:
        UsageError: the loss is that of decisions or of an ensemble, or is not reduced.
    """
    if question.reduction == "none":
        raise UsageError(
            "--grad is the gradient of one number, and --reduction none gives many",
            hint="--reduction sum gives each row the gradient of its own loss",
        )
    if question.members:
        raise UsageError("--grad is the gradient by one prediction, and --ensemble has several")
    if question.loss.target.decides:
        raise UsageError(
            f"{question.loss.name} has no gradient: it is of decisions, which no small change of "
            "a prediction changes"
        )
