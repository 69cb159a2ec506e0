"""Files that are written whole or not at all, and read back as the same numbers."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from losscli.errors import FileError, UsageError
from losscli.formats import check_writable, open_source, write, write_text

ODD = np.array([0.1, np.nan, np.inf, -np.inf])


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
        ("a.json", ODD, '[0.1, "NaN", "Infinity", "-Infinity"]\n'),
        ("a.json", np.float32([[0.1]]), "[[0.10000000149011612]]\n"),
        ("a.json", np.float64(np.nan), '"NaN"\n'),
        ("a.json", np.empty((0, 2)), "[]\n"),
    ],
)
def test_texts(folder, name, array, text):
    write(name, np.asarray(array))
    assert (folder / name).read_bytes().decode() == text
    assert os.listdir(folder) == [name]  # noqa: PTH208


def test_npy(folder):
    write(folder / "a.npy", ODD.astype(np.float32))
    read = np.load(folder / "a.npy", allow_pickle=False)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, ODD.astype(np.float32))


losses = st.sampled_from([np.float32, np.float64]).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(max_dims=3, max_side=3))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(array=losses, suffix=st.sampled_from([".npy", ".json", ".csv", ".tsv"]))
def test_round_trip(array, suffix, folder):
    write(f"a{suffix}", array)
    field = open_source(f"a{suffix}").select("loss" if suffix in (".csv", ".tsv") else None)
    read = field.rows(0, field.shape[0])
    expected = array.astype(np.float64).reshape(read.shape)
    np.testing.assert_array_equal(read.astype(np.float64), expected)


def test_unknown_suffix(folder):
    for call in (lambda: write("a.xls", ODD), lambda: check_writable("a.xls")):
        with pytest.raises(UsageError) as error:
            call()
        assert str(error.value) == (
            "cannot tell the format of a.xls by its suffix\n"
            "hint: end the name in .csv, .tsv, .txt, .npy, .json"
        )
    assert os.listdir(folder) == []  # noqa: PTH208


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError(28, "No space")])
def test_nothing_is_left_of_an_error(folder, monkeypatch, error):
    (folder / "a.csv").write_text("old")

    def fail(file, elements, *, suffix):
        file.write(b"half")
        raise error

    monkeypatch.setattr("losscli.formats.delimited.write", fail)
    expected = FileError if isinstance(error, OSError) else error
    with pytest.raises(expected) as caught:
        write("a.csv", ODD)
    if isinstance(error, OSError):
        assert str(caught.value) == "cannot write a.csv: no space left on the device"
    assert os.listdir(folder) == ["a.csv"]  # noqa: PTH208
    assert (folder / "a.csv").read_text() == "old"


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
