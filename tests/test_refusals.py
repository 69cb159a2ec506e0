"""Wrong questions: what is refused, warned of or noted, with place, value, count and hint."""

from __future__ import annotations

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError, Exit, UsageError

nan, inf = float("nan"), float("inf")
TEN = np.linspace(-2, 2, 40).reshape(4, 10)


def zeros(*shape):
    return np.zeros(shape)


REFUSED = {  # what is asked: the loss and its inputs, the code, and what the message says
    "1: other rows": ("mse", {"pred": zeros(3, 1), "target": zeros(1, 3)}, "row-count", ["3", "1"]),
    "1: broadcast": (
        "mse",
        {"pred": zeros(4, 3), "target": zeros(4)},
        "shape-mismatch",
        ["(4, 3)", "(4,)"],
    ),
    "1: one for all": ("mse", {"pred": zeros(3), "target": [1.0]}, "row-count", ["3", "1"]),
    "1: stretch": (
        "bce",
        {"logits": zeros(4, 3), "target": zeros(4, 1)},
        "shape-mismatch",
        ["stretch both to (4, 3)", "12 terms"],
    ),
    "2: counts": (
        "bce",
        {"logits": zeros(5), "target": zeros(4)},
        "row-count",
        ["5 predictions but 4 targets", "row 5", "--header"],
    ),
    "3: bce labels": (
        "bce",
        {"logits": zeros(4), "target": [0, 1, 2, 3]},
        "target-range",
        ["row 3", "not 2", "2 such values", "for ce"],
    ),
    "3: bce signs": (
        "bce",
        {"logits": zeros(3), "target": [1, -1, 1]},
        "target-range",
        ["row 2", "-1", "1 such value", "soft-margin"],
    ),
    "3: bce values": (
        "bce",
        {"logits": zeros(2), "target": [0.5, 1.5]},
        "target-range",
        ["row 2", "1.5", "mse"],
    ),
    "3: bce infinity": (
        "bce",
        {"logits": zeros(2), "target": [1, float("inf")]},
        "target-range",
        ["row 2", "not inf", "mse"],
    ),
    "3: multi-label": (
        "multilabel-soft-margin",
        {"logits": zeros(2, 2), "target": [[0, 1], [2, 0]]},
        "target-range",
        ["row 2, column 1", "not 2"],
    ),
    "6: logits as probs": (
        "bce",
        {"probs": [0.5, 3.0, -2.77], "target": [0, 1, 1]},
        "probs-range",
        ["row 2", "3 is no probability", "67%", "--logits"],
    ),
    "6: logits as class probs": (
        "ce",
        {"probs": TEN, "target": zeros(4)},
        "probs-range",
        ["row 1, column 1", "-2", "--logits"],
    ),
    "7: probs as log-probs": (
        "nll",
        {"log_probs": [[0.4, 0.6]], "target": [1]},
        "log-probs-range",
        ["0.4", "2 such values", "--probs, to ce"],
    ),
    "8: logits as log-probs": (
        "ce",
        {"log_probs": [[4.0, -6.0]], "target": [1]},
        "log-probs-range",
        ["4", "1 such value", "--logits"],
    ),
    "11: half a class": (
        "ce",
        {"logits": zeros(2, 3), "target": [0, 1.5]},
        "class-whole",
        ["row 2", "1.5", "0..2"],
    ),
    "12: class C": (
        "ce",
        {"logits": TEN, "target": [0, 3, 10, 10]},
        "class-range",
        ["row 3", "class 10", "10 classes", "0..9", "2 such values"],
    ),
    "12: counted from 1": (
        "nll",
        {"log_probs": zeros(3, 3), "target": [1, 2, 3]},
        "class-range",
        ["row 3", "class 3", "1..3", "--target-base 1"],
    ),
    "12: counted from 1, with 0": (
        "ce",
        {"logits": zeros(2, 3), "target": [1, 0], "target_base": 1},
        "class-range",
        ["row 2", "class 0", "1..3"],
    ),
    "14: axis of classes": (
        "ce",
        {"logits": zeros(2, 3, 3), "target": zeros(2, 3)},
        "class-axis",
        ["(2, 3, 3)", "--class-axis 1 or --class-axis 2"],
    ),
    "14: no such axis": (
        "ce",
        {"logits": zeros(2, 3), "target": zeros(2), "class_axis": 2},
        "class-axis",
        ["--class-axis 2", "(2, 3)"],
    ),
    "14: axis of rows": (
        "ce",
        {"logits": zeros(2, 2), "target": zeros(2), "class_axis": 0},
        "class-axis",
        ["rows"],
    ),
    "15: all ignored": (
        "ce",
        {"logits": zeros(2, 3), "target": [-100, -100]},
        "nothing",
        ["-100", "--ignore-index", "NaN"],
    ),
    "15: all masked": (
        "mse",
        {"pred": zeros(2), "target": zeros(2), "mask": [0, 0]},
        "nothing",
        ["--mask"],
    ),
    "15: no weight": (
        "mse",
        {"pred": zeros(2), "target": zeros(2), "sample_weight": [0, 0]},
        "nothing",
        ["weights of the 2 elements sum to 0"],
    ),
    "16: padding": (
        "ce",
        {"logits": zeros(3, 3), "target": [0, -1, -1]},
        "class-range",
        ["row 2", "class -1", "2 such values", "--ignore-index -1"],
    ),
    "17: NaN": (
        "mse",
        {"pred": [1.0, nan, 2.0, nan], "target": zeros(4)},
        "nan",
        ["row 2", "NaN", "2 such values", "--nan omit"],
    ),
    "17: NaN among targets": (
        "bce",
        {"logits": zeros(2), "target": [1.0, nan]},
        "nan",
        ["row 2", "1 such value"],
    ),
    "17: NaN class": ("ce", {"logits": zeros(2, 2), "target": [nan, 1]}, "nan", ["row 1"]),
    "29: empty": ("bce", {"logits": [], "target": []}, "empty", ["no rows"]),
    "29: empty rows": ("mse", {"pred": zeros(3, 0), "target": zeros(3, 0)}, "empty", ["(3, 0)"]),
    "labels of hinge": (
        "hinge",
        {"logits": zeros(3), "target": [0, 1, 2]},
        "labels",
        ["row 3", "not 2", "-1 and +1"],
    ),
    "both kinds of labels": (
        "hinge",
        {"logits": zeros(3), "target": [0, 1, -1]},
        "labels",
        ["1 labels are -1 and 1 are 0"],
    ),
    "soft labels of hinge": (
        "squared-hinge",
        {"logits": zeros(2), "target": [0.5, 1]},
        "labels",
        ["row 1", "0.5", "for bce"],
    ),
    "single row": (
        "ce",
        {"logits": zeros(3), "target": [1]},
        "shape-mismatch",
        ["(3,)", "(1,)", "(N, C)"],
    ),
    "transposed": (
        "ce",
        {"logits": zeros(3, 4), "target": zeros(4)},
        "row-count",
        ["3 predictions but 4 targets"],
    ),
    "nll one-hot": (
        "nll",
        {"log_probs": zeros(2, 3), "target": zeros(2, 3)},
        "shape-mismatch",
        ["class indices", "for ce"],
    ),
    "target probabilities": (
        "ce",
        {"logits": zeros(1, 2), "target": [[1.5, -0.5]]},
        "target-probs-range",
        ["row 1, column 1", "1.5", "2 such values"],
    ),
    "target log-probabilities": (
        "kl",
        {"logits": zeros(1, 2), "target": [[0.5, 0.5]], "log_target": True},
        "target-log-probs-range",
        ["0.5", "without --log-target"],
    ),
    "kl of one axis": (
        "kl",
        {"logits": zeros(2), "target": [0.5, 0.5]},
        "shape-mismatch",
        ["(1, C)"],
    ),
    "unnamed names": (
        "ce",
        {"logits": zeros(2, 2), "target": ["a", "b"]},
        "class-unknown",
        ["--classes"],
    ),
    "unknown name": (
        "ce",
        {"logits": zeros(2, 2), "target": ["a", "c"], "classes": ["a", "b"]},
        "class-unknown",
        ["row 2", "'c'", "1 such value"],
    ),
    "text for numbers": ("bce", {"logits": zeros(2), "target": ["a", "b"]}, "text", ["numbers"]),
    "text predictions": ("mse", {"pred": ["a", "b"], "target": zeros(2)}, "text", ["numbers"]),
    "text of labels": ("zero-one", {"pred": ["a"], "target": ["a"]}, "text", ["numbers"]),
    "class weights": (
        "ce",
        {"logits": zeros(2, 3), "target": zeros(2), "weight": [1, 2]},
        "shape-mismatch",
        ["(2,)", "3 classes"],
    ),
    "pos-weight": (
        "bce",
        {"logits": zeros(2, 3), "target": zeros(2, 3), "pos_weight": [1, 2]},
        "shape-mismatch",
        ["(2,)", "(2, 3)"],
    ),
    "weight NaN": (
        "bce",
        {"logits": zeros(2), "target": zeros(2), "weight": [1, nan]},
        "weight-value",
        ["nan at [1]"],
    ),
    "sample weight NaN": (
        "bce",
        {"logits": zeros(2), "target": zeros(2), "sample_weight": [1, nan]},
        "sample-weight-value",
        ["row 2", "nan"],
    ),
    "sample weight shape": (
        "bce",
        {"logits": zeros(2, 3), "target": zeros(2, 3), "sample_weight": zeros(3)},
        "shape-mismatch",
        ["--sample-weight", "(3,)", "(2, 3)"],
    ),
    "mask of 2": (
        "bce",
        {"logits": zeros(2), "target": zeros(2), "mask": [1, 2]},
        "mask-value",
        ["row 2", "not 2", "--sample-weight"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    name, given, code, said = REFUSED[case]
    with pytest.raises(DataError) as caught:
        evaluate(name, **given)
    assert caught.value.exit_code == Exit.DATA
    assert caught.value.code == code
    for words in said:
        assert words in str(caught.value)


ASKED_WRONG = {
    "unknown option": ({"delta": 1.0}, "--delta"),
    "mistyped option": ({"pos_wieght": 1.0}, "--pos-weight"),
    "two kinds": ({"probs": [0.5, 0.5]}, "--logits and --probs"),
    "bound": ({"label_smoothing": 2.0}, "<= 1"),
    "reduction": ({"reduction": "avg"}, "--reduction"),
    "classes of a binary loss": ({"classes": ["a", "b"]}, "--classes"),
    "ignored error": ({"ignore": ["target-range"]}, "cannot be ignored"),
    "ignored nothing": ({"ignore": ["no-such"]}, "no-such"),
}


@pytest.mark.parametrize("case", ASKED_WRONG)
def test_wrongly_asked(case):
    given, said = ASKED_WRONG[case]
    with pytest.raises(UsageError, match=said) as caught:
        evaluate("bce", logits=[1.0, 2.0], target=[0, 1], **given)
    assert caught.value.exit_code == Exit.USAGE


def test_one_name_for_each_class():
    with pytest.raises(UsageError, match="3 names, but the predictions have 2 classes"):
        evaluate("ce", logits=zeros(1, 2), target=["a"], classes=["a", "b", "c"])
