"""The best constant prediction of a loss that has no formula for it, found by trying."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, np, torch
from losscli.roles.base import number
from losscli.roles.binary import balance
from losscli.roles.values import median
from losscli.stats import ZERO, Sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from losscli.quantiles import Sample
    from losscli.stats import Totals

__all__ = ["at_median", "best_shares", "convex", "known", "mean_of", "of_two_sides"]

FEW = 2**16
"""Of up to so many targets the best constant is found to the last digit."""

STEPS = 26
"""The gap between two targets is halved so often: the loss is flat where it is least, so that what
is left of the gap, 1.5e-8, changes it by the square of that."""

NEAR = 1e-4
"""Of more targets no constant costs so much less than the one found, as a share of its loss."""

TRIES = 24
"""If it is not found by then, it is not known: once is mostly enough."""

TINY = 1e-30
"""No class is less likely than that."""

HALVES = 32
"""What is halved so often is found so well that what it costs, which is flat there, is exact."""

FAR = 60.0
"""Logits beyond this are as certain as any."""


def convex(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the best constant, where the loss is convex in its prediction."""

    def guess(totals: Totals, **options: Any) -> float | None:
        """Found by trying: for up to 2^24 targets without sample weights, to 1e-4 of the loss."""
        sample = known(totals)
        if sample is None:
            return None
        with torch.inference_mode(mode=False):
            found = _of_many if sample.count > FEW else _of_few
            return found(function, sample, options)

    return guess


def at_median(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the median, where the loss has no best constant that could be found."""

    def guess(totals: Totals, **options: Any) -> float | None:
        """No formula gives the best constant. For up to 2^24 targets without sample weights."""
        sample = known(totals)
        if sample is None:
            return None
        return mean_of(function, sample, (median(sample),), options)

    return guess


def mean_of(
    function: Callable[..., Tensor],
    sample: Sample,
    constants: tuple[float, ...],
    options: dict[str, Any],
) -> float:
    """The mean loss of constant predictions: sums of leaves, added exactly."""
    found = ZERO
    for target in _parts(sample):
        given = (torch.full_like(target, one) for one in constants)
        found += Sum.of(function(*given, target, **options).sum(dtype=torch.float64).item())
    return found.over(Sum.of(float(sample.count)))


def _parts(sample: Sample) -> Iterator[Tensor]:
    """The targets of each leaf: in double precision, unless there are many."""
    for part in sample.parts:
        target = torch.from_numpy(part)
        yield target if sample.count > FEW else target.double()


def known(totals: Totals) -> Sample | None:
    """All targets, where they are known, and finite."""
    sample: Sample | None = totals.get("sample")
    if sample is None or not sample.count or not sample.exact:
        return None
    return sample if all(np.isfinite(part).all() for part in sample.parts) else None


def _of_few(function: Callable[..., Tensor], sample: Sample, options: dict[str, Any]) -> float:
    """The least mean loss of a constant."""
    target = torch.from_numpy(np.sort(np.concatenate(sample.parts).astype(np.float64)))
    ends = _where(partial(_mean, function, [target], options), target)
    found = (function(torch.full_like(target, at), target, **options) for at in ends)
    return float(min(one.mean().item() for one in found))


def _of_many(
    function: Callable[..., Tensor], sample: Sample, options: dict[str, Any]
) -> float | None:
    """The mean loss of a constant, which no other is far below.

    It is the best one of some targets, at first. Its tangent says how far the best one of all may
    be if that is to cost less by no more than a share; and the slope there, whether it is nearer.
    """
    step = sample.count // FEW + 1
    some = np.sort(np.concatenate([part[::step] for part in sample.parts]).astype(np.float64))
    target, every = torch.from_numpy(some), [*_parts(sample)]
    place = _where(partial(_mean, function, [target], options), target)[0]
    loss, slope = _mean(function, every, options, place)
    for _ in range(TRIES):
        if not slope:
            return loss
        place -= NEAR * loss / slope
        other = _mean(function, every, options, place)
        if other[1] * slope <= 0:
            return min(loss, other[0])
        loss, slope = other
    return None


def _where(mean: Callable[[float], tuple[float, float]], target: Tensor) -> tuple[float, float]:
    """Two numbers between which the best constant lies, next to each other.

    The slope is negative below it and positive above it. First the two neighbours among the
    targets are found between which it lies, and then the place between them.

    Args:
        mean: The loss and the slope of a constant.
        target: The targets, in order.
    """
    first, last = 0, len(target) - 1
    while last - first > 1:
        half = (first + last) // 2
        first, last = (half, last) if mean(target[half].item())[1] < 0 else (first, half)
    low, high = target[first].item(), target[last].item()
    for _ in range(STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if mean(middle)[1] < 0 else (low, middle)
    return low, high


def _mean(
    function: Callable[..., Tensor], parts: Sequence[Tensor], options: dict[str, Any], at: float
) -> tuple[float, float]:
    """The mean loss of a constant prediction and its slope: sums of leaves, added exactly."""
    loss, slope = ZERO, ZERO
    for target in parts:
        with torch.enable_grad():
            constant = torch.tensor(at, dtype=target.dtype, requires_grad=True)
            found = function(constant.expand_as(target), target, **options).sum(dtype=torch.float64)
            found.backward()  # type: ignore[no-untyped-call]
        assert constant.grad is not None
        loss, slope = loss + Sum.of(found.item()), slope + Sum.of(constant.grad.item())
    count = Sum.of(float(sum(len(target) for target in parts)))
    return loss.over(count), slope.over(count)


def of_two_sides(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the best constant logit for targets of 0 and 1, by a grid that grows finer."""

    def guess(totals: Totals, **options: Any) -> float | None:
        """Found by trying, for targets of 0 and 1."""
        share = balance(totals)
        plain = all(isinstance(one, (int, float)) or one is None for one in options.values())
        if share is None or number(totals["soft"]) or not plain:
            return None
        low, high, best = -FAR, FAR, float("inf")
        for _ in range(6):
            grid = torch.linspace(low, high, 1001, dtype=torch.float64)
            yes, no = (function(grid, side, **options) for side in _sides(grid))
            mean = share * yes + (1 - share) * no
            at = int(mean.argmin())
            best = min(best, mean[at].item())
            step = (high - low) / 1000
            low, high = grid[at].item() - step, grid[at].item() + step
        return best

    return guess


def _sides(grid: Tensor) -> tuple[Tensor, Tensor]:
    return torch.ones_like(grid), torch.zeros_like(grid)


def best_shares(shares: Sequence[float], rate: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The probabilities that cost least, where each true class costs what its own one does.

    The costs are convex and fall. In the best place no class would save more by a little more
    probability than another: those savings are found by halving, and of each the probability.

    Args:
        shares: How often each class is the true one, times its weight.
        rate: How much a cost falls with a probability.
    """
    weights, back, times = np.unique(
        np.asarray(shares, np.float64), return_inverse=True, return_counts=True
    )

    def at(saved: float) -> np.ndarray:
        low, high = np.full(len(weights), TINY), np.ones(len(weights))
        for _ in range(HALVES):
            middle = np.sqrt(low * high)
            more = weights * rate(middle) > saved
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return low

    least, most = np.log(weights[weights > 0].min() * 1e-9), np.log(weights.max() / TINY) + 60
    for _ in range(HALVES):
        middle = (least + most) / 2
        least, most = (middle, most) if at(np.exp(middle)) @ times > 1 else (least, middle)
    found = at(np.exp(most))[back]
    return np.asarray(found / found.sum())
