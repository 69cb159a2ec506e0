"""The best constant prediction of a loss that has no formula for it, found by trying."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, np, torch
from losscli.roles.base import number
from losscli.roles.binary import balance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from losscli.mass import Mass
    from losscli.stats import Totals

__all__ = ["at_median", "best_shares", "convex", "known", "mean_of", "of_two_sides"]

FEW = 2**16
"""Losses of so many targets are computed in double precision."""

STEPS = 26
"""The gap between two targets is halved so often: the loss is flat where it is least, so that what
is left of the gap, 1.5e-8, changes it by the square of that."""

TINY = 1e-30
"""No class is less likely than that."""

HALVES = 32
"""What is halved so often is found so well that what it costs, which is flat there, is exact."""

FAR = 60.0
"""Logits beyond this are as certain as any."""


def convex(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the best constant, where the loss is convex in its prediction."""

    def guess(totals: Totals, **options: Any) -> float | None:
        """Found by trying. Of more than 65,536 targets, to 1e-4 of the loss."""
        mass = known(totals)
        if mass is None:
            return None
        values, weights = mass.few
        with torch.inference_mode(mode=False):
            target = torch.from_numpy(values)
            weight = None if weights is None else torch.from_numpy(weights)
            ends = _where(partial(_slope, function, target, weight, options), target)
        return min(mean_of(function, mass, (one,), options) for one in ends)

    return guess


def at_median(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the median, where the loss has no best constant that could be found."""

    def guess(totals: Totals, **options: Any) -> float | None:
        """No formula gives the best constant."""
        mass = known(totals)
        return None if mass is None else mean_of(function, mass, (mass.median,), options)

    return guess


def mean_of(
    function: Callable[..., Tensor],
    mass: Mass,
    constants: tuple[float, ...],
    options: dict[str, Any],
) -> float:
    """The mean loss of constant predictions: of few targets, in double precision."""

    def costs(target: Tensor) -> Tensor:
        wide = target.double() if mass.count <= FEW else target
        return function(*(torch.full_like(wide, one) for one in constants), wide, **options)

    return mass.mean(costs)


def known(totals: Totals) -> Mass | None:
    """All targets, where they are known, and finite."""
    mass: Mass | None = totals.get("mass")
    return mass if mass is not None and mass.known else None


def _where(slope: Callable[[float], float], target: Tensor) -> tuple[float, float]:
    """Two numbers between which the best constant lies, next to each other.

    The slope is negative below it and positive above it. First the two neighbours among the
    targets are found between which it lies, and then the place between them.

    Args:
        slope: That of the mean loss, at a constant.
        target: The targets, in order.
    """
    first, last = 0, len(target) - 1
    while last - first > 1:
        half = (first + last) // 2
        first, last = (half, last) if slope(target[half].item()) < 0 else (first, half)
    low, high = target[first].item(), target[last].item()
    for _ in range(STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return low, high


def _slope(
    function: Callable[..., Tensor],
    target: Tensor,
    weight: Tensor | None,
    options: dict[str, Any],
    at: float,
) -> float:
    """The slope of the mean loss of a constant prediction, times what all targets weigh."""
    with torch.enable_grad():
        constant = torch.tensor(at, dtype=target.dtype, requires_grad=True)
        found = function(constant.expand_as(target), target, **options)
        (found if weight is None else found * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert constant.grad is not None
    return constant.grad.item()


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
