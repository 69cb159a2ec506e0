"""HDF5: datasets by their paths, whoever wrote them."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from makers import as_hdf5

from losscli.errors import DataError, UsageError
from losscli.formats import open_source

h5py = pytest.importorskip("h5py")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def source(folder):
    with h5py.File("a.h5", "w") as file:
        file["names"] = ["cat", "ünï"]
        file["fixed"] = np.array([b"ab", b"c"])
        file["title"] = "one"
        file["yes"] = np.array([True, False])
        file["half"] = np.float16([1, 2])
        file["big"] = np.arange(3, dtype=">i4")
        file["one"] = 2.5
        file["none"] = np.zeros((0, 3))
        file["empty"] = h5py.Empty("f4")
        file["records"] = np.array([(1, 2.5), (3, 4.5)], [("n", "i4"), ("x", "f8")])
        file["deep/er/logits"] = np.arange(6.0).reshape(2, 3)
        file["complex"] = np.zeros(2, "c8")
        file["long"] = np.zeros(2, np.longdouble)
        ragged = file.create_dataset("ragged", (2,), h5py.vlen_dtype(np.int32))
        ragged[0], ragged[1] = [1], [1, 2]
        file["refs"] = np.array([file["yes"].ref], dtype=h5py.ref_dtype)
        file.create_dataset("sparse", (10**12,), "f4", chunks=(1000,))
        file.create_dataset("filled", (5,), "f4", chunks=(2,), fillvalue=7)
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
        file.create_dataset("outside", (3,), "u1", external=[("secret", 0, 3)])
    (folder / "secret").write_bytes(b"abc")
    return open_source("a.h5")


def told(call, *arguments):
    with pytest.raises(DataError) as error:
        call(*arguments)
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "dtype", "expected"),
    [
        ("names", "U3", ["cat", "ünï"]),
        ("fixed", "U2", ["ab", "c"]),
        ("title", "U3", "one"),
        ("yes", "?", [True, False]),
        ("half", "f2", [1, 2]),
        ("big", "i4", [0, 1, 2]),
        ("one", "f8", 2.5),
        ("none", "f8", []),
        ("records", "f8", [[1, 2.5], [3, 4.5]]),
        ("records.n", "i4", [1, 3]),
        ("deep/er/logits", "f8", [[0, 1, 2], [3, 4, 5]]),
        ("/deep/er/logits", "f8", [[0, 1, 2], [3, 4, 5]]),
        ("deep/er/logits.1", "f8", [1, 4]),
        ("filled", "f4", [7, 7, 7, 7, 7]),
    ],
)
def test_datasets(source, key, dtype, expected):
    field = source.select(key)
    assert field.dtype == np.dtype(dtype)
    assert field.rows(0, field.shape[0] if field.shape else 1).tolist() == expected


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("empty", "a.h5:empty is empty"),
        ("complex", "a.h5:complex holds complex numbers"),
        ("long", "a.h5:long holds extended floats"),
        ("ragged", "a.h5:ragged holds Python objects"),
        ("refs", "a.h5:refs holds Python objects"),
        ("sparse", "a.h5:sparse expands to over 100 times its size"),
        ("outside", "a.h5:outside is kept in other files: copy it into one"),
        ("elsewhere", "a.h5 has no array 'elsewhere'; it holds big (3,) int32, complex"),
    ],
)
def test_refused(source, key, message):
    assert told(source.select, key).startswith(message)


def test_as_keras_saves_weights():
    with h5py.File("model.weights.h5", "w") as file:
        layer = file.create_group("layers/dense/vars")
        layer.create_dataset("0", data=np.arange(4.0).reshape(2, 2))
        layer.create_dataset("1", data=np.float32([0.5, 1.5]))
        file.attrs["keras_version"] = "3.10"
    source = open_source("model.weights.h5")
    assert [str(line) for line in source.listing()] == [
        "layers/dense/vars/0 (2, 2) float64",
        "layers/dense/vars/1 (2,) float32",
    ]
    assert source.select("layers/dense/vars/1").rows(0, 2).tolist() == [0.5, 1.5]


def test_broken_chunks_are_told(folder):
    data = bytearray(as_hdf5(np.arange(1000.0), chunks=(1000,), compression="gzip"))
    at = data.rindex(b"x\x9c") if b"x\x9c" in data else data.rindex(b"x^")
    data[at + 50 : at + 90] = bytes(40)
    (folder / "a.h5").write_bytes(data)
    field = open_source("a.h5").select(None)
    assert told(field.rows, 0, 1000).startswith("a.h5:x is no HDF5 that can be read: ")


def test_without_the_library(folder, monkeypatch):
    (folder / "a.h5").write_bytes(as_hdf5([1.0]))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UsageError, match="takes the package h5py") as error:
        open_source("a.h5")
    assert str(error.value).endswith("hint: pip install 'losscli[formats]'")


def test_several_threads_read_the_same_rows(folder):
    array = np.random.default_rng(0).normal(size=(5000, 2))
    (folder / "a.h5").write_bytes(as_hdf5(array, chunks=(700, 1), compression="gzip"))
    field = open_source("a.h5").select(None)
    starts = [*range(0, 5000, 333)] * 4
    with ThreadPoolExecutor(4) as pool:
        pieces = pool.map(lambda start: field.rows(start, start + 333), starts)
        for start, piece in zip(starts, pieces, strict=True):
            np.testing.assert_array_equal(piece, array[start : start + 333])


def test_a_heap_without_end_is_told(folder):
    """The free space at the end of a heap of text says that it has no size: the library stays."""
    with h5py.File("a.h5", "w") as file:
        file["t"] = np.array(["cat", "dog"], object)
    data = bytearray((folder / "a.h5").read_bytes())
    heap = data.index(b"GCOL")
    free = max(data.index(one, heap) for one in (b"cat", b"dog")) + 8
    assert data[free : free + 2] == b"\0\0"  # the number of free space
    assert open_source("a.h5").select("t").rows(0, 2).tolist() == ["cat", "dog"]
    data[free + 8 : free + 16] = bytes(8)
    (folder / "b.h5").write_bytes(data)
    with pytest.raises(DataError, match="a heap of text has no end"):
        open_source("b.h5").select("t")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_texts_that_claim_more_than_there_is(libver, folder):
    """HDF5 itself makes room for them, and looks at the file after that."""
    with h5py.File("a.h5", "w", libver=libver) as file:
        file["x"] = ["cat", "dog"]
    assert open_source("a.h5").select("x").rows(0, 2).tolist() == ["cat", "dog"]
    data = bytearray((folder / "a.h5").read_bytes())
    at = data.index(b"GCOL") + 8
    assert int.from_bytes(data[at : at + 8], "little") == 4096
    for claimed in (2**14, 2**30, 2**63):
        data[at : at + 8] = claimed.to_bytes(8, "little")
        (folder / "b.h5").write_bytes(data)
        assert told(open_source("b.h5").select, "x") == (
            "b.h5 is no HDF5 that can be read: a heap of text is larger than the file"
        )


@pytest.mark.parametrize("options", [{}, {"chunks": (2,)}])
def test_a_text_that_is_longer_than_the_file(options, folder):
    with h5py.File("a.h5", "w") as file:
        file.create_dataset("x", data=["cat", "hedgehog", "dog"], **options)
        file.create_dataset("packed", data=["cat", "dog"], chunks=(2,), compression="gzip")
        file.create_dataset("never", (3,), h5py.string_dtype(), **options)
    source = open_source("a.h5")
    assert source.select("x").rows(0, 3).tolist() == ["cat", "hedgehog", "dog"]
    assert source.select("packed").rows(0, 2).tolist() == ["cat", "dog"]
    assert source.select("never").rows(0, 3).tolist() == ["", "", ""]
    data = bytearray((folder / "a.h5").read_bytes())
    address = data.index(b"GCOL").to_bytes(8, "little")
    at = data.index(b"\x08\0\0\0" + address)
    data[at : at + 4] = (2**30).to_bytes(4, "little")
    (folder / "a.h5").write_bytes(data)
    message = "a.h5:x is no HDF5 that can be read: a text is longer than the file"
    assert told(open_source("a.h5").select, "x") == message
