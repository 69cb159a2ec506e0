"""Losses of sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from asked.base import Example

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS, CLASSES, LABELS = 7, 4, 3


def sequences(
    kind: str, *lengths: str, ended: bool = True
) -> Callable[[np.random.Generator, int], dict[str, Any]]:
    def make(rng: np.random.Generator, n: int) -> dict[str, Any]:
        scores = np.maximum(rng.normal(0, 2, (n, STEPS, CLASSES)), -6)
        logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
        own = rng.integers(1, LABELS + 1, n)
        target = rng.integers(1, CLASSES, (n, LABELS))
        if ended:
            target = np.where(np.arange(LABELS) < own[:, None], target, -1)
        given = {kind: scores if kind == "logits" else logs, "target": target}
        every = {"input_lengths": rng.integers(6, STEPS + 1, n), "target_lengths": own}
        more = {name: every[name] for name in lengths}
        return {**given, **more, "batch_first": True}

    return make


BOTH = ("input_lengths", "target_lengths")
EXAMPLES = {
    "ctc": Example(
        {
            "--logits": sequences("logits"),
            "--logits to a length": sequences("logits", "input_lengths"),
            "--logits of lengths": sequences("logits", "target_lengths", ended=False),
            "--logits with lengths": sequences("logits", *BOTH, ended=False),
            "--log-probs": sequences("log_probs"),
            "--log-probs to a length": sequences("log_probs", "input_lengths"),
            "--log-probs of lengths": sequences("log_probs", "target_lengths", ended=False),
            "--log-probs with lengths": sequences("log_probs", *BOTH, ended=False),
        },
        options={
            "blank": "--blank 1",
            "zero_infinity": ("--logits to a length", "--zero-infinity --input-lengths 2"),
            "batch_first": "--no-batch-first",
            "classes": "--classes a,b,c",
        },
        laws=frozenset({"non-negative", "row order", "shift"}),
    ),
}
