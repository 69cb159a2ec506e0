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
from losscli.roles.decoded import KEPT

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
) -> Tensor | Terms:
    """Cross-entropy by what is added up over all parts of the classes."""
    counted = target != options.ignore_index
    true = torch.where(counted, target, 0)
    weights = None if isinstance(options.weight, float) else options.weight
    found = _Scored.none(features)
    for start, scores in _scores(features, matrix, bias, options.temperature):
        found = found.then(start, scores, true, weights)
    losses = found.mass.log() + minus(found.high, found.true)
    over = None if weights is None else weights[true] * counted
    if over is not None:
        losses = over * losses
    smooth = options.label_smoothing
    if smooth:
        mass = len(matrix) if weights is None else weights.sum()
        even = (mass * (found.mass.log() + found.high) - found.total) / len(matrix)
        losses = (1 - smooth) * losses + smooth * even
    losses = torch.where(counted, losses, 0.0)
    top, own = found.top, found.true.detach()[:, None]
    before = (top > own) | ((top == own) & (found.classes < true[:, None]))
    seen = {
        "chosen": found.classes[:, 0],
        "confidence": 1 / found.mass.detach(),
        "rank": before.sum(1),
    }
    return Terms(losses, over, None, seen)


class _Scored(NamedTuple):
    """What the scores of some classes come to, for each row.

    Attributes:
        high: The highest score.
        mass: The sum of the exponentials of all, less the highest.
        true: The score of the true class, where it is among them; 0 where not.
        total: The sum of all, times the weight of each class.
        top: The highest of them, in order.
        classes: Which classes these are.
    """

    high: Tensor
    mass: Tensor
    true: Tensor
    total: Tensor
    top: Tensor
    classes: Tensor

    @classmethod
    def none(cls, features: Tensor) -> _Scored:
        """Of no classes."""
        zeros = features.new_zeros(len(features))
        top = features.new_empty(len(features), 0)
        return cls(zeros - torch.inf, zeros, zeros, zeros, top, top.long())

    def then(self, start: int, scores: Tensor, true: Tensor, weights: Tensor | None) -> _Scored:
        """With the scores of the classes that follow."""
        size = scores.shape[1]
        here = (true >= start) & (true < start + size)
        own = scores.gather(1, (true - start).clamp(0, size - 1)[:, None])[:, 0]
        total = scores if weights is None else scores * weights[start : start + size]
        high = torch.maximum(self.high, scores.detach().amax(1))
        above = minus(scores, high[:, None]).exp().sum(1)
        return _Scored(
            high,
            self.mass * minus(self.high, high).exp() + above,
            torch.where(here, own, self.true),
            self.total + total.sum(1),
            *self._highest(start, scores.detach()),
        )

    def _highest(self, start: int, scores: Tensor) -> tuple[Tensor, Tensor]:
        """The highest scores so far, and their classes: among equals the first class."""
        kept, places = scores.topk(min(KEPT, scores.shape[1]), 1)
        first = (scores == kept[:, :1]).to(torch.uint8).argmax(1)  # which topk does not promise
        places = torch.cat([first[:, None], places[:, 1:]], 1)
        values = torch.cat([self.top, kept], 1)
        classes = torch.cat([self.classes, places + start], 1)
        order = values.argsort(dim=1, descending=True, stable=True)[:, :KEPT]
        return values.gather(1, order), classes.gather(1, order)


def _scores(
    features: Tensor, matrix: Tensor, bias: Tensor | None, temperature: float
) -> Iterator[tuple[int, Tensor]]:
    """The scores of some classes at a time, and the first of these."""
    for start in range(0, len(matrix), CHUNK):
        scores = _product(features, matrix[start : start + CHUNK].to(features.dtype))
        if bias is not None:
            scores = scores + bias[start : start + CHUNK].to(features.dtype)
        yield start, scores if temperature == 1 else scores / temperature


def _product(features: Tensor, weights: Tensor) -> Tensor:
    """Scores of rows, of which a few are multiplied at a time: always as many, as far as they go.

    A product rounds its last bits by how many rows it has.
    """
    return torch.cat([rows @ weights.T for rows in features.split(GRAIN)])  # type: ignore[no-untyped-call]


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
        for rows in _pieces(own, size):
            logs = _tail(features[rows], state, at)
            picked = logs.gather(1, (target[rows] - start)[:, None])[:, 0]
            losses = losses.index_put((rows,), -(head[rows, first + at] + picked))
        for rows in _pieces(open_, size):
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


def _pieces(rows: Tensor, size: int) -> Iterator[Tensor]:
    """Some rows at a time, of which the scores of a cluster are not too many."""
    step = max(1, PIECE // size)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


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
