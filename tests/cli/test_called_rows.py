"""What the first and the worst rows are called: by their ids, and where their file has them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from losscli import evaluate

IDS = ["é 7", "007", "b", "longer than anybody would like", "x[bold]\x1b[31m"]


@pytest.fixture(autouse=True)
def files(folder):
    rows = [*enumerate(IDS)]
    ours = [f"{name},{day},{'ab'[day % 2]},{2 * day - 3}\n" for day, name in rows]
    theirs = [f"0,{day},{name}\n" for day, name in reversed(rows)]
    Path("ours.csv").write_text("".join(["id,day,split,z\n", *ours]), "utf-8")
    Path("theirs.csv").write_text("".join(["y,day,id\n", *theirs]), "utf-8")
    return folder


def worst(losscli, words, name="mse --pred"):
    command = f"{name} ours.csv:z --target theirs.csv:y {words} --head 0 --json"
    return json.loads(losscli(command).out)["worst"]


def test_rows_are_called_by_their_ids(losscli):
    assert [(one["index"], one["id"], one["place"]) for one in worst(losscli, "--key id")] == [
        ([4], [IDS[4]], "row 5 (line 6)"),  # 5² and 3² twice
        ([0], [IDS[0]], "row 1 (line 2)"),
        ([3], [IDS[3]], "row 4 (line 5)"),
    ]


def test_ids_of_several_columns(losscli):
    assert [one["id"] for one in worst(losscli, "--key id,day")] == [
        [IDS[4], 4], [IDS[0], 0], [IDS[3], 3]]  # fmt: skip


def test_rows_that_fell_out_are_not_counted_in_the_file(losscli):
    found = worst(losscli, "--key id --where split=b")
    assert [(one["index"], one["id"], one["place"]) for one in found] == [
        ([1], [IDS[3]], "row 4 (line 5)"), ([0], [IDS[1]], "row 2 (line 3)")]  # fmt: skip


def test_rows_without_ids_say_where_they_stand(losscli):
    command = "mse --pred ours.csv:z --target ours.csv:day --where split=b --head 0 --json"
    found = json.loads(losscli(command).out)["worst"]
    assert found == [
        {"index": [0], "loss": 4.0, "place": "row 2 (line 3)"},  # -1 for 1, 3 for 3
        {"index": [1], "loss": 0.0, "place": "row 4 (line 5)"},
    ]


def test_screen_shows_ids_that_are_not_obeyed(losscli):
    shown = losscli("mse --pred ours.csv:z --target theirs.csv:y --key id").out
    first = [line[:16].strip() for line in shown.splitlines()[-3:]]
    assert [line.split("  ")[0] for line in first] == IDS[:3]
    assert "longer than any…" in shown
    assert "x[bold]\\x1b[31m" in shown
    assert "[3]" not in shown


def test_several_losses_of_a_row(losscli):
    np.savez("two.npz", id=np.array([30, 10, 20]), z=np.array([[0.0, 1], [2, 0], [0, 0]]))
    np.savez("y.npz", id=np.array([10, 20, 30]), y=np.zeros((3, 2)))
    command = "mse --pred two.npz:z --target y.npz:y --key id"
    found = json.loads(losscli(f"{command} --worst 2 --json").out)["worst"]
    assert found == [
        {"index": [1, 0], "loss": 4.0, "id": [10]},
        {"index": [0, 1], "loss": 1.0, "id": [30]},
    ]
    assert "10 [0]" in losscli(command).out


def test_shards_say_which_file(folder):
    for at in range(3):
        np.save(f"part-{at}.npy", np.full(4, float(at)))
    found = evaluate("mse", pred="part-*.npy", target=np.zeros(12), worst=1).worst[0]
    assert (found.index, found.place) == ((8,), "part-2.npy, row 1")


def test_what_the_index_says_is_not_said_again():
    assert evaluate("mse", pred=[1.0, 3.0], target=[0.0, 0.0]).worst[0].to_dict() == {
        "index": [1],
        "loss": 9.0,
    }


def test_a_loss_of_several_rows_is_called_by_none():
    found = evaluate("dice", probs=[[[[0.5, 1.0]]]], target=[[[1, 0]]])
    assert all(not one.place and not one.id for one in found.first)


def test_rows_that_are_cut_stand_where_they_stood(folder):
    """A shift leaves out the last scores of each row, and its first targets."""
    for at in range(2):
        np.save(f"part-{at}.npy", np.full((2, 4, 3), [[float(at), 0.0, 0.0]]))
    found = evaluate("ce", logits="part-*.npy", target=np.ones((4, 4), int), shift=1, worst=1)
    assert (found.worst[0].index, found.worst[0].place) == ((2, 0), "part-1.npy, row 1")
