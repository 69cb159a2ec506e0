"""Lists, ranges and globs of arrays: each of one axis is a column."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from losscli.errors import DataError
from losscli.formats import open_source

ARRAYS = {
    "p_b": np.array([0.5, -2, 3]),
    "p_a": np.array([4, 5, 6], np.int16),
    "p_c": np.array([7.25, 8, 9], np.float32),
    "wide": np.ones((3, 2)),
    "short": np.array([1.0, 2]),
}


def write(kind):
    if kind == "json":
        Path("x.json").write_text(json.dumps({k: a.tolist() for k, a in ARRAYS.items()}), "utf-8")
    elif kind == "npz":
        np.savez("x.npz", **ARRAYS)
    elif kind == "pt":
        torch.save({name: torch.tensor(array) for name, array in ARRAYS.items()}, "x.pt")
    elif kind == "safetensors":
        pytest.importorskip("safetensors.numpy").save_file(ARRAYS, "x.safetensors")
    else:
        with pytest.importorskip("h5py").File("x.h5", "w", track_order=True) as file:
            for name, array in ARRAYS.items():
                file[name] = array
    return f"x.{kind}"


@pytest.fixture(params=["npz", "pt", "safetensors", "h5", "json"])
def path(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write(request.param)


@pytest.mark.parametrize(
    ("key", "names"), [("p_c,p_a", ["p_c", "p_a"]), ("p_a, p_b", ["p_a", "p_b"])]
)
def test_lists(path, key, names):
    field = open_source(path).select(key)
    assert (field.shape, field.columns, field.key) == ((3, 2), tuple(names), key)
    together = np.stack([ARRAYS[name] for name in names], 1)
    np.testing.assert_array_equal(np.concatenate([field.rows(0, 2), field.rows(2, 9)]), together)
    assert field.place((2, 1)) == f"row 3, column {names[1]!r}"


def test_globs(path):
    field = open_source(path).select("p_*")
    assert sorted(field.columns) == ["p_a", "p_b", "p_c"]
    together = np.stack([ARRAYS[name] for name in field.columns], 1)
    np.testing.assert_array_equal(field.rows(0, 3), together)
    np.testing.assert_array_equal(open_source(path).select("wi*").rows(0, 3), ARRAYS["wide"])


@pytest.mark.parametrize("key", ["p_a,no", "no_*", "p_a..no", "p_a,0,9"])
def test_what_is_not_there(path, key):
    with pytest.raises(DataError, match=rf"^{path} has no \w+ .*; it holds .*p_b \(3,\) float64"):
        open_source(path).select(key)


@pytest.mark.parametrize("key", ["p_a,short", "p_a,wide", "*"])
def test_what_is_no_matrix(path, key):
    with pytest.raises(DataError) as caught:
        open_source(path).select(key)
    if path != "x.json":
        assert "are no columns of one matrix" in caught.value.message


def test_twice(path):
    with pytest.raises(DataError, match="twice"):
        open_source(path).select("p_a,p_a")


def test_text_beside_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", a=[1, 2], b=["x", "y"], c=["z", "w"])
    with pytest.raises(DataError, match=r"^x.npz: b holds text, and a does not$"):
        open_source("x.npz").select("a,b")
    assert open_source("x.npz").select("b,c").rows(0, 2).tolist() == [["x", "z"], ["y", "w"]]
