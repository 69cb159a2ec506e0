"""NumPy files: every dtype that has a loss, every other told, and nothing unpickled."""

from __future__ import annotations

import io
import os
import sys
import tracemalloc

import numpy as np
import pytest

from losscli.errors import DataError
from losscli.formats import NAMES, open_source


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def saved(array, name="a.npy", **options):
        with open(tmp_path / name, "wb") as file:  # noqa: PTH123
            np.save(file, array, allow_pickle=True)
        return open_source(name, **options)

    return saved


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u4", "i8", "u8", "f2", "f4", "f8", "U3"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("shape", [(), (3,), (3, 2), (3, 2, 2), (0,), (0, 2), (3, 0)])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_dtypes(saved, dtype, order, shape, layout):
    array = np.zeros(shape, np.dtype(dtype).newbyteorder(order), order=layout)
    if array.size:
        array.flat[-1] = 1
    field = saved(array).select(None)
    assert (field.shape, field.dtype) == (shape, np.dtype(dtype))
    read = field.rows(0, 3)
    assert read.shape == shape
    assert read.flags.c_contiguous
    assert read.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(read, array)


def test_a_file_is_read_a_few_rows_at_a_time(saved):
    field = saved(np.arange(2e6)).select(None)
    tracemalloc.start()
    rows = field.rows(1_000_000, 1_000_003)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows.tolist() == [1e6, 1e6 + 1, 1e6 + 2]
    assert rows.flags.writeable
    assert peak < 100_000


def test_a_file_that_shrinks_while_it_is_read(saved, tmp_path):
    field = saved(np.arange(6.0)).select(None)
    path = tmp_path / "a.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match="was cut short while it was read"):
        field.rows(0, 6)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.array([1j]),
            "complex numbers: save the real part, the imaginary part or the magnitude",
        ),
        (np.array(["2020-01-01"], "M8[D]"), "dates: save numbers"),
        (np.array([1], "m8[s]"), "time differences: save numbers, as in array.astype(float)"),
        (np.array([b"a"]), "bytes: save text with array.astype(str)"),
        (
            np.array([1], np.longdouble),
            "extended floats, which no kernel computes: save array.astype(float)",
        ),
        (
            np.array([{}, None]),
            "Python objects, which are never unpickled: save it again with a number dtype, "
            "as in np.save(file, array.astype(float))",
        ),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_refused(saved, array, message):
    assert told(saved, array) == f"a.npy holds {message}"


class Bomb:
    def __reduce__(self):
        return (os._exit, (99,))


@pytest.mark.parametrize("array", [np.array([Bomb()]), np.array([(Bomb(),)], [("x", "O")])])
def test_never_unpickled(saved, array):
    assert "never unpickled" in told(saved, array)


@pytest.mark.parametrize("keep", [10, 60, 127, 130, 151])
@pytest.mark.parametrize("pipe", [False, True])
def test_cut_short(saved, monkeypatch, keep, pipe, tmp_path):
    saved(np.arange(3.0))
    data = (tmp_path / "a.npy").read_bytes()[:keep]
    (tmp_path / "a.npy").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    message = told(open_source, "-" if pipe else "a.npy")
    name = "standard input" if pipe else "a.npy"
    if keep > 128:
        assert message == (
            f"{name} is cut short: its header promises (3,) float64, which is 24 bytes, "
            f"and {keep - 128} follow"
        )
    else:
        assert message.startswith(f"{name} has a damaged NPY header: ")


@pytest.mark.parametrize("header", [b"{'descr': 'x'}", b"not a dict", b"{'a': __import__('os')}"])
def test_damaged_header(tmp_path, header):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert "has a damaged NPY header" in told(open_source, str(path))


@pytest.mark.parametrize("shape", [b"(-1,)", b"(3, 3 Q(", b"(1,)" * 40, b"(3L,)"])
def test_odd_shapes(tmp_path, shape):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': %s}" % shape
    path = tmp_path / "a.npy"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    path.write_bytes(start + header + bytes(24))
    if shape == b"(3L,)":  # as Python 2 wrote it
        assert open_source(str(path)).select(None).shape == (3,)
    else:
        assert "has a damaged NPY header" in told(open_source, str(path))


def test_version_2(tmp_path):
    path = tmp_path / "a.npy"
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=(2, 0))
    assert open_source(str(path)).select(None).rows(0, 3).tolist() == [0, 1, 2]


def test_names_contradicted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "a.npy", np.arange(3))
    (tmp_path / "a.npy").rename("a.csv")
    assert told(open_source, "a.csv") == (
        "a.csv is named .csv, but begins as an NPY array does\n"
        "hint: --input-format npy reads it as one"
    )
    assert open_source("a.csv", fmt="npy").select(None).shape == (3,)
    (tmp_path / "b.npy").write_text("a,b\n1,2\n")
    assert told(open_source, "b.npy") == (
        "b.npy is named .npy, but does not begin as an NPY array does\n"
        "hint: --input-format csv reads it as that"
    )
    assert open_source("b.npy", fmt="csv").select(None).shape == (1, 2)
    (tmp_path / "c.csv").write_text("a\n1\n")
    assert told(open_source, "c.csv", fmt="npy").startswith("c.csv is read as npy, but does not")
    (tmp_path / "e.npy").write_bytes(b"")
    assert told(open_source, "e.npy") == "e.npy is empty"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"a\n1\n", "Delimited"), (b" \n[1]", "Document"), (b'\xef\xbb\xbf{"a": [1]}', "Document")],
)
def test_unknown_suffixes_are_sniffed(tmp_path, content, kind):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert type(open_source(str(path))).__name__ == kind
    np.save(tmp_path / "b.npy", np.arange(3))
    (tmp_path / "b.npy").rename(tmp_path / "b")
    assert open_source(str(tmp_path / "b")).select(None).shape == (3,)


def test_other_binaries(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.exe").write_bytes(b"MZ\0\1")
    assert told(open_source, "a.exe") == (
        "a.exe is binary, and in no format that can be read\n"
        f"hint: formats are {', '.join(NAMES)} and raw:DTYPE:SHAPE; --input-format names one"
    )


def test_keys_without_names(saved):
    message = "a.npy has no column '3'; it holds (2, 3) float64"
    assert told(saved(np.zeros((2, 3))).select, "3") == message
    assert told(saved(np.zeros(2)).select, "0") == "a.npy has no key '0'; it holds (2,) float64"
    assert told(saved(np.zeros((2, 2, 2))).select, "0").startswith("a.npy has no key '0'")


def test_place(saved):
    field = saved(np.zeros((2, 3, 4))).select(None)
    assert field.place((1, 2, 3)) == "row 2, [2, 3]"
    assert saved(np.float64(1)).select(None).place(()) == "the only value"


def test_records(saved):
    array = np.array([(0.5, 1, "cat"), (1.5, 0, "dog")], [("p", "f4"), ("y", ">i8"), ("n", "U3")])
    source = saved(array)
    assert source.select("p").rows(0, 2).tolist() == [0.5, 1.5]
    assert source.select("y").dtype == np.dtype("i8")
    assert source.select("p,y").rows(0, 2).tolist() == [[0.5, 1], [1.5, 0]]
    assert source.select("n").rows(0, 1).tolist() == ["cat"]
    assert told(source.select, None).startswith("a.npy: column 'n' holds text, such as 'cat'")
    assert told(source.select, "q") == (
        "a.npy has no column 'q'; it holds p (2,) float32, y (2,) int64, n (2,) text"
    )
    deep = saved(np.zeros(2, [("box", "f4", 4), ("y", "i8"), ("z", "c8")]))
    assert deep.select("box").rows(0, 2).shape == (2, 4)
    assert told(deep.select, "box,y") == (
        "a.npy: column 'box' holds an array in every row, and cannot stand beside other columns\n"
        "hint: choose it alone, as in a.npy:box"
    )
    assert "holds complex numbers" in told(deep.select, "z")
    assert "records in 2 axes" in told(saved, np.zeros((2, 2), [("a", "f4")]))
