"""Predictions and targets of the samples, and more of them made of those."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).parents[2] / "samples"
LARGE = 20_000


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def softmax(values):
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def drawn(shares, rng):
    """A class for each row, as often as its probability says."""
    return (shares.cumsum(1) < rng.random((len(shares), 1))).sum(1).clip(0, shares.shape[1] - 1)


def binary(large):
    """Logits of a model that is right as often as it says, and labels."""
    logits = np.load(SAMPLES / "binary/logits.npy").astype(np.float64)
    target = np.load(SAMPLES / "binary/target.npy")
    if not large:
        return logits, target
    rng = np.random.default_rng(5)
    logits = rng.choice(logits, LARGE) / 4 + rng.normal(size=LARGE)
    return logits, (rng.random(LARGE) < sigmoid(logits)).astype(np.int64)


def classes(large):
    """Logits of ten classes, and which one it was."""
    logits = np.load(SAMPLES / "digits/logits.npy").astype(np.float64)
    target = np.load(SAMPLES / "digits/target.npy")
    if not large:
        return logits, target
    rng = np.random.default_rng(6)
    logits = logits[rng.integers(len(logits), size=LARGE)] / 2
    logits += rng.normal(size=logits.shape)
    return logits, drawn(softmax(logits), rng)


def values(large):
    """Predictions of a regression, and what came true."""
    pred = np.load(SAMPLES / "diabetes/pred.npy").astype(np.float64)
    truth = np.load(SAMPLES / "diabetes/truth.npy").astype(np.float64)
    if not large:
        return pred, truth
    rng = np.random.default_rng(7)
    pred = rng.choice(pred, LARGE) + rng.normal(size=LARGE)
    return pred, pred + rng.normal(size=LARGE) * 50
