"""Losses of the error itself: the everyday ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor
from losscli.losses.constants import convex
from losscli.options import NonNegative, Positive
from losscli.registry import loss
from losscli.roles import Values
from losscli.roles.values import deviation, variance

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Values,
    reference="torch.nn.functional.mse_loss",
    aliases=("mean-squared-error", "MSELoss", "squared-error"),
    differs={"l2": "the squared error; the l2_loss of optax is half of it"},
)
def mse(pred: Tensor, target: Tensor) -> Tensor:
    """Mean squared error.

    loss = (prediction - target)².

    Shape:
        Any; the target's is the same.

    Elsewhere:
        An error of 3: optax's l2_loss is half of it. TensorFlow's l2_loss is half of the sum.

        >>> mse(torch.tensor(3.0), torch.tensor(0.0))  # PyTorch, Keras, scikit-learn, losscli
        tensor(9.)
        >>> 3.0**2 / 2  # optax.l2_loss
        4.5

        Shapes of (3,) and (3, 1): PyTorch warns, and averages nine numbers; here the axis of
        length 1 is dropped.

        >>> error = torch.tensor([0.0, 1.0, 2.0]) - torch.tensor([[0.0], [1.0], [3.0]])
        >>> error.square().mean()  # PyTorch
        tensor(2.3333)
        >>> mse(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 1.0, 3.0])).mean()  # losscli
        tensor(0.3333)

    Related:
        rmse: its root.
        mae: of absolute errors, which outliers move less.
        huber: mse / 2 for small errors.

    Reference:
        torch.nn.functional.mse_loss.

    Example:
        >>> mse(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))
        tensor([1., 4.])
    """
    return F.mse_loss(pred, target, reduction="none")


def root(mean: Tensor) -> Tensor:
    """The square root of a mean; NaN below 0, where negative weights may put it.

    >>> root(torch.tensor([4.0, -1.0]))
    tensor([2., nan])
    """
    return mean.sqrt()


@loss(
    Values,
    finish=root,
    reference="sklearn.metrics.root_mean_squared_error",
    aliases=("root-mean-squared-error",),
)
def rmse(pred: Tensor, target: Tensor) -> Tensor:
    """Root of the mean squared error, in the unit of the target.

    loss = (prediction - target)², and the root of the mean, over all columns together.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        Two columns with errors of 1 and of 3: scikit-learn takes a root for each column, and their
        mean.

        >>> round(((1 + 9) / 2) ** 0.5, 3)  # losscli, torchmetrics
        2.236
        >>> (1**0.5 + 9**0.5) / 2  # scikit-learn
        2.0

    Related:
        mse: before the root.

    Reference:
        sklearn.metrics.root_mean_squared_error.

    Example:
        >>> rmse(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))
        tensor([1., 4.])
    """
    return F.mse_loss(pred, target, reduction="none")


@mse.guessed("the mean")
@rmse.guessed("the mean")
def _(totals: Totals) -> float | None:
    """The variance of the targets: that of always predicting their mean."""
    return variance(totals)


@loss(
    Values,
    reference="torch.nn.functional.l1_loss",
    aliases=("l1", "mean-absolute-error", "L1Loss", "absolute-error", "absolute_difference"),
)
def mae(pred: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error.

    loss = |prediction - target|.

    Shape:
        Any; the target's is the same.

    Related:
        mse: of squared errors.
        quantile: with q of 0.5, half of mae.
        smooth-l1: mae with a smooth bottom; mae with a beta of 0.
        mape: in proportion to the target.

    Reference:
        torch.nn.functional.l1_loss.

    Example:
        >>> mae(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))
        tensor([1., 2.])
    """
    return F.l1_loss(pred, target, reduction="none")


@mae.guessed("the median")
def _(totals: Totals) -> float | None:
    """The mean distance from it."""
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

    Elsewhere:
        An error of 3 with a threshold of 2: it is not the huber loss of Keras, optax and
        TensorFlow, which is delta times as much.

        >>> smooth_l1(torch.tensor(3.0), torch.tensor(0.0), beta=2.0)  # PyTorch's SmoothL1Loss
        tensor(2.)
        >>> huber(torch.tensor(3.0), torch.tensor(0.0), delta=2.0)  # PyTorch's HuberLoss, Keras
        tensor(4.)

    Related:
        huber: huber = beta · smooth-l1.
        mae: with a beta of 0.

    Reference:
        torch.nn.functional.smooth_l1_loss; Girshick, arXiv:1504.08083.

    Example:
        >>> smooth_l1(torch.tensor([0.5, 4.0]), torch.tensor([0.0, 0.0]))
        tensor([0.1250, 3.5000])
    """
    return F.smooth_l1_loss(pred, target, reduction="none", beta=beta)


smooth_l1.guessed("the best constant")(convex(smooth_l1))


@loss(Values, reference="torch.nn.functional.huber_loss", aliases=("HuberLoss", "huber-loss"))
def huber(pred: Tensor, target: Tensor, *, delta: Positive = 1.0) -> Tensor:
    """Squared for small errors, straight for large ones.

    With e = |prediction - target|:  loss = e² / 2 below delta, delta · (e - delta / 2) from there.

    Args:
        delta: The error at which the parabola turns into its own tangent.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        An error of 3 with a delta of 2: PyTorch, Keras, optax and TensorFlow agree; smooth-l1 and
        pseudo-Huber do not.

        >>> huber(torch.tensor(3.0), torch.tensor(0.0), delta=2.0)  # PyTorch, Keras, optax
        tensor(4.)
        >>> smooth_l1(torch.tensor(3.0), torch.tensor(0.0), beta=2.0)  # PyTorch's SmoothL1Loss
        tensor(2.)
        >>> round(2.0**2 * ((1 + (3 / 2) ** 2) ** 0.5 - 1), 3)  # charbonnier
        3.211

        Errors that cost 1 and 3, weighted by 1 and 3: the weight of PyTorch's huber_loss is not in
        the denominator; that of its mse_loss and l1_loss is, as --sample-weight is everywhere.

        >>> (1 * 1 + 3 * 3) / 2  # PyTorch's huber_loss
        5.0
        >>> (1 * 1 + 3 * 3) / (1 + 3)  # losscli --sample-weight
        2.5

    Related:
        smooth-l1: huber = delta · smooth-l1, with beta = delta.
        mse: huber is half of it below delta.
        mae: delta times it, less a constant, above.
        charbonnier: smooth everywhere.

    Reference:
        torch.nn.functional.huber_loss; Huber, 1964.

    Example:
        >>> huber(torch.tensor([0.5, 4.0]), torch.tensor([0.0, 0.0]), delta=2.0)
        tensor([0.1250, 6.0000])
    """
    return F.huber_loss(pred, target, reduction="none", delta=delta)


huber.guessed("the best constant")(convex(huber))
