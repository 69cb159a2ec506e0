"""Mistakes that single values or options show, planted in the same data as those of planted.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from asking import Ask, sigmoid, softmax
from planted import PLANTED, Mistake, bare, binary, classes, values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planted import Made, Rng

    Sound = Callable[[np.ndarray, np.ndarray, Rng], Made]
    Spoil = Callable[[Made, Rng], Made]

SIZES = (30, 100, 300, 1000, 10_000)


def spoiled(code: str, loss: str, data: Callable, sound: Sound, spoil: Spoil) -> Mistake:
    """A mistake that is made of what is sound."""
    return Mistake(code, loss, data, lambda a, b, rng: spoil(sound(a, b, rng), rng), sound)


def at(name: str, value: float) -> Spoil:
    """Sets one value of an input, anywhere."""

    def spoil(given: Made, rng: Rng) -> Made:
        found = given[name].copy()
        found.reshape(-1)[rng.integers(found.size)] = value
        return {**given, name: found}

    return spoil


def row(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    """Changes one row of an input, anywhere."""

    def spoil(given: Made, rng: Rng) -> Made:
        found, place = given[name].copy(), rng.integers(len(given[name]))
        found[place] = change(found[place])
        return {**given, name: found}

    return spoil


def put(**more: object) -> Spoil:
    """Sets options."""
    return lambda given, _: {**given, **more}


def _never(given: Made, rng: Rng) -> Made:
    """A row whose true class has probability 0."""
    probs, place = given["probs"].copy(), rng.integers(len(given["probs"]))
    probs[place, given["target"][place]] = 0
    probs[place] /= probs[place].sum()
    return {**given, "probs": probs}


def _wrong_side(given: Made, rng: Rng) -> Made:
    """A positive of probability 0."""
    probs = given["probs"].copy()
    probs[rng.choice(np.flatnonzero(given["target"] == 1))] = 0
    return {**given, "probs": probs}


def probs(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    found = sigmoid(logits).clip(1e-6, 1 - 1e-6) if logits.ndim == 1 else softmax(logits)
    return {"probs": found, "target": y}


def logs(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {"log_probs": np.log(softmax(logits)), "target": y}


def shares(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {"logits": logits, "target": softmax(logits / 2)}


def weighted(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {**bare(logits, y, rng), "sample_weight": rng.gamma(2, size=len(y))}


def whole(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"pred": pred.round().astype(np.int64), "target": truth}


def narrow(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"pred": pred.astype(np.float32), "target": truth.astype(np.float32)}


def positive(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"pred": np.abs(pred) + 1, "target": np.abs(truth) + 1}


def counted(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"rate": np.abs(pred) / 20 + 0.1, "target": (np.abs(truth) / 20).round()}


def spread(pred: np.ndarray, truth: np.ndarray, rng: Rng) -> Made:
    return {"mean": pred, "var": 100 + np.abs(pred), "target": truth}


def listed(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Lists of one or two labels."""
    target = np.full(logits.shape, -1)
    target[:, 0], target[:, 1] = y, np.where(y % 2, (y + 2) % logits.shape[1], -1)
    return {"logits": logits, "target": target}


def pairs(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Neighbouring rows as vectors, and whether they are of one class."""
    same = np.where(y == np.roll(y, 1), 1, -1)
    return {"input1": logits, "input2": np.roll(logits, 1, 0), "target": same}


def distances(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    given = pairs(logits, y, rng)
    apart = np.sqrt(((given["input1"] - given["input2"]) ** 2).sum(1))
    return {"distance": apart, "target": given["target"]}


def views(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Rows, and the same with some noise: some, as each is compared with all."""
    some = logits[:200]
    return {"input1": some, "input2": some + 0.1 * rng.normal(size=some.shape)}


def boxes(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Boxes at scores, and others near them."""
    corner, size = 10 * logits[:, :2], 20 + np.abs(logits[:, 2:4])
    near = corner + rng.normal(size=corner.shape)
    return {"pred": np.c_[near, near + size], "target": np.c_[corner, corner + size]}


def flat(boxes: np.ndarray) -> np.ndarray:
    return boxes[[0, 1, 0, 3]]


def times(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    time = rng.exponential(np.exp(-logits.clip(-3, 3))).clip(1e-6)
    return {"log_hazard": logits, "time": time, "event": np.maximum(y, np.arange(len(y)) == 0)}


def speech(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Six steps of scores for two labels; some rows, as each takes a while."""
    some, wide = logits[:300], logits.shape[1]
    target = 1 + np.stack([y[:300] % (wide - 1), (y[:300] + 1) % (wide - 1)], 1)
    return {"logits": np.repeat(some[:, None], 6, 1), "target": target, "batch_first": True}


def relevances(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {"logits": logits, "target": 3 * np.eye(logits.shape[1], dtype=int)[y]}


def served(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {"token_log_probs": np.log(softmax(logits)).clip(-50)[:, :3].tolist()}


def floored(given: Made, rng: Rng) -> Made:
    texts = [[*one] for one in given["token_log_probs"]]
    texts[rng.integers(len(texts))][0] = -9999.0
    return {"token_log_probs": texts}


def sounds(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    return {"pred": logits + rng.normal(size=logits.shape), "target": logits}


def bright(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Brightness in [0, 1]."""
    return {"pred": softmax(logits / 2), "target": softmax(logits / 3)}


def ignored(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    target = np.where(np.arange(len(y)) % 7 == 3, -100, y)
    return {"logits": logits, "target": target, "batch_size": 10}


def members(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Two models that are nearly alike, as one."""
    other = logits + 0.1 * rng.normal(size=logits.shape)
    return {"logits": [logits, other], "target": y, "ensemble": True}


def columns(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """Labels in columns that weigh differently, and a row more than columns."""
    wide = logits.shape[1]
    target = np.eye(wide, dtype=int)[y[: wide + 1]]
    return {"logits": logits[: wide + 1], "target": target, "weight": np.linspace(1, 2, wide)}


def _empty(given: Made, rng: Rng) -> Made:
    target = given["target"].copy()
    target[10:20] = -100
    return {**given, "target": target}


def balanced(logits: np.ndarray, y: np.ndarray, rng: Rng) -> Made:
    """A row of each class first, so that there is one."""
    y = np.r_[np.arange(logits.shape[1]), y[logits.shape[1] :]]
    return {"logits": logits, "target": y, "class_weight": "balanced"}


OFFENCES = {
    "an infinite score": spoiled("infinite", "bce", binary, bare, at("logits", np.inf)),
    "2^53 + 1": spoiled("rounded", "mse", values, whole, at("pred", 2**53 + 1)),
    "1e30 in float32": spoiled("overflow", "mse", values, narrow, at("pred", 1e30)),
    "a row that sums to 0.8": spoiled(
        "probs-sum", "ce", classes, probs, row("probs", lambda one: 0.8 * one)
    ),
    "a row of logits among log-probabilities": spoiled(
        "log-probs-sum", "nll", classes, logs, row("log_probs", lambda one: one - 0.5)
    ),
    "shares that sum to 0.8": spoiled(
        "target-sum", "ce", classes, shares, row("target", lambda one: 0.8 * one)
    ),
    "0 on the wrong side": spoiled("clamped", "bce", binary, probs, _wrong_side),
    "0 for the true class": spoiled("impossible", "ce", classes, probs, _never),
    "multi-hot for lists": spoiled(
        "multi-hot",
        "multilabel-margin",
        classes,
        listed,
        lambda given, _: {
            **given,
            "target": np.eye(given["logits"].shape[1], dtype=int)[given["target"][:, 0]],
        },
    ),
    "a label listed twice": spoiled(
        "label-twice",
        "multilabel-margin",
        classes,
        listed,
        row("target", lambda one: np.r_[one[0], one[0], one[2:]]),
    ),
    "a label behind the end": spoiled(
        "label-after-end",
        "multilabel-margin",
        classes,
        listed,
        row("target", lambda one: np.r_[one[:2], -1, 1, one[4:]]),
    ),
    "half a count": spoiled("count-whole", "poisson-nll", values, counted, at("target", 1.5)),
    "0 to divide by": spoiled("zero-target", "mape", values, positive, at("target", 0)),
    "a variance below eps": spoiled("clamped", "gaussian-nll", values, spread, at("var", 1e-9)),
    "a vector of zeros": spoiled(
        "zero-vector", "cosine-embedding", classes, pairs, row("input1", lambda one: 0 * one)
    ),
    "a similarity for a distance": spoiled(
        "negative-distance", "hinge-embedding", classes, distances, at("distance", -0.5)
    ),
    "0 and 1 for pairs": spoiled(
        "labels-converted",
        "cosine-embedding",
        classes,
        pairs,
        lambda given, _: {**given, "target": (given["target"] > 0).astype(int)},
    ),
    "one row alone": spoiled(
        "one-row",
        "infonce",
        classes,
        views,
        lambda given, _: {name: one[:1] for name, one in given.items()},
    ),
    "a box without width": spoiled("empty-box", "giou", classes, boxes, row("target", flat)),
    "a time below 0": spoiled("negative-time", "cox", binary, times, at("time", -1)),
    "a blank among labels": spoiled(
        "blank-label", "ctc", classes, speech, row("target", lambda one: np.r_[0, one[1]])
    ),
    "padding of relevances": spoiled(
        "negative-relevance", "ranking-softmax", classes, relevances, at("target", -1)
    ),
    "-9999 of a server": spoiled("floor", "nll", classes, served, floored),
    "a silent signal": spoiled(
        "silent", "si-sdr", classes, sounds, row("target", lambda one: 0 * one)
    ),
    "no error at all": spoiled(
        "perfect", "psnr", classes, bright, lambda given, _: {**given, "pred": given["target"]}
    ),
    "bytes for [0, 1]": spoiled(
        "data-range",
        "psnr",
        classes,
        bright,
        lambda given, _: {name: 255 * one for name, one in given.items()},
    ),
    "a margin below 0": spoiled("negative-margin", "multi-margin", classes, bare, put(margin=-1.0)),
    "a weight below 0": spoiled(
        "negative-weight", "bce", binary, weighted, at("sample_weight", -1.0)
    ),
    "a class to be balanced is gone": spoiled(
        "absent-class",
        "ce",
        classes,
        balanced,
        lambda given, _: {**given, "target": np.where(given["target"] == 3, 2, given["target"])},
    ),
    "no label is the positive one": spoiled(
        "no-positives",
        "bce",
        binary,
        lambda z, y, rng: {**bare(z, y, rng), "pos_label": 1},
        lambda given, _: {**given, "target": 0 * given["target"]},
    ),
    "a member twice": spoiled(
        "same-members",
        "ce",
        classes,
        members,
        lambda given, _: {**given, "logits": given["logits"][:1] * 2},
    ),
    "as many weights as rows": spoiled(
        "weight-axis",
        "bce",
        classes,
        columns,
        lambda given, _: {
            **given,
            "logits": given["logits"][:-1],
            "target": given["target"][:-1],
        },
    ),
    "a batch that is ignored": spoiled("empty-batches", "ce", classes, ignored, _empty),
    "a slope without end": spoiled(
        "infinite-gradient",
        "ce",
        classes,
        lambda z, y, rng: {**probs(z, y, rng), "grad": True},
        _never,
    ),
    "a slope of no error": spoiled(
        "nan-gradient",
        "rmse",
        values,
        lambda pred, truth, rng: {**bare(pred, truth, rng), "grad": True},
        lambda given, _: {**given, "pred": given["target"]},
    ),
}
"""By name."""

MISTAKES = {**PLANTED, **OFFENCES}


def planted(name: str, size: int, seed: Sequence[int]) -> Ask:
    """A mistake in so many rows: the same for the same seed."""
    mistake, rng = MISTAKES[name], np.random.default_rng([*seed, [*MISTAKES].index(name)])
    return Ask(mistake.loss, mistake.plant(*mistake.data(size, rng), rng))
