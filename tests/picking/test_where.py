"""Rows of which a column has a value."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError, UsageError

SPLIT = ["val", "train", "val", "test", "train", "val"]
FOLD = [1, 2, 1, 2, 2, 2]
P = [0.5, 1.0, -2.0, 3.0, 0.0, 7.0]
Y = [1.0, 0.0, 0.0, 2.0, 1.0, 5.0]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = zip(SPLIT, FOLD, P, Y, strict=True)
    text = "".join(f"{split},{fold},{p},{y}\n" for split, fold, p, y in rows)
    Path("t.csv").write_text(f"split,fold,p,y\n{text}")
    np.save("p.npy", P)
    return tmp_path


def mean(taken):
    losses = [(p - y) ** 2 for p, y, one in zip(P, Y, taken, strict=True) if one]
    return sum(losses) / len(losses)


VALIDATION = [one == "val" for one in SPLIT]


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ("split=val", VALIDATION),
        ("fold=2", [one == 2 for one in FOLD]),
        ("fold=2.0", [one == 2 for one in FOLD]),
        (["split=val", "fold=1"], [True, False, True, False, False, False]),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".npz", ".parquet"])
def test_one_file(where, taken, suffix):
    columns = {"split": SPLIT, "fold": FOLD, "p": P, "y": Y}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if suffix == ".jsonl":
        Path("u.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == ".json":
        Path("u.json").write_text(json.dumps(rows))
    elif suffix == ".npz":
        np.savez("u.npz", **columns)
    elif suffix == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.table(columns), "u.parquet", row_group_size=2)
    else:
        Path("u.csv").write_bytes(Path("t.csv").read_bytes())
    result = evaluate("mse", data=f"u{suffix}", pred="p", target="y", where=where)
    assert result.value == mean(taken)
    assert [note.count for note in result.notes if note.code == "picked"] == [sum(taken)]


def test_a_file_without_the_column_goes_along():
    question = {"target": "t.csv:y", "where": "split=val"}
    assert evaluate("mse", pred="p.npy", **question).value == mean(VALIDATION)
    np.save("few.npy", [p for p, one in zip(P, VALIDATION, strict=True) if one])
    assert evaluate("mse", pred="few.npy", **question).value == mean(VALIDATION)
    np.save("odd.npy", P[:4])
    with pytest.raises(DataError, match="4 predictions but 3 targets"):
        evaluate("mse", pred="odd.npy", **question)


def test_files_that_disagree():
    rows = [f"{split},{p}\n" for split, p in zip(SPLIT, P, strict=True)]
    Path("other.csv").write_text("split,p\n" + "".join(rows))
    question = {"pred": "other.csv:p", "target": "t.csv:y", "where": "split=val"}
    assert evaluate("mse", **question).value == mean(VALIDATION)
    Path("other.csv").write_text("split,p\n" + "".join(rows[::-1]))
    with pytest.raises(DataError, match=r"takes other rows of t\.csv than of other\.csv"):
        evaluate("mse", **question)


def test_with_a_key_the_solution_alone_may_have_the_column():
    Path("s.csv").write_text("id,p\n" + "".join(f"{i},{P[i]}\n" for i in (5, 3, 1, 0, 2, 4)))
    lines = "".join(f"{i},{Y[i]},{SPLIT[i]}\n" for i in range(6))
    Path("y.csv").write_text(f"id,y,split\n{lines}")
    question = {"pred": "s.csv:p", "target": "y.csv:y", "key": "id"}
    assert evaluate("mse", **question, where="split=val").value == mean(VALIDATION)
    Path("s.csv").write_text("id,p\n" + "".join(f"{i},{P[i]}\n" for i in (5, 0, 2)))
    assert evaluate("mse", **question, where="split=val").value == mean(VALIDATION)
    with pytest.raises(
        DataError, match=r"3 of 6 rows of y\.csv have no partner in s\.csv: 1, 3, 4"
    ):
        evaluate("mse", **question)
    with pytest.raises(DataError, match="has no partner"):
        evaluate("mse", **question, where="split=test")


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("spilt=val", "--where spilt=val: t.csv has no column 'spilt'; it holds split (6,) text"),
        ("split=dev", "--where split=dev leaves no row: t.csv:split holds 'test', 'train', 'val'"),
        ("fold=x", "--where fold=x: t.csv:fold holds numbers, not 'x'"),
    ],
)
def test_refused(where, told):
    with pytest.raises(DataError) as caught:
        evaluate("mse", data="t.csv", pred="p", target="y", where=where)
    assert caught.value.message.startswith(told)


@pytest.mark.parametrize("where", ["split", "=val", ""])
def test_no_condition(where):
    with pytest.raises(UsageError, match="no COLUMN=VALUE"):
        evaluate("mse", data="t.csv", pred="p", target="y", where=where)


def test_the_signature_tells():
    question = {"data": "t.csv", "pred": "p", "target": "y"}
    signature = evaluate("mse", **question, where=["split=val", "fold=1"]).signature
    assert "|where=fold=1|where=split=val|" in signature
    assert "where" not in evaluate("mse", **question).signature
