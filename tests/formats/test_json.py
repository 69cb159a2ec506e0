"""JSON: lists, paths, records, and what is told of everything irregular."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import textwrap
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.json.document import literal
from losscli.formats.json.records import Lists, Records

OMIT = "--missing omit leaves such elements out"


@pytest.fixture
def document(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def opened(value):
        text = value if isinstance(value, str) else json.dumps(value)
        (tmp_path / "a.json").write_text(text, "utf-8")
        return open_source("a.json")

    return opened


def values(source, key=None):
    field = source.select(key)
    return field.rows(0, field.shape[0] if field.shape else 1).tolist()


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


# ---- arrays


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ([1, 2], "int64", (2,)),
        ([1, 2.5], "float64", (2,)),
        ([2**53 + 1], "int64", (1,)),
        ([1, 10**20], "float64", (2,)),
        ([True, False], "bool", (2,)),
        (["cat", "dog"], "<U3", (2,)),
        ([[1], [2]], "int64", (2, 1)),
        ([[[1.0, 2]], [[3, 4]]], "float64", (2, 1, 2)),
        ([], "float64", (0,)),
        ([[], []], "float64", (2, 0)),
        (3, "int64", ()),
        (0.5, "float64", ()),
        (["NaN", "cat"], "<U3", (2,)),
        (["NaN", "Infinity"], "float64", (2,)),
    ],
)
def test_arrays(document, value, dtype, shape):
    field = document(value).select(None)
    assert (field.dtype, field.shape) == (np.dtype(dtype), shape)
    read = field.rows(0, 9)
    assert read.shape == shape
    if dtype != "float64" or shape == ():
        assert read.tolist() == value


def test_odd_numbers(document):
    text = json.dumps([np.nan, np.inf, -np.inf])
    strings = ["NaN", "Infinity", "-Infinity"]
    for source in (document(text), document(strings), document([1.0, *strings])):
        np.testing.assert_array_equal(values(source)[-3:], [np.nan, np.inf, -np.inf])


def test_utf8(document, tmp_path):
    assert values(document('\ufeff{"ä": [1]}'), "ä") == [1]
    (tmp_path / "a.json").write_bytes(b'["\xe9"]')
    assert told(open_source, "a.json") == "a.json, line 1: byte 0xe9 is not UTF-8"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[1, 2], [3]]", ", [1]: has 1 values where [0] has 2 (1 such list)"),
        ("[[1], [1, 2], [1, 2]]", ", [1]: has 2 values where [0] has 1 (2 such lists)"),
        ("[[1, 2], 3]", ", [1]: is no list where [0] has 2 (1 such list)"),
        ("[3, [1, 2]]", ", [0]: is no list where [1] has 2 (1 such list)"),
        ("[[[1], [1]], [[1], [1, 2]]]", ", [1][1]: has 2 values where [0][0] has 1 (1 such list)"),
        ("[1, null, null]", ", [1]: null is not a number (2 such values)"),
        ('[[1, 2], [3, "4"]]', ", [1][1]: '4' is not a number (1 such value)"),
        ("[1, true]", ", [1]: true is not a number (1 such value)"),
        ("[1, {}]", ", [1]: an object is not a number (1 such value)"),
        ("[null]", ", [0]: null is not a number (1 such value)"),
        ("null", ": null is not a number (1 such value)"),
        ("[1.5, 1e400]", ", [1]: 1e400 is too large for a 64-bit number (1 such value)"),
        ("[[0.5, -1e400]]", ", [0][1]: -1e400 is too large for a 64-bit number (1 such value)"),
        (
            "[0.5, 1" + "0" * 400 + "]",
            f", [1]: 1{'0' * 39} is too large for a 64-bit number (1 such value)",
        ),
    ],
)
def test_irregular(document, text, message):
    hint = f"\nhint: {OMIT}" if "null is" in message else ""
    assert told(document(text).select, None) == f"a.json{message}{hint}"


def test_infinity_is_not_too_large(document):
    assert values(document("[1e308, Infinity]")) == [1e308, np.inf]
    source = document('{"a": [Infinity, 0.5], "b": [1e400, 1.0]}')
    assert values(source, "a") == [np.inf, 0.5]
    assert told(source.select, "b") == (
        "a.json:b, [0]: 1e400 is too large for a 64-bit number (1 such value)"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " is empty"),
        (" \n", " is empty"),
        ("[1,\n 2", ", line 2, column 3: not JSON: expecting ',' delimiter"),
        ("a,b\n", ", line 1, column 1: not JSON: expecting value"),
        ("[1] [2]", ", line 1, column 5: not JSON: extra data"),
        ('{"a": [1], "a": [2]}', ": an object has two values named 'a'"),
        ("[" * 100_000, " is nested too deep"),
        ("[" * 50 + "]" * 50, " is nested too deep"),
    ],
)
def test_broken(document, text, message):
    assert told(lambda: document(text).select(None)) == f"a.json{message}"


def test_huge_integer(document):
    assert told(document, "[" + "1" * 5000 + "]").startswith("a.json: ")


# ---- paths


DOCUMENT = {
    "name": "run 1",
    "out": {"logits": [[1, 2, 3], [4, 5, 6]], "y": [0, 1]},
    "a.b": {"c.d": [7, 8]},
    "runs": [{"preds": [1, 2], "meta": {"n": 2}}, {"preds": [3, 4], "meta": {"n": 2}}],
    "rows": [{"x": 1, "y": 0.5, "s": "cat"}, {"y": 1.5, "x": 2, "s": "dog"}],
    "scale": 0.5,
    "cols": {"p": [1, 2], "q": [3, 4], "r": [1, 2, 3]},
}


@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("out.y", [0, 1]),
        ("out.logits", [[1, 2, 3], [4, 5, 6]]),
        ("out.logits.1", [2, 5]),
        ("out.logits.-1", [3, 6]),
        ("out.logits.2,0", [[3, 1], [6, 4]]),
        ("out.logits.0..1", [[1, 2], [4, 5]]),
        ("a.b.c.d", [7, 8]),
        ("runs.0.preds", [1, 2]),
        ("runs.-1.preds", [3, 4]),
        ("runs.*.preds", [[1, 2], [3, 4]]),
        ("runs.*.meta.n", [2, 2]),
        ("runs.preds", [[1, 2], [3, 4]]),
        ("rows.x", [1, 2]),
        ("rows.*.x", [1, 2]),
        ("rows.y,x", [[0.5, 1], [1.5, 2]]),
        ("rows.s", ["cat", "dog"]),
        ("rows.x..y", [[1, 0.5], [2, 1.5]]),
        ("rows.[xy]", [[1, 0.5], [2, 1.5]]),
        ("scale", 0.5),
        ("cols.p,q", [[1, 3], [2, 4]]),
        ("out.y.1", 1),
    ],
)
def test_paths(document, key, read):
    source = document(DOCUMENT)
    assert values(source, key) == read
    assert source.select(key).label == f"a.json:{key}"


def test_keys_at_the_root(document):
    assert values(document([[1, 2], [3, 4]]), "1") == [2, 4]
    assert values(document([[1, 2], [3, 4]]), "1,0") == [[2, 1], [4, 3]]
    records = document([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    assert values(records) == [[1, 2], [3, 4]]
    assert values(records, "b") == [2, 4]
    assert values(records, "0") == [1, 3]
    assert values(records, "*") == [[1, 2], [3, 4]]
    assert records.select(None).columns == ("a", "b")
    assert records.select(None, leave=["a"]).rows(0, 2).tolist() == [2, 4]


def test_unknown_key(document):
    assert told(document(DOCUMENT).select, "out.logit") == (
        "a.json has no key 'out.logit'; it holds name () text, out.logits (2, 3) int64, "
        "out.y (2,) int64, a.b.c.d (2,) int64, runs.preds (2, 2) int64, runs.meta (2,) mixed, "
        "rows.x (2,) int64, rows.y (2,) float64, rows.s (2,) text, scale () float64, "
        "cols.p (2,) int64, cols.q (2,) int64, cols.r (3,) int64\n"
        "hint: did you mean 'out.logits'?"
    )
    records = document([{"a": 1}, {"a": 3}])
    assert told(records.select, "b") == "a.json has no column 'b'; it holds a (2,) int64"
    assert told(document([1, 2]).select, "5") == "a.json has no key '5'; it holds (2,) int64"
    assert told(document({"a": [[1, 2]]}).select, "a.2") == (
        "a.json:a has no column '2'; it holds a (1, 2) int64"
    )


def test_one_array_needs_no_key(document):
    source = document({"name": "x", "out": {"logits": [1, 2]}, "scale": 3})
    field = source.select(None)
    assert (values(source), field.key, field.label) == ([1, 2], None, "a.json")
    several = document({"a": [1, 2], "b": {"c": [3.5]}})
    assert told(several.select, None) == (
        "a.json holds 2 arrays: a (2,) int64, b.c (1,) float64\n"
        "hint: name one with a key, as in a.json:a"
    )
    assert several.select(None, leave=["a"]).rows(0, 1).tolist() == [3.5]
    assert told(document({"a": 1}).select, None) == "a.json holds no array"


# ---- records


def test_uneven_records(document):
    source = document([{"a": 1, "b": 2}, {"a": 3}, {"a": 3}])
    assert values(source, "a") == [1, 3, 3]
    assert told(source.select, "b") == "a.json, [1]: there is no 'b' (2 such objects)"
    assert told(document([{"a": 1}, {"a": 1, "z": 2}]).select, None) == (
        "a.json, [1]: [0] has no 'z'"
    )
    assert told(document([{"a": 1}, {"a": None}]).select, "a") == (
        f"a.json, [1].a: null is not a number (1 such value)\nhint: {OMIT}"
    )
    assert told(document([{"a": 1, "s": "x"}]).select, None) == (
        "a.json: column 's' holds text, such as 'x'\n"
        "hint: choose columns of numbers, as in a.json:a"
    )
    assert told(document({"r": [{"a": 1, "s": "x"}]}).select, "r") == (
        "a.json:r: column 's' holds text, such as 'x'\n"
        "hint: choose columns of numbers, as in a.json:r.a"
    )
    assert told(document({"a": [1], "b": [1, 2]}).select, "a,b") == (
        "a.json: 'a' has 1 values, and 'b' has 2"
    )


def test_records_with_arrays(document):
    source = document([{"logits": [1, 2], "y": 0}, {"logits": [3, 4], "y": 1}])
    assert values(source, "logits") == values(source, "*.logits") == [[1, 2], [3, 4]]
    assert values(source, "y") == [0, 1]
    ragged = document([{"logits": [1, 2], "y": 0}, {"logits": [3], "y": 1}])
    assert told(ragged.select, "logits") == (
        "a.json, [1].logits: has 1 values where [0].logits has 2 (1 such list)"
    )


# ---- memory


def test_what_cannot_fit_is_refused(document, monkeypatch):
    monkeypatch.setattr("losscli.memory.available", lambda: 2**20)
    monkeypatch.setattr("losscli.formats.json.document._SMALL", 2**10)
    assert values(document([0.5] * 100), None) == [0.5] * 100
    assert told(document, [0.123456789012345678] * 100_000) == (
        "a.json: a JSON document is parsed whole, which needs about 6.5 MiB, and 1 MiB are free\n"
        "hint: JSON lines, NPY and Parquet are read in bounded memory"
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    "value",
    [
        [i / 7 for i in range(300_000)],
        [i % 2 for i in range(1_000_000)],
        [round(i / 7, 2) for i in range(500_000)],
        [[i / 7] * 2 for i in range(150_000)],
        [{"a": i / 7, "b": i % 2} for i in range(100_000)],
        [{"a": [i / 7] * 10, "b": f"id {i}"} for i in range(30_000)],
        ["cat" if i % 3 else "dog" for i in range(500_000)],
    ],
    ids=["floats", "bits", "short", "pairs", "records", "lists", "text"],
)
def test_the_memory_that_is_promised(value, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    key = "a" if isinstance(value[0], dict) else None
    code = f"""
        from losscli.formats import open_source
        from losscli.formats.json import document as json_
        import numpy, losscli.formats.table
        def peak():
            lines = open("/proc/self/status").readlines()
            return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
        before = peak()
        field = open_source({str(path)!r}).select({key!r})
        print(peak() - before, json_._weight(open({str(path)!r}, "rb").read(2**16)))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    taken, weight = map(float, run.stdout.split())
    assert 0.5 < taken / (weight * path.stat().st_size) < 1.5


def test_a_field_does_not_keep_the_document(document):
    for value, key in (([{"a": 1.5}] * 3, "a"), ({"a": [1.5], "b": [2]}, "a"), ([[1, 2]], "1")):
        source = document(value)
        held = weakref.ref(source)
        field = source.select(key)
        del source
        gc.collect()
        assert held() is None
        assert field.shape
        assert not any(type(one) in (Lists, Records) for one in gc.get_objects())


# ---- inline


def test_literal():
    assert literal("[0, 1]").select(None).rows(0, 2).tolist() == [0, 1]
    assert literal('["NaN", 1]').select(None).dtype == np.float64
    assert told(literal, "[0, 1") == (
        "inline JSON, line 1, column 6: not JSON: expecting ',' delimiter"
    )
    message = f"inline JSON, [1]: null is not a number (1 such value)\nhint: {OMIT}"
    assert told(literal("[0, null]").select, None) == message


numbers = st.one_of(
    arrays.arrays(np.float64, arrays.array_shapes(max_dims=4, max_side=3)),
    arrays.arrays(np.int64, arrays.array_shapes(max_dims=4, max_side=3)),
    arrays.arrays(np.bool_, arrays.array_shapes(max_dims=4, max_side=3)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(array=numbers, nested=st.booleans())
def test_round_trip(array, nested, document):
    source = document({"x": array.tolist()} if nested else array.tolist())
    field = source.select("x" if nested else None)
    assert field.dtype == array.dtype
    np.testing.assert_array_equal(field.rows(0, len(array)), array)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("[.5, 1., -.2]", [0.5, 1.0, -0.2]),
        ("[+1.5e3, 1e5, -0.25E-3]", [1500.0, 1e5, -0.00025]),
        ("[inf, -inf, Infinity]", [float("inf"), float("-inf"), float("inf")]),
        ("[[.9,.2],[1,2]]", [[0.9, 0.2], [1.0, 2.0]]),
        ('["a.b", "nan."]', ["a.b", "nan."]),
    ],
)
def test_numbers_in_a_word_are_as_people_type_them(typed, values):
    assert literal(typed).select(None).rows(0, 9).tolist() == values


@pytest.mark.parametrize("typed", ["[1.5.2]", "[.]", "[007.5]", "[1_0.]", "[.5.]", "[a.5]"])
def test_words_that_are_no_numbers_stay_wrong(typed):
    assert "not JSON" in told(literal, typed)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_long_text_is_no_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"p": 0.5, "label": "ab"[i % 2]} for i in range(50)]
    rows[30]["label"] = "x" * 5000
    lines = [json.dumps(row) for row in rows]
    text = f"[{','.join(lines)}]" if name == "a.json" else "\n".join(lines)
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match="is too long for a name") as caught:
        open_source(name).select("label").rows(0, 50)
    assert "30" in str(caught.value) or "line 31" in str(caught.value)
