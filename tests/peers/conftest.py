"""What each file of this folder checks its tables with: losscli beside one other library.

A library is imported by the first test that needs it, and what it warns of is its own affair.
A case is a loss, what losscli is given, and the call of the library, which gets the library and
the same inputs; then, where fewer digits agree than those of its file, a tolerance and why.
"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

from losscli import evaluate


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="module")
def peer(request):
    return import_module(request.module.PEER)


@pytest.fixture(scope="module")
def array():
    """Makes of a NumPy array what the library wants: a tensor, unless its file says otherwise."""
    import torch

    return torch.from_numpy


@pytest.fixture
def theirs(peer, array):
    """The result of the library, as NumPy has it."""

    def compute(reference, given):
        made = {
            name: array(value) if isinstance(value, np.ndarray) else value
            for name, value in given.items()
        }
        return np.asarray(reference(peer, SimpleNamespace(**made)))

    return compute


@pytest.fixture
def same(theirs, request):
    """A single number is the reduced loss, an array the losses of the elements."""
    usual = getattr(request.module, "TOLERANCE", (1e-12, "all digits agree"))

    def check(loss, given, reference, *tolerance):
        wanted = theirs(reference, given)
        result = evaluate(loss, **given)
        found = np.asarray(result.elements if wanted.ndim else result.value)
        assert found.shape == wanted.shape
        near, why = tolerance or usual
        np.testing.assert_allclose(found, wanted, near, near, err_msg=why)

    return check


@pytest.fixture
def different(theirs):
    """Both numbers are as the table says: that of losscli, and that of the library."""

    def check(loss, given, reference, ours, other, why):
        assert evaluate(loss, **given).value == pytest.approx(ours, rel=1e-3), why
        assert theirs(reference, given) == pytest.approx(other, rel=1e-3), why

    return check
