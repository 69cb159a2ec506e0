"""What torch.save writes: dotted paths, batches, and nothing that runs."""

from __future__ import annotations

import io
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from makers import as_npz, as_pt

from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.base import Reading

R = torch.arange(6.0)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(value, **options):
    return as_file(as_pt(value, **options))


def as_file(data, name="a.pt"):
    with open(name, "wb") as file:  # noqa: PTH123
        file.write(data)
    return open_source(name)


def rows(field):
    return field.rows(0, field.shape[0] if field.shape else 1)


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


# ---- values


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (R.bfloat16(), "f4", [0, 1, 2, 3, 4, 5]),
        (R[:3].to(torch.float8_e4m3fn), "f4", [0, 1, 2]),
        (R[:3].half(), "f2", [0, 1, 2]),
        (R[:2] > 0, "?", [False, True]),
        (R[:2].to(torch.uint8), "u1", [0, 1]),
        (torch.tensor(2.5), "f4", 2.5),
        (torch.zeros(0, 3), "f4", []),
        (torch.nn.Parameter(R[:2]), "f4", [0, 1]),
        (R.view(2, 3).T, "f4", [[0, 3], [1, 4], [2, 5]]),
        (R[::2], "f4", [0, 2, 4]),
        (R[:1].expand(3), "f4", [0, 0, 0]),
        (np.arange(3, dtype=">i4"), "i4", [0, 1, 2]),
        (np.zeros((0, 3)), "f8", []),
        (np.array(["cat", "dog"]), "U3", ["cat", "dog"]),
        (np.asfortranarray(np.arange(4.0).reshape(2, 2)), "f8", [[0, 1], [2, 3]]),
        ([torch.tensor(1.0), torch.tensor(2.0)], "f4", [1, 2]),
        ([1, 2.5, 3], "f8", [1, 2.5, 3]),
        (["a", "bc"], "U2", ["a", "bc"]),
        ([[1, 2], [3, 4]], "i8", [[1, 2], [3, 4]]),
        ({"x": np.float32(2)}, "f4", 2),
    ],
)
def test_values(value, dtype, expected):
    field = opened(value).select(None)
    assert field.dtype == np.dtype(dtype)
    assert rows(field).tolist() == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (R + 1j, "a.pt is a tensor of torch.complex64: save dense numbers"),
        (R.to_sparse(), "a.pt is a tensor torch.sparse_coo of torch.float32: save dense numbers"),
        (torch.empty(3, device="meta"), "a.pt is a tensor without values: save dense numbers"),
        ({}, "a.pt: it holds no array"),
        ([R, R.view(2, 3)], "a.pt:[1] has shape (2, 3), and a.pt:[0] has (6,)"),
        ({1: R, "1": R}, "a.pt: a dict has two values named '1'"),
        (R[:1].expand(10**12), "a.pt expands to over 100 times its size"),
    ],
)
def test_refused(value, message):
    assert told(lambda: opened(value).select(None)).startswith(message)


def test_files_from_before_the_zip_format():
    assert rows(opened(R, _use_new_zipfile_serialization=False).select(None)).tolist() == R.tolist()


# ---- keys


NESTED = {"out": {"logits": R.view(2, 3), "a.b": R}, "y": [1, 0], "epoch": 3, "heads": [R, R + 1]}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("out.logits", [[0, 1, 2], [3, 4, 5]]),
        ("out.logits.1", [1, 4]),
        ("out.logits.2,0", [[2, 0], [5, 3]]),
        ("out.a.b", [0, 1, 2, 3, 4, 5]),
        ("y", [1, 0]),
        ("epoch", 3),
        ("heads.1", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_dotted_paths(key, expected):
    field = opened(NESTED).select(key)
    assert rows(field).tolist() == expected
    assert field.key == key


def test_unknown_keys_list_what_there_is():
    source = opened({"out": {"logits": R.view(2, 3).half()}, "y": [1, 0]})
    assert told(source.select, "out.logit") == (
        "a.pt has no key 'out.logit'; it holds out.logits (2, 3) float16, y (2,) int\n"
        "hint: did you mean 'out.logits'?"
    )
    for key in ("out", "z", "out.logits.z", "out.logits.3"):
        assert told(source.select, key).startswith(f"a.pt has no key {key!r}; it holds out.logits")
    assert "hint: name one with a key, as in a.pt:out.logits" in told(source.select, None)
    assert rows(source.select(None, leave=["out.logits"])).tolist() == [1, 0]


# ---- batches


def test_batches_are_joined():
    full = {"logits": R.view(3, 2), "y": torch.tensor([0, 1, 1])}
    last = {"logits": R[:2].view(1, 2), "y": torch.tensor([0])}
    source = opened({"preds": [full, full, last]})
    logits, y = source.select("preds.*.logits"), source.select("preds.*.y")
    np.testing.assert_array_equal(rows(logits), torch.cat([full["logits"]] * 2 + [last["logits"]]))
    assert rows(y).tolist() == [0, 1, 1, 0, 1, 1, 0]
    assert logits.notes == (
        (
            "batches",
            "a.pt:preds.*.logits is 3 batches, joined along the rows to (7, 2); "
            "torch.stack keeps an axis for them",
        ),
    )
    assert rows(source.select("preds.*.logits.1")).tolist() == [1, 3, 5, 1, 3, 5, 1]
    for start, stop in ((0, 7), (2, 4), (5, 7), (6, 7)):
        np.testing.assert_array_equal(logits.rows(start, stop), rows(logits)[start:stop])


def test_batches_as_arrays_and_without_names():
    assert rows(opened([np.arange(3), np.arange(2)]).select(None)).tolist() == [0, 1, 2, 0, 1]
    assert rows(opened([R[:2], R[:2]]).select(None)).tolist() == [0, 1, 0, 1]
    assert rows(opened({"y": [R[:2].double(), R[:2]]}).select("y")).dtype == np.float64


def test_batches_that_do_not_fit():
    source = opened([{"x": R.view(2, 3)}, {"x": R.view(3, 2)}])
    assert told(source.select, "*.x") == (
        "a.pt:*.x[1] has shape (3, 2), and a.pt:*.x[0] has (2, 3): "
        "only the number of rows may differ"
    )


# ---- nothing runs


class Runs:
    """An object that runs something where it is unpickled."""

    def __init__(self, function, *arguments):
        self._made = function, arguments

    def __reduce__(self):
        return self._made


@pytest.mark.parametrize(
    "value",
    [
        Runs(print, "run"),
        np.array([object()]),
        np.array([Runs(print, "run")], dtype=object),
        torch.nn.Linear(2, 2),
        {"x": R, "args": Runs(eval, "1 / 0")},
    ],
)
def test_objects_are_never_unpickled(value, capsys):
    message = told(opened, value)
    assert "which is never unpickled: it could run code" in message
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "value",
    [
        Runs(bytes, 2**50),
        Runs(np.ndarray, (2**50,)),
        Runs(np.empty, 2**50),
        Runs(np.frombuffer, b"1"),
    ],
)
def test_nothing_makes_room_for_what_it_only_says(value):
    assert told(opened, {"x": value}).startswith("a.pt ")


def test_arrays_have_the_values_of_the_file_or_none():
    core = np._core.multiarray if hasattr(np, "_core") else np.core.multiarray
    empty = opened({"x": Runs(core._reconstruct, np.ndarray, (10**6,), b"b")}).select("x")
    assert empty.shape == (0,)


def test_pickles_are_refused():
    data = pickle.dumps({"x": [1.0]})
    assert told(as_file, data, "a.bin") == (
        "a.bin is a pickle, which could run code\nhint: save an array"
    )


def test_nested_deeper_than_anybody_looks():
    data = b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b"."
    head = as_pt([])
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(head)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name.endswith("data.pkl") else old.read(name))
    assert "nested too deep" in told(as_file, file.getvalue())


def test_npz_named_pt():
    assert told(as_file, as_npz(x=np.arange(3))) == (
        "a.pt is named .pt, but begins as an NPZ archive does\n"
        "hint: --input-format npz reads it as one"
    )


def test_several_threads_read_the_same_rows():
    array = torch.randn(5000, 2)
    opened({"x": array})
    field = open_source("a.pt", reading=Reading(threads=4)).select(None)
    starts = [*range(0, 5000, 333)] * 4
    with ThreadPoolExecutor(4) as pool:
        pieces = pool.map(lambda start: field.rows(start, start + 333), starts)
        for start, piece in zip(starts, pieces, strict=True):
            np.testing.assert_array_equal(piece, array[start : start + 333])
