"""Losses of scores in an order, and of given cosines: their definitions in plain Python."""

from __future__ import annotations

from math import acos, cos, exp, log, pi, sin

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score
from torch.nn import functional as F

from losscli import evaluate

RNG = np.random.default_rng(43)
N, C = 30, 6
SCORES = RNG.normal(size=(N, C))
RELEVANCE = RNG.integers(0, 4, (N, C))
COSINES = RNG.uniform(-1, 1, (N, C))
TRUE = RNG.integers(0, C, N)

scores = st.floats(-30, 30)


def elements(name, **asked):
    return evaluate(name, reduction="none", **asked).elements


@settings(max_examples=60, deadline=None)
@given(scores, scores, st.sampled_from([-1, 1]), st.floats(0, 3))
def test_margin_ranking(a, b, y, margin):
    found = elements("margin-ranking", input1=[a], input2=[b], target=[y], margin=margin)
    assert found[0] == pytest.approx(max(0, margin - y * (a - b)), abs=1e-13)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_bpr(a, b):
    found = elements("bpr", positive=[a], negative=[b])
    assert found[0] == pytest.approx(log(1 + exp(b - a)), rel=1e-10, abs=1e-15)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-90, 0), min_size=4, max_size=4), st.floats(0.01, 2), st.floats(0, 0.5))
def test_dpo(logs, beta, smoothing):
    names = ("chosen", "rejected", "ref_chosen", "ref_rejected")
    z = beta * ((logs[0] - logs[2]) - (logs[1] - logs[3]))
    wanted = (1 - smoothing) * log(1 + exp(-z)) + smoothing * log(1 + exp(z))
    asked = {name: [one] for name, one in zip(names, logs, strict=True)}
    found = elements("dpo", **asked, beta=beta, label_smoothing=smoothing)
    assert found[0] == pytest.approx(wanted, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(7,), (7, 3), ()])
def test_as_in_torch(shape, reduction):
    a, b = (torch.from_numpy(np.asarray(one)) for one in RNG.normal(size=(2, *shape)))
    y = torch.from_numpy(np.asarray(RNG.choice([-1.0, 1.0], shape)))
    wanted = F.margin_ranking_loss(a, b, y, margin=0.3, reduction=reduction)
    asked = {"input1": a.numpy(), "input2": b.numpy(), "target": y.numpy(), "margin": 0.3}
    found = evaluate("MarginRankingLoss", **asked, reduction=reduction)
    ours = found.elements if reduction == "none" else found.value
    np.testing.assert_allclose(ours, wanted.numpy(), rtol=1e-12)
    logistic = F.binary_cross_entropy_with_logits(a - b, torch.ones(shape), reduction="none")
    np.testing.assert_allclose(elements("bpr", positive=a, negative=b), logistic, rtol=1e-6)


# ---- lists


def softmax(row):
    found = [exp(one) for one in row]
    return [one / sum(found) for one in found]


def crossed(wanted, row):
    shares = softmax(row)
    return -sum(p * log(q) for p, q in zip(wanted, shares, strict=True))


def test_lists():
    pairs = list(zip(SCORES, RELEVANCE, strict=True))
    wanted = [crossed(softmax(y), x) for x, y in pairs]
    np.testing.assert_allclose(elements("listnet", logits=SCORES, target=RELEVANCE), wanted)
    wanted = [crossed(y, x) for x, y in pairs]
    np.testing.assert_allclose(elements("ranking-softmax", logits=SCORES, target=RELEVANCE), wanted)
    torchs = F.cross_entropy(
        torch.from_numpy(SCORES), torch.from_numpy(RELEVANCE).double().softmax(1)
    )
    found = evaluate("listnet", logits=SCORES, target=RELEVANCE).value
    assert found == pytest.approx(torchs.item(), rel=1e-12)


@pytest.mark.parametrize("name", ["listnet", "ranking-softmax"])
@pytest.mark.parametrize("dtype", [float, np.float32, int])
def test_items_that_fill_up_a_list(name, dtype):
    """Lists of different lengths: what the mask leaves out is as if it were not there."""
    lengths = RNG.integers(0, C + 1, N)
    mask = np.arange(C) < lengths[:, None]
    target = np.where(mask, RELEVANCE, -1).astype(dtype)
    found = evaluate(name, logits=np.where(mask, SCORES, 99.0), target=target, mask=mask)
    alone = [
        evaluate(name, logits=SCORES[i : i + 1, :n], target=RELEVANCE[i : i + 1, :n])
        for i, n in enumerate(lengths)
        if n
    ]
    np.testing.assert_allclose(found.elements[lengths > 0], [one.value for one in alone])
    assert found.value == pytest.approx(np.mean([one.value for one in alone]), rel=1e-12)
    assert found.accuracy == pytest.approx(np.mean([one.accuracy for one in alone]))
    ndcg = np.mean([one.metrics["ndcg"] for one in alone])
    assert found.metrics["ndcg"] == pytest.approx(ndcg)
    broken = np.where(mask, SCORES, np.nan)
    omitted = evaluate(name, logits=broken, target=target, nan="omit")
    assert omitted.value == found.value
    assert not found.warnings


def test_ndcg_of_sklearn():
    found = evaluate("listnet", logits=SCORES, target=RELEVANCE)
    assert found.metrics["ndcg"] == pytest.approx(ndcg_score(RELEVANCE, SCORES), rel=1e-12)
    none = evaluate("listnet", logits=SCORES[:1], target=np.zeros((1, C)))
    assert none.metrics["ndcg"] == ndcg_score(np.zeros((1, C)), SCORES[:1]) == 0


def test_first_of_lists():
    target = np.array([[0, 2, 2], [1, 0, 3], [0, 0, 0]])
    logits = np.array([[0.0, 1.0, 2.0], [3.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    found = evaluate("ranking-softmax", logits=logits, target=target)
    assert found.report.accuracy.hits == (2, 3)


# ---- cosines of classes


def pushed(cosine, margin):
    angle = acos(cosine)
    return cos(angle + margin) if angle + margin <= pi else cosine - margin * sin(margin)


@pytest.mark.parametrize("options", [{}, {"margin": 1.5, "scale": 9.0}, {"margin": -0.2}])
@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_margins_of_angles(name, options):
    margin = options.get("margin", 0.5 if name == "arcface" else 0.35)
    scale = options.get("scale", 64.0)
    wanted = []
    for row, true in zip(COSINES, TRUE, strict=True):
        logits = list(row)
        logits[true] = pushed(row[true], margin) if name == "arcface" else row[true] - margin
        top = max(logits)
        total = sum(exp(scale * (one - top)) for one in logits)
        wanted.append(log(total) + scale * (top - logits[true]))
    found = evaluate(name, logits=COSINES, target=TRUE, **options)
    np.testing.assert_allclose(found.elements, wanted, rtol=1e-9, atol=1e-12)
    assert found.accuracy == (COSINES.argmax(1) == TRUE).mean()


@pytest.mark.parametrize("options", [{}, {"margin": 0.25, "gamma": 8.0}])
def test_circle(options):
    m, gamma = options.get("margin", 0.4), options.get("gamma", 80.0)
    wanted = []
    for row, true in zip(COSINES, TRUE, strict=True):
        p = row[true]
        own = max(0, 1 + m - p) * (p - (1 - m))
        others = (max(0, s + m) * (s - m) for j, s in enumerate(row) if j != true)
        z = sum(exp(gamma * (one - own)) for one in others)
        wanted.append(log(1 + z))
    found = elements("circle", logits=COSINES, target=TRUE, **options)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", ["arcface", "cosface", "circle"])
def test_extremes_of_cosines(name):
    """Opposite vectors, and the same ones; the true class as bad as can be, and as good."""
    logits = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    for dtype in (np.float32, np.float64):
        found = elements(name, logits=logits.astype(dtype), target=[0, 0, 0])
        assert np.isfinite(found).all()
        assert found[0] < found[2] < found[1]
    ignored = evaluate(name, logits=logits, target=[0, -100, 0])
    assert ignored.elements[1] == 0
    assert ignored.denominator == 2


@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_without_a_margin_it_is_cross_entropy(name):
    found = elements(name, logits=COSINES, target=TRUE, margin=0.0, scale=5.0)
    wanted = F.cross_entropy(
        torch.from_numpy(5 * COSINES), torch.from_numpy(TRUE), reduction="none"
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
