"""Losses of scores that are to be in the right order."""

from losscli.losses.ranking.lists import listnet, ranking_softmax
from losscli.losses.ranking.pairs import bpr, dpo, margin_ranking

__all__ = ["bpr", "dpo", "listnet", "margin_ranking", "ranking_softmax"]
