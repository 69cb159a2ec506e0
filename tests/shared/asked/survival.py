"""Losses of times until an event."""

from __future__ import annotations

from math import inf, log

import numpy as np

from asked.base import Example

EXAMPLES = {
    "cox": Example(
        {
            "--log-hazard": lambda rng, n: {
                "log_hazard": rng.normal(0, 2, n),
                "time": np.ceil(rng.exponential(5, n)),
                "event": (rng.random(n) < 0.8).astype(np.int64),
            }
        },
        options={"ties": "--ties efron"},
        laws=frozenset({"row order", "non-negative", "shift"}),
        alone=False,
        limits=[
            ({"log_hazard": [inf, 0.0, 0.0], "time": [1, 2, 3], "event": [1, 1, 1]}, [0, log(2), 0])
        ],
    ),
}
