"""The same bits from one leaf and from many, in any order, from any layout of the same numbers."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from asked import EXAMPLES, FORMS
from asked.base import Held, has_rows
from cases import CASES, data

from losscli import evaluate, plan
from losscli.losses import losses
from losscli.state import State

RNG = np.random.default_rng(13)


def bits(array):
    return array.tobytes()


def asked(case, rows, dtype=np.float32):
    """The loss of a case, its inputs and options, and the values of its prediction in a row."""
    if case in CASES:
        return CASES[case][0], data(case, rows, dtype), int(np.prod(CASES[case][2]))
    name, make = FORMS[case]
    given = {
        key: cut(one, rows, dtype) for key, one in make(np.random.default_rng(5), 2000).items()
    }
    first = next(iter(given.values()))
    return name, given, first[:1].size


def cut(value, rows, dtype):
    """The first rows of an array, in a dtype if it is of floats."""
    if isinstance(value, dict):  # the arrays of a module
        return {name: one.astype(dtype) for name, one in value.items()}
    if not has_rows(value):
        return value.astype(dtype) if isinstance(value, Held) else value
    return value[:rows].astype(dtype) if value.dtype.kind == "f" else value[:rows]


ALONE = [*CASES, *(case for case, (name, _) in FORMS.items() if EXAMPLES[name].alone)]
"""The cases of losses of which each row has its own, whatever the others are."""


@pytest.mark.parametrize("case", [*CASES, *FORMS])
def test_hits_of_a_role_are_told_where_there_is_an_accuracy(case):
    name, given, _ = asked(case, 12)
    assert bool(losses[name].target.hits) is (evaluate(name, **given).accuracy is not None)


def test_every_loss_is_here():
    assert {name for name, *_ in (CASES | FORMS).values()} == set(losses)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", ALONE)
def test_elements_do_not_depend_on_the_leaf(case, dtype, monkeypatch):
    """Nor on how many rows come after them: tails are padded."""
    name, given, per_row = asked(case, 2000, dtype)
    whole = evaluate(name, **given).elements
    for leaf in (64, 1024):
        monkeypatch.setattr(plan, "LEAF", leaf * per_row)
        for rows in (1, 63, 64, 65, 129, 1027):
            found = evaluate(name, **asked(case, rows, dtype)[1]).elements
            assert bits(found) == bits(whole[:rows]), (leaf, rows)


@pytest.mark.parametrize("case", [*CASES, *FORMS])
def test_numbers_agree_whatever_the_leaf(case, monkeypatch):
    """The sum of a leaf is rounded, so other leaves may differ in the last bits, no more."""
    name, given, per_row = asked(case, 1001, np.float64)
    one = evaluate(name, **given).to_dict()
    monkeypatch.setattr(plan, "LEAF", 64 * per_row)
    many = evaluate(name, **given).to_dict()
    for key in ("value", "denominator", "accuracy", "metrics", "baselines", "worst", "first"):
        alike(many[key], one[key])
    alike(many["stats"], one["stats"])


def alike(one, other):
    """The same JSON, but for the rounding of its numbers."""
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            alike(a, b)
    else:
        assert one == (pytest.approx(other, rel=1e-11) if isinstance(other, float) else other)


@pytest.mark.parametrize("case", ALONE)
def test_any_order_of_leaves(case, monkeypatch):
    """Blocks, threads and shards may add leaves in any order and grouping."""
    name, given, per_row = asked(case, 1001)
    given |= {"sample_weight": RNG.random(1001), "mask": RNG.random(1001) < 0.9}
    monkeypatch.setattr(plan, "LEAF", 64 * per_row)
    wanted = json.dumps(evaluate(name, **given).to_dict())
    draw = random.Random(0)

    joined = State.joined

    def shuffled(states):
        states = list(states)
        draw.shuffle(states)
        while len(states) > 1:  # any two of them, as a tree that nobody planned
            at = draw.randrange(len(states) - 1)
            states[at : at + 2] = [joined(states[at : at + 2])]
        return states[0]

    monkeypatch.setattr(State, "joined", shuffled)
    monkeypatch.setattr(plan, "GROUP", 3)
    monkeypatch.setattr(plan, "TOGETHER", 50)
    for _ in range(3):
        assert json.dumps(evaluate(name, **given).to_dict()) == wanted


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize("leaves", [1, 2, 7, 100, 1000])
def test_pieces_of_work_hold_every_leaf_and_end_small(leaves, threads):
    some = SimpleNamespace(
        rows=leaves * 10,
        leaf=10,
        role=SimpleNamespace(uneven=None),
        leaves=lambda: plan.pieces(leaves * 10, 10),
    )
    found = [*plan.Plan.groups(some, threads)]
    assert [leaf for group in found for leaf in group] == [*some.leaves()]
    sizes = [len(group) for group in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == min(plan.GROUP, max(leaves // (plan.SHARE * threads), 1))
    assert sizes[-min(threads, leaves) :] == [1] * min(threads, leaves)


LAYOUTS = {
    "fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, 0)[::2],
    "reversed twice": lambda a: a[::-1].copy()[::-1],
    "wide": lambda a: np.stack([a, a], -1)[..., 0],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
    "tensor": torch.from_numpy,
    "list": np.ndarray.tolist,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", [*CASES, *FORMS])
def test_layout_does_not_matter(case, layout):
    name, given, _ = asked(case, 333, np.float64 if layout == "list" else np.float32)
    arrays = {key: one for key, one in given.items() if has_rows(one)}
    if layout == "tensor":  # which holds no text
        arrays = {key: one for key, one in arrays.items() if one.dtype.kind != "U"}
    other = given | {key: LAYOUTS[layout](one) for key, one in arrays.items()}
    wanted, found = evaluate(name, **given), evaluate(name, **other)
    assert bits(found.elements) == bits(wanted.elements)
    assert json.dumps(found.to_dict()) == json.dumps(wanted.to_dict())


@pytest.mark.parametrize("case", ["bce --logits", "ce --logits", "mse", "kl --logits"])
def test_shards_are_one_data_set(case, tmp_path, monkeypatch):
    """Files of any length, one of a single row: the same JSON but for the paths."""
    name, kind, row, _ = CASES[case]
    monkeypatch.setattr(plan, "LEAF", 64 * int(np.prod(row)))
    given = data(case, 700)
    for key in (kind, "target"):
        np.save(tmp_path / f"{key}.npy", given[key])
        (tmp_path / key).mkdir()
        for i, (a, b) in enumerate([(0, 64), (64, 65), (65, 333), (333, 700)]):
            np.save(tmp_path / key / f"part-{i}.npy", given[key][a:b])
    whole = {key: str(tmp_path / f"{key}.npy") for key in (kind, "target")}
    parts = {key: str(tmp_path / key / "*.npy") for key in (kind, "target")}
    answers = [evaluate(name, **one, ignore=given["ignore"]).to_dict() for one in (whole, parts)]
    for answer in answers:
        del answer["inputs"]
        for element in (*answer["first"], *answer["worst"]):
            element.pop("place", "")  # with the path of the file that has its row
    assert json.dumps(answers[0]) == json.dumps(answers[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_do_not_matter(monkeypatch, dtype):
    monkeypatch.setattr(plan, "LEAF", 64)
    monkeypatch.setattr(plan, "GROUP", 1)
    given = data("bce --logits", 2000) | {"worst": 7, "head": 5, "dtype": dtype}
    before = torch.get_num_threads()
    answers = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            answers.append(json.dumps(evaluate("bce", **given, threads=threads).to_dict()))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert len(set(answers)) == 1


def test_callers_in_several_threads_leave_torch_as_found(monkeypatch):
    monkeypatch.setattr(plan, "LEAF", 64)
    given = data("bce --logits", 5000)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with ThreadPoolExecutor(4) as pool:
            values = {one.value for one in pool.map(lambda _: evaluate("bce", **given), range(12))}
        assert len(values) == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("more", [{}, {"pos_weight": 3.0}])
def test_a_soft_target_changes_no_other_element(dtype, more):
    """All labels of a leaf take a shorter way; it must lead to the same bits."""
    given = data("bce --logits", 2000, dtype)
    one = evaluate("bce", **given, **more).elements
    given["target"] = given["target"].astype(float)
    given["target"][50] = 0.5
    other = evaluate("bce", **given, **more).elements
    assert np.flatnonzero(one != other).tolist() == [50]
