"""Losses that mind one side of an error more than the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import Tensor, np, torch
from losscli.losses.constants import convex, known, mean_of
from losscli.losses.limits import times
from losscli.options import Fraction, Levels
from losscli.registry import loss
from losscli.roles import Quantiles, Values

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Quantiles,
    skill="d2_pinball",
    reference="sklearn.metrics.mean_pinball_loss",
    aliases=("pinball", "quantile-loss", "pinball-loss", "mean-pinball-loss"),
)
def quantile(pred: Tensor, target: Tensor, *, q: Levels = 0.5) -> Tensor:
    """Quantile (pinball) loss: of a prediction that a share q of the targets is below.

    loss = q · (target - prediction) above the prediction, (1 - q) · (prediction - target) below.
    With q of 0.5 it is half of mae. Predictions (N, Q) of several quantiles go with targets (N).

    Args:
        q: The share: one number, or one for each of the last axis, as in 0.1,0.5,0.9.

    Shape:
        Any; the target's is the same. Or predictions (N, Q), targets (N), and Q numbers q.

    Related:
        mae: with q of 0.5, quantile is half of it.
        expectile: the same for squared errors.

    Reference:
        sklearn.metrics.mean_pinball_loss; Koenker and Bassett, 1978.

    Example:
        >>> quantile(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]), q=0.9)
        tensor([0.9000, 0.2000])
    """
    error = target - pred
    return torch.maximum(times(q, error), times(q - 1, error))


@quantile.guessed("the quantiles")
def _(totals: Totals, *, q: Levels) -> float | None:
    """Those of the targets, where these are the same for all columns."""
    mass, columns = known(totals), totals.get("of columns")
    levels = np.atleast_1d(np.asarray(q, np.float64)).tolist()
    alike = len(levels) == 1 if columns is None else all(one == columns[0] for one in columns)
    if mass is None or not alike:
        return None

    def cost(pred: Tensor, target: Tensor, level: float) -> Tensor:
        error = target - pred
        return torch.maximum(level * error, (level - 1) * error)

    pairs = zip(levels, mass.quantiles(levels), strict=True)
    found = [mean_of(cost, mass, (place,), {"level": level}) for level, place in pairs]
    return sum(found) / len(found)


@loss(
    Values,
    reference="CatBoost's and XGBoost's expectile regression",
    aliases=("expectile-loss", "asymmetric-least-squares", "asymmetric-squared-error"),
)
def expectile(pred: Tensor, target: Tensor, *, alpha: Fraction = 0.5) -> Tensor:
    """Squared error that minds one side more: what quantile is to mae, this is to mse.

    loss = alpha · e² above the prediction, (1 - alpha) · e² below, with e = target - prediction.
    With alpha of 0.5 it is half of mse.

    Args:
        alpha: The weight of targets above their prediction.

    Shape:
        Any; the target's is the same.

    Related:
        mse: with alpha of 0.5, expectile is half of it.
        quantile: the same for absolute errors.

    Reference:
        Expectile of CatBoost, reg:expectileerror of XGBoost; Newey and Powell, 1987.

    Example:
        >>> expectile(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]), alpha=0.9)
        tensor([0.9000, 0.4000])
    """
    error = target - pred
    squared = error.square()
    return torch.where(error > 0, times(alpha, squared), times(1 - alpha, squared))


expectile.guessed("the best constant")(convex(expectile))
