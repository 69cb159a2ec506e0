"""What guessing costs pairs, lists, events, sequences and masks."""

from __future__ import annotations

from itertools import product
from math import log

import numpy as np
import pytest

from losscli import evaluate

RNG = np.random.default_rng(29)
N = 40
SAME = (RNG.random(N) < 0.3).astype(int)
WEIGHT = RNG.random(N) + 0.1
VECTORS = RNG.normal(size=(2, N, 3))


def by(weight):
    return {} if weight is None else {"sample_weight": weight}


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("margin", [-0.5, 0.0, 0.5, 2.0])
def test_one_number_for_all_pairs(margin, weight):
    """Beside every number of a fine grid."""
    grid = np.linspace(0, 4, 40_001)
    share = np.average(SAME, weights=weight)
    near = np.maximum(0, margin - grid)
    given = {"distance": np.ones(N), "target": SAME, "margin": margin, **by(weight)}
    found = evaluate("hinge-embedding", **given)
    assert found.guess == pytest.approx((share * grid + (1 - share) * near).min(), abs=1e-6)
    for half in (False, True):
        if margin < 0:
            continue
        found = evaluate("contrastive", **given, half=half)
        wanted = (share * grid**2 + (1 - share) * near**2).min() / (1 + half)
        assert found.guess == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("margin", [-1.0, 0.0, 0.4, 1.0])
def test_one_cosine_for_all_pairs(margin):
    cosines = np.linspace(-1, 1, 20_001)
    share = SAME.mean()
    wanted = (share * (1 - cosines) + (1 - share) * np.maximum(0, cosines - margin)).min()
    given = {"target": 2 * SAME - 1, "margin": margin}
    found = evaluate("cosine-embedding", input1=VECTORS[0], input2=VECTORS[1], **given)
    assert found.guess == pytest.approx(wanted, abs=1e-9)


def test_equal_scores_and_distances():
    one, other = VECTORS
    assert (
        evaluate("triplet", anchor=one, positive=other, negative=one + 1, margin=0.7).guess == 0.7
    )
    given = {"input1": one[:, 0], "input2": other[:, 0], "target": 2 * SAME - 1}
    assert evaluate("margin-ranking", **given, margin=0.3).guess == 0.3
    found = evaluate("margin-ranking", **given)
    assert found.guess == 0
    assert found.skill is None
    assert "guessing" not in str(found)
    assert evaluate("cosine", input1=one, input2=other).guess == 1.0


def test_vectors_that_are_all_alike():
    one, other = VECTORS
    alike = np.ones((N, 3))
    labels = RNG.integers(0, 9, N)
    even = evaluate("supcon", embeddings=alike, target=labels).value
    found = evaluate("supcon", embeddings=one, target=labels).guess
    assert found == pytest.approx(log(N - 1)) == pytest.approx(even)
    scores = np.linspace(-20, 20, 40_001)
    wanted = (np.logaddexp(0, -scores) + (N - 1) * np.logaddexp(0, scores)).min()
    found = evaluate("siglip", input1=one, input2=other).guess
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("options", [{}, {"ignore_index": 0}], ids=str)
@pytest.mark.parametrize("name", ["arcface", "cosface", "circle"])
def test_unrelated_vectors(name, options):
    target = RNG.integers(0, 5, N)
    even = evaluate(name, logits=np.zeros((N, 5)), target=target, **options).value
    found = evaluate(name, logits=RNG.uniform(-1, 1, (N, 5)), target=target, **options)
    assert found.guess == pytest.approx(even)
    assert even > log(5)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_equal_hazards(ties, weight):
    time, event = RNG.integers(1, 12, N), SAME
    given = {"time": time, "event": event, "ties": ties, **by(weight)}
    even = evaluate("cox", log_hazard=np.full(N, 0.7), **given)
    found = evaluate("cox", log_hazard=RNG.normal(size=N), **given)
    assert found.guess == pytest.approx(even.value)
    logs = []
    for at in np.unique(time):
        events, risk = int(((time == at) & (event == 1)).sum()), int((time >= at).sum())
        gone = range(events) if ties == "efron" else [0] * events
        logs += [log(risk - one) for one in gone]
    if weight is None:
        assert found.guess == pytest.approx(np.mean(logs))


def test_ways_to_spread_labels():
    """All paths of a few steps are written down, and those counted that say the labels."""
    rows = [[1], [1, 1], [1, 2], [2, 2, 1], []]
    steps = [3, 4, 5, 5, 2]
    each = []
    for labels, time in zip(rows, steps, strict=True):
        ways = 0
        for path in product(range(3), repeat=time):
            said = [one for at, one in enumerate(path) if at == 0 or one != path[at - 1]]
            ways += [one for one in said if one] == labels
        each.append((time * log(3) - log(ways)) / max(len(labels), 1))
    target = np.array([[*row, *[-1] * 3][:3] for row in rows])
    scores = RNG.normal(size=(5, 5, 3))
    given = {"target": target, "input_lengths": np.array(steps), "batch_first": True}
    found = evaluate("ctc", logits=scores, **given)
    assert found.guess == pytest.approx(np.mean(each))
    even = evaluate("ctc", logits=np.zeros((5, 5, 3)), **given)
    assert even.value == pytest.approx(found.guess)
    assert evaluate("ctc", logits=scores, **given, reduction="sum").guess is None
    short = {**given, "input_lengths": np.array([3, 2, 5, 5, 2])}
    assert evaluate("ctc", logits=scores, **short, ignore="infinite").guess is None
    zero = evaluate("ctc", logits=scores, **short, zero_infinity=True)
    each[1] = 0
    assert zero.guess == pytest.approx(np.mean(each))


BINARY = (RNG.random((5, 6, 7)) < np.array([0.0, 0.1, 0.4, 0.7, 0.9])[:, None, None]).astype(int)
CLASSES = np.array(
    [RNG.choice(3, (6, 7), p=p) for p in ([0.8, 0.1, 0.1], [0.3, 0, 0.7], [0, 0.5, 0.5])]
)
MASKED = [
    ("dice", {}),
    ("dice", {"smooth": 1.0, "absent": "skip"}),
    ("dice", {"reduce_over": "batch", "absent": "zero"}),
    ("jaccard", {}),
    ("tversky", {"alpha": 0.3, "beta": 0.7}),
    ("focal-tversky", {}),
    ("generalized-dice", {}),
    ("lovasz", {"per_image": True}),
    ("lovasz", {}),
]


@pytest.mark.parametrize(("name", "options"), MASKED, ids=str)
def test_constant_masks(name, options):
    """Each constant mask is given as a prediction: the best of them is what guessing costs."""
    shares = np.bincount(CLASSES.reshape(-1)) / CLASSES.size
    tried = [*np.eye(3), *([] if name == "lovasz" else [shares])]
    masks = [np.broadcast_to(one[None, :, None, None], (3, 3, 6, 7)) for one in tried]
    wanted = min(evaluate(name, probs=mask, target=CLASSES, **options).value for mask in masks)
    scores = RNG.normal(size=(3, 3, 6, 7))
    found = evaluate(name, logits=scores, target=CLASSES, **options)
    assert found.guess == pytest.approx(wanted, rel=1e-6)
    assert found.by == "a constant mask"


@pytest.mark.parametrize(("name", "options"), MASKED, ids=str)
def test_constant_binary_masks(name, options):
    share = BINARY.mean()
    if name == "lovasz":
        tried = [{"logits": np.full(BINARY.shape, one)} for one in np.linspace(-2, 2, 9)]
    else:
        tried = [{"probs": np.full(BINARY.shape, one)} for one in (0.0, share, 1.0)]
    wanted = min(evaluate(name, **one, target=BINARY, **options).value for one in tried)
    found = evaluate(name, logits=RNG.normal(size=BINARY.shape), target=BINARY, **options)
    assert found.guess == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("target", [BINARY, CLASSES], ids=["binary", "classes"])
@pytest.mark.parametrize("options", [{}, {"lambda_ce": 0.5, "ignore_index": 1}], ids=str)
def test_dice_and_cross_entropy(target, options):
    """The probabilities are the shares of the pixels that count."""
    kept = target[target != options.get("ignore_index")]
    if target is BINARY:
        p = np.full(target.shape, kept.mean())
        with np.errstate(divide="ignore"):
            scores = np.log(p) - np.log1p(-p)
    else:
        shares = np.bincount(kept, minlength=3) / kept.size
        with np.errstate(divide="ignore"):
            scores = np.broadcast_to(np.log(shares)[None, :, None, None], (3, 3, 6, 7))
    wanted = evaluate("dice-ce", logits=scores, target=target, ignore="infinite", **options).value
    other = RNG.normal(size=scores.shape)
    found = evaluate("dice-ce", logits=other, target=target, **options).guess
    assert found == pytest.approx(wanted, rel=1e-6)


def test_pixels_that_do_not_count_and_weights():
    mask = RNG.random(BINARY.shape) < 0.6
    scores = RNG.normal(size=BINARY.shape)
    tried = [np.full(BINARY.shape, one) for one in (0.0, BINARY[mask].mean(), 1.0)]
    wanted = min(evaluate("dice", probs=one, target=BINARY, mask=mask).value for one in tried)
    found = evaluate("dice", logits=scores, target=BINARY, mask=mask)
    assert found.guess == pytest.approx(wanted, rel=1e-6)
    weighted = evaluate("dice", logits=scores, target=BINARY, sample_weight=np.ones(5))
    assert weighted.guess is None
