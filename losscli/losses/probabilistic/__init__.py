"""Losses of the parameters of a distribution: its mean, and how wide it is."""

from __future__ import annotations

from losscli.losses.probabilistic.counts import gamma, poisson_nll, tweedie
from losscli.losses.probabilistic.wide import gaussian_nll

__all__ = ["gamma", "gaussian_nll", "poisson_nll", "tweedie"]
