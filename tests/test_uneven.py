"""Laws of rows that differ in size: what they have in common with rows that do not."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest
import torch
from asked import FORMS

from losscli import evaluate, plan
from losscli.errors import DataError
from losscli.formats.base import OPEN
from losscli.formats.stack import Stacked
from losscli.losses import losses

ROWS = 12
RNG = np.random.default_rng(7)
Z, OTHER = RNG.normal(0, 2, (2, ROWS, 3))
SHARES = np.exp(OTHER) / np.exp(OTHER).sum(1, keepdims=True)
CLASS = OTHER.argmax(1)
BITS = (OTHER > 0).astype(float)
CASES = {
    "bce": ("bce", {"logits": Z, "target": BITS}),
    "bce rows": ("bce", {"logits": Z[:, 0], "target": BITS[:, 0]}),
    "bce weight": ("bce", {"logits": Z, "target": BITS, "weight": [1.0, 2.0, 3.0]}),
    "hinge": ("hinge", {"logits": Z, "target": BITS}),
    "brier": ("brier", {"logits": Z, "target": CLASS}),
    "asl": ("asl", {"logits": Z, "target": BITS}),
    "mse": ("mse", {"pred": Z, "target": OTHER}),
    "wape": ("wape", {"pred": Z, "target": OTHER}),
    "rmse": ("rmse", {"pred": Z[:, 0], "target": OTHER[:, 0]}),
    "poisson-nll": ("poisson-nll", {"log_rate": Z, "target": np.floor(np.exp(OTHER))}),
    "ce": ("ce", {"logits": Z, "target": CLASS}),
    "ce weight": ("ce", {"logits": Z, "target": CLASS, "weight": [1.0, 2.0, 3.0]}),
    "ce soft": ("ce", {"logits": Z, "target": SHARES}),
    "zero-one": ("zero-one", {"logits": Z, "target": CLASS}),
    "focal-ce": ("focal-ce", {"logits": Z, "target": CLASS}),
    "kl": ("kl", {"logits": Z, "target": SHARES}),
    "zlpr": ("zlpr", {"logits": Z, "target": BITS}),
}


def asked(case):
    """The loss of a case, and its inputs and options."""
    if case in CASES:
        return CASES[case]
    name, make = FORMS[case]
    return name, make(np.random.default_rng(5), ROWS)


ENDS = (0, 5, 6, 10, ROWS)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def stacked(given, parts):
    """The same question, of a folder with a file for each part of each array that has the rows."""
    words = dict(given)
    for name, array in given.items():
        pieces = parts(array) if isinstance(array, np.ndarray) and len(array) == ROWS else None
        if pieces is None:
            continue
        os.makedirs(name)  # noqa: PTH103
        for place, piece in enumerate(pieces):
            np.save(f"{name}/{place}.npy", piece)
        words[name] = name
    return {**words, "stack": True}


def same(one, other):
    return np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-300)


def takes(case):
    """Whether rows may differ in size."""
    name, given = asked(case)
    loss = losses[name]
    return loss.rows == "leaf" and ("distance" in given or not loss.target.one_size)


@pytest.mark.parametrize("case", [*filter(takes, [*CASES, *FORMS])])
def test_even_rows_read_as_uneven_ones(case, monkeypatch):
    """All but what is told of columns, which uneven rows do not have."""
    name, given = asked(case)
    whole = evaluate(name, **given)
    words = stacked(given, lambda array: array if array.ndim > 1 else None)
    plainly = Stacked.__init__

    def uneven(self, *args):
        plainly(self, *args)
        self._sizes = [self.shape[1:]] * self.shape[0]
        self.shape = (self.shape[0], *(OPEN for _ in self.shape[1:]))

    monkeypatch.setattr(Stacked, "__init__", uneven)
    if not any(map(os.path.isdir, given)):
        return  # a number for each row
    found = evaluate(name, **words)
    same(found.value, whole.value)
    same(found.elements, whole.elements)
    ours, theirs = found.to_dict(), whole.to_dict()
    assert ours["accuracy"] == theirs["accuracy"]
    for key in ("count", "mean", "std", "min", "max"):
        same(found.stats[key], whole.stats[key])
    assert ours["stats"]["argmax"] == theirs["stats"]["argmax"]
    assert [one["index"] for one in ours["worst"]] == [one["index"] for one in theirs["worst"]]
    assert {one["code"] for one in ours["warnings"]} == {one["code"] for one in theirs["warnings"]}
    for key, number in found.metrics.items():
        if key != "r2":
            same(number, whole.metrics[key])


PLAIN = [
    *(case for case in CASES if case not in ("asl", "kl", "ce soft", "zlpr")),
    *(case for case in FORMS if case.split()[0] in ("gaussian-nll", "crps", "psnr", "giou")),
]
"""Cases whose loss is the same wherever a file ends: the mean is over what all files hold."""


@pytest.mark.parametrize("case", PLAIN)
def test_pieces_are_the_whole(case):
    """A file for each of some parts of the rows; files of numbers by their axes."""
    name, given = asked(case)
    whole = evaluate(name, **given)
    words = stacked(given, lambda array: [array[a:b] for a, b in pairwise(ENDS)])
    found = evaluate(name, **words)
    same(found.value, whole.value)
    assert [len(one) for one in found.elements] == [*np.diff(ENDS)]
    same(np.concatenate(found.elements), whole.elements)
    assert found.accuracy == whole.accuracy
    same(found.stats["std"], whole.stats["std"])
    assert found.stats["quantiles"] == pytest.approx(whole.stats["quantiles"])
    ends = np.array(ENDS)
    row = int(np.searchsorted(ends, whole.stats["argmax"][0], "right")) - 1
    first, *rest = whole.stats["argmax"]
    assert found.stats["argmax"] == [row, first - ends[row], *rest]


# ---- a leaf is one row


SIZES = ((40, 30), (31, 57), (7, 9), (1, 13), (64, 64), (90, 41))
SCORES = [np.random.default_rng(n).normal(0, 2, (3, *size)) for n, size in enumerate(SIZES)]
LABELS = [np.random.default_rng(n).integers(0, 3, size) for n, size in enumerate(SIZES)]


def ask(order=(0, 1, 2, 3, 4, 5), name="ce", options=(), **more):
    """The losses of some of the rows, in an order."""
    for folder in ("logits", "target"):
        for file in os.scandir(folder) if os.path.isdir(folder) else ():  # noqa: PTH112
            os.remove(file)  # noqa: PTH107
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    for place, row in enumerate(order):
        np.save(f"logits/{place}.npy", SCORES[row].astype(np.float32))
        np.save(f"target/{place}.npy", LABELS[row])
    given = {"logits": "logits", "target": "target", "stack": True}
    return evaluate(name, **given, **dict(options), **more)


BATCH = [
    ("ce", {}),
    ("ce", {"label_smoothing": 0.1, "class_weight": "balanced"}),
    ("focal-ce", {}),
    ("dice", {}),
    ("dice", {"reduce_over": "batch"}),
    ("generalized-dice", {}),
]


@pytest.mark.parametrize(("name", "options"), BATCH, ids=str)
def test_threads_and_pieces_change_no_bit(name, options, monkeypatch):
    first = ask(name=name, options=options, threads=1).to_dict()
    for threads in (2, 5):
        assert ask(name=name, options=options, threads=threads).to_dict() == first
    monkeypatch.setattr(plan, "GROUP", 1)
    monkeypatch.setattr(plan, "TOGETHER", 3)
    monkeypatch.setattr(plan, "LEAF", 7)
    assert ask(name=name, options=options).to_dict() == first


@pytest.mark.parametrize(("name", "options"), BATCH, ids=str)
def test_the_order_of_rows_changes_no_bit(name, options):
    order = [4, 0, 5, 3, 1, 2]
    one, other = ask(name=name, options=options), ask(order, name=name, options=options)
    assert (one.value, one.stats["std"]) == (other.value, other.stats["std"])
    assert one.accuracy == other.accuracy
    if not options.get("reduce_over"):
        elements = [one.elements[row].tobytes() for row in order]
        assert [part.tobytes() for part in other.elements] == elements


def test_a_row_depends_on_that_row_alone():
    whole = ask().elements
    for row in (1, 3, 4):
        few = ask([row, 2]).elements
        assert few[0].tobytes() == whole[row].tobytes()


def test_the_sum_is_that_of_the_rows():
    """By torch, a row at a time."""
    found = ask(reduction="sum").value
    sums = [
        torch.nn.functional.cross_entropy(
            torch.tensor(scores)[None], torch.tensor(labels)[None], reduction="sum"
        )
        for scores, labels in zip(SCORES, LABELS, strict=True)
    ]
    assert found == pytest.approx(sum(sums).item(), rel=1e-6)


# ---- how rows are read


def test_the_axis_of_classes_is_that_of_the_other_rows():
    """Three classes, and a picture of 3 by 3 pixels, whose axis of classes may be any."""
    os.makedirs("logits"), os.makedirs("target")  # noqa: PTH103
    sizes, sums, count = [(3, 3), (4, 3), (3, 5), (3, 3)], 0.0, 0
    rng = np.random.default_rng(1)
    for place, size in enumerate(sizes):
        scores, labels = rng.normal(size=(3, *size)), rng.integers(0, 3, size)
        np.save(f"logits/{place}.npy", scores)
        np.save(f"target/{place}.npy", labels)
        log = scores - np.log(np.exp(scores).sum(0))
        sums -= np.take_along_axis(log, labels[None], 0).sum()
        count += labels.size
    found = evaluate("ce", logits="logits", target="target", stack=True)
    assert found.value == pytest.approx(sums / count)


def test_dtypes_are_joined_and_columns_told():
    os.makedirs("pred"), os.makedirs("target")  # noqa: PTH103
    rng = np.random.default_rng(2)
    parts = [rng.normal(size=(n, 2)).astype(f"f{size}") for n, size in ((3, 2), (5, 4), (2, 8))]
    for place, part in enumerate(parts):
        np.save(f"pred/{place}.npy", part)
        np.savetxt(
            f"target/{place}.csv", np.zeros(part.shape), "%g", ",", header="a,b", comments=""
        )
    found = evaluate("mse", pred="pred", target="target/*.csv", stack=True)
    assert found.to_dict()["inputs"]["pred"]["dtype"] == "float64"
    assert found.value == pytest.approx((np.concatenate(parts).astype(float) ** 2).mean())
    np.save("pred/1.npy", np.array(["a", "b"]).repeat(5).reshape(5, 2))
    with pytest.raises(DataError, match=r"pred/1.npy holds text, and pred/0.npy holds numbers"):
        evaluate("mse", pred="pred", target="target/*.csv", stack=True)


def test_sequences_are_shifted_each_by_itself():
    os.makedirs("logits"), os.makedirs("target")  # noqa: PTH103
    rng, found = np.random.default_rng(3), []
    for place, length in enumerate((4, 9, 2)):
        scores, tokens = rng.normal(size=(length, 5)), rng.integers(0, 5, length)
        np.save(f"logits/{place}.npy", scores)
        np.save(f"target/{place}.npy", tokens)
        logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        found += [-logs[at, tokens[at + 1]] for at in range(length - 1)]
    words = {"logits": "logits", "target": "target", "stack": True}
    assert evaluate("ce", **words, shift=1).value == pytest.approx(np.mean(found))
    with pytest.raises(DataError, match=r"logits/2.npy has shape \(2, 5\).*leaves nothing"):
        evaluate("ce", **words, shift=2)


def test_lists_of_their_own_length():
    os.makedirs("logits"), os.makedirs("target")  # noqa: PTH103
    rng, found = np.random.default_rng(4), []
    for place, length in enumerate((4, 9, 2)):
        scores, gains = rng.normal(size=length), rng.integers(0, 3, length) + 1.0
        np.save(f"logits/{place}.npy", scores)
        np.save(f"target/{place}.npy", gains)
        shares = np.exp(gains) / np.exp(gains).sum()
        found.append(-(shares * (scores - np.log(np.exp(scores).sum()))).sum())
    result = evaluate("listnet", logits="logits", target="target", stack=True)
    assert result.value == pytest.approx(np.mean(found))
    np.testing.assert_allclose(result.elements, found)


def test_rows_of_a_table_take_those_of_every_stack():
    stacks = {name: name for name in ("mean", "var", "target", "mask")}
    for name in stacks:
        os.makedirs(name)  # noqa: PTH103
    rng, found = np.random.default_rng(5), []
    for place, length in enumerate((4, 9, 2, 6)):
        mean, target, mask = rng.normal(size=(3, length))
        var, kept = rng.uniform(1, 2, length), mask > 0
        for name, array in zip(stacks, (mean, var, target, kept), strict=True):
            np.save(f"{name}/{place}.npy", array)
        terms = (np.log(var) + (mean - target) ** 2 / var) / 2
        found += [*terms[kept]] if place in (1, 3) else []
    with open("rows.csv", "w") as file:  # noqa: PTH123
        file.write("w,split\n1,a\n1,b\n1,a\n1,b\n")
    table = {"sample_weight": "rows.csv:w", "where": "split=b"}
    result = evaluate("gaussian-nll", **stacks, **table, stack=True)
    assert result.value == pytest.approx(np.mean(found))


def test_one_loss_of_many_is_placed_in_its_file():
    for name in ("pred", "target"):
        os.makedirs(name)  # noqa: PTH103
    rng = np.random.default_rng(6)
    for place, size in enumerate([(9, 5), (8, 7), (4, 6)]):
        pred = rng.normal(size=size)
        pred[3, 2] += 999 * (place == 1)
        np.save(f"pred/{place}.npy", pred)
        np.save(f"target/{place}.npy", np.zeros(size))
    (found,) = evaluate("mse", pred="pred", target="target", stack=True, ignore="constant").warnings
    assert found.message.startswith("pred, pred/1.npy, row 4, column 3: this one of 125 losses")
