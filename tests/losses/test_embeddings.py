"""Losses of vectors and of pairs: their definitions in plain NumPy, and what PyTorch has."""

from __future__ import annotations

from math import exp, inf, log, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from losscli import evaluate, vectors

RNG = np.random.default_rng(41)
N, D = 40, 6
A, B, C = RNG.normal(size=(3, N, D))
SIGNS = RNG.choice([-1.0, 1.0], N)
GROUPS = RNG.integers(0, 7, N)

rows = arrays(float, (3, 4), elements=st.floats(-9, 9))


def elements(name, **asked):
    return evaluate(name, reduction="none", **asked).elements


# ---- each row by itself


def norm(difference, p):
    if p == inf:
        return max(map(abs, difference))
    return sum(abs(one) ** p for one in difference) ** (1 / p)


def triplet(a, b, c, margin=1.0, p=2.0, swap=False, eps=1e-6):
    near, far = norm(a - b + eps, p), norm(a - c + eps, p)
    far = min(far, norm(b - c + eps, p)) if swap else far
    return max(0, margin + near - far)


@pytest.mark.parametrize(
    "options",
    [{}, {"margin": 3.0}, {"p": 1.0, "swap": True}, {"p": inf, "eps": 0.5}, {"p": 3.0}],
)
def test_triplet(options):
    @settings(max_examples=40, deadline=None)
    @given(rows, rows, rows)
    def agrees(a, b, c):
        found = elements("triplet", anchor=a, positive=b, negative=c, **options)
        wanted = [triplet(*row, **options) for row in zip(a, b, c, strict=True)]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)

    agrees()


def cos(a, b):
    return sum(a * b) / (sqrt(sum(a * a)) * sqrt(sum(b * b)))


def test_cosine():
    for names in (("input1", "input2"), ("pred", "target")):
        found = elements("cosine", **dict(zip(names, (A, B), strict=True)))
        np.testing.assert_allclose(found, [1 - cos(a, b) for a, b in zip(A, B, strict=True)])


@settings(deadline=None)
@given(rows)
def test_no_cosine_is_above_1(some):
    for name, more in (("cosine", {}), ("cosine-embedding", {"target": [1, 1, 1]})):
        assert (elements(name, input1=some, input2=3 * some, **more) >= 0).all()


def test_cosine_embedding():
    found = elements("cosine-embedding", input1=A, input2=B, target=SIGNS, margin=0.1)
    pairs = zip(A, B, SIGNS, strict=True)
    wanted = [1 - cos(a, b) if y == 1 else max(0, cos(a, b) - 0.1) for a, b, y in pairs]
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


@pytest.mark.parametrize("margin", [1.0, 3.0])
@pytest.mark.parametrize("half", [True, False])
def test_contrastive(margin, half):
    d = np.array([sqrt(sum((a - b) ** 2)) for a, b in zip(A, B, strict=True)])
    same = SIGNS > 0
    wanted = np.where(same, d**2, np.maximum(0, margin - d) ** 2) / (2 if half else 1)
    options = {"margin": margin, "half": half, "target": same.astype(int)}
    np.testing.assert_allclose(elements("contrastive", input1=A, input2=B, **options), wanted)
    np.testing.assert_allclose(elements("contrastive", distance=d, **options), wanted)


def test_published_contrastive():
    """What Hadsell's ½ gives for a pair 0.6 apart: the same, and different."""
    found = elements("contrastive", distance=[0.6, 0.6], target=[1, 0])
    np.testing.assert_allclose(found, [0.18, 0.08])


def test_pairs_of_numbers():
    d, y = np.array([0.0, 0.3, 1.5, 0.3, 2.0]), np.array([1, 1, 1, -1, -1])
    np.testing.assert_allclose(
        elements("hinge-embedding", distance=d, target=y), [0, 0.3, 1.5, 0.7, 0]
    )


# ---- as PyTorch has them


def both(*arrays):
    return [torch.from_numpy(one) for one in arrays]


@pytest.mark.parametrize("shape", [(N, D), (N, 2, 3), (D,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_as_in_torch(shape, dtype, reduction):
    a, b, c = (RNG.normal(size=(3, *shape))).astype(dtype)
    y = RNG.choice([-1.0, 1.0], shape[:-1]).astype(dtype)
    pairs = {"input1": a, "input2": b}
    wanted = {
        "TripletMarginLoss": F.triplet_margin_loss(*both(a, b, c), reduction=reduction),
        "triplet_margin_with_distance_loss": F.triplet_margin_with_distance_loss(
            *both(a, b, c), reduction=reduction
        ),
    }
    asked = {name: {"anchor": a, "positive": b, "negative": c} for name in wanted}
    if len(shape) < 3:  # PyTorch's takes no more axes
        wanted["CosineEmbeddingLoss"] = F.cosine_embedding_loss(
            *both(a, b, y), margin=0.2, reduction=reduction
        )
        asked["CosineEmbeddingLoss"] = pairs | {"target": y, "margin": 0.2}
    wanted["hinge_embedding_loss"] = F.hinge_embedding_loss(
        *both(a, np.sign(b)), margin=0.5, reduction=reduction
    )
    asked["hinge_embedding_loss"] = {"distance": a, "target": np.sign(b), "margin": 0.5}
    for name, one in wanted.items():
        found = evaluate(name, reduction=reduction, **asked[name])
        number = found.elements if reduction == "none" else found.value
        near = {"rtol": 3e-6, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12}
        np.testing.assert_allclose(number, one.numpy(), **near)
        assert found.elements.shape == shape[: len(found.elements.shape)]


def test_cosine_of_torch():
    wanted = 1 - F.cosine_similarity(*both(A, B))
    np.testing.assert_allclose(elements("cosine", input1=A, input2=B), wanted.numpy())
    tiny = 1e-9 * A
    wanted = 1 - F.cosine_similarity(*both(tiny, B))
    np.testing.assert_allclose(elements("cosine", input1=tiny, input2=B), wanted.numpy())


# ---- among all others


def unit(x):
    return x / np.sqrt((x * x).sum(1, keepdims=True))


def crossed(scores, right):
    """The cross-entropy of choosing one of some scores."""
    return log(sum(map(exp, scores))) - scores[right]


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("names", [("input1", "input2"), ("anchor", "positive")])
def test_infonce(names, symmetric, normalize):
    one, other = (unit(A), unit(B)) if normalize else (A, B)
    scores = one @ other.T / 0.3
    wanted = [crossed(row, at) for at, row in enumerate(scores)]
    if symmetric:
        back = [crossed(column, at) for at, column in enumerate(scores.T)]
        wanted = [(a + b) / 2 for a, b in zip(wanted, back, strict=True)]
    options = {"temperature": 0.3, "symmetric": symmetric, "normalize": normalize}
    found = elements("infonce", **dict(zip(names, (A, B), strict=True)), **options)
    np.testing.assert_allclose(found, wanted, rtol=1e-11)


def test_infonce_of_torch():
    scores = F.normalize(torch.from_numpy(A)) @ F.normalize(torch.from_numpy(B)).T / 0.07
    wanted = F.cross_entropy(scores, torch.arange(N))
    found = evaluate("infonce", input1=A, input2=B)
    assert found.value == pytest.approx(wanted.item(), rel=1e-12)
    assert found.to_dict()["baselines"]["constant"] == pytest.approx(log(N))


def test_ntxent():
    z = unit(np.concatenate([A, B]))
    wanted = []
    for at in range(2 * N):
        rest = [j for j in range(2 * N) if j != at]
        scores = [sum(z[at] * z[j]) / 0.5 for j in rest]
        wanted.append(crossed(scores, rest.index((at + N) % (2 * N))))
    found = evaluate("ntxent", input1=A, input2=B)
    np.testing.assert_allclose(found.elements, wanted, rtol=1e-11)
    assert found.value == pytest.approx(np.mean(wanted), rel=1e-12)
    assert found.to_dict()["baselines"]["constant"] == pytest.approx(log(2 * N - 1))


@pytest.mark.parametrize("names", [False, True])
def test_supcon(names):
    labels = GROUPS.copy()
    labels[5] = 99  # which nobody else has
    z = unit(A)
    wanted = []
    for at in range(N):
        rest = [j for j in range(N) if j != at]
        scores = [sum(z[at] * z[j]) / 0.1 for j in rest]
        own = [crossed(scores, k) for k, j in enumerate(rest) if labels[j] == labels[at]]
        wanted.append(np.mean(own) if own else 0)
    target = np.array([f"label {one}" for one in labels]) if names else labels
    found = evaluate("supcon", embeddings=A, target=target)
    np.testing.assert_allclose(found.elements, wanted, rtol=1e-11)
    assert found.value == pytest.approx(sum(wanted) / (N - 1), rel=1e-12)


def test_siglip():
    scores = unit(A) @ unit(B).T / 0.1 - 10
    signs = 2 * np.eye(N) - 1
    wanted = [sum(log(1 + exp(-s * x)) for s, x in zip(*row, strict=True))
              for row in zip(signs, scores, strict=True)]  # fmt: skip
    np.testing.assert_allclose(elements("siglip", input1=A, input2=B), wanted, rtol=1e-11)


CROWDS = {
    "infonce": {"input1": A, "input2": B, "symmetric": True},
    "ntxent": {"input1": A, "input2": B},
    "supcon": {"embeddings": A, "target": GROUPS},
    "siglip": {"input1": A, "input2": B},
}


@pytest.mark.parametrize("name", CROWDS)
def test_in_blocks(name, monkeypatch):
    """Similarities are held a few rows at a time."""
    whole = evaluate(name, **CROWDS[name])
    monkeypatch.setattr(vectors, "BLOCK", 7 * N)
    found = evaluate(name, **CROWDS[name])
    np.testing.assert_allclose(found.elements, whole.elements, rtol=1e-12)
    assert (found.accuracy, found.metrics) == (whole.accuracy, pytest.approx(whole.metrics))
    assert [one.cells for one in found.worst] == [one.cells for one in whole.worst]


@pytest.mark.parametrize("name", ["infonce", "supcon", "siglip"])
def test_rows_that_do_not_count_are_no_candidates(name):
    keep = RNG.random(N) < 0.7
    given = CROWDS[name]
    few = {key: one[keep] if isinstance(one, np.ndarray) else one for key, one in given.items()}
    found, wanted = evaluate(name, mask=keep, **given), evaluate(name, **few)
    np.testing.assert_allclose(found.elements[keep], wanted.elements, rtol=1e-13)
    assert not found.elements[~keep].any()
    assert found.value == pytest.approx(wanted.value, rel=1e-13)
    assert found.report.accuracy.hits == wanted.report.accuracy.hits
    first = next(iter(given))
    broken = given | {first: np.where(keep[:, None], given[first], np.nan)}
    assert evaluate(name, nan="omit", **broken).value == found.value


@pytest.mark.parametrize("name", CROWDS)
def test_limit(name):
    few = {
        key: one[:9] if isinstance(one, np.ndarray) else one for key, one in CROWDS[name].items()
    }
    found, wanted = evaluate(name, limit=9, **CROWDS[name]), evaluate(name, **few)
    assert found.elements.tolist() == wanted.elements.tolist()


@pytest.mark.parametrize("name", ["infonce", "supcon", "siglip"])
def test_sample_weights(name):
    weight = RNG.uniform(0.1, 2, N)
    plain = evaluate(name, **CROWDS[name])
    found = evaluate(name, sample_weight=weight, **CROWDS[name])
    over = weight if name != "supcon" else weight * (plain.elements > 0)
    wanted = (weight * plain.elements).sum() / over.sum()
    assert found.value == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_extremes_of_ntxent(dtype):
    """Twins that nothing else is like, and twins that everything else is like instead."""
    a = np.array([[1e4, 0.0], [0.0, 1e4]], dtype)
    found = evaluate("ntxent", input1=a, input2=a, temperature=0.001)
    assert found.elements.tolist() == [0] * 4
    found = evaluate("ntxent", input1=a, input2=a[::-1].copy(), temperature=0.001)
    np.testing.assert_allclose(found.elements, 1000, rtol=5e-7)
