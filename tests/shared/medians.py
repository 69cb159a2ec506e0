"""What single targets cost of losses whose best constant is guessed to be the median."""

from __future__ import annotations

import numpy as np

AT_MEDIAN = {
    "smape": lambda y, c: 2 * abs(c - y) / (abs(c) + abs(y)),
    "cauchy": lambda y, c: np.log1p((c - y) ** 2 / 2),
    "welsch": lambda y, c: 1 - np.exp(-((c - y) ** 2) / 2),
    "geman-mcclure": lambda y, c: 2 * (c - y) ** 2 / ((c - y) ** 2 + 4),
    "wing": lambda y, c: np.where(
        abs(c - y) < 5,
        5 * np.log1p(abs(c - y) / 0.5),
        abs(c - y) - 5 + 5 * np.log1p(5 / 0.5),
    ),
}
