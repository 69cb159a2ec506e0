"""Real outputs of models, and many like them: what mistakes are planted in."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from real import binary, classes, sigmoid, softmax, values

__all__ = ["Data", "at", "data", "sigmoid", "softmax"]

LARGE = 6000


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
    arrays = [*binary(large), *classes(large), *values(large)]
    return Data(*(one[:LARGE] for one in arrays), np.random.default_rng(8))
