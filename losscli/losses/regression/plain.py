"""Losses of the error itself: the everyday ones."""

from __future__ import annotations

from math import nan, sqrt
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


def root(mean: float) -> float:
    """The square root of a mean; NaN below 0, where negative weights may put it.

    >>> root(4.0), root(-1.0)
    (2.0, nan)
    """
    return sqrt(mean) if mean >= 0 else nan


@loss(
    Values,
    finish=root,
    reference="sklearn.metrics.root_mean_squared_error",
    aliases=("root-mean-squared-error",),
)
def rmse(pred: Tensor, target: Tensor) -> Tensor:
    """Root of the mean squared error, in the unit of the target.

    The loss of an element is its squared error; the root is taken of their mean, over all columns
    together (scikit-learn averages the roots of columns).

    Shape:
        Any; the target's is the same.

    Reference:
        sklearn.metrics.root_mean_squared_error.

    Example:
        >>> rmse(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))
        tensor([1., 4.])
    """
    return F.mse_loss(pred, target, reduction="none")


@mse.guessed
@rmse.guessed
def _(totals: Totals) -> float | None:
    """The variance of the targets: that of always predicting their mean."""
    return totals["target"].variance if "target" in totals else None


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
