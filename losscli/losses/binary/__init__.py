"""Losses of one score, or of several independent ones, for each row."""

from losscli.losses.binary.entropy import bce, focal
from losscli.losses.binary.margins import hinge, perceptron, soft_margin, squared_hinge
from losscli.losses.binary.scoring import brier, zero_one
from losscli.losses.binary.sets import asl, multilabel_margin, multilabel_soft_margin, zlpr

__all__ = [
    "asl",
    "bce",
    "brier",
    "focal",
    "hinge",
    "multilabel_margin",
    "multilabel_soft_margin",
    "perceptron",
    "soft_margin",
    "squared_hinge",
    "zero_one",
    "zlpr",
]
