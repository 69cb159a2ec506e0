"""Losses of labels, sets and classes: their definitions and limits, and how lists are read."""

from __future__ import annotations

from math import exp, inf, log, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli import evaluate, plan
from losscli.errors import DataError

RNG = np.random.default_rng(31)
rows = st.lists(st.floats(-30, 30), min_size=3, max_size=3)


def softmax(row):
    powers = [exp(x - max(row)) for x in row]
    return [power / sum(powers) for power in powers]


def one(name, **given):
    return evaluate(name, **given).elements[0]


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(0, 2), st.floats(0.1, 5), st.lists(st.floats(0.1, 9), min_size=3,
                                                           max_size=3))  # fmt: skip
def test_classes(row, y, margin, weight):
    """In plain Python, one row at a time."""
    hot = [float(c == y) for c in range(3)]
    others = [x for c, x in enumerate(row) if c != y]
    short = [max(0, margin - row[y] + x) for x in others]
    p = softmax(row)
    asked = {"logits": [row], "target": [y]}
    near = {"rel": 1e-9, "abs": 1e-12}
    squares = sum(x * x for x in short) / 3 * weight[y]
    found = one("multi-margin", **asked, margin=margin, weight=weight, p=2)
    assert found == pytest.approx(squares, **near)
    assert one("multiclass-hinge", **asked, margin=margin) == pytest.approx(max(short), **near)
    keras = max(0, 1 - row[y] + max(0, *others))
    assert one("categorical-hinge", **asked) == pytest.approx(keras, **near)
    brier = sum((a - b) ** 2 for a, b in zip(p, hot, strict=True))
    assert one("brier", **asked) == pytest.approx(brier, **near)
    cost = -log(p[y])
    missed = sum(x for c, x in enumerate(p) if c != y)
    focal = weight[y] * missed**3 * cost
    assert one("focal-ce", **asked, gamma=3.0, alpha=weight) == pytest.approx(focal, **near)
    assert one("poly1", **asked, epsilon=margin) == pytest.approx(cost + margin * missed, **near)
    assert one("gce", **asked, q=0.3) == pytest.approx((1 - p[y] ** 0.3) / 0.3, **near)


@settings(max_examples=60, deadline=None)
@given(rows, rows)
def test_js(row, other):
    p, q = softmax(row), softmax(other)
    terms = [a * log(2 * a / (a + b)) + b * log(2 * b / (a + b)) for a, b in zip(p, q, strict=True)]
    wanted = max(0, sum(terms) / 2)
    found = one("js", logits=[row], target=[q])
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    bits = one("js", probs=[p], target=[q], base=2.0, sqrt=True)
    assert bits**2 == pytest.approx(found / log(2), rel=1e-9, abs=1e-15)
    assert 0 <= bits <= 1 + 1e-12


@settings(max_examples=60, deadline=None)
@given(rows, st.sets(st.integers(0, 2)), st.floats(0, 1))
def test_sets(row, labels, clip):
    inside = [x for c, x in enumerate(row) if c in labels]
    outside = [x for c, x in enumerate(row) if c not in labels]
    listed = sorted(labels) + [-1] * len(outside)
    margin = sum(max(0, 1 - x + z) for x in inside for z in outside) / 3
    found = evaluate("multilabel-margin", logits=[row], target=[listed], ignore=["multi-hot"])
    if -1 in listed:
        assert found.elements[0] == pytest.approx(margin, rel=1e-9, abs=1e-12)
    hot = [float(c in labels) for c in range(3)]
    zlpr = log(1 + sum(exp(-x) for x in inside)) + log(1 + sum(exp(x) for x in outside))
    assert one("zlpr", logits=[row], target=[hot]) == pytest.approx(zlpr, rel=1e-9, abs=1e-12)
    p = [1 / (1 + exp(-x)) for x in row]
    q = [min(1, 1 / (1 + exp(x)) + clip) for x in row]
    wanted = [
        -((1 - a) ** 2) * log(max(a, 1e-8)) if y else -((1 - b) ** 3) * log(max(b, 1e-8))
        for a, b, y in zip(p, q, hot, strict=True)
    ]
    options = {"gamma_pos": 2.0, "gamma_neg": 3.0, "clip": clip}
    found = one("asl", logits=[row], target=[hot], **options)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-14)


def test_divergence_of_what_floats_can_hardly_hold():
    for least in (5e-324, 1e-300, 1e-20):
        found = one("js", probs=[[least, 1.0]], target=[[1.0, least]])
        assert found == pytest.approx(log(2), rel=1e-12)
        assert one("js", probs=[[least, 1.0]], target=[[least, 1.0]]) == 0


def test_overflow_of_single_precision_is_said():
    given = {"logits": np.float32([[1e30, 0]]), "target": [1], "p": 2}
    [warning] = evaluate("multi-margin", **given).warnings
    assert warning.code == "overflow"
    assert evaluate("multi-margin", **given, dtype="float64").value == pytest.approx(5e59)


@pytest.mark.parametrize("name", ["multi-margin", "multiclass-hinge", "focal-ce", "gce", "poly1"])
def test_one_class_only(name):
    found = evaluate(name, logits=RNG.normal(size=(4, 1)), target=np.zeros(4))
    assert not found.elements.any()
    assert found.accuracy == 1


@pytest.mark.parametrize("name", ["focal-ce", "poly1", "gce", "multi-margin", "multiclass-hinge",
                                  "categorical-hinge", "brier"])  # fmt: skip
def test_images_with_padding_weights_and_a_mask_are_their_pixels(name):
    shape, ignored = (4, 5, 3, 2), 255
    logits, weight = RNG.normal(size=shape), RNG.random((4, 3, 2))
    target = RNG.integers(0, 5, (4, 3, 2)).astype(np.uint8)
    target[RNG.random(target.shape) < 0.3] = ignored
    mask = RNG.random(target.shape) < 0.7
    logits[:, :, 0, 0][~mask[:, 0, 0]] = nan
    options = {"ignore_index": ignored, "top_k": [2]}
    found = evaluate(name, logits=logits, target=target, sample_weight=weight, mask=mask, **options)
    kept = mask & (target != ignored)
    pixels = np.moveaxis(logits, 1, -1)[kept]
    flat = evaluate(name, logits=pixels, target=target[kept], sample_weight=weight[kept], top_k=[2])
    assert found.value == pytest.approx(flat.value, rel=1e-12)
    assert found.denominator == pytest.approx(weight[kept].sum())
    assert found.accuracy == pytest.approx(flat.accuracy)
    assert found.metrics == pytest.approx(flat.metrics)
    last = evaluate(
        name, logits=np.moveaxis(logits, 1, -1), target=target, sample_weight=weight, mask=mask,
        **options,
    )  # fmt: skip
    np.testing.assert_allclose(last.elements, found.elements, rtol=1e-12)


@pytest.mark.parametrize("name", ["js", "asl", "zlpr", "multilabel-margin"])
def test_rows_that_do_not_count(name):
    logits = RNG.normal(size=(9, 4))
    target = RNG.dirichlet(np.ones(4), 9) if name == "js" else RNG.integers(0, 2, (9, 4))
    mask = np.arange(9) % 3 > 0
    logits[~mask] = inf
    weight = RNG.random(9)
    found = evaluate(name, logits=logits, target=target, mask=mask, sample_weight=weight)
    kept = evaluate(name, logits=logits[mask], target=target[mask], sample_weight=weight[mask])
    assert found.value == pytest.approx(kept.value, rel=1e-12)
    assert found.accuracy == pytest.approx(kept.accuracy)
    assert np.isfinite(found.value)


# ---- lists or multi-hot


def test_lists_and_multi_hot_rows_are_one_thing():
    logits, hot = RNG.normal(size=(50, 4)), RNG.integers(0, 2, (50, 4))
    listed = np.array([[*np.flatnonzero(row), *[-1] * (4 - row.sum())] for row in hot])
    one, other = (evaluate("multilabel-margin", logits=logits, target=y) for y in (listed, hot))
    np.testing.assert_array_equal(one.elements, other.elements)
    assert (one.accuracy, one.metrics) == (other.accuracy, other.metrics)
    assert one.metrics["exact_match"] == ((logits > 0) == hot).all(1).mean()
    assert not one.warnings
    [warning] = other.warnings
    assert (warning.code, warning.input) == ("multi-hot", "target")
    with pytest.raises(DataError, match="--strict"):
        evaluate("multilabel-margin", logits=logits, target=hot, strict=True)


@pytest.mark.parametrize("leaf", [16, 2**17])
def test_the_reading_is_that_of_all_data(leaf, monkeypatch):
    """The very last row tells that these were lists; unless it is not asked for."""
    monkeypatch.setattr(plan, "LEAF", leaf)
    monkeypatch.setattr("losscli.roles.sets._SCANNED", leaf)
    logits, target = RNG.normal(size=(500, 3)), np.tile([1, 0, 1], (500, 1))
    target[-1] = [2, -1, -1]
    found = evaluate("multilabel-margin", logits=logits, target=target)
    [warning] = found.warnings
    assert (warning.code, warning.index, warning.count) == ("label-twice", (0,), 499)
    [warning] = evaluate("multilabel-margin", logits=logits, target=target, limit=499).warnings
    assert warning.code == "multi-hot"


def test_rows_that_do_not_count_cannot_turn_multi_hot_rows_into_lists():
    given = {"logits": np.zeros((3, 3)), "target": [[0, 1, 1], [-1, -1, -1], [1, 0, 0]]}
    with pytest.raises(DataError, match="as in multi-hot rows"):
        evaluate("multilabel-margin", **given, mask=[1, 0, 1])


@pytest.mark.parametrize("hot", [True, False])
def test_unknown_labels(hot):
    """NaN in a target is refused, left out or let through, however the rest is read."""
    target = [[1, 0, 1], [nan, 0, 0]] if hot else [[2, -1, -1], [1, nan, -1]]
    given = {"logits": RNG.normal(size=(2, 3)), "target": target, "ignore": ["multi-hot"]}
    with pytest.raises(DataError, match="row 2, column"):
        evaluate("multilabel-margin", **given)
    found = evaluate("multilabel-margin", **given, nan="omit")
    assert found.stats["count"] == 1
    assert np.isnan(evaluate("multilabel-margin", **given, nan="propagate").elements).tolist() == [
        False,
        True,
    ]


def test_certain_and_right_is_nothing_without_any_clamp():
    bare = {"eps": 0.0, "clip": 0.0, "gamma_neg": 0.0, "gamma_pos": 0.0}
    found = evaluate("asl", probs=[0.0, 1.0], target=[0, 1], **bare)
    assert found.elements.tolist() == [0, 0]


@pytest.mark.parametrize("target", [[[0, 1]], [[-1, -1]]])
def test_unknown_scores_of_rows_that_cost_nothing(target):
    """All labels, or none: there is no pair, but NaN stays what it is."""
    given = {"logits": [[nan, 1.0]], "target": target, "nan": "propagate"}
    assert np.isnan(evaluate("multilabel-margin", **given).value)


def test_root_of_the_divergence_is_taken_of_each():
    p, q = RNG.dirichlet(np.ones(3), 9), RNG.dirichlet(np.ones(3), 9)
    whole = evaluate("js", probs=p, target=q)
    roots = evaluate("js", probs=p, target=q, sqrt=True)
    assert roots.value == pytest.approx(np.mean([sqrt(x) for x in whole.elements]))
    assert whole.accuracy == (p.argmax(1) == q.argmax(1)).mean()
