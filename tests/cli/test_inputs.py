"""FILE[:KEY] at a prompt: files, keys, pipes, literals and shards."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from math import exp, log, log1p

import numpy as np
import pytest

CSV = "id,logit,y\n7,2.0,1\n8,-1.0,0\n9,0.5,0\n"
WIDE = "c0,c1,c2,label\n2,1,0,0\n0,3,1,1\n1,0,2,2\n"
BCE = sum(log1p(exp(x)) for x in (-2, -1, 0.5)) / 3  # of logits 2, -1, 0.5 with 1, 0, 0
CE = sum(log(1 + exp(a) + exp(b)) for a, b in [(-1, -2), (-3, -2), (-1, -2)]) / 3  # of WIDE


@pytest.fixture(autouse=True)
def files(folder):
    (folder / "p.csv").write_text(CSV)
    (folder / "wide.csv").write_text(WIDE)
    (folder / "p.tsv").write_text(CSV.replace(",", "\t"))
    records = [{"id": 7, "logit": 2.0, "y": 1}, {"id": 8, "logit": -1.0, "y": 0}]
    records.append({"id": 9, "logit": 0.5, "y": 0})
    (folder / "p.json").write_text(json.dumps({"out": {"z": [2.0, -1.0, 0.5]}, "y": [1, 0, 0]}))
    (folder / "records.json").write_text(json.dumps(records))
    np.save("z.npy", np.array([2.0, -1.0, 0.5]))
    np.save("y.npy", np.array([1, 0, 0]))
    np.save("both.npy", np.array([[2.0, 1], [-1, 0], [0.5, 0]]))
    (folder / "shards").mkdir()
    for number, rows in {1: [0], 2: [1], 10: [2]}.items():
        np.save(f"shards/z-{number}.npy", np.array([2.0, -1.0, 0.5])[rows])
        lines = "".join(CSV.splitlines(keepends=True)[row + 1] for row in rows)
        (folder / f"shards/part-{number}.csv").write_text(f"id,logit,y\n{lines}")
    (folder / "3").write_text(CSV)
    (folder / "a:b.csv").write_text(CSV)


@pytest.mark.parametrize(
    "words",
    [
        "--logits z.npy --target y.npy",
        "--logits ./z.npy --target y.npy",
        "--logits p.csv:logit --target p.csv:y",
        "--logits p.csv:1 --target p.csv:2",
        "--logits p.tsv:logit --target p.tsv:y",
        "--logits a:b.csv:logit --target a:b.csv:y",
        "--logits ./3:logit --target 3:y",
        "--logits p.json:out.z --target p.json:y",
        "--logits records.json:logit --target records.json:y",
        "--logits both.npy:0 --target both.npy:1",
        "--logits '[2, -1, 0.5]' --target '[1,0,0]'",
        "--logits '[[2], [-1], [0.5]]' --target y.npy --ignore squeezed",
        "--logits 'shards/z-*.npy' --target y.npy",
        "--logits 'shards/part-*.csv:logit' --target 'shards/part-*.csv:y'",
        "--logits 'shards/part-*.csv:logit' --target y.npy",
        "--data p.csv --logits logit --target y",
        "--data p.csv --logits logit --target y.npy",
        "--data p.json --logits out.z --target y",
        "--data 'shards/part-*.csv' --logits logit --target y",
    ],
)
def test_every_way_to_say_the_same(words, value):
    assert value(f"bce {words}") == pytest.approx(BCE)


def npy(array):
    file = io.BytesIO()
    np.save(file, np.array(array))
    return file.getvalue()


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        ("--logits -:logit --target -:y", CSV),
        ("--logits -:logit --target y.npy", CSV),
        ("--logits -:logit --target -:y", CSV.replace(",", "\t")),
        ("--data - --logits logit --target y", CSV),
        ("--logits -:z --target -:y", '{"z": [2, -1, 0.5], "y": [1, 0, 0]}'),
        ("--logits - --target y.npy", "[2, -1, 0.5]"),
        ("--logits - --target y.npy", "2\n-1\n0.5\n"),
        ("--logits - --target y.npy", npy([2.0, -1.0, 0.5])),
        ("--logits -:0 --target -:1", npy([[2.0, 1], [-1, 0], [0.5, 0]])),
        ("--logits z.npy --target - --input-format csv", "1\n0\n0\n"),
        ("--logits -:logit --target -:y --input-format logits=tsv", CSV.replace(",", "\t")),
        ("--logits -:0 --target -:1 --no-header", "2,1\n-1,0\n0.5,0\n"),
        ("--logits -:0 --target -:1 --header", "a,1\n2,1\n-1,0\n0.5,0\n"),
    ],
)
def test_standard_input(words, stdin, value):
    assert value(f"bce {words}", stdin=stdin) == pytest.approx(BCE)


@pytest.mark.parametrize(
    "key",
    ["c0,c1,c2", "c0..c2", "c*", "c[0-2]", "0,1,2", "0..2"],
)
def test_columns(key, value):
    assert value(f"ce --logits 'wide.csv:{key}' --target wide.csv:label") == pytest.approx(CE)


def test_table_without_key_is_all_columns_that_no_other_option_names(value):
    assert value("ce --logits wide.csv --target wide.csv:label") == pytest.approx(CE)


def test_list_keeps_the_order_given_and_a_glob_that_of_the_file(value):
    swapped = value("ce --logits wide.csv:c1,c0,c2 --target '[1,0,2]'")
    assert swapped == pytest.approx(CE)
    assert value("ce --logits 'wide.csv:c*' --target '[1,0,2]'") != pytest.approx(CE)


def test_class_names_are_matched_with_the_columns(value, folder):
    (folder / "named.csv").write_text("cat,dog,eel,label\n2,1,0,cat\n0,3,1,dog\n1,0,2,eel\n")
    command = "ce --logits named.csv:cat..eel --target named.csv:label"
    assert value(command) == pytest.approx(CE)
    assert value("ce --logits named.csv:dog,eel,cat --target named.csv:label") == pytest.approx(CE)


def test_whole_numbers_as_columns_are_names_not_positions(value, folder):
    (folder / "numbered.csv").write_text("2,1,0,label\n0,1,2,0\n1,3,0,1\n2,0,1,2\n")
    command = "ce --header --logits numbered.csv:2,1,0 --target numbered.csv:label"
    assert value(command) == pytest.approx(CE)


@pytest.mark.parametrize("names", ["cat,dog,eel", "names.txt"])
def test_classes_name_what_columns_do_not(names, value, folder):
    (folder / "names.txt").write_text("cat\ndog\neel\n")
    (folder / "y.csv").write_text("label\ncat\ndog\neel\n")
    command = f"ce --logits wide.csv:c0..c2 --target y.csv:label --classes {names}"
    assert value(command) == pytest.approx(CE)


def test_small_arrays_are_numbers_or_files(value):
    np.save("w.npy", np.array([1.0, 2.0, 4.0]))
    plain = "ce --logits wide.csv:c0..c2 --target wide.csv:label --weight"
    assert value(f"{plain} 1,2,4") == value(f"{plain} w.npy") != pytest.approx(CE)


def test_missing_file_says_file_and_key_apart(losscli):
    ran = losscli("bce --logits zz.bin:logit --target y.npy")
    assert ran == (4, "", "error: logits: there is no file zz.bin (with the key logit)\n")


def test_unknown_key_lists_what_there_is(losscli):
    ran = losscli("bce --logits p.csv:score --target y.npy")
    assert (ran.code, ran.out) == (3, "")
    listed = "id (3,) int64, logit (3,) float64, y (3,) int64"
    assert ran.err.startswith("error: p.csv has no column 'score'")
    assert listed in ran.err


def test_two_uses_of_standard_input_are_refused(losscli):
    ran = losscli("bce --logits - --target -", stdin="1\n2\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("error: ") == 1


def test_results_name_files_and_keys_as_they_were_typed(losscli):
    found = losscli("bce --logits ./p.csv:logit --target - --json", stdin="1\n0\n0\n").json
    assert found["inputs"] == {
        "logits": {"path": "./p.csv", "key": "logit", "shape": [3], "dtype": "float64"},
        "target": {"path": "-", "key": None, "shape": [3], "dtype": "int64"},
    }


def test_process_substitution(folder):
    script = (
        f"{sys.executable} -m losscli bce --value"
        " --logits <(cut -d, -f2 p.csv) --target <(cut -d, -f3 p.csv)"
    )
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert float(ran.stdout) == pytest.approx(BCE)
