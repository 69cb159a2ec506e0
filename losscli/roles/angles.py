"""Classes that are told by the cosine of a vector with the centre of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks import vectors as checks
from losscli.errors import DataError
from losscli.roles.classes import ScoredClassIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.checks import Check
    from losscli.views import Pairing


class Angles(ScoredClassIndex):
    """One class for each row of cosines."""

    def pair(self) -> Pairing:
        pairing = super().pair()
        field = self.asked.prediction
        if len(field.shape) > 2:
            message = f"{field.label} has shape {field.shape}: rows of cosines are wanted, (N, C)"
            raise DataError(message, code="shape-mismatch")
        return pairing

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), checks.no_cosine)

    @property
    def rule(self) -> str:
        return "argmax of cosines, ties to the first"
