"""What a target is: how it pairs with the prediction, what it may hold, what counts as a hit."""

from __future__ import annotations

from losscli.roles.base import Asked, Measure, Role
from losscli.roles.binary import Binary, BoundedBinary, MultiLabel, PlusMinus
from losscli.roles.boxes import Boxes
from losscli.roles.classes import (
    BoundedClasses,
    BoundedClassIndex,
    Classes,
    ClassIndex,
    ScoredClasses,
    ScoredClassIndex,
)
from losscli.roles.counts import Amounts, Counts
from losscli.roles.distributions import Distance, Distribution
from losscli.roles.labels import Labels, Outcomes
from losscli.roles.masks import AllImages, Images, Masks, Pixels
from losscli.roles.sequences import Sequences
from losscli.roles.sets import LabelLists, Ranked
from losscli.roles.spreads import Spread
from losscli.roles.values import Growing, Quantiles, Relative, Values

__all__ = [
    "AllImages",
    "Amounts",
    "Asked",
    "Binary",
    "BoundedBinary",
    "BoundedClassIndex",
    "BoundedClasses",
    "Boxes",
    "ClassIndex",
    "Classes",
    "Counts",
    "Distance",
    "Distribution",
    "Growing",
    "Images",
    "LabelLists",
    "Labels",
    "Masks",
    "Measure",
    "MultiLabel",
    "Outcomes",
    "Pixels",
    "PlusMinus",
    "Quantiles",
    "Ranked",
    "Relative",
    "Role",
    "ScoredClassIndex",
    "ScoredClasses",
    "Sequences",
    "Spread",
    "Values",
]
