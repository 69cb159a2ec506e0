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


def felt(values: Tensor) -> Tensor:
    """The same values, of which a slope of 0 · ∞ is 0: that of what is masked, or counts nothing.

    Only for the one step that has such a slope: what comes on other ways has to stay.

    >>> share = torch.tensor([0.0, 0.5], requires_grad=True)
    >>> (torch.tensor([0.0, 1.0]) * felt(share).log()).sum().backward()
    >>> share.grad
    tensor([0., 2.])
    """
    if not values.requires_grad:
        return values
    own = values.view_as(values)

    def limit(slope: Tensor) -> Tensor:
        return torch.where(slope.isnan() & ~values.isnan(), 0.0, slope)

    own.register_hook(limit)  # type: ignore[no-untyped-call]
    return own


def minus(one: Tensor, other: Tensor) -> Tensor:
    """A difference in which equal infinities leave 0: scores that are equal.

    >>> minus(torch.tensor([float("inf"), 3.0]), torch.tensor([float("inf"), 1.0]))
    tensor([0., 2.])
    """
    gap = one - other
    return torch.where(gap.isnan() & (one == other), 0.0, gap)


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
