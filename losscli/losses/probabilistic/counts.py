"""Losses of a predicted mean, under a distribution of counts or of amounts."""

from __future__ import annotations

from math import inf, log1p
from typing import TYPE_CHECKING, Annotated

from losscli.lazy import Tensor, torch
from losscli.losses.limits import felt, times
from losscli.options import Bound, NonNegative, Stretch
from losscli.registry import loss
from losscli.roles import Amounts, Counts, Overdispersed
from losscli.roles.counts import constant, stirling
from losscli.roles.overdispersed import best, rising

if TYPE_CHECKING:
    from losscli.stats import Totals

Power = Annotated[float, Bound(">=", 1)]

SLIGHT = 1e-8
"""PyTorch's own eps, next to which no rate is small."""


@loss(
    Counts,
    unit="nats",
    reference="torch.nn.functional.poisson_nll_loss (log_input=False, log_input=True)",
    aliases=("poisson", "PoissonNLLLoss", "log_poisson_loss"),
)
def poisson_nll(
    rate: Tensor, target: Tensor, *, full: bool = False, eps: NonNegative = SLIGHT
) -> Tensor:
    """Negative log-likelihood of counts under a Poisson distribution.

    loss = rate - y · ln(rate + eps), or exp(x) - y · x for --log-rate x, without the term ln(y!)
    that no prediction changes, so that it may be negative. PyTorch's default is the log-rate.

    Args:
        full: Adds Stirling's approximation of ln(y!), for counts above 1.
        eps: Added to a rate before its logarithm is taken.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        A prediction of 2 for a count of 3: PyTorch takes it for the log-rate by default, Keras for
        the rate. Here --rate or --log-rate says which.

        >>> from losscli.lazy import F
        >>> two, count = torch.tensor([2.0]), torch.tensor([3.0])
        >>> round(F.poisson_nll_loss(two, count).item(), 4)  # PyTorch, losscli --log-rate
        1.3891
        >>> poisson_nll(two, count)  # Keras, PyTorch with log_input=False, losscli --rate
        tensor([-0.0794])
        >>> tweedie(two, count, power=1.0)  # the deviance of scikit-learn
        tensor([0.4328])

        With --full, ln(y!) is Stirling's approximation, as in PyTorch: of the count 3, and exact.

        >>> from math import lgamma
        >>> round(poisson_nll(two, count, full=True).item(), 4)  # PyTorch, losscli
        1.6846
        >>> round(poisson_nll(two, count).item() + lgamma(4), 4)  # exact
        1.7123

    Related:
        tweedie: with a power of 1, the deviance: twice the distance to the best likelihood.
        gamma: of positive amounts.

    Reference:
        torch.nn.functional.poisson_nll_loss; Nelder and Wedderburn, 1972.

    Example:
        >>> poisson_nll(torch.tensor([2.0, 1.0]), torch.tensor([3.0, 0.0]))
        tensor([-0.0794,  1.0000])
    """
    found = rate - times(target, felt(rate + eps).log())
    return _limit(found + stirling(target) if full else found, rate, target)


@poisson_nll.given
def _(log_rate: Tensor, target: Tensor, *, full: bool, eps: NonNegative) -> Tensor:
    found = log_rate.exp() - times(target, log_rate)
    return _limit(found + stirling(target) if full else found, log_rate, target)


@poisson_nll.guessed("the mean", share=False)
def _(totals: Totals, *, full: bool, eps: float) -> float | None:
    """That of always predicting the mean."""
    deviance, count = constant(totals, 1.0), totals["count"].value
    if deviance is None or not count:
        return None
    mean, own = totals["target"].value / count, totals["own"].value / count
    rest = totals["stirling"].value / count if full else 0.0
    if eps != SLIGHT:  # which is all that there can be of a --log-rate, whose losses have none
        rest -= mean * log1p(eps / mean)
    return float(deviance / 2 + mean - own + rest)


@loss(
    Amounts,
    reference="sklearn.metrics.mean_tweedie_deviance",
    aliases=("tweedie-deviance",),
    differs=dict.fromkeys(
        ("mean-tweedie-deviance", "tweedie-deviance-score"),
        "the power is 1.5; that of scikit-learn and TorchMetrics is --power 0",
    ),
)
def tweedie(rate: Tensor, target: Tensor, *, power: Power = 1.5) -> Tensor:
    """Deviance of a distribution whose variance grows with a power of its mean.

    loss = 2 · (y^(2-p) / ((1-p)(2-p)) - y · rate^(1-p) / (1-p) + rate^(2-p) / (2-p)), and its
    limits at p = 1 (Poisson: counts) and p = 2 (gamma). Below 2 amounts may be 0, as claims are.

    Args:
        power: The power p of the mean to which the variance is proportional.

    Shape:
        Any; the target's is the same.

    Related:
        poisson-nll: a power of 1, as a likelihood.
        gamma: a power of 2.
        mse: a power of 0, which scikit-learn takes, and --power does not.

    Reference:
        sklearn.metrics.mean_tweedie_deviance, which also has powers of 0 (mse) and below;
        Jørgensen, 1987.

    Example:
        >>> tweedie(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 0.0]))
        tensor([0., 8.])
    """
    own = felt(rate)
    growth = (target - own) / own
    share = target / felt(rate)
    normal = (share >= torch.finfo(share.dtype).tiny) & share.isfinite()
    far = torch.where(normal, share.log(), target.log() - felt(rate).log())
    ratio = torch.where(growth.abs() < 0.5, growth.log1p(), far)
    powers = felt(rate) ** (1 - power), rate ** (2 - power)
    return _finite(_deviance(target, growth, ratio, powers, power), rate, target)


@tweedie.given
def _(log_rate: Tensor, target: Tensor, *, power: Power) -> Tensor:
    ratio = target.log() - log_rate
    powers = ((1 - power) * log_rate).exp(), ((2 - power) * log_rate).exp()
    return _finite(_deviance(target, felt(ratio).expm1(), ratio, powers, power), log_rate, target)


@tweedie.guessed("the mean")
def _(totals: Totals, *, power: float) -> float | None:
    """That of always predicting the mean."""
    return constant(totals, power)


@loss(
    Amounts,
    reference="sklearn.metrics.mean_gamma_deviance",
    aliases=("gamma-deviance", "mean-gamma-deviance"),
)
def gamma(rate: Tensor, target: Tensor) -> Tensor:
    """Deviance of positive amounts under a gamma distribution: only factors matter.

    loss = 2 · (ln(rate / y) + y / rate - 1): tweedie with a power of 2.

    Shape:
        Any; the target's is the same.

    Related:
        tweedie: gamma is tweedie with a power of 2.
        poisson-nll: of counts.

    Reference:
        sklearn.metrics.mean_gamma_deviance; Nelder and Wedderburn, 1972.

    Example:
        >>> gamma(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 2.0]))
        tensor([0.0000, 0.3863])
    """
    return tweedie(rate, target, power=2.0)


@gamma.given
def _(log_rate: Tensor, target: Tensor) -> Tensor:
    return tweedie.forms["log_rate", "target"](log_rate, target, power=2.0)  # type: ignore[return-value]


@gamma.guessed("the mean")
def _(totals: Totals) -> float | None:
    """That of always predicting the mean."""
    return constant(totals, 2.0)


@loss(
    Overdispersed,
    unit="nats",
    reference="torch.distributions.NegativeBinomial",
    aliases=("negative-binomial-nll", "nb-nll", "neg-binomial", "NegativeBinomial", "nbinom"),
)
def negative_binomial(rate: Tensor, total_count: Stretch, target: Tensor) -> Tensor:
    """Negative log-likelihood of counts that vary more than a Poisson distribution lets them.

    With the total count r and the mean μ:  loss = ln y! - ln Γ(y + r) + ln Γ(r)
    + r · ln(1 + μ / r) + y · ln(1 + r / μ). The variance is μ + μ² / r, or μ + a · μ² with the
    dispersion a = 1 / r, of which 0 is Poisson. --logits are PyTorch's: ln(μ / r).

    Shape:
        Any; the target's is the same. Total counts or dispersions: the same, one for each row, or
        one number.

    Related:
        poisson-nll: where the dispersion is 0, with ln y! in full.

    Reference:
        torch.distributions.NegativeBinomial, whose log_prob is the opposite; scipy.stats.nbinom
        with p = r / (r + μ); Cameron and Trivedi, 1986 (NB2).

    Example:
        >>> negative_binomial(torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([3.0]))
        tensor([2.3150])
    """
    return _overdispersed(rate.double().log(), total_count, target)


@negative_binomial.given
def _(log_rate: Tensor, total_count: Stretch, target: Tensor) -> Tensor:
    return _overdispersed(log_rate, total_count, target)


@negative_binomial.given
def _(logits: Tensor, total_count: Stretch, target: Tensor) -> Tensor:
    return _overdispersed(logits + total_count.log(), total_count, target)


@negative_binomial.given
def _(rate: Tensor, dispersion: Stretch, target: Tensor) -> Tensor:
    return _overdispersed(rate.double().log(), dispersion.double().reciprocal(), target)


@negative_binomial.given
def _(log_rate: Tensor, dispersion: Stretch, target: Tensor) -> Tensor:
    return _overdispersed(log_rate, dispersion.double().reciprocal(), target)


@negative_binomial.guessed("the mean")
def _(totals: Totals) -> float | None:
    """That of always predicting the mean, with the same total count for all."""
    return best(totals)


def _overdispersed(log_rate: Tensor, total_count: Tensor, target: Tensor) -> Tensor:
    """In float64: large parts cancel, that float32 does not hold to the unit."""
    logs, total, count = log_rate.double(), total_count.double(), target.double()
    odds = felt(logs) - felt(total).log()
    whole = (felt(total) + count) * torch.logaddexp(odds, torch.zeros_like(odds))
    whole = torch.where(total == inf, felt(logs).exp(), whole)
    found = (count + 1).lgamma() - rising(count, felt(total)) + whole - times(count, logs)
    return _limit(found, logs, count).to(target.dtype)


def _finite(found: Tensor, given: Tensor, target: Tensor) -> Tensor:
    """Deviances, which rounding alone takes below 0."""
    return _limit(found, given, target).clamp(min=0) + 0.0


def _limit(found: Tensor, given: Tensor, target: Tensor) -> Tensor:
    """Where a difference of infinities is no number, the loss grows without bound.

    Unless the prediction and the target are infinite both, and there is no limit.
    """
    lost = found.isnan() & ~(target - given).isnan()
    return torch.where(lost, inf, found)


def _deviance(
    target: Tensor, growth: Tensor, ratio: Tensor, powers: tuple[Tensor, Tensor], power: float
) -> Tensor:
    """The deviance, so that nothing cancels near the truth.

    Args:
        target: The amounts.
        growth: Target / mean - 1.
        ratio: The logarithm of target / mean.
        powers: The mean to 1 - power and to 2 - power.
        power: Of the mean, to which the variance is proportional.
    """
    if power == 2:
        return 2 * (growth - ratio)
    first, second = powers
    a, b = 1 - power, 2 - power
    if power == 1:
        near = felt(second) * ((1 + growth) * ratio - growth)
        far = times(target, ratio) - target + second
    else:
        near = felt(second) * ((b * felt(ratio)).expm1() / b - growth) / a
        far = target**b / (a * b) - times(target, first) / a + second / b
    return 2 * torch.where(growth.abs() < 0.5, near, far)
