"""Thirty-one mistakes that people make with losses: each is made by a command on real outputs, and
told; the command as it was meant is silent. In one leaf, and in many on several cores."""

from __future__ import annotations

import re
import shlex
from math import e, log
from typing import Any, NamedTuple

import numpy as np
import pytest
from outputs import at, data, sigmoid, softmax

import losscli.plan
from losscli import evaluate, losses
from losscli.cli.commands import build
from losscli.errors import LosscliError

LEAF = 4096
"""So many values have a leaf, where there are to be many leaves."""


class Mistake(NamedTuple):
    """A mistake, and what is to be said of it.

    Attributes:
        row: Of the table of mistakes.
        words: The command; inputs are files of the names in braces.
        wrong: Makes the arrays of the mistake.
        right: Makes those that were meant.
        level: "error", "warning" or "note".
        code: Of the finding.
        said: Of the message and the hint, with {n} rows and {last} for the last of them.
        count: How many values or rows are to be told, if any; "n" for all rows.
        meant: The command that was meant, if it is another.
    """

    row: int
    words: str
    wrong: Any
    right: Any
    level: str
    code: str
    said: tuple[str, ...] = ()
    count: Any = None
    meant: str = ""


BCE, CE, NLL = (f"{words} --target y.npy" for words in ("bce --logits z.npy", "ce --logits z.npy",
                                                        "nll --log-probs z.npy"))  # fmt: skip
MSE = "mse --pred z.npy --target y.npy"


def binary(d):
    return {"z": d.z, "y": d.y}


def classes(d):
    return {"z": d.scores, "y": d.c}


def values(d):
    return {"z": d.p, "y": d.t}


def shares(d):
    return {"z": d.scores, "y": softmax(d.scores / 2)}


def counts(d):
    return {"z": np.abs(d.p) + 1, "y": np.round(np.abs(d.t))}


def widths(d):
    return {"z": d.p, "y": d.t, "v": np.full(len(d.p), 3000.0)}


MISTAKES = [
    Mistake(1, MSE, lambda d: {"z": d.p[:, None], "y": d.t}, values, "note", "squeezed",
            ("shape ({n}, 1) was read as ({n},)",)),
    Mistake(1, MSE, lambda d: {"z": np.c_[d.p, d.p], "y": d.t}, values, "error", "shape-mismatch",
            ("z.npy is ({n}, 2), y.npy is ({n},)",)),
    Mistake(2, MSE, lambda d: {"z": d.p, "y": d.t[:-1]}, values, "error", "row-count",
            ("{n} predictions but {less} targets", "row {last} of z.npy", "--header")),
    Mistake(3, BCE, lambda d: {"z": d.z, "y": at(d.y, [-3, -1], 2)}, binary, "error",
            "target-range", ("y.npy, row {third}", "not 2 (2 such values)", "for ce"), 2),
    Mistake(3, BCE, lambda d: {"z": d.z, "y": 2 * d.y - 1}, binary, "error", "target-range",
            ("not -1", "soft-margin"), None, "soft-margin --logits z.npy --target y.npy"),
    Mistake(3, BCE, lambda d: {"z": d.z, "y": 255 * d.y}, binary, "error", "target-range",
            ("not 255", "--pos-label 255 reads 255 as 1 and 0 as 0"), None,
            f"{BCE} --pos-label 255"),
    Mistake(4, BCE, lambda d: {"z": sigmoid(d.z), "y": d.y}, binary, "warning", "probs-as-logits",
            ("as probabilities the loss is {other}, as logits {ours}", "--probs"), None,
            "bce --probs z.npy --target y.npy"),
    Mistake(5, CE, lambda d: {"z": softmax(d.scores), "y": d.c}, classes, "warning",
            "probs-as-logits", (f"below {log(e + 9) - 1:.4f}",
            "as probabilities the loss is {other}, as logits {ours}", "--probs"), None,
            "ce --probs z.npy --target y.npy"),
    Mistake(6, "bce --probs z.npy --target y.npy", binary, lambda d: {"z": sigmoid(d.z), "y": d.y},
            "error", "probs-range", ("z.npy, row 1", "is no probability", "% of --probs",
            "--logits"), None, BCE),
    Mistake(7, NLL, lambda d: {"z": softmax(d.scores), "y": d.c},
            lambda d: {"z": np.log(softmax(d.scores)), "y": d.c}, "error",
            "log-probs-range", ("row 1, column 1", "all values are in [0, 1]", "--probs, to ce"),
            None, "ce --probs z.npy --target y.npy"),
    Mistake(8, NLL, classes, lambda d: {"z": np.log(softmax(d.scores)), "y": d.c}, "error",
            "log-probs-range", ("above 0", "--logits, to ce"), None, CE),
    Mistake(8, NLL, lambda d: {"z": d.scores - 50, "y": d.c},
            lambda d: {"z": np.log(softmax(d.scores)), "y": d.c}, "warning", "log-probs-sum",
            ("row 1: exp of the log-probabilities sums to", "ce --logits"), "n", CE),
    Mistake(9, "kl --log-probs z.npy --target y.npy",
            lambda d: {"z": softmax(d.scores), "y": softmax(d.scores / 2)},
            lambda d: {"z": np.log(softmax(d.scores)), "y": softmax(d.scores / 2)}, "error",
            "log-probs-range", ("row 1, column 1", "--probs"), None,
            "kl --probs z.npy --target y.npy"),
    Mistake(10, "KLDivLoss --logits z.npy --target y.npy", shares, shares, "note", "torch-default",
            ("the reduction is batchmean", "--reduction mean"), None,
            "kl --logits z.npy --target y.npy"),
    Mistake(11, CE, lambda d: {"z": d.scores, "y": d.c.astype("f4")}, classes, "note",
            "whole-floats", ("whole numbers of float32 were read as class indices",)),
    Mistake(11, CE, lambda d: {"z": d.scores, "y": at(d.c, -3, 1.5, "f4")},
            lambda d: {"z": d.scores, "y": d.c.astype("i4")}, "error", "class-whole",
            ("row {third}: class index 1.5", "one column for each class"), 1),
    Mistake(12, CE, lambda d: {"z": d.scores, "y": d.c + 1}, classes, "error", "class-range",
            ("class 10, but the predictions have 10 classes, 0..9", "--target-base 1"), None,
            f"{CE} --target-base 1"),
    Mistake(12, CE, lambda d: {"z": d.scores, "y": at(d.c, -3, 10)}, classes, "error",
            "class-range", ("row {third}: class 10", "a column for each class"), 1),
    Mistake(12, CE, lambda d: {"z": d.scores, "y": at(d.c, [-3, -1], 255)}, classes, "error",
            "class-range", ("row {third}: class 255", "--ignore-index 255"), 2,
            f"{CE} --ignore-index 255"),
    Mistake(13, CE, lambda d: {"z": d.scores, "y": np.eye(10)[d.c]}, classes, "note", "one-hot"),
    Mistake(13, CE, lambda d: {"z": d.scores, "y": at(softmax(d.scores / 2), -3, 0.5)}, shares,
            "warning", "target-sum", ("row {third}: the target sums to 5, not 1",), 1),
    Mistake(14, CE, lambda d: {"z": d.rng.normal(size=(len(d.c) // 3, 3, 3)),
                               "y": d.rng.integers(0, 3, (len(d.c) // 3, 3))},
            lambda d: {"z": d.rng.normal(size=(len(d.c) // 3, 2, 3)),
                       "y": d.rng.integers(0, 3, (len(d.c) // 3, 2))}, "error", "class-axis",
            ("ambiguous", "--class-axis 1 or --class-axis 2"), None, f"{CE} --class-axis 2"),
    Mistake(15, f"{CE} --ignore-index 3", lambda d: {"z": d.scores, "y": np.full_like(d.c, 3)},
            lambda d: {"z": d.scores, "y": at(d.c, 0, 3)}, "error", "nothing",
            ("every target is 3, the --ignore-index", "NaN")),
    Mistake(16, CE, lambda d: {"z": d.scores, "y": at(d.c, [-3, -1], -1)}, classes, "error",
            "class-range", ("row {third}: class -1", "--ignore-index -1"), 2,
            f"{CE} --ignore-index -1"),
    Mistake(17, BCE, lambda d: {"z": at(d.z, [-3, -1], np.nan), "y": d.y}, binary, "error", "nan",
            ("z.npy, row {third}: NaN (2 such values)", "--nan omit", "--nan propagate"), 2),
    Mistake(18, BCE, lambda d: {"z": at(d.z, [-3, -1], [np.inf, -np.inf]), "y": d.y}, binary,
            "warning", "infinite", ("z.npy, row {third}: inf (2 such values)", "limit", "--mask"),
            2),
    Mistake(19, "bce --probs z.npy --target y.npy",
            lambda d: {"z": at(sigmoid(d.z), [-3, -1], [0, 1]), "y": at(d.y, [-3, -1], [1, 0])},
            lambda d: {"z": sigmoid(d.z), "y": d.y}, "warning", "clamped",
            ("row {third}: a probability of exactly 0", "-100, as torch", "--logits"), 2),
    Mistake(19, "ce --probs z.npy --target y.npy",
            lambda d: {"z": at(softmax(d.scores), -3, np.eye(10)[9 - d.c[-3]]), "y": d.c},
            lambda d: {"z": softmax(d.scores), "y": d.c}, "warning", "impossible",
            ("row {third}: the true class was given probability 0", "--logits"), 1),
    Mistake(22, "bce --logits z.npy --target y.npy --pos-weight 1,2,3",
            lambda d: {"z": d.scores[:, :5], "y": (d.scores[:, :5] > 0) * 1},
            lambda d: {"z": d.scores[:, :3], "y": (d.scores[:, :3] > d.rng.normal(size=3)) * 1},
            "error", "shape-mismatch", ("--pos-weight has shape (3,)", "({n}, 5)")),
    Mistake(22, "bce --logits z.npy --target y.npy --weight v.npy",
            lambda d: {"z": d.scores[:10], "y": np.eye(10)[d.c[:10]], "v": np.arange(10.0)},
            lambda d: {"z": d.scores[:11], "y": np.eye(10)[d.c[:11]], "v": np.arange(10.0)},
            "warning", "weight-axis", ("as many rows as columns", "--sample-weight")),
    Mistake(24, MSE, lambda d: {"z": d.p.astype("f2"), "y": d.t}, values, "note", "half-widened",
            ("z.npy: float16 was widened",)),
    Mistake(24, f"{MSE} --dtype float16", lambda d: {"z": d.p.astype("f2") + 400, "y": d.t},
            lambda d: {"z": d.p / 50, "y": d.t / 50}, "warning", "overflow",
            ("larger than any number of float16", "--dtype float64")),
    Mistake(26, BCE, lambda d: {"z": d.y, "y": sigmoid(d.z).clip(1e-9, 1 - 1e-9)}, binary,
            "warning", "swapped", ("z.npy holds only 0 and 1, and y.npy fractions",
            "the loss would be {swap} instead of {ours}")),
    Mistake(26, CE, lambda d: {"z": d.c, "y": d.scores}, classes, "error", "shape-mismatch",
            ("one row of {n} classes", "swapped?")),
    Mistake(27, MSE, lambda d: {"z": d.p, "y": d.rng.permutation(d.t)}, values, "warning",
            "unrelated", ("correlation", "--key COLUMN")),
    Mistake(27, BCE, lambda d: {"z": d.z, "y": d.rng.permutation(d.y)}, binary, "warning",
            "unrelated", ("AUROC", "best constant", "--key COLUMN")),
    Mistake(27, CE, lambda d: {"z": d.scores, "y": d.rng.permutation(d.c)}, classes, "warning",
            "unrelated", ("as chance would be", "best constant", "--key COLUMN")),
    Mistake(28, "soft-margin --logits z.npy --target y.npy", binary,
            lambda d: {"z": d.z, "y": 2 * d.y - 1}, "note", "labels-as-signs",
            ("y.npy: labels 0 and 1 were read as -1 and +1",)),
    Mistake(28, "hinge-embedding --distance z.npy --target y.npy",
            lambda d: {"z": np.abs(d.z), "y": d.y},
            lambda d: {"z": np.abs(d.z), "y": 2 * d.y - 1}, "warning", "labels-converted",
            ("y.npy: labels 0 and 1 were read as -1 and +1",)),
    Mistake(28, "hinge --logits z.npy --target y.npy",
            lambda d: {"z": d.z, "y": at(d.y, [-3, -1], 2)},
            lambda d: {"z": d.z, "y": 2 * d.y - 1}, "error", "labels",
            ("row {third}", "wants labels of -1 and +1, or 0 and 1, not 2"), 2),
    Mistake(29, MSE, lambda d: {"z": d.p[:0], "y": d.t[:0]}, values, "error", "empty",
            ("z.npy has no rows",)),
    Mistake(31, "poisson-nll --rate z.npy --target y.npy",
            lambda d: {**counts(d), "z": at(counts(d)["z"], [-3, -1], -1)}, counts, "error",
            "rate-range", ("row {third}: -1 is no rate", "--log-rate"), 2),
    Mistake(31, "poisson-nll --rate z.npy --target y.npy",
            lambda d: {**counts(d), "y": at(counts(d)["y"], -3, -3)}, counts, "error",
            "target-range", ("row {third}", "at least 0, not -3"), 1),
    Mistake(31, "gaussian-nll --mean z.npy --var v.npy --target y.npy",
            lambda d: {**widths(d), "v": at(widths(d)["v"], -3, -1)}, widths, "error",
            "width-range", ("v.npy, row {third}: --var must be at least 0, not -1", "--log-var"),
            1),
    Mistake(31, "gaussian-nll --mean z.npy --var v.npy --target y.npy",
            lambda d: {**widths(d), "v": at(widths(d)["v"], -3, 0)}, widths, "warning", "clamped",
            ("v.npy, row {third}: --var 0 is a variance below 1e-06", "--eps"), 1),
]  # fmt: skip

ALONE = {20, 21, 23, 25, 30}
"""Rows that no code is about: what is printed beside the loss tells them."""


def save(arrays):
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)


def asked(words):
    """A command as the arguments of :func:`evaluate`."""
    loss, *rest = shlex.split(words)
    names = (word.removeprefix("--").replace("-", "_") for word in rest[::2])
    numbers = ("target_base", "ignore_index", "class_axis")
    return loss, {
        name: int(value) if name in numbers else value
        for name, value in zip(names, rest[1::2], strict=True)
    }


def findings(words, threads):
    """(level, code, message and hint, count) of all that is found, and the loss."""
    loss, given = asked(words)
    try:
        found = evaluate(loss, **given, threads=threads)
    except LosscliError as error:
        return [("error", error.code, str(error), None)], None
    told = [(str(one.level), one.code, f"{one.message}\n{one.hint}", one.count)
            for one in found.findings]  # fmt: skip
    return told, found.value


@pytest.fixture(params=[False, True], ids=["small", "large"])
def large(request, monkeypatch):
    """Few rows in one leaf; many, in many leaves."""
    if request.param:
        monkeypatch.setattr(losscli.plan, "LEAF", LEAF)
    return request.param


def ids(many):
    return [f"{one.row}-{one.code}-{one.words.split()[0]}-{place}"
            for place, one in enumerate(many)]  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES, ids=ids(MISTAKES))
def test_a_mistake_is_told(losscli, case, large):
    d = data(large)
    arrays = case.wrong(d)
    save(arrays)
    found, ours = findings(case.words, 1)
    assert findings(case.words, 3) == (found, ours)
    told = [one for one in found if one[1] == case.code]
    assert len(told) == 1, found
    level, _, text, count = told[0]
    assert level == case.level
    n = len(arrays["z"])
    room = {"n": n, "less": n - 1, "last": n, "third": n - 2, "ours": f"{ours or 0:.4f}"}
    if any("{other}" in one for one in case.said):
        room["other"] = f"{findings(case.meant, 1)[1]:.4f}"
    if any("{swap}" in one for one in case.said):
        save({"z": arrays["y"], "y": arrays["z"]})
        room["swap"] = f"{findings(case.words, 1)[1]:.4f}"
        save(arrays)
    for words in case.said:
        assert words.format(**room) in text
    if case.count is not None and level != "error":
        assert count == (n if case.count == "n" else case.count)
    elif case.count is not None:
        assert f"({case.count} such value" in text
    ran = losscli(case.words)
    strict = losscli(f"{case.words} --strict")
    codes = {"error": (3, 3), "warning": (0, 3), "note": (0, 0)}
    assert (ran.code, strict.code) == codes[level]
    lines = [f"{level}: {text.splitlines()[0]}", *(f"hint: {one}" for one in text.splitlines()[1:])]
    assert all(line.removeprefix("hint: hint: ") in ran.err for line in lines)
    assert losscli(["explain", case.code]).code == 0
    options = {
        option
        for one in build(*_loss(case.words)).params
        for option in (*one.opts, *one.secondary_opts)
    }
    assert {*re.findall(r"(?<!\S)--[a-z]+(?:-[a-z]+)*", text)} <= options | _OTHERS


def _loss(words):
    name = losses.find(words.split()[0]).name
    return losses[name], name


_OTHERS = {"--log-probs", "--logits", "--probs"}
"""Of another loss, which the same sentence names."""


@pytest.mark.parametrize("case", MISTAKES, ids=ids(MISTAKES))
def test_what_was_meant_is_silent(case, large):
    """The data that was meant, and the command that takes the data as it is."""
    d = data(large)
    save(case.right(d))
    words = case.words.replace("KLDivLoss", "kl")
    assert findings(words, 3)[0] == []
    if case.meant:
        save(case.wrong(d))
        assert [one for one in findings(case.meant, 3)[0] if one[0] != "note"] == []


def test_every_mistake_of_the_table_is_made():
    assert {one.row for one in MISTAKES} | ALONE == {*range(1, 32)}
    assert not {one.row for one in MISTAKES} & ALONE
