"""What roots, several quantiles, counts and amounts are asked with, refused for and said of."""

from __future__ import annotations

from math import exp, inf, log, nan, sqrt

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.losses import losses

RNG = np.random.default_rng(29)
N = 400
VALUES, TRUTH = RNG.normal(0, 3, (2, N))
WEIGHT = RNG.uniform(0.1, 2, N)


# ---- finish


def test_reductions_of_rmse():
    data = {"pred": [[1.0, 3.0], [0.0, 0.0]], "target": [[0.0, 0.0], [0.0, 0.0]]}
    mean = evaluate("rmse", **data)
    assert (mean.value, mean.denominator, mean.finish) == (sqrt(2.5), 4, "root")
    assert mean.stats["mean"] == 2.5
    assert mean.elements.tolist() == [[1, 9], [0, 0]]
    assert not mean.notes
    assert evaluate("rmse", **data, reduction="batchmean").value == sqrt(5)
    for reduction, value in (("sum", 10.0), ("none", None)):
        found = evaluate("rmse", **data, reduction=reduction)
        assert (found.value, found.finish) == (value, "")
        assert [note.code for note in found.notes] == ["unfinished"]
        assert f"--reduction {reduction} gives the elements of rmse" in found.notes[0].message
    negative = evaluate("rmse", pred=[1.0, 0.0], target=[0.0, 0.0], sample_weight=[-1, 3])
    assert np.isnan(negative.value)


def test_finish_of_the_guess():
    data = {"pred": [0.0, 1.0], "target": [1.0, 5.0]}
    assert evaluate("rmse", **data).guess == 2.0
    assert evaluate("rmse", **data, reduction="none").guess == pytest.approx(4)
    assert evaluate("rmse", **data, reduction="sum").guess == pytest.approx(8)


# ---- several quantiles

LEVELS = (0.1, 0.5, 0.9)
MANY = RNG.normal(0, 3, (N, 3))


def test_several_quantiles_of_one_target():
    each = [evaluate("quantile", pred=MANY[:, i], target=TRUTH, q=q) for i, q in enumerate(LEVELS)]
    for target in (TRUTH, TRUTH[:, None], np.repeat(TRUTH[:, None], 3, 1)):
        found = evaluate("quantile", pred=MANY, target=target, q=LEVELS)
        np.testing.assert_array_equal(found.elements, np.stack([one.elements for one in each], 1))
        assert found.value == pytest.approx(np.mean([one.value for one in each]))
        assert found.inputs[1].facts.count == target.size
    found = evaluate("quantile", pred=MANY, target=TRUTH, q=LEVELS)
    assert found.guess == pytest.approx(np.mean([one.guess for one in each]))
    for i, one in enumerate(each):
        assert found.metrics[f"coverage_{i}"] == pytest.approx(one.metrics["coverage"])
    weight, mask = WEIGHT, RNG.random((N, 3)) < 0.6
    found = evaluate("quantile", pred=MANY, target=TRUTH, q=LEVELS, sample_weight=weight, mask=mask)
    for i, q in enumerate(LEVELS):
        kept = mask[:, i]
        data = {"pred": MANY[kept, i], "target": TRUTH[kept], "sample_weight": weight[kept]}
        alone = evaluate("quantile", **data, q=q)
        assert found.metrics[f"coverage_{i}"] == pytest.approx(alone.metrics["coverage"])


def test_guesses_of_quantiles_that_are_not_known():
    """A level for each row, columns of their own, or some of the columns masked."""
    rows = evaluate("quantile", pred=VALUES, target=TRUTH, q=RNG.random(N))
    own = evaluate("quantile", pred=MANY, target=MANY[::-1], q=LEVELS)
    given = {"pred": MANY, "target": TRUTH, "q": LEVELS}
    some = evaluate("quantile", **given, mask=RNG.random((N, 3)) < 0.5)
    assert rows.guess is own.guess is some.guess is None
    assert evaluate("quantile", **given, mask=RNG.random(N) < 0.5).guess is not None
    odd = {"pred": [1.0, 2.0], "target": [nan, 1.0], "nan": "propagate"}
    assert evaluate("quantile", **odd).guess is evaluate("wape", **odd).guess is None


def test_a_target_of_several_quantiles_is_found_at_its_place():
    target = TRUTH.copy()
    target[7] = nan
    with pytest.raises(DataError, match=r"target, row 8: NaN \(1 such value\)"):
        evaluate("quantile", pred=MANY, target=target, q=LEVELS)
    mask = np.ones((N, 3), bool)
    mask[7, :2] = False  # the third quantile still counts
    with pytest.raises(DataError, match="NaN"):
        evaluate("quantile", pred=MANY, target=target, q=LEVELS, mask=mask)
    mask[7] = False
    evaluate("quantile", pred=MANY, target=target, q=LEVELS, mask=mask)
    omitted = evaluate("quantile", pred=MANY, target=target, q=LEVELS, nan="omit")
    assert omitted.denominator == 3 * (N - 1)
    target[7] = inf
    [warning] = evaluate("quantile", pred=MANY, target=target, q=LEVELS).warnings
    assert (warning.index, warning.count) == ((7,), 1)


@pytest.mark.parametrize(
    ("pred", "q", "error", "message"),
    [
        (MANY, 0.5, DataError, "3 quantiles a row, but --q has 1"),
        (MANY, [0.1, 0.9], DataError, "3 quantiles a row, but --q has 2"),
        (MANY[:, :1], [0.1, 0.9], DataError, "--q has shape (2,)"),
        (VALUES, 1.5, UsageError, "--q must be >= 0 and <= 1, not 1.5"),
        (VALUES, nan, UsageError, "--q must be >= 0 and <= 1, not nan"),
        (MANY, [0.1, 0.5, -1], UsageError, "--q must be >= 0 and <= 1, not -1"),
        (MANY, np.array([0.1, 0.5, 2]), UsageError, "--q must be >= 0 and <= 1, not 2"),
        (MANY[:9], LEVELS, DataError, "9 predictions but 400 targets"),
        (MANY.reshape(N, 3, 1), LEVELS, DataError, "shapes differ"),
    ],
)
def test_quantiles_that_do_not_fit(pred, q, error, message):
    with pytest.raises(error) as caught:
        evaluate("quantile", pred=pred, target=TRUTH, q=q)
    assert message in str(caught.value)


# ---- what is refused, and what is said

REFUSED = [  # the last number is the place
    ("msle", "pred", [-1.0, 0], [0.0, 0], {}, "log-range", "-1 is not above -1", 0),
    ("rmsle", "pred", [0.0, 0], [0.0, -3], {}, "log-range", "-3 is not above -1", 1),
    ("poisson-nll", "rate", [-1.0, 2], [0, 1], {}, "rate-range", "-1 is no rate: below 0", 0),
    ("poisson-nll", "rate", [1.0, 2], [0, -1], {}, "target-range", "at least 0, not -1", 1),
    ("tweedie", "rate", [-2.0, 1], [0.0, 1], {}, "rate-range", "-2 is no rate", 0),
    ("tweedie", "log_rate", [-2.0, 1], [0.0, -1], {}, "target-range", "at least 0, not -1", 1),
    ("tweedie", "rate", [2.0, 1], [0, 1], {"power": 2.0}, "target-range", "above 0 here, not 0", 0),
    ("gamma", "rate", [2.0, 1], [1.0, 0], {}, "target-range", "above 0 here, not 0", 1),
]


@pytest.mark.parametrize(("name", "kind", "x", "y", "options", "code", "message", "at"), REFUSED)
def test_refused(name, kind, x, y, options, code, message, at):
    with pytest.raises(DataError) as caught:
        evaluate(name, **{kind: x}, target=y, **options)
    assert f"row {at + 1}: " in str(caught.value)
    assert message in str(caught.value)
    assert caught.value.code == code
    evaluate(name, **{kind: x}, target=y, mask=[at != 0, at != 1], **options)


SAID = [
    ("mape", "pred", [1.0, 2, 3], [0.0, 2, 1e-300], {}, "zero-target", (0,), 2),
    ("mape", "pred", [0.0, 2], [0.0, 2], {}, None, None, None),
    ("mape", "pred", [0.0, 2], [1e-3, 2], {"eps": 0.1}, "zero-target", (0,), 1),
    ("poisson-nll", "rate", [1.0, 2], [1.5, 2], {}, "count-whole", (0,), 1),
    ("poisson-nll", "rate", [1.0, 0], [0, 2], {}, "impossible", (1,), 1),
    ("poisson-nll", "rate", [0.0, 0], [0, 0], {}, None, None, None),
    ("tweedie", "rate", [1.0, 0], [0.5, 2], {}, "impossible", (1,), 1),
    ("tweedie", "rate", [1.0, 0], [0.5, 0], {}, None, None, None),
    ("gamma", "rate", [1.0, 0], [0.5, 2], {}, "impossible", (1,), 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "x", "y", "options", "code", "index", "count"), SAID)
def test_said(name, kind, x, y, options, code, index, count):
    found = evaluate(name, **{kind: x}, target=y, **options).warnings
    assert [(one.code, one.index, one.count) for one in found] == (
        [] if code is None else [(code, index, count)]
    )


def test_a_rate_of_zero():
    """torch adds eps; without it, or under another distribution, what happened was impossible."""
    given = {"rate": [0.0, 1.0], "target": [3, 1]}
    found = evaluate("poisson-nll", **given)
    assert found.elements[0] == pytest.approx(-3 * log(1e-8))
    assert "that of eps 1e-08, as in torch" in found.warnings[0].message
    assert evaluate("poisson-nll", **given, eps=0.0).elements[0] == inf
    assert evaluate("tweedie", **given).elements[0] == inf


def test_eps_has_no_meaning_for_a_logarithm():
    with pytest.raises(UsageError, match="--eps has no meaning here"):
        evaluate("poisson-nll", log_rate=[1.0], target=[1], eps=1e-3)
    assert evaluate("poisson-nll", log_rate=[1.0], target=[1]).value == pytest.approx(exp(1) - 1)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tweedie", {"power": 0.5}, "--power must be >= 1"),
        ("poisson-nll", {"eps": -1.0}, "--eps must be >= 0"),
        ("mape", {"eps": 0.0}, "--eps must be > 0"),
        ("charbonnier", {"delta": 0.0}, "--delta must be > 0"),
        ("cauchy", {"c": 0.0}, "--c must be > 0"),
        ("wing", {"width": -1.0}, "--width must be > 0"),
        ("wing", {"curvature": 0.0}, "--curvature must be > 0"),
        ("expectile", {"alpha": 2.0}, "--alpha must be >= 0 and <= 1"),
    ],
)
def test_bounds(name, options, message):
    kind = losses[name].inputs[0]
    with pytest.raises(UsageError) as caught:
        evaluate(name, **{kind: [1.0]}, target=[1.0], **options)
    assert message in str(caught.value)


def test_overflow_of_float32_is_said():
    wide = evaluate("poisson-nll", log_rate=np.float32([100, 1]), target=np.float32([1, 1]))
    assert (wide.value, wide.warnings[0].code) == (inf, "overflow")
    wide = evaluate("poisson-nll", log_rate=[100.0, 1], target=[1, 1], dtype="float64")
    assert wide.value == pytest.approx(exp(100) / 2)
