"""Losses of vectors that are to be near each other, or far apart."""

from losscli.losses.embeddings.candidates import infonce, ntxent, siglip, supcon
from losscli.losses.embeddings.cosines import arcface, circle, cosface
from losscli.losses.embeddings.pairs import (
    contrastive,
    cosine,
    cosine_embedding,
    hinge_embedding,
    triplet,
)

__all__ = [
    "arcface",
    "circle",
    "contrastive",
    "cosface",
    "cosine",
    "cosine_embedding",
    "hinge_embedding",
    "infonce",
    "ntxent",
    "siglip",
    "supcon",
    "triplet",
]
