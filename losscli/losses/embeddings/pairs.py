"""Losses of two vectors, or of three, each row by itself."""

from __future__ import annotations

from losscli.lazy import Tensor, torch
from losscli.losses.limits import minus
from losscli.options import NonNegative, Positive
from losscli.registry import loss
from losscli.roles import Cosine, Triplets
from losscli.vectors import cosines, distances


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
    """How much less than a margin the negative is further from the anchor than the positive.

    loss = max(0, d(anchor, positive) - d(anchor, negative) + margin), with the distance
    d(a, b) = ‖a - b + eps‖ of the p-norm. Nothing is normalised.

    Args:
        margin: How much further the negative has to be.
        p: The norm: 1 for sums, 2 for lengths, inf for the largest difference.
        swap: Takes the negative's distance to the positive where that is smaller.
        eps: Is added to each difference, as PyTorch does.

    Shape:
        (N, D), (…, D), or (D,) for one triplet: the same for all three. One loss for each vector.

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

    Reference:
        1 - torch.nn.functional.cosine_similarity; optax.losses.cosine_distance. Keras gives
        minus the cosine.

    Example:
        >>> cosine(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]]))
        tensor([0.2929])
    """
    return 1 - cosines(input1, input2, eps)


@cosine.given
def _(pred: Tensor, target: Tensor, *, eps: Positive) -> Tensor:
    return cosine(pred, target, eps=eps)
