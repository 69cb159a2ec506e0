"""What guessing costs a loss of labels and classes, and what a network begins with."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.special import softmax, xlogy

from losscli import evaluate

RNG = np.random.default_rng(23)
N, C = 24, 4
SCORES = RNG.normal(size=(N, C))
TARGET = np.array([0] * 11 + [1] * 6 + [2] * 4 + [3] * 3)
SHARES = np.bincount(TARGET) / N
SOFT = softmax(2 * RNG.normal(size=(N, C)), 1)
WEIGHT = RNG.random(N) + 0.1


@pytest.mark.parametrize("options", [{}, {"gamma": 0.0}, {"gamma": 5.0}, {"alpha": 0.25}], ids=str)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 1.0])
def test_focal(options, share):
    """Beside every probability of a fine grid, by the formula."""
    count = 200
    target = (np.arange(count) < share * count).astype(int)
    p = np.linspace(1e-6, 1 - 1e-6, 200_001)
    gamma, alpha = options.get("gamma", 2.0), options.get("alpha")
    yes, no = -((1 - p) ** gamma) * np.log(p), -(p**gamma) * np.log1p(-p)
    heavy, light = (1, 1) if alpha is None else (alpha, 1 - alpha)
    wanted = (target.mean() * heavy * yes + (1 - target.mean()) * light * no).min()
    for kind in ("logits", "probs"):
        found = evaluate("focal", **{kind: np.full(count, 0.3)}, target=target, **options).guess
        assert found == pytest.approx(wanted, rel=1e-7, abs=2e-6)
        assert found <= wanted + 1e-12


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_asl(share, clip):
    """Its default is the batchmean: the sum of the labels of a row."""
    target = (np.arange(200) < share * 200).astype(int).reshape(50, 4)
    p = np.linspace(1e-6, 1 - 1e-6, 200_001)
    q = np.minimum(1, 1 - p + clip)
    mean = target.mean()
    wanted = (-mean * (1 - p) * np.log(p) - (1 - mean) * (1 - q) ** 4 * np.log(q)).min()
    found = evaluate("asl", logits=np.zeros((50, 4)), target=target, clip=clip)
    assert found.guess == pytest.approx(4 * wanted, rel=1e-6)
    assert evaluate(
        "asl", logits=np.zeros((50, 4)), target=target, clip=clip, reduction="mean"
    ).guess == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("reduction", "times"), [("mean", 1 / N), ("sum", 1.0), ("none", 1 / N), ("batchmean", 1 / N)]
)
def test_it_is_reduced_as_the_loss_is(reduction, times):
    p = np.array([[0.3], [0.6]] * (N // 2))
    y = TARGET[:, None] > 0
    found = evaluate("bce", probs=p, target=y.astype(int), reduction=reduction)
    wanted = -xlogy(y.mean(), y.mean()) - xlogy(1 - y.mean(), 1 - y.mean())
    assert found.guess == pytest.approx(N * wanted * times)
    weighted = evaluate(
        "ce", logits=SCORES, target=TARGET, weight=[1.0, 2.0, 3.0, 4.0], reduction=reduction
    )
    masses = SHARES * [1, 2, 3, 4]
    wanted = -xlogy(masses, masses / masses.sum()).sum()
    by = {"mean": masses.sum(), "none": masses.sum()}.get(reduction, 1 / (N * times))
    assert weighted.guess == pytest.approx(wanted / by)


def of_probabilities(cost):
    """The least of a function of probabilities, of what it is of a few thousand searches."""
    found = [
        minimize(lambda z: cost(softmax(z)), start, tol=1e-14, method="BFGS").fun
        for start in (np.zeros(C), np.log(SHARES), -np.arange(C))
    ]
    return min(found)


@pytest.mark.parametrize(
    "options", [{}, {"gamma": 0.5}, {"gamma": 5.0}, {"alpha": [1, 2, 3, 4]}], ids=str
)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_focal_ce(options, weight):
    gamma, alpha = options.get("gamma", 2.0), np.array(options.get("alpha", [1.0] * C))
    shares = SHARES if weight is None else np.bincount(TARGET, weight) / weight.sum()
    wanted = of_probabilities(lambda p: -(alpha * shares * (1 - p) ** gamma * np.log(p)).sum())
    given = {} if weight is None else {"sample_weight": weight}
    found = evaluate("focal-ce", logits=SCORES, target=TARGET, **options, **given).guess
    assert found == pytest.approx(wanted, rel=1e-6)
    assert found <= wanted + 1e-12
    soft = evaluate("focal-ce", logits=SCORES, target=SOFT, **options).guess
    mean = SOFT.mean(0)
    wanted = of_probabilities(lambda p: -(alpha * mean * (1 - p) ** gamma * np.log(p)).sum())
    assert soft == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("epsilon", [-1.0, 0.0, 2.0, 20.0])
def test_poly1(epsilon):
    wanted = of_probabilities(lambda p: (SHARES * (epsilon * (1 - p) - np.log(p))).sum())
    found = evaluate("poly1", logits=SCORES, target=TARGET, epsilon=epsilon).guess
    assert found == pytest.approx(wanted, rel=1e-6)
    assert evaluate("poly1", logits=SCORES, target=TARGET, epsilon=-1.5).guess is None


def test_of_one_class_nothing_is_lost():
    for name in ("focal-ce", "poly1"):
        found = evaluate(name, logits=SCORES, target=np.zeros(N, int))
        assert found.guess == pytest.approx(0, abs=1e-9)
        assert "better" not in str(found)


@pytest.mark.parametrize(
    "shares", [SHARES, [0.4, 0.3, 0.2, 0.1], [0.5, 0.5, 0, 0], [0.9, 0.1, 0, 0]]
)
@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_the_best_scores_of_a_hinge(shares, margin):
    """A linear program: scores s, and for each class a loss that no other class exceeds."""
    counts = np.round(np.array(shares) * 120).astype(int)
    target = np.repeat(np.arange(C), counts)
    rows, bounds = [], []
    for true in range(C):
        for other in range(C):
            if other != true:  # margin + s_other - s_true <= loss_true
                row = np.zeros(2 * C)
                row[other], row[true], row[C + true] = 1, -1, -1
                rows.append(row)
                bounds.append(-margin)
    costs = np.concatenate([np.zeros(C), counts / counts.sum()])
    wanted = linprog(costs, rows, bounds, bounds=[(None, None)] * C + [(0, None)] * C).fun
    scores = np.zeros((len(target), C))
    found = evaluate("multiclass-hinge", logits=scores, target=target, margin=margin)
    assert found.guess == pytest.approx(wanted, abs=1e-9)
    if margin == 1:
        assert evaluate("categorical-hinge", logits=scores, target=target).guess == found.guess


def test_no_margin_no_loss():
    assert evaluate("multiclass-hinge", logits=SCORES, target=TARGET, margin=-1.0).guess == 0
    assert evaluate("categorical-hinge", logits=SCORES, target=SOFT).guess is None


@pytest.mark.parametrize(
    "options", [{}, {"p": 2, "margin": 0.5}, {"weight": [1, 2, 3, 4]}], ids=str
)
def test_equal_scores_of_multi_margin(options):
    given = {"target": TARGET, "sample_weight": WEIGHT, **options}
    even = evaluate("multi-margin", logits=np.ones((N, C)), **given)
    assert evaluate("multi-margin", logits=SCORES, **given).guess == pytest.approx(even.value)


def test_kl():
    """Of the mean target, from which that of any other distribution is further."""
    mean = SOFT.mean(0)
    wanted = (xlogy(SOFT, SOFT) - SOFT * np.log(mean)).sum() / N
    log_probs = np.log(softmax(SCORES, 1))
    assert evaluate("kl", log_probs=log_probs, target=SOFT).guess == pytest.approx(wanted)
    assert evaluate(
        "kl", log_probs=log_probs, target=SOFT, reduction="mean"
    ).guess == pytest.approx(wanted / C)
    found = evaluate("kl", logits=SCORES, target_logits=3 * np.log(SOFT), temperature=3.0)
    assert found.guess == pytest.approx(wanted)
    weighted = evaluate("kl", log_probs=log_probs, target=SOFT, sample_weight=WEIGHT)
    mean = np.average(SOFT, axis=0, weights=WEIGHT)
    each = (xlogy(SOFT, SOFT) - SOFT * np.log(mean)).sum(1)
    assert weighted.guess == pytest.approx(np.average(each, weights=WEIGHT))
    some = RNG.random(N) < 0.5
    masked = evaluate("kl", log_probs=log_probs, target=SOFT, mask=some)
    alone = evaluate("kl", log_probs=log_probs[some], target=SOFT[some])
    assert masked.guess == pytest.approx(alone.guess)
    parts = RNG.random((N, C)) < 0.5
    assert evaluate("kl", log_probs=log_probs, target=SOFT, mask=parts).guess is None
    same = evaluate("kl", log_probs=log_probs, target=np.tile(SOFT[:1], (N, 1)))
    assert same.guess == 0
    assert same.skill is None


HOT = (RNG.random((N, 5)) < [0.1, 0.3, 0.5, 0.7, 0.9]).astype(int)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_best_score_of_zlpr(weight):
    sizes = HOT.sum(1)
    scores = np.linspace(-30, 30, 60_001)[:, None]
    with np.errstate(divide="ignore"):
        each = np.logaddexp(0, np.log(5 - sizes) + scores) + np.logaddexp(0, np.log(sizes) - scores)
    wanted = np.average(each, axis=1, weights=weight).min()
    given = {} if weight is None else {"sample_weight": weight}
    found = evaluate("zlpr", logits=np.zeros((N, 5)), target=HOT, **given)
    assert found.guess == pytest.approx(wanted, rel=1e-6)
    assert found.guess <= wanted + 1e-12


@pytest.mark.parametrize("given", [{}, {"sample_weight": WEIGHT}, {"mask": WEIGHT > 0.5}], ids=str)
def test_equal_scores_of_label_lists(given):
    lists = np.array([[*np.flatnonzero(row), *[-1] * 5][:5] for row in HOT])
    for target in (HOT, lists):
        even = evaluate("multilabel-margin", logits=np.ones((N, 5)), target=target, **given)
        other = RNG.normal(size=(N, 5))
        found = evaluate("multilabel-margin", logits=other, target=target, **given)
        assert found.guess == pytest.approx(even.value)


@pytest.mark.parametrize("options", [{}, {"weight": [1.0, 2.0, 3.0]}], ids=str)
def test_coral(options):
    """A logit for each threshold, each by itself: as bce of its question."""
    weight = np.array(options.get("weight", [1.0] * 3))
    above = [(at < TARGET).mean() for at in range(3)]
    wanted = sum(
        -w * (xlogy(p, p) + xlogy(1 - p, 1 - p)) for w, p in zip(weight, above, strict=True)
    )
    found = evaluate("coral", logits=np.zeros((N, 3)), target=TARGET, **options)
    assert found.guess == pytest.approx(wanted)


EVEN = {
    "ce": log(C),
    "focal-ce": (1 - 1 / C) ** 2 * log(C),
    "poly1": log(C) + 2 * (1 - 1 / C),
    "gce": (1 - (1 / C) ** 0.7) / 0.7,
    "multi-margin": (C - 1) / C,
    "multiclass-hinge": 1.0,
    "categorical-hinge": 1.0,
}


@pytest.mark.parametrize("name", EVEN)
def test_equal_scores(name):
    """What a network begins with, whatever the frequencies of the classes are."""
    found = evaluate(name, logits=SCORES, target=TARGET)
    assert found.baselines["uniform"] == pytest.approx(EVEN[name], rel=1e-12)
    even = evaluate(name, logits=np.zeros((N, C)), target=TARGET)
    assert even.value == pytest.approx(found.baselines["uniform"], rel=1e-12)
    assert "uniform" not in evaluate(name, logits=SCORES, target=TARGET, reduction="sum").baselines


@pytest.mark.parametrize(
    "options",
    [{"weight": [1.0, 2.0, 3.0, 4.0]}, {"label_smoothing": 0.2}, {"ignore_index": 0}],
    ids=str,
)
def test_equal_scores_cost_the_same_with_options(options):
    even = evaluate("ce", logits=np.zeros((N, C)), target=TARGET, **options)
    assert even.baselines["uniform"] == pytest.approx(even.value, rel=1e-12)
    both = {"weight": [1.0, 2.0, 3.0, 4.0], "label_smoothing": 0.2}
    assert "uniform" not in evaluate("ce", logits=SCORES, target=TARGET, **both).baselines
    heavy = {"target": np.eye(C)[TARGET], "weight": [1.0, 2.0, 3.0, 4.0]}  # nothing divides by it
    assert "uniform" not in evaluate("ce", logits=SCORES, **heavy).baselines


@pytest.mark.parametrize("name", EVEN)
def test_equal_scores_where_the_first_class_does_not_count(name):
    found = evaluate(name, logits=SCORES, target=TARGET, ignore_index=0)
    assert found.baselines["uniform"] == pytest.approx(EVEN[name], rel=1e-12)


def test_listed_items():
    """Lists of which a mask leaves items out."""
    mask = RNG.random((N, 5)) < 0.7
    mask[:, 0] = True
    target = RNG.integers(0, 4, (N, 5)).astype(float)
    scores = RNG.normal(size=(N, 5))
    for name, share in (("listnet", 1.0), ("ranking-softmax", (target * mask).sum(1))):
        wanted = (share * np.log(mask.sum(1))).mean()
        found = evaluate(name, logits=scores, target=target, mask=mask)
        assert found.guess == pytest.approx(wanted)
        even = evaluate(name, logits=np.zeros((N, 5)), target=target, mask=mask)
        assert even.value == pytest.approx(wanted)
    weighted = evaluate("listnet", logits=scores, target=target, mask=mask, sample_weight=WEIGHT)
    assert weighted.guess == pytest.approx(np.average(np.log(mask.sum(1)), weights=WEIGHT))
