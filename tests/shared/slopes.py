"""Finite differences of the reduced loss as losscli itself gives it, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from losscli import evaluate

STEP = 1e-6
SUMS = ("probs-sum", "log-probs-sum", "target-sum")
"""What a step away from a distribution is warned of."""


def asked(given: dict[str, Any]) -> dict[str, Any]:
    """The same question, whose warnings of sums nobody has to hear."""
    return {**given, "ignore": [*given.get("ignore", []), *SUMS]}


def direction(rng: np.random.Generator, name: str, key: str, value: np.ndarray) -> np.ndarray:
    """Somewhere to go from a prediction, where it remains one."""
    found = rng.normal(size=value.shape)
    if key == "probs":
        return found * np.minimum(value, 1 - value)
    if key == "rate":
        return found * value
    if key == "log_probs" and name == "ctc":  # of distributions: see the docstring of ctc
        return found - (found * np.exp(value)).sum(-1, keepdims=True)
    if key == "log_probs":
        return -np.abs(found) * np.minimum(1, np.abs(value))
    return found


def compare(
    name: str, given: dict[str, Any], *, seed: int = 0, directions: int = 2, close: float = 1e-6
) -> None:
    """Every gradient of a question must foretell what small steps change.

    Raises:
        AssertionError: it does not.
    """
    rng = np.random.default_rng(seed)
    given = asked(given)
    found = evaluate(name, **given, grad=True)
    assert found.gradient
    for key, slope in found.gradient.items():
        value = np.asarray(given[key], float)
        assert slope.shape == value.shape, key
        assert np.isfinite(slope).all(), key
        for _ in range(directions):
            way = direction(rng, name, key, value)
            ends = [
                evaluate(name, **given | {key: value + side * STEP * way}).value for side in (1, -1)
            ]
            difference = (ends[0] - ends[1]) / (2 * STEP)
            scale = np.abs(slope * way).sum() + abs(found.value) * 1e-7 / STEP * 1e-2
            assert abs((slope * way).sum() - difference) <= close * scale + 1e-9, (key, difference)
