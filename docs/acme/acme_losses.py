"""The losses of a team."""

from __future__ import annotations

from losscli.plugin import NonNegative, Tensor, Values, loss, torch


@loss(Values, unit="euros")
def stock(
    pred: Tensor, target: Tensor, *, missing: NonNegative = 5.0, left: NonNegative = 1.0
) -> Tensor:
    """What it costs to order as many as are predicted.

    loss = missing · (target - pred) where more is asked for, left · (pred - target) else.

    Args:
        missing: Euros for each one that is missing.
        left: Euros for each one that is left.
    """
    error = target - pred
    return torch.where(error > 0, missing * error, -left * error)
