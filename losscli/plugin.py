"""What a package with losses of its own imports; it stays where it is.

    from losscli.plugin import Fraction, Tensor, Values, loss

    @loss(Values)
    def pinball(pred: Tensor, target: Tensor, *, q: Fraction = 0.5) -> Tensor: ...

Importing it loads neither NumPy nor PyTorch.
"""

from __future__ import annotations

from losscli.lazy import F, Tensor, np, torch
from losscli.options import (
    Array,
    Choice,
    Fraction,
    NonNegative,
    PerClass,
    PerColumn,
    Positive,
)
from losscli.registry import Pooled, Terms, loss
from losscli.roles import (
    Binary,
    BoundedBinary,
    BoundedClasses,
    BoundedClassIndex,
    Classes,
    ClassIndex,
    Counts,
    MultiLabel,
    PlusMinus,
    ScoredClasses,
    ScoredClassIndex,
    Values,
)

__all__ = [
    "Array",
    "Binary",
    "BoundedBinary",
    "BoundedClassIndex",
    "BoundedClasses",
    "Choice",
    "ClassIndex",
    "Classes",
    "Counts",
    "F",
    "Fraction",
    "MultiLabel",
    "NonNegative",
    "PerClass",
    "PerColumn",
    "PlusMinus",
    "Pooled",
    "Positive",
    "ScoredClassIndex",
    "ScoredClasses",
    "Tensor",
    "Terms",
    "Values",
    "loss",
    "np",
    "torch",
]
