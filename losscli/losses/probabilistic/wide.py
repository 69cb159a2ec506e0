"""Losses of a predicted mean that comes with how wide its distribution is."""

from __future__ import annotations

from math import log, pi

from losscli.lazy import Tensor
from losscli.options import Positive, Stretch
from losscli.registry import loss
from losscli.roles import Spread


@loss(
    Spread,
    unit="nats",
    reference="torch.nn.functional.gaussian_nll_loss",
    aliases=("normal-nll", "GaussianNLLLoss"),
)
def gaussian_nll(
    mean: Tensor, var: Stretch, target: Tensor, *, full: bool = False, eps: Positive = 1e-6
) -> Tensor:
    """Negative log-likelihood of values under normal distributions.

    loss = ½ · (ln v + (y - mean)² / v), with the variance v of at least eps, and without the term
    ½ · ln 2π that no prediction changes, so that it may be negative.

    Args:
        full: Adds ½ · ln 2π: the whole likelihood.
        eps: Smaller variances count as this one.

    Shape:
        Any; the target's is the same. Variances: the same, one for each row, or one number.

    Elsewhere:
        A mean of 0 with a variance of 2, for a value of 1: SciPy's density has the constant too.

        >>> from losscli.lazy import torch
        >>> one = torch.ones(1)
        >>> round(gaussian_nll(one * 0, one * 2, one).item(), 4)  # PyTorch, losscli
        0.5966
        >>> round(0.5 * (log(2) + 1 / 2 + log(2 * pi)), 4)  # SciPy, losscli --full
        1.5155

    Related:
        mse: half of it, and a constant, where all variances are 1.
        poisson-nll: of counts.

    Reference:
        torch.nn.functional.gaussian_nll_loss; Nix and Weigend, 1994.

    Example:
        >>> gaussian_nll(torch.tensor([0.0]), torch.tensor([2.0]), torch.tensor([1.0]))
        tensor([0.5966])
    """
    wide = var.clamp(min=eps)
    found = 0.5 * (wide.log() + (target - mean).square() / wide)
    return found + 0.5 * log(2 * pi) if full else found


@gaussian_nll.given
def _(mean: Tensor, std: Stretch, target: Tensor, *, full: bool, eps: Positive) -> Tensor:
    return gaussian_nll(mean, std.square(), target, full=full, eps=eps)


@gaussian_nll.given
def _(mean: Tensor, log_var: Stretch, target: Tensor, *, full: bool, eps: Positive) -> Tensor:
    return gaussian_nll(mean, log_var.exp(), target, full=full, eps=eps)
