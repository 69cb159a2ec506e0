"""Losses of the parameters of a distribution."""

from __future__ import annotations

from math import inf, log

import numpy as np

from asked.base import Example


def values(width, wide=lambda rng, n: rng.exponential(size=n) + 0.1):
    """What makes means and targets with a width."""

    def make(rng, n):
        mean = rng.normal(size=n)
        return {"mean": mean, width: wide(rng, n), "target": mean + rng.normal(0, 0.1, n)}

    return make


def counts(mean, wide, columns):
    """What makes means and counts; total counts of 3 columns, of 1 or of none."""

    def make(rng, n):
        rate = rng.exponential(5, size=(n, 3) if columns else n)
        given = {mean: rate if mean == "rate" else np.log(rate)}
        given[wide] = rng.exponential(20, size=(n, *columns)) + 0.1
        return given | {"target": rng.poisson(5, size=rate.shape)}

    return make


MOVED = frozenset({"row order", "symmetric", "shift"})
BOTH = ("mean", "target")

EXAMPLES = {
    "gaussian-nll": Example(
        {
            "--var": lambda rng, n: {
                "mean": rng.normal(size=n),
                "var": rng.exponential(size=n) + 0.1,
                "target": rng.normal(size=n),
            },
            "--std": lambda rng, n: {
                "mean": rng.normal(size=(n, 3)),
                "std": rng.exponential(size=(n, 1)) + 0.1,
                "target": rng.normal(size=(n, 3)),
            },
            "--log-var": lambda rng, n: {
                "mean": rng.normal(size=(n, 3)),
                "log_var": rng.normal(size=n),
                "target": rng.normal(size=(n, 3)),
            },
            "one --var": lambda rng, n: {
                "mean": rng.normal(size=(n, 3)),
                "var": [1.0, 2.0, 3.0],
                "target": rng.normal(size=(n, 3)),
            },
        },
        options={"full": "--full", "eps": "--eps 2"},
        laws=MOVED,
        shifted=BOTH,
        limits=[
            ({"mean": [0.0, 1.0], "var": [1.0, 4.0], "target": [0.0, 1.0]}, [0, log(4) / 2]),
            ({"mean": [inf, 0.0], "var": [1.0, inf], "target": [0.0, 0.0]}, [inf, inf]),
            ({"mean": [1.0], "var": [0.0], "target": [1.0]}, [log(1e-6) / 2]),
            ({"mean": [0.0], "log_var": [inf], "target": [1.0]}, [inf]),
        ],
    ),
    "laplace-nll": Example(
        {"--scale": values("scale")},
        laws=MOVED,
        shifted=BOTH,
        limits=[({"mean": [0.0, inf], "scale": [1.0, 1.0], "target": [0.0, 0.0]}, [log(2), inf])],
    ),
    "student-t": Example(
        {"--scale": values("scale")},
        options={"df": "--df 2"},
        laws=MOVED,
        shifted=BOTH,
        limits=[
            ({"mean": [0.0, inf], "scale": [1.0, 1.0], "target": [0.0, 0.0]}, [log(8 / 3), inf])
        ],
    ),
    "crps": Example(
        {
            "--std": values("std"),
            "--var": values("var"),
            "--log-var": values("log_var", lambda rng, n: rng.normal(size=n)),
        },
        laws=MOVED | {"non-negative"},
        shifted=BOTH,
        limits=[({"mean": [1.0, inf], "std": [0.0, 1.0], "target": [3.0, 0.0]}, [2, inf])],
    ),
    "gaussian-kl": Example(
        {
            "--log-var": lambda rng, n: {
                "mean": rng.normal(size=(n, 5)),
                "log_var": rng.normal(size=(n, 5)),
            },
            "--var": lambda rng, n: {
                "mean": rng.normal(size=(n, 2, 3)),
                "var": rng.exponential(size=(n, 2, 3)) + 0.1,
            },
            "--std": lambda rng, n: {"mean": rng.normal(size=(n, 5)), "std": 0.5},
        },
        laws=frozenset({"row order", "non-negative", "zero at truth"}),
        truth=lambda given: {key: 0 * value for key, value in given.items()},
        limits=[({"mean": [[0.0], [inf], [0.0]], "log_var": [[0.0], [0.0], [inf]]}, [0, inf, inf])],
    ),
    "interval": Example(
        {
            "--lower --upper": lambda rng, n: {
                "lower": rng.normal(size=n) - 6,
                "upper": rng.normal(size=n) + 6,
                "target": 8 * rng.normal(size=n),
            }
        },
        options={"alpha": "--alpha 0.5"},
        laws=frozenset({"row order", "non-negative", "zero at truth", "shift"}),
        truth=lambda given: dict.fromkeys(given, given["target"]),
        shifted=("lower", "upper", "target"),
        limits=[({"lower": [0.0, -inf], "upper": [1.0, 0.0], "target": [2.0, 0.0]}, [41, inf])],
    ),
    "negative-binomial": Example(
        {
            f"--{mean} --{wide}".replace("_", "-"): counts(mean, wide, columns)
            for mean, wide, columns in (
                ("rate", "total_count", ()),
                ("log_rate", "total_count", (1,)),
                ("logits", "total_count", (3,)),
                ("rate", "dispersion", (1,)),
                ("log_rate", "dispersion", (3,)),
            )
        },
        laws=frozenset({"row order", "non-negative"}),
        positive=True,
        limits=[
            ({"rate": [0.0, 0.0, inf], "total_count": 1.0, "target": [0, 3, 1]}, [0, inf, inf])
        ],
    ),
}
