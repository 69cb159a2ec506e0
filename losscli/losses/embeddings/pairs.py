"""Losses of two vectors, or of three, each row by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, torch
from losscli.losses.limits import minus
from losscli.options import NonNegative, Positive
from losscli.registry import loss
from losscli.roles import Cosine, CosinePairs, Distances, FarPairs, Triplets
from losscli.roles.base import number, ratio
from losscli.vectors import cosines, distances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from losscli.stats import Totals


@loss(
    Triplets,
    reference="torch.nn.functional.triplet_margin_loss",
    aliases=("triplet-margin", "TripletMarginLoss", "TripletMarginWithDistanceLoss"),
)
def triplet(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: Positive = 1.0,
    p: NonNegative = 2.0,
    swap: bool = False,
    eps: float = 1e-6,
) -> Tensor:
    """Triplets: the positive nearer to the anchor, the negative further.

    loss = max(0, d(anchor, positive) - d(anchor, negative) + margin), with the distance
    d(a, b) = ‖a - b + eps‖ of the p-norm. Nothing is normalised.

    Args:
        margin: How much further the negative has to be.
        p: The norm: 1 for sums, 2 for lengths, inf for the largest difference.
        swap: Takes the negative's distance to the positive where that is smaller.
        eps: Is added to each difference, as PyTorch does.

    Shape:
        (N, D), (…, D), or (D,) for one triplet: the same for all three. One loss for each vector.

    Related:
        contrastive: distances of pairs, with a label each.
        infonce: every other row is a negative.

    Reference:
        torch.nn.functional.triplet_margin_loss; Schroff, Kalenichenko and Philbin,
        arXiv:1503.03832; swap: Balntas et al., 2016.

    Example:
        >>> a, p, n = torch.tensor([[[0.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.5]]])
        >>> triplet(a, p, n)
        tensor([0.5000])
    """
    near, far = distances(anchor, positive, p, eps), distances(anchor, negative, p, eps)
    if swap:
        far = torch.minimum(far, distances(positive, negative, p, eps))
    return minus(margin + near, far).clamp(min=0)


@triplet.guessed("equal distances")
def _(totals: Totals, *, margin: float, **_: Any) -> float:
    """That of a negative as far away as the positive: the margin."""
    return max(margin, 0.0)


@loss(
    Cosine,
    reference="1 - torch.nn.functional.cosine_similarity, optax.losses.cosine_distance",
    aliases=("cosine-distance",),
    differs={
        "negative-cosine": "this is 1 - cosine; the negative cosine is 1 less",
        "CosineSimilarity": "this is 1 - cosine; PyTorch's is the cosine, that of Keras minus it",
        "cosine-similarity": "this is 1 - cosine; PyTorch's is the cosine, that of Keras minus it",
    },
)
def cosine(input1: Tensor, input2: Tensor, *, eps: Positive = 1e-8) -> Tensor:
    """One minus the cosine of the angle between two vectors.

    loss = 1 - a · b / (‖a‖ · ‖b‖): 0 for the same direction, 2 for opposite ones.

    Args:
        eps: Shorter vectors count as of this length.

    Shape:
        (N, D), (…, D), or (D,) for one pair: the same for both. One loss for each vector.

    Related:
        cosine-embedding: the same for pairs with a label.

    Reference:
        1 - torch.nn.functional.cosine_similarity; optax.losses.cosine_distance. Keras gives
        minus the cosine.

    Example:
        >>> cosine(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([0.2929])
    """
    return _angle(cosines(input1, input2, eps))


@cosine.given
def _(pred: Tensor, target: Tensor, *, eps: Positive) -> Tensor:
    return cosine(pred, target, eps=eps)


@cosine.guessed("unrelated vectors")
def _(totals: Totals, *, eps: float) -> float:
    """That of a cosine of 0."""
    return 1.0


@loss(
    CosinePairs,
    reference="torch.nn.functional.cosine_embedding_loss",
    aliases=("CosineEmbeddingLoss",),
)
def cosine_embedding(
    input1: Tensor, input2: Tensor, target: Tensor, *, margin: float = 0.0
) -> Tensor:
    """Cosines of pairs: 1 for those that belong together, at most a margin for the others.

    loss = 1 - cos where y = 1, max(0, cos - margin) where y = -1. As in PyTorch, 1e-12 is added
    to each squared length. Labels 0 and 1 are read as -1 and +1, with a warning; PyTorch takes
    no loss of 0.

    Args:
        margin: The cosine up to which different pairs cost nothing: better from 0 to 0.5.

    Shape:
        (N, D) with labels (N,); (…, D) with (…); (D,) with a single label.

    Related:
        cosine: without labels, for pairs that belong together.
        contrastive: of distances.

    Reference:
        torch.nn.functional.cosine_embedding_loss.

    Example:
        >>> a, b = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 1.0], [3.0, 4.0]])
        >>> cosine_embedding(a, b, torch.tensor([1.0, -1.0]))
        tensor([0.2929, 0.6000])
    """
    cos = cosines(input1, input2, added=1e-12)
    return _either(target, _angle(cos), (cos - margin).clamp(min=0))


@cosine_embedding.guessed("the best cosine")
def _(totals: Totals, *, margin: float) -> float | None:
    """That of the same cosine for all pairs: 1, or the margin."""

    def cost(share: float, cosine: float) -> float:
        return share * (1 - cosine) + (1 - share) * max(0.0, cosine - margin)

    return _least(totals, cost, (-1.0, min(max(margin, -1.0), 1.0), 1.0))


@loss(
    Distances,
    reference="torch.nn.functional.hinge_embedding_loss",
    aliases=("HingeEmbeddingLoss",),
)
def hinge_embedding(distance: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    """Distances of pairs: 0 for those that belong together, at least a margin for the others.

    loss = d where y = 1, max(0, margin - d) where y = -1. It takes distances, not scores: hinge is
    the loss of scores. Labels 0 and 1 are read as -1 and +1, with a warning; PyTorch adds up both
    branches for 0.

    Args:
        margin: The distance from which on different pairs cost nothing.

    Shape:
        Any; the target's is the same.

    Related:
        contrastive: the same with squares, and labels 0 and 1.
        hinge: of scores, not of distances.

    Reference:
        torch.nn.functional.hinge_embedding_loss.

    Example:
        >>> hinge_embedding(torch.tensor([0.6, 0.6]), torch.tensor([1.0, -1.0]))
        tensor([0.6000, 0.4000])
    """
    return _either(target, distance, (margin - distance).clamp(min=0))


@hinge_embedding.guessed("the best distance")
def _(totals: Totals, *, margin: float) -> float | None:
    """That of the same distance for all pairs: 0, or the margin."""

    def cost(share: float, distance: float) -> float:
        return share * distance + (1 - share) * max(0.0, margin - distance)

    return _least(totals, cost, (0.0, max(margin, 0.0)))


@loss(
    FarPairs,
    reference="sentence_transformers.losses.ContrastiveLoss",
    aliases=("contrastive-pair", "siamese"),
    differs={
        "contrastive-loss": "this is of pairs that are the same or not; the ContrastiveLoss of "
        "MONAI is ntxent"
    },
)
def contrastive(
    input1: Tensor, input2: Tensor, target: Tensor, *, margin: float = 1.0, half: bool = True
) -> Tensor:
    """Squared distances of pairs: 0 for the same, at least a margin for different ones.

    loss = ½ · d² where y = 1, ½ · max(0, margin - d)² where y = 0, with the Euclidean distance d.
    The paper numbers the labels the other way. What MONAI and others call so is ntxent.

    Args:
        margin: The distance from which on different pairs cost nothing.
        half: Takes half of the squares, as the paper does.

    Shape:
        (N, D) with labels (N,); (…, D) with (…); (D,) with a single label. Distances: any, with
        labels of the same shape.

    Related:
        hinge-embedding: the same without squares, and labels -1 and +1.
        ntxent: what others call contrastive.

    Reference:
        sentence_transformers.losses.ContrastiveLoss with Euclidean distances; Hadsell, Chopra
        and LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", 2006.

    Example:
        >>> a, b = torch.tensor([[0.0], [0.0]]), torch.tensor([[0.6], [0.6]])
        >>> contrastive(a, b, torch.tensor([1, 0]))
        tensor([0.1800, 0.0800])
    """
    return _squared(distances(input1, input2), target, margin=margin, half=half)


@contrastive.given
def _(distance: Tensor, target: Tensor, *, margin: float, half: bool) -> Tensor:
    return _squared(distance, target, margin=margin, half=half)


@contrastive.guessed("the best distance")
def _(totals: Totals, *, margin: float, half: bool) -> float | None:
    """That of the same distance for all pairs: the margin times the share of different ones."""

    def cost(share: float, distance: float) -> float:
        found = share * distance**2 + (1 - share) * max(0.0, margin - distance) ** 2
        return found / 2 if half else found

    share = ratio(number(totals["same"]), number(totals["count"]))
    return _least(totals, cost, (max(margin, 0.0) * (1 - share),))


def _least(
    totals: Totals, cost: Callable[[float, float], float], places: Iterable[float]
) -> float | None:
    """The least that one number for all pairs costs, by the share of those that are the same."""
    share = ratio(number(totals["same"]), number(totals["count"]))
    return min(cost(share, place) for place in places) if 0 <= share <= 1 else None


def _angle(cosine: Tensor) -> Tensor:
    """What a cosine lacks to 1, above which rounding alone takes it."""
    return (1 - cosine).clamp(min=0)


def _squared(distance: Tensor, target: Tensor, *, margin: float, half: bool) -> Tensor:
    found = _either(target, distance, (margin - distance).clamp(min=0)).square()
    return found / 2 if half else found


def _either(target: Tensor, same: Tensor, different: Tensor) -> Tensor:
    """The one where a label is 1, the other where it is not, and NaN where it is NaN."""
    return torch.where(target == 1, same, torch.where(target.isnan(), target, different))
