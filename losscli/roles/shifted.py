"""Sequences of which each position is scored against a later one: what --shift says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.cut import Cut
from losscli.records import record
from losscli.roles.base import refuse

if TYPE_CHECKING:
    from losscli.formats.base import Field
    from losscli.roles.base import Asked
    from losscli.views import Pairing


@record
class Shift:
    """Position t of the prediction goes with position t + by of the target; the ends go.

    Attributes:
        by: How much later the target is.
        length: How many positions a whole sequence has.
    """

    by: int
    length: int

    @classmethod
    def of(cls, asked: Asked, pairing: Pairing) -> Shift | None:
        """What --shift says; None where it was not given.

        Args:
            asked: The question.
            pairing: How its inputs go together without a shift.

        Raises:
            UsageError: there is no axis of positions: rows are never shifted into each other.
            DataError: no position is left.
        """
        by = asked.options.get("shift", 0)
        if not by:
            return None
        target = asked.target.shape
        if len(pairing.elements) != 2 or target not in (pairing.elements, asked.prediction.shape):
            why = f"{asked.target.label} of shape {target} holds no sequences, (N, T); one of them"
            refuse(asked, f"{why} has the shape (1, T)", shift=0)
        length = pairing.elements[1]
        if by >= length:
            raise DataError(
                f"--shift {by} leaves nothing of {asked.target.label}: its sequences have "
                f"{length} position{'' if length == 1 else 's'}",
                code="empty",
            )
        return cls(by, length)

    def cut(self, asked: Asked, pairing: Pairing) -> Asked:
        """The question of what is left of the sequences."""
        axis = 2 if pairing.prediction.class_axis == 1 else 1
        last = self.length - self.by
        soft = pairing.probabilities
        fields = {
            **asked.fields,
            "prediction": Cut(asked.prediction, axis, 0, last),
            "target": Cut(asked.target, axis if soft else 1, self.by, self.length),
        }
        return replace(asked, fields=fields)

    def aligned(self, field: Field) -> Field:
        """What there is for each position of the target, where it goes with the elements."""
        if field.shape[1:] != (self.length,):
            return field
        return Cut(field, 1, self.by, self.length)
