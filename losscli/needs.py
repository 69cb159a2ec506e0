"""What a plan needs beside the rows: a dtype, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import Finding, Level, UsageError
from losscli.lazy import torch
from losscli.memory import require, sized
from losscli.registry import flag
from losscli.vectors import BLOCK

if TYPE_CHECKING:
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.views import Pairing

__all__ = ["computed", "refuse_rows", "refuse_sizes", "whole"]

RECORDED = 3
"""So many times as much it holds for its gradient: what each step was made of, and the way back."""

COPIES = 6
"""A loss of all rows is expected to hold so many tensors of its input, or of a block of pairs."""


def whole(question: Question, rows: int, values: int, dtype: str) -> Finding:
    """Says what a loss of all rows will hold, before it begins.

    Raises:
        DataError: so much cannot be held at once.
    """
    pairs = min(rows**2, max(rows, BLOCK)) if question.loss.rows == "pairs" else 0
    needed = (values + pairs) * getattr(torch, dtype).itemsize * COPIES
    needed *= RECORDED if question.grad else 1
    what = f"{question.loss.name} needs all {rows:,} rows at once"
    what += ", and again for the gradient" if question.grad else ""
    require(needed, what, hint="--limit N takes only the first rows")
    return Finding("all-rows", Level.NOTE, f"{what}: about {sized(needed)}")


def refuse_sizes(question: Question) -> None:
    """Refuses a gradient of rows that differ in size.

    Raises:
        UsageError: it was asked for.
    """
    if question.grad:
        why = "its rows have one size, and these differ in size"
        raise UsageError(f"--grad writes arrays: {why}", hint="take rows of one size at a time")


def refuse_rows(question: Question, pairing: Pairing) -> None:
    """Refuses what speaks of rows, where the losses are none.

    Raises:
        UsageError: it was given.
    """
    given: list[str] = [name for name in ("sample_weight", "mask") if name in question.words]
    given += [name for name in ("nan", "missing") if getattr(question.settings, name) == "omit"]
    if pairing.marks is not None:
        given = [name for name in given if name == "sample_weight"]
    if given:
        name = question.loss.name
        raise UsageError(f"{flag(given[0])} has no meaning here: the losses of {name} are no rows")


def computed(question: Question, role: Role) -> tuple[str, list[Finding]]:
    """The widest float among predictions and real-valued targets, at least float32."""
    if question.settings.dtype != "auto":
        return question.settings.dtype, []
    names = {field: question.input(side) for side, field in role.asked.fields.items()}
    real = role.real
    wide = [8 if field.dtype.kind != "f" else field.dtype.itemsize for field in real]
    notes = [
        Finding(
            "half-widened",
            Level.NOTE,
            f"{field.label}: float16 was widened",
            input=names[field],
        )
        for field, size in zip(real, wide, strict=True)
        if size < 4
    ]
    return ("float64" if max(wide) > 4 else "float32"), notes
