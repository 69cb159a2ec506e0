"""The best constant prediction of a loss that has no formula for it, found by trying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import Tensor, np, torch
from losscli.roles.base import number
from losscli.roles.binary import balance

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.stats import Totals

__all__ = ["convex", "of_two_sides"]

MOST = 2**16
"""Of up to so many targets: more would cost as much time as the loss itself."""

STEPS = 26
"""The gap between two targets is halved so often: the loss is flat where it is least, so that what
is left of the gap, 1.5e-8, changes it by the square of that."""

FAR = 60.0
"""Logits beyond this are as certain as any."""


def convex(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the best constant, where the loss is convex in its prediction.

    The slope of the mean is negative below the best constant and positive above it. First the two
    neighbours among the targets are found between which it lies, and then the place between them:
    to the last digits of the loss.
    """

    def guess(totals: Totals, **options: Any) -> float | None:
        sample = totals.get("sample")
        if sample is None or not 0 < sample.count <= MOST:
            return None
        values = np.sort(np.concatenate(sample.parts).astype(np.float64))
        if not np.isfinite(values).all():
            return None
        with torch.inference_mode(mode=False):
            target = torch.from_numpy(values)
            low, high = _neighbours(function, target, options)
            for _ in range(STEPS):
                middle = (low + high) / 2
                if not low < middle < high:
                    break
                below = _slope(function, middle, target, options) < 0
                low, high = (middle, high) if below else (low, middle)
            found = (function(torch.full_like(target, at), target, **options) for at in (low, high))
            return float(min(one.mean().item() for one in found))

    return guess


def _neighbours(
    function: Callable[..., Tensor], target: Tensor, options: dict[str, Any]
) -> tuple[float, float]:
    """The targets between which the best constant lies: they are in order."""
    low, high = 0, len(target) - 1
    while high - low > 1:
        middle = (low + high) // 2
        below = _slope(function, target[middle].item(), target, options) < 0
        low, high = (middle, high) if below else (low, middle)
    return target[low].item(), target[high].item()


def _slope(
    function: Callable[..., Tensor], at: float, target: Tensor, options: dict[str, Any]
) -> float:
    """The slope of the sum of losses in a constant prediction."""
    with torch.enable_grad():
        constant = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        function(constant.expand_as(target), target, **options).sum().backward()  # type: ignore[no-untyped-call]
    assert constant.grad is not None
    return constant.grad.item()


def of_two_sides(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of the best constant logit for targets of 0 and 1, by a grid that grows finer."""

    def guess(totals: Totals, **options: Any) -> float | None:
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
