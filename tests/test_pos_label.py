"""Binary targets by any two labels: one is 1, the other 0, and a third is an error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(17)
SCORES = RNG.normal(size=500)
LABELS = (RNG.random(500) < 0.4).astype(int)
SPELLED = {
    "yes": np.array(["no", "yes"]),
    "1": np.array([-1, 1]),
    "2": np.array([1, 2]),
    "0": np.array([1, 0]),
    "-1": np.array([1.0, -1.0]),
    "b": np.array(["a", "b"], object),
}


@pytest.mark.parametrize("label", SPELLED)
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("bce", {}),
        ("bce", {"pos_weight": "balanced"}),
        ("focal", {"alpha": 0.25, "denominator": "positives"}),
        ("hinge", {}),
        ("zero-one", {}),
        ("brier", {}),
    ],
)
def test_labels_are_read_as_0_and_1(name, more, label):
    target = SPELLED[label][LABELS].tolist()
    found = evaluate(name, logits=SCORES, target=target, pos_label=label, **more)
    wanted = evaluate(name, logits=SCORES, target=LABELS, **more)
    assert (found.value, found.accuracy) == (wanted.value, wanted.accuracy)
    assert found.elements.tobytes() == wanted.elements.tobytes()
    assert found.report.remarks == wanted.report.remarks
    [note] = [one for one in found.notes if one.code == "pos-label"]
    negative = -1 if name == "hinge" else 0
    shown, other = (f"{one:g}" if not isinstance(one, str) else repr(one) for one in labels(label))
    assert note.message == f"target: {shown} was read as 1, and {other} as {negative}"
    assert f"|pos_label={label}|" in found.signature


def labels(label):
    negative, positive = SPELLED[label].tolist()
    return positive, negative


def test_python_values_are_labels_too():
    for label, target in [(True, LABELS.astype(bool)), (2, LABELS + 1), (2.0, LABELS + 1.0)]:
        found = evaluate("bce", logits=SCORES, target=target, pos_label=label)
        assert found.value == evaluate("bce", logits=SCORES, target=LABELS).value


def test_multi_label():
    scores, bits = SCORES.reshape(100, 5), LABELS.reshape(100, 5)
    words = np.where(bits, "on", "off").tolist()
    for name in ("bce", "multilabel-soft-margin", "asl", "zlpr"):
        found = evaluate(name, logits=scores, target=words, pos_label="on", mask=bits[:, 0])
        assert found.value == evaluate(name, logits=scores, target=bits, mask=bits[:, 0]).value


@pytest.mark.parametrize("leaf", [64, 2**17])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_third_label_is_told_with_its_place(leaf, threads, monkeypatch, tmp_path):
    monkeypatch.setattr(plan, "LEAF", leaf)
    words = np.where(LABELS, "yes", "no").astype(object)
    words[[333, 444]] = "maybe"
    (tmp_path / "t.csv").write_text("y\n" + "\n".join(words) + "\n")
    target = f"{tmp_path}/t.csv:y"
    with pytest.raises(DataError) as told:
        evaluate("bce", logits=SCORES, target=target, pos_label="yes", threads=threads)
    assert told.value.message == (
        f"{tmp_path}/t.csv:y, row 334 (line 335): 'maybe' is a third label, beside 'yes' and 'no' "
        "(2 such values)"
    )


def test_what_does_not_count_is_no_label():
    words = np.where(LABELS, "yes", "no").astype(object)
    words[:100] = "pad"
    mask = np.arange(500) >= 100
    found = evaluate("bce", logits=SCORES, target=words.tolist(), pos_label="yes", mask=mask)
    assert found.value == evaluate("bce", logits=SCORES[100:], target=LABELS[100:]).value
    numbers = np.where(mask, LABELS + 1.0, math.nan)
    found = evaluate("bce", logits=SCORES, target=numbers, pos_label=2, nan="omit")
    assert found.stats["count"] == 400
    with pytest.raises(DataError, match="NaN"):
        evaluate("bce", logits=SCORES, target=numbers, pos_label=2)
    ignored = np.where(mask, LABELS + 1, -1)
    found = evaluate("zero-one", logits=SCORES, target=ignored, pos_label=2, ignore_index=-1)
    assert found.stats["count"] == 400
    limited = words[::-1].tolist()
    found = evaluate("bce", logits=SCORES, target=limited, pos_label="yes", limit=400)
    assert found.stats["count"] == 400


def test_one_label_alone():
    found = evaluate("bce", logits=[1.0, 2], target=["no", "no"], pos_label="yes")
    assert found.value == evaluate("bce", logits=[1.0, 2], target=[0, 0]).value
    [warning] = found.warnings
    assert (warning.code, warning.message) == (
        "no-positives",
        "target: no target is 'yes', so all are 0",
    )
    found = evaluate("bce", logits=[1.0, 2], target=[3, 3], pos_label=3)
    assert found.value == evaluate("bce", logits=[1.0, 2], target=[1, 1]).value
    assert found.notes[0].message == "target: 3 was read as 1, and there is no other"


def test_soft_targets_are_no_labels():
    with pytest.raises(DataError, match=r"0\.3 is a third label, beside 1 and 0"):
        evaluate("bce", logits=[1.0, 2, 3], target=[0.0, 0.3, 1], pos_label=1)


def test_text_without_the_flag_names_it():
    with pytest.raises(DataError, match="'yes' is not a number") as told:
        evaluate("bce", logits=[1.0, 2], target=["yes", "no"])
    assert told.value.hint == "--pos-label WORD says which of two words is 1"
    with pytest.raises(DataError, match="is not a number") as told:
        evaluate("multilabel-margin", logits=[[1.0, 2]], target=[["yes", "no"]])
    assert "--pos-label" not in told.value.hint


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mse", {"pred": [1.0], "target": [1]}),
        ("ce", {"logits": [[1.0, 2]], "target": [1]}),
        ("multilabel-margin", {"logits": [[1.0, 2]], "target": [[1, 0]]}),
        ("zero-one", {"pred": [1.0], "target": [1]}),
        ("zero-one", {"logits": [[1.0, 2]], "target": [1]}),
        ("brier", {"logits": [[1.0, 2]], "target": [1]}),
    ],
)
def test_refused_where_no_target_is_binary(name, given):
    with pytest.raises(UsageError, match="--pos-label"):
        evaluate(name, **given, pos_label=1)


def test_a_word_among_numbers():
    with pytest.raises(DataError, match="the targets are numbers, and --pos-label yes is none"):
        evaluate("bce", logits=[1.0, 2], target=[0, 1], pos_label="yes")
