"""Safetensors: tensors by name, of which only the rows that are asked for are read."""

from __future__ import annotations

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from makers import as_safetensors

from losscli.errors import DataError, UsageError
from losscli.formats import open_source

save = pytest.importorskip("safetensors.torch").save
R = torch.arange(6.0).view(2, 3)
TENSORS = {
    "model.head.weight": R,
    "brain": R.bfloat16(),
    "e4": R.to(torch.float8_e4m3fn),
    "e5": R.to(torch.float8_e5m2),
    "half": R.half(),
    "yes": R > 2,
    "one": torch.tensor(3.5),
    "none": torch.zeros(0, 3),
    "u64": torch.tensor([2**64 - 1], dtype=torch.uint64),
}


@pytest.fixture(params=["path", "pipe"])
def opened(request, tmp_path, monkeypatch):
    """Opens bytes as a file, or as what comes through a pipe."""
    monkeypatch.chdir(tmp_path)

    def by_either(data):
        if request.param == "pipe":
            monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
            return open_source("-", fmt="safetensors")
        (tmp_path / "a.safetensors").write_bytes(data)
        return open_source("a.safetensors")

    return by_either


def told(call, *arguments):
    with pytest.raises(DataError) as error:
        call(*arguments)
    return str(error.value)


@pytest.mark.parametrize("name", TENSORS)
def test_every_tensor_by_its_name(opened, name):
    field = opened(save(TENSORS)).select(name)
    tensor = TENSORS[name]
    wide = name in ("brain", "e4", "e5")
    expected = tensor.float().numpy() if wide else tensor.numpy()
    assert (field.shape, field.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(field.rows(0, 9), expected)


def test_columns(opened):
    source = opened(save(TENSORS))
    assert source.select("brain.1").rows(0, 2).tolist() == [1, 4]
    assert opened(save({"x": R})).select("2,0").rows(0, 2).tolist() == [[2, 0], [5, 3]]


def test_unknown_names_list_what_there_is(opened):
    source = opened(save({"b": R.bfloat16(), "a": R, "c": torch.zeros(2, dtype=torch.complex64)}))
    message = told(source.select, "q")
    held = "has no array 'q'; it holds a (2, 3) float32, b (2, 3) bfloat16, c (2,) c"
    assert held in message
    assert "which is not numbers" in told(source.select, "c") or "complex" in told(
        source.select, "c"
    )


@pytest.mark.parametrize(
    "break_it",
    [
        lambda data: data[:-1],
        lambda data: data[:20],
        lambda data: data + b"more",
        lambda data: (2**60).to_bytes(8, "little") + data[8:],
        lambda data: data.replace(b"[0,24]", b"[0,99]"),
        lambda data: data.replace(b"[2,3]", b"[2,9]"),
        lambda data: data.replace(b'"F32"', b'"F33"'),
    ],
)
def test_broken_files(opened, break_it):
    whole = save({"x": R})
    broken = break_it(whole)
    assert broken != whole
    message = told(opened, broken)
    assert "is no safetensors file that can be read: " in message or "does not begin as" in message


def test_a_header_that_promises_more_than_any_memory(opened):
    held = {"x": {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 2**43]}}
    header = json.dumps(held).encode()
    data = len(header).to_bytes(8, "little") + header
    assert "is no safetensors file that can be read: " in told(opened, data)


def test_without_the_library(opened, monkeypatch):
    data = as_safetensors(x=np.zeros(2))
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(UsageError, match="takes the package safetensors") as error:
        opened(data)
    assert str(error.value).endswith("hint: pip install 'losscli[formats]'")


def test_several_threads_read_the_same_rows(opened):
    array = np.random.default_rng(0).normal(size=(5000, 2))
    field = opened(as_safetensors(x=array)).select(None)
    starts = [*range(0, 5000, 333)] * 4
    with ThreadPoolExecutor(4) as pool:
        pieces = pool.map(lambda start: field.rows(start, start + 333), starts)
        for start, piece in zip(starts, pieces, strict=True):
            np.testing.assert_array_equal(piece, array[start : start + 333])
