"""Losses of masks: of pixels that belong to a class, and how well two masks overlap."""

from losscli.losses.segmentation.dice import dice, focal_tversky, jaccard, tversky
from losscli.losses.segmentation.lovasz import lovasz
from losscli.losses.segmentation.mixed import dice_ce, generalized_dice

__all__ = [
    "dice",
    "dice_ce",
    "focal_tversky",
    "generalized_dice",
    "jaccard",
    "lovasz",
    "tversky",
]
