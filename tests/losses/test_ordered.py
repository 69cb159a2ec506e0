"""Losses of classes in an order: definitions, limits, refusals, and the weighted kappa."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from losscli import evaluate
from losscli.errors import DataError

RNG = np.random.default_rng(11)
LOGITS = RNG.normal(0, 2, (60, 5))
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
LABELS = RNG.integers(0, 5, 60)
WEIGHT = RNG.random(60)


def ranked(shares, label):
    """As the papers have it: class by class."""
    below, found = 0.0, 0.0
    for k in range(len(shares) - 1):
        below += shares[k]
        found += (below - (1 if label <= k else 0)) ** 2
    return found / (len(shares) - 1)


def thresholds(logits, label, weight):
    found = 0.0
    for k, logit in enumerate(logits):
        p = 1 / (1 + exp(-logit))
        found -= weight[k] * (log(p) if label > k else log(1 - p))
    return found


def test_rps():
    wanted = [ranked(*pair) for pair in zip(SHARES, LABELS, strict=True)]
    for kind, values in (("probs", SHARES), ("logits", LOGITS)):
        result = evaluate("rps", **{kind: values}, target=LABELS)
        np.testing.assert_allclose(result.elements, wanted, rtol=1e-11)
        plain = evaluate("rps", **{kind: values}, target=LABELS, normalize=False)
        np.testing.assert_allclose(plain.elements, np.multiply(wanted, 4), rtol=1e-11)


def test_rps_of_matches():
    """Matches with the home team as winner, worked by hand after Constantinou and Fenton, 2012."""
    shares = [[1, 0, 0], [0.9, 0.1, 0], [0.8, 0.1, 0.1], [0.5, 0.25, 0.25], [0.6, 0.3, 0.1]]
    found = evaluate("rps", probs=shares, target=[0, 0, 0, 0, 0]).elements
    np.testing.assert_allclose(found, [0, 0.005, 0.025, 0.15625, 0.085], atol=1e-12)


def test_rps_is_brier_of_two_classes_and_1_at_the_other_end():
    pairs = SHARES[:, :2] / SHARES[:, :2].sum(1, keepdims=True)
    found = evaluate("rps", probs=pairs, target=LABELS % 2).elements
    np.testing.assert_allclose(found, (pairs[:, 1] - LABELS % 2) ** 2, rtol=1e-9)
    assert evaluate("rps", probs=np.eye(5)[[0, 4]], target=[4, 0]).elements.tolist() == [1, 1]


def test_rps_of_images_and_ignored():
    images = SHARES.reshape(12, 5, 5)
    target = LABELS.reshape(12, 5)
    last = evaluate("rps", probs=images, target=target, class_axis=2).elements
    first = evaluate("rps", probs=images.transpose(0, 2, 1).copy(), target=target, class_axis=1)
    np.testing.assert_allclose(
        last.reshape(-1), evaluate("rps", probs=SHARES, target=LABELS).elements
    )
    np.testing.assert_allclose(first.elements, last)
    some = evaluate("rps", probs=SHARES, target=LABELS, ignore_index=2)
    wanted = evaluate("rps", probs=SHARES[LABELS != 2], target=LABELS[LABELS != 2])
    assert some.value == pytest.approx(wanted.value)
    assert some.metrics["qwk"] == pytest.approx(wanted.metrics["qwk"])


def test_rps_at_infinity():
    result = evaluate("rps", logits=[[inf, 0.0, 0.0], [0.0, -inf, 0.0]], target=[2, 0])
    np.testing.assert_allclose(result.elements, [1.0, 0.25])
    assert result.warnings


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=6), st.data())
def test_coral(logits, data):
    label = data.draw(st.integers(0, len(logits)))
    found = evaluate("coral", logits=[logits], target=[label]).value
    assert found == pytest.approx(
        sum(evaluate("bce", logits=[z], target=[label > k]).value for k, z in enumerate(logits))
    )


def test_coral_with_weights_of_thresholds():
    weight = [1.0, 2.0, 0.0, 3.0]
    result = evaluate("coral", logits=LOGITS[:, :4], target=LABELS, weight=weight)
    wanted = [thresholds(z, y, weight) for z, y in zip(LOGITS[:, :4], LABELS, strict=True)]
    np.testing.assert_allclose(result.elements, wanted, rtol=1e-10)


def test_coral_at_infinity():
    logits = [[inf, -inf], [1e4, 1e4], [-1e4, -1e4]]
    for dtype in (np.float32, np.float64):
        found = evaluate("coral", logits=np.array(logits, dtype), target=[1, 2, 1]).elements
        assert found.tolist() == [0, 0, 1e4]


RANKS = (LOGITS[:, :4] > 0).sum(1)
CHOICES = {
    "rps": ({"probs": SHARES}, SHARES.argmax(1)),
    "coral": ({"logits": LOGITS[:, :4]}, RANKS),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CHOICES)
def test_kappa_as_in_scikit_learn(name, weighted):
    inputs, chosen = CHOICES[name]
    beside = {"sample_weight": WEIGHT} if weighted else {}
    result = evaluate(name, **inputs, target=LABELS, **beside)
    wanted = cohen_kappa_score(LABELS, chosen, weights="quadratic", labels=range(5), **beside)
    assert result.metrics["qwk"] == pytest.approx(wanted, rel=1e-12)
    assert result.accuracy == pytest.approx(
        np.average(chosen == LABELS, weights=beside.get("sample_weight"))
    )
    far = np.average(abs(chosen - LABELS), weights=beside.get("sample_weight"))
    assert result.metrics["distance"] == pytest.approx(far)


def test_a_single_class_has_no_kappa():
    assert "qwk" not in evaluate("coral", logits=[[9.0, 9.0]] * 3, target=[2, 2, 2]).metrics


def test_scores_that_rise_are_counted():
    logits = [[1.0, 0.0, -1.0], [1.0, 2.0, -1.0], [-1.0, -1.0, -1.0], [0.0, -1.0, 5.0]]
    assert evaluate("coral", logits=logits, target=[0, 1, 2, 3]).metrics["inconsistent"] == 0.5


def test_guess_of_rps_is_the_frequencies():
    shares = np.bincount(LABELS, minlength=5) / 60
    wanted = evaluate("rps", probs=np.tile(shares, (60, 1)), target=LABELS).value
    assert evaluate("rps", probs=SHARES, target=LABELS).guess == pytest.approx(wanted)


def test_names_of_classes():
    names = ["low", "mid", "high"]
    words = {"target": np.array(names), "classes": names}
    result = evaluate("coral", logits=[[-1.0, -2.0], [1.0, -1.0], [2.0, 1.0]], **words)
    assert result.accuracy == 1
    result = evaluate("rps", probs=np.eye(3), **words)
    assert result.value == 0


def test_refusals():
    with pytest.raises(DataError, match="class 5, but the predictions have 5 classes"):
        evaluate("coral", logits=LOGITS[:, :4], target=np.where(LABELS == 4, 5, LABELS))
    with pytest.raises(DataError, match="class 5, but the predictions have 5 classes"):
        evaluate("rps", probs=SHARES, target=np.where(LABELS == 4, 5, LABELS))
    with pytest.raises(DataError, match=r"\(N, C - 1\)"):
        evaluate("coral", logits=LOGITS[:, 0], target=LABELS)
    with pytest.raises(DataError, match="is no probability"):
        evaluate("rps", probs=LOGITS, target=LABELS)
    odd = evaluate("rps", probs=SHARES / 2, target=LABELS)
    assert [one.code for one in odd.warnings] == ["probs-sum"]
