"""Real-valued targets of a distribution with a mean and a width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks import amounts
from losscli.checks.numbers import numbers
from losscli.roles.values import Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.checks import Check
    from losscli.formats.base import Field
    from losscli.views import Pairing

WIDTHS = ("var", "std", "log_var", "scale")
"""How the width of a distribution is given."""


class Spread(Values):
    """A real number for each distribution, of which a mean and a width are predicted."""

    def pair(self) -> Pairing:
        return shapes.along(super().pair(), self.asked.prediction, self.width)

    @property
    def width(self) -> dict[str, Field]:
        """The field of the width, by its name."""
        return {name: field for name, field in self.asked.fields.items() if name in WIDTHS}

    def checks(self) -> Sequence[Check]:
        own = [amounts.not_wide(name) for name in self.width if name != "log_var"]
        return (*super().checks(), *(one for name in self.width for one in numbers(name)), *own)
