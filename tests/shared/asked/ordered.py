"""Losses of classes in an order."""

from __future__ import annotations

from math import inf

import numpy as np

from asked.base import Example


def shares(rng, n, columns):
    scores = np.exp(rng.normal(0, 2, (n, columns)))
    return scores / scores.sum(1, keepdims=True)


EXAMPLES = {
    "rps": Example(
        {
            "--logits": lambda rng, n: {
                "logits": rng.normal(0, 2, (n, 5)),
                "target": rng.integers(0, 5, n),
            },
            "--probs": lambda rng, n: {
                "probs": shares(rng, n, 5),
                "target": rng.integers(0, 5, n),
            },
        },
        options={
            "normalize": "--no-normalize",
            "ignore_index": "--ignore-index 1",
            "class_axis": "--class-axis 0",
            "classes": "--classes a,b,c,d,e,f",
        },
        laws=frozenset({"row order", "non-negative", "zero at truth", "shift"}),
        truth=lambda given: given | {"logits": 1e3 * np.eye(5)[given["target"]]},
        limits=[({"logits": [[inf, 0.0, 0.0], [1e4, -1e4, 0.0]], "target": [2, 0]}, [1, 0])],
    ),
    "coral": Example(
        {
            "--logits": lambda rng, n: {
                "logits": rng.normal(0, 2, (n, 4)),
                "target": rng.integers(0, 5, n),
            }
        },
        options={"weight": "--weight 1,2,3,4", "classes": "--classes a,b,c"},
        laws=frozenset({"row order", "non-negative", "zero at truth"}),
        truth=lambda given: (
            given | {"logits": 1e3 * (given["target"][:, None] - 0.5 - np.arange(4))}
        ),
        limits=[({"logits": [[inf, -inf], [inf, 1.0]], "target": [1, 0]}, [0, inf])],
    ),
}
