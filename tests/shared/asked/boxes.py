"""Losses of boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from asked.base import LAWS, Example

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("box-iou", "giou", "diou", "ciou")


def corners(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    low = rng.uniform(0, 4, (*shape, 2))
    return np.concatenate([low, low + rng.uniform(0.5, 5, (*shape, 2))], -1)


def pairs(*more: int, **options: Any) -> Callable[[np.random.Generator, int], dict[str, Any]]:
    return lambda rng, n: {
        "pred": corners(rng, (n, *more)),
        "target": corners(rng, (n, *more)),
        **options,
    }


BOXES = Example(
    {"rows": pairs(), "images": pairs(5), "sizes": pairs(box_format="xywh,cxcywh")},
    options={"eps": "--eps 2", "box_format": "--box-format xywh"},
    laws=frozenset(LAWS),
    truth=lambda given: {**given, "pred": given["target"], "eps": 1e-300},
    shifted=("pred", "target"),
)

EXAMPLES = dict.fromkeys(NAMES, BOXES)
