"""Losses of scores that are to be in the right order."""

from losscli.losses.ranking.pairs import bpr, margin_ranking

__all__ = ["bpr", "margin_ranking"]
