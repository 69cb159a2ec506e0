"""Losses of one prediction and one target with data that suit them: see :mod:`asked` for others."""

from __future__ import annotations

import numpy as np
import torch

CASES = {  # the loss, its kind, classes or columns, the target
    "bce --logits": ("bce", "logits", (), "label"),
    "bce --logits soft": ("bce", "logits", (3,), "share"),
    "bce --probs": ("bce", "probs", (), "label"),
    "bce --log-probs": ("bce", "log_probs", (), "share"),
    "focal --logits": ("focal", "logits", (), "share"),
    "focal --probs": ("focal", "probs", (), "label"),
    "hinge": ("hinge", "logits", (), "label"),
    "squared-hinge": ("squared-hinge", "logits", (), "label"),
    "soft-margin": ("soft-margin", "logits", (), "label"),
    "zero-one": ("zero-one", "logits", (), "label"),
    "zero-one classes": ("zero-one", "logits", (5,), "class"),
    "multilabel-soft-margin": ("multilabel-soft-margin", "logits", (7,), "label"),
    "mse": ("mse", "pred", (), "value"),
    "mae": ("mae", "pred", (3,), "value"),
    "smooth-l1": ("smooth-l1", "pred", (), "value"),
    "huber": ("huber", "pred", (), "value"),
    **{name: (name, "pred", (), "value") for name in ("rmse", "smape", "wape", "mape")},
    **{name: (name, "pred", (), "value") for name in ("cauchy", "charbonnier", "log-cosh")},
    **{name: (name, "pred", (), "value") for name in ("welsch", "geman-mcclure", "wing")},
    **{name: (name, "pred", (), "value") for name in ("expectile", "quantile")},
    **{name: (name, "pred", (3,), "amount") for name in ("msle", "rmsle")},
    "quantile of several": ("quantile", "pred", (3,), "value of several"),
    **{f"{name} --rate": (name, "rate", (), "amount") for name in ("tweedie", "gamma")},
    **{f"{name} --log-rate": (name, "log_rate", (), "amount") for name in ("tweedie", "gamma")},
    "poisson-nll --rate": ("poisson-nll", "rate", (3,), "count"),
    "poisson-nll --log-rate": ("poisson-nll", "log_rate", (), "count"),
    "ce --logits": ("ce", "logits", (7,), "class"),
    "ce --logits images": ("ce", "logits", (3, 5), "class"),
    "ce --logits tokens": ("ce", "logits", (5, 3), "last class"),
    "ce --logits soft": ("ce", "logits", (7,), "distribution"),
    "ce --probs": ("ce", "probs", (7,), "class"),
    "ce --log-probs": ("ce", "log_probs", (7,), "class"),
    "nll": ("nll", "log_probs", (7,), "class"),
    "perceptron": ("perceptron", "logits", (), "label"),
    "brier": ("brier", "logits", (), "share"),
    "brier --probs": ("brier", "probs", (), "label"),
    "brier classes": ("brier", "logits", (5,), "class"),
    "brier images": ("brier", "probs", (3, 5), "class"),
    "brier soft": ("brier", "probs", (7,), "distribution"),
    "asl": ("asl", "logits", (3,), "label"),
    "asl --probs": ("asl", "probs", (), "share"),
    "multilabel-margin": ("multilabel-margin", "logits", (7,), "label"),
    "zlpr": ("zlpr", "logits", (7,), "label"),
    "multi-margin": ("multi-margin", "logits", (7,), "class"),
    "multi-margin images": ("multi-margin", "logits", (3, 5), "class"),
    "multiclass-hinge": ("multiclass-hinge", "logits", (7,), "class"),
    "multiclass-hinge tokens": ("multiclass-hinge", "logits", (5, 3), "last class"),
    "categorical-hinge": ("categorical-hinge", "logits", (7,), "class"),
    "categorical-hinge soft": ("categorical-hinge", "logits", (7,), "distribution"),
    "focal-ce --logits": ("focal-ce", "logits", (7,), "class"),
    "focal-ce --logits soft": ("focal-ce", "logits", (7,), "distribution"),
    "focal-ce --probs": ("focal-ce", "probs", (3, 5), "class"),
    "poly1 --logits": ("poly1", "logits", (7,), "class"),
    "poly1 --probs": ("poly1", "probs", (7,), "distribution"),
    "gce --logits": ("gce", "logits", (7,), "class"),
    "gce --probs": ("gce", "probs", (5, 3), "last class"),
    "js --logits": ("js", "logits", (7,), "distribution"),
    "js --probs": ("js", "probs", (7,), "distribution"),
    "kl --logits": ("kl", "logits", (7,), "distribution"),
    "kl --probs": ("kl", "probs", (7,), "distribution"),
    "kl --log-probs": ("kl", "log_probs", (7,), "distribution"),
}


def data(case, rows, dtype=np.float32):
    """The same first rows, whatever their number."""
    _, kind, row, target = CASES[case]
    rng = np.random.default_rng(1)
    z = torch.from_numpy(rng.normal(0, 3, (2000, *row)))[:rows]
    axis = -1 if target == "last class" else 1
    choice = row and target not in ("label", "share", "value")
    positive = target == "amount"
    given = {
        "logits": lambda: z,
        "pred": lambda: z.exp() if positive else z,
        "rate": z.exp,
        "log_rate": lambda: z,
        "probs": lambda: z.softmax(axis) if choice else z.sigmoid(),
        "log_probs": lambda: z.log_softmax(axis) if choice else z.sigmoid().log(),
    }[kind]()
    other = torch.from_numpy(rng.normal(0, 3, (2000, *row)))[:rows]
    wanted = {
        "label": (other > 0).long,
        "share": other.sigmoid,
        "value": lambda: other,
        "value of several": lambda: other[:, 0],
        "amount": other.exp,
        "count": lambda: other.exp().floor(),
        "class": lambda: other.argmax(1),
        "last class": lambda: other.argmax(-1),
        "distribution": lambda: other.softmax(1),
    }[target]()
    real = wanted.is_floating_point()
    several = {"q": [0.1, 0.5, 0.9]} if target == "value of several" else {}
    return several | {
        kind: given.numpy().astype(dtype),
        "target": wanted.numpy().astype(dtype) if real else wanted.numpy(),
        "ignore": ["probs-sum", "log-probs-sum", "target-sum"],
    }
