"""Predictions of several models as those of one, and how each of them does alone."""

from __future__ import annotations

from losscli.ensembles.asked import asked, averaged, worded
from losscli.ensembles.together import Ensemble, Member, alone, said, together

__all__ = ["Ensemble", "Member", "alone", "asked", "averaged", "said", "together", "worded"]
