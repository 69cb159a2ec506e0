"""Broken files of every format: an error in our words, soon, or rows that are rows."""

from __future__ import annotations

import io
import sys
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from fuzzing import CASES, Case, attempt, broken, case, corpus
from makers import COMPRESSED, MAKERS, as_npy, as_text, zipped

from losscli.errors import DataError, LosscliError, UsageError
from losscli.formats import open_source
from losscli.formats.base import Reading


@pytest.fixture(scope="module")
def files():
    return corpus()


def told(call, *arguments, **options):
    with pytest.raises(LosscliError) as error:
        call(*arguments, **options)
    assert error.value.exit_code in (3, 4)
    return str(error.value)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of names that a ZIP file has twice
@pytest.mark.parametrize("start", range(0, 400, 50))
def test_broken_at_random(start, files, tmp_path):
    for number in range(start, start + 50):
        attempt(case(number, files), tmp_path)


def test_cases_are_always_the_same(files):
    assert vars(case(7, files)) == vars(case(7, files))
    assert case(7, files).data != files[case(7, files).name][1]


@pytest.mark.parametrize("name", CASES)
def test_cut_short_at_every_tenth_byte(name, files, tmp_path):
    suffix, data = files[name]
    for size in range(0, len(data), max(len(data) // 10, 1)):
        one = Case(name=name, suffix=suffix, data=data[:size], key=None, fmt=None, header=None)
        attempt(one, tmp_path)


BINARY = [name for name in MAKERS if MAKERS[name][0].lstrip(".").partition(".")[0] in (
    "npy", "npz", "pt", "pth", "safetensors", "h5", "hdf5", "parquet", "pq", "arrow", "feather"
)]  # fmt: skip


@pytest.mark.parametrize("name", [*BINARY, *(n for n in MAKERS if n.startswith("csv."))])
def test_no_part_of_a_binary_file_is_taken_for_the_whole(name, files, tmp_path):
    suffix, data = files[name]
    path = tmp_path / f"x{suffix}"
    for size in range(0, len(data), max(len(data) // 10, 1)):
        path.write_bytes(data[:size])
        told(lambda: open_source(str(path)).select(None).rows(0, 4))


@pytest.mark.parametrize("suffix", ["", ".csv", ".json", ".jsonl", ".npy", ".npz", ".pt", ".h5"])
@pytest.mark.parametrize(
    "content",
    [
        bytes(5000),
        b"\xff" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"",
        b"\n\n  \n",
        bytes(range(256)) * 20,
    ],
    ids=["NUL", "FF", "lists", "objects", "closed lists", "nothing", "blanks", "junk"],
)
def test_junk(suffix, content, tmp_path):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    if suffix == ".csv" and content[:1] in b"[{" and content:
        field = open_source(str(path)).select(None)  # a header without rows: of it there is no loss
        assert field.shape == (0,)
        return
    assert str(path) in told(lambda: open_source(str(path)).select(None))


def test_places_that_are_no_files(tmp_path):
    (tmp_path / "x.npz").mkdir()
    assert told(open_source, str(tmp_path / "x.npz")).endswith("it is a directory")
    (tmp_path / "x.pt").symlink_to("x.pt")
    assert told(open_source, str(tmp_path / "x.pt")).endswith("too many symbolic links")


# ---- compressed


@pytest.mark.parametrize("suffix", COMPRESSED)
@pytest.mark.parametrize("piped", [False, True])
def test_bombs(suffix, piped, tmp_path, monkeypatch):
    """As large as allowed it is not expanded, wherever it comes from."""
    monkeypatch.setattr("losscli.formats.compressed.HARMLESS", 2**20)
    data = COMPRESSED[suffix](as_npy(np.zeros(2**20)))
    path = tmp_path / f"x.npy{suffix}"
    path.write_bytes(data)
    where = "-" if piped else str(path)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    message = told(open_source, where)
    assert message.endswith("--max-expansion N allows more, if this is meant")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    field = open_source(where, reading=Reading(expansion=1e6)).select(None)
    assert field.shape == (2**20,)


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_compressed_and_broken(suffix, tmp_path):
    whole = COMPRESSED[suffix](as_text(np.arange(3000.0).reshape(-1, 3), ",", header=True))
    path = tmp_path / f"x.csv{suffix}"
    for data in (whole[:-1], whole[: len(whole) // 2], whole[:-20] + bytes(20)):
        path.write_bytes(data)
        assert f"{path} is broken: " in told(lambda: open_source(str(path)).select(None))


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_what_is_cut_short_has_no_fewer_rows(suffix, tmp_path):
    """Wherever it ends, also between blocks, of which the last is marked as such."""
    rows = np.random.default_rng(0).normal(size=(20_000, 1))
    whole = COMPRESSED[suffix](as_text(rows, ",", header=True))
    path = tmp_path / f"x.csv{suffix}"
    for size in np.linspace(0, len(whole) - 1, 11).astype(int).tolist():
        path.write_bytes(whole[:size])
        told(lambda: open_source(str(path)).select(None))
    path.write_bytes(whole)
    assert open_source(str(path)).select(None).shape == (20_000,)


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_several_streams_are_one(suffix, tmp_path):
    """As `cat a.gz b.gz` makes them."""
    path = tmp_path / f"x.csv{suffix}"
    path.write_bytes(COMPRESSED[suffix](b"a,b\n1,2\n") + COMPRESSED[suffix](b"3,4\n"))
    assert open_source(str(path)).select(None).rows(0, 2).tolist() == [[1, 2], [3, 4]]


def test_names_that_do_not_fit(tmp_path):
    packed = COMPRESSED[".gz"](b"a,b\n1,2\n")
    for name, data, words in [
        ("x.csv", packed, "is named .csv, but begins as gzip does"),
        ("x.csv.bz2", packed, "is named .bz2, but does not begin as bzip2 does"),
        ("x.csv.gz", b"a,b\n1,2\n", "is named .gz, but does not begin as gzip does"),
        ("x.csv.gz", b"", "is named .gz, but does not begin as gzip does"),
    ]:
        (tmp_path / name).write_bytes(data)
        assert words in told(open_source, str(tmp_path / name))


def test_without_zstandard(tmp_path, monkeypatch):
    path = tmp_path / "x.csv.zst"
    path.write_bytes(COMPRESSED[".zst"](b"a\n1\n"))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(UsageError, match=r"hint: pip install 'losscli\[formats\]'"):
        open_source(str(path))


# ---- crafted


def test_an_npz_whose_members_overlap(tmp_path):
    """Entries of a directory that share bytes cannot make a small file large."""
    data = bytearray(zipped({"a.npy": as_npy(np.arange(9)), "b.npy": as_npy(np.arange(9))}))
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 4)
    data[second + 42 : second + 46] = bytes(4)  # where b.npy begins: where a.npy does
    path = tmp_path / "x.npz"
    path.write_bytes(data)
    assert "is no NPZ file that can be read" in told(lambda: open_source(str(path)).select("b"))


def test_an_npy_that_claims_more_than_there_is(tmp_path):
    path = tmp_path / "x.npy"
    data = as_npy(np.zeros(10))
    path.write_bytes(data.replace(b"(10,), }        ", b"(9999999999,), }"))
    assert "is cut short: its header promises (9999999999,) float64" in told(open_source, str(path))


def test_names_with_markup_and_escapes_say_no_more_than_others(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"\x1b[31m[bold]a\x07,b\n1,2\n")
    assert open_source(str(path)).select(None).columns == ("\x1b[31m[bold]a\x07", "b")
    with pytest.raises(DataError):
        open_source(str(path)).select("c")


def test_a_stored_block_of_deflate_that_never_ends(tmp_path):
    path = tmp_path / "x.csv.gz"
    path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + zlib.compress(b"1,2\n" * 99)[2:-4])
    assert "is broken" in told(open_source, str(path))


def test_mutations_differ(files):
    import random

    _, data = files["npy"]
    assert len({broken(data, random.Random(seed), files) for seed in range(50)}) > 40
