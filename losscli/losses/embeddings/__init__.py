"""Losses of vectors that are to be near each other, or far apart."""

from losscli.losses.embeddings.pairs import cosine, triplet

__all__ = ["cosine", "triplet"]
