"""Losses that are one another, and rows that may be counted in another way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from asked import EXAMPLES
from asked.base import has_rows

from losscli import evaluate
from losscli.losses import losses

RNG = np.random.default_rng(5)
N, C = 30, 4
LOGITS = RNG.normal(0, 2, (N, C))
SCORES = LOGITS[:, 0]
CLASS = RNG.integers(0, C, N)
LABEL = RNG.integers(0, 2, N)
SHARES = torch.from_numpy(LOGITS[::-1].copy()).softmax(1).numpy()
LOGS = torch.from_numpy(LOGITS).log_softmax(1).numpy()


def same(one, other, rel=1e-10):
    np.testing.assert_allclose(one.elements.sum(), other.elements.sum(), rtol=rel)
    assert one.value == pytest.approx(other.value, rel=rel)
    assert one.accuracy == other.accuracy


def test_kinds_of_bce_agree():
    p = 1 / (1 + np.exp(-SCORES))
    logits = evaluate("bce", logits=SCORES, target=LABEL, pos_weight=2.0)
    same(logits, evaluate("bce", probs=p, target=LABEL, pos_weight=2.0))
    same(logits, evaluate("bce", log_probs=np.log(p), target=LABEL, pos_weight=2.0))


def test_kinds_of_ce_agree_with_nll():
    options = {"target": CLASS, "weight": [1, 2, 3, 4]}
    nll = evaluate("nll", log_probs=LOGS, **options)
    same(nll, evaluate("ce", logits=LOGITS, **options))
    same(nll, evaluate("ce", log_probs=LOGS, **options))
    same(nll, evaluate("ce", probs=np.exp(LOGS), **options))


def test_ce_of_two_columns_is_bce_of_the_difference():
    two = evaluate("ce", logits=LOGITS[:, :2], target=LABEL)
    same(two, evaluate("bce", logits=LOGITS[:, 1] - LOGITS[:, 0], target=LABEL))


def test_ce_of_one_hot_is_ce_of_indices():
    same(
        evaluate("ce", logits=LOGITS, target=CLASS, label_smoothing=0.1),
        evaluate("ce", logits=LOGITS, target=np.eye(C)[CLASS], label_smoothing=0.1),
    )


def test_kl_is_ce_less_the_entropy():
    entropy = -(SHARES * np.log(SHARES)).sum() / N
    kl = evaluate("kl", logits=LOGITS, target=SHARES).value
    ce = evaluate("ce", logits=LOGITS, target=SHARES).value
    assert kl == pytest.approx(ce - entropy, rel=1e-10)


def test_other_relations():
    binary = {"logits": SCORES, "target": LABEL}
    same(evaluate("soft-margin", **binary), evaluate("bce", **binary))
    same(evaluate("focal", **binary, gamma=0.0), evaluate("bce", **binary))
    half = evaluate("focal", **binary, gamma=0.0, alpha=0.5)
    assert half.value == pytest.approx(evaluate("bce", **binary).value / 2)
    rows = {"logits": LOGITS, "target": (SHARES > 0.25).astype(int)}
    rowwise, each = evaluate("multilabel-soft-margin", **rows), evaluate("bce", **rows)
    assert rowwise.value == pytest.approx(each.value)
    assert rowwise.accuracy == each.accuracy
    values = {"pred": SCORES, "target": LOGITS[:, 1]}
    huber = evaluate("huber", **values, delta=0.7).value
    assert huber == pytest.approx(0.7 * evaluate("smooth-l1", **values, beta=0.7).value)
    assert evaluate("huber", **values, delta=1e6).value == pytest.approx(
        evaluate("mse", **values).value / 2
    )
    half = evaluate("mse", **values).value / 2
    assert evaluate("expectile", **values).value == pytest.approx(half)
    assert evaluate("rmse", **values).value == pytest.approx((2 * half) ** 0.5)
    assert evaluate("charbonnier", **values, delta=1e6).value == pytest.approx(half)
    assert evaluate("quantile", **values).value == pytest.approx(
        evaluate("mae", **values).value / 2
    )
    amounts = data("gamma")
    same(evaluate("gamma", **amounts), evaluate("tweedie", **amounts, power=2.0))
    rates = {"log_rate": SCORES, "target": amounts["target"]}
    same(evaluate("gamma", **amounts), evaluate("gamma", **rates))
    same(evaluate("poisson-nll", **amounts), evaluate("poisson-nll", **rates), rel=1e-6)  # eps
    gap = evaluate("poisson-nll", **rates).value - evaluate("poisson-nll", **rates).guess
    deviance = evaluate("tweedie", **rates, power=1.0)
    assert gap == pytest.approx((deviance.value - deviance.guess) / 2)
    hinge = evaluate("hinge", **binary).elements
    np.testing.assert_allclose(evaluate("squared-hinge", **binary).elements, hinge**2)


CHOICES = {"ce", "focal-ce", "poly1", "gce", "multi-margin", "multiclass-hinge"}
CHOICES |= {"zero-one", "brier", "categorical-hinge"}


def data(name):
    """What a loss is asked with, as keywords."""
    if name in EXAMPLES:
        return EXAMPLES[name].inputs(rows=N)
    if name in ("msle", "rmsle"):
        return {"pred": np.exp(SCORES), "target": np.exp(LOGITS[:, 1])}
    if losses[name].family == "probabilistic":
        return {"rate": np.exp(SCORES), "target": CLASS + 1}
    if losses[name].family == "regression":
        return {"pred": SCORES, "target": LOGITS[:, 1]}
    if name == "nll":
        return {"log_probs": LOGS, "target": CLASS}
    if name in ("kl", "js"):
        return {"logits": LOGITS, "target": SHARES}
    if name in CHOICES:
        return {"logits": LOGITS, "target": CLASS}
    if name in ("multilabel-soft-margin", "multilabel-margin", "zlpr"):
        return {"logits": LOGITS, "target": (SHARES > 0.25).astype(int)}
    return {"logits": SCORES, "target": LABEL}


def rows(given, picked):
    arrays = {key: value for key, value in given.items() if has_rows(value)}
    return given | {key: value[picked] for key, value in arrays.items()}


def near(one, other):
    """Equal but for rounding, or both None."""
    assert one == (other if other is None else pytest.approx(other, rel=1e-12))


def compared(one, other):
    """All that is measured of the counted elements."""
    assert one.value == pytest.approx(other.value, rel=1e-12)
    near(one.accuracy, other.accuracy)
    near(one.metrics, other.metrics)
    near(one.denominator, other.denominator)


def left_out(one, other):
    """As if the elements had never been there."""
    compared(one, other)
    for key in ("count", "mean", "sum", "std", "stderr", "min", "max"):
        assert one.stats[key] == pytest.approx(other.stats[key], rel=1e-12)
    assert one.stats["quantiles"] == pytest.approx(other.stats["quantiles"])
    near(one.guess, other.guess)


REDUCTIONS = ["mean", "sum", "batchmean"]
ALONE = [name for name in losses if name not in EXAMPLES or EXAMPLES[name].alone]
ROWS = [name for name in losses if name not in EXAMPLES or EXAMPLES[name].rows]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ALONE)
def test_a_weight_of_two_is_a_row_given_twice(name, reduction):
    given = data(name)
    weight = RNG.integers(1, 4, N)
    twice = rows(given, np.repeat(np.arange(N), weight))
    found = evaluate(name, **given, sample_weight=weight, reduction=reduction)
    wanted = evaluate(name, **twice, reduction=reduction)
    assert found.value == pytest.approx(wanted.value, rel=1e-12)
    near(found.accuracy, wanted.accuracy)
    near(found.denominator, wanted.denominator)
    for key, value in found.metrics.items():
        if key != "exact_match":  # of rows, which are counted
            assert value == pytest.approx(wanted.metrics[key]), key
    assert found.guess is None or found.guess == pytest.approx(wanted.guess)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ROWS)
def test_a_mask_leaves_rows_out(name, reduction):
    given = data(name)
    mask = RNG.random(N) < 0.7
    found = evaluate(name, **given, mask=mask, reduction=reduction)
    left_out(found, evaluate(name, **rows(given, mask), reduction=reduction))
    assert not found.elements[~mask].any()


@pytest.mark.parametrize("name", sorted(CHOICES | {"nll"}))
@pytest.mark.parametrize("ignored", [-100, 0, 255])
def test_ignore_index_leaves_rows_out(name, ignored):
    given = data(name)
    gone = (given["target"] == ignored) if ignored == 0 else RNG.random(N) < 0.3
    target = np.where(gone, ignored, given["target"])
    found = evaluate(name, **{**given, "target": target}, ignore_index=ignored)
    left_out(found, evaluate(name, **rows(given, ~gone)))


def test_mask_and_ignore_index_together():
    gone, mask = RNG.random(N) < 0.3, RNG.random(N) < 0.6
    target = np.where(gone, -1, CLASS)
    options = {"ignore_index": -1, "weight": [1, 2, 3, 4], "label_smoothing": 0.1}
    found = evaluate("ce", logits=LOGITS, target=target, mask=mask, **options)
    kept = mask & ~gone
    left_out(found, evaluate("ce", logits=LOGITS[kept], target=CLASS[kept], **options))


def test_ignore_index_is_said_of_the_targets_as_they_are_written():
    """With --target-base 1 a padding of 0 is no class, and class 1 is not the padding."""
    gone = RNG.random(N) < 0.3
    target = np.where(gone, 0, CLASS + 1)
    found = evaluate("ce", logits=LOGITS, target=target, target_base=1, ignore_index=0)
    left_out(found, evaluate("ce", logits=LOGITS[~gone], target=CLASS[~gone]))


@pytest.mark.parametrize("name", ROWS)
def test_nan_omitted_is_left_out(name):
    given = data(name)
    kind = next(iter(given))
    gone = RNG.random(N) < 0.3
    given[kind] = given[kind].copy()
    given[kind][gone] = np.nan
    found = evaluate(name, **given, nan="omit")
    left_out(found, evaluate(name, **rows(given, ~gone)))
    real = ["target"] if name not in EXAMPLES else floats(data(name))
    for other in real:
        values = data(name)[other].astype(float)
        values[gone] = np.nan
        found = evaluate(name, **data(name) | {other: values}, nan="omit")
        left_out(found, evaluate(name, **rows(given, ~gone)))


def floats(given):
    """The names of arrays of floats."""
    return [key for key, one in given.items() if has_rows(one) and one.dtype == float]


@pytest.mark.parametrize("name", losses)
def test_nan_propagates(name):
    given = data(name)
    kind = next(iter(given))
    given[kind] = given[kind].copy()
    given[kind][3] = np.nan
    found = evaluate(name, **given, nan="propagate")
    assert np.isnan(found.value)
    if name not in ALONE:
        return
    whole = np.isnan(found.elements.reshape(N, -1)).any(1)
    assert whole.nonzero()[0].tolist() == [3]


def test_tokens_of_several_axes_are_rows():
    """(N, T, C), with padding and a weight for each token, is (N·T, C)."""
    logits, target = RNG.normal(0, 2, (6, 5, C)), RNG.integers(-1, C, (6, 5))
    weight = RNG.random((6, 5))
    options = {"ignore_index": -1, "weight": [1, 2, 3, 4]}
    found = evaluate("ce", logits=logits, target=target, sample_weight=weight, **options)
    flat = {"logits": logits.reshape(30, C), "target": target.reshape(30)}
    compared(found, evaluate("ce", **flat, sample_weight=weight.reshape(30), **options))


def test_a_weight_of_two_fails_where_rows_see_each_other():
    """A row given twice is one more to be told from, which a weight is not."""
    given = data("infonce")
    weight = np.where(np.arange(N) == 3, 2, 1)
    found = evaluate("infonce", **given, sample_weight=weight)
    twice = evaluate("infonce", **rows(given, np.repeat(np.arange(N), weight)))
    assert abs(found.value - twice.value) > 1e-3
