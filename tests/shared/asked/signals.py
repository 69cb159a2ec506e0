"""Losses of signals and images, and of errors in another unit."""

from __future__ import annotations

from math import inf

from asked.base import Example


def pairs(*row):
    """Signals of which some are near to their targets."""

    def make(rng, n):
        target = rng.normal(size=(n, *row))
        return {"pred": target + rng.normal(0, 0.8, target.shape), "target": target}

    return make


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
