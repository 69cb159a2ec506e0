"""Targets by their logits or log-probabilities, and temperatures."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(23)
STUDENT, TEACHER = (torch.from_numpy(RNG.normal(0, 2, (40, 5))) for _ in range(2))
PREDICTIONS = {
    "logits": lambda z: z,
    "probs": lambda z: z.softmax(1),
    "log_probs": lambda z: z.log_softmax(1),
}
TARGETS = {
    "target": lambda z: z.softmax(1),
    "target_logits": lambda z: z,
    "target_log_probs": lambda z: z.log_softmax(1),
}
EVERY = [(one, other) for one in PREDICTIONS for other in TARGETS]


@pytest.mark.parametrize(("kind", "target"), EVERY)
def test_kl(kind, target):
    found = evaluate("kl", **{kind: PREDICTIONS[kind](STUDENT), target: TARGETS[target](TEACHER)})
    logs = STUDENT.log_softmax(1), TEACHER.log_softmax(1)
    wanted = F.kl_div(*logs, log_target=True, reduction="none")
    assert found.elements == pytest.approx(wanted.numpy(), rel=1e-9, abs=1e-12)
    assert found.value == pytest.approx(wanted.sum().item() / 40, rel=1e-12)
    assert found.accuracy == (STUDENT.argmax(1) == TEACHER.argmax(1)).double().mean().item()
    assert found.to_dict()["inputs"].keys() == {kind, target}
    assert not found.findings


def test_log_target_is_the_same_question():
    given = {"log_probs": STUDENT.log_softmax(1)}
    logs = TEACHER.log_softmax(1)
    one = evaluate("kl", **given, target=logs, log_target=True)
    other = evaluate("kl", **given, target_log_probs=logs)
    assert one.elements.tobytes() == other.elements.tobytes()


@pytest.mark.parametrize(("kind", "target"), EVERY)
@pytest.mark.parametrize("more", [{}, {"label_smoothing": 0.1}, {"weight": [1, 2, 3, 4, 5.0]}])
def test_ce(kind, target, more):
    given = {kind: PREDICTIONS[kind](STUDENT), target: TARGETS[target](TEACHER)}
    found = evaluate("ce", **given, **more)
    options = {
        key: torch.tensor(one).double() if key == "weight" else one for key, one in more.items()
    }
    wanted = F.cross_entropy(STUDENT, TEACHER.softmax(1), **options)
    assert found.value == pytest.approx(wanted.item(), rel=1e-12)
    plain = evaluate("ce", logits=STUDENT, target=TEACHER.softmax(1), **more)
    assert found.guess is plain.guess or found.guess == pytest.approx(plain.guess, rel=1e-12)
    assert (found.accuracy, found.findings) == (plain.accuracy, plain.findings)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_js(kind, target):
    found = evaluate("js", **{kind: PREDICTIONS[kind](STUDENT), target: TARGETS[target](TEACHER)})
    for row, (p, q) in enumerate(zip(STUDENT.softmax(1), TEACHER.softmax(1), strict=True)):
        middle = (p + q) / 2
        wanted = sum(
            0.5 * (a * math.log(a / m) + b * math.log(b / m))
            for a, b, m in zip(p.tolist(), q.tolist(), middle.tolist(), strict=True)
        )
        assert found.elements[row] == pytest.approx(wanted, rel=1e-9)


def test_temperature_divides_logits_of_both_sides():
    heat = 3.0
    found = evaluate("kl", logits=STUDENT, target_logits=TEACHER, temperature=heat)
    logs = (STUDENT / heat).log_softmax(1), (TEACHER / heat).softmax(1)
    wanted = F.kl_div(*logs, reduction="batchmean").item()
    assert found.value == pytest.approx(wanted, rel=1e-12)
    assert found.metrics["t2_kl"] == pytest.approx(wanted * heat**2, rel=1e-12)
    assert "|temperature=3|" in found.signature
    one_side = evaluate("kl", logits=STUDENT, target=TEACHER.softmax(1), temperature=heat)
    wanted = F.kl_div(logs[0], TEACHER.softmax(1), reduction="batchmean").item()
    assert one_side.value == pytest.approx(wanted, rel=1e-12)
    other = evaluate("kl", probs=STUDENT.softmax(1), target_logits=TEACHER, temperature=heat)
    wanted = F.kl_div(STUDENT.log_softmax(1), logs[1], reduction="batchmean").item()
    assert other.value == pytest.approx(wanted, rel=1e-12)


def test_temperature_of_ce_and_js():
    heat, classes = 0.5, torch.arange(40) % 5
    found = evaluate("ce", logits=STUDENT, target=classes, temperature=heat)
    assert found.value == pytest.approx(F.cross_entropy(STUDENT / heat, classes).item(), rel=1e-12)
    given = {"logits": STUDENT, "target_logits": TEACHER}
    soft = evaluate("ce", **given, temperature=heat)
    wanted = F.cross_entropy(STUDENT / heat, (TEACHER / heat).softmax(1)).item()
    assert soft.value == pytest.approx(wanted, rel=1e-12)
    shares = (TEACHER / heat).softmax(1).mean(0)
    assert soft.guess == pytest.approx(-(shares * shares.log()).sum().item(), rel=1e-12)
    plain = evaluate("js", logits=STUDENT / heat, target_logits=TEACHER / heat)
    hot = evaluate("js", **given, temperature=heat)
    assert hot.elements == pytest.approx(plain.elements, rel=1e-12)
    assert "t2_kl" not in {**hot.metrics, **plain.metrics}


@pytest.mark.parametrize("reduction", ["batchmean", "mean", "sum", "none"])
def test_tokens(reduction):
    given = {"logits": STUDENT.reshape(8, 5, 5), "target_logits": TEACHER.reshape(8, 5, 5)}
    found = evaluate("kl", **given, temperature=2, reduction=reduction)
    logs = (STUDENT / 2).log_softmax(1), (TEACHER / 2).softmax(1)
    total = F.kl_div(*logs, reduction="sum").item()
    assert found.metrics["per_token"] == pytest.approx(total / 40, rel=1e-12)
    value = {"batchmean": total / 8, "mean": total / 200, "sum": total, "none": total / 8}
    assert found.metrics["t2_kl"] == pytest.approx(4 * value[reduction], rel=1e-12)
    weight = np.arange(1.0, 9)
    weighted = evaluate("kl", **given, sample_weight=weight, reduction="sum")
    rows = F.kl_div(STUDENT.log_softmax(1), TEACHER.softmax(1), reduction="none")
    wanted = (rows.reshape(8, -1).sum(1).numpy() * weight).sum() / (5 * weight.sum())
    assert weighted.metrics["per_token"] == pytest.approx(wanted, rel=1e-12)
    assert "per_token" not in evaluate("kl", logits=STUDENT, target_logits=TEACHER).metrics


@pytest.mark.parametrize("weighted", [False, True])
def test_tokens_of_which_a_mask_leaves_classes_out(weighted):
    """As the rows of the batchmean, those are counted of which anything counts."""
    given = {"logits": STUDENT.reshape(8, 5, 5), "target_logits": TEACHER.reshape(8, 5, 5)}
    mask = RNG.random((40, 5)) < 0.5
    mask[::4] = False
    weight = RNG.uniform(0.1, 2, (40, 5)) if weighted else np.ones((40, 5))
    more = {"sample_weight": weight.reshape(8, 5, 5)} if weighted else {}
    found = evaluate("kl", **given, mask=mask.reshape(8, 5, 5), **more)
    terms = F.kl_div(STUDENT.log_softmax(1), TEACHER.softmax(1), reduction="none").numpy()
    some = mask.any(1)
    counts = sum(weight[at][mask[at]].mean() for at in np.flatnonzero(some))
    wanted = (terms * mask * weight).sum() / counts
    assert found.metrics["per_token"] == pytest.approx(wanted, rel=1e-12)


def test_balanced_weights_of_scores():
    found = evaluate("ce", logits=STUDENT, target_logits=TEACHER, class_weight="balanced")
    mass = TEACHER.softmax(1).sum(0)
    assert found.options["weight"] == pytest.approx((40 / (5 * mass)).tolist(), rel=1e-12)


def test_impossible_in_every_spelling():
    for more in ({"target": [[0.0, 1]]}, {"target_log_probs": [[-math.inf, 0]]}):
        found = evaluate("ce", probs=[[0.0, 1]], **more)
        assert (found.value, [one.code for one in found.warnings if one.code == "impossible"]) == (
            0,
            [],
        )
    found = evaluate("kl", probs=[[0.0, 1]], target_logits=[[0.0, 1]])
    assert "impossible" in [one.code for one in found.warnings]


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("kl", {"probs": 1, "target": 1, "temperature": 2}, "--temperature has no meaning here"),
        ("ce", {"log_probs": 1, "target": 1, "temperature": 2}, "--temperature has no meaning"),
        ("nll", {"log_probs": 1, "target": 1, "temperature": 2}, "no option --temperature"),
        ("ce", {"logits": 1, "target": 1, "temperature": 0}, "--temperature must be > 0, not 0"),
        ("kl", {"probs": 1, "target_logits": 1, "log_target": True}, "speaks of --target, not of"),
        (
            "kl",
            {"probs": 1, "target_logits": 1, "target": 1},
            "--target and --target-logits are two ways to say the same",
        ),
        (
            "ce",
            {"logits": 1, "target_logits": 1, "target_log_probs": 1},
            "--target-logits and --target-log-probs are two ways to say the same",
        ),
        ("ce", {"logits": 1}, "ce needs targets"),
        ("ce", {"target_logits": 1}, "ce needs predictions: --logits or --probs or --log-probs$"),
        ("bce", {"logits": 1, "target_logits": 1}, "no option --target-logits|needs targets"),
    ],
)
def test_refused(name, given, told):
    with pytest.raises(UsageError, match=told):
        evaluate(name, **given)


def test_scores_of_targets_have_a_value_for_each_class():
    with pytest.raises(DataError, match="--target-logits has a value for each class"):
        evaluate("ce", logits=STUDENT, target_logits=np.zeros(40))
    with pytest.raises(DataError, match="nothing says whether these are rows or classes"):
        evaluate("kl", log_probs=[-1.0, -2], target_logits=[1.0, 2])
    with pytest.raises(DataError, match="no log-probability") as told:
        evaluate("ce", logits=STUDENT, target_log_probs=TEACHER)
    assert told.value.hint == "--target-logits takes scores, --target probabilities"
    with pytest.raises(DataError, match="no probability") as told:
        evaluate("ce", logits=STUDENT, target=TEACHER)
    assert "--target-logits" in told.value.hint
    found = evaluate("kl", probs=[[0.5, 0.5]], target_log_probs=[[-1.0, -1]])
    assert [(one.code, one.input) for one in found.warnings] == [("target-sum", "target_log_probs")]


@pytest.mark.parametrize("name", ["ce", "kl", "js"])
def test_same_bits(name, monkeypatch):
    given = {"logits": STUDENT, "target_logits": TEACHER, "temperature": 2.0}
    whole = evaluate(name, **given).elements
    monkeypatch.setattr(plan, "LEAF", 32)
    assert evaluate(name, **given, threads=3).elements.tobytes() == whole.tobytes()
