"""Arrow's own files, and Feather: columns of numbers, text and lists."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from makers import as_arrow

from losscli.errors import DataError, UsageError
from losscli.formats import open_source
from losscli.formats.base import Reading

pa = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(table, name="a.arrow", new=ipc.new_file):
    file = io.BytesIO()
    with new(file, table.schema) as writer:
        writer.write_table(table)
    return saved(file.getvalue(), name)


def saved(data, name="a.arrow"):
    with open(name, "wb") as file:  # noqa: PTH123
        file.write(data)
    return name


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


TABLE = pa.table(
    {
        "lists": [[1.0, 2.0], [3.0, 4.0]],
        "fixed": pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2, 3, 4]), 2),
        "text": ["a", "bcd"],
        "named": pa.array(["x", "y"]).dictionary_encode(),
        "half": pa.array(np.float16([1, 2])),
        "hole": [1, None],
        "bool": [True, False],
        "date": pa.array([0, 1], pa.timestamp("s")),
        "ragged": [[1], [1, 2]],
        "deep": [[[1, 2]], [[3, 4]]],
    }
)


@pytest.mark.parametrize(
    ("key", "dtype", "expected"),
    [
        ("lists", "f8", [[1, 2], [3, 4]]),
        ("fixed", "f8", [[1, 2], [3, 4]]),
        ("text", "U3", ["a", "bcd"]),
        ("named", "U1", ["x", "y"]),
        ("half", "f2", [1, 2]),
        ("bool", "?", [True, False]),
        ("deep", "i8", [[[1, 2]], [[3, 4]]]),
        ("bool,half", "f2", [[1, 1], [0, 2]]),
    ],
)
def test_columns(key, dtype, expected):
    field = open_source(written(TABLE)).select(key)
    assert field.dtype == np.dtype(dtype)
    assert field.rows(0, 2).tolist() == expected


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("hole", "a.arrow, row 2, column 'hole': the value is null (1 such row)"),
        ("ragged", "a.arrow, row 2, column 'ragged': has 2 values where row 1 has 1 (1 such row)"),
        ("date", "a.arrow: column 'date' holds dates: save numbers"),
        ("q", "a.arrow has no column 'q'; it holds lists (2, 2) float64, fixed (2, 2) float64, "),
    ],
)
def test_refused(key, message):
    assert told(lambda: open_source(written(TABLE)).select(key).rows(0, 2)).startswith(message)


def test_names_twice():
    table = pa.Table.from_arrays([pa.array([1, 2]), pa.array([3, 4])], ["a", "a"])
    source = open_source(written(table))
    assert told(source.select, "a").startswith("2 columns are named 'a'")
    assert source.select("1").rows(0, 2).tolist() == [3, 4]


def test_streams_are_refused():
    for name in ("a.arrow", "a.arrows"):
        message = told(open_source, written(TABLE, name, ipc.new_stream))
        assert message == (
            f"{name} is a stream of Arrow\nhint: write an Arrow file, as pyarrow.ipc.new_file"
        )


def test_feather_of_version_1_is_refused():
    assert told(open_source, saved(b"FEA1" + bytes(40), "a.feather")) == (
        "a.feather is Feather of version 1\nhint: write version 2, or Parquet"
    )


def test_without_the_library(monkeypatch):
    name = saved(as_arrow(np.zeros((2, 2))))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UsageError) as error:
        open_source(name)
    assert str(error.value) == (
        "a.arrow is a file of Arrow, which takes the package pyarrow to read, and that is not "
        "installed\nhint: pip install 'losscli[arrow]'"
    )


def test_several_threads_read_the_same_rows():
    array = np.random.default_rng(0).normal(size=(5000, 2))
    name = saved(as_arrow(array, rows=700))
    field = open_source(name, reading=Reading(threads=4)).select(None)
    starts = [*range(0, 5000, 333)] * 4
    with ThreadPoolExecutor(4) as pool:
        pieces = pool.map(lambda start: field.rows(start, start + 333), starts)
        for start, piece in zip(starts, pieces, strict=True):
            np.testing.assert_array_equal(piece, array[start : start + 333])


def test_frames_of_pandas(folder):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"logit": np.float32([0.5, -1]), "label": ["cat", "dog"]})
    frame.to_feather(folder / "a.feather")
    source = open_source("a.feather")
    assert source.select("logit").rows(0, 2).tolist() == [0.5, -1]
    assert source.select("label").rows(0, 2).tolist() == ["cat", "dog"]


def test_frames_of_polars(folder):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"logit": [0.5, -1], "label": ["cat", "dog"], "v": [[1, 2], [3, 4]]})
    frame.write_ipc(folder / "a.arrow")
    frame.write_parquet(folder / "a.parquet")
    for name in ("a.arrow", "a.parquet"):
        source = open_source(name)
        assert source.select("logit").rows(0, 2).tolist() == [0.5, -1]
        assert source.select("label").rows(0, 2).tolist() == ["cat", "dog"]
        assert source.select("v").rows(0, 2).tolist() == [[1, 2], [3, 4]]
