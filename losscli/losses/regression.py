"""Losses of real-valued predictions."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor
from losscli.options import NonNegative, Positive
from losscli.registry import loss
from losscli.roles import Values
from losscli.roles.values import deviation

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Values,
    reference="torch.nn.functional.mse_loss",
    aliases=("l2", "mean-squared-error", "MSELoss", "squared-error"),
)
def mse(pred: Tensor, target: Tensor) -> Tensor:
    """Mean squared error: (prediction - target)².

    Shape:
        Any; the target's is the same.

    Reference:
        torch.nn.functional.mse_loss.

    Example:
        >>> mse(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))
        tensor([1., 4.])
    """
    return F.mse_loss(pred, target, reduction="none")


@mse.guessed
def _(totals: Totals) -> float | None:
    """The variance of the targets: that of always predicting their mean."""
    if "target" not in totals or totals["target"].count < 2:
        return None
    target = totals["target"]
    found = float(target.std**2 * (target.count - 1) / target.count)
    return found if isfinite(found) else None


@loss(
    Values,
    reference="torch.nn.functional.l1_loss",
    aliases=("l1", "mean-absolute-error", "L1Loss", "absolute-error"),
)
def mae(pred: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error: |prediction - target|.

    Shape:
        Any; the target's is the same.

    Reference:
        torch.nn.functional.l1_loss.

    Example:
        >>> mae(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))
        tensor([1., 2.])
    """
    return F.l1_loss(pred, target, reduction="none")


@mae.guessed
def _(totals: Totals) -> float | None:
    """The mean absolute deviation from the median: that of always predicting it."""
    return deviation(totals)


@loss(
    Values,
    reference="torch.nn.functional.smooth_l1_loss",
    aliases=("SmoothL1Loss",),
)
def smooth_l1(pred: Tensor, target: Tensor, *, beta: NonNegative = 1.0) -> Tensor:
    """Squared for small errors, absolute for large ones: huber divided by its threshold.

    With e = |prediction - target|:  loss = e² / (2 beta) below beta, e - beta / 2 from there on.

    Args:
        beta: The error at which the parabola turns into a line; 0 is mae.

    Shape:
        Any; the target's is the same.

    Reference:
        torch.nn.functional.smooth_l1_loss; Girshick, arXiv:1504.08083.

    Example:
        >>> smooth_l1(torch.tensor([0.5, 4.0]), torch.tensor([0.0, 0.0]))
        tensor([0.1250, 3.5000])
    """
    return F.smooth_l1_loss(pred, target, reduction="none", beta=beta)


@loss(Values, reference="torch.nn.functional.huber_loss", aliases=("HuberLoss", "huber-loss"))
def huber(pred: Tensor, target: Tensor, *, delta: Positive = 1.0) -> Tensor:
    """Squared for small errors, straight for large ones.

    With e = |prediction - target|:  loss = e² / 2 below delta, delta · (e - delta / 2) from there.

    Args:
        delta: The error at which the parabola turns into its own tangent.

    Shape:
        Any; the target's is the same.

    Reference:
        torch.nn.functional.huber_loss; Huber, 1964.

    Example:
        >>> huber(torch.tensor([0.5, 4.0]), torch.tensor([0.0, 0.0]), delta=2.0)
        tensor([0.1250, 6.0000])
    """
    return F.huber_loss(pred, target, reduction="none", delta=delta)
