"""Losses of a choice among classes, and of whole distributions."""

from losscli.losses.multiclass.decoders import adaptive_ce, linear_ce
from losscli.losses.multiclass.entropy import ce, nll
from losscli.losses.multiclass.margins import categorical_hinge, multi_margin, multiclass_hinge
from losscli.losses.multiclass.shares import js, kl
from losscli.losses.multiclass.variants import focal_ce, gce, poly1

__all__ = [
    "adaptive_ce",
    "categorical_hinge",
    "ce",
    "focal_ce",
    "gce",
    "js",
    "kl",
    "linear_ce",
    "multi_margin",
    "multiclass_hinge",
    "nll",
    "poly1",
]
