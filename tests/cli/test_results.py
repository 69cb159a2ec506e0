"""What a result looks like: the first screen, JSON, lines, files and signatures."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest

from losscli import evaluate
from losscli.cli import main

BCE = "bce --logits '[2,-1,0.5,3]' --target '[1,0,0,1]'"


@pytest.fixture
def binary(samples, monkeypatch):
    monkeypatch.chdir(samples / "binary")


# ---- the first screen


@pytest.mark.usefixtures("binary")
def test_screen_of_binary(losscli):
    ran = losscli("bce --logits logits.npy --target target.npy")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24
    assert lines[:21] == [
        "bce  0.067134 ± 0.0133 s.e.   mean of 285, nats · 90% better than the base rate",
        "input   file        shape   dtype      min   mean   max  values",
        "───────────────────────────────────────────────────────────────────────────",
        "logits  logits.npy  (285,)  float32  -26.6   0.17  14.4  98% outside [0, 1]",
        "target  target.npy  (285,)  int64        0  0.628     1  {0, 1}: 106, 179",
        "measure               value  how                                    guessing",
        "────────────────────────────────────────────────────────────────────────────",
        "loss               0.067134  sum 19.133110 / 285                    0.659975",
        "accuracy           0.978947  279/285, logit > 0 (p > 0.5)           0.628070",
        "mean p             0.616894  target 0.628070: 0.011 low, ECE 0.032",
        "auroc              0.997418  pairs in the right order, ties half    0.500000",
        "average precision  0.998414  mean precision at each positive        0.628070",
        "f1                 0.983146  precision 0.988701, recall 0.977654    0.771552",
        "confusion                    TP 175   FP 2   FN 4   TN 104",
        "loss of each     std      min      25%     50%     75%     99%     max",
        "──────────────────────────────────────────────────────────────────────",
        "              0.2238  2.9e-12  1.1e-04  0.0019  0.0214  0.9998  2.1793",
        "first     logit  y     loss    worst    logit  y    loss  of sum",
        "────────────────────────────────────────────────────────────────",
        "  [0]  -14.8000  0  3.7e-07    [223]   2.0592  0  2.1793     11%",
        "  [1]    1.8130  1   0.1511    [191]   1.9206  0  2.0573     11%",
    ]


def test_screen_of_classes(losscli, samples, monkeypatch):
    monkeypatch.chdir(samples / "digits")
    lines = losscli("ce --logits logits.npy --target target.npy --top-k 1,3").out.splitlines()
    assert lines[0].startswith("ce  0.092112 ± 0.0181 s.e.   mean of 599, nats · 96% better")
    shown = {line.split("  ")[0]: line for line in lines}
    assert "582/599, argmax of logits" in shown["accuracy"]
    assert "0.996661  597/599" in shown["top3"]
    assert "1.096488" in shown["perplexity"]
    assert "confidence" in shown
    assert "53/58 right, taken for 1 (3)" in shown["class 8"]


def test_screen_of_values(losscli, samples, monkeypatch):
    monkeypatch.chdir(samples / "diabetes")
    lines = losscli("mse --pred pred.npy --target truth.npy").out.splitlines()
    assert lines[0].startswith("mse  3075.330689 ± 294.8622 s.e.   mean of 221 ")
    shown = {line.split("  ")[0]: line for line in lines}
    for name, number in {"loss": 3075.330689, "rmse": 55.455664, "mae": 44.800645}.items():
        assert f"{number:.6f}" in shown[name]


def test_nothing_is_cut_or_coloured_in_a_pipe(losscli, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    long = "n" * 120 + ".npy"
    np.save(long, np.array([1e300, -1e-300]))
    ran = losscli(f"mse --pred {long} --target '[0, 0]'")
    assert f"pred    {long}  (2,)" in ran.out
    assert "…" not in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert all(line == line.rstrip() for line in ran.out.splitlines())


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
def test_colour(environment, coloured, losscli, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    plain = losscli(BCE).out
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    ran = losscli(BCE)
    assert ("\x1b[" in ran.out) is coloured
    without = re.sub(r"\x1b\[[0-9;]*m", "", ran.out)
    assert [line.rstrip() for line in without.splitlines()] == plain.splitlines()
    assert ("\x1b[" in losscli("nope").err) is coloured
    assert "\x1b" not in losscli(f"{BCE} --json").out


def test_names_are_shown_and_not_obeyed(losscli, folder):
    np.save("preds[bold].npy", np.array([2.0, -1.0]))
    (folder / "t.csv").write_text("a[red]\x1b[31m,b\n1,0\n0,1\n")
    ran = losscli(["bce", "--logits", "preds[bold].npy", "--target", "t.csv:a[red]\x1b[31m"])
    assert "logits  preds[bold].npy  " in ran.out
    assert "target  t.csv:a[red]\\x1b[31m  " in ran.out
    assert "\x1b" not in ran.out
    error = losscli(["bce", "--logits", "preds[bold].npy", "--target", "t.csv:c"]).err
    assert "it holds a[red]\\x1b[31m (2,) int64, b (2,) int64" in error


def test_head_and_worst(losscli):
    assert "first" not in losscli(f"{BCE} --head 0").out
    assert "worst" not in losscli(f"{BCE} --worst 0").out
    assert not {"first", "worst"} & set(losscli(f"{BCE} --head 0 --worst 0").out.split())
    for option in ("--head 99", "--worst 99"):
        shown = losscli(f"{BCE} {option}").out
        assert all(f"[{place}]" in shown for place in range(4))
    found = losscli(f"{BCE} --worst 2 --head 1 --json").json
    assert [one["index"] for one in found["worst"]] == [[2], [1]]
    assert [one["index"] for one in found["first"]] == [[0]]
    assert found["worst"][0]["loss"] == found["stats"]["max"]


# ---- for programs


KEYS = [
    *("schema", "loss", "value", "reduction", "denominator", "signature", "options", "inputs"),
    *(
        "reductions",
        "stats",
        "accuracy",
        "metrics",
        "baselines",
        "skill",
        "values",
        "first",
        "worst",
    ),
    *("warnings", "notes"),
]


def test_json(losscli):
    found = losscli(f"{BCE} --pos-weight 3 --json").json
    assert [*found] == KEYS
    assert found["schema"] == 1
    assert (found["loss"], found["reduction"], found["denominator"]) == ("bce", "mean", 4.0)
    assert found["options"] == {"pos_weight": [3.0]}
    assert found["inputs"]["target"].keys() == {"path", "key", "shape", "dtype"}
    stats = [
        *("count", "mean", "sum", "std", "stderr", "min", "max", "argmin", "argmax"),
        *("quantiles", "histogram"),
    ]
    assert [*found["stats"]] == stats
    assert {"0.01", "0.5", "0.99"} <= {*found["stats"]["quantiles"]}
    assert (found["stats"]["argmin"], found["stats"]["argmax"]) == ([3], [2])
    assert [*found["accuracy"]] == ["name", "value", "correct", "count", "rule"]
    assert re.fullmatch(
        r"bce\|logits\|mean\|pos_weight=3\|float64\|losscli:[\d.]+\|torch:[\d.]+",
        found["signature"],
    )


def test_json_of_unreduced_losses(losscli):
    found = losscli(
        "bce --logits '[[2,-1],[0,3]]' --target '[[1,0],[0,1]]' --reduction none --json"
    )
    found = found.json
    assert found["value"] is found["denominator"] is None
    assert np.shape(found["elements"]) == (2, 2)
    assert "elements" not in losscli(f"{BCE} --json").json


def test_json_of_regression_has_no_accuracy(losscli):
    found = losscli("mse --pred '[1,2]' --target '[0,2]' --json").json
    assert found["accuracy"] is None
    assert {"rmse", "mae", "r2"} <= {*found["metrics"]}


def test_numbers_that_json_lacks(losscli):
    command = "mse --pred p.npy --target '[0,0]' --nan propagate --json"
    np.save("p.npy", np.array([np.nan, 1.0]))
    assert losscli(command).json["value"] == "NaN"
    np.save("p.npy", np.array([np.inf, 1.0]))
    assert losscli(command).json["value"] == "Infinity"
    assert losscli(f"{command} --reduction none").json["elements"] == ["Infinity", 1.0]


def test_python_gives_the_json_of_the_command(losscli):
    found = losscli("bce --logits '[2,-1]' --target '[1,0]' --json").json
    result = evaluate("bce", logits="[2,-1]", target="[1,0]")
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False)) == found
    assert repr(result.value) == losscli("bce --logits '[2,-1]' --target '[1,0]' -b").out.strip()


def test_lines(losscli):
    found = losscli(f"{BCE} --json").json
    for style, delimiter in (("tsv", "\t"), ("csv", ",")):
        (row,) = csv.reader(
            losscli(f"{BCE} --format {style}").out.splitlines(), delimiter=delimiter
        )
        assert row[:3] == ["bce", repr(found["value"]), "mean"]
        assert row[-1] == found["signature"]
    (line,) = losscli(f"{BCE} --format jsonl").out.splitlines()
    assert json.loads(line) == found


def test_lines_of_elements(losscli):
    found = losscli(f"{BCE} --reduction none --json").json["elements"]
    for style, delimiter in (("tsv", "\t"), ("csv", ",")):
        lines = losscli(f"{BCE} --reduction none --format {style}").out.splitlines()
        assert lines == [f"{place}{delimiter}{loss!r}" for place, loss in enumerate(found)]
    lines = losscli(f"{BCE} --reduction none --format jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"index": [place], "loss": loss} for place, loss in enumerate(found)
    ]


def test_format_of_the_environment(losscli, monkeypatch):
    whole = losscli(f"{BCE} --json").out
    monkeypatch.setenv("LOSSCLI_FORMAT", "json")
    assert losscli(BCE).out == whole
    assert losscli(f"{BCE} --format tsv").out.startswith("bce\t")
    assert float(losscli(f"{BCE} --value").out) == json.loads(whole)["value"]


# ---- files


def test_save(losscli, folder):
    whole = losscli(f"{BCE} --json").json
    ran = losscli(f"{BCE} --save r.json")
    assert ran.out == losscli(BCE).out
    assert json.loads((folder / "r.json").read_text()) == whole
    losscli(f"{BCE} --save r.json -q --reduction sum")
    assert json.loads((folder / "r.json").read_text())["reduction"] == "sum"


@pytest.mark.parametrize("name", ["o.npy", "o.csv", "o.tsv", "o.json"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_output_is_read_again(name, reduction, losscli, value, folder):
    command = "bce --logits '[2,-1,0,3]' --target '[1,0,0,1]'"
    ran = losscli(f"{command} --output {name} --reduction {reduction}")
    assert (ran.code, ran.err) == (0, "")
    assert [path.name for path in folder.iterdir()] == [name]
    key = ":loss" if name[-3:] in ("csv", "tsv") else ""
    sums = value(f"mae --pred {name}{key} --target '[0,0,0,0]' --reduction sum")
    assert sums == pytest.approx(value(f"{command} --reduction sum"), rel=1e-15)


# ---- signatures


def test_signature_tells_what_changes_the_number(losscli):
    def signed(options=""):
        return losscli(f"ce --logits '[[1,2],[3,1]]' --target '[0,1]' {options} --json").json[
            "signature"
        ]

    assert signed() == signed("--worst 1 --head 0 --top-k 2 --max-loss 9")
    different = [
        *("--reduction sum", "--weight 1,2", "--label-smoothing 0.1", "--ignore-index 1"),
        *("--dtype float32", "--limit 1", "--nan omit", "--mask '[1,0]'", "--mask '[0,1]'"),
        *("--sample-weight '[1,2]'", "--sample-weight '[2,1]'", "--classes a,b"),
    ]
    assert len({signed(), *map(signed, different)}) == len(different) + 1


def test_main_prints_to_whoever_listens(capsys):
    with pytest.raises(SystemExit):
        main(["bce", "--logits", "[2]", "--target", "[1]", "--value"])
    assert float(capsys.readouterr().out) == pytest.approx(0.126928)


def test_a_root_is_told_from_a_mean(losscli):
    """Here the mean of the squares is 1, as its root is: its spread is not that of the root."""
    ran = losscli("rmse --pred '[0,1]' --target '[1,2]'")
    lines = ran.out.splitlines()
    assert lines[0].startswith("rmse  1.000000   root of the mean of 2 ·")
    assert any(re.match(r"loss +1\.000000  root\(sum 2\.000000 / 2\)", line) for line in lines)
    whole = losscli("rmse --pred '[0,3]' --target '[1,2]' --reduction sum")
    assert whole.out.startswith("rmse  2.000000   sum of 2 · 4 times that of the mean\n")
    assert whole.err.startswith("note: --reduction sum gives the elements of rmse as they are: ")
    assert losscli("rmse --pred '[0,4]' --target '[0,0]' --max-loss 3 --quiet").code == 0
