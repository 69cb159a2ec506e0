"""Healthy data of losses that take more than a prediction and a target, and healthy options."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from asking import Ask, sigmoid, softmax
from healthy import (
    Split,
    linear,
    several_classes,
    true_amounts,
    two_classes,
    whole,
)
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

if TYPE_CHECKING:
    from collections.abc import Callable

    Rng = np.random.Generator


FOLDER = tempfile.TemporaryDirectory()
"""Of files, until this program ends."""


def _count(rng: Rng) -> int:
    return int(10 ** rng.uniform(1, 3))


def _logits(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Of logistic regression, two classes."""
    split = two_classes(rng)
    return linear(rng).fit(split.x, split.y).decision_function(split.new), split.truth


def _scores(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Of logistic regression, several classes."""
    split = several_classes(rng)
    while not whole(split):
        split = several_classes(rng)
    return linear(rng).fit(split.x, split.y).decision_function(split.new), split.truth


def _predicted(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Of ridge regression."""
    split: Split = true_amounts(rng)
    return Ridge(1.0).fit(split.x, split.y).predict(split.new), split.truth


def weighted(rng: Rng) -> list[Ask]:
    """Rows or columns that weigh differently, a mask, classes that are balanced."""
    logits, y = _scores(rng)
    two, yes = _logits(rng)
    weight = {"sample_weight": rng.gamma(2, size=len(y))}
    found = [Ask("ce", {"logits": logits, "target": y, **weight})]
    if {*y} == {*range(logits.shape[1])}:
        found.append(Ask("ce", {"logits": logits, "target": y, "class_weight": "balanced"}))
    if {*yes} == {0, 1}:
        found.append(Ask("bce", {"logits": two, "target": yes, "pos_weight": "balanced"}))
    hot, columns = np.eye(logits.shape[1])[y], rng.gamma(2, size=logits.shape[1])
    found.append(Ask("bce", {"logits": logits, "target": hot, "weight": columns}))
    mask = rng.random(len(y)) < 0.8
    mask[0] = True
    return [*found, Ask("ce", {"logits": logits, "target": y, "mask": mask})]


def batched(rng: Rng) -> list[Ask]:
    """What a loop over batches logs, of rows some of which are ignored."""
    logits, y = _scores(rng)
    y = np.where(rng.random(len(y)) < 0.1, -100, y)
    y[0] = 0
    size = int(rng.choice([max(8, len(y) // 4), 64, 1000]))
    return [Ask("ce", {"logits": logits, "target": y, "batch_size": size})]


def labelled(rng: Rng) -> list[Ask]:
    """Labels of two kinds by name, and by number; targets that are smoothed once."""
    logits, y = _logits(rng)
    y = y.copy()
    y[:2] = 0, 1
    names = np.where(y == 1, "spam", "ham")
    return [
        Ask("bce", {"logits": logits, "target": names, "pos_label": "spam"}),
        Ask("hinge", {"logits": logits, "target": 2 * y - 1}),
        Ask("bce", {"logits": logits, "target": y, "label_smoothing": 0.1}),
        Ask("bce", {"logits": logits, "target": 0.05 + 0.9 * y}),
        Ask("bce", {"log_probs": np.log(sigmoid(logits.clip(-30, 30))), "target": y}),
    ]


def halves(rng: Rng) -> list[Ask]:
    """Scores and amounts as float16."""
    logits, y = _scores(rng)
    pred, truth = _predicted(rng)
    return [
        Ask("ce", {"logits": logits.clip(-6e4, 6e4).astype(np.float16), "target": y}),
        Ask("ce", {"probs": softmax(logits).clip(1e-6).astype(np.float16), "target": y}),
        Ask("mse", {"pred": pred.astype(np.float16), "target": truth}),
    ]


def digits(rng: Rng) -> list[Ask]:
    """Probabilities and shares of classes as text of two, three or four digits."""
    logits, y = _scores(rng)
    places = int(rng.choice([2, 3, 4]))
    probs = softmax(0.3 * logits).round(places)
    target = softmax(logits).round(places)
    return [
        Ask("ce", {"probs": probs, "target": y}),
        Ask("ce", {"logits": logits, "target": target}),
        Ask("nll", {"log_probs": np.log(softmax(logits)).clip(-30).round(places), "target": y}),
    ]


def slopes(rng: Rng) -> list[Ask]:
    """Gradients."""
    logits, y = _scores(rng)
    pred, truth = _predicted(rng)
    return [
        Ask("ce", {"logits": logits, "target": y, "grad": True}),
        Ask("ce", {"probs": softmax(logits).clip(1e-9), "target": y, "grad": True}),
        Ask("rmse", {"pred": pred, "target": truth, "grad": True}),
        Ask("mae", {"pred": pred, "target": truth, "grad": True}),
    ]


def files(rng: Rng) -> list[Ask]:
    """Shards, and rows that are paired by their ids."""
    pred, truth = _predicted(rng)
    path = Path(tempfile.mkdtemp(dir=FOLDER.name))
    parts = np.array_split(np.arange(len(pred)), min(3, len(pred)))
    for at, rows in enumerate(parts):
        np.save(path / f"p-{at}.npy", pred[rows])
        np.save(path / f"y-{at}.npy", truth[rows])
    order = rng.permutation(len(pred))
    for name, values, rows in (("p", pred, np.arange(len(pred))), ("y", truth, order)):
        lines = [f"{row},{float(values[row])!r}\n" for row in rows]
        (path / f"{name}.csv").write_text(f"id,{name}\n" + "".join(lines))
    shards = {"pred": f"{path}/p-*.npy", "target": f"{path}/y-*.npy"}
    keyed = {"pred": f"{path}/p.csv:p", "target": f"{path}/y.csv:y", "key": "id"}
    return [Ask("mse", shards), Ask("mae", {**keyed, "unmatched": "omit"})]


def embeddings(rng: Rng) -> list[Ask]:
    """Digits as vectors of their principal components, in pairs and triplets."""
    split = several_classes(rng)
    width = min(5, *split.x.shape)
    vectors = PCA(width).fit(split.x).transform(split.x)
    count = min(_count(rng), len(vectors) // 3)
    one, two, three = (vectors[at * count : (at + 1) * count] for at in range(3))
    first, second, _ = (split.y[at * count : (at + 1) * count] for at in range(3))
    same = np.where(first == second, 1, -1)
    pair = {"input1": one, "input2": two}
    apart = np.sqrt(((one - two) ** 2).sum(1))
    found = [
        Ask("cosine-embedding", {**pair, "target": same}),
        Ask("contrastive", {**pair, "target": (same > 0).astype(int)}),
        Ask("hinge-embedding", {"distance": apart, "target": same}),
        Ask("triplet", {"anchor": one, "positive": two, "negative": three, "margin": 0.5}),
        Ask("margin-ranking", {"input1": one[:, 0], "input2": two[:, 0], "target": same}),
        Ask("cosine", {"input1": one, "input2": one + two / 3}),
    ]
    views = {"input1": one, "input2": one + 0.1 * rng.normal(size=one.shape)}
    return found + ([Ask("infonce", views), Ask("siglip", views)] if count > 1 else [])


def boxes(rng: Rng) -> list[Ask]:
    """Boxes that are found near where they are."""
    count = _count(rng)
    truth = rng.uniform(0, 500, (count, 4))
    truth[:, 2:] = truth[:, :2] + np.exp(rng.normal(3, 1, (count, 2)))
    sizes = np.tile(truth[:, 2:] - truth[:, :2], 2)
    pred = truth + rng.uniform(0.02, 0.2) * sizes * rng.normal(size=truth.shape).clip(-2, 2)
    given = {"pred": pred, "target": truth}
    return [Ask(str(one), given) for one in rng.choice(["giou", "diou", "ciou", "box-iou"], 2)]


def survival(rng: Rng) -> list[Ask]:
    """Times to an event, some of them censored, and hazards."""
    count = _count(rng)
    hazard = rng.normal(size=count) * rng.uniform(0.2, 2)
    time = rng.exponential(np.exp(-hazard)).clip(1e-6)
    event = (rng.random(count) < 0.7).astype(int)
    event[0] = 1
    return [Ask("cox", {"log_hazard": hazard, "time": time, "event": event})]


def speech(rng: Rng) -> list[Ask]:
    """Steps of a network that hears some of what is said."""
    count, steps, classes = int(rng.integers(1, 30)), 24, int(rng.integers(3, 12))
    own = rng.integers(1, 9, count)
    target = rng.integers(1, classes, (count, 8))
    target = np.where(np.arange(8) < own[:, None], target, -1)
    logits = rng.normal(size=(count, steps, classes))
    for row, long in enumerate(own):
        heard = target[row, (np.arange(steps) * long // steps).clip(0, long - 1)]
        logits[row, np.arange(steps), heard] += rng.uniform(0, 3)
    logs = np.log(softmax(logits))
    return [
        Ask("ctc", {"logits": logits, "target": target, "batch_first": True}),
        Ask("ctc", {"log_probs": logs, "target": target, "batch_first": True}),
    ]


def rankings(rng: Rng) -> list[Ask]:
    """Relevances of items in lists, and scores; preferred answers and others."""
    count, wide = _count(rng), int(rng.integers(2, 10))
    relevance = rng.integers(0, 4, (count, wide))
    relevance[relevance.sum(1) == 0, 0] = 1
    given = {"logits": relevance + rng.normal(size=(count, wide)), "target": relevance}
    better = {"positive": rng.normal(0.5, 1, count), "negative": rng.normal(size=count)}
    return [Ask("listnet", given), Ask("ranking-softmax", given), Ask("bpr", better)]


def signals(rng: Rng) -> list[Ask]:
    """Images in [0, 1], or of bytes, and sounds, with noise."""
    count, side = int(rng.integers(1, 6)), int(rng.integers(12, 24))
    image = sigmoid(rng.normal(size=(count, side, side)).cumsum(1).cumsum(2) / side)
    noisy = (image + rng.uniform(0.01, 0.2) * rng.normal(size=image.shape)).clip(0, 1)
    bright = {"pred": noisy * 255, "target": image * 255, "data_range": 255}
    sound = rng.normal(size=(count, 200)).cumsum(1)
    heard = sound + rng.uniform(0.1, 1) * rng.normal(size=sound.shape)
    return [
        Ask("ssim", {"pred": noisy, "target": image}),
        Ask("psnr", bright),
        Ask("si-sdr", {"pred": heard, "target": sound}),
    ]


def prices(rng: Rng) -> list[Ask]:
    """Amounts above 0, with errors that are a share of them; variances; rates."""
    count = _count(rng)
    truth = np.exp(rng.normal(3, rng.uniform(0.2, 2), count)).clip(0.1)
    pred = truth * np.exp(rng.normal(size=count) * rng.uniform(0.05, 0.5))
    given = {"pred": pred, "target": truth}
    std = np.exp(rng.normal(0, 0.5, count))
    value = pred + std * rng.normal(size=count)
    spread = {"mean": pred, "var": std**2, "target": value}
    low, high = pred - 2 * std, pred + 2 * std
    return [
        Ask(str(rng.choice(["mape", "smape", "wape", "msle", "rmsle"])), given),
        Ask("gamma", {"rate": pred, "target": truth}),
        Ask("tweedie", {"rate": pred, "target": np.where(rng.random(count) < 0.3, 0, truth)}),
        Ask("gaussian-nll", spread),
        Ask("laplace-nll", {"mean": pred, "scale": std, "target": value}),
        Ask("interval", {"lower": low, "upper": high, "target": value}),
    ]


def served(rng: Rng) -> list[Ask]:
    """Log-probabilities of tokens, as servers return them."""
    rows = int(rng.integers(1, 30))
    texts = [(-rng.exponential(size=int(rng.integers(1, 60)))).tolist() for _ in range(rows)]
    return [Ask("nll", {"token_log_probs": texts})]


def listed(rng: Rng) -> list[Ask]:
    """Lists of the labels of a row, which end with -1."""
    count, wide = _count(rng), int(rng.integers(3, 9))
    target = np.full((count, wide), -1)
    for row in target:
        own = rng.choice(wide, int(rng.integers(1, wide)), replace=False)
        row[: len(own)] = own
    target[0] = [wide - 1, *[-1] * (wide - 1)]
    given = {"logits": rng.normal(size=(count, wide)), "target": target}
    return [Ask("multilabel-margin", given)]


def together(rng: Rng) -> list[Ask]:
    """Two models of two halves of the rows, as one."""
    split = several_classes(rng)
    while not all(whole(split._replace(y=one)) for one in (split.y[::2], split.y[1::2])):
        split = several_classes(rng)
    halves = ((split.x[at::2], split.y[at::2]) for at in (0, 1))
    members = [linear(rng).fit(*one).decision_function(split.new) for one in halves]
    return [
        Ask("ce", {"logits": members, "target": split.truth, "ensemble": True}),
        Ask("ce", {"logits": members, "target": split.truth, "ensemble": "logits"}),
    ]


OTHERS: dict[str, Callable[[Rng], list[Ask]]] = {
    "weights and masks": weighted,
    "batches of a loop": batched,
    "labels in other words": labelled,
    "halves": halves,
    "probabilities as text": digits,
    "gradients": slopes,
    "shards and ids": files,
    "embeddings": embeddings,
    "boxes": boxes,
    "survival": survival,
    "speech": speech,
    "rankings": rankings,
    "images and sounds": signals,
    "prices and spreads": prices,
    "answers of servers": served,
    "lists of labels": listed,
    "ensembles": together,
}
"""By name."""
