"""Losses of errors in proportion to the target."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor, torch
from losscli.losses.constants import at_median, convex, known
from losscli.losses.limits import felt
from losscli.losses.regression.plain import root
from losscli.options import Positive, Stretch
from losscli.registry import Terms, loss
from losscli.roles import Growing, Relative, Scaled, Values
from losscli.roles.values import deviation

if TYPE_CHECKING:
    from losscli.stats import Moments, Totals, Weighted

PERCENT = "a fraction, as in scikit-learn; Keras gives it in percent"


@loss(
    Relative,
    reference="sklearn.metrics.mean_absolute_percentage_error",
    differs={"mean-absolute-percentage-error": PERCENT},
)
def mape(pred: Tensor, target: Tensor, *, eps: Positive = 2.0**-52) -> Tensor:
    """Mean absolute percentage error, as a fraction.

    loss = |prediction - target| / max(|target|, eps).

    A target of 0 has no such error: eps stands in for what is smaller, and a warning says how
    often. smape and wape need no such help.

    Args:
        eps: What is divided by at least.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        A prediction of 1 for a target of 2: Keras gives percent.

        >>> mape(torch.tensor(1.0), torch.tensor(2.0))  # scikit-learn, torchmetrics, losscli
        tensor(0.5000)
        >>> 100 * abs(1 - 2) / 2  # Keras
        50.0

        A target of 0 is divided by 2.2e-16 in scikit-learn and here, by 1e-7 in Keras, by 1.17e-6
        in torchmetrics.

    Related:
        smape: divided by both sides, and never above 2.
        wape: all errors over all targets.
        mae: not divided at all.

    Reference:
        sklearn.metrics.mean_absolute_percentage_error.

    Example:
        >>> mape(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]))
        tensor([0.5000, 1.0000])
    """
    error = (pred - target).abs()
    found = torch.where(error == 0, 0.0, error / target.abs().clamp(min=eps))
    return torch.where(target.isinf() & pred.isfinite(), 1.0, found)


mape.guessed("the best constant")(convex(mape))


@loss(
    Values,
    reference="torchmetrics.functional.symmetric_mean_absolute_percentage_error",
    aliases=("symmetric-mape", "symmetric-mean-absolute-percentage-error"),
)
def smape(pred: Tensor, target: Tensor) -> Tensor:
    """Symmetric mean absolute percentage error: a fraction between 0 and 2.

    loss = 2 · |prediction - target| / (|prediction| + |target|), and 0 where both are 0.

    Shape:
        Any; the target's is the same.

    Related:
        mape: divided by the target alone.
        wape: all errors over all targets.

    Reference:
        torchmetrics.functional.symmetric_mean_absolute_percentage_error, which divides by 1.17e-6
        at least; Armstrong, 1985; Makridakis, 1993.

    Example:
        >>> smape(torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0]))
        tensor([1., 0.])
    """
    # Halves, where the sum of two large numbers could overflow.
    half = torch.where(torch.maximum(pred.abs(), target.abs()) > 1, 0.5, 1.0)
    error, size = (pred * half - target * half).abs(), pred.abs() * half + target.abs() * half
    found = 2 * (felt(error) / felt(size))
    found = torch.where(error == inf, 2.0, found)
    return torch.where(size == 0, 0.0, found)


smape.guessed("the median")(at_median(smape))


@loss(
    Values,
    reference="torchmetrics.functional.weighted_mean_absolute_percentage_error",
    aliases=("wmape", "weighted-mape", "weighted-mean-absolute-percentage-error"),
)
def wape(pred: Tensor, target: Tensor) -> Terms:
    """Weighted absolute percentage error: all errors over all targets, as a fraction.

    loss = |prediction - target|, and the mean is their sum over that of |target|.

    Shape:
        Any; the target's is the same.

    Mean:
        The mean divides by the sum of |target|.

    Related:
        mape: the mean of each error over its target.
        mae: the same errors over their number.

    Reference:
        torchmetrics.functional.weighted_mean_absolute_percentage_error.

    Example:
        >>> found = wape(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]))
        >>> found.elements, found.over
        (tensor([1., 2.]), tensor([2., 2.]))
    """
    return Terms(F.l1_loss(pred, target, reduction="none"), target.abs())


@wape.guessed("the median")
def _(totals: Totals) -> float | None:
    """That of always predicting it."""
    mass, far = known(totals), deviation(totals)
    if mass is None or far is None:
        return None
    size = mass.mean(lambda target: target.double().abs())
    return far / size if size else None


@loss(
    Scaled,
    reference="Hyndman and Koehler, 2006",
    aliases=("mean-absolute-scaled-error",),
)
def mase(pred: Tensor, scale: Stretch, target: Tensor) -> Tensor:
    """Mean absolute scaled error: below 1, a forecast is better than the naive one.

    loss = |prediction - target| / scale, where the scale is the mean absolute error of the naive
    forecast of the series that the model was fitted to: the mean of |y_t - y_(t-m)|, with m = 1,
    or the length of a season.

    Shape:
        Any; the target's is the same. Scales: the same, one for each row (series), or one number.

    Related:
        mae: the same with a scale of 1.
        wape: errors over the targets.

    Reference:
        Hyndman and Koehler, 2006; sktime.performance_metrics.forecasting.

    Example:
        >>> mase(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]), torch.tensor([2.0, 2.0]))
        tensor([0.5000, 1.0000])
    """
    return (pred - target).abs() / scale


mase.unguessed(
    "the loss is a share of that of the naive forecast already, which has 1 where the scale is from"
)


@loss(
    Growing,
    reference="sklearn.metrics.mean_squared_log_error",
    aliases=("mean-squared-log-error", "mean-squared-logarithmic-error"),
)
def msle(pred: Tensor, target: Tensor) -> Tensor:
    """Mean squared logarithmic error: of amounts that differ by factors.

    loss = (ln(1 + prediction) - ln(1 + target))²; both sides must be above -1.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        A prediction of -0.5 for a target of 0: Keras reads what is negative as 0.

        >>> msle(torch.tensor(-0.5), torch.tensor(0.0))  # scikit-learn, torchmetrics, losscli
        tensor(0.4805)
        >>> msle(torch.tensor(0.0), torch.tensor(0.0))  # Keras
        tensor(0.)

    Related:
        rmsle: its root.
        mse: msle is the mse of ln(1 + value).

    Reference:
        sklearn.metrics.mean_squared_log_error. Keras reads negative predictions as 0.

    Example:
        >>> msle(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 4.0]))
        tensor([0.4805, 0.0000])
    """
    growth = (pred - target).abs() / (1 + torch.minimum(pred, target))
    # Amounts that are nearly equal keep their digits: a difference of logarithms loses them.
    far = pred.log1p() - target.log1p()
    return torch.where(growth < 0.5, growth.log1p(), far).square()


@loss(
    Growing,
    finish=root,
    reference="sklearn.metrics.root_mean_squared_log_error",
    aliases=("root-mean-squared-log-error", "root-mean-squared-logarithmic-error"),
)
def rmsle(pred: Tensor, target: Tensor) -> Tensor:
    """Root of the mean squared logarithmic error.

    loss = (ln(1 + prediction) - ln(1 + target))², as of msle, and the root of the mean.

    Shape:
        Any; the target's is the same.

    Related:
        msle: before the root.
        rmse: rmsle is the rmse of ln(1 + value).

    Reference:
        sklearn.metrics.root_mean_squared_log_error, of all columns together.

    Example:
        >>> rmsle(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 4.0]))
        tensor([0.4805, 0.0000])
    """
    return msle(pred, target)


@msle.guessed("the mean logarithm")
@rmsle.guessed("the mean logarithm")
def _(totals: Totals) -> float | None:
    """The variance of the logarithms: that of always predicting their mean."""
    logs: Moments | Weighted = totals["logs"]
    return logs.variance
