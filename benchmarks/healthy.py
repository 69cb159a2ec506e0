"""Healthy data: outputs of real models, and what is only unusual, with the losses asked of them.

A source makes one data set of a random generator, so that a seed says which one it is. Nothing is
downloaded: the data of scikit-learn come with it.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from asking import Ask, amounts, binary, chances, scores, shares
from sklearn import datasets
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

if TYPE_CHECKING:
    from collections.abc import Callable

    Rng = np.random.Generator


class Split(NamedTuple):
    """What a model learns from, and what it is asked."""

    x: np.ndarray
    y: np.ndarray
    new: np.ndarray
    truth: np.ndarray


SIZES = (3, 8, 20, 60, 200, 1000)
"""How many rows are asked for; real data may have fewer."""


@cache
def _loaded(name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return x.astype(float), y


def _real(rng: Rng, *names: str) -> Split:
    x, y = _loaded(str(rng.choice(names)))
    return _split(x, y, rng)


def _split(x: np.ndarray, y: np.ndarray, rng: Rng) -> Split:
    """Two parts of random sizes, standardised; at times in the order of the targets."""
    order = rng.permutation(len(x))
    learn = int(len(x) * rng.uniform(0.3, 0.7))
    first, rest = order[:learn], order[learn:][: rng.choice(SIZES)]
    if rng.random() < 0.1:
        rest = rest[np.argsort(y[rest], kind="stable")]
    scaler = StandardScaler().fit(x[first])
    return Split(scaler.transform(x[first]), y[first], scaler.transform(x[rest]), y[rest])


def two_classes(rng: Rng) -> Split:
    """Two classes: tumours, digits that are even, or drawn ones, which may be rare."""
    kind = rng.integers(3)
    if kind == 0:
        return _real(rng, "breast_cancer")
    if kind == 1:
        x, y = _loaded("digits")
        return _split(x, (y % 2 == 0).astype(int), rng)
    rare, noise = rng.choice([0.5, 0.8, 0.95]), rng.choice([0, 0.05, 0.2])
    seed = int(rng.integers(2**31))
    made = datasets.make_classification(1500, 12, weights=[rare], flip_y=noise, random_state=seed)
    return _split(*made, rng)


def several_classes(rng: Rng) -> Split:
    if rng.random() < 0.75:
        return _real(rng, "digits", "iris", "wine")
    seed, classes = int(rng.integers(2**31)), int(rng.choice([3, 5, 8]))
    made = datasets.make_classification(
        1500, 15, n_informative=8, n_classes=classes, random_state=seed, flip_y=0.1
    )
    return _split(*made, rng)


def true_amounts(rng: Rng) -> Split:
    if rng.random() < 0.5:
        return _real(rng, "diabetes")
    seed = int(rng.integers(2**31))
    if rng.random() < 0.5:
        return _split(*datasets.make_friedman1(1000, noise=1.0, random_state=seed), rng)
    made = datasets.make_regression(1000, 10, noise=rng.choice([1, 50, 300]), random_state=seed)
    return _split(*made, rng)


def whole(split: Split) -> bool:
    """Whether a model of all classes can be had of a part of the data."""
    return {*split.truth} <= {*split.y} and len({*split.y}) > 1


def _of_two(make: Callable[[Rng], Any], *, logits: bool) -> Callable[[Rng], list[Ask]]:
    def source(rng: Rng) -> list[Ask]:
        split = two_classes(rng)
        model = make(rng).fit(split.x, split.y)
        if logits:
            return binary(model.decision_function(split.new), split.truth, rng)
        return chances(model.predict_proba(split.new)[:, 1], split.truth, rng)

    return source


def _of_several(make: Callable[[Rng], Any], *, logits: bool) -> Callable[[Rng], list[Ask]]:
    def source(rng: Rng) -> list[Ask]:
        split = several_classes(rng)
        while not whole(split):
            split = several_classes(rng)
        model = make(rng).fit(split.x, split.y)
        if logits:
            return scores(model.decision_function(split.new), split.truth, rng)
        return shares(model.predict_proba(split.new), split.truth, rng)

    return source


def _of_amounts(make: Callable[[Rng], Any]) -> Callable[[Rng], list[Ask]]:
    def source(rng: Rng) -> list[Ask]:
        split = true_amounts(rng)
        return amounts(make(rng).fit(split.x, split.y).predict(split.new), split.truth, rng)

    return source


def linear(rng: Rng) -> Any:
    return LogisticRegression(C=10 ** rng.uniform(-4, 4), max_iter=100)


def _tree(rng: Rng) -> Any:
    return DecisionTreeClassifier(max_depth=rng.choice([1, 2, 4, 8]), min_samples_leaf=3)


def _bare_tree(rng: Rng) -> Any:
    return DecisionTreeClassifier(max_features=rng.choice([None, "sqrt"]))


def _forest(rng: Rng) -> Any:
    return RandomForestClassifier(int(rng.choice([5, 20])), max_depth=rng.choice([3, None]))


def _boosted(rng: Rng) -> Any:
    return GradientBoostingClassifier(n_estimators=int(rng.choice([3, 12])), max_depth=2)


def _neighbours(rng: Rng) -> Any:
    return KNeighborsClassifier(int(rng.choice([1, 3, 10])))


def _svc(rng: Rng) -> Any:
    return rng.choice([LinearSVC(C=10 ** rng.uniform(-2, 2)), SVC(C=10 ** rng.uniform(-1, 2))])


def _net(rng: Rng) -> Any:
    steps = int(rng.choice([1, 5, 40]))
    return MLPClassifier((16,), max_iter=steps, learning_rate_init=10 ** rng.uniform(-4, -1.5))


def untrained(rng: Rng) -> list[Ask]:
    """A network of torch as it is made, or after a few steps of a small rate."""
    two = rng.random() < 0.5
    split = two_classes(rng) if two else several_classes(rng)
    torch.manual_seed(int(rng.integers(2**31)))
    x, new = (torch.tensor(one, dtype=torch.float32) for one in (split.x, split.new))
    y, classes = torch.tensor(split.y), int(max(split.y.max(), split.truth.max())) + 1
    wide = int(rng.choice([4, 32, 256]))
    layers = torch.nn.Linear(x.shape[1], wide), torch.nn.ReLU(), torch.nn.Linear(wide, classes)
    net = torch.nn.Sequential(*layers[: 3 if rng.random() < 0.7 else 2])
    if len(net) == 2:
        net = torch.nn.Sequential(torch.nn.Linear(x.shape[1], classes))
    optimizer = torch.optim.SGD(net.parameters(), 10 ** rng.uniform(-4, -1))
    for _ in range(int(rng.choice([0, 0, 1, 10]))):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    logits = net(new).detach().numpy()
    if two and rng.random() < 0.7:
        return binary(logits[:, 1] - logits[:, 0], split.truth, rng)
    return scores(logits, split.truth, rng)


def untrained_amounts(rng: Rng) -> list[Ask]:
    """A network of amounts as they are, or standardised, before or soon after its first step."""
    split = true_amounts(rng)
    torch.manual_seed(int(rng.integers(2**31)))
    x, new, y = (torch.tensor(one, dtype=torch.float32) for one in (split.x, split.new, split.y))
    mean, std = (y.mean(), y.std()) if rng.random() < 0.3 else (torch.zeros(()), torch.ones(()))
    wide = int(rng.choice([4, 32, 256]))
    layers = torch.nn.Linear(x.shape[1], wide), torch.nn.ReLU(), torch.nn.Linear(wide, 1)
    few = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 1))
    net = torch.nn.Sequential(*layers) if rng.random() < 0.7 else few
    optimizer = torch.optim.Adam(net.parameters(), 10 ** rng.uniform(-4, -2))
    for _ in range(int(rng.choice([0, 0, 1, 10]))):
        optimizer.zero_grad()
        torch.nn.functional.huber_loss(net(x)[:, 0], (y - mean) / std).backward()
        optimizer.step()
    truth = (split.truth - mean.item()) / std.item()
    return amounts(net(new).detach().numpy()[:, 0], truth, rng)


with warnings.catch_warnings():
    MODELS: dict[str, Callable[[Rng], list[Ask]]] = {
        "logistic regression": _of_two(linear, logits=True),
        "logistic regression, classes": _of_several(linear, logits=True),
        "trees": _of_two(_tree, logits=False),
        "trees, classes": _of_several(_tree, logits=False),
        "trees of pure leaves": _of_several(_bare_tree, logits=False),
        "forests": _of_two(_forest, logits=False),
        "forests, classes": _of_several(_forest, logits=False),
        "gradient boosting": _of_two(_boosted, logits=True),
        "k neighbours": _of_two(_neighbours, logits=False),
        "k neighbours, classes": _of_several(_neighbours, logits=False),
        "naive Bayes": _of_two(lambda _: GaussianNB(), logits=False),
        "naive Bayes, classes": _of_several(lambda _: GaussianNB(), logits=False),
        "support vectors": _of_two(_svc, logits=True),
        "support vectors, classes": _of_several(_svc, logits=True),
        "perceptrons of layers": _of_several(_net, logits=False),
        "untrained networks": untrained,
        "untrained networks, amounts": untrained_amounts,
        "ridge": _of_amounts(lambda rng: Ridge(10 ** rng.uniform(-3, 4))),
        "least squares": _of_amounts(lambda _: LinearRegression()),
        "regression trees": _of_amounts(
            lambda rng: DecisionTreeRegressor(max_depth=rng.choice([1, 3, None]))
        ),
        "regression forests": _of_amounts(lambda _: RandomForestRegressor(8)),
        "regression boosting": _of_amounts(lambda _: GradientBoostingRegressor(n_estimators=10)),
        "regression of neighbours": _of_amounts(
            lambda rng: KNeighborsRegressor(int(rng.choice([1, 5])))
        ),
    }
"""Real models, by name."""
