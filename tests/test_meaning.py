"""Questions that look right and are not, and answers that must not contradict themselves."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import losscli.plan
from losscli import evaluate
from losscli.errors import DataError

nan, inf = math.nan, math.inf


@pytest.mark.parametrize("name", ["mse", "bce", "hinge"])
def test_one_number_is_no_target_of_many(name):
    kind = "pred" if name == "mse" else "logits"
    with pytest.raises(DataError, match=r"shapes differ: .* is \(4,\), target is \(\)"):
        evaluate(name, **{kind: np.zeros(4)}, target=np.array(1.0))


@pytest.mark.parametrize("target", [[0, 1, 0], [0.2, 0.3, 0.5], [0, 1, 2]])
@pytest.mark.parametrize("name", ["ce", "nll"])
def test_scores_of_one_row_take_only_a_single_number(name, target):
    kind = "logits" if name == "ce" else "log_probs"
    with pytest.raises(DataError, match="one row of 3 classes"):
        evaluate(name, **{kind: [-1.0, -2, -3]}, target=target)
    assert evaluate(name, **{kind: [-1.0, -2, -3]}, target=np.array(0)).elements.shape == ()


def test_nan_that_is_let_through_is_the_answer_to_everything():
    found = evaluate("ce", logits=[[nan, 2], [3, 4.0]], target=[0, 1], nan="propagate")
    told = json.loads(json.dumps(found.to_dict()))
    assert (told["value"], told["metrics"]["perplexity"]) == ("NaN", "NaN")
    assert math.isnan(found.accuracy)
    assert (told["stats"]["max"], told["stats"]["argmax"]) == ("NaN", None)
    assert told["stats"]["quantiles"] == {}
    assert told["worst"][0]["loss"] == "NaN"


@pytest.mark.parametrize("p", [0.0, 1e-50, 1e-44])
def test_clamps_are_counted(p):
    [found] = evaluate("bce", probs=[p, 0.3, p], target=[1, 1, 1]).warnings
    assert (found.code, found.count, found.index) == ("clamped", 2, (0,))
    assert not evaluate("bce", probs=[1e-43, 0.3], target=[1, 1]).warnings


@pytest.mark.parametrize("axes", [(600,), (100, 6), (10, 6, 10)])
@pytest.mark.parametrize("given", ["", "weighted", "masked", "weighted, masked"])
def test_what_clamps_cost_is_told(axes, given, monkeypatch):
    """Beside all losses by their formula, in leaves of which most have none."""
    monkeypatch.setattr(losscli.plan, "LEAF", 60)
    rng = np.random.default_rng(4)
    p, y = rng.uniform(0.1, 0.9, axes), rng.integers(0, 2, axes)
    chosen = np.zeros(axes, bool)
    chosen.reshape(-1)[[3, 4, 500]] = True
    p[chosen] = 1 - y[chosen]
    weight = rng.random(axes) if "weighted" in given else np.ones(axes)
    mask = rng.random(axes) < 0.7 if "masked" in given else np.ones(axes, bool)
    mask.reshape(-1)[[3, 4, 500]] = True, False, True
    cost = np.where(chosen, 100, -np.log(np.where(y == 1, p, 1 - p).clip(1e-9))) * weight * mask
    [found] = evaluate("bce", probs=p, target=y, sample_weight=weight, mask=mask).warnings
    share = cost[chosen].sum() / cost.sum()
    assert 0.2 < share < 0.8
    assert f"(2 such values, {100 * share:.0f}% of the loss)" in found.message


def test_smoothing_makes_every_impossible_class_cost():
    found = evaluate("ce", probs=[[0.5, 0.5], [0, 1]], target=[1, 1], label_smoothing=0.1)
    assert found.value == inf
    assert [(one.code, one.index) for one in found.warnings] == [("impossible", (1,))]


@pytest.mark.parametrize("name", ["kl_div", "KLDivLoss", "kl-div"])
def test_kl_by_the_names_of_torch_says_that_the_mean_differs(name):
    found = evaluate(name, probs=[[0.5, 0.5]], target=[[0.4, 0.6]])
    assert [note.code for note in found.notes] == ["torch-default"]
    assert not evaluate("kld", probs=[[0.5, 0.5]], target=[[0.4, 0.6]]).notes


def test_columns_that_are_the_classes_in_another_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "logit_1,logit_0,label\n1,2,0\n3,1,1\n"
    (tmp_path / "t.csv").write_text(text)
    shuffled = evaluate("ce", logits="t.csv:logit_*", target="t.csv:label")
    assert shuffled.value == pytest.approx(
        evaluate("ce", logits=[[2, 1], [1, 3]], target=[0, 1]).value
    )
    (tmp_path / "t.csv").write_text(text.replace("_1", "_a").replace("_0", "_b"))
    by_place = evaluate("ce", logits="t.csv:logit_*", target="t.csv:label")
    assert by_place.value == pytest.approx(
        evaluate("ce", logits=[[1, 2], [3, 1]], target=[0, 1]).value
    )


def test_weights_of_every_row_are_neither_spread_out_nor_printed():
    rows = 5000
    logits, target = np.zeros((rows, 8)), np.zeros((rows, 8))
    each = evaluate("bce", logits=logits, target=target, weight=np.full((rows, 1), 2.0))
    one = evaluate("bce", logits=logits, target=target, weight=2.0)
    every = evaluate("bce", logits=logits, target=target, weight=np.full((1, 8), 2.0))
    assert each.value == one.value == every.value
    assert len(json.dumps(each.to_dict())) < 5000
    assert each.options["weight"].startswith("(5000, 1) sha256:")
    assert every.options == {"weight": [2.0] * 8}
    assert one.options == {"weight": [2.0]}
    other = np.full((rows, 1), 2.0)
    other[-1] = 3
    changed = evaluate("bce", logits=logits, target=target, weight=other)
    assert changed.signature != each.signature


def test_text_where_numbers_belong_is_told_with_its_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    with pytest.raises(DataError, match=r"t.csv:b, row 1 \(line 2\): 'x' is not a number"):
        evaluate("mse", pred="t.csv:a", target="t.csv:b")


def test_focal_at_infinity_with_a_side_that_does_not_count():
    assert evaluate("focal", logits=[-inf, 1.0], target=[1, 1], alpha=0.0).elements[0] == 0
