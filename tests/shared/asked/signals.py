"""Losses of signals and images, and of errors in another unit."""

from __future__ import annotations

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
    ),
    "si-sdr": Example(
        {"signals": pairs(40), "channels": pairs(2, 7)},
        options={"zero_mean": "--zero-mean"},
        laws=frozenset({"row order"}),
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
    ),
}
