"""Losses of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from asked.base import Example

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[np.random.Generator, int], dict[str, Any]]


def classes(kind: str = "logits", *pixels: int, last: bool = False, **options: Any) -> Make:
    def make(rng: np.random.Generator, n: int) -> dict[str, Any]:
        scores = np.maximum(rng.normal(0, 2, (n, 3, *(pixels or (2, 4)))), -6)
        shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        given = {"logits": scores, "probs": shares}[kind]
        given = np.ascontiguousarray(np.moveaxis(given, 1, -1)) if last else given
        return {kind: given, "target": rng.integers(0, 3, (n, *scores.shape[2:])), **options}

    return make


def hot(rng: np.random.Generator, n: int) -> dict[str, Any]:
    made = classes()(rng, n)
    return {**made, "target": np.moveaxis(np.eye(3)[made["target"]], -1, 1), "ignore": ["one-hot"]}


def binary(**options: Any) -> Make:
    return lambda rng, n: {
        "logits": rng.normal(0, 2, (n, 3, 5)),
        "target": rng.integers(0, 2, (n, 3, 5)),
        **options,
    }


def lacking(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """No pixel is of the last class."""
    made = classes()(rng, n)
    return {**made, "target": np.minimum(made["target"], 1)}


def truth(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "logits": 1e3 * np.moveaxis(np.eye(3)[given["target"]], -1, 1)}


FORMS = {
    "classes": classes(),
    "--probs": classes("probs"),
    "lines": classes("logits", 7),
    "classes last": classes("logits", 2, 2, last=True, class_axis=-1),
    "one-hot": hot,
    "binary": binary(),
    "lacking": lacking,
}
OPTIONS = {
    "smooth": "--smooth 1",
    "reduce_over": "--reduce-over batch",
    "absent": ("lacking", "--absent skip"),
    "include_background": "--no-include-background",
    "ignore_index": "--ignore-index 1",
    "class_axis": "--class-axis 0",
    "threshold": ("binary", "--threshold 1"),
    "classes": "--classes a,b,c",
    "target_base": "--target-base 1",
    "w_type": "--w-type uniform",
    "alpha": "--alpha 0.9",
    "beta": "--beta 0.2",
    "gamma": "--gamma 2",
    "lambda_dice": "--lambda-dice 3",
    "lambda_ce": "--lambda-ce 3",
    "per_image": "--per-image",
}
LAWS = frozenset({"zero at truth", "non-negative", "row order", "shift"})
EACH = Example({**FORMS, "skip": classes(absent="skip")}, OPTIONS, LAWS, truth)

EXAMPLES = {
    **dict.fromkeys(("dice", "jaccard", "tversky"), EACH),
    "focal-tversky": Example(FORMS, OPTIONS, LAWS - {"row order"}, truth, alone=False, rows=False),
    "generalized-dice": Example(FORMS, OPTIONS, LAWS, truth),
    "dice-ce": Example(
        {name: form for name, form in FORMS.items() if name != "--probs"}, OPTIONS, LAWS, truth
    ),
    "lovasz": Example(
        {**FORMS, "per image": binary(per_image=True)},
        OPTIONS | {"classes": ("lacking", "--classes all")},
        LAWS - {"row order"},
        truth,
        alone=False,
        rows=False,
    ),
}
