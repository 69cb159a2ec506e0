"""Losses of a predicted mean that comes with how wide its distribution is."""

from __future__ import annotations

from math import lgamma, log, pi, sqrt
from typing import TYPE_CHECKING

from losscli.lazy import Tensor, np, torch
from losscli.losses.constants import known, mean_of
from losscli.losses.limits import felt
from losscli.options import Positive, Stretch
from losscli.registry import loss
from losscli.roles import Heavy, Pointed, Spread
from losscli.roles.values import deviation, variance

if TYPE_CHECKING:
    from losscli.mass import Mass
    from losscli.stats import Totals

HALF_LOG_2PI = 0.5 * log(2 * pi)

ROUNDS = 1000
"""Far more than the likeliest distribution needs to be found."""


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
    return found + HALF_LOG_2PI if full else found


@gaussian_nll.given
def _(mean: Tensor, std: Stretch, target: Tensor, *, full: bool, eps: Positive) -> Tensor:
    wide = std.clamp(min=sqrt(eps))
    found = wide.log() + 0.5 * ((target - mean) / wide).square()
    return found + HALF_LOG_2PI if full else found


@gaussian_nll.given
def _(mean: Tensor, log_var: Stretch, target: Tensor, *, full: bool, eps: Positive) -> Tensor:
    logs = log_var.clamp(min=log(eps))
    found = 0.5 * (logs + ((target - mean) * (-0.5 * logs).exp()).square())
    return found + HALF_LOG_2PI if full else found


@gaussian_nll.guessed("a constant", share=False)
def _(totals: Totals, *, full: bool, eps: float) -> float | None:
    """That of always predicting the mean and the variance of all targets."""
    found = variance(totals)
    if found is None:
        return None
    wide = max(found, eps)
    return 0.5 * (log(wide) + found / wide) + (HALF_LOG_2PI if full else 0.0)


@loss(
    Pointed,
    unit="nats",
    reference="torch.distributions.Laplace",
    aliases=("laplace", "laplace-negative-log-likelihood"),
)
def laplace_nll(mean: Tensor, scale: Stretch, target: Tensor) -> Tensor:
    """Negative log-likelihood of values under Laplace distributions.

    loss = ln(2 · scale) + |y - mean| / scale: the absolute error, with how wide it may be. It is
    the whole likelihood, and may be negative.

    Shape:
        Any; the target's is the same. Scales: the same, one for each row, or one number.

    Related:
        mae: where all scales are 1, but for ln 2.
        gaussian-nll: of normal distributions.

    Reference:
        torch.distributions.Laplace, whose log_prob is the opposite; Laplace, 1774.

    Example:
        >>> laplace_nll(torch.tensor([0.0]), torch.tensor([2.0]), torch.tensor([1.0]))
        tensor([1.8863])
    """
    return scale.log() + log(2) + (target - mean).abs() / scale


@laplace_nll.guessed("a constant", share=False)
def _(totals: Totals) -> float | None:
    """That of always predicting the median, and the mean distance from it."""
    far = deviation(totals)
    return log(2 * far) + 1 if far else None


@loss(
    Heavy,
    unit="nats",
    reference="torch.distributions.StudentT",
    aliases=("student-t-nll", "studentt", "t-nll"),
)
def student_t(mean: Tensor, scale: Stretch, target: Tensor, *, df: Positive = 4.0) -> Tensor:
    """Negative log-likelihood of values under Student's t distributions: outliers cost little.

    With z = (y - mean) / scale:  loss = ln scale + ½ · (df + 1) · ln(1 + z² / df)
    + ½ · ln(df · π) + ln Γ(df / 2) - ln Γ((df + 1) / 2). It is the whole likelihood, and may be
    negative. The scale is no standard deviation: that is scale · √(df / (df - 2)), from df = 2 on.

    Args:
        df: Degrees of freedom: 1 is a Cauchy distribution, many are a normal one.

    Shape:
        Any; the target's is the same. Scales: the same, one for each row, or one number.

    Related:
        gaussian-nll: with --full, where --df has no end.
        cauchy: the shape of it where --df is 1.

    Reference:
        torch.distributions.StudentT, whose log_prob is the opposite; Lange et al., 1989.

    Example:
        >>> student_t(torch.tensor([0.0]), torch.tensor([2.0]), torch.tensor([1.0]))
        tensor([1.8255])
    """
    error = (target - mean).abs()
    z = error / scale / sqrt(df)
    near = z.clamp(max=1).square().log1p()
    wide = felt(error).log() - scale.log() - 0.5 * log(df)  # where their quotient is too large
    far = 2 * torch.where(z.isinf(), wide, torch.hypot(z, torch.ones_like(z)).log())
    return scale.log() + 0.5 * (df + 1) * torch.where(z < 1, near, far) + _student(df)


@student_t.guessed("a constant", share=False)
def _(totals: Totals, *, df: float) -> float | None:
    """The mean and the scale of the likeliest distribution, found by trying."""
    mass = known(totals)
    return None if mass is None else _likeliest(mass, df)


def _likeliest(mass: Mass, df: float) -> float | None:
    """The least mean loss of one mean and one scale (Lange, Little and Taylor, 1989).

    Each step weighs every value by how far it is, and takes the weighted mean and spread: none
    makes the loss larger.
    """
    values, counts = mass.few
    counts = np.ones(len(values)) if counts is None else counts
    mean, every = mass.median, float(counts.sum())
    square = float((counts * (values - mean) ** 2).sum()) / every
    for _ in range(ROUNDS):
        if not square > 0:  # more than a share of all targets are equal: there is no least loss
            return None
        weight = counts * (df + 1) / (df + (values - mean) ** 2 / square)
        mean, before = float((weight * values).sum() / weight.sum()), square
        square = float((weight * (values - mean) ** 2).sum() / weight.sum())
        if abs(square - before) <= 1e-13 * square:
            break
    return mean_of(student_t, mass, (mean, sqrt(square)), {"df": df})


def _student(df: float) -> float:
    """What the likelihood of Student's t distribution has for all values."""
    half = df / 2
    if half < 1000:
        gammas = lgamma(half) - lgamma(half + 0.5)
    else:  # a difference of large numbers, by its series
        gammas = -0.5 * log(half) + 1 / (8 * half) - 1 / half / half / half / 192
    return 0.5 * log(df * pi) + gammas


@loss(
    Spread,
    reference="properscoring.crps_gaussian",
    aliases=("crps-gaussian", "gaussian-crps", "continuous-ranked-probability-score"),
)
def crps(mean: Tensor, std: Stretch, target: Tensor) -> Tensor:
    """Continuous ranked probability score of normal distributions, in the unit of the target.

    With z = (y - mean) / std:  loss = std · (z · (2 Φ(z) - 1) + 2 φ(z) - 1 / √π), where Φ and φ
    are the distribution and the density of the standard normal one. It is the integral of the
    squared gap between two distribution functions: the predicted one, and the step at the target.
    A standard deviation of 0 is a point: the absolute error.

    Shape:
        Any; the target's is the same. Widths: the same, one for each row, or one number.

    Related:
        mae: where all standard deviations are 0.
        gaussian-nll: the logarithm of the density instead.
        rps: of classes in an order.

    Reference:
        properscoring.crps_gaussian; Gneiting and Raftery, 2007; Gneiting et al., 2005.

    Example:
        >>> crps(torch.tensor([0.0]), torch.tensor([1.0]), torch.tensor([0.0]))
        tensor([0.2337])
    """
    far = (target - mean).abs()
    z = torch.where(far == 0, 0.0, felt(far) / felt(std))
    peak = (-0.5 * z.square()).exp() * sqrt(2 / pi)
    return far * torch.erf(z * sqrt(0.5)) + std * (peak - 1 / sqrt(pi))


@crps.given
def _(mean: Tensor, var: Stretch, target: Tensor) -> Tensor:
    return crps(mean, var.sqrt(), target)


@crps.given
def _(mean: Tensor, log_var: Stretch, target: Tensor) -> Tensor:
    return crps(mean, (0.5 * log_var).exp(), target)


@crps.guessed("a constant")
def _(totals: Totals) -> float | None:
    """That of always predicting the mean and the standard deviation."""
    mass = known(totals)
    square = variance(totals)
    if mass is None or square is None:
        return None
    mean = mass.mean(lambda target: target.double())
    return mean_of(crps, mass, (mean, sqrt(square)), {})
