"""Gradients have the same bits from one leaf and from many, and the shape of their files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from asked import EXAMPLES, FORMS
from cases import CASES, data
from slopes import asked

from losscli import evaluate, memory, plan, vectors
from losscli.errors import DataError, UsageError
from losscli.gradient import found
from losscli.losses import losses
from losscli.registry import Terms

ROWS = 300
ALONE = [
    case
    for case in [*CASES, *(case for case, (name, _) in FORMS.items() if EXAMPLES[name].alone)]
    if not case.startswith("zero-one")
]
"""The cases of losses that are computed leaf by leaf."""


def question(case, rows=ROWS, dtype=np.float32):
    if case in CASES:
        return CASES[case][0], data(case, rows, dtype), int(np.prod(CASES[case][2]))
    name, make = FORMS[case]
    given = make(np.random.default_rng(5), rows)
    for key, value in given.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            given[key] = value.astype(dtype)
    return name, given, next(iter(given.values()))[:1].size


def ran(name, given, **more):
    return evaluate(name, **asked(given), **more, grad=True)


def first(given, rows):
    """The first rows of everything that has rows."""
    return {
        key: one[:rows] if isinstance(one, np.ndarray) and len(one) == ROWS else one
        for key, one in given.items()
    }


@pytest.mark.parametrize("case", ALONE)
def test_the_leaf_does_not_matter(case, monkeypatch):
    """Nor how many rows come after: to the bit, where no sum of leaves is among the slopes."""
    name, given, per_row = question(case)
    given["reduction"] = "sum"
    whole = ran(name, given).gradient
    for leaf, rows in ((64, ROWS), (64, 129), (128, 65)):
        monkeypatch.setattr(plan, "LEAF", leaf * per_row)
        part = ran(name, first(given, rows)).gradient
        for key, slope in part.items():
            if len(given[key]) == ROWS:
                assert slope.tobytes() == whole[key][:rows].tobytes(), (key, leaf, rows)
            elif rows == ROWS:
                assert slope == pytest.approx(whole[key], rel=1e-6)


MEANS = ["bce --logits", "ce --logits", "rmse", "wape", "dice classes", "gaussian-nll one --var"]


@pytest.mark.parametrize("case", MEANS)
def test_threads_and_order_do_not_matter(case, monkeypatch):
    name, given, per_row = question(case)
    given["sample_weight"] = np.random.default_rng(1).exponential(size=ROWS)
    monkeypatch.setattr(plan, "LEAF", 64 * per_row)
    monkeypatch.setattr(plan, "GROUP", 1)
    before = torch.get_num_threads()
    answers = [ran(name, given, threads=threads, worst=9) for threads in (1, 2, 5)]
    assert torch.get_num_threads() == before
    assert len({json.dumps(one.to_dict()) for one in answers}) == 1
    for key in answers[0].gradient:
        assert len({one.gradient[key].tobytes() for one in answers}) == 1


@pytest.mark.parametrize("case", MEANS)
def test_means_agree_whatever_the_leaf(case, monkeypatch):
    name, given, per_row = question(case, dtype=np.float64)
    one = ran(name, given)
    monkeypatch.setattr(plan, "LEAF", 64 * per_row)
    many = ran(name, given)
    assert many.slopes.norm == pytest.approx(one.slopes.norm, rel=1e-12)
    for key, slope in one.gradient.items():
        assert many.gradient[key] == pytest.approx(slope, rel=1e-11, abs=1e-15)


def test_what_is_told_is_that_of_the_arrays(monkeypatch):
    monkeypatch.setattr(plan, "LEAF", 64 * 3)
    name, given, _ = question("gaussian-nll one --var")
    result = ran(name, given, worst=5)
    told = result.to_dict()["gradient"]
    both = np.concatenate([one.reshape(-1).astype(float) for one in result.gradient.values()])
    assert told["norm"] == pytest.approx(np.linalg.norm(both), rel=1e-12)
    for key, slope in result.gradient.items():
        assert told["inputs"][key]["shape"] == [*slope.shape]
        assert told["inputs"][key]["norm"] == pytest.approx(np.linalg.norm(slope), rel=1e-6)
    assert len(told["largest"]) == 5
    wanted = sorted(np.abs(both).tolist(), reverse=True)[:5]
    assert [abs(one["value"]) for one in told["largest"]] == wanted
    for one in told["largest"]:
        assert result.gradient[one["input"]][tuple(one["index"])] == one["value"]


def test_no_minus_zero():
    result = ran("hinge", {"logits": [5.0, -1.0, 0.0], "target": [1.0, 1.0, -1.0]})
    assert not np.signbit(result.gradient["logits"][0])
    assert result.gradient["logits"].tolist() == [0.0, -1 / 3, 1 / 3]


# ---- shapes


def test_squeezed_axes_come_back():
    flat = np.arange(6.0)
    plain = ran("mse", {"pred": flat, "target": np.zeros(6)}).gradient["pred"]
    for shape in ((6, 1), (6, 1, 1)):
        other = ran("mse", {"pred": flat.reshape(shape), "target": np.zeros(6)}).gradient["pred"]
        assert (other.shape, other.reshape(-1).tolist()) == (shape, plain.tolist())
    single = ran("mse", {"pred": 3.0 * np.ones(()), "target": np.zeros(())}).gradient["pred"]
    assert (single.shape, float(single)) == ((), 6.0)


def test_the_axis_of_classes_stays():
    logits = np.random.default_rng(2).normal(size=(4, 5, 3))
    target = np.random.default_rng(2).integers(0, 3, (4, 5))
    last = ran("ce", {"logits": logits, "target": target}).gradient["logits"]
    moved = np.ascontiguousarray(np.moveaxis(logits, -1, 1))
    first = ran("ce", {"logits": moved, "target": target}).gradient["logits"]
    assert np.moveaxis(first, 1, -1) == pytest.approx(last, rel=1e-12)
    one = ran("ce", {"logits": logits[0, 0], "target": target[0, 0]}).gradient["logits"]
    assert one.shape == (3,)


def test_what_is_shifted_away_has_none():
    logits = np.random.default_rng(2).normal(size=(4, 5, 3))
    target = np.random.default_rng(2).integers(0, 3, (4, 5))
    given = {"logits": logits, "target": target, "shift": 2, "class_axis": -1}
    slope = ran("ce", given).gradient["logits"]
    plain = ran(
        "ce", {"logits": logits[:, :3].copy(), "target": target[:, 2:].copy()} | {"class_axis": -1}
    )
    assert not slope[:, 3:].any()
    assert slope[:, :3].tolist() == plain.gradient["logits"].tolist()


@pytest.mark.parametrize("room", [2**26, 1, 300])
def test_time_first(monkeypatch, room):
    monkeypatch.setattr(found, "ROOM", room)
    name, given, per_row = question("ctc --logits", 20, np.float64)
    given |= {"worst": 4}
    rows = ran(name, given)
    monkeypatch.setattr(plan, "LEAF", 3 * per_row)
    turned = np.ascontiguousarray(given["logits"].swapaxes(0, 1))
    first = ran(name, given | {"logits": turned, "batch_first": False, "limit": 17})
    sliced = {key: one[:17] if isinstance(one, np.ndarray) else one for key, one in given.items()}
    wanted = ran(name, sliced)
    assert rows.gradient["logits"].shape == given["logits"].shape
    slope = first.gradient["logits"]
    assert slope.shape == (turned.shape[0], 17, turned.shape[2])
    assert slope.swapaxes(0, 1) == pytest.approx(wanted.gradient["logits"], rel=1e-11)
    for one in first.to_dict()["gradient"]["largest"]:
        assert slope[tuple(one["index"])] == one["value"]


def test_rows_that_are_not_read_are_left_out(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("p,y,split\n1,0,a\n2,0,b\n4,0,a\n")
    given = {"pred": f"{table}:p", "target": f"{table}:y", "where": "split=a"}
    assert ran("mse", given).gradient["pred"].tolist() == [1.0, 4.0]
    limited = {"pred": f"{table}:p", "target": f"{table}:y", "limit": 2}
    assert ran("mse", limited).gradient["pred"].tolist() == [1.0, 2.0]


# ---- all rows at once


@pytest.mark.parametrize("case", ["infonce as clip", "ntxent ", "supcon ", "siglip "])
def test_pairs_in_blocks(case, monkeypatch):
    name, given, _ = question(case, 24, np.float64)
    whole = ran(name, given)
    sizes = []
    plain = vectors.blocks
    monkeypatch.setattr(vectors, "BLOCK", 100)
    monkeypatch.setattr(
        vectors, "blocks", lambda *shape: (sizes.append(one) or one for one in plain(*shape))
    )
    many = ran(name, given)
    assert len(sizes) > 4
    for key, slope in whole.gradient.items():
        assert many.gradient[key] == pytest.approx(slope, rel=1e-9, abs=1e-14)


def test_too_large_for_all_rows_is_refused_before_it_starts(monkeypatch):
    given = {"input1": np.ones((1000, 4)), "input2": np.ones((1000, 4))}
    assert "about" in evaluate("infonce", **given).notes[0].message
    monkeypatch.setattr(memory, "available", lambda: 100 * 2**20)
    evaluate("infonce", **given)
    with pytest.raises(DataError, match="and again for the gradient"):
        evaluate("infonce", **given, grad=True)


# ---- refusals


def test_no_gradient():
    with pytest.raises(UsageError, match="it is of decisions"):
        ran("zero-one", {"pred": [1.0], "target": [1.0]})
    with pytest.raises(UsageError, match="--reduction none gives many"):
        ran("mse", {"pred": [1.0], "target": [1.0], "reduction": "none"})


def test_a_loss_that_autograd_cannot_follow(monkeypatch):
    def cut(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (pred - target).detach().square()

    monkeypatch.setitem(losses["mse"].forms, ("pred", "target"), cut)
    with pytest.raises(UsageError, match="in a way that autograd can follow"):
        ran("mse", {"pred": [1.0], "target": [2.0]})


@pytest.mark.parametrize("weights", [None, [1.0, 0.5, 2.0]])
def test_what_losses_count_may_depend_on_predictions(monkeypatch, weights):
    def ratio(pred: torch.Tensor, target: torch.Tensor) -> Terms:
        return Terms((pred - target).square(), pred.square() + 1)

    monkeypatch.setitem(losses["mse"].forms, ("pred", "target"), ratio)
    pred = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    parts = ratio(pred, torch.zeros(3))
    own = torch.tensor(weights or [1.0, 1.0, 1.0])
    value = (own * parts.elements).sum() / (own * parts.over).sum()
    (wanted,) = torch.autograd.grad(value, pred)
    given = {"pred": pred.detach().numpy(), "target": [0.0, 0.0, 0.0], "sample_weight": weights}
    found = ran("mse", given)
    assert found.value == pytest.approx(value.item())
    assert found.gradient["pred"] == pytest.approx(wanted.numpy(), rel=1e-5)


def test_without_it_there_is_none():
    result = evaluate("mse", pred=[1.0], target=[2.0])
    assert result.gradient is None
    assert "gradient" not in result.to_dict()
