"""Parquet: types, groups of rows, several readers at once, and what cannot be computed with."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losscli.errors import DataError, LosscliError, UsageError
from losscli.formats import open_source
from losscli.formats.base import Reading
from losscli.formats.columnar import parquet, typed
from losscli.formats.columnar.blocks import Blocks

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def opened(columns, *, threads=1, **options):
        made = columns if isinstance(columns, pa.Table) else pa.table(columns)
        pq.write_table(made, "a.parquet", **options)
        return open_source("a.parquet", reading=Reading(threads=threads))

    return opened


def read(source, key=None):
    field = source.select(key)
    return field.rows(0, field.shape[0])


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


# ---- types


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (pa.array([1.5, -0.0], pa.float64()), "float64"),
        (pa.array([1.5, 2], pa.float32()), "float32"),
        (pa.array(np.array([1.5, 2], np.float16)), "float16"),
        *((pa.array([1, 2], kind), str(kind)) for kind in (pa.int8(), pa.int16(), pa.int32())),
        (pa.array([-1, 2**62], pa.int64()), "int64"),
        *((pa.array([1, 2], kind), str(kind)) for kind in (pa.uint8(), pa.uint16(), pa.uint32())),
        (pa.array([1, 2**63], pa.uint64()), "uint64"),
        (pa.array([True, False]), "bool"),
        (pa.array(["cat", "Ärger"]), "<U5"),
        (pa.array(["cat", "Ärger"], pa.large_string()), "<U5"),
        (pa.array(["cat", "doggy"]).dictionary_encode(), "<U5"),
        (pa.array([3, 7]).dictionary_encode(), "int64"),
        (pa.array([[1, 2], [3, 4]]), "int64"),
        (pa.array([[1.0, 2], [3, 4]], pa.list_(pa.float32(), 2)), "float32"),
        (pa.array([[True, False], [False, True]], pa.large_list(pa.bool_())), "bool"),
        (pa.array([[[1, 2]], [[3, 4]]]), "int64"),
        (pa.array([["a", "bcd"], ["e", "f"]]), "<U3"),
        (pa.array([[], []], pa.list_(pa.float32())), "float32"),
        (pa.array([[[], []], [[], []]], pa.list_(pa.list_(pa.int8()))), "int8"),
    ],
)
@pytest.mark.parametrize("group", [1, 2])
def test_types(table, values, dtype, group):
    source = table({"other": pa.array(["x", "y"]), "x": values}, row_group_size=group)
    field = source.select("x")
    expected = np.array(values.to_pylist(), dtype)
    assert (field.shape, field.dtype) == (expected.shape, np.dtype(dtype))
    rows = field.rows(0, 2)
    assert (rows.dtype, rows.shape) == (field.dtype, field.shape)
    assert rows.tolist() == values.to_pylist()
    assert field.rows(1, 9).tolist() == values.to_pylist()[1:]
    listing = source.listing()[1]
    name = "text" if "U" in dtype else dtype
    assert (listing.key, listing.shape, listing.dtype) == ("x", expected.shape, name)


def test_extensions_are_what_they_store(table):
    flat = pa.array([[1.0, 2], [3, 4]], pa.list_(pa.float64(), 2))
    tensors = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float64(), [2]), flat)
    assert read(table({"x": tensors}), "x").tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        (pa.array([datetime.date(2020, 1, 1)]), "dates: save numbers"),
        (pa.array([datetime.datetime(2020, 1, 1)]), "dates: save numbers"),
        (pa.array([datetime.time(1)]), "times: save numbers"),
        (pa.array([decimal.Decimal("1.5")]), "decimals: save floats"),
        (pa.array([{"a": 1}]), "objects: save each of their parts as a column"),
        (pa.array([[{"a": 1}]]), "objects: save each of their parts as a column"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "objects: save each of their"),
        (pa.array([b"x"]), "binary, which is not numbers"),
        (pa.array([None]), "nothing but nulls"),
    ],
)
def test_refused_types_matter_only_when_asked_for(table, values, holds):
    source = table({"x": values, "y": pa.array([1])})
    assert read(source, "y").tolist() == [1]
    assert told(source.select, "x").startswith(f"a.parquet: column 'x' holds {holds}")
    assert told(source.select, None).startswith(f"a.parquet: column 'x' holds {holds}")
    assert source.select(None, leave=["x"]).shape == (1,)
    assert len(source.listing()) == 2


# ---- keys


def test_keys(table):
    source = table({"id": pa.array(["a", "b"]), "c0": [1, 2], "c1": [3.5, 4], "a.b": [5, 6]})
    assert read(source, "c0").tolist() == read(source, "1").tolist() == [1, 2]
    assert read(source, "c1,c0").tolist() == [[3.5, 1], [4, 2]]
    assert read(source, "c0..c1").tolist() == read(source, "c?").tolist() == [[1, 3.5], [2, 4]]
    assert read(source, "a.b").tolist() == [5, 6]
    assert source.select("c*").columns == ("c0", "c1")
    assert source.select("c*").place((1, 0)) == "row 2, column 'c0'"
    assert source.select(None, leave=["id", "a.b"]).rows(0, 2).tolist() == [[1, 3.5], [2, 4]]
    assert told(source.select, "c9") == (
        "a.parquet has no column 'c9'; it holds id (2,) text, c0 (2,) int64, c1 (2,) float64, "
        "a.b (2,) int64"
    )
    assert told(source.select, None) == (
        "a.parquet: column 'id' holds text, such as 'a'\n"
        "hint: choose columns of numbers, as in a.parquet:c0"
    )
    assert "column 'id' holds text" in told(source.select, "id,c0")


def test_a_list_cannot_stand_beside_columns(table):
    source = table({"x": [[1, 2]], "y": [1]})
    assert "column 'x' holds an array in every row" in told(source.select, "x,y")


def test_names_that_look_like_paths_and_names_twice(table):
    parts = pa.table(
        [pa.array([{"b": 1}]), pa.array([2]), pa.array([3]), pa.array([4])],
        names=["a", "a.b", "x", "x"],
    )
    source = table(parts)
    assert read(source, "a.b").tolist() == [2]
    assert read(source, "2").tolist() == [3]
    assert read(source, "3").tolist() == [4]
    assert read(source, "3,2").tolist() == [[4, 3]]
    assert "2 columns are named 'x'" in told(source.select, "x")


def test_the_index_of_pandas(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [4.0, 5, 6]})
    path = str(tmp_path / "a.parquet")
    for made, name in (
        (frame.take([2, 0, 1]), "__index_level_0__"),
        (frame.set_index(pd.Index(["x", "y", "z"], name="id")), "id"),
    ):
        made.to_parquet(path)
        source = open_source(path)
        field = source.select(None)
        np.testing.assert_array_equal(field.rows(0, 3), made.to_numpy())
        message = f"{path}: {name!r}, the index of pandas, is left out"
        assert field.notes == (("index-column", message),)
        assert source.select("*").columns == ("a", "b")
        assert source.select(None, leave=[name]).notes == ()
        assert source.select(name).shape == (len(made),)
    frame.to_parquet(path)
    assert open_source(path).select(None).notes == ()


def test_an_empty_table(table):
    source = table({"x": pa.array([], pa.float32()), "l": pa.array([], pa.list_(pa.int8()))})
    assert source.select("x").shape == (0,)
    assert source.select("l").shape == (0, 0)
    assert source.select("x").rows(0, 5).shape == (0,)


# ---- nulls and ragged lists


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, None, 2, None, None], "row 2, column 'x': the value is null (3 such rows)"),
        ([0.5] + [None] * 1234, "row 2, column 'x': the value is null (1,234 such rows)"),
        (["a", None, "b"], "row 2, column 'x': the value is null (1 such row)"),
        ([[1], [2], None, [None]], "row 3, column 'x': the value is null (1 such row)"),
        ([[1, 2], [2, None], [None, None]], "row 2, column 'x': a value of the list is null (2 s"),
        ([[1, 2], [2], [1, 2], []], "row 2, column 'x': has 1 values where row 1 has 2 (2 such r"),
        ([None, [1]], "row 1, column 'x': the value is null (1 such row)"),
        ([[[1], [2]], [[1], [2, 3]]], "row 2, column 'x': has 2 values where row 1 has 1 (1 such"),
        ([[], [1]], "row 2, column 'x': has 1 values where row 1 has 0 (1 such row)"),
        (pa.array(["a", None, "a"]).dictionary_encode(), "row 2, column 'x': the value is null"),
    ],
)
@pytest.mark.parametrize("group", [1, 2, 100])
def test_irregular(table, values, message, group):
    source = table({"x": values, "y": list(range(len(values)))}, row_group_size=group)
    assert read(source, "y").tolist() == [*range(len(values))]
    assert message in told(read, source, "x").replace("a.parquet, ", "")


def test_a_null_among_the_words_of_a_dictionary():
    column = pa.DictionaryArray.from_arrays([0, 1, 0], pa.array(["a", None]))
    with pytest.raises(typed.FaultError, match="the value is null") as fault:
        typed.decoded(column, typed.Kind("text", (), np.dtype("<U1")))
    assert fault.value.rows.tolist() == [1]


def test_a_null_beside_other_columns(table):
    source = table({"x": [1.0, 2, 3], "y": [1.0, None, 3]})
    assert told(read, source, None) == (
        "a.parquet, row 2, column 'y': the value is null (1 such row)\n"
        "hint: --missing omit leaves such elements out; pandas writes NaN as null"
    )


def test_nan_is_no_null(table):
    np.testing.assert_array_equal(
        read(table({"x": [np.nan, np.inf, -np.inf]}), "x"), [np.nan, np.inf, -np.inf]
    )


# ---- groups, blocks, threads


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.integers(1, 60),
    group=st.integers(1, 40),
    cuts=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8),
    sizes=st.tuples(st.integers(1, 30), st.integers(1, 20)),
)
def test_any_rows_in_any_order(rows, group, cuts, sizes, table, monkeypatch):
    monkeypatch.setattr(parquet, "_SEGMENT_ROWS", sizes[0])
    monkeypatch.setattr(parquet, "BLOCK_ROWS", sizes[1])
    monkeypatch.setattr("losscli.formats.columnar.blocks._NEAR", 100)
    matrix = np.arange(rows * 3.0).reshape(rows, 3)
    source = table(
        {"a": matrix[:, 0], "b": matrix[:, 1].astype("f4"), "l": list(matrix)},
        row_group_size=group,
    )
    fields = {key: source.select(key) for key in ("a", "b,a", "l")}
    for start, stop in cuts:
        for key, columns in (("a", 0), ("b,a", [1, 0]), ("l", [0, 1, 2])):
            np.testing.assert_array_equal(
                fields[key].rows(start, stop), matrix[start:stop, columns]
            )


def test_several_threads(table, monkeypatch):
    monkeypatch.setattr(parquet, "BLOCK_ROWS", 100)
    matrix = np.random.default_rng(0).standard_normal((20_000, 4))
    source = table(
        {f"c{i}": column for i, column in enumerate(matrix.T)}, threads=8, row_group_size=1500
    )
    field, one = source.select(None), source.select("c2")

    def check(start):
        np.testing.assert_array_equal(field.rows(start, start + 333), matrix[start : start + 333])
        np.testing.assert_array_equal(one.rows(start, start + 333), matrix[start : start + 333, 2])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(check, [*range(0, 20_000, 333)] * 2))


def test_nothing_is_decoded_twice():
    decoded = []

    def decode(segment):
        for block in range(10):
            decoded.append((segment, block))
            yield np.arange(10) + segment * 100 + block * 10

    blocks = Blocks(
        [(0, 100), (100, 100)], decode, shape=(200,), dtype=np.dtype(np.int64), threads=4
    )
    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(lambda start: blocks[start : start + 7], range(0, 200, 7)))
    np.testing.assert_array_equal(np.concatenate(pieces), np.arange(200))
    assert len(decoded) == len({*decoded}) == 20


def test_a_decoder_that_fails_does_so_again():
    def decode(segment):
        yield np.arange(5)
        raise DataError("broken")

    blocks = Blocks([(0, 10)], decode, shape=(10,), dtype=np.dtype(np.int64), threads=1)
    assert blocks[1:3].tolist() == [1, 2]
    for _ in range(2):
        assert told(lambda: blocks[4:6]) == "broken"
    short = Blocks(
        [(0, 10)], lambda _: iter([np.arange(5)]), shape=(10,), dtype=np.dtype(int), threads=1
    )
    assert "fewer rows" in told(lambda: short[4:6])


def test_only_chosen_columns_are_decoded(table, monkeypatch):
    asked = []
    before = pq.ParquetFile.iter_batches

    def iter_batches(self, *arguments, **options):
        asked.append(options["columns"])
        return before(self, *arguments, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", iter_batches)
    source = table({"a": [1, 2], "b": [3, 4], "c": [5, 6]})
    assert (source.select("b").dtype, asked) == (np.int64, [])
    read(source, "c,a")
    assert asked == [["c", "a"]]


# ---- broken files


def whole_file():
    file = io.BytesIO()
    columns = {"x": np.arange(50.0), "l": [[1, 2]] * 50, "s": ["a", "b"] * 25}
    pq.write_table(pa.table(columns), file, row_group_size=20)
    return file.getvalue()


WHOLE = whole_file()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    damage=st.one_of(
        st.integers(0, len(WHOLE)).map(lambda cut: WHOLE[:cut]),
        st.tuples(st.integers(4, len(WHOLE) - 1), st.binary(min_size=1, max_size=8)).map(
            lambda at: WHOLE[: at[0]] + at[1] + WHOLE[at[0] + len(at[1]) :]
        ),
        st.binary().map(lambda body: b"PAR1" + body + b"PAR1"),
    ),
    key=st.sampled_from(["x", "l", "s", None]),
)
def test_damaged_files_give_rows_or_our_errors(damage, key, tmp_path):
    (tmp_path / "a.parquet").write_bytes(damage)
    with suppress(LosscliError):
        field = open_source(str(tmp_path / "a.parquet")).select(key)
        rows = field.rows(0, field.shape[0])
        assert (rows.dtype, rows.shape) == (field.dtype, field.shape)


def test_messages_of_broken_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("a.parquet")
    for content, message in (
        (b"", "a.parquet is empty"),
        (WHOLE[:-10], "a.parquet is cut short: it has no proper end"),
        (b"a,b\n1,2\n", "a.parquet is named .parquet, but does not begin as a Parquet file does\n"
         "hint: --input-format csv reads it as that"),
        (b"PAR1" + b"\0" * 30 + b"PAR1", "a.parquet is no Parquet file that can be read: "),
    ):  # fmt: skip
        path.write_bytes(content)
        assert told(open_source, "a.parquet").startswith(message)
    Path("b.csv").write_bytes(WHOLE)
    assert told(open_source, "b.csv") == (
        "b.csv is named .csv, but begins as a Parquet file does\n"
        "hint: --input-format parquet reads it as one"
    )
    Path("c").write_bytes(WHOLE)
    assert open_source("c").select("x").shape == (50,)


def test_without_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "a.parquet").write_bytes(WHOLE)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UsageError, match=r"package pyarrow.*\n.*pip install 'losscli\[arrow\]'"):
        open_source(str(tmp_path / "a.parquet"))


# ---- against other formats, and memory


def test_the_same_as_json(tmp_path):
    rng = np.random.default_rng(1)
    rows = [
        {"a": float(x), "n": int(n), "t": str(n % 3), "l": [float(x), 1.0], "b": bool(n % 2)}
        for x, n in zip(rng.standard_normal(100), rng.integers(0, 9, 100), strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", row_group_size=7)
    (tmp_path / "a.json").write_text(json.dumps(rows))
    for key in ("a", "n", "t", "l", "b", "a,n", "n..n"):
        one, other = (
            open_source(str(tmp_path / f"a.{s}")).select(key) for s in ("parquet", "json")
        )
        assert (one.dtype, one.shape, one.columns) == (other.dtype, other.shape, other.columns)
        np.testing.assert_array_equal(one.rows(0, 100), other.rows(0, 100))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_bounded(tmp_path):
    path = tmp_path / "a.parquet"
    flat = pa.array(np.random.default_rng(0).standard_normal(20_000_000).astype("f4"))
    rows = pa.FixedSizeListArray.from_arrays(flat, 100)
    small = tmp_path / "small.parquet"
    pq.write_table(pa.table({"x": rows}), path, compression="none")
    pq.write_table(pa.table({"x": rows[:1000]}), small, compression="none")
    code = f"""
        from losscli.formats import open_source
        def peak():
            lines = open("/proc/self/status").readlines()
            return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
        warm = open_source({str(small)!r}).select("x")
        warm.rows(0, 655)
        before = peak()
        field = open_source({str(path)!r}).select("x")
        for start in range(0, field.shape[0], 655):
            field.rows(start, start + 655)
        print(peak() - before)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert int(run.stdout) < 100 * 1024  # held whole it takes 140


def test_a_pipe_that_went_to_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("losscli.formats.files.MEMORY", 100)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WHOLE)))
    field = open_source("-").select("x")
    with ThreadPoolExecutor(4) as pool:
        pieces = pool.map(lambda start: field.rows(start, start + 7), range(0, 50, 7))
        np.testing.assert_array_equal(np.concatenate([*pieces]), np.arange(50.0))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of files are bytes there")
@pytest.mark.parametrize("name", ["s3:a b.parquet", "é\udcff.parquet"])
def test_odd_paths(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(WHOLE)
    assert open_source(name).select("x").rows(2, 4).tolist() == [2, 3]
