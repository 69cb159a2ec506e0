"""Leaves are moved to a device and back by one code, whatever the device."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from asked import EXAMPLES

from losscli import evaluate
from losscli.devices import PAYS, Way, device
from losscli.errors import UsageError
from losscli.losses import losses

CUDA = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
)
RNG = np.random.default_rng(3)
SCORES = RNG.normal(size=(300, 4))
LABELS = RNG.integers(0, 2, SCORES.shape)
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
TARGETS = {"kl": SHARES[::-1], "mse": SCORES[::-1], "gamma": LABELS + 1}
TARGETS |= dict.fromkeys(("ce", "nll", "gce", "multi-margin", "multiclass-hinge"), LABELS[:, 0])


def asked(name):
    if name in EXAMPLES:
        return EXAMPLES[name].inputs(rows=300)
    kind = losses[name].inputs[0]
    positive = {"probs": SHARES, "rate": SHARES, "log_probs": np.log(SHARES)}
    given = SHARES if name in ("msle", "rmsle") else positive.get(kind, SCORES)
    return {kind: given, "target": TARGETS.get(name, LABELS)}


@pytest.mark.parametrize("name", losses)
@pytest.mark.parametrize("where", ["cpu", "auto", CUDA])
def test_every_loss_is_the_same_on_every_device(name, where):
    given = asked(name)
    here, there = evaluate(name, **given), evaluate(name, **given, device=where)
    np.testing.assert_allclose(there.elements, here.elements, rtol=1e-12, atol=1e-15)
    assert there.value == pytest.approx(here.value, rel=1e-12)
    assert isinstance(there.elements, np.ndarray)


@pytest.mark.parametrize("where", ["cpu", CUDA])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bce", {"weight": [1, 2, 3, 4], "pos_weight": 3.0, "sample_weight": np.arange(300.0)}),
        ("bce", {"weight": np.arange(1200.0).reshape(300, 4), "mask": LABELS}),
        ("ce", {"weight": [1, 2, 3, 4], "label_smoothing": 0.1, "ignore_index": 1}),
        ("kl", {"log_target": False, "mask": LABELS[:, 0]}),
    ],
)
def test_what_goes_along_with_the_leaves_goes_to_the_device(name, options, where):
    given = asked(name) | options
    here, there = evaluate(name, **given), evaluate(name, **given, device=where)
    assert there.value == pytest.approx(here.value, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_dtype_comes_back(dtype):
    found = evaluate("mse", pred=SCORES, target=SCORES + 1, dtype=dtype)
    assert found.value == pytest.approx(1, rel=0.02)
    assert f"|{dtype}|" in found.signature


@pytest.mark.parametrize("name", losses)
def test_every_loss_can_be_computed_in_halves(name):
    """Roughly right, and never beyond what a half can hold on the way."""
    given = asked(name)
    whole = evaluate(name, **given).elements
    for dtype in ("float16", "bfloat16"):
        found = evaluate(name, **given, dtype=dtype).elements
        held = np.abs(whole) < 6e4  # the largest half is 65504
        np.testing.assert_allclose(found[held], whole[held], rtol=0.2, atol=0.2)


def test_devices_that_are_not_there():
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    with pytest.raises(UsageError, match="CUDA"):
        device(f"cuda:{count}", "float32", 1)
    if not torch.backends.mps.is_available():
        with pytest.raises(UsageError, match="no MPS device"):
            device("mps", "float32", 1)
    assert device("cpu", "float64", 1) == torch.device("cpu")


def test_auto_takes_cuda_only_where_it_pays(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device("auto", "float32", PAYS - 1) == torch.device("cpu")
    assert device("auto", "float32", PAYS) == torch.device("cuda")


@pytest.mark.parametrize("where", ["cpu", CUDA])
def test_the_way_there_and_back_for_several_threads(where):
    """What goes there comes back, whichever thread and stream it takes."""
    way = Way(torch.device(where))
    arrays = [np.full((3, i + 1), i, np.float32) for i in range(50)]

    def sent(array):
        with way.open():
            return way.back(way.there(array, torch.float64) * 2).numpy()

    with ThreadPoolExecutor(4) as pool:
        for array, found in zip(arrays, pool.map(sent, arrays), strict=True):
            np.testing.assert_array_equal(found, array.astype(np.float64) * 2)
