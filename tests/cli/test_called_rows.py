"""What the first and the worst rows are called: by their ids, and where their file has them."""

from __future__ import annotations

import csv
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


def test_losses_stand_beside_their_ids_in_lines(losscli):
    command = "mse --pred ours.csv:z --target theirs.csv:y --key id,day --output"
    for suffix, read in READERS.items():
        losscli(f"{command} a{suffix}")
        assert read(f"a{suffix}") == [
            (at, float((2 * at - 3) ** 2), name, at) for at, name in enumerate(IDS)
        ], suffix


def csv_rows(path, **more):
    with Path(path).open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, **more)
    assert head == ["index", "loss", "id", "day"]
    return [(int(at), float(loss), name, int(day)) for at, loss, name, day in rows]


def json_rows(path):
    rows = map(json.loads, Path(path).read_text("utf-8").splitlines())
    return [(*one["index"], one["loss"], one["id"], one["day"]) for one in rows]


def parquet_rows(path):
    pq = pytest.importorskip("pyarrow.parquet")
    return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]


READERS = {
    ".csv": csv_rows,
    ".tsv": lambda path: csv_rows(path, delimiter="\t"),
    ".jsonl": json_rows,
    ".parquet": parquet_rows,
}


def test_ids_follow_the_losses_of_several_columns_and_of_rows_that_were_picked(losscli):
    Path("ours.csv").write_text('"k,1",index,s,a,b\nx,7,v,1,2\n"y""z",8,t,5,5\nw,9,v,3,0\n')
    Path("theirs.csv").write_text('"k,1",index,a,b\nw,9,0,0\n"y""z",8,0,0\nx,7,0,0\n')
    command = "mse --pred ours.csv:a,b --target theirs.csv:a,b --key index --where s=v"
    shown = losscli(f"{command} --output -").out
    assert shown == "i0,i1,loss,index\n0,0,1.0,7\n0,1,4.0,7\n1,0,9.0,9\n1,1,0.0,9\n"
    shown = losscli(f"{command} --reduction none --format tsv").out
    assert shown == "0\t0\t1.0\t7\n0\t1\t4.0\t7\n1\t0\t9.0\t9\n1\t1\t0.0\t9\n"
    shown = losscli(f"{command} --reduction none --format jsonl").out
    assert json.loads(shown.splitlines()[2]) == {"index": [1, 0], "loss": 9.0, "id_index": 9}


def test_losses_of_one_column_by_a_key_that_is_called_as_another_column(losscli):
    Path("ours.csv").write_text("loss,index,a\nx,7,1\ny,8,5\n")
    Path("theirs.csv").write_text("loss,index,a\nx,7,0\ny,8,0\n")
    losscli("mse --pred ours.csv:a --target theirs.csv:a --key loss,index --output a.csv")
    assert Path("a.csv").read_text() == "index,loss,id_loss,id_index\n0,1.0,x,7\n1,25.0,y,8\n"


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_ids_that_would_end_a_cell_are_quoted(losscli, delimiter):
    names = ["a,b", 'say "x"', "tab\tbed", "two\nlines", "plain"]
    for name in ("a", "b"):
        np.savez(f"{name}.npz", id=names, p=np.zeros(len(names)))
    path = Path("a.csv" if delimiter == "," else "a.tsv")
    losscli(f"mse --pred a.npz:p --target b.npz:p --key id --output {path}")
    with path.open(encoding="utf-8", newline="") as file:
        assert [row[-1] for row in csv.reader(file, delimiter=delimiter)] == ["id", *names]


def test_ids_that_are_true_and_false_are_so_in_json(losscli):
    np.savez("a.npz", id=[True, False], p=[1.0, 2.0])
    np.savez("b.npz", id=[False, True], p=[0.0, 0.0])
    shown = losscli("mse --pred a.npz:p --target b.npz:p --key id --output - --format jsonl").out
    assert [json.loads(line)["id"] for line in shown.splitlines()] == [True, False]


def test_no_ids_where_losses_are_no_rows(losscli):
    Path("a.csv").write_text("id,x,y\n1,0.5,0.2\n2,0.9,0.1\n3,0.2,0.7\n")
    Path("b.csv").write_text("id,x,y\n3,0,1\n2,1,0\n1,1,0\n")
    command = "dice --probs a.csv:x,y --target b.csv:x,y --class-axis 1 --key id --output -"
    first, *rest = losscli(command).out.splitlines()  # a loss for each row and class
    assert (first, [row.split(",")[-1] for row in rest]) == ("i0,i1,loss,id", [*"112233"])
    first, *rest = losscli(f"{command} --reduce-over batch").out.splitlines()  # for each class
    assert (first, len(rest)) == ("index,loss", 2)
