"""Losses of one distribution against another."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Annotated, Any

from losscli.lazy import Tensor, torch
from losscli.losses.limits import cooled, entropy, felt, times
from losscli.options import Bound, Positive
from losscli.registry import loss
from losscli.roles import Distance, Distribution
from losscli.roles.base import number

if TYPE_CHECKING:
    from losscli.stats import Totals

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
    log_probs: Tensor,
    target: Tensor,
    *,
    log_target: bool = False,
    temperature: Positive = 1.0,
    class_axis: int = -1,
) -> Tensor:
    """Kullback-Leibler divergence of the prediction from the target: KL(target ‖ prediction).

    loss = y · (ln y - log_prob), for each class: the terms of the sum, which may be negative.
    Its batchmean is the divergence of a row; the mean over all elements is that over C. Where a
    row has several distributions, as of tokens, per_token is the mean over them. With a
    temperature T, t2_kl is T² times the loss: what distillation adds to another.

    Args:
        log_target: The target holds log-probabilities, as --target-log-probs does.
        temperature: Divides logits, those of the target too.
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
    if log_target:
        return _divergence(log_probs, target)
    return _divergence(log_probs, target.log(), target)


@kl.given
def _(probs: Tensor, target: Tensor, **options: Any) -> Tensor:
    return kl(felt(probs).log(), target, **options)


@kl.given
def _(logits: Tensor, target: Tensor, **options: Any) -> Tensor:
    return kl(cooled(logits, options["temperature"]), target, **options)


@kl.given
def _(log_probs: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor:
    return _divergence(log_probs, target_log_probs)


@kl.given
def _(log_probs: Tensor, target_logits: Tensor, **options: Any) -> Tensor:
    return _divergence(log_probs, cooled(target_logits, options["temperature"]))


@kl.given
def _(probs: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor:
    return _divergence(felt(probs).log(), target_log_probs)


@kl.given
def _(probs: Tensor, target_logits: Tensor, **options: Any) -> Tensor:
    return _divergence(felt(probs).log(), cooled(target_logits, options["temperature"]))


@kl.given
def _(logits: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor:
    return _divergence(cooled(logits, options["temperature"]), target_log_probs)


@kl.given
def _(logits: Tensor, target_logits: Tensor, **options: Any) -> Tensor:
    heat = options["temperature"]
    return _divergence(cooled(logits, heat), cooled(target_logits, heat))


@kl.guessed("the mean target")
def _(totals: Totals, **_: Any) -> float | None:
    """That of always predicting the mean of the targets."""
    if "masses" not in totals:
        return None
    masses = [number(one) for one in totals["masses"].tolist()]
    count, whole = number(totals["count"]) * len(masses), sum(masses)
    if not (count > 0 and whole > 0 and min(masses) >= 0):
        return None
    own, even = totals["own"].value, whole * entropy(one / whole for one in masses)
    found = own + even
    return found / count if abs(found) > 1e-7 * even else 0.0  # all targets are equal


def _divergence(log_probs: Tensor, log_shares: Tensor, shares: Tensor | None = None) -> Tensor:
    """The terms of the divergence from shares, which are given by their logarithms."""
    shares = log_shares.exp() if shares is None else shares
    gap = log_shares - log_probs
    if bool(gap.isfinite().all()):
        return shares * gap
    # A share of 0 counts nothing, even where the prediction is impossible too.
    return times(shares, torch.where(shares == 0, 0.0, gap))


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
    temperature: Positive = 1.0,
    class_axis: int = -1,
) -> Tensor:
    """Jensen-Shannon divergence: how far two distributions are from their mean.

    With m = (p + q) / 2:  loss = (KL(p ‖ m) + KL(q ‖ m)) / 2, one for each pair. It is the same
    from either side, 0 for equal distributions, and never above ln 2, even where one of them says
    that the other is impossible. Nothing is normalised.

    Args:
        base: Of the logarithm: 2 for bits; nats if not given.
        sqrt: The root of each divergence, which is a distance.
        temperature: Divides logits, those of the target too.
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
def _(logits: Tensor, target: Tensor, **options: Any) -> Tensor:
    return js(cooled(logits, options["temperature"]).exp(), target, **options)


@js.given
def _(probs: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor:
    return js(probs, target_log_probs.exp(), **options)


@js.given
def _(probs: Tensor, target_logits: Tensor, **options: Any) -> Tensor:
    return js(probs, cooled(target_logits, options["temperature"]).exp(), **options)


@js.given
def _(logits: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor:
    return js(cooled(logits, options["temperature"]).exp(), target_log_probs.exp(), **options)


@js.given
def _(logits: Tensor, target_logits: Tensor, **options: Any) -> Tensor:
    own, true = (cooled(one, options["temperature"]).exp() for one in (logits, target_logits))
    return js(own, true, **options)


js.unguessed("the constant distribution that is nearest to all targets has no formula")


def _around_mean(one: Tensor, other: Tensor) -> Tensor:
    """The terms of the divergences of two distributions from their mean: none is negative."""
    left, right = felt(one), felt(other)
    apart = (left - right) / (left + right)
    # a ln(a / m) + b ln(b / m), of which the largest parts cancel where a and b are near.
    near = (left + right) / 2 * ((-apart.square()).log1p() + 2 * apart * apart.atanh())
    return torch.where(apart.abs() < 0.5, near, _from_mean(one, other) + _from_mean(other, one))


def _from_mean(one: Tensor, other: Tensor) -> Tensor:
    """The terms of the divergence of a distribution from its mean with another."""
    own = felt(one)
    return torch.where(one == 0, 0.0, own * (2 * own / (own + felt(other))).log())
