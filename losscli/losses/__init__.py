"""Every loss: the registry, in the order in which help shows the families."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from losscli.registry import Loss, Registry

FAMILIES = {
    "binary": "Binary and multi-label",
    "multiclass": "Multi-class and distributions",
    "regression": "Regression",
    "probabilistic": "Probabilistic regression",
    "ordinal": "Ordered classes",
    "survival": "Survival",
    "signal": "Signals and images",
    "segmentation": "Segmentation",
    "boxes": "Boxes",
    "embeddings": "Embeddings",
    "ranking": "Ranking",
    "sequence": "Sequences",
}
"""The modules or packages in this one, and what their families are called."""

_SEVERAL = {
    "log-loss": "bce is for one probability a row, ce for one a class",
    "iou": "jaccard is for masks, box-iou for boxes",
    "poisson-deviance": "poisson-nll is the likelihood, tweedie --power 1 the deviance",
    "mean-poisson-deviance": "poisson-nll is the likelihood, tweedie --power 1 the deviance",
    "l2-loss": "mse is the squared error; optax halves it, TensorFlow halves the sum",
}
"""Names that mean different losses in different libraries, and the choices."""


def _collected() -> list[Loss[Any, Any]]:
    modules = [import_module(f"losscli.losses.{family}") for family in FAMILIES]
    return [one for module in modules for one in vars(module).values() if isinstance(one, Loss)]


losses = Registry(_collected(), _SEVERAL)

__all__ = ["FAMILIES", "losses"]
