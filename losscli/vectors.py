"""Vectors and how they compare: lengths, distances, and similarities of many in bounded memory."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from losscli.autograd import product
from losscli.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from losscli.lazy import Tensor

    Work = Callable[[slice, Tensor], Tensor]

__all__ = ["BLOCK", "blocks", "cosines", "distances", "each", "lengths", "similarities", "unit"]

BLOCK = 2**22
"""So many similarities are held at once, or one row of them if that has more."""


def lengths(vectors: Tensor) -> Tensor:
    """The Euclidean length of each vector of the last axis, which is kept with length 1."""
    found: Tensor = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return found


def unit(vectors: Tensor, least: float = 1e-12, added: float = 0.0) -> Tensor:
    """Vectors of length 1 of the same directions; a vector of zeros remains one.

    Of infinite vectors the limit is taken, and what is too long for its dtype loses no bits.

    Args:
        vectors: Along the last axis.
        least: Shorter vectors are divided by this length.
        added: What is added to the square of each length, as PyTorch does in places.

    >>> unit(torch.tensor([[3.0, 4.0], [0.0, 0.0], [1e30, 0.0], [float("inf"), 1.0]]))
    tensor([[0.6000, 0.8000], [0.0000, 0.0000], [1.0000, 0.0000], [1.0000, 0.0000]])
    """
    own = lengths(vectors)
    long = (own.square() + added).sqrt() if added else own
    if bool(long.isinf().any()):  # nothing that is added could be felt
        vectors = torch.where(long.isinf(), _shrunk(vectors), vectors)
        long = torch.where(long.isinf(), lengths(vectors), long)
    return vectors / long.clamp(min=least)


def _shrunk(vectors: Tensor) -> Tensor:
    """Vectors of the same directions whose largest value is 1."""
    infinite = vectors.isinf()
    limit = torch.where(infinite, vectors.sign(), 0.0)
    vectors = torch.where(infinite.any(-1, keepdim=True), limit, vectors)
    return vectors / vectors.abs().amax(-1, keepdim=True)


def cosines(one: Tensor, other: Tensor, least: float = 1e-8, added: float = 0.0) -> Tensor:
    """The cosine between two vectors of the last axis; see :func:`unit` for the arguments.

    >>> cosines(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    return (unit(one, least, added) * unit(other, least, added)).sum(-1)


def distances(one: Tensor, other: Tensor, p: float = 2.0, eps: float = 0.0) -> Tensor:
    """The p-norm of the difference of two vectors of the last axis.

    Args:
        one: Some vectors.
        other: Others; equal infinities are no distance apart.
        p: The norm: 1 for sums, 2 for lengths, infinity for the largest difference.
        eps: What is added to each difference, as PyTorch does.

    >>> distances(torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 0.0]]))
    tensor([5.])
    """
    gap = one - other
    apart = torch.where(gap.isnan() & (one == other), 0.0, gap) + eps
    found: Tensor = torch.linalg.vector_norm(apart, p, dim=-1)
    return found


def blocks(rows: int, width: int) -> Iterator[slice]:
    """The rows of a matrix in pieces of a bounded number of values.

    Their extent depends on the matrix alone, and so do the last bits of what is computed of them.

    >>> list(blocks(3, BLOCK // 2))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    step = max(1, BLOCK // max(width, 1))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def similarities(queries: Tensor, keys: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """The dot products of each query with each key: some queries at a time, and which.

    >>> [(_, found)] = similarities(torch.tensor([[1.0, 2.0]]), torch.eye(2))
    >>> found
    tensor([[1., 2.]])
    """
    for block in blocks(len(queries), len(keys)):
        yield block, queries[block] @ keys.T


def each(queries: Tensor, keys: Tensor, work: Work) -> Tensor:
    """What work makes of the similarities of some queries at a time, one behind the other.

    Where gradients are taken, no block is kept for them: it is computed once more on the way back.

    >>> each(torch.eye(2), torch.ones(3, 2), lambda block, scores: scores.sum(1))
    tensor([3., 3.])
    """
    if queries.requires_grad or keys.requires_grad:
        found: Tensor = _again().apply(queries, keys, work)
        return found
    found = torch.empty_like(queries[:, 0])
    for block, scores in similarities(queries, keys):
        found[block] = work(block, scores)
    return found


@cache
def _again() -> Any:
    """What :func:`each` is to autograd; made when it is first needed, as torch is."""

    class Again(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, queries: Tensor, keys: Tensor, work: Work) -> Tensor:
            ctx.save_for_backward(queries, keys)
            ctx.work = work
            return each(queries.detach(), keys.detach(), work)

        @staticmethod
        def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor, Tensor, None]:
            queries, keys = (one.detach() for one in ctx.saved_tensors)
            by_queries, by_keys = torch.zeros_like(queries), torch.zeros_like(keys)
            for block in blocks(len(queries), len(keys)):
                scores = (queries[block] @ keys.T).requires_grad_()
                with torch.enable_grad():
                    (steep,) = product([ctx.work(block, scores)], [slopes[block]], [scores])
                assert steep is not None
                by_queries[block] = steep @ keys
                by_keys += steep.T @ queries[block]
            return by_queries, by_keys, None

    return Again
