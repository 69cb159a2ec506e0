"""Cross-entropy of classes whose scores are made of features, a part of them at a time."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 — of a signature, which is read
from typing import TYPE_CHECKING, Any, NamedTuple

from losscli.lazy import Tensor, torch
from losscli.losses.limits import minus
from losscli.losses.multiclass.entropy import Later, bits, ce, perplexity
from losscli.options import Bounds, Fraction, PerClass, Positive
from losscli.registry import Terms, loss
from losscli.roles import Clustered, Linear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.stats import Totals

GRAIN = 64
"""So many rows are multiplied at a time: leaves hold whole ones."""

CHUNK = 2**13
"""So many classes are scored at a time, whatever else: sums have the same order everywhere."""


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
) -> Tensor | Terms:
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
        >>> linear_ce(torch.eye(2), torch.tensor([[2.0, 0], [0, 1], [0, 0]]), torch.tensor([0, 2]))
        tensor([0.2395, 1.5514])
    """
    options = _Options(weight, ignore_index, label_smoothing, temperature)
    return _linear(features, weight_matrix, None, target, options)


@linear_ce.given
def _(
    features: Tensor, weight_matrix: Tensor, bias: Tensor, target: Tensor, **options: Any
) -> Tensor | Terms:
    del options["shift"]  # the role has heeded it
    return _linear(features, weight_matrix, bias, target, _Options(**options))


@linear_ce.guessed
def _(totals: Totals, **options: Any) -> float | None:
    """The entropy of the class frequencies, as that of ce."""
    return ce.guess(totals, **options) if ce.guess else None


class _Options(NamedTuple):
    weight: PerClass
    ignore_index: int
    label_smoothing: float
    temperature: float


def _linear(
    features: Tensor, matrix: Tensor, bias: Tensor | None, target: Tensor, options: _Options
) -> Terms:
    """Cross-entropy of a few rows at a time: the scores of some classes stay in the cache.

    It is always as many rows, as far as they go: a product rounds its last bits by how many it has.
    """
    parts = [
        _few(*rows, matrix, bias, options)
        for rows in zip(_rows(features, GRAIN), _rows(target, GRAIN), strict=True)
    ]
    losses = torch.cat([one.elements for one in parts])
    seen = {name: torch.cat([one.seen[name] for one in parts]) for name in parts[0].seen}
    weights = None if isinstance(options.weight, float) else options.weight
    if weights is None:
        return Terms(losses, None, None, seen)
    counted = target != options.ignore_index
    return Terms(losses, weights[torch.where(counted, target, 0)] * counted, None, seen)


def _few(
    features: Tensor, target: Tensor, matrix: Tensor, bias: Tensor | None, options: _Options
) -> Terms:
    """The losses of a few rows, by what is added up over all parts of the classes."""
    counted = target != options.ignore_index
    true = torch.where(counted, target, 0)
    weights = None if isinstance(options.weight, float) else options.weight
    found = _Scored.none(features, _own(features, true, matrix, bias) / options.temperature)
    for start in range(0, len(matrix), CHUNK):
        part = slice(start, start + CHUNK)
        scores = features @ matrix[part].to(features.dtype).T
        if bias is not None:
            scores = scores + bias[part].to(features.dtype)
        if options.temperature != 1:
            scores = scores / options.temperature
        found = found.then(start, scores, true, None if weights is None else weights[part])
    losses = found.mass.log() + minus(found.high, found.true)
    if weights is not None:
        losses = weights[true] * losses
    smooth = options.label_smoothing
    if smooth:
        every = len(matrix) if weights is None else weights.sum()
        even = (every * (found.mass.log() + found.high) - found.total) / len(matrix)
        losses = (1 - smooth) * losses + smooth * even
    losses = torch.where(counted, losses, 0.0)
    hit = found.chosen == true
    seen = {
        "chosen": found.chosen,
        "confidence": 1 / found.mass.detach(),
        "rank": torch.where(hit, 0, found.before.clamp(min=1)),
    }
    return Terms(losses, None, None, seen)


def _own(features: Tensor, true: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
    """The scores of the true classes, about: to count how many are higher."""
    found = (features.detach() * matrix[true].to(features.dtype)).sum(1)
    return found if bias is None else found + bias[true].to(features.dtype)


class _Scored(NamedTuple):
    """What the scores of some classes come to, for each row.

    Attributes:
        high: The highest score.
        chosen: The first class that has it.
        mass: The sum of the exponentials of all, less the highest.
        true: The score of the true class, where it is among them; 0 where not.
        total: The sum of all, times the weight of each class.
        own: About the score of the true class.
        before: How many classes have a higher score than that, or as high a one and come first.
    """

    high: Tensor
    chosen: Tensor
    mass: Tensor
    true: Tensor
    total: Tensor
    own: Tensor
    before: Tensor

    @classmethod
    def none(cls, features: Tensor, own: Tensor) -> _Scored:
        """Of no classes."""
        zeros = features.new_zeros(len(features))
        return cls(zeros - torch.inf, zeros.long(), zeros, zeros, zeros, own, zeros.long())

    def then(self, start: int, scores: Tensor, true: Tensor, weights: Tensor | None) -> _Scored:
        """With the scores of the classes that follow."""
        size, bare = scores.shape[1], scores.detach()
        here = (true >= start) & (true < start + size)
        place = (true - start).clamp(0, size - 1)[:, None]
        top, first = bare.max(1)
        high = torch.maximum(self.high, top)
        less = (
            scores - high[:, None] if bool(top.isfinite().all()) else minus(scores, high[:, None])
        )
        total = scores if weights is None else scores * weights
        higher = (bare > self.own[:, None]).sum(1) - (
            here & (bare.gather(1, place)[:, 0] > self.own)
        ).long()
        return _Scored(
            high,
            torch.where(top > self.high, first + start, self.chosen),
            self.mass * minus(self.high, high).exp() + less.exp().sum(1),
            torch.where(here, scores.gather(1, place)[:, 0], self.true),
            self.total + total.sum(1),
            self.own,
            self.before + higher,
        )


def _rows(values: Tensor, step: int) -> Iterator[Tensor]:
    """Some rows at a time."""
    for start in range(0, len(values), step):
        yield values[start : start + step]


def _product(features: Tensor, weights: Tensor) -> Tensor:
    """The scores of rows, of which a few are multiplied at a time: see :func:`_linear`."""
    return torch.cat([rows @ weights.T for rows in _rows(features, GRAIN)])


NONE = -1
"""No class: nothing is ignored."""

PIECE = 2**22
"""So many scores of a cluster are made at a time."""


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
) -> Terms:
    """Cross-entropy of frequent classes and of clusters of rare ones: an adaptive softmax.

    loss = -log_softmax(head)_y for a frequent class, and
    -log_softmax(head)_c - log_softmax(tail_c)_y for a class of cluster c, where head and tail_c
    are the scores that the arrays of the module make of the features.

    Args:
        cutoffs: Where the clusters begin, as the module was made: they follow from the shapes of
            its arrays, and are refused where these say otherwise.

    Shape:
        Features (N, H), targets (N,). The state is that of the module: head.weight (and
        head.bias), and tail.i.0.weight and tail.i.1.weight for each cluster. Classes are numbered
        by their frequency, the most frequent one is 0.

    Mean:
        The mean divides by the number of rows, as the loss of the module does.

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
    clusters = _clusters(state)
    first = len(state["head.weight"]) - len(clusters)
    head = _layer(features, state, "head.weight", state.get("head.bias")).log_softmax(1)
    losses = -head.gather(1, target.clamp(max=first - 1)[:, None])[:, 0]
    top, chosen = head.detach()[:, :first].max(1)
    start = first
    for at, size in enumerate(clusters):
        own = ((target >= start) & (target < start + size)).nonzero()[:, 0]
        # Where the cluster is less likely than the best class, so is each class in it.
        open_ = (head.detach()[:, first + at] > top).nonzero()[:, 0]
        for rows in _rows(own, max(1, PIECE // size)):
            logs = _tail(features[rows], state, at)
            picked = logs.gather(1, (target[rows] - start)[:, None])[:, 0]
            losses = losses.index_put((rows,), -(head[rows, first + at] + picked))
        for rows in _rows(open_, max(1, PIECE // size)):
            best, place = _tail(features[rows].detach(), state, at).max(1)
            best = best + head.detach()[rows, first + at]
            better = best > top[rows]
            top = top.index_put((rows[better],), best[better])
            chosen = chosen.index_put((rows[better],), place[better] + start)
        start += size
    return Terms(losses, None, None, {"chosen": chosen, "confidence": top.exp()})


@adaptive_ce.guessed
def _(totals: Totals, *, cutoffs: Bounds) -> float | None:
    """The entropy of the class frequencies, as that of ce."""
    return ce.guess(totals, weight=1.0, ignore_index=NONE) if ce.guess else None


def _clusters(state: Mapping[str, Tensor]) -> list[int]:
    """How many classes each cluster has."""
    sizes: list[int] = []
    while f"tail.{len(sizes)}.1.weight" in state:
        sizes.append(len(state[f"tail.{len(sizes)}.1.weight"]))
    return sizes


def _tail(features: Tensor, state: Mapping[str, Tensor], at: int) -> Tensor:
    """The log-probabilities of the classes of a cluster, within it."""
    small = _layer(features, state, f"tail.{at}.0.weight")
    return _layer(small, state, f"tail.{at}.1.weight").log_softmax(1)


def _layer(
    values: Tensor, state: Mapping[str, Tensor], name: str, bias: Tensor | None = None
) -> Tensor:
    found = _product(values, state[name].to(values.dtype))
    return found if bias is None else found + bias.to(values.dtype)
