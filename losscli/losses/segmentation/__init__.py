"""Losses of masks: of pixels that belong to a class, and how well two masks overlap."""

from losscli.losses.segmentation.dice import dice, jaccard
from losscli.losses.segmentation.lovasz import lovasz
from losscli.losses.segmentation.mixed import dice_ce, generalized_dice
from losscli.losses.segmentation.tversky import focal_tversky, tversky

__all__ = [
    "dice",
    "dice_ce",
    "focal_tversky",
    "generalized_dice",
    "jaccard",
    "lovasz",
    "tversky",
]
