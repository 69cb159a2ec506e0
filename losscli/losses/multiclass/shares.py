"""Losses of one distribution against another."""

from __future__ import annotations

from math import log
from typing import Annotated

from losscli.lazy import Tensor, torch
from losscli.losses.limits import log_softmax, times
from losscli.options import Bound
from losscli.registry import loss
from losscli.roles import Distance, Distribution

Base = Annotated[float, Bound(">", 1)]


@loss(
    Distribution,
    unit="nats",
    reduction="batchmean",
    reference="torch.nn.functional.kl_div",
    aliases=("kld", "kl-divergence", "kullback-leibler-divergence", "relative-entropy"),
    differs={
        **dict.fromkeys(
            ("KLDivLoss", "kl-div"),
            "the reduction is batchmean, as PyTorch's documentation advises; "
            "PyTorch's own default is the mean over all elements (--reduction mean)",
        ),
        "kl_divergence_with_log_targets": "targets are read as probabilities; that of optax takes "
        "their logarithms (--log-target)",
    },
)
def kl(
    log_probs: Tensor, target: Tensor, *, log_target: bool = False, class_axis: int = -1
) -> Tensor:
    """Kullback-Leibler divergence of the prediction from the target: KL(target ‖ prediction).

    loss = y · (ln y - log_prob), for each class: the terms of the sum, which may be negative.
    Its batchmean is the divergence; the mean over all elements is that over C.

    Args:
        log_target: The target holds log-probabilities.
        class_axis: Where the classes are.

    Shape:
        Prediction and target (N, C), or (N, …, C) with other axes between.

    Elsewhere:
        Of a target of 0.6 and 0.4 and a prediction of 0.9 and 0.1: torchmetrics takes the
        prediction first, and so gives the other direction; PyTorch's own default divides by all
        elements.

        >>> p, q = torch.tensor([[0.6, 0.4]]), torch.tensor([[0.9, 0.1]])
        >>> kl(q.log(), p).sum()  # losscli, Keras, optax; PyTorch's batchmean
        tensor(0.3112)
        >>> kl(p.log(), q).sum()  # torchmetrics
        tensor(0.2263)
        >>> kl(q.log(), p).mean()  # PyTorch's default; losscli --reduction mean
        tensor(0.1556)

        scipy.special.kl_div adds q - p to each term, which changes no sum of distributions. Keras
        clips at 1e-7, so that nothing is infinite.

    Related:
        ce: kl plus the entropy of the target.
        js: kl of both from their mean: symmetric, bounded.

    Reference:
        torch.nn.functional.kl_div; Kullback and Leibler, 1951.

    Example:
        >>> kl(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.25, 0.75]])).sum()
        tensor(0.1308)
    """
    log_shares = target if log_target else target.log()
    shares = target.exp() if log_target else target
    gap = log_shares - log_probs
    if bool(gap.isfinite().all()):
        return shares * gap
    # y = 0 counts nothing, even where the prediction is impossible too.
    return times(shares, torch.where(shares == 0, 0.0, gap))


@kl.given
def _(probs: Tensor, target: Tensor, *, log_target: bool, class_axis: int) -> Tensor:
    return kl(probs.log(), target, log_target=log_target)


@kl.given
def _(logits: Tensor, target: Tensor, *, log_target: bool, class_axis: int) -> Tensor:
    return kl(log_softmax(logits, 1), target, log_target=log_target)


@loss(
    Distance,
    reference="torchmetrics.functional.regression.jensen_shannon_divergence",
    aliases=("jsd", "js-div", "jensen-shannon", "jensen_shannon_divergence"),
    differs={"jensenshannon": "the divergence; SciPy's is the distance, its root (--sqrt)"},
)
def js(
    probs: Tensor,
    target: Tensor,
    *,
    base: Base | None = None,
    sqrt: bool = False,
    class_axis: int = -1,
) -> Tensor:
    """Jensen-Shannon divergence: how far two distributions are from their mean.

    With m = (p + q) / 2:  loss = (KL(p ‖ m) + KL(q ‖ m)) / 2, one for each pair. It is the same
    from either side, 0 for equal distributions, and never above ln 2, even where one of them says
    that the other is impossible. Nothing is normalised.

    Args:
        base: Of the logarithm: 2 for bits; nats if not given.
        sqrt: The root of each divergence, which is a distance.
        class_axis: Where the classes are.

    Shape:
        Prediction and target (N, C), or (N, …, C) with other axes between; losses without C.

    Elsewhere:
        Of 0.6, 0.4 and 0.9, 0.1: SciPy's jensenshannon is the distance, the root.

        >>> p, q = torch.tensor([[0.6, 0.4]]), torch.tensor([[0.9, 0.1]])
        >>> js(q, p)  # losscli, torchmetrics, kornia
        tensor([0.0633])
        >>> js(q, p, sqrt=True)  # SciPy, losscli --sqrt
        tensor([0.2516])
        >>> js(q, p, base=2)  # in bits, losscli --base 2
        tensor([0.0913])

    Related:
        kl: of one from the other: js is the mean of two such divergences.

    Reference:
        torchmetrics.functional.regression.jensen_shannon_divergence,
        scipy.spatial.distance.jensenshannon (its square); Lin, 1991.

    Example:
        >>> js(torch.tensor([[0.9, 0.1]]), torch.tensor([[0.6, 0.4]]))
        tensor([0.0633])
    """
    found = _around_mean(probs, target).sum(1) / 2
    found = found if base is None else found / log(base)
    return found.sqrt() if sqrt else found


@js.given
def _(
    logits: Tensor,
    target: Tensor,
    *,
    base: Base | None,
    sqrt: bool,
    class_axis: int,
) -> Tensor:
    return js(log_softmax(logits, 1).exp(), target, base=base, sqrt=sqrt)


def _around_mean(one: Tensor, other: Tensor) -> Tensor:
    """The terms of the divergences of two distributions from their mean: none is negative."""
    apart = (one - other) / (one + other)
    # a ln(a / m) + b ln(b / m), of which the largest parts cancel where a and b are near.
    near = (one + other) / 2 * ((-apart.square()).log1p() + 2 * apart * apart.atanh())
    return torch.where(apart.abs() < 0.5, near, _from_mean(one, other) + _from_mean(other, one))


def _from_mean(one: Tensor, other: Tensor) -> Tensor:
    """The terms of the divergence of a distribution from its mean with another."""
    return torch.where(one == 0, 0.0, one * (2 * one / (one + other)).log())
