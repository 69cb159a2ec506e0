"""Weights by a rule: from the targets that count, by the names of classes, or refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(7)
LOGITS = RNG.normal(size=(200, 4))
TARGET = RNG.choice(4, 200, p=[0.5, 0.3, 0.15, 0.05])
SCORES = RNG.normal(size=(200, 3))
LABELS = (RNG.random((200, 3)) < [0.1, 0.5, 0.8]).astype(int)


def balanced(counts):
    """n / (C · count) of the classes that there are, as plain arithmetic."""
    present = [count for count in counts if count]
    return [sum(present) / (len(present) * count) if count else 0.0 for count in counts]


def effective(counts, beta):
    """(1 - beta) / (1 - beta^n), scaled so that they sum to how many there are."""
    plain = [(1 - beta) / (1 - beta**count) if count else 0.0 for count in counts]
    return [one * sum(count > 0 for count in counts) / sum(plain) for one in plain]


def tally(target, classes=4, weight=None):
    weight = np.ones(len(target)) if weight is None else weight
    return [sum(w for y, w in zip(target, weight, strict=True) if y == c) for c in range(classes)]


def torch_ce(weight, target=TARGET, logits=LOGITS, **more):
    given = torch.tensor(logits), torch.tensor(target), torch.tensor(weight, dtype=torch.double)
    return F.cross_entropy(*given, **more).item()


@pytest.mark.parametrize(
    ("rule", "weights"),
    [
        ("balanced", balanced(tally(TARGET))),
        ("effective=0.9", effective(tally(TARGET), 0.9)),
        ("effective=0", [1.0] * 4),
        ("effective=0.99999", effective(tally(TARGET), 0.99999)),
        ("0=2,3=0.5", [2, 1, 1, 0.5]),
        ({"1": 3, 2: 4.0}, [1, 3, 4, 1]),
        ("1,2,3,4", [1, 2, 3, 4]),
    ],
)
@pytest.mark.parametrize("option", ["class_weight", "weight"])
def test_ce(rule, weights, option):
    found = evaluate("ce", logits=LOGITS, target=TARGET, **{option: rule})
    assert found.value == pytest.approx(torch_ce(weights), rel=1e-12)
    assert found.options["weight"] == pytest.approx(weights, rel=1e-10)
    assert found.denominator == pytest.approx(sum(weights[one] for one in TARGET))
    typed = evaluate("ce", logits=LOGITS, target=TARGET, weight=found.options["weight"])
    assert typed.signature == found.signature


def test_the_weights_are_those_of_sklearn():
    weight = RNG.random(200)
    for more, given in [({}, {}), ({"sample_weight": weight}, {"sample_weight": weight})]:
        wanted = compute_class_weight("balanced", classes=np.arange(4), y=TARGET, **more)
        found = evaluate("ce", logits=LOGITS, target=TARGET, class_weight="balanced", **given)
        assert found.options["weight"] == pytest.approx(wanted.tolist(), rel=1e-12)


def test_torchs_rule_of_the_mean_is_kept_by_each_loss():
    weights = torch.tensor(balanced(tally(TARGET)), dtype=torch.double)
    given = {"logits": LOGITS, "target": TARGET, "class_weight": "balanced"}
    wanted = F.multi_margin_loss(torch.tensor(LOGITS), torch.tensor(TARGET), weight=weights)
    found = evaluate("multi-margin", **given)
    assert found.value == pytest.approx(wanted.item(), rel=1e-12)
    assert found.denominator == 200
    logs = torch.tensor(LOGITS).log_softmax(1)
    found = evaluate("nll", log_probs=logs, target=TARGET, class_weight="balanced")
    wanted = F.nll_loss(logs, torch.tensor(TARGET), weight=weights)
    assert found.value == pytest.approx(wanted.item(), rel=1e-12)
    assert evaluate("focal-ce", **given).options["alpha"] == pytest.approx(weights.tolist())


def test_only_targets_that_count_are_counted():
    weight, mask = RNG.random(200), RNG.random(200) < 0.7
    target = np.where(RNG.random(200) < 0.2, -1, TARGET)
    given = {"logits": LOGITS, "target": target, "ignore_index": -1, "class_weight": "balanced"}
    found = evaluate("ce", **given, mask=mask, sample_weight=weight, limit=150)
    kept = mask & (np.arange(200) < 150)
    weights = balanced(tally(target[kept], weight=weight[kept]))
    assert found.options["weight"] == pytest.approx(weights, rel=1e-12)
    whole = target.astype(float)
    whole[:50] = math.nan
    found = evaluate("ce", **{**given, "target": whole}, nan="omit")
    assert found.options["weight"] == pytest.approx(balanced(tally(target[50:])), rel=1e-12)


def test_soft_targets_count_by_their_shares():
    shares = torch.tensor(LOGITS[::-1].copy()).softmax(1)
    weights = balanced(shares.sum(0).tolist())
    found = evaluate("ce", logits=LOGITS, target=shares, class_weight="balanced")
    wanted = F.cross_entropy(
        torch.tensor(LOGITS), shares, weight=torch.tensor(weights, dtype=torch.double)
    )
    assert found.value == pytest.approx(wanted.item(), rel=1e-12)


def test_a_class_that_is_nowhere():
    given = {"logits": LOGITS[:, [0, 1, 2, 3, 3]], "target": TARGET}
    found = evaluate("ce", **given, class_weight="balanced")
    assert found.options["weight"] == pytest.approx(balanced(tally(TARGET, 5)))
    [warning] = found.warnings
    assert warning.code == "absent-class"
    assert warning.message == "--class-weight balanced: no target is of class 4, which weighs 0"
    rest = {"logits": LOGITS, "target": np.zeros(200, int)}
    told = evaluate("ce", **rest, class_weight="effective=0.9")
    assert told.options["weight"] == [1, 0, 0, 0]
    assert "class 1, nor any of 2 others, which weigh 0" in told.warnings[0].message


def naive_bce(logit, y, no=1.0, yes=1.0):
    p = 1 / (1 + math.exp(-logit))
    return -(yes * y * math.log(p) + no * (1 - y) * math.log(1 - p))


@pytest.mark.parametrize("kind", ["logits", "probs", "log_probs"])
@pytest.mark.parametrize("soft", [False, True])
def test_sides_of_bce(kind, soft):
    target = LABELS * 0.8 + 0.1 if soft else LABELS
    scores = torch.tensor(SCORES)
    given = {"logits": scores, "probs": scores.sigmoid(), "log_probs": F.logsigmoid(scores)}[kind]
    found = evaluate("bce", **{kind: given}, target=target, class_weight="0.5,3", pos_weight=2.0)
    wanted = [
        naive_bce(z, y, 0.5, 6.0)
        for z, y in zip(SCORES.reshape(-1), target.reshape(-1), strict=True)
    ]
    assert found.elements.reshape(-1) == pytest.approx(wanted, rel=1e-10)
    assert found.denominator == 600
    by_rule = evaluate("bce", **{kind: given}, target=target, class_weight="balanced")
    sides = balanced([(1 - target).sum(), target.sum()])
    assert by_rule.options["class_weight"] == pytest.approx(sides, rel=1e-12)
    sides = [(1 - target).sum() * sides[0], target.sum() * sides[1]]
    wanted = -sum(one * math.log(one / sum(sides)) for one in sides) / 600
    assert by_rule.guess == pytest.approx(wanted)


def test_sides_of_focal():
    plain = evaluate("focal", logits=SCORES, target=LABELS).elements
    found = evaluate("focal", logits=SCORES, target=LABELS, class_weight="0=2,1=5").elements
    assert found == pytest.approx(plain * np.where(LABELS, 5, 2), rel=1e-12)


def test_pos_weight_of_each_column():
    found = evaluate("bce", logits=SCORES, target=LABELS, pos_weight="balanced")
    wanted = [(200 - sum(column)) / sum(column) for column in LABELS.T.tolist()]
    assert found.options["pos_weight"] == pytest.approx(wanted, rel=1e-12)
    weight = torch.tensor(wanted, dtype=torch.double)
    exact = F.binary_cross_entropy_with_logits(
        torch.tensor(SCORES), torch.tensor(LABELS).double(), pos_weight=weight
    )
    assert found.value == pytest.approx(exact.item(), rel=1e-12)
    assert [note.code for note in found.notes] == ["balanced"]


@pytest.mark.parametrize("shape", [(600,), (600, 1), (20, 3, 10)])
def test_pos_weight_of_all(shape):
    labels = LABELS.reshape(shape)
    mask = RNG.random(shape) < 0.6
    found = evaluate(
        "bce", logits=SCORES.reshape(shape), target=labels, pos_weight="balanced", mask=mask
    )
    kept = labels[mask]
    wanted = (len(kept) - kept.sum()) / kept.sum()
    assert found.options["pos_weight"] == pytest.approx([wanted], rel=1e-12)
    shown = f"{len(kept) - kept.sum()} negatives / {kept.sum()} positives"
    assert shown in found.notes[0].message


def test_a_class_that_is_ignored_may_be_nowhere():
    found = evaluate("ce", logits=LOGITS, target=TARGET, class_weight="balanced", ignore_index=1)
    assert found.options["weight"][1] == 0
    assert not found.warnings
    given = {"logits": LOGITS[:, [0, 1, 2, 3, 3]], "target": TARGET, "ignore_index": 1}
    [warning] = evaluate("ce", **given, class_weight="balanced").warnings
    assert warning.code == "absent-class"


def test_a_column_without_positives():
    labels = LABELS * [1, 0, 1]
    found = evaluate("bce", logits=SCORES, target=labels, pos_weight="balanced")
    assert found.options["pos_weight"][1] == 1
    [warning] = found.warnings
    assert warning.code == "absent-class"
    assert "column 2 has no positives, and weighs 1 (1 such column" in warning.message


def test_a_column_without_negatives():
    """Nothing is left of its loss, which looks like a perfect one."""
    found = evaluate("bce", logits=SCORES, target=LABELS | [0, 1, 0], pos_weight="balanced")
    assert found.options["pos_weight"][1] == 0
    [warning] = found.warnings
    assert warning.code == "absent-class"
    assert "column 2 has no negatives, and weighs 0 (1 such column" in warning.message
    found = evaluate("bce", logits=[1.0, 2.0], target=[1, 1], pos_weight="balanced")
    assert "there are no negatives: the weight is 0" in found.warnings[0].message


def test_names_of_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("logit_cat,logit_dog,label\n1,2,dog\n3,1,cat\n0,0,cat\n")
    given = {"logits": "t.csv:logit_*", "target": "t.csv:label"}
    found = evaluate("ce", **given, class_weight="dog=3,cat=0.5")
    assert found.options == {"weight": [0.5, 3.0]}
    assert evaluate("ce", **given, class_weight={"dog": 3}).options == {"weight": [1, 3]}
    base = {"logits": [[1.0, 2], [3, 1]], "target": [1, 2], "target_base": 1}
    assert evaluate("ce", **base, class_weight="2=7").options == {"weight": [1, 7]}
    listed = {**base, "target": [0, 1], "target_base": 0, "classes": "a,b"}
    assert evaluate("ce", **listed, class_weight="b=7").options == {"weight": [1, 7]}
    with pytest.raises(UsageError, match="no class is named 'eel'") as told:
        evaluate("ce", **given, class_weight="eel=3")
    assert told.value.hint == "classes are cat, dog"


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("ce", {"weight": "1,2,3,4", "class_weight": "balanced"}, "two ways to say the same"),
        ("ce", {"class_weight": "effective"}, "needs a beta"),
        ("ce", {"class_weight": "effective=1"}, "needs a beta"),
        ("ce", {"class_weight": "effective=-0.1"}, "needs a beta"),
        ("ce", {"class_weight": "0=1,0=2"}, "'0' is named twice"),
        ("ce", {"class_weight": "0=nan"}, "must be finite"),
        ("ce", {"class_weight": {"0": "x"}}, "must be a number"),
        ("ce", {"pos_weight": "balanced"}, "no option --pos-weight"),
        ("mse", {"class_weight": "balanced"}, "no option --class-weight"),
        ("poly1", {"class_weight": "balanced"}, "no option --class-weight"),
        ("bce", {"weight": "balanced"}, "--weight cannot be balanced"),
        ("bce", {"pos_weight": "effective=0.9"}, "--pos-weight cannot be effective"),
        ("bce", {"pos_weight": "1=2"}, "--pos-weight cannot be 1=2"),
    ],
)
def test_refused(name, given, told):
    inputs = {"pred" if name == "mse" else "logits": LOGITS, "target": TARGET}
    with pytest.raises(UsageError, match=told):
        evaluate(name, **inputs, **given)


def test_other_mistakes_are_told_as_ever():
    with pytest.raises(DataError, match="class 9, but the predictions have 4 classes"):
        evaluate("ce", logits=LOGITS, target=np.where(TARGET == 3, 9, TARGET), weight="balanced")
    with pytest.raises(DataError, match="targets must be in"):
        evaluate("bce", logits=SCORES, target=LABELS + 4, pos_weight="balanced")
    with pytest.raises(DataError, match="NaN"):
        evaluate("bce", logits=SCORES[:, 0], target=[math.nan] * 200, pos_weight="balanced")
    with pytest.raises(DataError, match=r"0 and 1 are 2 classes"):
        evaluate("bce", logits=SCORES, target=LABELS, class_weight="1,2,3")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ce", {"logits": LOGITS, "target": TARGET, "class_weight": "balanced"}),
        ("bce", {"logits": SCORES, "target": LABELS, "pos_weight": "balanced"}),
    ],
)
def test_same_bits(name, given, monkeypatch, tmp_path):
    given = {**given, "sample_weight": RNG.integers(1, 9, 200)}
    whole = evaluate(name, **given)
    monkeypatch.setattr(plan, "LEAF", 256)
    for threads in (1, 3):
        found = evaluate(name, **given, threads=threads)
        assert found.options == whole.options
        assert found.elements.tobytes() == whole.elements.tobytes()
    (tmp_path / "y").mkdir()
    for at, (start, stop) in enumerate([(0, 1), (1, 90), (90, 200)]):
        np.save(tmp_path / "y" / f"part-{at}.npy", given["target"][start:stop])
    found = evaluate(name, **{**given, "target": str(tmp_path / "y")})
    assert found.options == whole.options
