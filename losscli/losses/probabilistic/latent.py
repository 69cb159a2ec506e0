"""Losses of a distribution alone, that is compared with a fixed one."""

from __future__ import annotations

from math import inf

from losscli.lazy import Tensor, torch
from losscli.options import Stretch
from losscli.registry import loss
from losscli.roles import Latent


@loss(
    Latent,
    unit="nats",
    reference="torch.distributions.kl_divergence (of a Normal from the standard one)",
    aliases=("vae-kl", "kl-gaussian", "kl-normal", "latent-kl"),
)
def gaussian_kl(mean: Tensor, log_var: Stretch) -> Tensor:
    """Divergence of normal distributions from the standard one: the KL term of a VAE.

    loss = ½ · sum of (mean² + v - 1 - ln v) over all latent values of a row, where v is the
    variance: KL(N(mean, v) ‖ N(0, 1)). There is one loss for each row, and the mean is over rows.

    Shape:
        Means (N, D), or (N, …) with all axes behind the rows latent; losses (N,). Variances: the
        same, or one number.

    Related:
        kl: of distributions over classes.

    Reference:
        torch.distributions.kl_divergence; Kingma and Welling, arXiv:1312.6114, appendix B.

    Example:
        >>> gaussian_kl(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]]))
        tensor([2.5000])
    """
    return _divergence(mean, log_var.expm1(), log_var)


@gaussian_kl.given
def _(mean: Tensor, var: Stretch) -> Tensor:
    return _divergence(mean, var - 1, var.log())


@gaussian_kl.given
def _(mean: Tensor, std: Stretch) -> Tensor:
    return _divergence(mean, (std - 1) * (std + 1), 2 * std.log())


gaussian_kl.unguessed("there is no target: a posterior that is the prior costs 0")


def _divergence(mean: Tensor, over: Tensor, logs: Tensor) -> Tensor:
    """The divergence of each row, of v - 1 and ln v."""
    spread = torch.where(over == inf, inf, over - logs).clamp(min=0)  # below 0 by rounding alone
    return 0.5 * (mean.square() + spread).sum(1)
