"""What a target is: how it pairs with the prediction, what it may hold, what counts as a hit."""

from __future__ import annotations

from losscli.roles.angles import Angles
from losscli.roles.base import Asked, Measure, Role
from losscli.roles.binary import Binary, BoundedBinary, MultiLabel, PlusMinus
from losscli.roles.boxes import Boxes
from losscli.roles.candidates import Groups, Partners, Twins
from losscli.roles.classes import (
    BoundedClasses,
    BoundedClassIndex,
    Classes,
    ClassIndex,
    ScoredClasses,
    ScoredClassIndex,
)
from losscli.roles.counts import Amounts, Counts
from losscli.roles.decoded import Clustered, Linear
from losscli.roles.distributions import Distance, Distribution
from losscli.roles.intervals import Interval
from losscli.roles.labels import Labels, Outcomes
from losscli.roles.latent import Latent
from losscli.roles.lists import Lists, Rewards, SoftLists
from losscli.roles.masks import AllImages, Images, Masks, Pixels
from losscli.roles.ordinal import Ordered, Thresholds
from losscli.roles.overdispersed import Overdispersed
from losscli.roles.pairs import CosinePairs, Distances, FarPairs, Preference, Ranking
from losscli.roles.sequences import Sequences
from losscli.roles.sets import LabelLists, Ranked
from losscli.roles.signals import Image, Picture, Scaled, Signal
from losscli.roles.spreads import Heavy, Pointed, Spread
from losscli.roles.survival import Survival
from losscli.roles.tokens import Likelihood
from losscli.roles.uneven import role_of
from losscli.roles.values import Growing, Quantiles, Relative, Values
from losscli.roles.vectors import Cosine, Triplets

__all__ = [
    "AllImages",
    "Amounts",
    "Angles",
    "Asked",
    "Binary",
    "BoundedBinary",
    "BoundedClassIndex",
    "BoundedClasses",
    "Boxes",
    "ClassIndex",
    "Classes",
    "Clustered",
    "Cosine",
    "CosinePairs",
    "Counts",
    "Distance",
    "Distances",
    "Distribution",
    "FarPairs",
    "Groups",
    "Growing",
    "Heavy",
    "Image",
    "Images",
    "Interval",
    "LabelLists",
    "Labels",
    "Latent",
    "Likelihood",
    "Linear",
    "Lists",
    "Masks",
    "Measure",
    "MultiLabel",
    "Ordered",
    "Outcomes",
    "Overdispersed",
    "Partners",
    "Picture",
    "Pixels",
    "PlusMinus",
    "Pointed",
    "Preference",
    "Quantiles",
    "Ranked",
    "Ranking",
    "Relative",
    "Rewards",
    "Role",
    "Scaled",
    "ScoredClassIndex",
    "ScoredClasses",
    "Sequences",
    "Signal",
    "SoftLists",
    "Spread",
    "Survival",
    "Thresholds",
    "Triplets",
    "Twins",
    "Values",
    "role_of",
]
