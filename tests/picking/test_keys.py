"""Rows paired by id, against a dict; in every format, in any order, and what is refused."""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losscli import evaluate
from losscli.errors import DataError, UsageError

SEVERAL = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=[2, 2**16])
def block(request, monkeypatch):
    """Blocks that end in the midst of the data, and blocks that do not."""
    for module in ("ids", "join", "rows"):
        monkeypatch.setattr(f"losscli.picking.{module}.BLOCK", request.param)
    monkeypatch.setattr("losscli.formats.picked._BUCKET", 8 * request.param)
    monkeypatch.setattr("losscli.formats.picked._PIECE", 8 * request.param)
    monkeypatch.setattr("losscli.plan.LEAF", 3)


def csv(name, columns):
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    Path(name).write_text("\n".join([",".join(columns), *lines]) + "\n", "utf-8")


def squares(ours, theirs):
    """The reference: what a dict of the targets gives for each prediction, in their order."""
    return [(value - theirs[key]) ** 2 for key, value in ours.items() if key in theirs]


words = st.text("ab01é+-. ", min_size=1, max_size=12).map(str.strip).filter(bool)
ids = st.one_of(
    st.lists(st.integers(-(2**58), -(2**58) + 40), min_size=1, max_size=12, unique=True),
    st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=12, unique=True),
    st.lists(words, min_size=1, max_size=12, unique=True),
    st.lists(st.from_regex(r"0{0,2}[0-9]{1,3}", fullmatch=True), min_size=1, unique=True),
)


@given(st.data())
@SEVERAL
def test_against_a_dict(block, data):
    keys = data.draw(ids)
    if data.draw(st.booleans()):
        keys = sorted(keys)
    other = keys if data.draw(st.booleans()) else data.draw(st.permutations(keys))
    left = data.draw(st.lists(st.sampled_from(keys), unique=True, min_size=1))
    left = [key for key in keys if key in left]
    right = [key for key in other if data.draw(st.booleans())]
    ours = {key: float(place) for place, key in enumerate(left)}
    theirs = {key: float(place * 7 % 5) for place, key in enumerate(right)}
    csv("p.csv", {"id": left, "p": ours.values()})
    csv("y.csv", {"id": right, "y": theirs.values()})
    expected = squares(ours, theirs)
    question = {"pred": "p.csv:p", "target": "y.csv:y", "key": "id"}
    if not expected:
        with pytest.raises(DataError):
            evaluate("mse", **question, unmatched="omit")
        return
    result = evaluate("mse", **question, unmatched="omit")
    assert result.elements.tolist() == expected
    lone = [finding.count for finding in result.warnings if finding.code == "unmatched"]
    fallen = len(left) + len(right) - 2 * len(expected)
    assert lone == ([fallen] if fallen else [])
    if fallen:
        with pytest.raises(DataError, match=r"no partner|no id of"):
            evaluate("mse", **question)
    else:
        assert evaluate("mse", **question).elements.tolist() == expected


KEYS = [3, 1, 12, 7, 5, 40, 6]
PREDS = {key: key / 4 for key in KEYS}
TRUTH = {key: float(key % 5) for key in sorted(KEYS, reverse=True)}


def columns(values, name):
    return {"id": [*values], name: [*values.values()]}


def written(suffix, values, name):
    """A file of ids and values, as others write it."""
    found = columns(values, name)
    file = f"{name}{suffix}"
    if suffix == ".csv":
        csv(file, found)
    elif suffix == ".npz":
        np.savez(file, **{key: np.array(column) for key, column in found.items()})
    elif suffix == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table(found), file, row_group_size=2)
    else:
        rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        text = {
            ".jsonl": "".join(json.dumps(row) + "\n" for row in rows),
            ".json": json.dumps(rows),
            "-lists.json": json.dumps(found),
        }[suffix]
        Path(file).write_text(text, "utf-8")
    return file


SUFFIXES = (".csv", ".npz", ".parquet", ".jsonl", ".json", "-lists.json")


@pytest.mark.parametrize("theirs", SUFFIXES)
@pytest.mark.parametrize("ours", SUFFIXES)
def test_every_format_with_every_other(ours, theirs):
    left, right = written(ours, PREDS, "p"), written(theirs, TRUTH, "y")
    result = evaluate("mse", pred=f"{left}:p", target=f"{right}:y", key="id")
    assert result.elements.tolist() == squares(PREDS, TRUTH)
    assert [note.count for note in result.notes if note.code == "paired"] == [len(PREDS)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_text_in_one_file_and_numbers_in_the_other(suffix):
    left = written(suffix, {str(key): value for key, value in PREDS.items()}, "p")
    right = written(".npz", TRUTH, "y")
    result = evaluate("mse", pred=f"{left}:p", target=f"{right}:y", key="id")
    assert result.elements.tolist() == squares(PREDS, TRUTH)


@pytest.mark.parametrize("last", ["x", "12"])
def test_ids_are_what_is_written(last):
    csv("p.csv", {"id": ["007", "7", "70", "10", last], "p": range(5)})
    csv("y.csv", {"id": ["10", last, "7", "007", "70"], "y": [3, 4, 1, 0, 2]})
    assert evaluate("mse", pred="p.csv:p", target="y.csv:y", key="id").value == 0


def test_ids_that_are_numbers_in_one_shard_and_text_in_another():
    csv("p1.csv", {"id": [3, 4], "p": [0, 1]})
    csv("p2.csv", {"id": ["a", 12], "p": [2, 3]})
    csv("y.csv", {"id": [12, "a", 4, 3], "y": [3, 2, 1, 0]})
    assert evaluate("mse", pred="p*.csv:p", target="y.csv:y", key="id").value == 0


def test_several_columns_and_other_names():
    csv("p.csv", {"store": [1, 1, 2, 2], "day": ["a", "b", "a", "b"], "p": range(4)})
    csv("y.csv", {"shop": [2, 1, 2, 1], "day": ["b", "b", "a", "a"], "y": [3, 1, 2, 0]})
    question = {"pred": "p.csv:p", "target": "y.csv:y"}
    assert evaluate("mse", **question, key="store=shop,day").value == 0
    with pytest.raises(DataError, match="2 rows have the id of another row: 1, 2"):
        evaluate("mse", **question, key="store=shop")


def test_columns_of_ids_are_no_predictions():
    csv("p.csv", {"id": [2, 1], "a": [0.5, -1], "b": [1, 3]})
    csv("y.csv", {"id": [1, 2], "y": [1, 0]})
    plain = evaluate("ce", logits=np.array([[0.5, 1], [-1, 3]]), target=np.array([0, 1]))
    assert evaluate("ce", logits="p.csv", target="y.csv", key="id").value == plain.value


def test_what_goes_along_with_the_rows():
    order = [4, 2, 5, 1, 3]
    p, y, w = np.arange(5.0), np.arange(5.0)[::-1] * 3, np.arange(1.0, 6)
    csv("p.csv", {"id": range(1, 6), "p": p})
    at = [place - 1 for place in order]
    csv("y.csv", {"id": order, "y": y[at], "w": w[at], "m": [1, 0, 1, 1, 1]})
    masked = np.isin(np.arange(1, 6), [4, 5, 1, 3])
    plain = evaluate("mse", pred=p, target=y, sample_weight=w, mask=masked)
    question = {"pred": "p.csv:p", "target": "y.csv:y", "key": "id"}
    found = evaluate("mse", **question, sample_weight="y.csv:w", mask="y.csv:m")
    assert found.value == plain.value
    short = evaluate("mse", pred=p[:2], target=y[:2], sample_weight=w[:2])
    assert evaluate("mse", **question, sample_weight="y.csv:w", limit=2).value == short.value


def test_an_option_of_numbers_has_no_ids():
    np.savez("p.npz", id=[2, 1, 3], logits=[[0.5, 1], [-1, 3], [0, 1]])
    csv("y.csv", {"id": [1, 3, 2], "y": [1, 1, 0]})
    np.save("w.npy", [1.0, 3.0])
    found = evaluate("ce", logits="p.npz:logits", target="y.csv:y", key="id", weight="w.npy")
    assert (
        found.value
        == evaluate(
            "ce", logits=np.load("p.npz")["logits"], target=np.array([0, 1, 1]), weight=[1, 3]
        ).value
    )


def test_from_a_pipe(monkeypatch):
    csv("p.csv", {"id": [2, 1], "p": [0, 1]})
    text = "id,y\n1,1\n2,0\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert evaluate("mse", pred="p.csv:p", target="-:y", key="id").value == 0


def test_places_are_those_of_the_file():
    csv("p.csv", {"id": [2, 1], "p": [0.5, 0.5]})
    csv("y.csv", {"id": [1, 2], "y": [1, 3]})
    with pytest.raises(DataError, match=r"y\.csv:y, row 2 \(line 3\)"):
        evaluate("bce", probs="p.csv:p", target="y.csv:y", key="id")


@pytest.mark.parametrize("sort", [True, False])
@pytest.mark.parametrize("side", ["p", "y"])
def test_ids_twice(sort, side):
    keys = [1, 2, 2, 2, 5, 5]
    keys = keys if sort else keys[::-1]
    csv("p.csv", {"id": keys if side == "p" else range(6), "p": range(6)})
    csv("y.csv", {"id": keys if side == "y" else range(6), "y": range(6)})
    with pytest.raises(DataError) as told:
        evaluate("mse", pred="p.csv:p", target="y.csv:y", key="id", unmatched="omit")
    assert told.value.message.startswith(f"{side}.csv: 3 rows have the id of another row: ")


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([1.5, 2], "1.5 is no whole number, as ids are"),
        ([2.0**53, 2], "9007199254740992.0 is too large: floats skip whole numbers there"),
        ([np.nan, 2], "an id is NaN"),
        (np.array([2**64 - 1, 2], np.uint64), "18446744073709551615 is too large"),
        ([["a"], ["b"]], None),
        ([["a", "b"], ["b", "c"]], "p.npz:id has shape (2, 2), and there is one id for each row"),
        (["", "b"], "an id is empty"),
        ([1, 2, 3], "p.npz:p has shape (2,), and p.npz:id has 3 ids"),
    ],
)
def test_what_is_no_id(ids, told):
    np.savez("p.npz", id=ids, p=[0.0, 1.0])
    np.savez("y.npz", id=["a", "b"] if told is None else [1, 2], y=[0.0, 1.0])
    question = {"pred": "p.npz:p", "target": "y.npz:y", "key": "id"}
    if told is None:
        assert evaluate("mse", **question).value == 0
        return
    with pytest.raises(DataError) as caught:
        evaluate("mse", **question)
    assert told in str(caught.value)


def test_ids_that_fit_in_no_memory(monkeypatch):
    csv("p.csv", {"id": [2, 1], "p": [0, 1]})
    csv("y.csv", {"id": [1, 2], "y": [1, 0]})
    monkeypatch.setattr("losscli.memory.available", lambda: 100)
    with pytest.raises(DataError, match=r"which needs about \d+ bytes, and 100 bytes are free"):
        evaluate("mse", pred="p.csv:p", target="y.csv:y", key="id")
    csv("p.csv", {"id": [1, 2], "p": [1, 0]})
    assert evaluate("mse", pred="p.csv:p", target="y.csv:y", key="id").value == 0


def test_one_file_needs_no_key():
    csv("t.csv", {"id": [2, 1], "p": [0, 1], "y": [0, 1]})
    with pytest.raises(UsageError, match=r"only t\.csv has ids here"):
        evaluate("mse", data="t.csv", pred="p", target="y", key="id")


@pytest.mark.parametrize("threads", [1, 3])
def test_large_shuffled_files(threads, monkeypatch):
    monkeypatch.setattr("losscli.formats.picked._BUCKET", 2**12)
    rng = random.Random(3)
    keys = [f"{rng.getrandbits(60):x}" for _ in range(30000)]
    values = {key: rng.random() for key in keys}
    order = rng.sample(keys, len(keys))
    csv("p.csv", {"id": keys, "p": map(values.get, keys)})
    csv("y.csv", {"id": order, "y": map(values.get, order)})
    question = {"pred": "p.csv:p", "target": "y.csv:y", "key": "id"}
    assert evaluate("mse", **question, threads=threads).value == 0
