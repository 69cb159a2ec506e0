"""The scores that a layer makes of features, some classes at a time: what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from losscli.lazy import torch
from losscli.losses.limits import minus

if TYPE_CHECKING:
    from losscli.lazy import Tensor

__all__ = ["Layer", "Scored", "product", "scored"]

GRAIN = 64
"""So many rows are multiplied at a time: a product rounds its last bits by how many it has."""

CHUNK = 2**12
"""So many classes are scored at a time, whatever else: sums have the same order everywhere."""

LARGE = 2**12
"""So many rows are multiplied at a time on a device, which is slow to be told what to do."""


class Layer(NamedTuple):
    """A layer that makes a score for each class.

    Attributes:
        matrix: A row for each class, in its own dtype.
        bias: A number for each class, if there is one.
        weights: Of each class, for the sum of all scores; None for 1.
        total: That sum is wanted.
    """

    matrix: Tensor
    bias: Tensor | None = None
    weights: Tensor | None = None
    total: bool = False

    def part(self, here: slice, dtype: Any) -> Layer:
        """Some of the classes, in the dtype of the features."""
        bias, weights = (None if one is None else one[here] for one in self[1:3])
        bias = None if bias is None else bias.to(dtype)
        return Layer(self.matrix[here].to(dtype), bias, weights, self.total)


class Scored(NamedTuple):
    """What the scores of some classes come to, for each row.

    Attributes:
        high: The highest score.
        mass: The sum of the exponentials of all, less the highest.
        true: The score of the true class.
        total: The sum of all, times the weights.
        chosen: The class with the highest score, the first among equals.
        rank: How many classes come before the true one.
    """

    high: Tensor
    mass: Tensor
    true: Tensor
    total: Tensor
    chosen: Tensor
    rank: Tensor

    def then(self, start: int, found: tuple[Tensor, ...]) -> Scored:
        """With those of the classes that follow."""
        above, mass, total, chosen, rank = found
        high = torch.maximum(self.high, above)
        ours, theirs = (minus(one, high).to(mass.dtype).exp() for one in (self.high, above))
        return Scored(
            high,
            self.mass * ours + mass * theirs,
            self.true,
            self.total + total,
            torch.where(above > self.high, chosen + start, self.chosen),
            self.rank + rank,
        )


def scored(features: Tensor, layer: Layer, true: Tensor) -> Scored:
    """What all scores come to, of which only those of some classes exist at a time.

    Where autograd records, it keeps none of them, and makes them again on its way back.

    >>> scored(torch.tensor([[1.0]]), Layer(torch.tensor([[0.0], [2.0]])), torch.tensor([0])).high
    tensor([2.])
    """
    rows = len(features)
    filled = _filled(rows)
    features, true = features[filled], true[filled]
    own = (features * layer.matrix[true].to(features.dtype)).sum(1)
    if layer.bias is not None:
        own = own + layer.bias[true].to(features.dtype)
    zeros, none = features.new_zeros(len(features), dtype=_wide(features)), true.new_zeros(())
    found = Scored(own.detach() - torch.inf, zeros, own, zeros, none, none)
    for start in range(0, len(layer.matrix), CHUNK):
        found = found.then(start, _kept_none(features, own, layer, true, start))
    return Scored(*(one[:rows] for one in found))


def product(features: Tensor, layer: Layer) -> Tensor:
    """The scores of a few classes, all of them."""
    filled = features[_filled(len(features))]
    whole = layer.part(slice(None), features.dtype)
    return torch.cat([_scores(rows, whole) for rows in _blocks(filled)])[: len(features)]


def _filled(rows: int) -> Any:
    """The places of all rows, the last of them again until they are whole grains."""
    missing = -rows % GRAIN
    return torch.arange(rows + missing).clamp(max=rows - 1) if missing else slice(None)


def _wide(features: Tensor) -> Any:
    """What sums are in: float64, where the device knows it."""
    return features.dtype if features.device.type == "mps" else torch.float64


def _blocks(rows: Tensor) -> tuple[Tensor, ...]:
    """Some rows at a time."""
    return rows.split(GRAIN if rows.device.type == "cpu" else LARGE)  # type: ignore[no-untyped-call, no-any-return]


def _scores(rows: Tensor, layer: Layer) -> Tensor:
    if layer.bias is None:
        return rows @ layer.matrix.T
    return torch.addmm(layer.bias, rows, layer.matrix.T)


def _kept_none(
    features: Tensor, own: Tensor, layer: Layer, true: Tensor, start: int
) -> tuple[Tensor, ...]:
    """What some classes come to; of their scores nothing is kept for the way back."""
    if not (torch.is_grad_enabled() and features.requires_grad):
        return _part(features, own, layer, true, start)
    found = torch.utils.checkpoint.checkpoint(
        *(_part, features, own, layer, true, start), use_reentrant=False, preserve_rng_state=False
    )
    return tuple(found)


def _part(
    features: Tensor, own: Tensor, layer: Layer, true: Tensor, start: int
) -> tuple[Tensor, ...]:
    """What some classes come to, for all rows."""
    part = layer.part(slice(start, start + CHUNK), features.dtype)
    blocks = zip(*map(_blocks, (features, own, true - start)), strict=True)
    found = [_block(part, *block) for block in blocks]
    return tuple(torch.cat(one) for one in zip(*found, strict=True))


def _block(layer: Layer, rows: Tensor, own: Tensor, place: Tensor) -> tuple[Tensor, ...]:
    """What some classes come to, for a few rows.

    Args:
        layer: The classes.
        rows: The features.
        own: The score of each true class, which is taken where that is among the classes.
        place: Which of the classes it is, if it is one of them.
    """
    scores, size = _scores(rows, layer), len(layer.matrix)
    here = ((place >= 0) & (place < size)).nonzero()[:, 0]
    scores = scores.index_put_((here, place[here]), own[here])
    seen = scores.detach()
    high, chosen = seen.max(1)
    rank = _before(seen, own.detach(), here, place)
    wide = _wide(rows)
    total = high.to(wide)
    if layer.total:
        weighed = scores if layer.weights is None else scores * layer.weights
        total = weighed.sum(1, dtype=wide)
    far = (
        scores.sub_(high[:, None]) if bool(high.isfinite().all()) else minus(scores, high[:, None])
    )
    return high, far.exp_().sum(1, dtype=wide), total, chosen, rank


def _before(scores: Tensor, own: Tensor, here: Tensor, place: Tensor) -> Tensor:
    """How many of some classes come before the true one: they score higher, or as high earlier."""
    edge = own if own.dtype.itemsize >= 4 else own.float()
    below = torch.nextafter(edge, torch.full_like(edge, -torch.inf))
    edge = torch.where(place >= scores.shape[1], below, edge)
    found = (scores > edge[:, None]).sum(1)
    earlier = torch.arange(scores.shape[1], device=scores.device) < place[here, None]
    ties = (scores[here] == own[here, None]) & earlier
    return found.index_add_(0, here, ties.sum(1))
