"""Real outputs of models, and many like them: what mistakes are planted in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SAMPLES = Path(__file__).parents[2] / "samples"
LARGE = 6000


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def softmax(values):
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def at(array, place, value, dtype=None):
    """A copy with another value in places."""
    array = np.array(array, dtype)
    array[place] = value
    return array


class Data(NamedTuple):
    """Real outputs of models, and what was true; or many like them, with noise."""

    z: np.ndarray  # logits of one label
    y: np.ndarray  # and the label
    scores: np.ndarray  # logits of ten classes
    c: np.ndarray  # and the class
    p: np.ndarray  # predictions of a value
    t: np.ndarray  # and the value
    rng: Any


def data(large):
    z, y, scores, c, p, t = (
        np.load(SAMPLES / f"{name}.npy")
        for name in (
            "binary/logits",
            "binary/target",
            "digits/logits",
            "digits/target",
            "diabetes/pred",
            "diabetes/truth",
        )
    )
    z, scores, p = (one.astype(np.float64) for one in (z, scores, p))
    rng = np.random.default_rng(8)
    if large:
        z = rng.choice(z, LARGE) / 4 + rng.normal(size=LARGE)
        y = (rng.random(LARGE) < sigmoid(z)).astype(np.int64)
        scores = scores[rng.integers(len(scores), size=LARGE)] / 2
        scores += rng.normal(size=scores.shape)
        shares = softmax(scores).cumsum(1)
        c = (shares < rng.random((LARGE, 1))).sum(1).clip(0, 9)
        p = rng.choice(p, LARGE) + rng.normal(size=LARGE)
        t = p + rng.normal(size=LARGE) * 50
    return Data(z, y, scores, c, p, t, rng)
