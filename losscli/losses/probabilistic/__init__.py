"""Losses of the parameters of a distribution: its mean, and how wide it is."""

from __future__ import annotations

from losscli.losses.probabilistic.counts import gamma, negative_binomial, poisson_nll, tweedie
from losscli.losses.probabilistic.intervals import interval
from losscli.losses.probabilistic.latent import gaussian_kl
from losscli.losses.probabilistic.wide import crps, gaussian_nll, laplace_nll, student_t

__all__ = [
    "crps",
    "gamma",
    "gaussian_kl",
    "gaussian_nll",
    "interval",
    "laplace_nll",
    "negative_binomial",
    "poisson_nll",
    "student_t",
    "tweedie",
]
