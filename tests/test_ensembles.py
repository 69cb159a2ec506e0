"""Several predictions as those of one model, against their means written plainly."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as sp
import torch
from asked import FORMS
from cases import CASES, data
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from losscli import evaluate
from losscli.ensembles import averaged
from losscli.ensembles.field import Averaged
from losscli.ensembles.means import mean
from losscli.errors import DataError, UsageError
from losscli.formats.given import in_place
from losscli.formats.missing import NUMBER, missing
from losscli.inputs import Ref
from losscli.losses import losses

SCORES = {  # the logits of these are no probabilities, or are not taken for some
    *("hinge", "squared-hinge", "soft-margin", "perceptron", "multilabel-soft-margin", "zlpr"),
    *("multilabel-margin", "multi-margin", "multiclass-hinge", "categorical-hinge", "coral"),
    *("dice-ce", "listnet", "ranking-softmax", "arcface", "cosface", "circle"),
}


def softmax_axis(case, prediction, target):
    """The axis of the classes; None where each value has a probability of its own."""
    if case in CASES:
        kind = CASES[case][3]
        several = CASES[case][2] and kind in ("class", "last class", "distribution")
        return (-1 if kind == "last class" else 1) if several else None
    if case.startswith("ctc") or "classes last" in case:
        return -1
    binary = "binary" in case or "per image" in case
    return None if binary else 1


def plain_mean(kind, way, members, axis):
    """The mean of predictions by the definition, and back."""
    if kind == "logits" and way == "probs":
        shares = [sp.expit(z) if axis is None else sp.softmax(z, axis) for z in members]
        mean = np.mean(shares, 0)
        return sp.logit(mean) if axis is None else np.log(mean)
    if kind in ("log_probs", "log_rate") and way != "logits":
        return np.log(np.mean(np.exp(members), 0))
    if kind in ("probs", "log_probs") and way == "logits":
        shares = members if kind == "probs" else np.exp(members)
        if axis is None:
            mean = sp.expit(np.mean(sp.logit(shares), 0))
        else:
            mean = np.prod(shares, 0) ** (1 / len(shares))
            mean = mean / mean.sum(axis, keepdims=True)
        return mean if kind == "probs" else np.log(mean)
    return np.mean(members, 0)


def asked(case):
    if case in CASES:
        return CASES[case][0], data(case, 24, np.float64)
    name, make = FORMS[case]
    return name, make(np.random.default_rng(5), 24)


def ways(case):
    name, given = asked(case)
    kind = next(one for one in losses[name].inputs if one in given)
    if kind not in averaged(losses[name]):
        return []
    if kind == "logits" and name in SCORES:
        return ["logits"]
    return ["auto", "probs", "logits"] if kind in ("logits", "probs", "log_probs") else ["auto"]


EVERY = [(case, way) for case in (*CASES, *FORMS) for way in ways(case)]


@pytest.mark.parametrize(("case", "way"), EVERY, ids=[f"{case} {way}" for case, way in EVERY])
def test_an_ensemble_is_the_loss_of_the_mean(case, way):
    name, given = asked(case)
    kind = next(one for one in losses[name].inputs if one in given)
    first = given[kind]
    members = [first, np.roll(first, 1, 0), np.roll(first, 2, 0)]
    space = "probs" if way == "auto" and kind == "logits" and name not in SCORES else way
    mean = plain_mean(kind, space, members, softmax_axis(case, first, given["target"]))
    wanted = evaluate(name, **given | {kind: mean})
    found = evaluate(name, **given | {kind: members, "ensemble": way})
    np.testing.assert_allclose(found.elements, wanted.elements, 1e-9, 1e-12)
    assert found.value == pytest.approx(wanted.value, 1e-9)
    alone = [evaluate(name, **given | {kind: one}) for one in members]
    assert [one.value for one in found.ensemble.members] == [one.value for one in alone]
    assert [one.result.accuracy for one in found.ensemble.members] == [
        one.accuracy for one in alone
    ]


def test_a_soft_vote_of_scikit_learn():
    x, y = load_iris(return_X_y=True)
    models = [
        ("line", LogisticRegression(max_iter=500)),
        ("bayes", GaussianNB()),
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ]
    vote = VotingClassifier(models, voting="soft").fit(x[::2], y[::2])
    shares = [one.predict_proba(x[1::2]) for one in vote.estimators_]
    found = evaluate("ce", probs=shares, target=y[1::2], ensemble=True, ignore=["probs-sum"])
    assert found.value == pytest.approx(log_loss(y[1::2], vote.predict_proba(x[1::2])), 1e-12)
    assert found.accuracy == vote.score(x[1::2], y[1::2])


def test_mean_softmax_of_torch():
    rng = np.random.default_rng(2)
    logits = [rng.normal(0, 4, (200, 5)).astype(np.float32) for _ in range(4)]
    target = rng.integers(0, 5, 200)
    mean = torch.stack([torch.softmax(torch.from_numpy(one).double(), 1) for one in logits]).mean(0)
    wanted = torch.nn.functional.nll_loss(mean.log(), torch.from_numpy(target)).item()
    assert evaluate("ce", logits=logits, target=target, ensemble="probs").value == pytest.approx(
        wanted, 1e-7
    )


def test_far_logits_are_neither_0_nor_1():
    found = evaluate(
        "bce", logits=[[1000.0, -800.0], [2000.0, -900.0]], target=[0, 1], ensemble="probs"
    )
    assert found.elements == pytest.approx([1000 + np.log(2), 800 + np.log(2)], 1e-15)


@pytest.mark.parametrize("kind", ["logits", "probs", "log_probs"])
@pytest.mark.parametrize("way", ["probs", "logits"])
@pytest.mark.parametrize("axis", [None, 1])
def test_a_mean_is_that_of_its_rows_alone(kind, way, axis):
    shares = sp.softmax(np.random.default_rng(6).normal(0, 5, (3, 1001, 3)), 2)
    given = shares if kind == "probs" else np.log(shares)
    members = [in_place(Ref(kind, value=one), missing=False) for one in given]
    field = Averaged(members, mean(kind, way), axis)
    whole = field.rows(0, 1001)
    for start, stop in ((0, 1), (64, 67), (128, 1001), (960, 1000)):
        assert field.rows(start, stop).tobytes() == whole[start:stop].tobytes()


def test_half_precision_is_averaged_in_single():
    logits = [np.float16([0.1, -2.0]), np.float16([0.3, 1.0])]
    found = evaluate("bce", logits=logits, target=[1, 0], ensemble="logits")
    wide = [one.astype(np.float64) for one in logits]
    wanted = evaluate("bce", logits=np.mean(wide, 0), target=[1, 0])
    assert found.value == pytest.approx(wanted.value, 1e-7)


def test_a_missing_value_of_one_member_leaves_the_row_out():
    logits = [[None, 1.0, 2.0], [0.5, 1.5, 3.0]]
    found = evaluate("bce", logits=logits, target=[0, 1, 1], ensemble="logits", missing="omit")
    wanted = evaluate("bce", logits=[1.25, 2.5], target=[1, 1])
    assert (found.value, found.stats["count"]) == (wanted.value, 2)


@pytest.mark.parametrize("way", ["probs", "logits"])
def test_what_one_member_lacks_is_missing_whatever_the_others_have(way):
    members = [np.array(values) for values in ([np.nan, 1.0], [NUMBER, 1.0])]
    fields = [in_place(Ref("logits", value=one), missing=False) for one in members]
    field = Averaged(fields, mean("logits", way), None)
    assert missing(field.rows(0, 2)).tolist() == [True, False]


def test_equal_decisions_are_no_copies():
    shares = [[1.0, 0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0, 0.0]]  # as often wrong, elsewhere
    found = evaluate("zero-one", probs=shares, target=[0, 0, 0, 0, 0], ensemble=True)
    one, other = (member.result.stats for member in found.ensemble.members)
    assert one == other
    assert "same-members" not in [one.code for one in found.findings]


def test_python_refuses_what_is_not_several():
    with pytest.raises(UsageError, match="given once"):
        evaluate("bce", logits=np.zeros(3), target=[0, 1, 1], ensemble=True)
    with pytest.raises(UsageError, match="--pred has none") as found:
        evaluate("zero-one", pred=[[0, 1], [1, 1]], target=[0, 1], ensemble=True)
    assert "--logits or --probs" in str(found.value)
    with pytest.raises(DataError, match="differ in shape"):
        evaluate("mse", pred=[[1.0, 2.0], [[1.0], [2.0]]], target=[1.0, 2.0], ensemble=True)
