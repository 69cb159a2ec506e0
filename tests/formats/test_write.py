"""Files that are written whole or not at all, and read back as the same numbers."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import stat
import sys
import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from losscli.errors import FileError, UsageError
from losscli.formats import open_source, packing, writing
from losscli.formats.writing import SUFFIXES, check_writable, write_text
from losscli.spool import Spool, Store
from losscli.watch import Watch

ODD = np.array([0.1, np.nan, np.inf, -np.inf])


def write(path, array, **more):
    """An array in its own shape."""
    array = np.asarray(array)
    writing.write(path, array.reshape(-1), array.shape, **more)


def spooled(flat, size=3, memory=0):
    """A flat array in pieces of some size, in a file but for so many bytes."""
    spool = Spool(Store(memory))
    for start in range(0, len(flat), size):
        spool.add(flat[start : start + size])
    return spool


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "array", "text"),
    [
        ("a.csv", ODD, "index,loss\n0,0.1\n1,nan\n2,inf\n3,-inf\n"),
        ("a.CSV", ODD[:1], "index,loss\n0,0.1\n"),
        ("a.tsv", ODD[:1], "index\tloss\n0\t0.1\n"),
        ("a.csv", np.array([[1.5, 2], [3, 4]]), "i0,i1,loss\n0,0,1.5\n0,1,2.0\n1,0,3.0\n1,1,4.0\n"),
        ("a.csv", np.float64(0.5), "loss\n0.5\n"),
        ("a.csv", np.empty(0), "index,loss\n"),
        ("a.csv", np.float32([0.1]), "index,loss\n0,0.10000000149011612\n"),
        ("a.txt", ODD[:1], "index,loss\n0,0.1\n"),
        ("a.csv", np.array([1e-7, 1e22, 5e-324]), "index,loss\n0,1e-07\n1,1e+22\n2,5e-324\n"),
        ("a.csv", np.array([[[1.0]], [[2.0]]]), "i0,i1,i2,loss\n0,0,0,1.0\n1,0,0,2.0\n"),
        ("a.tsv", np.float16([[0.1]]), "i0\ti1\tloss\n0\t0\t0.0999755859375\n"),
        (
            "a.jsonl",
            np.array([[0.5, np.nan]]),
            '{"index": [0, 0], "loss": 0.5}\n{"index": [0, 1], "loss": "NaN"}\n',
        ),
        ("a.jsonl", np.float64(-np.inf), '{"index": [], "loss": "-Infinity"}\n'),
        ("a.jsonl", np.float32([0.1]), '{"index": [0], "loss": 0.10000000149011612}\n'),
        ("a.json", ODD, '[0.1, "NaN", "Infinity", "-Infinity"]\n'),
        ("a.json", np.float32([[0.1]]), "[[0.10000000149011612]]\n"),
        ("a.json", np.float64(np.nan), '"NaN"\n'),
        ("a.json", np.empty((0, 2)), "[]\n"),
    ],
)
def test_texts(folder, name, array, text):
    write(name, array)
    assert (folder / name).read_bytes().decode() == text
    assert os.listdir(folder) == [name]  # noqa: PTH208


SHAPES = [(), (1,), (7,), (2, 3), (3, 1), (1, 3), (2, 1, 3), (1, 1, 1), (3, 2, 2, 2)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("shape", [*SHAPES, (0,), (2, 0)], ids=str)
def test_npy_is_what_numpy_saves(shape, dtype, folder):
    array = np.resize(ODD, shape).astype(dtype)
    write("a.npy", array)
    wanted = io.BytesIO()
    np.save(wanted, array)
    assert (folder / "a.npy").read_bytes() == wanted.getvalue()


def plain(suffix, array):
    """A file by the shortest way there is: all at once."""
    if suffix == ".json":
        return json.dumps(array.tolist()) + "\n"
    lines = []
    for index in product(*map(range, array.shape)):
        loss = float(array[index])
        cells = [*map(str, index), repr(loss)]
        line = json.dumps({"index": index, "loss": loss}) if suffix == ".jsonl" else ",".join(cells)
        lines.append(line + "\n")
    axes = ["index"] if array.ndim == 1 else [f"i{axis}" for axis in range(array.ndim)]
    return ("" if suffix == ".jsonl" else ",".join([*axes, "loss"]) + "\n") + "".join(lines)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pieces_cannot_be_seen(shape, suffix, folder, monkeypatch):
    array = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    wanted = plain(suffix, array)
    flat = array.reshape(-1)
    for size in (1, 2, 3, 4, 5, 7, 100):
        monkeypatch.setattr(packing, "PIECE", size)
        for elements in (flat, spooled(flat), spooled(flat, size=2, memory=10)):
            writing.write(f"a{suffix}", elements, shape)
            assert (folder / f"a{suffix}").read_text() == wanted


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_larger_than_memory(suffix, folder, monkeypatch):
    """A hundred pieces of which few may be in memory at a time."""
    monkeypatch.setattr(packing, "PIECE", 2**9)
    flat = np.random.default_rng(2).normal(size=100 * 2**9)
    elements = spooled(flat, size=2**9)
    write(f"a{suffix}", ODD)  # imports what it takes
    tracemalloc.start()
    try:
        writing.write(f"a{suffix}", elements, (100, 2**9))
        assert tracemalloc.get_traced_memory()[1] < flat.nbytes / 2 + 2**16
    finally:
        tracemalloc.stop()
    assert (folder / f"a{suffix}").stat().st_size >= flat.nbytes


class Told(Watch):
    """Remembers what it is told."""

    def __init__(self):
        self.words = []

    def begin(self, what, total, unit):
        self.words.append((what, total, unit))

    def advance(self, amount):
        self.words.append(amount)

    def end(self):
        self.words.append("end")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_who_looks_on_is_told(suffix, monkeypatch):
    monkeypatch.setattr(packing, "PIECE", 2)
    told = Told()
    write(f"a{suffix}", np.zeros(5), watch=told)
    assert told.words == [(f"writing a{suffix}", 5, "elements"), 2, 2, 1, "end"]


def test_the_end_is_told_of_errors_too():
    told = Told()
    with pytest.raises(AttributeError):
        writing.write("a.csv", Broken(), (3,), told)
    assert told.words == [("writing a.csv", 3, "elements"), "end"]
    assert os.listdir() == []  # noqa: PTH208


class Broken:
    dtype = np.dtype(float)

    def __len__(self):
        return 3

    def __getitem__(self, rows):
        return None.tolist()


def test_a_full_disk_leaves_the_old_file(folder):
    (folder / "a.csv").write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(FileError, match=r"cannot write a.csv: file too large"):
            write("a.csv", np.zeros(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(folder) == ["a.csv"]  # noqa: PTH208
    assert (folder / "a.csv").read_text() == "old"


losses = st.sampled_from([np.float32, np.float64]).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(max_dims=3, max_side=3))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(array=losses, suffix=st.sampled_from([*SUFFIXES, ".csv.gz", ".json.gz", ".jsonl.gz"]))
def test_round_trip(array, suffix, folder):
    write(f"a{suffix}", array)
    column = suffix not in (".npy", ".json", ".json.gz")
    field = open_source(f"a{suffix}").select("loss" if column else None)
    read = field.rows(0, field.shape[0])
    expected = array.astype(np.float64).reshape(read.shape)
    np.testing.assert_array_equal(read.astype(np.float64), expected)


BINARY = (".npz", ".safetensors", ".parquet")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("shape", [*SHAPES, (0,), (2, 0)], ids=str)
@pytest.mark.parametrize("suffix", BINARY)
def test_other_libraries_read_the_same_bits(suffix, shape, dtype, folder, monkeypatch):
    monkeypatch.setattr(packing, "PIECE", 4)
    array = np.resize(ODD, shape).astype(dtype)
    write(f"a{suffix}", array)
    if suffix == ".npz":
        read = np.load("a.npz")["loss"]
    elif suffix == ".safetensors":
        read = pytest.importorskip("safetensors.numpy").load_file("a.safetensors")["loss"]
    else:
        table = pytest.importorskip("pyarrow.parquet").read_table("a.parquet")
        read = table["loss"].to_numpy().reshape(shape)
        places = [table[name].to_pylist() for name in table.column_names[:-1]]
        assert [*zip(*places, strict=True)] == [*np.ndindex(shape)] * bool(shape)
    assert (read.shape, read.dtype, read.tobytes()) == (shape, array.dtype, array.tobytes())


@pytest.mark.parametrize("suffix", [*BINARY, ".csv.gz"])
def test_the_same_losses_are_the_same_bytes(suffix, folder):
    write(f"a{suffix}", ODD)
    write(f"b{suffix}", ODD)
    assert (folder / f"a{suffix}").read_bytes() == (folder / f"b{suffix}").read_bytes()


def test_text_is_compressed_behind_gz(folder):
    write("a.csv.GZ", ODD)
    assert gzip.decompress((folder / "a.csv.GZ").read_bytes()).decode().startswith("index,loss\n0,")
    with pytest.raises(UsageError, match=r"a.npz.gz: only text is compressed\nhint: write a.npz"):
        check_writable("a.npz.gz")


def test_parquet_takes_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UsageError, match=r"hint: pip install 'losscli\[arrow\]'"):
        check_writable("a.parquet")


def test_unknown_suffix(folder):
    for call in (lambda: write("a.xls", ODD), lambda: check_writable("a.xls")):
        with pytest.raises(UsageError) as error:
            call()
        assert str(error.value) == (
            "cannot tell the format of a.xls by its suffix\n"
            "hint: end the name in "
            ".csv, .tsv, .txt, .json, .jsonl, .npy, .npz, .safetensors, .parquet"
        )
    assert os.listdir(folder) == []  # noqa: PTH208


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError(28, "No space")])
def test_nothing_is_left_of_an_error(folder, monkeypatch, error):
    (folder / "a.csv").write_text("old")

    def fail(*given):
        yield "half"
        raise error

    monkeypatch.setattr("losscli.formats.texts._rows", fail)
    expected = FileError if isinstance(error, OSError) else error
    with pytest.raises(expected) as caught:
        write("a.csv", ODD)
    if isinstance(error, OSError):
        assert str(caught.value) == "cannot write a.csv: no space left on the device"
    assert os.listdir(folder) == ["a.csv"]  # noqa: PTH208
    assert (folder / "a.csv").read_text() == "old"


def test_text_in_pieces(folder):
    def broken():
        yield "half"
        raise ValueError

    write_text("r.json", iter(["[1,", " 2]"]))
    with pytest.raises(ValueError, match=r"^$"):
        write_text("r.json", broken())
    assert (folder / "r.json").read_text() == "[1, 2]"
    assert os.listdir(folder) == ["r.json"]  # noqa: PTH208


def test_write_text(folder):
    write_text("r.json", '{"ä": 1}\n')
    write_text("r.json", '{"ä": 2}\n')
    assert (folder / "r.json").read_text("utf-8") == '{"ä": 2}\n'


def test_modes_and_links_stay(folder):
    old = os.umask(0o022)
    try:
        write_text("a.json", "1")
    finally:
        os.umask(old)
    assert stat.S_IMODE((folder / "a.json").stat().st_mode) == 0o644
    (folder / "a.json").chmod(0o600)
    (folder / "link.json").symlink_to("a.json")
    write_text("link.json", "2")
    assert (folder / "link.json").is_symlink()
    assert (folder / "a.json").read_text() == "2"
    assert stat.S_IMODE((folder / "a.json").stat().st_mode) == 0o600


def test_devices_are_written_to():
    write_text("/dev/null", "1")
    assert not os.path.isfile("/dev/null")  # noqa: PTH113


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/a.csv", "cannot write no/a.csv: there is no directory no"),
        ("dir.csv", "cannot write dir.csv: it is a directory"),
    ],
)
def test_check_writable(folder, name, message):
    (folder / "dir.csv").mkdir()
    with pytest.raises(FileError) as error:
        check_writable(name)
    assert str(error.value) == message
    with pytest.raises(FileError):
        write(name, ODD)


def test_check_writable_writes_nothing(folder):
    check_writable("a.csv")
    assert os.listdir(folder) == []  # noqa: PTH208


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_forbidden(folder):
    folder.chmod(0o500)
    try:
        with pytest.raises(FileError, match="permission denied"):
            check_writable("a.csv")
        with pytest.raises(FileError, match="permission denied"):
            write("a.csv", ODD)
    finally:
        folder.chmod(0o700)
