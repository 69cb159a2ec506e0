"""Values that are missing: left out if that is asked for, counted, and never taken for NaN."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.formats.missing import NUMBER, TEXT, mark, missing
from losscli.formats.text.cells import Column, part
from losscli.spool import Store

SEVERAL = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_the_mark_is_a_nan_that_no_other_is(kind):
    values = np.array([1, np.nan, -np.nan, np.inf, 0, 2], kind)
    values[4] = mark(values.dtype)
    assert np.isnan(values[4])
    for wider in (np.float16, np.float32, np.float64):
        if np.dtype(wider).itemsize >= np.dtype(kind).itemsize:
            assert missing(values.astype(wider)).tolist() == [False] * 4 + [True, False]
    assert missing(np.array([1, 2])) is None
    assert missing(np.array(["", "NA", TEXT])).tolist() == [False, False, True]
    assert missing(np.array([float("nan"), NUMBER, 0 * np.inf * NUMBER])).tolist()[:2] == [
        False,
        True,
    ]


def csv(columns, hole=""):
    def cell(value):
        return hole if value is None else str(value)

    rows = (",".join(map(cell, row)) for row in zip(*columns.values(), strict=True))
    Path("t.csv").write_text("\n".join([",".join(columns), *rows]) + "\n", "utf-8")
    return "t.csv"


def records(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def lines(columns):
    Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records(columns)), "utf-8")
    return "t.jsonl"


def document(columns):
    Path("t.json").write_text(json.dumps(records(columns)), "utf-8")
    return "t.json"


def lists(columns):
    Path("l.json").write_text(json.dumps(columns), "utf-8")
    return "l.json"


def parquet(columns, **options):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    kinds = {name: pa.float64() for name, values in columns.items() if set(values) == {None}}
    arrays = {name: pa.array(values, kinds.get(name)) for name, values in columns.items()}
    pq.write_table(pa.table(arrays), "t.parquet", row_group_size=3, **options)
    return "t.parquet"


WRITERS = {
    "csv": csv,
    "csv with NA": lambda columns: csv(columns, "NA"),
    "csv with null": lambda columns: csv(columns, " null "),
    "json lines": lines,
    "json": document,
    "json lists": lists,
    "parquet": parquet,
    "parquet without counts": lambda columns: parquet(columns, write_statistics=False),
    "parquet with dictionaries": lambda columns: parquet(columns, use_dictionary=True),
}


@pytest.fixture(params=WRITERS)
def written(request, monkeypatch):
    """A format, read in pieces of a few rows; and leaves of a few rows."""
    monkeypatch.setattr("losscli.formats.text.delimited._PIECE", 16)
    monkeypatch.setattr("losscli.formats.json.lines._PIECE", 24)
    monkeypatch.setattr("losscli.plan.LEAF", 3)
    return WRITERS[request.param]


numbers = st.floats(-8, 8, width=16) | st.integers(-9, 9)
optional = st.lists(st.tuples(st.none() | numbers, st.none() | numbers), min_size=1, max_size=20)


@given(optional)
@SEVERAL
def test_numbers(written, rows):
    columns = {"p": [p for p, _ in rows], "y": [y for _, y in rows]}
    question = {"data": written(columns), "pred": "p", "target": "y"}
    expected = [float((p - y) ** 2) for p, y in rows if None not in (p, y)]
    if not expected:
        with pytest.raises(DataError, match="--missing omit leaves it out"):
            evaluate("mse", **question, missing="omit")
        return
    result = evaluate("mse", **question, missing="omit")
    assert result.stats["count"] == len(expected)
    assert result.value == pytest.approx(sum(expected) / len(expected), abs=1e-12)
    count = len(rows) - len(expected)
    assert [note.count for note in result.notes if note.code == "missing-omitted"] == (
        [count] if count else []
    )
    if count:
        with pytest.raises(DataError, match="hint: --missing omit leaves such elements out"):
            evaluate("mse", **question)
    else:
        assert evaluate("mse", **question).value == result.value


@given(st.lists(st.none() | st.sampled_from(["cat", "dog"]), min_size=1, max_size=12))
@SEVERAL
def test_names(written, names):
    columns = {"cat": [*range(len(names))], "dog": [2.5] * len(names), "label": names}
    question = {"data": written(columns), "logits": "cat,dog", "target": "label"}
    kept = [place for place, name in enumerate(names) if name is not None]
    if not kept:
        return
    logits = np.array([[place, 2.5] for place in kept])
    plain = evaluate("ce", logits=logits, target=[["cat", "dog"].index(names[at]) for at in kept])
    result = evaluate("ce", **question, missing="omit")
    assert result.value == pytest.approx(plain.value)
    assert result.accuracy == plain.accuracy


@given(st.lists(st.none() | st.booleans(), min_size=1, max_size=12))
@SEVERAL
def test_bools(written, truths):
    columns = {"p": [0.25] * len(truths), "y": truths}
    question = {"data": written(columns), "probs": "p", "target": "y"}
    kept = [truth for truth in truths if truth is not None]
    if not kept:
        return
    plain = evaluate("bce", probs=[0.25] * len(kept), target=kept)
    assert evaluate("bce", **question, missing="omit").value == pytest.approx(plain.value)


@given(st.lists(st.sampled_from(["", "NA", "1", "-2.5", "nan", "true", "x", " ", "1e400"])))
@SEVERAL
def test_pieces_of_a_column_cannot_be_seen(cells):
    if not cells:
        return
    whole, apart = Column(Store(), missing=True), Column(Store(), missing=True)
    whole.add(cells)
    for cell in cells:
        apart.add([cell])
    one, other = whole.finish(), apart.finish()
    if hasattr(one, "dtype"):
        assert (one.dtype.kind, one.shape) == (other.dtype.kind, other.shape)
        assert np.array_equal(missing(one[:]), missing(other[:])) or one.dtype.kind in "ib"
        assert repr(one[:].tolist()) == repr(other[:].tolist())
    else:
        assert one == other


def test_parts_are_strict_beside_what_is_missing():
    assert part(["1", "", "x"], missing=True).wrong[0].row == 2
    assert part(["", "x", "2"], missing=True).wrong[0].row == 1
    assert part(["", "NA"], missing=True).blank
    assert part(["", "1"]).values is None


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "null", "NULL"])
def test_what_would_leave_it_out_is_told(cell, tmp_path):
    (tmp_path / "a.csv").write_text(f"p,y\n1,2\n3,{cell}\n")
    with pytest.raises(DataError, match="hint: --missing omit leaves such elements out"):
        evaluate("mse", data=tmp_path / "a.csv", pred="p", target="y")


def test_nan_is_not_missing(written):
    file = csv({"p": ["nan", "1", ""], "y": [1, 2, 3]})
    question = {"data": file, "pred": "p", "target": "y"}
    with pytest.raises(DataError, match="NaN"):
        evaluate("mse", **question, missing="omit")
    result = evaluate("mse", **question, missing="omit", nan="omit")
    counts = {note.code: note.count for note in result.notes}
    assert counts == {"missing-omitted": 1, "nan-omitted": 1}
    assert result.value == 1
    assert np.isnan(evaluate("mse", **question, missing="omit", nan="propagate").value)


def test_only_the_element_goes(written):
    columns = {"a": [1, None, 3], "b": [4, 5, None], "c": [1, 1, 1], "d": [0, 0, 0]}
    question = {"data": written(columns), "pred": "a,b", "target": "c,d"}
    result = evaluate("mse", **question, missing="omit")
    assert (result.stats["count"], result.value) == (4, (0 + 4 + 16 + 25) / 4)


def test_lists_of_parquet():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [[1, None], [3, 4]]
    pq.write_table(pa.table({"p": rows, "y": [[0.0, 0.0], [0.0, None]]}), "l.parquet")
    result = evaluate("mse", data="l.parquet", pred="p", target="y", missing="omit")
    assert result.value == (1 + 9) / 2
    pq.write_table(pa.table({"p": [[1, 2], None], "y": [[1, 2], [1, 2]]}), "l.parquet")
    with pytest.raises(DataError, match="the value is null"):
        evaluate("mse", data="l.parquet", pred="p", target="y", missing="omit")


def test_values_of_python():
    question = {"target": [1.0, 1.0, 1.0], "missing": "omit"}
    assert evaluate("mse", pred=[1, None, 3], **question).value == 2
    masked = np.ma.masked_array([1, 9, 3], [False, True, False])
    assert evaluate("mse", pred=masked, **question).value == 2
    assert evaluate("mse", pred="[1, null, 3]", **question).value == 2


def test_rows_are_left_out_where_a_row_is_the_element(written):
    columns = {"a": [1, None, 3], "b": [4.5, 5, 0], "y": [0, 1, 1]}
    result = evaluate("ce", data=written(columns), logits="a,b", target="y", missing="omit")
    plain = evaluate("ce", logits=[[1, 4.5], [3, 0]], target=[0, 1])
    assert (result.value, result.stats["count"]) == (plain.value, 2)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("arrow", [True, False])
def test_quick_ways_are_as_the_strict_one(threads, arrow, monkeypatch):
    """Pieces by Arrow, by workers, and row by row, of which only some have holes."""
    monkeypatch.setattr("losscli.formats.workers.WORTH", 0)
    monkeypatch.setattr("losscli.formats.text.arrow.WORTH", 0 if arrow else 2**62)
    monkeypatch.setattr("losscli.formats.text.delimited._PIECE", 2**12)
    generator = np.random.default_rng(7)
    values = generator.normal(size=(4000, 2)).tolist()
    for at in (1500, 1501, 3999):
        values[at][at % 2] = None
    pairs = [pair for pair in values if None not in pair]
    file = csv({"p": [p for p, _ in values], "y": [y for _, y in values]})
    question = {"data": file, "pred": "p", "target": "y", "missing": "omit"}
    result = evaluate("mse", **question, threads=threads)
    assert result.stats["count"] == 3997
    expected = evaluate("mse", pred=[p for p, _ in pairs], target=[y for _, y in pairs])
    assert result.value == pytest.approx(expected.value, rel=1e-15)


def test_ids_and_weights_cannot_be_missing():
    Path("p.csv").write_text("id,p,w\n1,2,1\n,3,1\n")
    Path("y.csv").write_text("id,y,w\n1,2,\n2,3,1\n")
    question = {"pred": "p.csv:p", "target": "y.csv:y", "missing": "omit"}
    with pytest.raises(DataError, match=r"p\.csv:id, row 2 \(line 3\): an id is empty"):
        evaluate("mse", **question, key="id")
    with pytest.raises(DataError, match="a weight is a finite number, not a missing value"):
        evaluate("mse", **question, sample_weight="y.csv:w")


def test_a_condition_does_not_hold_for_what_is_missing():
    Path("t.csv").write_text("split,p,y\nval,1,0\n,5,0\nNA,6,0\nval,3,0\n")
    question = {"data": "t.csv", "pred": "p", "target": "y", "missing": "omit"}
    assert evaluate("mse", **question, where="split=val").value == 5


def test_the_signature_tells():
    question = {"pred": [1.0], "target": [1.0]}
    assert "|missing=omit|" in evaluate("mse", **question, missing="omit").signature
    assert "missing" not in evaluate("mse", **question).signature
    with pytest.raises(UsageError, match="--missing cannot be 'propagate'"):
        evaluate("mse", **question, missing="propagate")
