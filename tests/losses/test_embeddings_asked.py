"""Losses of vectors, pairs and orders: what is refused, what is said, and what is a hit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate, losses
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(47)
A, B, C = RNG.normal(size=(3, 20, 5))
SIGNS = RNG.choice([-1, 1], 20)
inf, nan = np.inf, np.nan
zeros = np.zeros

REFUSED = {  # the loss and its inputs, the code, and what the message says
    "other rows": (
        "triplet",
        {"anchor": zeros((4, 2)), "positive": zeros((4, 2)), "negative": zeros((3, 2))},
        "row-count",
        ["(4, 2)", "negative has shape (3, 2)", "row 4 of anchor has no partner"],
    ),
    "other lengths": (
        "cosine",
        {"input1": zeros((4, 2)), "input2": zeros((4, 3))},
        "shape-mismatch",
        ["input1 has shape (4, 2)", "input2 has shape (4, 3)"],
    ),
    "a single number": (
        "cosine",
        {"input1": np.float64(1), "input2": np.float64(1)},
        "shape-mismatch",
        ["rows of vectors", "e0..e9"],
    ),
    "labels of columns": (
        "cosine-embedding",
        {"input1": zeros(4), "input2": zeros(4), "target": [1, 1, -1, 1]},
        "shape-mismatch",
        ["(4,)", "read as one vector"],
    ),
    "too few labels": (
        "contrastive",
        {"input1": zeros((4, 2)), "input2": zeros((4, 2)), "target": [1, 0, 1]},
        "row-count",
        ["row 4 of input1 has no partner"],
    ),
    "no sign": (
        "margin-ranking",
        {"input1": zeros(3), "input2": zeros(3), "target": [1, 2, -1]},
        "labels",
        ["target, row 2", "-1 and +1", "not 2"],
    ),
    "half a label": (
        "contrastive",
        {"distance": zeros(2), "target": [0.5, 1]},
        "labels",
        ["0 and 1", "not 0.5"],
    ),
    "three labels": (
        "hinge-embedding",
        {"distance": zeros(3), "target": [-1, 0, 1]},
        "labels",
        ["1 labels are -1 and 1 are 0"],
    ),
    "scores are no pairs": (
        "bpr",
        {"positive": zeros((3, 1)), "negative": zeros((3, 4))},
        "shape-mismatch",
        ["(3, 1)", "(3, 4)"],
    ),
    "one vector among none": (
        "infonce",
        {"input1": zeros(4), "input2": zeros(4)},
        "shape-mismatch",
        ["rows of vectors", "(N, D)"],
    ),
    "deep candidates": (
        "ntxent",
        {"input1": zeros((4, 2, 2)), "input2": zeros((4, 2, 2))},
        "shape-mismatch",
        ["(4, 2, 2)", "(N, D)"],
    ),
    "all labels differ": (
        "supcon",
        {"embeddings": np.eye(3), "target": ["a", "b", "c"]},
        "nothing",
        ["no two of the 3 rows"],
    ),
    "all labels that count differ": (
        "supcon",
        {"embeddings": np.eye(4), "target": [0, 1, 2, 2], "mask": [1, 1, 1, 0]},
        "nothing",
        ["no two of the 3 rows that count"],
    ),
    "logits are no cosines": (
        "arcface",
        {"logits": [[0.5, 1.5]], "target": [0]},
        "cosine-range",
        ["row 1, column 2", "1.5 is no cosine"],
    ),
    "log-probabilities": (
        "dpo",
        {"chosen": [-1.0], "rejected": [-1.0], "ref_chosen": [0.2], "ref_rejected": [-1.0]},
        "log-probs-range",
        ["ref-chosen, row 1", "0.2 is no log-probability"],
    ),
    "a list is no lists": (
        "listnet",
        {"logits": zeros(4), "target": zeros(4)},
        "shape-mismatch",
        ["(N, L)", "--mask"],
    ),
    "text": ("cosine", {"input1": [["a", "b"]], "input2": [[1.0, 2.0]]}, "text", ["numbers"]),
    "NaN": ("infonce", {"input1": np.eye(2), "input2": [[1, nan], [1, 1]]}, "nan", ["column 2"]),
    "NaN label": ("supcon", {"embeddings": np.eye(3), "target": [1, 1, nan]}, "nan", ["row 3"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    name, given, code, said = REFUSED[case]
    with pytest.raises(DataError) as caught:
        evaluate(name, **given)
    assert caught.value.code == code
    told = f"{caught.value} {caught.value.hint}"
    for words in said:
        assert words in told


WRONG = {
    "no target": ("cosine-embedding", {"input1": A, "input2": B}, "needs targets"),
    "a target": (
        "bpr",
        {"positive": [1.0], "negative": [0.0], "target": [1]},
        "no option --target",
    ),
    "no negative": ("triplet", {"anchor": A, "positive": B}, "--negative"),
    "margin": (
        "triplet",
        {"anchor": A, "positive": B, "negative": C, "margin": 0.0},
        "--margin must be > 0",
    ),
    "both": ("cosine", {"input1": A, "input2": B, "target": C}, "cannot|no meaning|two ways"),
    "no angle": ("arcface", {"logits": A / 9, "target": zeros(20), "margin": inf}, "--margin must"),
    "temperature": ("infonce", {"input1": A, "input2": B, "temperature": 0.0}, "--temperature"),
    "weights": ("ntxent", {"input1": A, "input2": B, "sample_weight": np.ones(20)}, "no rows"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrongly_asked(case):
    name, given, said = WRONG[case]
    with pytest.raises(UsageError, match=said):
        evaluate(name, **given)


SAID = {  # the loss and its inputs, the code, the level and what is said
    "cosine-embedding": {"input1": A, "input2": B, "target": (SIGNS + 1) // 2},
    "hinge-embedding": {"distance": np.abs(A[:, 0]), "target": (SIGNS + 1) // 2},
    "margin-ranking": {"input1": A, "input2": B, "target": A > B},
}


@pytest.mark.parametrize("name", SAID)
def test_labels_of_0_are_converted_and_said(name):
    given = SAID[name]
    found = evaluate(name, **given)
    signed = 2 * np.asarray(given["target"], int) - 1
    wanted = evaluate(name, **(given | {"target": signed}))
    assert found.elements.tolist() == wanted.elements.tolist()
    assert [one.code for one in found.warnings] == ["labels-converted"]
    assert not wanted.warnings
    with pytest.raises(DataError, match="refused by --strict"):
        evaluate(name, **given, strict=True)


def test_signs_for_contrastive():
    found = evaluate("contrastive", input1=A, input2=B, target=SIGNS)
    wanted = evaluate("contrastive", input1=A, input2=B, target=SIGNS > 0)
    assert found.elements.tolist() == wanted.elements.tolist()
    assert [one.code for one in found.warnings] == ["labels-converted"]
    assert not wanted.warnings


def codes(found):
    return [one.code for one in (*found.warnings, *found.notes)]


def test_zero_vectors():
    """PyTorch's value, and a warning with the place."""
    a = A.copy()
    a[3] = 0
    for name, more in (("cosine", {}), ("cosine-embedding", {"target": np.ones(20)})):
        found = evaluate(name, input1=B, input2=a, **more)
        (warning,) = found.warnings
        assert (warning.code, warning.index, warning.count) == ("zero-vector", (3,), 1)
        assert "input2, row 4" in warning.message
        assert found.elements[3] == 1
    wanted = F.cosine_embedding_loss(*map(torch.tensor, (B, a, np.ones(20))), reduction="none")
    np.testing.assert_allclose(found.elements, wanted.numpy())
    for name, given in (
        ("infonce", {"input1": a, "input2": B}),
        ("ntxent", {"input1": a, "input2": B}),
        ("supcon", {"embeddings": a, "target": SIGNS}),
        ("siglip", {"input1": a, "input2": B}),
    ):
        assert "zero-vector" in codes(evaluate(name, **given)), name
    assert "zero-vector" not in codes(evaluate("infonce", input1=a, input2=B, normalize=False))
    assert "zero-vector" not in codes(evaluate("triplet", anchor=a, positive=a, negative=a))
    masked = evaluate("cosine", input1=a, input2=B, mask=a.any(1))
    assert "zero-vector" not in codes(masked)


def test_short_vectors():
    tiny = 1e-7 * A
    found = evaluate("cosine-embedding", input1=tiny, input2=tiny, target=np.ones(20))
    assert "as in PyTorch" in found.warnings[0].message
    wanted = F.cosine_embedding_loss(*map(torch.tensor, (tiny, tiny, np.ones(20))))
    assert found.value == pytest.approx(wanted.item())
    assert found.value > 0.5


def test_long_and_infinite_vectors():
    """The limit of the direction, in a dtype that does not hold the square of the length."""
    long = np.array([[3e30, 4e30], [inf, 1.0], [-inf, inf]], np.float32)
    other = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], np.float32)
    found = evaluate("cosine", input1=long, input2=other)
    np.testing.assert_allclose(found.elements, [0.4, 0, 1 + np.sqrt(0.5)], rtol=1e-6)
    assert codes(found) == ["infinite"]
    scored = evaluate("cosine-embedding", input1=long, input2=other, target=np.ones(3))
    np.testing.assert_allclose(scored.elements, found.elements, rtol=1e-6)
    pairs = {"input1": [inf, -inf, inf], "input2": [inf, 0.0, 0.0], "target": [1, 1, 1]}
    assert evaluate("margin-ranking", **pairs).elements.tolist() == [0, inf, 0]
    found = evaluate("bpr", positive=[inf, -inf, 1e4], negative=[inf, 0.0, -1e4])
    assert found.elements.tolist() == [pytest.approx(np.log(2)), inf, 0]
    triplets = {"anchor": [[inf, 0.0]], "positive": [[inf, 0.0]], "negative": [[1.0, 0.0]]}
    assert evaluate("triplet", **triplets).elements.tolist() == [0]


def test_distances_below_0():
    found = evaluate("hinge-embedding", distance=[-0.5, 0.5], target=[1, -1])
    assert found.elements.tolist() == [-0.5, 0.5]
    assert codes(found) == ["negative-distance"]


def test_shapes():
    one = evaluate("triplet", anchor=A[0], positive=B[0], negative=C[0])
    assert one.elements.shape == ()
    assert codes(one) == ["one-vector"]
    deep = evaluate("cosine", input1=A.reshape(4, 5, 5), input2=B.reshape(4, 5, 5))
    assert deep.elements.shape == (4, 5)
    thin = evaluate("cosine", input1=A[:, None], input2=B)
    assert (thin.elements.shape, codes(thin)) == ((20,), ["squeezed"])
    labels = evaluate("cosine-embedding", input1=A, input2=B, target=SIGNS[:, None])
    assert codes(labels) == ["squeezed"]
    single = evaluate("cosine-embedding", input1=A[0], input2=B[0], target=1)
    assert single.elements.shape == ()


def test_dtype():
    """Labels do not count for it; every vector does, the target of cosine among them."""
    half, single = A.astype(np.float16), B.astype(np.float32)
    found = evaluate("cosine-embedding", input1=single, input2=half, target=SIGNS.astype(float))
    assert "|float32|" in found.signature
    assert "half-widened" in codes(found)
    assert "|float64|" in evaluate("cosine", pred=single, target=A).signature


# ---- what is a hit


def hits(found):
    return found.report.accuracy.hits


def test_accuracy_of_triplets():
    a, p, n = zeros((4, 1)), [[1.0], [1.0], [2.0], [-1.0]], [[2.0], [1.0], [1.0], [3.0]]
    found = evaluate("triplet", anchor=a, positive=p, negative=n, eps=0.0)
    assert hits(found) == (2, 4)  # equal distances are no hit
    assert (
        found.metrics["active"] == 0.5
    )  # 1 + 1 > 2 is not; 1 + 1 > 1; 2 + 1 > 1; 1 + 1 > 3 is not
    assert found.metrics["mean_positive"] == 1.25
    swapped = evaluate("triplet", anchor=a, positive=p, negative=n, eps=0.0, swap=True)
    assert (hits(swapped), swapped.metrics["active"]) == ((2, 4), 0.75)


def test_accuracy_of_pairs():
    """A pair is read as the label that costs less; equal costs are "different"."""
    d, y = [0.4, 0.5, 0.6, 0.4, 0.6], [1, 1, 1, -1, -1]
    for name, target in (("hinge-embedding", y), ("contrastive", np.array(y) > 0)):
        found = evaluate(name, distance=d, target=target)
        assert hits(found) == (2, 5)
        assert found.report.accuracy.rule == "distance < 0.5"
        assert found.report.accuracy.guess == 0.6
        assert hits(evaluate(name, distance=d, target=target, threshold=0.55)) == (3, 5)
    cosines = np.array([0.7, 0.5, 0.5, 0.7])
    a, b = np.stack([cosines, np.sqrt(1 - cosines**2)], 1), np.tile([1.0, 0.0], (4, 1))
    given = {"input1": a, "input2": b, "target": [1, 1, -1, -1]}
    found = evaluate("cosine-embedding", **given, margin=0.2)
    assert (hits(found), found.report.accuracy.rule) == ((2, 4), "cosine > 0.6")
    assert hits(evaluate("cosine-embedding", **given, threshold=0.1)) == (2, 4)
    assert hits(evaluate("cosine-embedding", **given, threshold=0.9)) == (2, 4)
    assert found.metrics["mean_same"] == pytest.approx(0.6)


@pytest.mark.parametrize("margin", [-0.3, 0.0, 0.4, 2.0])
def test_boundaries_are_where_both_labels_cost_the_same(margin):
    for name, make in (
        ("hinge-embedding", lambda at: {"distance": [at, at]}),
        ("contrastive", lambda at: {"distance": [at, at]}),
        (
            "cosine-embedding",
            lambda at: {"input1": [[at, np.sqrt(1 - at * at)]] * 2, "input2": [[1.0, 0.0]] * 2},
        ),
    ):
        at = (1 + margin) / 2 if name == "cosine-embedding" else margin / 2
        if (margin < 0 and name != "cosine-embedding") or at > 1:
            continue
        ignore = ["negative-margin", "zero-vector"]
        yes, no = (0, 1) if name == "contrastive" else (-1, 1)
        found = evaluate(name, **make(at), target=[yes, no], margin=margin, ignore=ignore)
        assert found.elements[0] == pytest.approx(found.elements[1], abs=1e-9)
        assert found.report.accuracy.rule.endswith(f" {at:.6g}")


def test_ties_are_wrong_and_counted():
    found = evaluate(
        "margin-ranking",
        input1=[2.0, 1.0, 1.0, 0.0, inf],
        input2=[1.0, 1.0, 2.0, 3.0, inf],
        target=[1, 1, -1, 1, -1],
        ignore=["infinite"],
    )
    assert (hits(found), found.metrics["ties"]) == ((2, 5), 2)
    found = evaluate("bpr", positive=[2.0, 1.0, 1.0], negative=[1.0, 1.0, 2.0])
    assert (hits(found), found.metrics["ties"]) == ((1, 3), 1)
    weight = [1.0, 2.0, 4.0]
    found = evaluate("bpr", positive=[2.0, 1, 1], negative=[1.0, 1, 2], sample_weight=weight)
    assert (hits(found), found.metrics["ties"]) == ((1, 7), 2)


def test_rewards():
    given = {
        "chosen": [-10.0, -20.0, -10.0],
        "rejected": [-20.0, -10.0, -10.0],
        "ref_chosen": [-12.0, -22.0, -10.0],
        "ref_rejected": [-15.0, -15.0, -10.0],
    }
    found = evaluate("dpo", **given)
    assert (hits(found), found.metrics["ties"]) == ((1, 3), 1)
    assert found.metrics["reward_chosen"] == pytest.approx(0.1 * 4 / 3)
    assert found.metrics["reward_rejected"] == pytest.approx(0.0)
    assert found.metrics["reward_margin"] == pytest.approx(0.1 * 4 / 3)


@pytest.mark.parametrize("kept", [slice(None), RNG.random(20) < 0.7], ids=["all", "masked"])
@pytest.mark.parametrize("normalize", [True, False])
def test_retrieval_counts_sample_weights(normalize, kept):
    """All that is said of rows, as their losses do: each counts its weight."""
    weight, mask = RNG.uniform(0.1, 2, 20), np.zeros(20, bool)
    mask[kept] = True
    given = {"input1": A, "input2": A + B, "symmetric": True, "normalize": normalize}
    found = evaluate("infonce", **given, sample_weight=weight, mask=mask)
    one, other, weight = A[kept], (A + B)[kept], weight[kept]
    if normalize:
        one, other = (side / np.linalg.norm(side, axis=1)[:, None] for side in (one, other))
    scores, places = one @ other.T, np.arange(len(one))
    others = (scores.sum(1) - scores.diagonal()) / (len(one) - 1)
    wanted = {
        "accuracy_back": np.average(scores.argmax(0) == places, weights=weight),
        "mean_positive": np.average(scores.diagonal(), weights=weight),
        "mean_negative": np.average(others, weights=weight),
    }
    assert found.metrics == pytest.approx(wanted)
    assert found.accuracy == pytest.approx(np.average(scores.argmax(1) == places, weights=weight))


def test_retrieval():
    a, b = np.eye(4), np.eye(4)[[0, 1, 2, 2]]
    found = evaluate("infonce", input1=a, input2=b, symmetric=True)
    assert hits(found) == (3, 4)  # the fourth finds nothing, and takes the first
    assert found.metrics["accuracy_back"] == 0.75
    assert found.metrics["mean_positive"] == 0.75
    assert found.metrics["mean_negative"] == pytest.approx(1 / 12)
    assert hits(evaluate("siglip", input1=a, input2=b)) == (3, 4)
    found = evaluate("ntxent", input1=a, input2=b)
    assert found.report.accuracy.hits[1] == 8
    labels = ["x", "x", "y", "z"]
    near = [[1, 0.1], [1, 0.0], [1, 0.2], [0, 1.0]]
    found = evaluate("supcon", embeddings=near, target=labels)
    assert hits(found) == (1, 2)  # the nearest of the first is the third's or the second's
    assert found.metrics["labels"] == 3


@pytest.mark.parametrize("name", ["infonce", "siglip", "ntxent"])
def test_retrieval_of_two_dtypes(name):
    """What is found is found in the wider."""
    thin = A.astype(np.float32)
    for one, other in ((thin, B), (B, thin)):
        wide = evaluate(name, input1=one.astype(float), input2=other.astype(float))
        found = evaluate(name, input1=one, input2=other)
        assert (found.value, hits(found)) == (wide.value, hits(wide))
        assert found.to_dict()["metrics"] == pytest.approx(wide.to_dict()["metrics"], rel=1e-6)


def naive_retrieval(z, right):
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    found = 0
    for i in range(len(z)):
        best = max((z[i] @ z[j], -j) for j in range(len(z)) if j != i)
        found += right(i, -best[1])
    return found


def test_retrieval_among_others():
    z = np.concatenate([A, A + 0.5 * B])
    wanted = naive_retrieval(z, lambda i, j: abs(i - j) == 20)
    found = evaluate("ntxent", input1=A, input2=A + 0.5 * B)
    assert hits(found) == (wanted, 40)
    assert 0 < wanted < 40
    labels = RNG.integers(0, 3, 20)
    wanted = naive_retrieval(A, lambda i, j: labels[i] == labels[j])
    assert hits(evaluate("supcon", embeddings=A, target=labels)) == (wanted, 20)


def test_one_row_has_no_others():
    for name in ("infonce", "ntxent", "siglip"):
        assert "one-row" in codes(evaluate(name, input1=A[:1], input2=B[:1])), name


def test_labels_are_never_computed_with():
    """Only whether they are equal matters: not in float32, nor how large they are."""
    vectors = A[:4].astype(np.float32)
    wanted = evaluate("supcon", embeddings=vectors, target=[0, 1, 0, 1]).elements.tolist()
    for one, other in ((2**53, 2**53 + 1), (2**24, 2**24 + 1), (0.5, 0.25), ("a", "b"), (-1, 7)):
        found = evaluate("supcon", embeddings=vectors, target=[one, other, one, other])
        assert found.elements.tolist() == wanted
        assert not found.warnings
    broken = evaluate("supcon", embeddings=A[:5], target=[0, 1, 0, 1, nan], nan="omit")
    few = evaluate("supcon", embeddings=A[:4], target=[0, 1, 0, 1])
    assert broken.value == few.value


def test_nan_propagates():
    given = {"input1": A, "input2": B, "target": [nan, *SIGNS[1:]]}
    found = evaluate("cosine-embedding", **given, nan="propagate")
    assert np.isnan(found.elements).tolist() == [True] + [False] * 19


# ---- names


def test_names():
    for name, wanted in (
        ("TripletMarginWithDistanceLoss", "triplet"),
        ("cosine_embedding_loss", "cosine-embedding"),
        ("HingeEmbeddingLoss", "hinge-embedding"),
        ("margin_ranking_loss", "margin-ranking"),
        ("siamese", "contrastive"),
        ("simclr", "ntxent"),
        ("reward-model", "bpr"),
    ):
        assert losses.find(name).name == wanted
        assert losses.find(name).remark(name) is None
    for name, said in (
        ("clip", "--symmetric"),
        ("mnrl", "--temperature 0.05"),
        ("negative-cosine", "1 - cosine"),
    ):
        assert said in losses.find(name).remark(name)
