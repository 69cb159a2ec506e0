"""What counts as a hit, what else is measured, and what guessing would cost."""

from __future__ import annotations

import math
from math import exp, log

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn import metrics

from losscli import evaluate
from losscli.errors import UsageError

RNG = np.random.default_rng(17)
N, C = 60, 7
LOGITS = RNG.normal(0, 2, (N, C))
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
CLASS = RNG.integers(0, C, N)
SCORES = LOGITS[:, 0]
LABEL = RNG.integers(0, 2, N)
WEIGHT = RNG.uniform(0.1, 2, N)


def hits(result):
    found = result.to_dict()["accuracy"]
    assert found["value"] == pytest.approx(found["correct"] / found["count"])
    return found["correct"], found["count"]


@pytest.mark.parametrize(
    "name",
    [
        *("bce", "focal", "asl", "brier", "zero-one"),
        *("hinge", "squared-hinge", "soft-margin", "perceptron"),
    ],
)
def test_binary(name):
    result = evaluate(name, logits=SCORES, target=LABEL)
    guess = SCORES > 0
    assert hits(result) == (np.sum(guess == LABEL), N)
    assert result.accuracy == pytest.approx(metrics.accuracy_score(LABEL, guess))
    weighted = evaluate(name, logits=SCORES, target=LABEL, sample_weight=WEIGHT).accuracy
    wanted = metrics.accuracy_score(LABEL, guess, sample_weight=WEIGHT)
    assert weighted == pytest.approx(wanted)
    [(_, cells)] = [one for one in result.report.remarks if one[0] == "confusion"]
    tn, fp, fn, tp = metrics.confusion_matrix(LABEL, guess).ravel()
    assert cells.split() == f"TP {tp} FP {fp} FN {fn} TN {tn}".split()


@pytest.mark.parametrize(
    ("kind", "ties"), [("logits", 0.0), ("probs", 0.5), ("log_probs", log(0.5))]
)
def test_the_boundary_itself_is_negative(kind, ties):
    """Strictly above, as round() of one half is 0."""
    above = math.nextafter(ties, 1)
    result = evaluate("bce", **{kind: [ties, ties, above]}, target=[0, 0, 1])
    assert hits(result) == (3, 3)


@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_threshold_is_in_the_space_given(kind):
    values = SCORES if kind == "logits" else PROBS[:, 0]
    for threshold in (0.1, 0.7):
        result = evaluate("bce", **{kind: values}, target=LABEL, threshold=threshold)
        assert hits(result)[0] == np.sum((values > threshold) == LABEL)
        assert f"> {threshold}" in result.report.accuracy.rule


def test_soft_binary_targets_count_above_one_half():
    result = evaluate("bce", logits=[1.0, 1.0, -1.0], target=[0.51, 0.5, 0.2])
    assert hits(result) == (2, 3)
    assert result.report.accuracy.rule == "logit > 0 (p > 0.5), target > 0.5"


def test_binary_means():
    result = evaluate("bce", logits=SCORES, target=LABEL, sample_weight=WEIGHT)
    p = 1 / (1 + np.exp(-SCORES))
    assert result.metrics["mean_p"] == pytest.approx(np.average(p, weights=WEIGHT))
    assert result.metrics["mean_target"] == pytest.approx(np.average(LABEL, weights=WEIGHT))


@pytest.mark.parametrize(
    "name", ["bce", "asl", "multilabel-soft-margin", "zlpr", "multilabel-margin", "zero-one"]
)
def test_multi_label(name):
    target = (RNG.random((N, C)) < 0.3).astype(int)
    result = evaluate(name, logits=LOGITS - 1, target=target)
    guess = LOGITS - 1 > 0
    assert result.accuracy == pytest.approx(1 - metrics.hamming_loss(target, guess))
    assert result.metrics["exact_match"] == metrics.accuracy_score(target, guess)


def test_exact_match_of_what_counts():
    """A row counts if any of its labels does, and is right if all of these are."""
    result = evaluate(
        "bce",
        logits=[[1, 1], [1, -1], [1, 1]],
        target=[[1, 0], [1, 0], [0, 0]],
        mask=[[1, 0], [1, 1], [0, 0]],
    )
    assert result.metrics["exact_match"] == 1.0
    assert hits(result) == (3, 3)


@pytest.mark.parametrize("kind", ["logits", "probs", "log_probs"])
def test_classes(kind):
    given = {"logits": LOGITS, "probs": PROBS, "log_probs": np.log(PROBS)}[kind]
    result = evaluate("ce", **{kind: given}, target=CLASS, top_k=[1, 2, 3, C])
    assert hits(result) == (np.sum(LOGITS.argmax(1) == CLASS), N)
    assert result.metrics[f"top{C}"] == 1
    for k in (2, 3):
        wanted = metrics.top_k_accuracy_score(CLASS, LOGITS, k=k, labels=range(C))
        assert result.metrics[f"top{k}"] == pytest.approx(wanted)
    assert "top1" not in result.metrics
    assert result.metrics["confidence"] == pytest.approx(PROBS.max(1).mean())
    assert result.metrics["perplexity"] == pytest.approx(exp(result.value))
    assert result.value == pytest.approx(metrics.log_loss(CLASS, PROBS, labels=range(C)))


@pytest.mark.parametrize(
    "name",
    ["focal-ce", "poly1", "gce", "brier", "multi-margin", "multiclass-hinge", "categorical-hinge"],
)
def test_choices(name):
    """Top-1 and top-k of whatever is scored; a probability where there is one."""
    result = evaluate(name, logits=LOGITS, target=CLASS, top_k=[3])
    assert hits(result) == (np.sum(LOGITS.argmax(1) == CLASS), N)
    wanted = metrics.top_k_accuracy_score(CLASS, LOGITS, k=3, labels=range(C))
    assert result.metrics["top3"] == pytest.approx(wanted)
    margins = name in ("multi-margin", "multiclass-hinge", "categorical-hinge")
    assert ("confidence" in result.metrics) is not margins


def test_class_ties_go_to_the_first():
    rows = [[2, 2, 1], [2, 2, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]]
    result = evaluate("ce", logits=rows, target=[0, 1, 0, 0, 2], top_k=[2])
    assert hits(result) == (3, 5)
    assert result.metrics["top2"] == 0.8


def test_top_5_is_shown_from_six_classes_on():
    assert "top5" in evaluate("ce", logits=LOGITS, target=CLASS).metrics
    few = evaluate("ce", logits=LOGITS[:, :5], target=CLASS % 5).metrics
    assert "top5" not in few


def test_weighted_classes():
    result = evaluate("ce", logits=LOGITS, target=CLASS, sample_weight=WEIGHT, top_k=[2])
    guess = LOGITS.argmax(1)
    wanted = metrics.accuracy_score(CLASS, guess, sample_weight=WEIGHT)
    assert result.accuracy == pytest.approx(wanted)
    wanted = metrics.top_k_accuracy_score(CLASS, LOGITS, k=2, labels=range(C), sample_weight=WEIGHT)
    assert result.metrics["top2"] == pytest.approx(wanted)


def test_class_probabilities_compare_argmaxes():
    result = evaluate("ce", logits=LOGITS, target=PROBS[::-1].copy())
    assert hits(result) == (np.sum(LOGITS.argmax(1) == LOGITS[::-1].argmax(1)), N)
    result = evaluate("kl", logits=LOGITS, target=PROBS[::-1].copy())
    assert hits(result) == (np.sum(LOGITS.argmax(1) == LOGITS[::-1].argmax(1)), N)


def test_hardest_classes():
    logits, target = np.eye(3)[[0, 0, 1, 1, 1, 2]], [0, 1, 1, 1, 2, 2]
    [first, second] = evaluate("ce", logits=logits, target=target).report.remarks
    assert first == ("class 2", "1/2 right, taken for 1 (1)")
    assert second == ("class 1", "2/3 right, taken for 0 (1)")


def test_regression():
    target = 0.5 * SCORES + RNG.normal(0, 1, N)
    result = evaluate("mse", pred=SCORES, target=target)
    assert result.accuracy is None
    wanted = {
        "r2": metrics.r2_score(target, SCORES),
        "rmse": metrics.root_mean_squared_error(target, SCORES),
        "mae": metrics.mean_absolute_error(target, SCORES),
        "bias": np.mean(SCORES - target),
        "max_error": metrics.max_error(target, SCORES),
        "median_absolute_error": metrics.median_absolute_error(target, SCORES),
        "d2_absolute_error": metrics.d2_absolute_error_score(target, SCORES),
    }
    assert result.metrics == pytest.approx(wanted)
    weighted = evaluate("mae", pred=SCORES, target=target, sample_weight=WEIGHT)
    wanted = metrics.mean_absolute_error(target, SCORES, sample_weight=WEIGHT)
    assert weighted.value == weighted.metrics["mae"] == pytest.approx(wanted)


def test_median_error_of_what_counts():
    target, mask = RNG.normal(size=(2, N)), RNG.random((2, N)) < 0.7
    pred = target + RNG.normal(size=target.shape)
    found = evaluate("huber", pred=pred, target=target, mask=mask).metrics
    wanted = np.median(abs(pred - target)[mask])
    assert found["median_absolute_error"] == pytest.approx(wanted, rel=1e-12)
    weighted = evaluate("huber", pred=pred, target=target, sample_weight=mask + 1.0)
    assert "median_absolute_error" not in weighted.metrics


def test_r2_needs_targets_that_differ():
    assert "r2" not in evaluate("mse", pred=[1.0, 2.0], target=[3.0, 3.0]).metrics
    assert "r2" not in evaluate("mse", pred=[1.0], target=[3.0]).metrics


def best(loss, start):
    """The loss of the best constant, found by trying."""
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}
    return minimize(loss, start, method="Nelder-Mead", options=options).fun


AMOUNTS = np.exp(SCORES)
TRUE_AMOUNTS = np.round(np.exp(LOGITS[:, 1]), 3)
COUNTS = RNG.poisson(3, N)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["rate", "log_rate"])
@pytest.mark.parametrize("power", [1.0, 1.3, 2.0, 3.0])
def test_amounts(power, kind, weighted):
    """d2 is scikit-learn's, and the means are shown beside one another."""
    target = COUNTS if power < 2 else TRUE_AMOUNTS
    weight = {"sample_weight": WEIGHT} if weighted else {}
    given = {kind: AMOUNTS if kind == "rate" else SCORES, "target": target, **weight}
    wanted = metrics.d2_tweedie_score(target, AMOUNTS, power=power, **weight)
    means = [np.average(one, weights=WEIGHT if weighted else None) for one in (AMOUNTS, target)]
    found = [evaluate("tweedie", **given, power=power)]
    found += [evaluate("poisson-nll", **given)] if power == 1 else []
    found += [evaluate("gamma", **given)] if power == 2 else []
    for result in found:
        assert result.accuracy is None
        assert result.metrics == pytest.approx(
            {"d2": wanted, "mean_rate": means[0], "mean_target": means[1]}
        )
        if result.loss != "poisson-nll":
            assert 1 - result.value / result.guess == pytest.approx(wanted)


def test_d2_needs_targets_that_differ():
    for name in ("tweedie", "poisson-nll", "gamma"):
        result = evaluate(name, rate=AMOUNTS, target=np.full(N, 0.1))
        assert "d2" not in result.metrics
        assert result.guess == (pytest.approx(0.1 - 0.1 * log(0.1)) if "nll" in name else 0)
    assert evaluate("tweedie", rate=AMOUNTS, target=np.zeros(N)).guess is None


@pytest.mark.parametrize("weighted", [False, True])
def test_coverage(weighted):
    weight = {"sample_weight": WEIGHT} if weighted else {}
    target = np.where(np.arange(N) % 5, LOGITS[:, 1], SCORES)  # some are met exactly
    result = evaluate("quantile", pred=SCORES, target=target, q=0.8, **weight)
    wanted = np.average(target <= SCORES, weights=weight.get("sample_weight"))
    assert result.metrics["coverage"] == pytest.approx(wanted)
    assert result.metrics["mae"] == pytest.approx(
        metrics.mean_absolute_error(target, SCORES, **weight)
    )


BASELINES = [
    ("rmse", "pred", SCORES, {}),
    ("quantile", "pred", SCORES, {"q": 0.9}),
    ("quantile", "pred", SCORES, {"q": 0.05}),
    ("wape", "pred", SCORES, {}),
    ("msle", "pred", AMOUNTS, {}),
    ("rmsle", "pred", AMOUNTS, {}),
    ("poisson-nll", "log_rate", COUNTS, {}),
    ("poisson-nll", "log_rate", COUNTS, {"full": True}),
    ("tweedie", "log_rate", COUNTS, {}),
    ("tweedie", "log_rate", AMOUNTS, {"power": 2.5}),
    ("gamma", "log_rate", AMOUNTS, {}),
]


@pytest.mark.parametrize(("name", "kind", "target", "options"), BASELINES, ids=str)
def test_baseline_of_amounts(name, kind, target, options):
    """No constant does better, and one does as well."""
    given = {"target": target, **options, "mask": WEIGHT > 0.7}
    wanted = best(lambda c: evaluate(name, **{kind: np.full(N, c[0])}, **given).value, [0.1])
    assert evaluate(name, **{kind: np.zeros(N)}, **given).guess == pytest.approx(wanted, rel=1e-6)


def named(options):
    return ", ".join(options) or "plain"


BINARY_OPTIONS = [
    {},
    {"label_smoothing": 0.2},
    {"sample_weight": WEIGHT},
    {"mask": WEIGHT > 0.5},
    {"pos_weight": 3.0},
    {"class_weight": [0.5, 3.0]},
    {"weight": 2.0},
    {"class_weight": [0.5, 3.0], "pos_weight": 2.0, "label_smoothing": 0.2},
]


@pytest.mark.parametrize("options", BINARY_OPTIONS, ids=named)
@pytest.mark.parametrize("target", [LABEL, PROBS[:, 0]], ids=["hard", "soft"])
def test_baseline_of_bce(target, options):
    given = {"target": target, **options}
    wanted = best(lambda c: evaluate("bce", logits=np.full(N, c[0]), **given).value, [0.1])
    assert evaluate("bce", logits=SCORES, **given).guess == pytest.approx(wanted, rel=1e-6)


CLASS_OPTIONS = [
    *BINARY_OPTIONS[:4],
    {"ignore_index": 1},
    {"weight": [0.5, 3.0, 1.0]},
    {"weight": [0.5, 3.0, 1.0], "label_smoothing": 0.2},
    {"weight": [0.5, 3.0, 1.0], "sample_weight": WEIGHT},
]


@pytest.mark.parametrize("options", CLASS_OPTIONS, ids=named)
@pytest.mark.parametrize("target", [CLASS % 3, PROBS[:, :3]], ids=["hard", "soft"])
@pytest.mark.filterwarnings("error")
def test_baseline_of_ce(target, options):
    """Soft targets here do not even sum to 1."""
    given = {"target": target, **options}
    if target.ndim == 2 and "ignore_index" in options:
        with pytest.raises(UsageError, match="--ignore-index has no meaning here"):
            evaluate("ce", logits=LOGITS[:, :3], **given)
        return

    def loss(c):
        return evaluate("ce", logits=np.tile(c, (N, 1)), **given).value

    wanted = best(loss, [0.1, 0.2, 0.0])
    assert evaluate("ce", logits=LOGITS[:, :3], **given).guess == pytest.approx(wanted, rel=1e-5)


def test_baselines_are_none_where_they_are_not_known():
    assert evaluate("bce", logits=SCORES, target=LABEL, weight=WEIGHT).guess is None
    two = {"logits": LOGITS[:, :2], "target": np.stack([LABEL, LABEL], 1)}
    assert evaluate("bce", **two, pos_weight=[2.0, 3.0]).guess is None
    assert evaluate("focal", logits=SCORES, target=PROBS[:, 0]).guess is None
    assert evaluate("focal", logits=SCORES, target=LABEL, class_weight=[1.0, 2.0]).guess is None


@pytest.mark.parametrize(
    "options", [{}, {"mask": WEIGHT > 0.7}, {"sample_weight": WEIGHT}], ids=named
)
def test_majority_is_the_accuracy_of_guessing(options):
    weight = options.get("sample_weight", options.get("mask", np.ones(N))).astype(float)
    shares = np.bincount(CLASS, weight, C) / weight.sum()
    result = evaluate("ce", logits=LOGITS, target=CLASS, top_k=[3], **options)
    assert result.report.accuracy.guess == pytest.approx(shares.max())
    [top] = [one for one in result.report.metrics if one.name == "top3"]
    assert top.guess == pytest.approx(np.sort(shares)[-3:].sum())
    ones = np.average(LABEL, weights=weight)
    binary = evaluate("bce", logits=SCORES, target=LABEL, **options).report.accuracy.guess
    assert binary == pytest.approx(max(ones, 1 - ones))


@pytest.mark.parametrize("more", [{"target": [-100, -100, 2]}, {"mask": [0, 0, 1]}])
def test_ties_are_seen_beside_rows_of_nan_that_do_not_count(more):
    """Of three equal scores the last is third, whatever stands in rows that are left out."""
    nan = float("nan")
    given = {"logits": [[nan, 0.0, 1.0], [nan, 1.0, 2.0], [1.0, 1.0, 1.0]], "target": [0, 0, 2]}
    found = evaluate("ce", **(given | more), top_k="2", nan="omit")
    assert found.metrics["top2"] == 0


def test_nan_in_a_target_leaves_no_baseline():
    nan = float("nan")
    found = evaluate("bce", logits=[1.0, 2, 3], target=[1, nan, 0], nan="propagate")
    assert found.to_dict()["baselines"] == {}


def test_baseline_of_mae_is_found_in_double_precision():
    target = np.float32([3e38, -3e38, 3e38, -2e38])
    found = evaluate("mae", pred=np.zeros(4, np.float32), target=target)
    wanted = np.abs(target - np.median(target.astype(float)), dtype=float).mean()
    assert found.to_dict()["baselines"]["constant"] == pytest.approx(wanted)
