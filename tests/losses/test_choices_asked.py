"""Losses of labels, sets and classes: what is refused, their names, and what guessing costs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy.optimize import minimize

from losscli import evaluate, losses
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(37)

REFUSED = {  # the loss and its inputs, the code, and what the message says
    "no label": (
        "multilabel-margin",
        {"logits": np.zeros((2, 3)), "target": [[0, -1, -1], [1, 3, -1]]},
        "label-range",
        ["row 2, column 2", "3 is no label", "0..2", "1 such value"],
    ),
    "below -1": (
        "multilabel-margin",
        {"logits": np.zeros((1, 3)), "target": [[0, -2, -1]]},
        "label-range",
        ["-2 is no label"],
    ),
    "half a label": (
        "multilabel-margin",
        {"logits": np.zeros((1, 3)), "target": [[0.5, 1, -1]]},
        "label-range",
        ["0.5 is no label", "for bce"],
    ),
    "one label a row": (
        "zlpr",
        {"logits": np.zeros(3), "target": np.zeros(3)},
        "shape-mismatch",
        ["(N, C)", "for bce"],
    ),
    "a list of another length": (
        "multilabel-margin",
        {"logits": np.zeros((2, 3)), "target": [[0, -1], [1, -1]]},
        "shape-mismatch",
        ["(2, 3)", "(2, 2)"],
    ),
    "asl": ("asl", {"logits": np.zeros(2), "target": [0, 2]}, "target-range", ["row 2", "not 2"]),
    "perceptron": (
        "perceptron",
        {"logits": np.zeros(2), "target": [0.5, 1]},
        "labels",
        ["0.5", "-1 and +1"],
    ),
    "one-hot margins": (
        "multi-margin",
        {"logits": np.zeros((2, 3)), "target": np.eye(3)[:2]},
        "shape-mismatch",
        ["class indices", "for ce"],
    ),
    "one-hot gce": (
        "gce",
        {"logits": np.zeros((2, 3)), "target": np.eye(3)[:2]},
        "shape-mismatch",
        ["class indices"],
    ),
    "class C": (
        "multiclass-hinge",
        {"logits": np.zeros((2, 3)), "target": [0, 3]},
        "class-range",
        ["class 3", "0..2"],
    ),
    "axis of classes": (
        "brier",
        {"probs": np.full((2, 3, 3), 1 / 3), "target": np.zeros((2, 3))},
        "class-axis",
        ["--class-axis 1 or --class-axis 2"],
    ),
    "brier of logits": ("brier", {"probs": [2.0], "target": [1]}, "probs-range", ["--logits"]),
    "js of one axis": (
        "js",
        {"probs": [0.5, 0.5], "target": [0.5, 0.5]},
        "shape-mismatch",
        ["(1, C)"],
    ),
    "js of other shapes": (
        "js",
        {"probs": [[0.5, 0.5]], "target": [1]},
        "shape-mismatch",
        ["(1, 2)", "(1,)"],
    ),
    "js of rows": (
        "js",
        {"probs": [[0.5, 0.5]], "target": [[0.5, 0.5]], "class_axis": 0},
        "class-axis",
        ["no axis of classes"],
    ),
    "js of log-probabilities": (
        "js",
        {"probs": [[0.5, 0.5]], "target": [[-1.0, -0.5]]},
        "target-probs-range",
        ["-1 is no probability"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    name, given, code, said = REFUSED[case]
    with pytest.raises(DataError) as caught:
        evaluate(name, **given)
    assert caught.value.code == code
    for words in said:
        assert words in str(caught.value)


ONE = {"logits": [1.0], "target": [1]}
ROW = {"logits": [[1.0, 2.0]], "target": [1]}


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("multi-margin", {**ROW, "p": 3}, "--p must be >= 1 and <= 2, not 3"),
        ("multi-margin", {**ROW, "p": 1.5}, "--p must be a whole number"),
        ("multi-margin", {"probs": [[1.0, 2.0]], "target": [1]}, "needs predictions: --logits"),
        ("gce", {**ROW, "q": 0.0}, "--q must be > 0 and <= 1, not 0"),
        ("focal-ce", {**ROW, "gamma": -1.0}, "--gamma must be >= 0"),
        ("js", {"logits": [[1.0]], "target": [[1.0]], "base": 1.0}, "--base must be > 1, not 1"),
        ("asl", {**ONE, "clip": 1.5}, "--clip must be >= 0 and <= 1"),
        ("brier", {**ONE, "scale_by_half": 2}, "--scale-by-half must be true or false"),
        ("brier", {**ROW, "threshold": 0.3}, "--threshold has no meaning here: the highest score"),
        ("brier", {**ONE, "top_k": [2]}, "--top-k has no meaning here: .* one score for each"),
        ("perceptron", {**ONE, "margin": 1.0}, "perceptron has no option --margin"),
    ],
)
def test_wrongly_asked(name, given, said):
    with pytest.raises(UsageError, match=said):
        evaluate(name, **given)


@pytest.mark.parametrize("weight", [1.0, [1.0]])
def test_alpha_is_a_list_of_all_classes(weight):
    if weight == 1.0:
        assert evaluate("focal-ce", **ROW, alpha=1.0).value == evaluate("focal-ce", **ROW).value
        weight = 0.25
    with pytest.raises(DataError, match=r"--alpha has .*, but the predictions have 2 classes"):
        evaluate("focal-ce", **ROW, alpha=weight)


SILENT = {
    "zero-one of an impossible class": ("zero-one", {"probs": [[0.0, 1.0]], "target": [0]}),
    "brier of an impossible class": ("brier", {"probs": [[0.0, 1.0]], "target": [0]}),
    "brier of 0": ("brier", {"probs": [0.0], "target": [1]}),
    "asl of 0": ("asl", {"probs": [0.0], "target": [1]}),
    "gce of 0": ("gce", {"probs": [[0.0, 1.0]], "target": [0]}),
    "js of 0": ("js", {"probs": [[0.0, 1.0]], "target": [[1.0, 0.0]]}),
    "names": ("gce", {"logits": [[0.0, 1.0]], "target": ["a"], "classes": ["a", "b"]}),
    "lists": ("multilabel-margin", {"logits": np.zeros((2, 2)), "target": [[0, -1], [1, 0]]}),
    "sets": ("zlpr", {"logits": np.zeros((2, 2)), "target": [[0, 1], [1, 0]]}),
}


@pytest.mark.parametrize("case", SILENT)
def test_healthy_data_is_silent(case):
    name, given = SILENT[case]
    result = evaluate(name, **given)
    assert result.findings == []
    assert np.isfinite(result.value)


def test_rows_of_probabilities_that_do_not_sum_to_one_are_warned_of():
    for name in ("brier", "gce", "focal-ce", "poly1"):
        [warning] = evaluate(name, probs=[[0.5, 0.1]], target=[0]).warnings
        assert warning.code == "probs-sum"
    given = {"probs": [[0.5, 0.5]], "target": [[1.0, 1.0]]}
    for name in ("brier", "js", "focal-ce"):
        [warning] = evaluate(name, **given).warnings
        assert warning.code == "target-sum"
        assert "several labels a row are for bce" in warning.hint


# ---- names


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("MultiMarginLoss", "multi-margin"), ("multi_margin_loss", "multi-margin")),
        *(("MultiLabelMarginLoss", "multilabel-margin"), ("mlm", "multilabel-margin")),
        *(("multilabel_margin_loss", "multilabel-margin"), ("bcelogits", "bce"), ("bfl", "focal")),
        *(("sigmoid_cross_entropy_with_logits", "bce"), ("BinaryCrossentropy", "bce")),
        *(("CategoricalCrossentropy", "ce"), ("SparseCategoricalCrossentropy", "ce")),
        *(("BinaryFocalCrossentropy", "focal"), ("CategoricalFocalCrossentropy", "focal-ce")),
        *(("CategoricalHinge", "categorical-hinge"), ("brier_score_loss", "brier")),
        *(("zero_one_loss", "zero-one"), ("hamming_loss", "zero-one"), ("error", "zero-one")),
        *(("hinge_loss", "hinge"), ("perceptron_loss", "perceptron")),
        *(("SquaredHinge", "squared-hinge"), ("Hinge", "hinge"), ("KLD", "kl")),
        *(("multiclass_hinge_loss", "multiclass-hinge"), ("crammer-singer", "multiclass-hinge")),
        *(("AsymmetricLoss", "asl"), ("AsymmetricLossMultiLabel", "asl"), ("ZlprLoss", "zlpr")),
        *(("multilabel_categorical_crossentropy", "zlpr"), ("polyloss", "poly1")),
        *(("poly_loss_cross_entropy", "poly1"), ("generalized_ce", "gce"), ("lq", "gce")),
        *(("jensen_shannon_divergence", "js"), ("JSD", "js"), ("KLDivergence", "kl")),
    ],
)  # fmt: skip
def test_names_of_other_libraries(typed, name):
    assert losses.find(typed).name == name


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sigmoid_focal_loss", "--alpha 0.25"),
        ("CategoricalFocalCrossentropy", "0.25"),
        ("CategoricalGeneralizedCrossEntropy", "--q 0.5"),
        ("multiclass_perceptron_loss", "--margin 0"),
        ("jensenshannon", "--sqrt"),
        ("LabelSmoothingCrossEntropy", "--label-smoothing 0.1"),
    ],
)
def test_names_whose_own_default_differs(typed, said):
    assert said in (losses.find(typed).remark(typed) or "")


# ---- what guessing would cost


N = 60
LABEL, CLASS = (RNG.random(N) < 0.3).astype(int), RNG.integers(0, 3, N) % 3
CLASS[:25] = 2
WEIGHT = RNG.uniform(0.1, 2, N)


def best(loss, start):
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}
    return minimize(loss, start, method="Nelder-Mead", options=options).fun


@pytest.mark.parametrize("options", [{}, {"sample_weight": WEIGHT}, {"mask": WEIGHT > 0.5}],
                         ids=["plain", "sample_weight", "mask"])  # fmt: skip
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("brier", {}),
        ("brier", {"scale_by_half": False}),
        ("hinge", {}),
        ("hinge", {"margin": 2.5}),
        ("squared-hinge", {"margin": 0.7}),
        ("soft-margin", {}),
    ],
)
def test_baseline_of_labels(name, more, options):
    asked = {"target": LABEL, **options, **more}
    wanted = best(lambda c: evaluate(name, logits=np.full(N, c[0]), **asked).value, [0.1])
    assert evaluate(name, logits=np.zeros(N), **asked).guess == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("options", [{}, {"sample_weight": WEIGHT}, {"ignore_index": 1}],
                         ids=["plain", "sample_weight", "ignore_index"])  # fmt: skip
@pytest.mark.parametrize(
    ("name", "more"),
    [("brier", {}), ("brier", {"scale_by_half": True}), ("gce", {}), ("gce", {"q": 0.3})],
)
def test_baseline_of_classes(name, more, options):
    asked = {"target": CLASS, **options, **more}

    def loss(c):
        return evaluate(name, logits=np.tile(c, (N, 1)), **asked).value

    wanted = best(loss, [0.1, 0.2, 0.0])
    found = evaluate(name, logits=np.zeros((N, 3)), **asked).guess
    assert found == pytest.approx(wanted, rel=1e-5)


def test_baselines_of_single_decisions():
    shares = np.bincount(CLASS) / N
    found = evaluate("zero-one", logits=np.zeros((N, 3)), target=CLASS)
    assert found.guess == pytest.approx(1 - shares.max())
    found = evaluate("gce", logits=np.zeros((N, 3)), target=CLASS, q=1.0)
    assert found.guess == pytest.approx(1 - shares.max())
    found = evaluate("zero-one", logits=np.zeros(N), target=LABEL)
    assert found.guess == pytest.approx(LABEL.mean())
    two = evaluate("brier", logits=np.zeros((N, 2)), target=LABEL)
    one = evaluate("brier", logits=np.zeros(N), target=LABEL)
    assert [two.guess] * 2 == pytest.approx([one.guess, LABEL.mean() * (1 - LABEL.mean())])


def test_baselines_of_shares():
    soft = RNG.random((N, 3))
    soft /= soft.sum(1, keepdims=True)
    found = evaluate("brier", logits=np.zeros(N), target=soft[:, 0]).guess
    assert found == pytest.approx(soft[:, 0].var())
    assert evaluate("brier", logits=np.zeros((N, 3)), target=soft).guess == pytest.approx(
        soft.var(0).sum()
    )
    weight = RNG.random(N) + 0.1
    found = evaluate("brier", logits=np.zeros((N, 3)), target=soft, sample_weight=weight).guess
    mean = np.average(soft, axis=0, weights=weight)
    assert found == pytest.approx(np.average(((soft - mean) ** 2).sum(1), weights=weight))
    assert evaluate("zero-one", pred=CLASS, target=CLASS).guess is None


def test_scores_left_out_of_a_distribution():
    """A NaN leaves no softmax of its row; what a mask leaves out is still part of it."""
    nan, x, y = np.nan, np.array([[5.0, 1, 2], [1, 2, 3]]), np.array([[2.0, 0, 1], [0, 1, 5]])
    terms = special.rel_entr(special.softmax(y, 1), special.softmax(x, 1))
    for hole in ("logits", "target_logits"):
        given = {"logits": x.copy(), "target_logits": y.copy()}
        given[hole][0, 0] = nan
        found = evaluate("kl", **given, nan="omit", reduction="sum")
        assert found.value == pytest.approx(terms[1].sum(), rel=1e-12)
    mask = [[0, 1, 1], [1, 1, 1]]
    found = evaluate("kl", logits=x, target_logits=y, mask=mask, reduction="sum")
    assert found.value == pytest.approx(terms.sum() - terms[0, 0], rel=1e-12)
