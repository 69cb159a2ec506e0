"""What a target is: how it pairs with the prediction, what it may hold, what counts as a hit."""

from __future__ import annotations

from losscli.roles.base import Asked, Measure, Role
from losscli.roles.binary import Binary, MultiLabel, PlusMinus
from losscli.roles.classes import Classes, ClassIndex, Distribution
from losscli.roles.labels import Labels
from losscli.roles.values import Values

__all__ = [
    "Asked",
    "Binary",
    "ClassIndex",
    "Classes",
    "Distribution",
    "Labels",
    "Measure",
    "MultiLabel",
    "PlusMinus",
    "Role",
    "Values",
]
