"""Laws that hold for every loss of a set; each is seen to fail on a loss outside its set."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from asked import EXAMPLES
from asked.base import has_rows

from losscli import evaluate
from losscli.losses import losses

RNG = np.random.default_rng(3)
N, C = 24, 4

BINARY = {"bce", "focal", "asl", "brier"}
SIGNS = {"hinge", "squared-hinge", "soft-margin", "perceptron"}
VALUES = {"mse", "mae", "smooth-l1", "huber", "rmse", "log-cosh", "charbonnier", "cauchy"}
VALUES |= {"welsch", "geman-mcclure", "wing", "quantile", "expectile", "wape"}
RELATIVE = {"mape", "smape", "msle", "rmsle"}
AMOUNTS = {"poisson-nll", "tweedie", "gamma"}
CHOICES = {"ce", "focal-ce", "poly1", "gce", "multi-margin", "multiclass-hinge", "zero-one"}
CLASSES = CHOICES | {"nll", "categorical-hinge"}
SETS = {"multilabel-soft-margin", "multilabel-margin", "zlpr"}


def having(law):
    """The examples of which a law holds."""
    return {name for name, example in EXAMPLES.items() if law in example.laws}


def lacking(law):
    return {*EXAMPLES} - having(law)


ZERO_AT_TRUTH = (
    having("zero at truth") | VALUES | BINARY | CLASSES | {"kl", "js", "hinge", "squared-hinge"}
)
ZERO_AT_TRUTH |= SETS | {"soft-margin", "perceptron"}
ZERO_AT_TRUTH |= RELATIVE | {"tweedie", "gamma"}
NOT_ZERO_AT_TRUTH = lacking("zero at truth")
NOT_ZERO_AT_TRUTH |= {"poisson-nll"}  # it is that of the truth, not none
NON_NEGATIVE = set(losses) - lacking("non-negative") - {"kl", "poisson-nll"}
NEGATIVE = lacking("non-negative") | {
    "kl",
    "poisson-nll",
}  # of kl the terms are; only their sum is not
ROW_ORDERED = lacking("row order")
ROW_ORDER_FREE = set(losses) - ROW_ORDERED
SYMMETRIC = having("symmetric") | VALUES | RELATIVE - {"mape"} | {"js"}
NOT_SYMMETRIC = lacking("symmetric") | AMOUNTS | {"mape"} | BINARY | SIGNS | CLASSES | SETS | {"kl"}
SHIFT_FREE = (
    having("shift") | CHOICES | {"kl", "js", "multilabel-margin"} | VALUES
)  # VALUES: both sides are shifted
NOT_SHIFT_FREE = (
    lacking("shift")
    | AMOUNTS
    | RELATIVE
    | BINARY
    | SIGNS
    | SETS - {"multilabel-margin"}
    | {"nll", "categorical-hinge"}
)
SCALES = {"mae": 1, "mse": 2, "rmse": 2, "expectile": 2, "quantile": 1, "wape": 1}
SCALES |= {"mape": 0, "smape": 0, "gamma": 0}
PAIRS = [
    (ZERO_AT_TRUTH, NOT_ZERO_AT_TRUTH),
    (NON_NEGATIVE, NEGATIVE),
    (ROW_ORDER_FREE, ROW_ORDERED),
    (SYMMETRIC, NOT_SYMMETRIC),
    (SHIFT_FREE, NOT_SHIFT_FREE),
]


@pytest.mark.parametrize(("inside", "outside"), PAIRS)
def test_sets_cover_the_registry(inside, outside):
    assert inside | outside == set(losses)
    assert not inside & outside


def data(name):
    """A prediction and a target that suit a loss."""
    if name in EXAMPLES:
        return EXAMPLES[name].inputs(rows=N, seed=int(RNG.integers(1000)))
    z = RNG.normal(0, 2, (N, C))
    shares = torch.from_numpy(RNG.normal(0, 2, (N, C))).softmax(1).numpy()
    if name in VALUES:
        return {"pred": z[:, 0], "target": z[:, 1]}
    if name in RELATIVE:
        return {"pred": np.exp(z[:, 0]), "target": np.exp(z[:, 1])}
    if name in AMOUNTS:
        return {"rate": np.exp(z[:, 0]), "target": np.ceil(np.exp(z[:, 1]))}
    if name in SIGNS:
        return {"logits": z[:, 0], "target": np.sign(z[:, 1])}
    if name in BINARY:
        return {"logits": z[:, 0], "target": RNG.random(N)}
    if name in SETS:
        return {"logits": z, "target": (shares > 0.3).astype(float)}
    if name in ("kl", "js"):
        return {"logits": z, "target": shares}
    if name == "nll":
        logs = torch.from_numpy(z).log_softmax(1).numpy()
        return {"log_probs": logs, "target": RNG.integers(0, C, N)}
    return {"logits": z, "target": RNG.integers(0, C, N)}


def kind_of(given):
    return next(key for key in given if key != "target")


def elements(name, given, **options):
    return evaluate(name, **given, ignore=["log-probs-sum"], **options).elements


def at_truth(name, given):
    """The best prediction of a hard target."""
    if name in EXAMPLES:
        return EXAMPLES[name].truth(given)
    kind, target = kind_of(given), given["target"]
    if name in VALUES | RELATIVE | AMOUNTS:
        return {kind: target, "target": target}
    if name in ("kl", "js"):
        return {"probs": target, "target": target}
    if name in CLASSES:
        logits = 1e3 * (np.eye(C)[target] - (1 if name == "nll" else 0.5))
        return {kind: logits, "target": target}
    hard = np.round(target)
    return {kind: 1e3 * np.where(hard > 0, 1.0, -1.0), "target": hard}


@pytest.mark.parametrize("name", sorted(ZERO_AT_TRUTH))
def test_zero_at_truth(name):
    found = elements(name, at_truth(name, data(name)))
    np.testing.assert_allclose(found, 0, atol=1e-15)


def test_zero_at_truth_fails_of_a_soft_target():
    """A soft binary target has an entropy that no prediction can go below."""
    assert elements("bce", {"probs": [0.3], "target": [0.3]})[0] > 0.5


@pytest.mark.parametrize("name", sorted(NON_NEGATIVE))
def test_non_negative(name):
    assert (elements(name, data(name)) >= 0).all()


@pytest.mark.parametrize("name", sorted(NEGATIVE))
def test_non_negative_fails_outside(name):
    found = elements(name, data(name))
    assert (found < 0).any()
    assert name != "kl" or (found.sum(1) >= 0).all()


def reordered(given):
    order = RNG.permutation(N)
    arrays = {key: value for key, value in given.items() if has_rows(value)}
    return given | {key: value[order] for key, value in arrays.items()}, order


@pytest.mark.parametrize("name", sorted(ROW_ORDER_FREE))
def test_row_order_free(name):
    given = data(name)
    other, order = reordered(given)
    first, second = evaluate(name, **given), evaluate(name, **other)
    if name not in EXAMPLES or EXAMPLES[name].alone:
        np.testing.assert_array_equal(first.elements[order], second.elements)
        assert not np.array_equal(first.elements, second.elements)
    assert first.value == pytest.approx(second.value, rel=1e-14 if name not in EXAMPLES else 1e-9)
    assert first.accuracy == second.accuracy


def test_row_order_fails_where_losses_are_no_rows():
    """The losses of ntxent are those of the first vectors, and then of the second."""
    given = data("ntxent")
    other, order = reordered(given)
    first, second = evaluate("ntxent", **given).elements, evaluate("ntxent", **other).elements
    assert not np.allclose(np.resize(first[order], 2 * N), second)
    np.testing.assert_allclose(np.sort(first), np.sort(second))


@pytest.mark.parametrize("name", sorted(SYMMETRIC))
def test_symmetric(name):
    given = data(name)
    kind = kind_of(given)
    if name == "js":
        kind, logits = "probs", torch.from_numpy(given["logits"])
        given = {"probs": logits.softmax(1).numpy(), "target": given["target"]}
    other = EXAMPLES[name].other if name in EXAMPLES else "target"
    swapped = given | {kind: given[other], other: given[kind]}
    np.testing.assert_array_equal(elements(name, given), elements(name, swapped))


def test_symmetric_fails_outside():
    one = elements("bce", {"probs": [0.2], "target": [0.7]})
    other = elements("bce", {"probs": [0.7], "target": [0.2]})
    assert abs(one - other) > 0.1
    one = elements("kl", {"probs": [[0.2, 0.8]], "target": [[0.7, 0.3]]}).sum()
    other = elements("kl", {"probs": [[0.7, 0.3]], "target": [[0.2, 0.8]]}).sum()
    assert abs(one - other) > 0.01


def shifted(name, given):
    if name in EXAMPLES:
        return given | {key: given[key] + 3.0 for key in EXAMPLES[name].shifted or [kind_of(given)]}
    moved = {kind_of(given): given[kind_of(given)] + 3.0}
    return {**given, **moved, **({"target": given["target"] + 3.0} if name in VALUES else {})}


@pytest.mark.parametrize("name", sorted(SHIFT_FREE))
def test_shift_free(name):
    given = data(name)
    np.testing.assert_allclose(
        elements(name, given), elements(name, shifted(name, given)), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("name", sorted(NOT_SHIFT_FREE - {"nll", "arcface", "cosface", "circle"}))
def test_shift_free_fails_outside(name):
    given = data(name)
    assert not np.allclose(elements(name, given), elements(name, shifted(name, given)))


@pytest.mark.parametrize("name", SCALES)
def test_scales(name):
    given = data(name)
    larger = {key: 3 * value for key, value in given.items()}
    np.testing.assert_allclose(elements(name, larger), 3 ** SCALES[name] * elements(name, given))


def test_scales_fails_outside():
    given = data("huber")
    larger = {key: 3 * value for key, value in given.items()}
    ratio = elements("huber", larger) / elements("huber", given)
    assert np.ptp(ratio) > 1


def test_a_count_can_be_likely_or_not():
    """The likelihood of the truth itself is no constant."""
    found = elements("poisson-nll", {"rate": [1.0, 5.0], "target": [1, 5]})
    assert np.ptp(found) > 1


@pytest.mark.parametrize("name", sorted(set(losses) - {"bce", "focal", "kl", *EXAMPLES}))
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "float32", "float64"])
def test_dtype_of_labels_does_not_matter(name, dtype):
    """Roles, not dtypes: what holds the label is an accident."""
    given = data(name)
    target = np.abs(np.round(given["target"])) % 2
    target = np.maximum(target, name == "gamma")  # to which 0 is no amount
    wanted = evaluate(name, **{**given, "target": target.astype("int64")})
    found = evaluate(name, **{**given, "target": target.astype(dtype)}, dtype="float64")
    np.testing.assert_array_equal(found.elements, wanted.elements)
    assert found.accuracy == wanted.accuracy
