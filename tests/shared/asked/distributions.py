"""Losses of the parameters of a distribution."""

from __future__ import annotations

from math import inf, log

from asked.base import Example

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
        laws=frozenset({"row order", "symmetric", "shift"}),
        shifted=("mean", "target"),
        limits=[
            ({"mean": [0.0, 1.0], "var": [1.0, 4.0], "target": [0.0, 1.0]}, [0, log(4) / 2]),
            ({"mean": [inf, 0.0], "var": [1.0, inf], "target": [0.0, 0.0]}, [inf, inf]),
            ({"mean": [1.0], "var": [0.0], "target": [1.0]}, [log(1e-6) / 2]),
            ({"mean": [0.0], "log_var": [inf], "target": [1.0]}, [inf]),
        ],
    ),
}
