"""Bytes without a header: what np.memmap and tofile write."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.formats import open_source
from losscli.inputs import locate, open_fields, parse_formats

ARRAY = np.array([[0.5, -2, 3], [4, 5, -6.25]])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(path, fmt):
    field = open_source(path, fmt=fmt).select(None)
    pieces = [field.rows(row, row + 1) for row in range(field.shape[0])]
    return np.concatenate(pieces)


@pytest.mark.parametrize("order", ["", "<", ">"])
@pytest.mark.parametrize(
    "dtype",
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split(),  # noqa: SIM905
)
def test_dtypes(dtype, order):
    array = np.abs(ARRAY).astype(dtype) if dtype[0] == "u" else ARRAY.astype(dtype)
    array.astype(array.dtype.newbyteorder(order or "=")).tofile("x.dat")
    found = read("x.dat", f"raw:{order}{dtype}:-1,3")
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, array)


def test_bools_are_bytes():
    np.array([True, False, True]).tofile("x.dat")
    np.testing.assert_array_equal(read("x.dat", "raw:bool:-1"), [1, 0, 1])


def test_bfloat16():
    tensor = torch.tensor(ARRAY, dtype=torch.bfloat16)
    tensor.view(torch.uint16).numpy().tofile("x.dat")
    np.testing.assert_array_equal(read("x.dat", "raw:bfloat16:-1,3"), tensor.float().numpy())


def test_a_memory_map():
    mapped = np.memmap("x.dat", "float32", "w+", shape=(4, 2, 3))
    mapped[:] = np.arange(24).reshape(4, 2, 3)
    mapped.flush()
    for shape in ("-1,2,3", "4,2,3", "4,-1,3"):
        np.testing.assert_array_equal(read("x.dat", f"raw:float32:{shape}"), mapped)


def test_from_a_pipe_and_compressed(monkeypatch):
    Path("x.dat.gz").write_bytes(gzip.compress(ARRAY.tobytes()))
    np.testing.assert_array_equal(read("x.dat.gz", "raw:float64:-1,3"), ARRAY)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ARRAY.tobytes())))
    np.testing.assert_array_equal(read("-", "raw:float64:-1,3"), ARRAY)


@pytest.mark.parametrize("head", [b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"PAR1"])
def test_bytes_that_look_like_another_format(head):
    Path("x.dat").write_bytes(head + bytes(8 - len(head)))
    np.testing.assert_array_equal(read("x.dat", "raw:uint8:-1"), [*head, *bytes(8 - len(head))])


def test_an_array_that_has_a_header():
    np.save("x.npy", ARRAY)
    with pytest.raises(DataError, match=r"x.npy is read as raw, but begins as an NPY array does"):
        read("x.npy", "raw:float64:-1")


@pytest.mark.parametrize(
    ("fmt", "message"),
    [
        ("raw:float64:-1,4", "x.dat has 48 bytes, which is not a multiple of 32 (4·8)"),
        ("raw:float32:-1,5,1", "x.dat has 48 bytes, which is not a multiple of 20 (5·1·4)"),
        ("raw:float64:3,3", "x.dat has 48 bytes, which is not 72 (3·3·8)"),
        ("raw:float64:1,3", "x.dat has 48 bytes, which is not 24 (1·3·8)"),
    ],
)
def test_sizes_that_do_not_divide(fmt, message):
    ARRAY.tofile("x.dat")
    with pytest.raises(DataError) as caught:
        read("x.dat", fmt)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("fmt", "message"),
    [
        ("raw", "raw: no dtype ''"),
        ("raw:float8:3", "raw:float8:3: no dtype 'float8'"),
        ("raw:object:3", "raw:object:3: no dtype 'object'"),
        ("raw:float32", "raw:float32: no shape ''"),
        ("raw:float32:-1,-1", "raw:float32:-1,-1: only one axis can be -1"),
        ("raw:float32:0,3", "raw:float32:0,3: no shape '0,3'"),
        ("raw:float32:-2", "raw:float32:-2: no shape '-2'"),
        ("rawfloat32", "--input-format rawfloat32: no format 'rawfloat32'"),
    ],
)
def test_words_that_say_nothing(fmt, message):
    with pytest.raises(UsageError) as caught:
        parse_formats([fmt], ["pred"])
    assert caught.value.message.startswith(message)


def test_in_a_question():
    labels = np.array([2, 0])
    ARRAY.astype("f4").tofile("logits.dat")
    labels.astype(">i2").tofile("labels.bin")
    formats = "logits=raw:float32:-1,3,target=raw:>int16:-1"
    found = evaluate("ce", logits="logits.dat", target="labels.bin", input_format=formats)
    assert found.value == evaluate("ce", logits=ARRAY.astype("f4"), target=labels).value
    found = evaluate(
        "ce", logits="logits.dat", target=labels, input_format=["logits=raw:float32:2,3"]
    )
    assert found.value == evaluate("ce", logits=ARRAY.astype("f4"), target=labels).value


def test_columns_and_shards():
    ARRAY[:1].tofile("part-1.dat")
    ARRAY.tofile("part-2.dat")
    ARRAY.tofile("part-10.dat")
    refs = locate({"pred": "part-*.dat:0,2"})
    formats = parse_formats(["raw:float64:-1,3"], refs)
    field = open_fields(refs, formats=formats).fields["pred"]
    np.testing.assert_array_equal(field.rows(0, 5), ARRAY[[0, 0, 1, 0, 1]][:, [0, 2]])
