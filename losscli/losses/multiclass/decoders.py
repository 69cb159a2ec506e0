"""Cross-entropy of classes whose scores are made of features, a part of them at a time."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 — of a signature, which is read
from typing import TYPE_CHECKING, Any, NamedTuple

from losscli.lazy import Tensor, torch
from losscli.losses.limits import minus, times
from losscli.losses.multiclass.entropy import Later, bits, ce, perplexity
from losscli.losses.multiclass.parts import Layer, product, scored
from losscli.options import Bounds, Fraction, PerClass, Positive
from losscli.registry import Terms, loss
from losscli.roles import Clustered, Linear

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Linear,
    unit="nats",
    also={"perplexity": perplexity, "bits": bits},
    skill="d2_log_loss",
    reference="torch.nn.functional.linear_cross_entropy",
    aliases=("LinearCrossEntropyLoss", "linear-cross-entropy", "LigerFusedLinearCrossEntropyLoss"),
)
def linear_ce(
    features: Tensor,
    weight_matrix: Tensor,
    target: Tensor,
    *,
    weight: PerClass = 1.0,
    ignore_index: int = -100,
    label_smoothing: Fraction = 0.0,
    temperature: Positive = 1.0,
    shift: Later = 0,
) -> Terms:
    """Cross-entropy of a linear layer's scores, of which only some classes exist at a time.

    loss = -weight_y · log_softmax(W · features + bias)_y, with a row of W for each class.

    Args:
        weight: Factor of each class.
        ignore_index: Targets of this value do not count.
        label_smoothing: Mixes the target with the uniform distribution.
        temperature: Divides the scores.
        shift: Position t of sequences goes with target t + shift, and the ends are dropped: 1 for
            a causal language model.

    Shape:
        Features (N, H) or (N, T, H), targets without the last axis; the matrix (V, H), the bias
        (V,).

    Mean:
        The mean divides by the sum of the --weight of the true classes that count.

    Related:
        ce: of scores that are there already.
        adaptive-ce: of classes in clusters, of which the rare ones have smaller features.

    Reference:
        torch.nn.functional.linear_cross_entropy; in parts: Wijmans et al., arXiv:2411.09009.

    Example:
        >>> matrix = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
        >>> linear_ce(torch.eye(2), matrix, torch.tensor([0, 2])).elements
        tensor([0.2395, 1.5514])
    """
    options = _Options(weight, ignore_index, label_smoothing, temperature)
    return _linear(features, weight_matrix, None, target, options)


@linear_ce.given
def _(
    features: Tensor, weight_matrix: Tensor, bias: Tensor, target: Tensor, **options: Any
) -> Terms:
    del options["shift"]  # the role has heeded it
    return _linear(features, weight_matrix, bias, target, _Options(**options))


@linear_ce.guessed("the base rate")
def _(totals: Totals, **options: Any) -> float | None:
    """The entropy of the class frequencies, as that of ce."""
    return ce.guess(totals, **options)


class _Options(NamedTuple):
    weight: PerClass
    ignore_index: int
    label_smoothing: float
    temperature: float


def _linear(
    features: Tensor, matrix: Tensor, bias: Tensor | None, target: Tensor, options: _Options
) -> Terms:
    """Cross-entropy by what is added up over all parts of the classes."""
    counted = target != options.ignore_index
    true = torch.where(counted, target, 0)
    weights = None if isinstance(options.weight, float) else options.weight
    smooth = options.label_smoothing
    heat = options.temperature
    if heat != 1:
        features, bias = features / heat, None if bias is None else bias.to(features.dtype) / heat
    found = scored(features, Layer(matrix, bias, weights, bool(smooth)), true)
    losses = found.mass.log() + minus(found.high, found.true)
    over = None if weights is None else weights[true] * counted
    if over is not None:
        losses = times(over, losses)
    if smooth:
        mass = len(matrix) if weights is None else weights.to(found.mass.dtype).sum()
        even = (mass * (found.mass.log() + found.high) - found.total) / len(matrix)
        losses = (1 - smooth) * losses + smooth * even
    losses = torch.where(counted, losses, 0.0).to(features.dtype)
    seen = {
        "chosen": found.chosen,
        "confidence": (1 / found.mass.detach()).to(features.dtype),
        "rank": found.rank,
    }
    return Terms(losses, over, None, seen)


@loss(
    Clustered,
    unit="nats",
    also={"perplexity": perplexity, "bits": bits},
    skill="d2_log_loss",
    reference="torch.nn.AdaptiveLogSoftmaxWithLoss",
    aliases=("AdaptiveLogSoftmaxWithLoss", "adaptive-softmax"),
)
def adaptive_ce(
    features: Tensor,
    state: Mapping[str, Tensor],
    target: Tensor,
    *,
    cutoffs: Bounds = 0.0,
    ignore_index: int = -100,
    shift: Later = 0,
) -> Terms:
    """Cross-entropy of frequent classes and of clusters of rare ones: an adaptive softmax.

    loss = -log_softmax(head)_y for a frequent class, and
    -log_softmax(head)_c - log_softmax(tail_c)_y for a class of cluster c, where head and tail_c
    are the scores that the arrays of the module make of the features.

    Args:
        cutoffs: Where the clusters begin, as the module was made: they follow from the shapes of
            its arrays, and are refused where these say otherwise.
        ignore_index: Targets of this value do not count.
        shift: Position t of sequences goes with target t + shift, and the ends are dropped: 1 for
            a causal language model.

    Shape:
        Features (N, H) or (N, T, H), targets without the last axis. The state is that of the
        module: head.weight (and head.bias), and tail.i.0.weight and tail.i.1.weight for each
        cluster. Classes are numbered by their frequency, the most frequent one is 0.

    Mean:
        The mean divides by the number of losses that count, as the loss of the module does.

    Elsewhere:
        PyTorch's module gives log-probabilities and calls their mean, turned round, the loss.

        >>> from math import log
        >>> round(log(0.25), 4)  # PyTorch's output
        -1.3863
        >>> round(-log(0.25), 4)  # PyTorch's loss, losscli
        1.3863

    Related:
        linear-ce: of classes that all have a score of their own.
        ce: of scores that are there already.

    Reference:
        torch.nn.AdaptiveLogSoftmaxWithLoss; Grave et al., arXiv:1609.04309.

    Example:
        >>> state = {"head.weight": torch.eye(2), "tail.0.0.weight": torch.ones(1, 2)}
        >>> state["tail.0.1.weight"] = torch.tensor([[0.0], [1.0]])
        >>> adaptive_ce(torch.tensor([[0.0, 1.0]]), state, torch.tensor([2])).elements
        tensor([0.6265])
    """
    counted = target != ignore_index
    target = torch.where(counted, target, 0)
    sizes = _clusters(state)
    first = len(state["head.weight"]) - len(sizes)
    short, rare = _headed(features, state, target, first)
    losses = short.cost
    best, chosen = short.lowest.detach(), short.chosen
    start = first
    for at, size in enumerate(sizes):
        own = (target >= start) & (target < start + size)
        # Where the cluster is less likely than the best class, so is each class in it.
        rows = (own | (rare[:, at].detach() < best)).nonzero()[:, 0]
        if len(rows):
            found = _within(features[rows], state, at, torch.where(own, target - start, 0)[rows])
            costs, lowest = (rare[rows, at] + one for one in found[:2])
            losses = losses.index_put((rows[own[rows]],), costs[own[rows]])
            better = lowest.detach() < best[rows]
            best = best.index_put((rows[better],), lowest.detach()[better])
            chosen = chosen.index_put((rows[better],), found.chosen[better] + start)
        start += size
    losses = torch.where(counted, losses, 0.0).to(features.dtype)
    seen = {"chosen": chosen, "confidence": best.neg().exp().to(features.dtype)}
    return Terms(losses, None, None, seen)


@adaptive_ce.guessed("the base rate")
def _(totals: Totals, **options: Any) -> float | None:
    """The entropy of the class frequencies, as that of ce."""
    return ce.guess(totals, weight=1.0, ignore_index=-100)


def _clusters(state: Mapping[str, Tensor]) -> list[int]:
    """How many classes each cluster has."""
    sizes: list[int] = []
    while f"tail.{len(sizes)}.1.weight" in state:
        sizes.append(len(state[f"tail.{len(sizes)}.1.weight"]))
    return sizes


class _Costs(NamedTuple):
    """What classes cost: the logarithm of their probability, turned round.

    Attributes:
        cost: Of the true class.
        lowest: Of the likeliest one.
        chosen: Which one that is.
    """

    cost: Tensor
    lowest: Tensor
    chosen: Tensor


def _headed(
    features: Tensor, state: Mapping[str, Tensor], target: Tensor, first: int
) -> tuple[_Costs, Tensor]:
    """What the frequent classes cost, and each cluster."""
    found = scored(features, _head(state, slice(first)), target.clamp(max=first - 1))
    rare = product(features, _head(state, slice(first, None)))
    high = torch.maximum(found.high, rare.detach().amax(1))
    mass = found.mass * minus(found.high, high).to(found.mass.dtype).exp()
    mass = mass + minus(rare, high[:, None]).to(mass.dtype).exp().sum(1)
    logs = mass.log()
    own, lowest = (logs + minus(high, one) for one in (found.true, found.high))
    return _Costs(own, lowest, found.chosen), logs[:, None] + minus(high[:, None], rare)


def _within(features: Tensor, state: Mapping[str, Tensor], at: int, place: Tensor) -> _Costs:
    """What the classes of a cluster cost within it."""
    small = product(features, Layer(state[f"tail.{at}.0.weight"]))
    found = scored(small, Layer(state[f"tail.{at}.1.weight"]), place)
    logs = found.mass.log()
    return _Costs(logs + minus(found.high, found.true), logs, found.chosen)


def _head(state: Mapping[str, Tensor], classes: slice) -> Layer:
    """Some classes of the head, of which the last are the clusters."""
    bias = state.get("head.bias")
    return Layer(state["head.weight"][classes], None if bias is None else bias[classes])
