"""Mistakes that only all data show, in data of a model that is right as often as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from asking import drawn, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    Rng = np.random.Generator
    Made = dict[str, Any]

CLASSES = 5


def bare(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    """Logits and labels, or amounts, as they are."""
    return {"logits" if truth.dtype.kind == "i" else "pred": pred, "target": truth}


class Mistake(NamedTuple):
    """What is planted.

    Attributes:
        code: The warning that it should raise.
        loss: What is asked.
        data: Makes predictions and targets.
        plant: Makes the inputs of the mistake of them.
        sound: Makes inputs of them in which there is none.
    """

    code: str
    loss: str
    data: Callable[[int, Rng], tuple[np.ndarray, np.ndarray]]
    plant: Callable[[np.ndarray, np.ndarray, Rng], Made]
    sound: Callable[[np.ndarray, np.ndarray, Rng], Made] = bare


def binary(count: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Some 85 % are right."""
    logits = 3 * rng.normal(size=count)
    return logits, (rng.random(count) < sigmoid(logits)).astype(int)


def classes(count: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Some 80 % are right."""
    logits = 4 * rng.normal(size=(count, CLASSES))
    return logits, drawn(softmax(logits), rng)


def values(count: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """A correlation of 0.8."""
    pred = 8 * rng.normal(size=count) + 100
    return pred, pred + 6 * rng.normal(size=count)


def _slip(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    pred = pred.copy()
    pred[rng.integers(len(pred))] = -99_999
    return {"pred": pred, "target": truth}


def _unit(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"pred": (pred + truth) * 500, "target": truth}


def _bytes(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    """Brightness in [0, 1], where targets are bytes of dark pictures."""
    truth = np.rint(20 * np.exp((truth - truth.mean()) / truth.std())).clip(0, 255)
    return {"pred": truth / 255 + 0.02 * rng.normal(size=len(truth)), "target": truth}


def _squeezed(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    logits = logits.copy()
    logits[:, 3] = logits.min() - 1
    return {"logits": logits, "target": y}


PLANTED = {
    "sigmoid in --logits": Mistake(
        "probs-as-logits", "bce", binary, lambda z, y, _: bare(sigmoid(z), y, _)
    ),
    "softmax in --logits": Mistake(
        "probs-as-logits", "ce", classes, lambda z, y, _: bare(softmax(z), y, _)
    ),
    "sigmoid taken twice": Mistake(
        "squashed-twice",
        "bce",
        binary,
        lambda z, y, _: {"probs": sigmoid(sigmoid(z)), "target": y},
    ),
    "softmax taken twice": Mistake(
        "squashed-twice",
        "ce",
        classes,
        lambda z, y, _: {"probs": softmax(softmax(z)), "target": y},
    ),
    "files swapped": Mistake(
        "swapped", "bce", binary, lambda z, y, _: {"probs": y, "target": sigmoid(z)}
    ),
    "labels turned round": Mistake("inverted", "bce", binary, lambda z, y, _: bare(z, 1 - y, _)),
    "scores turned round": Mistake("inverted", "hinge", binary, lambda z, y, _: bare(-z, y, _)),
    "a row late, two classes": Mistake(
        "shifted-rows", "bce", binary, lambda z, y, _: bare(z[1:], y[:-1], _)
    ),
    "a row early, classes": Mistake(
        "shifted-rows", "ce", classes, lambda z, y, _: bare(z[:-1], y[1:], _)
    ),
    "a row late, amounts": Mistake(
        "shifted-rows", "mse", values, lambda p, y, _: {"pred": p[1:], "target": y[:-1]}
    ),
    "three columns exchanged": Mistake(
        "class-order",
        "ce",
        classes,
        lambda z, y, _: bare(z[:, [1, 2, 0, *range(3, z.shape[1])]], y, _),
    ),
    "rows shuffled, two classes": Mistake(
        "unrelated", "bce", binary, lambda z, y, rng: bare(z, rng.permutation(y), rng)
    ),
    "rows shuffled, classes": Mistake(
        "unrelated", "ce", classes, lambda z, y, rng: bare(z, rng.permutation(y), rng)
    ),
    "rows shuffled, amounts": Mistake(
        "unrelated", "mse", values, lambda p, y, rng: {"pred": p, "target": rng.permutation(y)}
    ),
    "standardised": Mistake(
        "scale",
        "mse",
        values,
        lambda p, y, _: {"pred": (p - p.mean()) / p.std(), "target": y},
    ),
    "another unit": Mistake("scale", "mae", values, _unit),
    "in [0, 1] for bytes": Mistake("scale", "mse", values, _bytes),
    "one value": Mistake("constant", "bce", binary, lambda z, y, _: bare(0 * z, y, _)),
    "one row": Mistake("constant", "ce", classes, lambda z, y, _: bare(0 * z + z[0], y, _)),
    "targets twice": Mistake("copy", "mse", values, lambda p, y, _: {"pred": y, "target": y}),
    "labels twice": Mistake("copy", "bce", binary, lambda z, y, _: {"probs": y, "target": y}),
    "soft targets twice": Mistake(
        "copy", "bce", binary, lambda z, y, _: {"probs": sigmoid(z), "target": sigmoid(z)}
    ),
    "soft classes twice": Mistake(
        "copy",
        "kl",
        classes,
        lambda z, y, _: {"probs": softmax(z), "target": softmax(z)},
        lambda z, y, rng: {
            "probs": softmax(z),
            "target": softmax(z + rng.normal(size=z.shape)),
        },
    ),
    "no targets of a class": Mistake(
        "missing-class", "ce", classes, lambda z, y, _: bare(z[y != 3], y[y != 3], _)
    ),
    "a dead output": Mistake("never-predicted", "ce", classes, _squeezed),
    "smoothed and --label-smoothing": Mistake(
        "smoothed-twice",
        "bce",
        binary,
        lambda z, y, _: {"logits": z, "target": 0.05 + 0.9 * y, "label_smoothing": 0.1},
    ),
    "beyond float16": Mistake(
        "saturated",
        "bce",
        binary,
        lambda z, y, _: bare((z * 3e4).clip(-65504, 65504).astype(np.float16), y, _),
    ),
    "written twice": Mistake(
        "repeated-rows", "bce", binary, lambda z, y, _: bare(np.r_[z, z], np.r_[y, y], _)
    ),
    "-99999 for nothing": Mistake("few-rows", "mse", values, _slip),
}
"""By name. :mod:`offences` has those that single values show."""
