"""A question to a loss, and what was opened for it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from losscli.lazy import np
from losscli.records import record
from losscli.registry import TARGETS
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.errors import Finding
    from losscli.formats.base import Field
    from losscli.registry import Loss
    from losscli.settings import Settings

BESIDE = ("sample_weight", "mask")
"""The inputs that every loss takes beside its own."""


@record
class Question:
    """A loss, its options, and its inputs: checked, but for what only the data can tell.

    Attributes:
        inputs: Which inputs of the loss are given, in the order of its function.
        options: All options of the loss; small arrays still as numbers, words or arrays.
        words: The inputs by name, small arrays in files among them, as they were typed: several
            for the prediction of an ensemble.
        notes: What is to be said before any data is read.
        keep: The unreduced losses are asked for.
        grad: The gradient is asked for.
        watch: Who wants to know how far the work is.
    """

    loss: Loss[Any, Any]
    inputs: tuple[str, ...]
    options: dict[str, Any]
    settings: Settings
    words: Mapping[str, Any]
    notes: tuple[Finding, ...] = ()
    keep: bool = False
    grad: bool = False
    watch: Watch = field(default_factory=Watch, compare=False)

    @property
    def kind(self) -> str:
        """What the prediction is: the first input."""
        return self.inputs[0]

    @property
    def target(self) -> str:
        """What the target is."""
        return next((name for name in self.inputs if name in TARGETS), "target")

    def input(self, side: str) -> str:
        """The name of an input that a role knows as a side."""
        return {"prediction": self.kind, "target": self.target}.get(side, side)

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the predictions that make an ensemble; none for a single one."""
        if self.settings.ensemble is None:
            return ()
        return tuple(f"{self.kind} {at + 1}" for at, _ in enumerate(self.words[self.kind]))

    @property
    def weighs(self) -> bool:
        """Elements, classes or columns have factors of their own."""
        small = (name for name, one in self.loss.options.items() if one.small)
        return any(np.size(self.options[name]) > 1 for name in small)

    @property
    def reduction(self) -> str:
        return self.settings.reduction or self.loss.reduction


@record
class Fields:
    """The opened inputs of a question; the first member of an ensemble is its prediction."""

    sides: Mapping[str, Field]  # the prediction, the target, and further inputs by their names
    beside: Mapping[str, Field]  # sample_weight, mask and small arrays, where they are given
    notes: tuple[Finding, ...]
    members: tuple[Field, ...] = ()
    ids: Mapping[str, Field] = field(default_factory=dict)  # of rows that were paired by them
