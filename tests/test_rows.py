"""Losses that need every row at once: said before they start, refused where they cannot fit."""

from __future__ import annotations

import numpy as np
import pytest

from losscli import evaluate, memory, plan
from losscli.errors import DataError
from losscli.lazy import Tensor
from losscli.losses import losses
from losscli.registry import loss
from losscli.roles import Values


def ranked(pred: Tensor, target: Tensor) -> Tensor:
    """How far each prediction's rank is from its target's: the rows of a leaf do not tell."""
    places = (values.argsort().argsort().to(pred.dtype) for values in (pred, target))
    return (next(places) - next(places)).abs()


@pytest.fixture(params=["all", "pairs"])
def kind(request, monkeypatch):
    monkeypatch.setitem(losses, "ranked", loss(Values, rows=request.param)(ranked))
    monkeypatch.setitem(losses._names, "ranked", losses["ranked"])
    monkeypatch.setattr(plan, "LEAF", 64)
    return request.param


def test_all_rows_are_one_leaf(kind):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1000))
    found = evaluate("ranked", pred=x, target=y)
    wanted = np.abs(x.argsort().argsort() - y.argsort().argsort())
    np.testing.assert_array_equal(found.elements, wanted)
    (note,) = [one for one in found.notes if one.code == "all-rows"]
    assert "ranked needs all 1,000 rows at once: about " in note.message


def test_limit_is_all_that_is_held(kind):
    found = evaluate("ranked", pred=[3.0, 1.0, 2.0, 9.0], target=[1.0, 2.0, 3.0, 0.0], limit=3)
    assert found.elements.tolist() == [2, 1, 1]


def test_what_cannot_fit_is_refused_with_a_number(kind, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 2**20)
    rows = 2**17 if kind == "all" else 2**10
    with pytest.raises(DataError) as caught:
        evaluate("ranked", pred=np.zeros(rows), target=np.zeros(rows))
    assert "1 MiB are free" in str(caught.value) or "1.0 MiB are free" in str(caught.value)
    assert caught.value.hint == "--limit N takes only the first rows"
