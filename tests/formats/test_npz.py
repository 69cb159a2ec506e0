"""NPZ: the arrays of an archive by their names, a block of rows at a time."""

from __future__ import annotations

import struct
import warnings
import zipfile

import numpy as np
import pytest
from makers import as_npy, as_npz, zipped

from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.arrays import npz
from losscli.formats.base import Reading


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(data, **options):
    with open("a.npz", "wb") as file:  # noqa: PTH123
        file.write(data)
    return open_source("a.npz", **options)


def rows(field):
    return field.rows(0, field.shape[0] if field.shape else 1)


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


RECORDS = np.array([(1, 2.5), (3, 4.5)], [("n", "i4"), ("x", "<f8")])
ARRAYS = {
    "a/b": np.arange(3),
    "a.b": np.arange(4.0),
    "text": np.array(["cat", "dog"]),
    "records": RECORDS,
    "one": np.float32(2),
    "none": np.zeros((0, 3)),
    "yes": np.array([True, False]),
    "big": np.arange(3, dtype=">i4"),
    "wide": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


@pytest.mark.parametrize("name", [name for name in ARRAYS if name != "records"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_array_by_its_name(name, save):
    field = opened(as_npz(save, **ARRAYS)).select(name)
    array = ARRAYS[name]
    assert field.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(rows(field), array)
    assert field.key == name


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("records", [[1, 2.5], [3, 4.5]]),
        ("records.x", [2.5, 4.5]),
        ("records.x,n", [[2.5, 1], [4.5, 3]]),
        ("wide.1", [1, 4]),
        ("wide.2,0", [[2, 0], [5, 3]]),
    ],
)
def test_columns_and_fields(key, expected):
    field = opened(as_npz(**ARRAYS)).select(key)
    assert rows(field).tolist() == expected


def test_the_only_array_needs_no_name():
    source = opened(as_npz(probs=np.arange(6.0).reshape(2, 3)))
    assert rows(source.select("1")).tolist() == [1, 4]
    assert rows(source.select(None, leave=["1"])).tolist() == [[0, 2], [3, 5]]
    assert rows(opened(as_npz(r=RECORDS)).select("x")).tolist() == [2.5, 4.5]


def test_what_is_no_array_is_not_counted():
    source = opened(zipped({"readme.txt": b"hello", "x.npy": as_npy(np.arange(3))}))
    assert rows(source.select(None)).tolist() == [0, 1, 2]
    assert told(opened(zipped({"readme.txt": b"x"})).select, None) == "a.npz: it holds no array"


def test_unknown_names_list_what_there_is():
    source = opened(as_npz(logits=np.zeros((2, 3), "f4"), y=np.arange(2)))
    assert told(source.select, "logit") == (
        "a.npz has no array 'logit'; it holds logits (2, 3) float32, y (2,) int64\n"
        "hint: did you mean 'logits'?"
    )
    assert told(source.select, None) == (
        "a.npz holds 2 arrays: logits (2, 3) float32, y (2,) int64\n"
        "hint: name one with a key, as in a.npz:logits"
    )
    assert rows(source.select(None, leave=["logits"])).tolist() == [0, 1]


def test_names_twice():
    with warnings.catch_warnings(action="ignore"):
        data = zipped([("a.npy", as_npy(np.arange(3))), ("a.npy", as_npy(np.arange(2)))])
    assert told(opened, data) == "a.npz holds two members named 'a.npy'"


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.array([object()]), "Python objects, which are never unpickled"),
        (np.zeros(2, complex), "complex numbers"),
        (np.zeros(2, "M8[s]"), "dates"),
        (np.zeros(2, np.longdouble), "extended floats"),
    ],
)
def test_what_is_not_numbers_is_refused_only_if_asked_for(array, what):
    source = opened(as_npz(x=array, y=np.arange(2)))
    assert rows(source.select("y")).tolist() == [0, 1]
    assert f"a.npz:x holds {what}" in told(source.select, "x")


def test_rows_are_read_a_block_at_a_time(monkeypatch):
    monkeypatch.setattr(npz, "_BLOCK", 100)
    array = np.random.default_rng(0).normal(size=(200, 3))
    field = opened(as_npz(np.savez_compressed, x=array)).select(None)
    for start, stop in ((150, 200), (0, 7), (3, 160), (199, 200), (5, 5)):
        np.testing.assert_array_equal(field.rows(start, stop), array[start:stop])


def test_a_checksum_that_is_wrong():
    data = bytearray(as_npz(x=np.zeros(1000)))
    data[5000] ^= 1
    source = opened(bytes(data))
    assert "Bad CRC-32" in told(rows, source.select(None))


def test_a_header_that_promises_more():
    whole = as_npy(np.zeros(1000))
    source = told(opened, zipped({"x.npy": whole[:-8]}))
    assert source == (
        "a.npz:x: its header promises (1000,) float64, which is 8000 bytes, and 7992 follow"
    )


def test_a_member_that_expands_without_end(monkeypatch):
    monkeypatch.setattr("losscli.formats.compressed.HARMLESS", 2**20)
    data = as_npz(np.savez_compressed, x=np.zeros(2**20))
    message = told(opened, data)
    assert message.startswith("a.npz:x expands to over 100 times its size\nhint: --max-expansion N")
    field = opened(data, reading=Reading(expansion=10_000)).select(None)
    assert field.rows(2**20 - 2, 2**20).tolist() == [0, 0]


def test_a_directory_that_lies_about_sizes(monkeypatch):
    """It says that a member has few bytes, and its data go on."""
    data = bytearray(as_npz(np.savez_compressed, x=np.zeros(1000)))
    at = data.rindex(b"PK\1\2") + 24  # the size in the directory
    assert struct.unpack_from("<I", data, at) == (8128,)
    struct.pack_into("<I", data, at, 128 + 8)
    assert "Bad CRC-32" in told(opened, bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_compressing(method):
    data = zipped({"x.npy": as_npy(np.arange(3))}, compression=method)
    assert rows(opened(data).select(None)).tolist() == [0, 1, 2]


def test_encrypted_members_are_told():
    data = bytearray(zipped({"x.npy": as_npy(np.arange(3))}))
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    assert "is encrypted" in told(opened, bytes(data))


def test_named_otherwise():
    with open("a.npy", "wb") as file:  # noqa: PTH123
        file.write(as_npz(x=np.arange(3)))
    assert told(open_source, "a.npy") == (
        "a.npy is named .npy, but begins as an NPZ archive does\n"
        "hint: --input-format npz reads it as one"
    )
