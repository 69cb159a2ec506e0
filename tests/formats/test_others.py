"""Files as other programs write them, read as those programs mean them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.base import Reading


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path, key=None):
    field = open_source(path).select(key)
    return field.rows(0, field.shape[0])


LOGITS = np.random.default_rng(0).normal(size=(7, 3))
LABELS = ["cat", "dog", "owl", "cat", "owl", "dog", "cat"]


@pytest.fixture
def frame():
    pandas = pytest.importorskip("pandas")
    found = pandas.DataFrame(LOGITS, columns=["cat", "dog", "owl"])
    found["label"] = LABELS
    return found


@pytest.mark.parametrize(
    ("suffix", "method", "options"),
    [
        (".csv", "to_csv", {}),
        (".csv", "to_csv", {"index": False}),
        (".tsv", "to_csv", {"index": False, "sep": "\t"}),
        (".csv.gz", "to_csv", {"index": False}),
        (".csv.zst", "to_csv", {"index": False}),
        (".parquet", "to_parquet", {}),
        (".feather", "to_feather", {}),
        (".jsonl", "to_json", {"orient": "records", "lines": True, "double_precision": 15}),
        (".json", "to_json", {"orient": "records", "double_precision": 15}),
        (".json", "to_json", {"orient": "list"}),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_pandas(suffix, method, options, frame):
    if options.get("orient") == "list":
        with open(f"x{suffix}", "w") as file:  # noqa: PTH123
            json.dump(frame.to_dict("list"), file)
    else:
        getattr(frame, method)(f"x{suffix}", **options)
    read = rows(f"x{suffix}", "cat,dog,owl")
    np.testing.assert_allclose(read, LOGITS, rtol=1e-14 if method == "to_json" else 0)
    assert rows(f"x{suffix}", "label").tolist() == LABELS


def test_pandas_counts_columns_without_names(frame):
    frame.iloc[:, :3].to_csv("x.csv", header=False, index=False)
    np.testing.assert_array_equal(rows("x.csv"), LOGITS)
    pandas = pytest.importorskip("pandas")
    for index in (True, False):
        pandas.DataFrame(LOGITS).to_csv("y.csv", index=index)
        with pytest.raises(DataError, match="--header if it holds names, --no-header if it is"):
            open_source("y.csv")
        field = open_source("y.csv", reading=Reading(header=True)).select(None)
        assert field.columns == ("0", "1", "2")
        assert [code for code, _ in field.notes] == ["index-column"] * index


def test_pandas_writes_nothing_for_nan(frame):
    frame.loc[3, "dog"] = np.nan
    frame.to_csv("x.csv", index=False)
    with pytest.raises(DataError, match=r"row 4 \(line 5\), column 'dog': the cell is empty"):
        rows("x.csv", "dog")


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"cat": LOGITS[:, 0], "dog": LOGITS[:, 1], "label": LABELS})
    frame.write_csv("x.csv")
    frame.write_parquet("x.parquet")
    frame.write_ipc("x.arrow")
    frame.write_ndjson("x.jsonl")
    frame.write_json("x.json")
    for suffix in (".csv", ".parquet", ".arrow", ".jsonl", ".json"):
        np.testing.assert_array_equal(rows(f"x{suffix}", "cat,dog"), LOGITS[:, :2])
        assert rows(f"x{suffix}", "label").tolist() == LABELS


def test_excel():
    """A byte order mark, CRLF, quotes where they must be, and TRUE."""
    with open("x.csv", "w", encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
        writer = csv.writer(file, "excel", delimiter=";")
        writer.writerows([["Größe; cm", "ok", "note"], [1.5, "TRUE", 'a "b"\n'], [-2, "FALSE", ""]])
    assert rows("x.csv", "Größe; cm").tolist() == [1.5, -2]
    assert rows("x.csv", "ok").tolist() == [True, False]


def test_r():
    """As write.csv(d) writes it, with NA for a missing number."""
    with open("x.csv", "w") as file:  # noqa: PTH123
        file.write('"","logit","y"\n"1",0.5,TRUE\n"2",-1e-05,FALSE\n"3",Inf,TRUE\n')
    assert rows("x.csv", "logit").tolist() == [0.5, -1e-5, np.inf]
    assert rows("x.csv", "y").tolist() == [True, False, True]
    with open("y.csv", "w") as file:  # noqa: PTH123
        file.write('"","logit"\n"1",0.5\n"2",NA\n')
    with pytest.raises(DataError, match="'NA' is not a number"):
        rows("y.csv", "logit")


@pytest.mark.parametrize("options", [{}, {"delimiter": ","}, {"delimiter": "\t", "fmt": "%.17g"}])
def test_savetxt(options):
    np.savetxt("x.txt", LOGITS, **options)
    np.testing.assert_array_equal(rows("x.txt"), LOGITS)
    np.savetxt("y.txt", [1, 0, 2, 1, 0, 0, 1], **(options | {"fmt": "%d"}))
    assert rows("y.txt").tolist() == [1, 0, 2, 1, 0, 0, 1]


def test_transformers():
    """A line of logits an example, as evaluation loops dump them."""
    with open("x.jsonl", "w") as file:  # noqa: PTH123
        for logits, label in zip(LOGITS.tolist(), LABELS, strict=True):
            label_id = ["cat", "dog", "owl"].index(label)
            file.write(json.dumps({"logits": logits, "label": label_id, "text": "…"}) + "\n")
    np.testing.assert_array_equal(rows("x.jsonl", "logits"), LOGITS)
    exponents = np.exp(LOGITS)
    wanted = -np.log(exponents / exponents.sum(axis=1, keepdims=True))
    labels = [["cat", "dog", "owl"].index(label) for label in LABELS]
    found = evaluate("ce", logits="x.jsonl:logits", target="x.jsonl:label").value
    assert found == pytest.approx(wanted[range(7), labels].mean(), rel=1e-14)


def test_predict_proba_of_sklearn(frame):
    linear = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    model = linear.LogisticRegression().fit(LOGITS, LABELS)
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(model.predict_proba(LOGITS), columns=model.classes_)
    table.assign(label=LABELS).to_csv("x.csv", index=False)
    found = evaluate("nll", log_probs=np.log(table.to_numpy()), target=[0, 1, 2, 0, 2, 1, 0]).value
    read = evaluate("ce", probs="x.csv:cat,dog,owl", target="x.csv:label").value
    assert read == pytest.approx(metrics.log_loss(LABELS, table.to_numpy()), rel=1e-12)
    assert read == pytest.approx(found, rel=1e-12)
