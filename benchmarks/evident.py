"""Warnings that are true of a data set: a naive look at it says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Given = dict[str, Any]


def evident(code: str, given: Given) -> bool:
    """Whether anyone can see in the data what a warning says, which then suspects nothing."""
    return code in EVIDENT and EVIDENT[code](given)


def _clamped(given: Given) -> bool:
    """Probabilities of 1 or of 0, or next to it, on the wrong side."""
    if "probs" not in given:
        return False
    probs, target = given["probs"], given["target"]
    return bool((((probs < 1e-43) & (target > 0)) | ((probs == 1) & (target < 1))).any())


def _impossible(given: Given) -> bool:
    """A true class of probability 0."""
    if "probs" not in given:
        return False
    probs, target = given["probs"], given["target"]
    hot = target if np.ndim(target) > 1 else np.eye(probs.shape[1])[target]
    return bool(((probs == 0) & (hot > 0)).any())


def _constant(given: Given) -> bool:
    """All rows are given the same, of a model that has learned nothing of them."""
    pred = next(given[kind] for kind in ("logits", "probs", "pred") if kind in given)
    return bool((pred == pred[:1]).all() and len({*given["target"].tolist()}) > 1)


def _empty(given: Given) -> bool:
    """A batch in which every row is ignored."""
    y, size = given["target"], given["batch_size"]
    return any((y[at : at + size] == -100).all() for at in range(0, len(y), size))


def _square(given: Given) -> bool:
    """As many rows as columns, and as many weights."""
    return np.shape(given["logits"]) == 2 * np.shape(given["weight"])


def _smoothed(given: Given) -> bool:
    """One share for the true class, and one for each of the others; together they are 1."""
    shares = np.asarray(given["pred"])
    low, *_, high = sorted({*shares.ravel().tolist()})
    others = shares.shape[1] - 1 if shares.ndim > 1 else 1
    return bool(np.isclose(high + others * low, 1) and ((shares == low) | (shares == high)).all())


EVIDENT: dict[str, Callable[[Given], bool]] = {
    "clamped": _clamped,
    "impossible": _impossible,
    "constant": _constant,
    "empty-batches": _empty,
    "smoothed": _smoothed,
    "weight-axis": _square,
}
