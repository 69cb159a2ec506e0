"""What inspect doubts: in the words of the losses, of two arrays and of one alone."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
RNG = np.random.default_rng(11)


def load(name):
    return np.load(SAMPLES / name).astype(np.float64)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def softmax(values):
    powers = np.exp(values - values.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


Z, Y = load("binary/logits.npy"), load("binary/target.npy").astype(int)
SCORES, CLASS = load("digits/logits.npy"), load("digits/target.npy").astype(int)
PRED, TRUE = load("diabetes/pred.npy"), load("diabetes/truth.npy")
SWAPPED = [1, 0, *range(2, 10)]

PAIRS = {  # the prediction's name, both arrays, and the code
    "inverted": ("logits", -Z, Y, "inverted"),
    "sigmoid twice": ("probs", sigmoid(sigmoid(Z)), Y, "squashed-twice"),
    "softmax twice": ("probs", softmax(softmax(SCORES)), CLASS, "squashed-twice"),
    "probabilities by the name of logits": ("logits", sigmoid(Z), Y, "probs-as-logits"),
    "a row late": ("logits", SCORES[1:], CLASS[:-1], "shifted-rows"),
    "a row early": ("pred", PRED[:-1], PRED[1:] + RNG.normal(size=220), "shifted-rows"),
    "classes exchanged": ("logits", SCORES[:, SWAPPED], CLASS, "class-order"),
    "copy": ("pred", TRUE, TRUE, "copy"),
    "scale": ("pred", PRED * 10, TRUE, "scale"),
    "other order": ("pred", PRED, RNG.permutation(TRUE), "unrelated"),
    "constant": ("probs", np.full(285, 0.3), Y, "constant"),
    "swapped": ("logits", Y, sigmoid(Z).clip(1e-9, 1 - 1e-9), "swapped"),
    "a sum": ("probs", softmax(SCORES) * np.r_[np.ones(598), 0.5][:, None], CLASS, "probs-sum"),
    "infinity": ("logits", np.r_[Z[:-1], np.inf], Y, "infinite"),
    "cut off": ("logits", (SCORES * 4000).clip(-65504, 65504).astype("f2"), CLASS, "saturated"),
    "twice": ("pred", np.r_[PRED, PRED], np.r_[TRUE, TRUE], "repeated-rows"),
    "smoothed": ("logits", SCORES, np.eye(10)[CLASS] * 0.9 + 0.01, "smoothed"),
}
HEALTHY = {
    "bce": ("logits", Z, Y),
    "bce probs": ("probs", sigmoid(Z), Y),
    "ce": ("logits", SCORES, CLASS),
    "ce probs": ("probs", softmax(SCORES), CLASS),
    "mse": ("pred", PRED, TRUE),
    "shares": ("logits", SCORES, softmax(SCORES / 2)),
}


def inspected(losscli, *words):
    ran = losscli(["inspect", *words, "--json"])
    assert ran.code == 0, ran
    return ran.json


@pytest.mark.parametrize("what", PAIRS)
def test_a_pair_is_doubted_as_its_command_does(losscli, what):
    name, ours, theirs, code = PAIRS[what]
    np.save(f"{name}.npy", ours)
    np.save("y.npy", theirs)
    report = inspected(losscli, f"{name}.npy", "y.npy")
    result = losscli([*shlex.split(report["commands"][0]["command"])[1:], "--json"]).json
    said = {one["code"]: one["message"] for one in result["warnings"] + result["notes"]}
    told = {one["code"]: one["message"] for one in report["doubts"]}
    assert code in told
    assert {one: said[one] for one in told} == told
    assert {one["code"] for one in result["warnings"]} <= told.keys()
    screen = losscli(f"inspect {name}.npy y.npy").out
    assert screen.count(told[code]) == 1


@pytest.mark.parametrize("what", HEALTHY)
def test_a_healthy_pair_is_not_doubted(losscli, what):
    name, ours, theirs = HEALTHY[what]
    np.save(f"{name}.npy", ours)
    np.save("y.npy", theirs)
    for words in ([f"{name}.npy"], ["y.npy"], [f"{name}.npy", "y.npy"]):
        assert not inspected(losscli, *words)["doubts"]
        assert "doubt " not in losscli(["inspect", *words]).out


REFUSED = {
    "a class too many": (SCORES, np.r_[CLASS[:-1], 10], "class-range", "row 599: class 10, but"),
    "names": (SCORES, np.array(["cat", "dog", "cow"])[CLASS % 3], "", "the targets are names"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_pair_that_no_loss_takes_is_refused_as_its_command_does(losscli, what):
    ours, theirs, code, said = REFUSED[what]
    np.save("logits.npy", ours)
    np.save("y.npy", theirs)
    report = inspected(losscli, "logits.npy", "y.npy")
    (problem,) = report["problems"]
    assert not report["commands"]
    assert said in problem["message"]
    ran = losscli("ce --logits logits.npy --target y.npy")
    assert (ran.code, problem["code"] == code or not code) == (3, True)
    assert problem["message"] in ran.err


SURE = np.full(599, 0.02)[:, None] + 0.8 * np.eye(10)[CLASS]
ALONE = {
    "sigmoid twice": ("probs", sigmoid(sigmoid(Z)), "squashed-twice", "fill 0.5000 to 0.7311"),
    "softmax twice": ("probs", softmax(softmax(SCORES)), "squashed-twice", "fill 0.0853 to 0.2320"),
    "constant": ("logits", np.full(40, 0.25), "constant", "all 40 predictions are 0.25"),
    "one row": ("logits", np.tile(SCORES[:1], (40, 1)), "constant", "all 40 rows of predictions"),
    "one label": ("y", np.ones(40, int), "constant", "all 40 targets are 1"),
    "cut off": ("pred", np.array([1, 65504, 2], "f2"), "saturated", "values of 65504"),
    "smoothed": ("y", np.eye(10)[CLASS] * 0.9 + 0.01, "smoothed", "0.01 and 0.91"),
    "no threes": ("y", CLASS[CLASS != 3], "missing-class", "no target is of class 3, and each"),
    "twice": ("pred", np.tile(PRED, 2), "repeated-rows", "every row occurs twice"),
    "three times": ("pred", np.tile(SCORES, (3, 1)), "repeated-rows", "occurs three times"),
}


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("what", ALONE)
def test_an_array_alone_is_doubted(losscli, what, large):
    """In one leaf, and in several on several cores."""
    name, array, code, said = ALONE[what]
    times = -(-400_000 // array.size)
    if large:
        if code == "repeated-rows":
            pytest.skip("more of them are repeated more often")
        array = np.tile(array, (times, *[1] * (array.ndim - 1)))
        said = said.replace("40 ", f"{len(array):,} ")
    np.save(f"{name}.npy", array)
    report = inspected(losscli, f"{name}.npy", "--threads", "3")
    (finding,) = [one for one in report["doubts"] if one["code"] == code]
    assert finding["message"].startswith(f"{name}.npy: ")
    assert said in finding["message"]
    assert inspected(losscli, f"{name}.npy", "--threads", "1")["doubts"] == report["doubts"]


@pytest.mark.parametrize(
    "array",
    [
        RNG.random(300),
        RNG.uniform(0.5, 0.7311, 30),
        RNG.uniform(0.55, 0.7, 300),
        softmax(RNG.normal(size=(300, 10)) / 100),
        RNG.permutation(np.repeat(np.arange(100), 4)),
        np.eye(10)[CLASS],
        RNG.integers(0, 9, 300),
        np.r_[RNG.normal(size=200), [0.5, 0.5]],
        RNG.normal(size=100).astype("f2"),
        np.full(5, 0.5),
        CLASS + 1,
    ],
    ids=range(11),
)
def test_a_healthy_array_alone_is_not_doubted(losscli, array):
    for name in ("pred", "y", "x"):
        np.save(f"{name}.npy", array)
        assert not inspected(losscli, f"{name}.npy")["doubts"]


def test_many_healthy_rows_are_not_repeated(losscli):
    np.save("pred.npy", RNG.normal(size=300_000))
    np.save("y.npy", np.repeat(RNG.normal(size=100_000), 3)[:-1])
    assert not inspected(losscli, "pred.npy")["doubts"]
    assert not inspected(losscli, "y.npy")["doubts"]


def test_classes_that_count_from_1_lack_none(losscli):
    """As the command says that is offered, and the loss that it asks."""
    np.save("logits.npy", SCORES)
    np.save("y.npy", CLASS + 1)
    report = inspected(losscli, "logits.npy", "y.npy")
    command = report["commands"][0]["command"]
    ran = losscli([*shlex.split(command)[1:], "--json"])
    assert "--target-base 1" in command
    assert report["doubts"] == ran.json["warnings"] == []


@pytest.mark.parametrize("beside", ["mask", "id", "sample_weight"])
def test_what_stands_beside_in_a_file_is_no_prediction(losscli, beside):
    np.savez("target.npz", **{beside: np.ones(599, int), "target": CLASS})
    report = inspected(losscli, "target.npz")
    assert not report["commands"]
    assert not [one for one in report["doubts"] if "predictions" in one["message"]]


def test_only_what_names_tell_is_judged(losscli):
    """Columns of which nobody knows what they are go together only by guess."""
    label = RNG.integers(0, 2, 200)
    table = np.c_[RNG.normal(size=200), 9 - 18 * label + RNG.normal(size=200), label]
    for names, codes in (("height,width,label", []), ("height,score,label", ["inverted"])):
        np.savetxt("t.csv", table, "%.17g", ",", header=names, comments="")
        report = inspected(losscli, "t.csv")
        assert report["commands"]
        assert [one["code"] for one in report["doubts"]] == codes


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("y", np.arange(40) // 20, "sorted, from 0 to 1"),
        ("y", np.arange(40)[::-1] // 4, "sorted, from 9 to 0"),
        ("prob", sigmoid(Z) * 100, "percentages? all in [0, 100]"),
        ("y", softmax(SCORES), "soft targets: all in [0, 1], and all rows sum to 1"),
        ("y", sigmoid(Z), "all in [0, 1]: soft targets"),
    ],
)
def test_more_that_values_look_like(losscli, name, array, words):
    np.save(f"{name}.npy", array)
    assert words in inspected(losscli, f"{name}.npy")["arrays"][0]["words"]
    shuffled = RNG.permutation(array)
    np.save(f"{name}.npy", shuffled)
    assert "sorted" not in inspected(losscli, f"{name}.npy")["arrays"][0]["words"]


PARTNERS = {  # of what stands on the other side, for each way to be used
    "class indices": CLASS,
    "class indices, or shares of classes": CLASS,
    "labels of 0 and 1": Y,
    "real values": TRUE,
}


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("probs", softmax(SCORES)),
        ("log_probs", np.log(softmax(SCORES))),
        ("probs", sigmoid(Z)),
        ("logits", SCORES),
        ("logits", Z),
        ("pred", PRED),
        ("y", CLASS),
        ("y", Y),
        ("y", 2 * Y - 1),
        ("y", softmax(SCORES)),
        ("y", np.eye(10)[CLASS]),
        ("y", sigmoid(Z)),
        ("y", RNG.poisson(90, 200)),
        ("y", np.abs(PRED) + 0.5),
        ("y", np.tri(5, dtype=int)[None]),
    ],
)
def test_an_array_alone_is_for_losses_that_take_it(losscli, name, array):
    """The likeliest of each kind is asked, with random values of the other side."""
    np.save(f"{name}.npy", array)
    (one,) = inspected(losscli, f"{name}.npy")["arrays"]
    assert one["uses"]
    assert (
        f"{name}.npy: --{one['uses'][0]['as'].replace('_', '-')} of "
        in losscli(f"inspect {name}.npy").out
    )
    for use in one["uses"]:
        for loss in use["losses"]:
            words = _with_partner(loss, use["as"], name, array)
            ran = losscli([loss, *words, "--value"])
            assert ran.code == 0, (use, ran)


def _with_partner(loss, kind, name, array):
    """The words of a loss, and the other side in a file."""
    own = f"--{kind.replace('_', '-')}", f"{name}.npy"
    if kind != "target":
        shape = array.shape[:-1] if loss in _OF_CLASSES and array.ndim > 1 else array.shape
        target = RNG.integers(0, 2, shape)
        if loss == "kl":
            target = softmax(RNG.normal(size=array.shape))
        np.save("other.npy", target)
        return [*own, "--target", "other.npy"]
    classes = loss in _OF_CLASSES and array.ndim == 1 and array.max() > 1 and array.dtype == int
    shape = (*array.shape, int(array.max()) + 1) if classes else array.shape
    values = RNG.normal(size=shape)
    if classes or loss in ("kl", "js", "ce"):
        values = np.log(softmax(values.reshape(-1, shape[-1]))).reshape(shape)
    other = "--pred" if loss in _REAL else "--log-rate" if loss == "poisson-nll" else "--logits"
    other = "--log-probs" if loss == "nll" else other
    np.save("other.npy", values)
    return [other, "other.npy", *own]


_OF_CLASSES = {"ce", "nll", "focal-ce", "poly1", "gce", "brier", "multi-margin", "zero-one"}
_REAL = {"mse", "mae", "huber", "rmse", "smooth-l1", "log-cosh", "smape", "quantile"}
