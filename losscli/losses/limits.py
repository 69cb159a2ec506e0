"""Where the floating-point formula says NaN and the mathematics says a number."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from losscli.lazy import Tensor, torch

if TYPE_CHECKING:
    from collections.abc import Iterable


def times(factor: Tensor | float, value: Tensor) -> Tensor:
    """A product in which 0 · ∞ is 0, as in the limit of y · ln p, and nothing is done for 1.

    >>> times(torch.tensor([0.0, 2.0]), torch.tensor([float("inf"), 3.0]))
    tensor([0., 6.])
    """
    if isinstance(factor, float) and factor == 1:
        return value
    if isinstance(factor, float):  # a double, which no tensor of its own would remain
        return factor * value if factor else torch.zeros_like(value)
    return torch.where(factor == 0, 0.0, factor * value)


def minus(one: Tensor, other: Tensor) -> Tensor:
    """A difference in which equal infinities leave 0: scores that are equal.

    >>> minus(torch.tensor([float("inf"), 3.0]), torch.tensor([float("inf"), 1.0]))
    tensor([0., 2.])
    """
    return torch.where(one == other, 0.0, one - other)


def log_softmax(logits: Tensor, axis: int) -> Tensor:
    """Log-softmax that goes to its limit at ±∞.

    A logit of +∞ takes all the probability; several of them share it. Only -∞ in a row says
    nothing, and is read as equal scores.

    >>> log_softmax(torch.tensor([[float("inf"), 0.0]]), 1)
    tensor([[0., -inf]])
    """
    if bool(logits.sum().isfinite()):  # which all of them are then, in one quick pass
        return torch.log_softmax(logits, axis)
    inf = float("inf")
    top = logits.amax(axis, keepdim=True)
    one = (logits == inf).to(logits.dtype).log()  # 0 where +∞, -∞ elsewhere
    logits = torch.where(top == inf, one, logits)
    logits = torch.where(top == -inf, torch.zeros_like(logits), logits)
    return torch.log_softmax(logits, axis)


def cooled(logits: Tensor, temperature: float) -> Tensor:
    """The log-softmax over axis 1 of logits that are divided by a temperature."""
    return log_softmax(logits if temperature == 1 else logits / temperature, 1)


def entropy(shares: Iterable[float]) -> float:
    """The entropy of a distribution in nats: what guessing it costs on average.

    >>> round(entropy([0.5, 0.5]), 6)
    0.693147
    """
    return sum(-share * log(share) for share in shares if share > 0)
