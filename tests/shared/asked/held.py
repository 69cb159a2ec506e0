"""Losses that hold the weights of a layer."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

from asked.base import Example, Held

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

SIZE, CLASSES = 4, 9


def linear(*row: int, bias: bool = False) -> Callable[[np.random.Generator, int], dict[str, Any]]:
    def make(rng: np.random.Generator, n: int) -> dict[str, Any]:
        given = {"features": rng.normal(size=(n, *row, SIZE))}
        given["weight_matrix"] = rng.normal(size=(CLASSES, SIZE)).view(Held)
        if bias:
            given["bias"] = rng.normal(size=CLASSES).view(Held)
        return {**given, "target": rng.integers(0, CLASSES, (n, *row))}

    return make


def adaptive(*row: int) -> Callable[[np.random.Generator, int], dict[str, Any]]:
    def make(rng: np.random.Generator, n: int) -> dict[str, Any]:
        target = rng.integers(0, CLASSES, (n, *row))
        features = rng.normal(size=(n, *row, SIZE))
        return {"features": features, "state": module(rng), "target": target}

    return make


def module(rng: np.random.Generator) -> dict[str, np.ndarray]:
    shapes = {
        "head.weight": (5, SIZE),
        "head.bias": (5,),
        "tail.0.0.weight": (2, SIZE),
        "tail.0.1.weight": (2, 2),
        "tail.1.0.weight": (1, SIZE),
        "tail.1.1.weight": (4, 1),
    }
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


NEGATIVE = "--sample-weight [-1,1,1,1,1,1,1,1]"
STRICT = {"strict": (f"--{{kind}} {{prediction}} {{rest}} {NEGATIVE}", "--strict")}
"""A warning of both: infinite features are refused."""

EXAMPLES = {
    "linear-ce": Example(
        {"plain": linear(), "with a bias": linear(bias=True), "of sequences": linear(5)},
        options={
            "weight": "--weight 1,2,3,4,5,6,7,8,9",
            "ignore_index": "--ignore-index 8",
            "label_smoothing": "--label-smoothing 0.2",
            "temperature": "--temperature 2",
            "shift": ("of sequences", "--shift 1"),
            **STRICT,
        },
        limits=(
            (
                {
                    "features": [[0.0, 0.0], [1e4, 0.0], [1e4, 0.0], [-1e4, 1.0]],
                    "weight_matrix": [[1.0, 0.0], [0.0, 0.0]],
                    "target": [0, 0, 1, 0],
                },
                [log(2), 0, 1e4, 1e4],
            ),
        ),
        laws=frozenset({"non-negative", "row order"}),
    ),
    "adaptive-ce": Example(
        {"plain": adaptive(), "of sequences": adaptive(5)},
        options={
            "cutoffs": "--cutoffs 2,5",
            "ignore_index": "--ignore-index 7",
            "shift": ("of sequences", "--shift 1"),
            **STRICT,
        },
        limits=(
            (
                {
                    "features": [[0.0], [0.0], [0.0], [1e4], [1e4], [-1e4]],
                    "state": {
                        "head.weight": [[0.0], [1.0]],
                        "tail.0.0.weight": [[1.0]],
                        "tail.0.1.weight": [[0.0], [1.0]],
                    },
                    "target": [0, 1, 2, 0, 1, 1],
                },
                [log(2), 2 * log(2), 2 * log(2), 1e4, 1e4, 1e4],
            ),
        ),
        laws=frozenset({"non-negative", "row order"}),
    ),
}
