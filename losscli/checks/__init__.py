"""Mistakes: one small function each, over mergeable facts, decided once for all data."""

from __future__ import annotations

from losscli.checks.base import Case, Check, Tally, check
from losscli.facts import Facts

__all__ = ["Case", "Check", "Facts", "Tally", "check"]
