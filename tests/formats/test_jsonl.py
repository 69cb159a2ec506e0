"""JSON lines: the same verdicts as of one document with the same rows, line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losscli.errors import DataError, LosscliError
from losscli.formats import open_source
from losscli.formats.base import Reading
from losscli.formats.json import lines as jsonl
from losscli.formats.json import plain as jsonlines
from losscli.watch import Watch

OMIT = "--missing omit leaves such elements out"


@pytest.fixture
def lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def opened(rows, keys=None, **reading):
        text = rows if isinstance(rows, str) else "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "a.jsonl").write_text(text, "utf-8", newline="")
        return open_source("a.jsonl", reading=Reading(**reading), keys=keys)

    return opened


@pytest.fixture(params=[1, 2**21], ids=["a line a piece", "one piece"])
def piece(request, monkeypatch):
    monkeypatch.setattr(jsonl, "_PIECE", request.param)


def read(source, key=None):
    field = source.select(key)
    return field.rows(0, field.shape[0]).tolist()


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


# ---- rows and keys


ROWS = [
    {"x": 1, "y": 0.5, "s": "cat", "out": {"a": 1, "b": 2}, "l": [1, 2, 3], "d.d": 5},
    {"x": 2, "y": 1.5, "s": "horse", "out": {"b": 4, "a": 3}, "l": [4, 5, 6], "d.d": 6},
]
ROWS[0]["r"], ROWS[1]["r"] = [{"p": 7}], [{"p": 8}]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("x", [1, 2]),
        ("0", [1, 2]),
        ("*.x", [1, 2]),
        ("y,x", [[0.5, 1], [1.5, 2]]),
        ("x..y", [[1, 0.5], [2, 1.5]]),
        ("[xy]", [[1, 0.5], [2, 1.5]]),
        ("s", ["cat", "horse"]),
        ("out.a", [1, 3]),
        ("out.a,b", [[1, 2], [3, 4]]),
        ("out.*", [[1, 2], [3, 4]]),
        ("l", [[1, 2, 3], [4, 5, 6]]),
        ("l.0", [1, 4]),
        ("l.-1", [3, 6]),
        ("l.0..1", [[1, 2], [4, 5]]),
        ("l.2,0", [[3, 1], [6, 4]]),
        ("d.d", [5, 6]),
        ("r.p", [[7], [8]]),
        ("r.*.p", [[7], [8]]),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_keys(lines, piece, key, expected, announced):
    source = lines(ROWS, keys=[key] if announced else ["nothing"])
    assert read(source, key) == expected
    assert source.select(key).label == f"a.jsonl:{key}"


def test_columns_and_places(lines):
    source = lines([{"a": 1, "b": 2}, {"b": 3, "a": 4}])
    field = source.select(None)
    assert (field.columns, field.rows(0, 2).tolist()) == (("a", "b"), [[1, 2], [4, 3]])
    assert field.place((1, 0)) == "row 2, column 'a'"
    assert source.select(None, leave=["a"]).columns == ("b",)


@pytest.mark.parametrize(
    ("text", "dtype", "rows"),
    [
        ("[1, 2]\n[3, 4]\n", "int64", [[1, 2], [3, 4]]),
        ("[[1], [2]]\n[[3], [4.5]]", "float64", [[[1], [2]], [[3], [4.5]]]),
        ("1\n2.5\n\n\r\n \n", "float64", [1, 2.5]),
        ("true\nfalse", "bool", [True, False]),
        ('"cat"\n"horse"', "<U5", ["cat", "horse"]),
        ("[]\n[]", "float64", [[], []]),
        (" [1]\r\n\t[2]\r\n", "int64", [[1], [2]]),
        ("\ufeff[1]", "int64", [[1]]),
        ("7", "int64", [7]),
    ],
)
def test_lists_and_numbers(lines, piece, text, dtype, rows):
    field = lines(text).select(None)
    assert (field.dtype, field.shape[0]) == (np.dtype(dtype), len(rows))
    assert field.rows(0, 9).tolist() == rows


def test_columns_of_lists(lines):
    source = lines("[1, 2, 3]\n[4, 5, 6]\n")
    assert read(source, "1") == [2, 5]
    assert read(source, "-1,0") == [[3, 1], [6, 4]]
    assert source.select(None, leave=["1"]).rows(0, 2).tolist() == [[1, 3], [4, 6]]
    assert "no column '3'" in told(source.select, "3")


def test_unknown_key(lines):
    source = lines(ROWS, keys=["outs"])
    assert told(source.select, "out.c") == (
        "a.jsonl has no key 'out.c'; it holds x (2,) int64, y (2,) float64, s (2,) text, "
        "out.a (2,) int64, out.b (2,) int64, l (2, 3) int64, d.d (2,) int64, r.p (2, 1) int64\n"
        "hint: did you mean 'out.b'?"
    )


# ---- kinds are decided over all lines


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, 0.5], "float64"),
        ([1, "NaN", 3], "float64"),
        (["NaN", "Infinity", "-Infinity"], "float64"),
        (["NaN", "cat", "Infinity"], "<U8"),
        (["cat", "NaN"], "<U3"),
        ([1, 10**20], "float64"),
        ([10**20, 2**53 + 1], "float64"),
        ([2**53 + 1, 1], "int64"),
        ([True, False], "bool"),
    ],
)
def test_kinds(lines, piece, values, dtype):
    field = lines([{"a": value} for value in values]).select("a")
    expected = np.array([float(v) if dtype == "float64" else v for v in values], dtype)
    assert field.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(field.rows(0, 9), expected)


def test_odd_numbers(lines, piece):
    text = '{"a": NaN}\n{"a": Infinity}\n{"a": -Infinity}\n{"a": "NaN"}\n{"a": 1e308}\n'
    np.testing.assert_array_equal(read(lines(text), "a"), [np.nan, np.inf, -np.inf, np.nan, 1e308])


# ---- what is irregular


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a": 1}\n{"a": null}\n{"a": null}',
            ", line 2, 'a': null is not a number (2 such values)",
        ),
        ('{"a": 1}\n{"a": true}', ", line 2, 'a': true is not a number (1 such value)"),
        ('{"a": true}\n{"a": 1}', ", line 1, 'a': true is not a number (1 such value)"),
        ('{"a": 1}\n{"a": "x"}', ", line 2, 'a': 'x' is not a number (1 such value)"),
        ('{"a": "x"}\n{"a": false}', ", line 1, 'a': 'x' is not a number (1 such value)"),
        ('{"a": {}}', ", line 1, 'a': an object is not a number (1 such value)"),
        ('{"a": 1}\n{"b": 1}\n{"b": 1}', ", line 2: there is no 'a' (2 such lines)"),
        ('{"a": [1, 2]}\n{"a": [1]}', ", line 2, 'a': has 1 values where the first line has 2 (1 "),
        ('{"a": [1, 2]}\n{"a": 1}', ", line 2, 'a': is no list, unlike the first line (1 such lin"),
        ('{"a": 1}\n{"a": [1]}', ", line 2, 'a': holds a list, unlike the first line (1 such line"),
        ('{"a": [[1]]}\n{"a": [[1], [2]]}', ", line 2, 'a': has shape (2, 1) where the first lin"),
        ('{"a": [[1], [2, 3]]}', ", line 1, 'a': holds lists of several lengths (1 such line)"),
        ('{"a": [1, 2]}\n{"a": [1, null]}', ", line 2, 'a'[1]: null is not a number (1 such valu"),
        ('{"a": 1.5}\n{"a": 1e400}', ", line 2, 'a': 1e400 is too large for a 64-bit number (1 s"),
        ('{"a": Infinity}\n{"a": -1e400}', ", line 2, 'a': -1e400 is too large for a 64-bit num"),
        ('{"a": 1}\n{"a": 1' + "0" * 400 + "}", ", line 2, 'a': 1000000"),
        ("[1, 2]\n[3]", ", line 2: has 1 values where the first line has 2 (1 such line)"),
        ("[1, 2]\n[3, null]", ", line 2, [1]: null is not a number (1 such value)"),
        ("[1, 2]\n3", ", line 2: is no list, unlike the first line (1 such line)"),
        ('1\n{"a": 1}', ", line 2: an object is not a number (1 such value)"),
        ('{"a": 1}\n[1]', ", line 2: there is no 'a' (1 such line)"),
        ("null", ", line 1: null is not a number (1 such value)"),
    ],
)
def test_irregular(lines, piece, text, message):
    key = "a" if text.startswith("{") else None
    assert told(lambda: lines(text).select(key)).startswith(f"a.jsonl{message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " is empty"),
        ("\n \r\n", " is empty"),
        ("\n1", ", line 1: the line is blank"),
        ("1\n\n\n2\n", ", line 2: the line is blank"),
        ("1\n2\n \n3", ", line 3: the line is blank"),
        ('{"a": 1}\n{"a": 2', ", line 2, column 8: not JSON: expecting ',' delimiter"),
        ('{"a": 1}\n{"a": 2} {"a": 3}', ", line 2, column 10: not JSON: extra data"),
        ('{"a": 1}\n{"a": 2},{"a": 3}', ", line 2, column 9: not JSON: extra data"),
        ('{"a": 1}\n{"a": 2, "a": 3}', ", line 2: an object has two values named 'a'"),
        (
            '{"a": 1}\n{"a": 2, "b": {"c": 1, "c": 2}}',
            ", line 2: an object has two values named 'c'",
        ),
        ("[1]\n" + "[" * 100_000, ", line 2: it is nested too deep"),
        ("[1]\n[" + "1" * 5000 + "]", ", line 2: Exceeds"),
        ("1,2\n3", ", line 1, column 2: not JSON: extra data"),
        ("[3,4],[5,6]\n[1\n2]", ", line 1, column 6: not JSON: extra data"),
    ],
)
def test_broken(lines, piece, text, message):
    assert told(lambda: lines(text).select("a" if "{" in text else None)).startswith(
        f"a.jsonl{message}"
    )


@pytest.mark.parametrize(
    "text",
    [
        '[[1,2]\n[3,4]]\n[5],[6]',
        '[0,0]\n[3,4],[5,6]\n[1\n2]',
        '{"a":[{"b":1}\n{"c":2}]}\n{"a":1},{"a":2}',
        '{"a":"x}\n{y"}\n{"a":"b"},{"a":"c"}',
        '{"a":1\n"b":2}\n{"a":1},{"a":3}',
        '{"a":1}\n{"a":"}\n{"}',
        '"a\nb"\n"c","d"',
    ],
)  # fmt: skip
def test_values_neither_share_a_line_nor_cross_one(text):
    with pytest.raises(jsonlines.LineError):
        jsonlines.values(text.encode())


def test_a_document_in_place_of_lines(lines):
    assert told(lines, '[\n  {"a": 1},\n  {"a": 2}\n]\n') == (
        "a.jsonl, line 1, column 2: not JSON: expecting value\n"
        "hint: --input-format json reads it as one document"
    )
    assert told(lines, "a,b\n1,2\n").startswith("a.jsonl, line 1, column 1: not JSON")


def test_lines_in_place_of_a_document(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text('{"a": 1}\n{"a": 2}\n')
    assert told(open_source, "a.json") == (
        "a.json, line 2, column 1: not JSON: extra data\n"
        "hint: --input-format jsonl reads one value a line"
    )
    assert open_source("a.json", fmt="jsonl").select("a").rows(0, 2).tolist() == [1, 2]
    Path("b").write_text('{"a": 1}\n{"a": 2}\n')
    assert open_source("b").select("a").rows(0, 2).tolist() == [1, 2]
    Path("c").write_text('{"a":\n [1]}\n')
    assert open_source("c").select("a").rows(0, 2).tolist() == [1]


def test_utf8(lines, piece, tmp_path):
    assert read(lines('{"ä": "Ä"}\n{"ä": "ß"}'), "ä") == ["Ä", "ß"]
    (tmp_path / "a.jsonl").write_bytes(b'{"a": "x"}\n{"a": "\xe9"}')
    assert told(open_source("a.jsonl").select, "a") == "a.jsonl, line 2: byte 0xe9 is not UTF-8"


def test_uneven_objects(lines, piece):
    rows = [{"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 5, "b": 6, "z": 7}]
    assert told(lines(rows).select, None) == "a.jsonl, line 3: the first line has no 'z'"
    assert read(lines(rows), "a") == read(lines(rows, keys=["a"]), "a") == [1, 3, 5]
    assert told(lines(rows, keys=["a"]).select, None).endswith("the first line has no 'z'")
    missing = lines([{"a": 1, "b": 2}, {"a": 3}])
    assert told(missing.select, None) == "a.jsonl, line 2: there is no 'b' (1 such line)"
    assert read(missing, "a") == [1, 3]


def test_text_among_columns(lines):
    source = lines([{"s": "x", "a": 1}, {"s": "y", "a": 2}])
    for key in (None, "s,a"):
        assert told(source.select, key) == (
            "a.jsonl: column 's' holds text, such as 'x'\n"
            "hint: choose columns of numbers, as in a.jsonl:a"
        )


# ---- one look at the file, and what is told of it


class Ledger(Watch):
    def __init__(self):
        self.told = []

    def begin(self, what, total, unit):
        self.told.append([what, total, unit, 0])

    def advance(self, amount):
        self.told[-1][3] += amount

    def end(self):
        self.told[-1].append("end")


def test_announced_keys_take_one_look(lines):
    rows = [{"a": i, "b": i / 2, "c": "x"} for i in range(50)]
    watch = Ledger()
    source = lines(rows, keys=["a", "b"], watch=watch)
    assert read(source, "a") == [*range(50)]
    assert len(read(source, "b")) == 50
    size = os.path.getsize("a.jsonl")  # noqa: PTH202
    assert watch.told == [["reading a.jsonl", size, "bytes", size, "end"]]
    assert set(read(source, "c")) == {"x"}
    assert len(watch.told) == 2


def test_several_cores(lines, monkeypatch):
    monkeypatch.setattr(jsonl, "_PIECE", 2**16)
    monkeypatch.setattr("losscli.formats.workers.WORTH", 0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(10_000), rng.integers(0, 9, 10_000)
    rows = [{"x": a, "y": b} for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    for threads in (1, 3):
        source = lines(rows, keys=["x", "y"], threads=threads)
        assert read(source, "x") == x.tolist()
        assert read(source, "y") == y.tolist()
    rows[7777]["y"] = None
    assert told(lines(rows, threads=3).select, "y") == (
        f"a.jsonl, line 7778, 'y': null is not a number (1 such value)\nhint: {OMIT}"
    )
    text = "".join(json.dumps(row) + "\n" for row in rows[:5000]) + "{\n" + '{"x": 1}\n' * 9000
    assert told(lines(text, threads=3).select, "y").startswith("a.jsonl, line 5001, column 2: not")


# ---- against the reader of documents


leaves = st.one_of(
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.booleans(),
    st.none(),
    st.sampled_from(["NaN", "-Infinity", "cat", "a:b", "}", "{", '"', "]\n[", "é", ""]),
)
cells = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
records = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "a.b"]), cells, max_size=3), min_size=1, max_size=6
)
regular = st.sampled_from(
    [st.integers(0, 9), st.floats(), st.booleans(), st.text("aN", max_size=3)]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.one_of(records, st.lists(cells, min_size=1, max_size=6), regular.flatmap(
        lambda kind: st.lists(st.fixed_dictionaries({"a": kind, "b": kind}), min_size=1))),
    size=st.sampled_from([1, 30, 10**6]),
    compact=st.booleans(),
)  # fmt: skip
def test_the_same_as_a_document(rows, size, compact, tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_PIECE", size)
    separators = (",", ":") if compact else None
    texts = [json.dumps(row, separators=separators) for row in rows]
    (tmp_path / "a.json").write_text("[" + ",".join(texts) + "]")
    (tmp_path / "a.jsonl").write_text("\n".join(texts))
    key = "a" if isinstance(rows[0], dict) else None
    if key and key not in rows[0]:
        return
    found = []
    for suffix in ("json", "jsonl"):
        try:
            field = open_source(str(tmp_path / f"a.{suffix}")).select(key)
            found.append((field.dtype, field.shape, field.rows(0, len(rows)).tolist()))
        except DataError:
            found.append(None)
    assert repr(found[0]) == repr(found[1])


pieces = st.sampled_from(
    ["{", "}", "[", "]", '"a"', ":", ",", "1", "0.5", "\n", "\r\n", " ", "null", '{"a":1}', "1e999",
     '{"a":1,"a":2}', '{"a":[1,2]}', "[1,2]", '"x}\\n{"', "\ufeff", '{"a":{"b":2}}', "NaN", '"NaN"']
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=st.lists(pieces, max_size=12).map("".join),
    size=st.sampled_from([1, 10, 10**6]),
    key=st.sampled_from([None, "a", "0", "a.b", "a.0", "*"]),
)
def test_any_text_gives_rows_or_our_errors(text, size, key, lines, monkeypatch):
    monkeypatch.setattr(jsonl, "_PIECE", size)
    with suppress(LosscliError):
        field = lines(text).select(key)
        rows = field.rows(0, field.shape[0])
        assert (rows.shape, rows.dtype) == (field.shape, field.dtype)
        plain = [line for line in text.removeprefix("\ufeff").split("\n") if line.strip("\r ")]
        assert len([json.loads(line) for line in plain]) == len(rows)


@settings(deadline=None)
@given(text=st.lists(pieces, max_size=12).map("".join))
def test_together_is_line_by_line(text):
    together = jsonlines._together(text)
    if together is not None:
        assert repr(together) == repr([json.loads(line) for line in text.split("\n")])
        assert '{"a":1,"a":2}' not in text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_bounded(tmp_path):
    path = tmp_path / "a.jsonl"
    line = '{"id": "sample", "logits": [' + ", ".join(["0.123456789"] * 50) + '], "y": 3}\n'
    path.write_text(line * 100_000)
    code = f"""
        from losscli.formats import open_source
        from losscli.formats.base import Reading
        from losscli.spool import Store
        def peak():
            lines = open("/proc/self/status").readlines()
            return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
        import numpy
        before = peak()
        reading = Reading(store=Store(memory=2**22))
        field = open_source({str(path)!r}, reading=reading, keys=["logits"]).select("logits")
        assert field.shape == (100_000, 50), field.shape
        print(peak() - before)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert int(run.stdout) < 40 * 1024


def test_batches_are_joined(tmp_path):
    """As in a JSON document: each line holds some rows, and not as many as the next."""
    lines = [{"z": [[1, 2], [3, 4]], "y": [0, 1], "n": 1}, {"z": [[5, 6]], "y": [1], "n": 2}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    document = tmp_path / "a.json"
    document.write_text(json.dumps(lines))
    for key, rows in (("*.z", [[1, 2], [3, 4], [5, 6]]), ("*.y", [0, 1, 1]), ("*.n", [1, 2])):
        for one in (path, document):
            field = open_source(str(one)).select(key)
            assert field.rows(0, field.shape[0]).tolist() == rows
            assert bool(field.notes) == (key != "*.n")


def test_what_is_no_batch(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"z": [[1, 2]]}\n{"z": [[3, 4], [5]]}\n{"z": 6}')
    with pytest.raises(DataError, match=r"line 3, 'z': is no list, and so no batch"):
        open_source(str(path)).select("*.z")
    path.write_text('{"z": [[1, 2]]}\n{"z": [[3, 4], [5]]}\n')
    with pytest.raises(DataError, match=r"line 2, 'z'\[1\]: has 1 values where the first"):
        open_source(str(path)).select("*.z")
