"""Losses of real-valued predictions."""

from __future__ import annotations

from losscli.losses.regression.plain import huber, mae, mse, rmse, smooth_l1
from losscli.losses.regression.relative import mape, mase, msle, rmsle, smape, wape
from losscli.losses.regression.robust import (
    cauchy,
    charbonnier,
    geman_mcclure,
    log_cosh,
    welsch,
    wing,
)
from losscli.losses.regression.sided import expectile, quantile

__all__ = [
    "cauchy",
    "charbonnier",
    "expectile",
    "geman_mcclure",
    "huber",
    "log_cosh",
    "mae",
    "mape",
    "mase",
    "mse",
    "msle",
    "quantile",
    "rmse",
    "rmsle",
    "smape",
    "smooth_l1",
    "wape",
    "welsch",
    "wing",
]
