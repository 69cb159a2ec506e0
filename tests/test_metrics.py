"""What follows from the same predictions beside their loss: scikit-learn and naive formulas."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from sklearn import metrics

from losscli import evaluate

RNG = np.random.default_rng(29)
N, C = 80, 6
LOGITS = RNG.normal(0, 2, (N, C)).round(1)  # with ties
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
CLASS = np.where(RNG.random(N) < 0.5, LOGITS.argmax(1), RNG.integers(0, C - 1, N))
SCORES = LOGITS[:, 0]
P = 1 / (1 + np.exp(-SCORES))
LABEL = (SCORES + RNG.normal(0, 2, N) > 0).astype(int)
WEIGHT = RNG.uniform(0.1, 2, N)
KEPT = RNG.random(N) < 0.8
BINARY = [
    *("bce", "focal", "asl", "brier", "zero-one"),
    *("hinge", "squared-hinge", "soft-margin", "perceptron"),
]


def binary_metrics(target, scores, weight=None):
    given = {"sample_weight": weight}
    guess = scores > 0
    return {
        "auroc": metrics.roc_auc_score(target, scores, **given),
        "average_precision": metrics.average_precision_score(target, scores, **given),
        "f1": metrics.f1_score(target, guess, **given),
        "precision": metrics.precision_score(target, guess, **given),
        "recall": metrics.recall_score(target, guess, **given),
        "balanced_accuracy": metrics.balanced_accuracy_score(target, guess, **given),
    }


def these(result, wanted):
    assert {name: result.metrics[name] for name in wanted} == pytest.approx(wanted, rel=1e-12)


def test_the_confusion_is_counted():
    """Of weighted elements their weights."""
    for weight in (None, WEIGHT):
        found = evaluate("bce", logits=SCORES, target=LABEL, sample_weight=weight).metrics
        cells = metrics.confusion_matrix(LABEL, SCORES > 0, sample_weight=weight).ravel()
        wanted = dict(zip(("tn", "fp", "fn", "tp"), cells, strict=True))
        assert {name: found[name] for name in wanted} == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    these(evaluate(name, logits=SCORES, target=LABEL), binary_metrics(LABEL, SCORES))
    weighted = evaluate(name, logits=SCORES, target=LABEL, sample_weight=WEIGHT)
    these(weighted, binary_metrics(LABEL, SCORES, WEIGHT))


def test_labels_of_either_kind():
    wanted = evaluate("hinge", logits=SCORES, target=LABEL).metrics
    assert evaluate("hinge", logits=SCORES, target=2 * LABEL - 1).metrics == wanted


@pytest.mark.parametrize("more", [{"mask": KEPT}, {"mask": KEPT, "sample_weight": WEIGHT}])
def test_only_what_counts(more):
    weight = WEIGHT[KEPT] if "sample_weight" in more else None
    result = evaluate("bce", logits=SCORES, target=LABEL, **more)
    these(result, binary_metrics(LABEL[KEPT], SCORES[KEPT], weight))
    assert result.metrics["ece"] == pytest.approx(ece(P[KEPT], LABEL[KEPT], weight))


@pytest.mark.parametrize("kind", ["probs", "log_probs"])
def test_rank_does_not_depend_on_the_kind(kind):
    given = {kind: P if kind == "probs" else np.log(P)}
    result = evaluate("bce", **given, target=LABEL)
    assert result.metrics["auroc"] == metrics.roc_auc_score(LABEL, P)


@pytest.mark.parametrize("more", [{}, {"mask"}, {"sample_weight"}, {"mask", "sample_weight"}])
def test_labels_one_by_one(more):
    """The means over columns; sklearn cannot leave single labels out, so each is asked alone."""
    target = (RNG.random((N, C)) < 0.3).astype(int)
    target[:, 1] = 0  # which cannot be ranked, and is left out
    mask, weight = RNG.random((N, C)) < 0.8, RNG.uniform(0.1, 2, (N, C))
    given = {key: {"mask": mask, "sample_weight": weight}[key] for key in more}
    result = evaluate("bce", logits=LOGITS, target=target, **given)
    areas, means = [], []
    for at in (one for one in range(C) if one != 1):
        kept = mask[:, at] if "mask" in more else np.ones(N, bool)
        asked = target[kept, at], LOGITS[kept, at]
        heavy = weight[kept, at] if "sample_weight" in more else None
        areas.append(metrics.roc_auc_score(*asked, sample_weight=heavy))
        means.append(metrics.average_precision_score(*asked, sample_weight=heavy))
    these(result, {"auroc_macro": np.mean(areas), "average_precision_macro": np.mean(means)})
    wanted = result.metrics
    flipped = evaluate("bce", logits=LOGITS[::-1], target=target[::-1],
                       **{key: one[::-1] for key, one in given.items()}).metrics  # fmt: skip
    assert flipped["auroc_macro"] == wanted["auroc_macro"]


def test_labels_that_cannot_be_ranked_one_by_one():
    same, ones = np.ones((N, C)), np.ones((N, C), int)
    assert "auroc_macro" not in evaluate("bce", logits=LOGITS, target=ones).metrics
    mixed = (LOGITS[:, 0] > 0).astype(int)
    assert "auroc_macro" not in evaluate("bce", logits=LOGITS[:, 0], target=mixed).metrics
    target = (RNG.random((N, C)) < 0.5).astype(int)
    found = evaluate("bce", logits=LOGITS, target=target, sample_weight=-same,
                     ignore=["negative-weight"]).metrics  # fmt: skip
    assert "auroc_macro" not in found
    soft = evaluate("bce", logits=LOGITS, target=0.5 * same).metrics
    assert "auroc_macro" not in soft


@pytest.mark.parametrize("name", ["bce", "multilabel-soft-margin", "zlpr", "multilabel-margin"])
def test_labels_of_all_columns_are_one_problem(name):
    """The micro average of scikit-learn."""
    target = (RNG.random((N, C)) < 0.3).astype(int)
    result = evaluate(name, logits=LOGITS, target=target)
    these(result, binary_metrics(target.reshape(-1), LOGITS.reshape(-1)))
    micro = metrics.roc_auc_score(target, LOGITS, average="micro")
    assert result.metrics["auroc"] == pytest.approx(micro)


@pytest.mark.parametrize("side", [0, 1])
def test_one_side_alone(side):
    result = evaluate("bce", logits=SCORES, target=np.full(N, side))
    for name in ("auroc", "average_precision", "balanced_accuracy"):
        assert name not in result.metrics
    assert ("auroc", "not known: all targets are on one side") in result.report.remarks


def test_soft_targets_have_no_rank():
    result = evaluate("bce", logits=SCORES, target=np.where(LABEL, 0.9, 0.0))
    assert "auroc" not in result.metrics
    assert "on no side" in dict(result.report.remarks)["auroc"]
    [f1] = [one for one in result.report.metrics if one.name == "f1"]
    assert f1.value == metrics.f1_score(LABEL, SCORES > 0)
    assert "target > 0.5" in f1.how


def test_nan_leaves_nothing_known():
    nan = float("nan")
    result = evaluate("bce", logits=[nan, 1.0, 2], target=[0, 1, 0], nan="propagate")
    assert all(value != value for value in result.metrics.values())


def ece(confidence, outcome, weight=None):
    """Σ n_b/N · |acc_b - conf_b| of 15 equal bins."""
    weight = np.ones(len(confidence)) if weight is None else weight
    total = 0.0
    for b in range(15):
        low, high = b / 15, (b + 1) / 15
        own = (confidence >= low) & ((confidence < high) | (b == 14))
        if own.any():
            share = weight[own].sum() / weight.sum()
            conf, acc = (np.average(one[own], weights=weight[own]) for one in (confidence, outcome))
            total += share * abs(acc - conf)
    return total


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["logits", "probs", "log_probs"])
def test_calibration_of_one_probability(kind, weighted):
    given = {kind: {"logits": SCORES, "probs": P, "log_probs": np.log(P)}[kind]}
    more = {"sample_weight": WEIGHT} if weighted else {}
    found = evaluate("bce", **given, target=LABEL, **more).metrics["ece"]
    assert found == pytest.approx(ece(P, LABEL, WEIGHT if weighted else None))


def test_calibration_at_the_edges():
    """Bins are closed on the left, the last on both sides: 0.2 is in [3/15, 4/15)."""
    probs, target = np.array([0.0, 0.2, 0.26, 1.0, 0.99]), np.array([0, 1, 0, 0, 1])
    found = evaluate("brier", probs=probs, target=target).metrics["ece"]
    wanted = (0 + abs(0.2 + 0.26 - 1) + abs(1.99 - 1)) / 5
    assert found == pytest.approx(wanted)
    assert found == pytest.approx(ece(probs, target))


def test_calibration_of_soft_targets_is_against_their_mean():
    target = P[::-1].copy()
    found = evaluate("bce", logits=SCORES, target=target).metrics["ece"]
    assert found == pytest.approx(ece(P, target))


def test_only_probabilities_are_calibrated():
    for name in ("hinge", "perceptron", "zlpr", "multi-margin"):
        logits, target = (SCORES, LABEL) if "hinge" in name or "perc" in name else (LOGITS, CLASS)
        target = target if name != "zlpr" else np.eye(C)[CLASS]
        assert "ece" not in evaluate(name, logits=logits, target=target).metrics


def class_metrics(target, guess, weight=None):
    given = {"sample_weight": weight}
    recall = metrics.recall_score(target, guess, average="macro", labels=np.unique(target), **given)
    return {
        "balanced_accuracy": recall,
        "macro_f1": metrics.f1_score(target, guess, average="macro", **given),
        "mean_iou": metrics.jaccard_score(target, guess, average="macro", **given),
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["logits", "probs", "log_probs"])
def test_classes(kind, weighted):
    given = {kind: {"logits": LOGITS, "probs": PROBS, "log_probs": np.log(PROBS)}[kind]}
    more = {"sample_weight": WEIGHT} if weighted else {}
    weight = more.get("sample_weight")
    result = evaluate("ce", **given, target=CLASS, **more)
    guess = LOGITS.argmax(1)
    these(result, class_metrics(CLASS, guess, weight))
    assert result.metrics["ece"] == pytest.approx(ece(PROBS.max(1), guess == CLASS, weight))
    wanted = metrics.d2_log_loss_score(CLASS, PROBS, labels=range(C), **more)
    assert result.metrics["d2_log_loss"] == pytest.approx(wanted)
    assert result.metrics["bits"] == pytest.approx(result.value / log(2))


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_a_temperature_is_calibrated(temperature):
    """As scaled logits are: to see that is what a temperature is fitted for."""
    shares = np.exp(LOGITS / temperature)
    shares /= shares.sum(1, keepdims=True)
    found = evaluate("ce", logits=LOGITS, target=CLASS, temperature=temperature).metrics
    assert found["confidence"] == pytest.approx(shares.max(1).mean())
    assert found["ece"] == pytest.approx(ece(shares.max(1), LOGITS.argmax(1) == CLASS))


@pytest.mark.parametrize("axis", [1, -1])
def test_images(axis):
    """Pixels of the ignored class count on neither side."""
    scores = RNG.normal(size=(3, 4, 5, 6))
    target = RNG.integers(0, 3, (3, 5, 6))  # the last class is only guessed
    target[RNG.random(target.shape) < 0.3] = 255
    guess, kept = scores.argmax(1), target != 255
    given = scores if axis == 1 else np.moveaxis(scores, 1, -1).copy()
    result = evaluate("ce", logits=given, target=target, ignore_index=255)
    these(result, class_metrics(target[kept], guess[kept]))
    inter = [np.sum((guess == c) & (target == c) & kept) for c in range(4)]
    union = [np.sum(((guess == c) | (target == c)) & kept) for c in range(4)]
    assert result.metrics["mean_iou"] == pytest.approx(np.mean(np.divide(inter, union)))
    assert result.accuracy == np.mean(guess[kept] == target[kept])
    shown = {one.name for one in result.report.metrics if one.shown}
    assert "mean_iou" in shown
    assert "macro_f1" not in shown


def test_absent_classes_do_not_count():
    """A class that is neither true nor guessed has no F1; one that is only guessed has 0."""
    logits, target = np.eye(5)[[0, 1, 1, 2]], [0, 1, 0, 1]
    found = evaluate("ce", logits=logits, target=target).metrics
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found["balanced_accuracy"] == 0.5
    assert found["mean_iou"] == pytest.approx((1 / 2 + 1 / 3 + 0) / 3)


def test_too_many_classes():
    logits = RNG.normal(size=(4, 1001))
    assert "macro_f1" not in evaluate("ce", logits=logits, target=[0, 1, 2, 3]).metrics
    assert "macro_f1" in evaluate("ce", logits=logits[:, :1000], target=[0, 1, 2, 3]).metrics


def test_soft_class_targets():
    """The share of the class that was chosen is what came of it."""
    target = PROBS[::-1].copy()
    result = evaluate("ce", probs=PROBS, target=target)
    guess = PROBS.argmax(1)
    wanted = ece(PROBS.max(1), target[np.arange(N), guess])
    assert result.metrics["ece"] == pytest.approx(wanted)
    these(result, class_metrics(target.argmax(1), guess))


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize("kind", ["target_logits", "target_log_probs"])
def test_soft_targets_by_their_logarithms(kind, temperature):
    """What came is a share, however it was written."""
    heat = temperature if kind == "target_logits" else 1.0
    ours, theirs = (np.exp(one) for one in (LOGITS / temperature, LOGITS[::-1] / heat))
    ours, theirs = (one / one.sum(1, keepdims=True) for one in (ours, theirs))
    given = LOGITS[::-1].copy() if kind == "target_logits" else np.log(theirs)
    result = evaluate("ce", logits=LOGITS, **{kind: given}, temperature=temperature)
    wanted = ece(ours.max(1), theirs[np.arange(N), ours.argmax(1)])
    assert result.metrics["ece"] == pytest.approx(wanted)


def test_skill_of_binary_and_quantile_losses():
    both = np.stack([1 - P, P], 1)
    for more in ({}, {"sample_weight": WEIGHT}):
        found = evaluate("bce", logits=SCORES, target=LABEL, **more).metrics["d2_log_loss"]
        assert found == pytest.approx(metrics.d2_log_loss_score(LABEL, both, **more))
        found = evaluate("brier", logits=SCORES, target=LABEL, **more).metrics["d2_brier"]
        assert found == pytest.approx(metrics.d2_brier_score(LABEL, P, **more))
    found = evaluate("brier", probs=PROBS, target=CLASS).metrics["d2_brier"]
    assert found == pytest.approx(metrics.d2_brier_score(CLASS, PROBS, labels=range(C)))
    target = LOGITS[:, 1]
    for q in (0.2, 0.5, 0.85):
        found = evaluate("quantile", pred=SCORES, target=target, q=q).metrics
        wanted = metrics.d2_pinball_score(target, SCORES, alpha=q)
        assert found["d2_pinball"] == pytest.approx(wanted)
        wanted = metrics.d2_absolute_error_score(target, SCORES)
        assert found["d2_absolute_error"] == pytest.approx(wanted)


def test_skill_does_not_depend_on_the_reduction():
    wanted = evaluate("bce", logits=SCORES, target=LABEL).metrics["d2_log_loss"]
    for reduction in ("sum", "none"):
        found = evaluate("bce", logits=SCORES, target=LABEL, reduction=reduction)
        assert found.metrics["d2_log_loss"] == wanted


def test_no_skill_where_nothing_is_to_be_gained():
    assert "d2_log_loss" not in evaluate("bce", logits=SCORES, target=np.ones(N)).metrics
    assert "d2_absolute_error" not in evaluate("mae", pred=SCORES, target=np.ones(N)).metrics
    assert "d2_pinball" not in evaluate("quantile", pred=SCORES, target=np.ones(N)).metrics


def test_skill_beside_a_positive_weight_is_that_of_samples_that_weigh_so_much():
    found = evaluate("bce", logits=SCORES, target=LABEL, pos_weight=2.0).metrics["d2_log_loss"]
    weight = 1.0 + LABEL
    wanted = metrics.d2_log_loss_score(LABEL, 1 / (1 + np.exp(-SCORES)), sample_weight=weight)
    assert found == pytest.approx(wanted)
    weight = np.arange(1.0, C + 1)
    found = evaluate("ce", probs=PROBS, target=CLASS, weight=weight).metrics["d2_log_loss"]
    wanted = metrics.d2_log_loss_score(CLASS, PROBS, sample_weight=weight[CLASS], labels=range(C))
    assert found == pytest.approx(wanted)


def test_r2_of_columns_is_the_mean_of_theirs():
    rng = np.random.default_rng(7)
    truth = rng.normal(5, [1, 10, 100], (60, 3))
    found = truth + rng.normal(0, [0.5, 20, 10], (60, 3))
    wanted = metrics.r2_score(truth, found)
    assert evaluate("mse", pred=found, target=truth).metrics["r2"] == pytest.approx(wanted)
    truth[:, 1] = 3
    wanted = metrics.r2_score(truth, found)
    assert evaluate("mse", pred=found, target=truth).metrics["r2"] == pytest.approx(wanted)
    mask = rng.random((60, 3)) < 0.7
    each = [metrics.r2_score(truth[kept, i], found[kept, i]) for i, kept in enumerate(mask.T)]
    left = evaluate("mse", pred=found, target=truth, mask=mask)
    assert left.metrics["r2"] == pytest.approx(np.mean(each))


def test_no_error_at_all_is_said():
    for name in ("psnr", "si-sdr"):
        signal = np.random.default_rng(1).normal(size=(3, 50)).clip(0, 1)
        found = evaluate(name, pred=signal, target=signal)
        assert found.value == -np.inf
        assert next(one.code for one in found.warnings) == "perfect"
    found = evaluate("poisson-nll", rate=[2.0], target=[np.inf])
    assert found.value == -np.inf  # a limit, and no perfection
    assert "perfect" not in [one.code for one in found.warnings]


def test_the_hardest_classes_count_sample_weights():
    """As the accuracy beside them does: rows of weight 0 are in neither."""
    weight = np.where(RNG.random(N) < 0.3, 0, RNG.integers(1, 4, N))
    kept = weight > 0
    rows = np.arange(N).repeat(weight)
    plain = evaluate("ce", logits=LOGITS[rows], target=CLASS[rows]).report.remarks
    found = evaluate("ce", logits=LOGITS, target=CLASS, sample_weight=weight.astype(float))
    assert found.report.remarks == plain
    ones = np.ones(N)
    masked = evaluate("ce", logits=LOGITS, target=CLASS, sample_weight=ones, mask=kept)
    wanted = evaluate("ce", logits=LOGITS[kept], target=CLASS[kept]).report.remarks
    assert masked.report.remarks == wanted
    signed = evaluate("ce", logits=LOGITS, target=CLASS, sample_weight=np.where(kept, 1.0, -1.0))
    assert not signed.report.remarks
