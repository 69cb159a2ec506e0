"""Losses that are square for small errors, and forgive large ones more and more."""

from __future__ import annotations

from math import inf, log

from losscli.lazy import F, Tensor, torch
from losscli.losses.constants import at_median, convex
from losscli.losses.limits import felt
from losscli.options import Positive
from losscli.registry import loss
from losscli.roles import Values

FAR = 1e9
"""From here on 1 + r² is r² in every dtype; r² would leave float32 at 1.8e19, and a half before."""


@loss(
    Values,
    reference="keras.losses.log_cosh, optax.losses.log_cosh",
    aliases=("log-cosh-loss", "log-cosh-error"),
)
def log_cosh(pred: Tensor, target: Tensor) -> Tensor:
    """Logarithm of the hyperbolic cosine of the error: between mse and mae.

    loss = ln(cosh(prediction - target)): near e² / 2 for small errors, |e| - ln 2 for large ones.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        An error of 100 in float32: torchmetrics takes the hyperbolic cosine as it is.

        >>> log_cosh(torch.tensor(100.0), torch.tensor(0.0))  # losscli, Keras, optax
        tensor(99.3069)
        >>> torch.tensor(100.0).cosh().log()  # torchmetrics
        tensor(inf)

    Related:
        huber: near it with a delta of 1, in pieces.
        charbonnier: another smooth one.

    Reference:
        keras.losses.log_cosh, optax.losses.log_cosh; small errors keep all their digits here.

    Example:
        >>> log_cosh(torch.tensor([1.0, 100.0]), torch.tensor([0.0, 0.0]))
        tensor([ 0.4338, 99.3069])
    """
    error = (pred - target).abs()
    small = torch.log1p(2 * torch.sinh(error.clamp(max=1) / 2).square())
    return torch.where(error < 1, small, error - log(2) + torch.log1p(torch.exp(-2 * error)))


log_cosh.guessed("the best constant")(convex(log_cosh))


@loss(
    Values,
    reference="scipy.special.pseudo_huber, kornia.losses.charbonnier_loss",
    aliases=("pseudo-huber", "pseudo-huber-loss", "charbonnier-loss", "mphe"),
)
def charbonnier(pred: Tensor, target: Tensor, *, delta: Positive = 1.0) -> Tensor:
    """Pseudo-Huber: squared for small errors, straight for large ones, smooth between.

    With e = |prediction - target|:  loss = delta² · (sqrt(1 + (e / delta)²) - 1). The form
    sqrt(e² + eps²) of image restoration is this with delta = eps, divided by eps, plus eps.

    Args:
        delta: About the error at which the parabola turns into a line.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        An error of 3: that of image restoration is sqrt(e² + eps²), with a small eps.

        >>> charbonnier(torch.tensor(3.0), torch.tensor(0.0))  # losscli, kornia, SciPy
        tensor(2.1623)
        >>> round((3.0**2 + 1e-3**2) ** 0.5, 4)  # image restoration, eps 1e-3
        3.0

    Related:
        huber: in pieces, and as steep near 0 and far out.
        log-cosh: another smooth one.

    Reference:
        scipy.special.pseudo_huber, kornia.losses.charbonnier_loss; Charbonnier et al., 1994.

    Example:
        >>> charbonnier(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 0.0]))
        tensor([2.1623, 0.0000])
    """
    error = (pred - target).abs()
    scaled = error / delta
    # Of (sqrt(1 + r²) - 1) / r = r / (1 + sqrt(1 + r²)) nothing cancels, and nothing overflows.
    slope = torch.where(scaled == inf, 1.0, scaled / (1 + torch.hypot(scaled, _one(scaled))))
    return delta * error * slope


charbonnier.guessed("the best constant")(convex(charbonnier))


@loss(Values, reference="kornia.losses.cauchy_loss", aliases=("lorentzian", "cauchy-loss"))
def cauchy(pred: Tensor, target: Tensor, *, c: Positive = 1.0) -> Tensor:
    """Cauchy loss: it grows with the logarithm of the error only.

    With r = (prediction - target) / c:  loss = ln(1 + r² / 2).

    Args:
        c: The scale of the errors.

    Shape:
        Any; the target's is the same.

    Related:
        charbonnier: grows with the error itself.
        welsch: grows to a bound.

    Reference:
        kornia.losses.cauchy_loss; Black and Anandan, 1996; Barron, arXiv:1701.03077.

    Example:
        >>> cauchy(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 0.0]))
        tensor([1.0986, 0.0000])
    """
    scaled = (pred - target).abs() / c
    far = min(FAR, torch.finfo(scaled.dtype).max ** 0.5 / 2)
    near = torch.log1p(scaled.clamp(max=far).square() / 2)
    return torch.where(scaled < far, near, 2 * felt(scaled).log() - log(2))


cauchy.guessed("the median")(at_median(cauchy))


@loss(Values, reference="kornia.losses.welsch_loss", aliases=("leclerc", "welsch-loss"))
def welsch(pred: Tensor, target: Tensor, *, c: Positive = 1.0) -> Tensor:
    """Welsch loss: no error costs more than 1.

    With r = (prediction - target) / c:  loss = 1 - exp(-r² / 2).

    Args:
        c: The scale of the errors.

    Shape:
        Any; the target's is the same.

    Related:
        geman-mcclure: bounded too, and slower to reach its bound.
        cauchy: grows without bound.

    Reference:
        kornia.losses.welsch_loss; Dennis and Welsch, 1978; Barron, arXiv:1701.03077.

    Example:
        >>> welsch(torch.tensor([1.0, 9.0]), torch.tensor([0.0, 0.0]))
        tensor([0.3935, 1.0000])
    """
    return -torch.expm1(-((pred - target) / c).square() / 2)


welsch.guessed("the median")(at_median(welsch))


@loss(
    Values,
    reference="kornia.losses.geman_mcclure_loss",
    aliases=("geman", "geman-mcclure-loss"),
)
def geman_mcclure(pred: Tensor, target: Tensor, *, c: Positive = 1.0) -> Tensor:
    """Geman-McClure loss: no error costs more than 2.

    With r = (prediction - target) / c:  loss = 2 r² / (r² + 4).

    Args:
        c: The scale of the errors.

    Shape:
        Any; the target's is the same.

    Related:
        welsch: bounded too, and sooner at its bound.
        cauchy: grows without bound.

    Reference:
        kornia.losses.geman_mcclure_loss; Geman and McClure, 1985; Barron, arXiv:1701.03077.

    Example:
        >>> geman_mcclure(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 0.0]))
        tensor([1., 0.])
    """
    scaled = (pred - target).abs() / c
    near = scaled.clamp(max=1).square()
    return torch.where(scaled < 1, 2 * near / (near + 4), 2 / (1 + (2 / felt(scaled)).square()))


geman_mcclure.guessed("the median")(at_median(geman_mcclure))


@loss(
    Values,
    reference="segmentation_models_pytorch.losses._functional.wing_loss",
    aliases=("wing-loss",),
)
def wing(
    pred: Tensor, target: Tensor, *, width: Positive = 5.0, curvature: Positive = 0.5
) -> Tensor:
    """Wing loss: steepest for small errors, for landmarks that must be exact.

    With e = |prediction - target|:  loss = width · ln(1 + e / curvature) below width, and a line of
    slope 1 from there on. The paper has width 10 and curvature 2.

    Args:
        width: The error at which the logarithm turns into a line.
        curvature: How soon the logarithm bends.

    Shape:
        Any; the target's is the same.

    Related:
        huber: the other way round: least steep for small errors.
        mae: the same slope from the width on.

    Reference:
        segmentation_models_pytorch.losses._functional.wing_loss; Feng et al., arXiv:1711.06753.

    Example:
        >>> wing(torch.tensor([0.5, 9.0]), torch.tensor([0.0, 0.0]))
        tensor([ 3.4657, 15.9895])
    """
    error = (pred - target).abs()
    bent = width * torch.log1p(error.clamp(max=width) / curvature)
    return bent + F.relu(error - width)


wing.guessed("the median")(at_median(wing))


def _one(like: Tensor) -> Tensor:
    return torch.ones((), dtype=like.dtype, device=like.device)
