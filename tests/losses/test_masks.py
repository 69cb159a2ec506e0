"""Losses of masks against formulas in plain Python, pixel by pixel."""

from __future__ import annotations

import json
from math import exp, log

import numpy as np
import pytest

from losscli import evaluate
from losscli.cli import main

RNG = np.random.default_rng(12)
N, C, H, W = 5, 3, 4, 6
LOGITS = RNG.normal(0, 2, (N, C, H, W))
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
INDEX = RNG.integers(0, C, (N, H, W))
INDEX[1][INDEX[1] == 2] = 0  # an image without class 2
INDEX[2] = 1  # and one of a single class
HOT = np.moveaxis(np.eye(C)[INDEX], -1, 1)
SOFT = RNG.dirichlet(np.ones(C), (N, H, W)).transpose(0, 3, 1, 2)
SCORES = RNG.normal(0, 2, (N, H, W))
SIGMOID = 1 / (1 + np.exp(-SCORES))
MASK = (RNG.random((N, H, W)) < 0.4).astype(int)
MASK[3] = 0  # an image with nothing in it
KEPT = RNG.random((N, H, W)) < 0.8


def sums(p, y, kept):
    """I, P and T of one class, over lists of pixels."""
    both = predicted = true = 0.0
    for one, other, counts in zip(p.ravel(), y.ravel(), kept.ravel(), strict=True):
        if counts:
            both += one * other
            predicted += one
            true += other
    return both, predicted, true


def dice(both, predicted, true, s=1e-5):
    return 1 - (2 * both + s) / (predicted + true + s)


def jaccard(both, predicted, true, s=1e-5):
    return 1 - (2 * both + s) / (2 * (predicted + true - both) + s)


def tversky(both, predicted, true, s=1e-5, alpha=0.5, beta=0.5):
    wrong = alpha * (predicted - both) + beta * (true - both)
    return 1 - (both + s) / (both + wrong + s)


def table(ratio, probs, target, *, over="image", kept=None, **more):
    """The losses of classes, in each image or in all; and which have a true pixel."""
    kept = np.ones((N, H, W), bool) if kept is None else kept
    images = [slice(None)] if over == "batch" else [slice(n, n + 1) for n in range(N)]
    found = [
        [sums(probs[at, c], target[at, c], kept[at]) for c in range(probs.shape[1])]
        for at in images
    ]
    losses = np.array([[ratio(*one, **more) for one in row] for row in found])
    present = np.array([[one[2] > 0 for one in row] for row in found])
    return (losses[0], present[0]) if over == "batch" else (losses, present)


RATIOS = {"dice": dice, "jaccard": jaccard, "tversky": tversky}
CASES = {
    "logits and indices": ({"logits": LOGITS, "target": INDEX}, PROBS, HOT),
    "probs and indices": ({"probs": PROBS, "target": INDEX}, PROBS, HOT),
    "logits and one-hot": ({"logits": LOGITS, "target": HOT}, PROBS, HOT),
    "probs and soft": ({"probs": PROBS, "target": SOFT}, PROBS, SOFT),
    "binary": ({"logits": SCORES[:, None], "target": MASK}, SIGMOID[:, None], MASK[:, None]),
    "soft binary": ({"probs": SIGMOID[:, None], "target": SOFT[:, :1]}, SIGMOID[:, None], SOFT),
}


@pytest.mark.parametrize("absent", ["keep", "skip", "zero"])
@pytest.mark.parametrize("over", ["image", "batch"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", RATIOS)
def test_ratios(name, case, over, absent):
    given, probs, target = CASES[case]
    wanted, present = table(RATIOS[name], probs, target, over=over)
    found = evaluate(name, **given, reduce_over=over, absent=absent)
    assert found.elements.shape == wanted.shape
    shown = np.where(present, wanted, 0) if absent != "keep" else wanted
    np.testing.assert_allclose(found.elements, shown, rtol=1e-12, atol=1e-14)
    mean = wanted[present].mean() if absent == "skip" else shown.mean()
    assert found.value == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("name", RATIOS)
@pytest.mark.parametrize("over", ["image", "batch"])
def test_options_of_ratios(name, over):
    more = {"alpha": 0.3, "beta": 0.9} if name == "tversky" else {}
    found = evaluate(
        *(name,), logits=LOGITS, target=INDEX, smooth=2.0, include_background=False,
        reduce_over=over, **more,
    )  # fmt: skip
    wanted, _ = table(RATIOS[name], PROBS, HOT, over=over, s=2.0, **more)
    np.testing.assert_allclose(found.elements, wanted[..., 1:], rtol=1e-12)


def test_nothing_and_nothing_is_the_same():
    """Without smooth the ratio of an empty mask, predicted empty, is 0 / 0: no loss."""
    empty, half = np.zeros((1, 2, 2)), np.full((1, 2, 2), 0.5)
    for name in RATIOS:
        for smooth in (0.0, 1e-5):
            assert evaluate(name, probs=empty, target=empty, smooth=smooth).value == 0
            assert evaluate(name, probs=half, target=empty, smooth=smooth).value > 0.9999
    assert evaluate("focal-tversky", probs=empty, target=empty).value == 0


def test_losses_md_says():
    """Two images of one pixel and of four: .3 for each of them, .4286 together."""
    probs = np.array([[1.0, 0, 0, 0], [1, 0, 0, 0]]).reshape(2, 2, 2)
    target = np.array([[1, 0, 0, 0], [1, 1, 1, 1]]).reshape(2, 2, 2)
    given = {"probs": probs, "target": target, "smooth": 0.0}
    assert evaluate("dice", **given).value == pytest.approx(0.3)
    assert evaluate("dice", **given, reduce_over="batch").value == pytest.approx(3 / 7)
    given = {"probs": [[[1.0, 1, 1, 0]]], "target": [[[1, 0, 0, 1]]], "smooth": 0.0}
    found = evaluate("tversky", **given, alpha=0.3, beta=0.7)
    assert found.value == pytest.approx(0.5652, abs=1e-4)  # not 0.6296, which Keras 3.15 has


@pytest.mark.parametrize("absent", ["keep", "skip", "zero"])
@pytest.mark.parametrize("case", CASES)
def test_focal_tversky(case, absent):
    given, probs, target = CASES[case]
    wanted, present = table(tversky, probs, target, over="batch", s=0, alpha=0.3, beta=0.7)
    found = evaluate("focal-tversky", **given, absent=absent)
    np.testing.assert_allclose(found.elements, wanted, rtol=1e-12)
    assert present.all()
    assert found.value == pytest.approx(wanted.mean() ** 0.75, rel=1e-12)
    other = evaluate("focal-tversky", **given, gamma=2.0, alpha=1.0, beta=1.0, smooth=1.0)
    wanted, _ = table(tversky, probs, target, over="batch", s=1, alpha=1, beta=1)
    assert other.value == pytest.approx(wanted.mean() ** 2, rel=1e-12)


def test_focal_tversky_of_an_absent_class():
    given = {"logits": LOGITS, "target": np.minimum(INDEX, 1)}
    hot = np.moveaxis(np.eye(C)[given["target"]], -1, 1)
    wanted, present = table(tversky, PROBS, hot, over="batch", s=0, alpha=0.3, beta=0.7)
    assert present.tolist() == [True, True, False]
    means = {"zero": wanted[:2].sum() / 3, "skip": wanted[:2].mean(), "keep": wanted.mean()}
    for absent, mean in means.items():
        found = evaluate("focal-tversky", **given, absent=absent)
        assert found.value == pytest.approx(mean**0.75, rel=1e-12)
        assert evaluate("focal-tversky", **given, absent=absent, reduction="sum").value == (
            pytest.approx(mean * (2 if absent == "skip" else 3), rel=1e-12)
        )


def generalized(probs, target, kept, n, w_type, s=1e-5, first=0):
    found = [sums(probs[n, c], target[n, c], kept[n]) for c in range(first, probs.shape[1])]
    power = {"square": 2, "simple": 1, "uniform": 0}[w_type]
    weights = [1 / one[2] ** power if one[2] or not power else None for one in found]
    heaviest = max((one for one in weights if one is not None), default=0)
    weights = [heaviest if one is None else one for one in weights]
    shared = sum(2 * w * one[0] for w, one in zip(weights, found, strict=True))
    whole = sum(w * (one[1] + one[2]) for w, one in zip(weights, found, strict=True))
    return 1 - (shared + s) / (whole + s)


@pytest.mark.parametrize("w_type", ["square", "simple", "uniform"])
@pytest.mark.parametrize("case", CASES)
def test_generalized_dice(case, w_type):
    given, probs, target = CASES[case]
    every = np.ones((N, H, W), bool)
    for smooth in (1e-5, 0.5):
        wanted = [generalized(probs, target, every, n, w_type, smooth) for n in range(N)]
        found = evaluate("generalized-dice", **given, w_type=w_type, smooth=smooth)
        np.testing.assert_allclose(found.elements, wanted, rtol=1e-11, atol=1e-14)
    if probs.shape[1] > 1:
        wanted = [generalized(probs, target, every, n, w_type, first=1) for n in range(N)]
        found = evaluate("generalized-dice", **given, w_type=w_type, include_background=False)
        np.testing.assert_allclose(found.elements, wanted, rtol=1e-11, atol=1e-14)


def entropy(probs, target, kept, n):
    """The mean cross-entropy of an image; of one class, both sides of it."""
    found = []
    for h in range(H):
        for w in range(W):
            p, y = probs[n, :, h, w], target[n, : probs.shape[1], h, w]
            if len(p) == 1:
                p, y = [p[0], 1 - p[0]], [y[0], 1 - y[0]]
            if kept[n, h, w]:
                found.append(-sum(b * log(a) for a, b in zip(p, y, strict=True)))
    return sum(found) / len(found)


@pytest.mark.parametrize("case", [case for case in CASES if "logits" in CASES[case][0]])
@pytest.mark.parametrize("some", [False, True])
def test_dice_ce(case, some):
    given, probs, target = CASES[case]
    kept = KEPT if some else np.ones((N, H, W), bool)
    mask = {"mask": KEPT} if some else {}
    losses, _ = table(dice, probs, target, kept=kept)
    parts = [losses.mean(1), np.array([entropy(probs, target, kept, n) for n in range(N)])]
    found = evaluate("dice-ce", **given, **mask)
    np.testing.assert_allclose(found.elements, parts[0] + parts[1], rtol=1e-11)
    found = evaluate("dice-ce", **given, **mask, lambda_dice=0.5, lambda_ce=2.0)
    np.testing.assert_allclose(found.elements, parts[0] / 2 + parts[1] * 2, rtol=1e-11)
    if probs.shape[1] > 1:
        found = evaluate("dice-ce", **given, **mask, include_background=False, smooth=1.0)
        losses, _ = table(dice, probs, target, kept=kept, s=1.0)
        np.testing.assert_allclose(found.elements, losses[:, 1:].mean(1) + parts[1], rtol=1e-11)


def missed(true, wrong):
    """The Jaccard loss of a set of pixels that are wrong."""
    union = [one or other for one, other in zip(true, wrong, strict=True)]
    return sum(wrong) / sum(union) if any(union) else 0.0


def extension(errors, true):
    """The Lovász extension, by its definition: sets of pixels that grow with the error."""
    order = sorted(range(len(errors)), key=lambda i: -errors[i])
    wrong, before, found = [0] * len(errors), 0.0, 0.0
    for i in order:
        wrong[i] = 1
        after = missed(true, wrong)
        found += errors[i] * (after - before)
        before = after
    return found


def lovasz(probs, target, kept, classes):
    """The loss of each class of some images, and which count."""
    pick = kept.ravel()
    found = []
    for c in range(probs.shape[1]):
        p, y = probs[:, c].ravel()[pick], target[:, c].ravel()[pick]
        found.append((extension(abs(y - p), y), classes == "all" or y.any()))
    return found


@pytest.mark.parametrize("some", [False, True])
@pytest.mark.parametrize("classes", ["present", "all"])
@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_lovasz_softmax(kind, classes, some):
    index = np.minimum(INDEX, 1)
    hot = np.moveaxis(np.eye(C)[index], -1, 1)
    given = {kind: {"logits": LOGITS, "probs": PROBS}[kind], "classes": classes}
    kept = KEPT if some else np.ones((N, H, W), bool)
    if some:
        given["mask"] = kept
    found = evaluate("lovasz", **given, target=index)
    losses, counts = zip(*lovasz(PROBS, hot, kept, classes), strict=True)
    np.testing.assert_allclose(found.elements, np.where(counts, losses, 0), rtol=1e-11)
    assert found.value == pytest.approx(sum(np.array(losses) * counts) / sum(counts))
    images = evaluate("lovasz", **given, target=hot, per_image=True)
    for n in range(N):
        each = lovasz(PROBS[n : n + 1], hot[n : n + 1], kept[n : n + 1], classes)
        wanted = sum(one for one, counts in each if counts) / sum(bool(one[1]) for one in each)
        assert images.elements[n] == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize("per_image", [False, True])
def test_lovasz_hinge(per_image):
    found = evaluate("lovasz", logits=SCORES, target=MASK, per_image=per_image)
    errors = np.maximum(0, 1 - SCORES * (2 * MASK - 1))
    sides = [(errors, MASK)] if not per_image else zip(errors, MASK, strict=True)
    wanted = [extension(one.ravel(), y.ravel()) for one, y in sides]
    np.testing.assert_allclose(found.elements, wanted, rtol=1e-11)


def test_lovasz_of_hard_masks_is_the_jaccard_loss():
    guessed = np.roll(MASK, 1, -1)
    both = np.stack([1 - guessed, guessed], 1).astype(float)
    found = evaluate("lovasz", probs=both, target=MASK)
    for c in (0, 1):
        inside = ((guessed == c) & (c == MASK)).sum()
        outside = ((guessed == c) | (c == MASK)).sum()
        assert found.elements[c] == pytest.approx(1 - inside / outside)


@pytest.mark.parametrize("name", ["dice", "generalized-dice", "dice-ce", "lovasz"])
def test_through_the_command_line(name, tmp_path, capsys):
    np.save(tmp_path / "z.npy", LOGITS.astype("float32"))
    np.save(tmp_path / "y.npy", INDEX.astype("uint8"))
    words = f"{name} --logits {tmp_path}/z.npy --target {tmp_path}/y.npy --reduction none --json"
    with pytest.raises(SystemExit):
        main(words.split())
    found = json.loads(capsys.readouterr().out)
    wanted = evaluate(name, logits=LOGITS, target=INDEX)
    np.testing.assert_allclose(found["elements"], wanted.elements, rtol=1e-5)
    assert exp(found["stats"]["mean"]) == pytest.approx(exp(wanted.stats["mean"]), rel=1e-5)
