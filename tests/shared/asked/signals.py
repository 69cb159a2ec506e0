"""Losses of signals and images, and of errors in another unit."""

from __future__ import annotations

from math import inf

import numpy as np

from asked.base import Example


def pairs(*row):
    """Signals of which some are near to their targets."""

    def make(rng, n):
        target = rng.normal(size=(n, *row))
        return {"pred": target + rng.normal(0, 0.8, target.shape), "target": target}

    return make


def images(*row):
    """Images of which each is somewhat like its target."""

    def make(rng, n):
        target = rng.random((n, *row))
        return {"pred": target + rng.normal(0, 0.3, target.shape), "target": target}

    return make


DARK, WHITE = np.zeros((11, 11)).tolist(), np.ones((11, 11)).tolist()
SPOT = (np.where(np.eye(11) > 0, -inf, 0.5) * [1, -1, *[1] * 9]).tolist()


def same(given):
    return given | {"pred": given["target"]}


EVERY = frozenset({"row order", "non-negative", "zero at truth", "symmetric", "shift"})

EXAMPLES = {
    "psnr": Example(
        {
            "--pred": lambda rng, n: {
                "pred": rng.random((n, 3)),
                "target": rng.random((n, 3)),
            }
        },
        options={"data_range": "--data-range 255"},
        laws=EVERY,
        truth=same,
        shifted=("pred", "target"),
        limits=[({"pred": [inf, 1.0], "target": [0.0, 1.0]}, [inf, 0])],
    ),
    "ssim": Example(
        {"images": images(12, 13), "channels": images(2, 11, 12)},
        options={"data_range": "--data-range 255"},
        laws=EVERY - {"shift"},
        truth=same,
        limits=[
            ({"pred": [[[inf] * 11] * 11, DARK], "target": [DARK, DARK]}, [1, 0]),
            ({"pred": [SPOT], "target": [DARK]}, [1]),
            ({"pred": [DARK], "target": [WHITE], "data_range": 1e-30}, [1]),
        ],
    ),
    "si-sdr": Example(
        {"signals": pairs(40), "channels": pairs(2, 7)},
        options={"zero_mean": "--zero-mean"},
        laws=frozenset({"row order"}),
        limits=[
            ({"pred": [[2.0, 0.0], [0.0, 0.0]], "target": [[1.0, 0.0], [1.0, 0.0]]}, [-inf, inf])
        ],
    ),
    "mase": Example(
        {
            "--scale": lambda rng, n: {
                "pred": rng.normal(size=n),
                "scale": rng.exponential(size=n) + 0.1,
                "target": rng.normal(size=n),
            }
        },
        laws=EVERY,
        truth=same,
        shifted=("pred", "target"),
        limits=[({"pred": [inf, 1.0], "scale": [1.0, 2.0], "target": [0.0, 2.0]}, [inf, 0.5])],
    ),
}
