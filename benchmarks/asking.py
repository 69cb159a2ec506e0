"""A question, and what questions are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    Rng = np.random.Generator


class Ask(NamedTuple):
    """One question: a loss, its inputs and its options."""

    loss: str
    given: dict[str, Any]


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def drawn(shares: np.ndarray, rng: Rng) -> np.ndarray:
    """A class for each row, as often as its probability says."""
    below = shares.cumsum(-1) < rng.random((*shares.shape[:-1], 1))
    return np.asarray(below.sum(-1).clip(0, shares.shape[-1] - 1))


def _narrow(values: np.ndarray, rng: Rng) -> np.ndarray:
    return values.astype(rng.choice(["float32", "float64"]))


def binary(logits: np.ndarray, y: np.ndarray, rng: Rng) -> list[Ask]:
    """What may be asked of the logits of two classes."""
    logits = _narrow(logits, rng)
    some = rng.choice(["bce", "focal", "brier", "soft-margin", "hinge", "squared-hinge"], 2, False)
    found = [Ask(str(one), {"logits": logits, "target": y}) for one in some]
    return [*found, Ask("bce", {"probs": _narrow(sigmoid(logits), rng), "target": y})]


def chances(probs: np.ndarray, y: np.ndarray, rng: Rng) -> list[Ask]:
    """What may be asked of the probabilities of two classes."""
    given = {"probs": _narrow(probs, rng), "target": y}
    return [Ask("bce", given), Ask(str(rng.choice(["brier", "focal"])), given)]


def scores(logits: np.ndarray, y: np.ndarray, rng: Rng) -> list[Ask]:
    """What may be asked of the logits of several classes."""
    logits = _narrow(logits, rng)
    some = rng.choice(["ce", "focal-ce", "poly1", "gce"])
    given = {"logits": logits, "target": y}
    logs = _narrow(np.log(softmax(logits.astype(float)).clip(1e-300)), rng)
    margins = [Ask("multi-margin", given)]
    return [
        Ask("ce", given),
        Ask(str(some), given),
        Ask("nll", {"log_probs": logs, "target": y}),
    ] + (margins if rng.random() < 0.3 else [])


def shares(probs: np.ndarray, y: np.ndarray, rng: Rng) -> list[Ask]:
    """What may be asked of the probabilities of several classes."""
    given = {"probs": _narrow(probs, rng), "target": y}
    found = [Ask("ce", given)]
    if rng.random() < 0.3:
        hot = np.eye(probs.shape[1])[y]
        soft = 0.9 * hot + 0.1 / probs.shape[1]
        found.append(Ask("kl", {"probs": given["probs"], "target": soft}))
        found.append(Ask("ce", {"probs": given["probs"].clip(1e-9), "target": soft}))
    return found


def amounts(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> list[Ask]:
    """What may be asked of predicted amounts."""
    given = {"pred": _narrow(pred, rng), "target": _narrow(truth, rng)}
    some = rng.choice(["mse", "mae", "huber", "rmse", "log-cosh", "smooth-l1"], 2, False)
    return [Ask(str(one), given) for one in some]
