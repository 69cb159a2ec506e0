"""What every format promises, whatever the file: the same rows, in whatever pieces."""

from __future__ import annotations

import io
import os
import sys
import threading
from contextlib import suppress
from importlib import import_module

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import MAKERS, is_table

from losscli.errors import LosscliError
from losscli.formats import FORMATS, NAMES, open_source
from losscli.formats.base import Reading
from losscli.inputs import locate, open_fields

MATRIX = np.array([[0.1, -2.5, 3e300], [np.inf, np.nan, 5e-324], [1 / 3, -0.0, 7.25], [4, 5, 6]])
N = len(MATRIX)

EMPTY = {
    *("npy", "npz", "npz compressed", "pt", "pt of columns", "pt of an array", "safetensors"),
    *("hdf5", "parquet", "arrow", "feather in batches"),
}
"""Those that keep the width of a matrix without rows."""


@pytest.fixture(params=MAKERS)
def file(request, tmp_path):
    suffix, make = MAKERS[request.param]
    path = tmp_path / f"file{suffix}"
    path.write_bytes(make(MATRIX))
    return path


def suffixes(file):
    return "".join(file.suffixes)


def bits(array):
    return array.shape, array.dtype, array.tobytes()


@pytest.mark.parametrize("step", [1, 3, N, N + 1])
def test_pieces_are_the_file(file, step):
    field = open_source(str(file)).select(None)
    assert (field.shape, field.dtype) == (MATRIX.shape, MATRIX.dtype)
    pieces = [field.rows(start, start + step) for start in range(0, N, step)]
    assert [len(piece) for piece in pieces[:-1]] == [step] * (len(pieces) - 1)
    assert all(piece.flags.c_contiguous and piece.dtype.isnative for piece in pieces)
    assert bits(np.concatenate(pieces)) == bits(MATRIX)


def test_a_field_can_be_rewound(file):
    field = open_source(str(file)).select(None)
    assert bits(field.rows(2, 4)) == bits(MATRIX[2:4])
    assert bits(field.rows(0, 2)) == bits(MATRIX[:2])


def test_a_column_is_one_axis(file):
    field = open_source(str(file)).select("1")
    assert bits(field.rows(0, N)) == bits(np.ascontiguousarray(MATRIX[:, 1]))


def test_columns_keep_the_order_given(file):
    field = open_source(str(file)).select("2,0")
    assert bits(field.rows(0, N)) == bits(np.ascontiguousarray(MATRIX[:, [2, 0]]))


def test_columns_of_others_are_left_out(file):
    field = open_source(str(file)).select(None, leave=["1"])
    assert bits(field.rows(0, N)) == bits(np.ascontiguousarray(MATRIX[:, [0, 2]]))


def test_nothing_left(file):
    with pytest.raises(Exception, match="the other inputs leave no column of it"):
        open_source(str(file)).select(None, leave=["0..2"])


def test_the_same_from_standard_input(file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    fmt = "tsv" if file.suffix == ".tsv" else None
    field = open_source("-", fmt=fmt).select(None)
    assert bits(field.rows(0, N)) == bits(MATRIX)
    assert field.label == "standard input"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_the_same_from_a_named_pipe(file, tmp_path):
    pipe = tmp_path / f"pipe{suffixes(file)}"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    field = open_source(str(pipe)).select(None)
    writer.join()
    assert bits(field.rows(0, N)) == bits(MATRIX)


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="needs process substitution")  # noqa: PTH112
def test_the_same_from_a_process_substitution(file):
    reader, writer = os.pipe()
    os.write(writer, file.read_bytes())
    os.close(writer)
    try:
        field = open_source(f"/dev/fd/{reader}").select(None)
    finally:
        os.close(reader)
    assert bits(field.rows(0, N)) == bits(MATRIX)


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_from_shards(name, tmp_path):
    suffix, make = MAKERS[name]
    parts = [MATRIX[:1], MATRIX[1:1], MATRIX[1:]]
    if name not in EMPTY:
        del parts[1]
    for place, part in enumerate(parts):
        (tmp_path / f"part-{place}{suffix}").write_bytes(make(part))
    refs = locate({"pred": str(tmp_path / f"part-*{suffix}")})
    field = open_fields(refs).fields["pred"]
    assert field.shape == MATRIX.shape
    for step in (1, 3, N, N + 1):
        pieces = [field.rows(start, start + step) for start in range(0, N, step)]
        assert bits(np.concatenate(pieces)) == bits(MATRIX)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_has_its_module(suffix):
    module = import_module(f"losscli.formats.{FORMATS[suffix]}")
    assert callable(module.read)


def test_every_format_name_is_a_suffix():
    assert {f".{name}" for name in NAMES} < set(FORMATS)
    with pytest.raises(TypeError):
        FORMATS[".x"] = "x"


pieces = st.sampled_from(
    [b"a", b"0", b"1.5", b",", b"\n", b"\r", b'"', b"[", b"]", b"{", b"}", b":", b"nan", b"true",
     b"\t", b" ", b"null", b"1e999", b"-", b"\xe9", b"\xef\xbb\xbf", b"\0", b"\x93NUMPY", b"\x01\0",
     b"_", b"\xc2\xa0", b"9" * 30, b"#", b";", b"cat"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.one_of(st.lists(pieces).map(b"".join), st.binary()),
    suffix=st.sampled_from([*FORMATS, ""]),
    header=st.sampled_from([None, True, False]),
    key=st.sampled_from([None, "0", "a", "*", "0,1", "-1", "*.a", "a.0"]),
)
def test_any_bytes_give_rows_or_our_errors(content, suffix, header, key, tmp_path):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with suppress(LosscliError):
        field = open_source(str(path), reading=Reading(header)).select(key)
        rows = field.rows(0, field.shape[0] if field.shape else 1)
        assert (rows.shape, rows.dtype) == (field.shape, field.dtype)
        assert rows.dtype.kind in "biufU"


doubles = st.floats(width=64)
shapes = st.tuples(st.integers(1, 5), st.integers(1, 4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), name=st.sampled_from([*MAKERS]))
def test_every_double_is_exact(data, name, tmp_path):
    rows, columns = data.draw(shapes)
    values = data.draw(st.lists(doubles, min_size=rows * columns, max_size=rows * columns))
    values[0] = values[0] if values[0] not in range(9) else 0.5  # 0,1,2 may be a header
    array = np.array(values).reshape(rows, columns)
    suffix, make = MAKERS[name]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(make(array))
    read = open_source(str(path)).select(None)
    shape = (rows,) if is_table(name) and columns == 1 else (rows, columns)
    np.testing.assert_array_equal(read.rows(0, rows), array.reshape(shape))
    assert read.shape == shape
