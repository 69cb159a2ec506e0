"""Healthy data that are only unusual: small, rare, soft, autocorrelated, heavy in their tails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from asking import Ask, amounts, binary, chances, drawn, scores, shares, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    Rng = np.random.Generator


def _count(rng: Rng) -> int:
    return int(10 ** rng.uniform(1, 3.5))


def tiny(rng: Rng) -> list[Ask]:
    """Files of 1 to 20 rows, at any skill."""
    count, skill = int(rng.integers(1, 21)), rng.uniform(0, 3)
    which = rng.integers(3)
    if which == 0:
        logits = rng.normal(size=count) * skill + rng.normal()
        return binary(logits, (rng.random(count) < sigmoid(logits)).astype(int), rng)
    if which == 1:
        logits = rng.normal(size=(count, int(rng.integers(2, 6)))) * skill
        return scores(logits, drawn(softmax(logits), rng), rng)
    truth = rng.normal(size=count)
    return amounts(truth + rng.normal(size=count) * skill, truth, rng)


def rounded(rng: Rng) -> list[Ask]:
    """Probabilities with one or two digits, of few rows or many."""
    count = _count(rng)
    probs = rng.beta(*rng.uniform(0.3, 3, 2), count)
    y = (rng.random(count) < probs).astype(int)
    return chances(probs.round(int(rng.integers(1, 3))).clip(0.01, 0.99), y, rng)


def rare(rng: Rng) -> list[Ask]:
    """One positive in a hundred or a thousand; classes whose shares fall by halves."""
    count = int(10 ** rng.uniform(2, 4))
    if rng.random() < 0.5:
        logits = rng.normal(-rng.uniform(3, 7), rng.uniform(0.3, 3), count)
        return binary(logits, (rng.random(count) < sigmoid(logits)).astype(int), rng)
    classes = int(rng.integers(3, 12))
    logits = rng.normal(size=(count, classes)) * rng.uniform(0.2, 2) - np.arange(classes)
    return scores(logits, drawn(softmax(logits), rng), rng)


def small(rng: Rng) -> list[Ask]:
    """Logits that are all in [0, 1], or near 0, of a model that knows little."""
    count = _count(rng)
    logits = rng.uniform(0.2, 1) * rng.random(count) + rng.choice([0, -0.1])
    if rng.random() < 0.5:
        return binary(logits, (rng.random(count) < sigmoid(logits)).astype(int), rng)
    logits = rng.random((count, int(rng.integers(2, 6)))) * rng.uniform(0.05, 1)
    return scores(logits, drawn(softmax(logits), rng), rng)


def soft(rng: Rng) -> list[Ask]:
    """Targets that are shares: of a teacher, of several raters, of mixed samples, smoothed."""
    count, classes = _count(rng), int(rng.integers(2, 8))
    true = rng.normal(size=(count, classes)) * rng.uniform(0.5, 4)
    logits = true + rng.normal(size=true.shape) * true.std() * rng.uniform(0, 1.5)
    target = softmax(true)
    kind = rng.integers(4)
    if kind == 1:
        target = np.stack([rng.multinomial(5, one) / 5 for one in target])
    if kind == 2:
        hot, mix = np.eye(classes)[drawn(target, rng)], rng.beta(0.4, 0.4, (count, 1))
        target = mix * hot + (1 - mix) * hot[rng.permutation(count)]
    if kind == 3:
        target = 0.9 * np.eye(classes)[drawn(target, rng)] + 0.1 / classes
    one = {"logits": logits[:, 0] - logits[:, 1:].mean(1), "target": target[:, 0]}
    two = {"logits": logits, "target": target}
    return [Ask("bce", one), Ask("ce", two), Ask("kl", two)]


def fractions(rng: Rng) -> list[Ask]:
    """Values in [0, 1]: shares, probabilities of rain, brightness."""
    count = _count(rng)
    truth = rng.beta(*rng.uniform(0.5, 4, 2), count)
    if rng.random() < 0.3:
        truth = (rng.random(count) < truth).astype(float)
    pred = (0.6 * truth + 0.4 * rng.random(count) + rng.normal(size=count) * 0.05).clip(0, 1)
    return amounts(pred, truth, rng)


def forecasts(rng: Rng) -> list[Ask]:
    """The last value, an average of the last ones, or that of a season ago, of a series."""
    count, memory = int(10 ** rng.uniform(1.5, 3.5)), rng.choice([0.5, 0.8, 0.95, 1.0])
    noise, series = rng.normal(size=count + 24), np.zeros(count + 24)
    for at in range(1, count + 24):
        series[at] = memory * series[at - 1] + noise[at]
    season = rng.choice([0, 3])
    series += season * np.sin(np.arange(count + 24) * np.pi / 12)
    kind = rng.integers(4)
    if kind == 0:
        pred = series[23:-1]
    elif kind == 1 and season:
        pred = series[:-24]
    elif kind == 2:
        pred = np.stack([series[24 - lag : count + 24 - lag] for lag in (1, 2, 3)]).mean(0)
    else:
        pred = memory * series[23:-1]
    return amounts(pred, series[24:], rng)


def clustered(rng: Rng) -> list[Ask]:
    """Many rows of each of a few patients, and a model that knows a little of new ones."""
    patients = int(rng.integers(4, 40))
    who = np.repeat(np.arange(patients), rng.integers(5, 60, patients))
    hidden = rng.normal(size=patients) * 1.5 + rng.uniform(0, 0.6) * rng.normal(size=patients)
    logits = (
        hidden[who] / 2 + rng.normal(size=patients)[who] + rng.normal(size=len(who)) * 0.3
    ) * rng.uniform(0.1, 1)
    y = (rng.random(len(who)) < sigmoid(hidden[who])).astype(int)
    if rng.random() < 0.5:
        return binary(logits, y, rng)
    return amounts(0.5 * logits, hidden[who] + 0.1 * rng.normal(size=len(who)), rng)


def heavy(rng: Rng) -> list[Ask]:
    """Errors of Student's t, prices of a log-normal distribution, sizes of Pareto's."""
    count, kind = _count(rng), rng.integers(3)
    truth = rng.normal(size=count) * rng.uniform(0.5, 10)
    if kind == 0:
        return amounts(truth + rng.standard_t(rng.choice([1.5, 2, 3]), count), truth, rng)
    hidden = rng.normal(size=count)
    if kind == 1:
        wide = rng.uniform(0.5, 2)
        truth = np.exp(wide * (hidden + rng.normal(size=count)))
        return amounts(np.exp(wide * hidden), truth, rng)
    truth = rng.pareto(rng.uniform(1.5, 3), count)
    return amounts(truth * np.exp(rng.normal(size=count) * 0.3), truth, rng)


def sure(rng: Rng) -> list[Ask]:
    """A model that is nearly always right, and surely wrong where a label is."""
    count = int(10 ** rng.uniform(2, 3.5))
    y = rng.integers(0, 2, count)
    logits = (2 * y - 1) * rng.normal(rng.uniform(6, 15), 2, count)
    flipped = rng.random(count) < rng.choice([0, 1, 3]) / count
    if rng.random() < 0.5:
        return binary(logits, y ^ flipped, rng)
    classes = int(rng.integers(3, 8))
    y = rng.integers(0, classes, count)
    table = rng.normal(size=(count, classes)) + rng.uniform(6, 15) * np.eye(classes)[y]
    return scores(table, np.where(flipped, (y + 1) % classes, y), rng)


def overfit(rng: Rng) -> list[Ask]:
    """A model far too sure of itself, which has learned a little."""
    count, factor = _count(rng), rng.uniform(3, 15)
    if rng.random() < 0.5:
        logits = rng.normal(size=count) * rng.uniform(0.3, 1)
        return binary(factor * logits, (rng.random(count) < sigmoid(logits)).astype(int), rng)
    logits = rng.normal(size=(count, int(rng.integers(2, 8)))) * rng.uniform(0.3, 1)
    return scores(factor * logits, drawn(softmax(logits), rng), rng)


def fields(rng: Rng) -> list[Ask]:
    """Masks of pixels, which are alike where they are near."""
    side, images, classes = (
        int(rng.choice([8, 24])),
        int(rng.integers(1, 5)),
        int(rng.integers(2, 5)),
    )
    true = _smooth(rng, (images, classes, side, side))
    logits = true * rng.uniform(0.5, 8) + _smooth(rng, true.shape) * rng.uniform(0.2, 3)
    y = true.argmax(1)
    if classes == 2:
        one = {"logits": logits[:, 1] - logits[:, 0], "target": y}
        return [Ask("bce", one), Ask("dice", one), Ask("focal", one)]
    two = {"logits": logits, "target": y, "class_axis": 1}
    return [Ask("ce", two), Ask("dice", {"logits": logits, "target": y})]


def _smooth(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
    found = rng.normal(size=shape)
    for axis in (-2, -1):
        found = sum(np.roll(found, by, axis) for by in range(-3, 4)) / np.sqrt(7)
    return np.asarray(found)


def tokens(rng: Rng) -> list[Ask]:
    """Texts of words that are rare by Zipf, padded, of a model that knows how often each is."""
    texts, length, words = (
        int(rng.integers(1, 20)),
        int(rng.integers(4, 40)),
        int(rng.choice([12, 80])),
    )
    prior = -np.log(np.arange(1, words + 1))
    true = prior + rng.normal(size=(texts, length, words)) * rng.uniform(0, 2)
    logits = true + rng.normal(size=true.shape) * rng.uniform(0, 1)
    y = drawn(softmax(true), rng)
    y[rng.random(texts) < 0.5, -int(rng.integers(1, length)) :] = -100
    if (y == -100).all():
        y[0, 0] = 0
    return [Ask("ce", {"logits": logits, "target": y, "class_axis": -1})]


def labels(rng: Rng) -> list[Ask]:
    """Several labels for each row, some of them rare."""
    count, wide = _count(rng), int(rng.integers(2, 12))
    logits = rng.normal(-rng.uniform(0, 4, wide), rng.uniform(0.3, 3), (count, wide))
    given = {"logits": logits, "target": (rng.random(logits.shape) < sigmoid(logits)).astype(int)}
    return [Ask("bce", given), Ask("asl", given), Ask("multilabel-soft-margin", given)]


def counts(rng: Rng) -> list[Ask]:
    """Counts, small or large, and the rates of them; means with variances."""
    count = _count(rng)
    rate = np.exp(rng.normal(rng.uniform(-2, 4), rng.uniform(0.1, 1.5), count))
    y = rng.poisson(rate * np.exp(rng.normal(size=count) * rng.choice([0, 0.5])))
    wide = rng.uniform(0.2, 2, count)
    given = {"mean": rate, "std": wide, "target": rate + wide * rng.normal(size=count)}
    return [
        Ask("poisson-nll", {"rate": rate, "target": y}),
        Ask("poisson-nll", {"log_rate": np.log(rate), "target": y}),
        Ask("msle", {"pred": rate, "target": y}),
        Ask("gaussian-nll", given),
    ]


def large(rng: Rng) -> list[Ask]:
    """A hundred thousand rows."""
    count = 10**5
    kind = rng.integers(3)
    if kind == 0:
        logits = rng.normal(rng.uniform(-4, 1), rng.uniform(0.1, 3), count)
        return binary(logits, (rng.random(count) < sigmoid(logits)).astype(int), rng)[:1]
    if kind == 1:
        logits = rng.normal(size=(count, 5)) * rng.uniform(0.1, 3)
        return shares(softmax(logits), drawn(softmax(logits), rng), rng)[:1]
    truth = rng.normal(size=count)
    return amounts(truth + rng.normal(size=count) * rng.uniform(0.1, 3), truth, rng)[:1]


UNUSUAL: dict[str, Callable[[Rng], list[Ask]]] = {
    "tiny files": tiny,
    "rounded probabilities": rounded,
    "rare classes": rare,
    "small logits": small,
    "soft targets": soft,
    "values in [0, 1]": fractions,
    "forecasts": forecasts,
    "clusters": clustered,
    "heavy tails": heavy,
    "nearly always right": sure,
    "too sure": overfit,
    "pixels": fields,
    "tokens": tokens,
    "several labels": labels,
    "counts and spreads": counts,
    "a hundred thousand rows": large,
}
"""By name."""
