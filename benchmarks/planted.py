"""Mistakes, each planted in data of a model that is right as often as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from healthy import Ask, drawn, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Rng = np.random.Generator
    Made = dict[str, Any]

SIZES = (30, 100, 300, 1000, 10_000)
CLASSES = 5


class Mistake(NamedTuple):
    """What is planted.

    Attributes:
        code: The warning that it should raise.
        loss: What is asked.
        data: Makes predictions and targets.
        plant: Makes the inputs of the mistake of them.
    """

    code: str
    loss: str
    data: Callable[[int, Rng], tuple[np.ndarray, np.ndarray]]
    plant: Callable[[np.ndarray, np.ndarray, Rng], Made]


def _binary(count: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Some 85 % are right."""
    logits = 3 * rng.normal(size=count)
    return logits, (rng.random(count) < sigmoid(logits)).astype(int)


def _classes(count: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Some 80 % are right."""
    logits = 4 * rng.normal(size=(count, CLASSES))
    return logits, drawn(softmax(logits), rng)


def _values(count: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """A correlation of 0.8."""
    pred = 8 * rng.normal(size=count) + 100
    return pred, pred + 6 * rng.normal(size=count)


def _slip(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    pred = pred.copy()
    pred[rng.integers(len(pred))] = -99_999
    return {"pred": pred, "target": truth}


def _unit(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"pred": (pred + truth) * 500, "target": truth}


def _squeezed(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    logits = logits.copy()
    logits[:, 3] = logits.min() - 1
    return {"logits": logits, "target": y}


def _logits(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {"logits": logits, "target": y}


PLANTED = {
    "sigmoid in --logits": Mistake(
        "probs-as-logits", "bce", _binary, lambda z, y, _: _logits(sigmoid(z), y, _)
    ),
    "softmax in --logits": Mistake(
        "probs-as-logits", "ce", _classes, lambda z, y, _: _logits(softmax(z), y, _)
    ),
    "sigmoid taken twice": Mistake(
        "squashed-twice",
        "bce",
        _binary,
        lambda z, y, _: {"probs": sigmoid(sigmoid(z)), "target": y},
    ),
    "softmax taken twice": Mistake(
        "squashed-twice",
        "ce",
        _classes,
        lambda z, y, _: {"probs": softmax(softmax(z)), "target": y},
    ),
    "files swapped": Mistake(
        "swapped", "bce", _binary, lambda z, y, _: {"probs": y, "target": sigmoid(z)}
    ),
    "labels turned round": Mistake(
        "inverted", "bce", _binary, lambda z, y, _: _logits(z, 1 - y, _)
    ),
    "scores turned round": Mistake("inverted", "hinge", _binary, lambda z, y, _: _logits(-z, y, _)),
    "a row late, two classes": Mistake(
        "shifted-rows", "bce", _binary, lambda z, y, _: _logits(z[1:], y[:-1], _)
    ),
    "a row early, classes": Mistake(
        "shifted-rows", "ce", _classes, lambda z, y, _: _logits(z[:-1], y[1:], _)
    ),
    "a row late, amounts": Mistake(
        "shifted-rows", "mse", _values, lambda p, y, _: {"pred": p[1:], "target": y[:-1]}
    ),
    "three columns exchanged": Mistake(
        "class-order", "ce", _classes, lambda z, y, _: _logits(z[:, [1, 2, 0, 3, 4]], y, _)
    ),
    "rows shuffled, two classes": Mistake(
        "unrelated", "bce", _binary, lambda z, y, rng: _logits(z, rng.permutation(y), rng)
    ),
    "rows shuffled, classes": Mistake(
        "unrelated", "ce", _classes, lambda z, y, rng: _logits(z, rng.permutation(y), rng)
    ),
    "rows shuffled, amounts": Mistake(
        "unrelated", "mse", _values, lambda p, y, rng: {"pred": p, "target": rng.permutation(y)}
    ),
    "standardised": Mistake(
        "scale",
        "mse",
        _values,
        lambda p, y, _: {"pred": (p - p.mean()) / p.std(), "target": y},
    ),
    "another unit": Mistake("scale", "mae", _values, _unit),
    "one value": Mistake("constant", "bce", _binary, lambda z, y, _: _logits(0 * z, y, _)),
    "one row": Mistake("constant", "ce", _classes, lambda z, y, _: _logits(0 * z + z[0], y, _)),
    "targets twice": Mistake("copy", "mse", _values, lambda p, y, _: {"pred": y, "target": y}),
    "labels twice": Mistake("copy", "bce", _binary, lambda z, y, _: {"probs": y, "target": y}),
    "no targets of a class": Mistake(
        "missing-class", "ce", _classes, lambda z, y, _: _logits(z[y != 3], y[y != 3], _)
    ),
    "a dead output": Mistake("never-predicted", "ce", _classes, _squeezed),
    "smoothed and --label-smoothing": Mistake(
        "smoothed-twice",
        "bce",
        _binary,
        lambda z, y, _: {"logits": z, "target": 0.05 + 0.9 * y, "label_smoothing": 0.1},
    ),
    "beyond float16": Mistake(
        "saturated",
        "bce",
        _binary,
        lambda z, y, _: _logits((z * 3e4).clip(-65504, 65504).astype(np.float16), y, _),
    ),
    "written twice": Mistake(
        "repeated-rows", "bce", _binary, lambda z, y, _: _logits(np.r_[z, z], np.r_[y, y], _)
    ),
    "-99999 for nothing": Mistake("few-rows", "mse", _values, _slip),
}
"""By name."""


def planted(name: str, size: int, seed: Sequence[int]) -> Ask:
    """A mistake in so many rows: the same for the same seed."""
    mistake, rng = PLANTED[name], np.random.default_rng([*seed, [*PLANTED].index(name)])
    return Ask(mistake.loss, mistake.plant(*mistake.data(size, rng), rng))
