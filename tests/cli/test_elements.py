"""Every element's loss, printed and written piece by piece, and how the losses are distributed."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest

from losscli import evaluate
from losscli.cli import main
from losscli.formats import packing, writing
from losscli.report import drawn
from losscli.report.look import BLOCKS
from losscli.result import Result

SIZE = 1000
COMMAND = "mse --pred p.npy --target t.npy"
STYLES = ("json", "jsonl", "tsv", "csv")


@pytest.fixture(autouse=True)
def files(folder, monkeypatch):
    generator = np.random.default_rng(7)
    np.save("p.npy", generator.normal(size=(SIZE, 3)))
    np.save("t.npy", generator.normal(size=(SIZE, 3)))
    monkeypatch.setattr(packing, "PIECE", 64)
    return folder


@pytest.mark.parametrize("shape", [(), (5,), (70, 2), (3, 5, 7)], ids=str)
def test_every_style_says_the_same(shape):
    pred = np.arange(np.prod(shape), dtype=float).reshape(shape) / 7
    result = evaluate("mse", pred=pred, target=np.zeros(shape), reduction="none")
    wanted = result.elements
    assert wanted.shape == shape
    text = {style: "".join(drawn(result, style)) for style in STYLES}
    assert json.loads(text["json"]) == result.to_dict()
    assert np.array(json.loads(text["json"])["elements"]).tolist() == wanted.tolist()
    objects = [json.loads(line) for line in text["jsonl"].splitlines()]
    assert [one["loss"] for one in objects] == wanted.reshape(-1).tolist()
    assert [tuple(one["index"]) for one in objects] == [*np.ndindex(shape)]
    rows = [[*map(float, line.split(","))] for line in text["csv"].splitlines()]
    assert rows == [[*one["index"], one["loss"]] for one in objects]
    assert text["tsv"] == text["csv"].replace(",", "\t")


@pytest.mark.parametrize("style", STYLES)
def test_never_all_at_once(style, monkeypatch):
    """No piece is large, none is made before it is asked for, and nobody wants the whole array."""
    pred, target = np.load("p.npy"), np.load("t.npy")
    result = evaluate("mse", pred=pred, target=target, reduction="none")
    monkeypatch.setattr(Result, "elements", property(lambda self: pytest.fail("all at once")))
    taken = []
    before = type(result.kept).__getitem__

    def take(spool, rows):
        taken.append(rows)
        return before(spool, rows)

    monkeypatch.setattr(type(result.kept), "__getitem__", take)
    pieces = drawn(result, style)
    assert taken == []
    sizes = [len(piece) for piece in pieces]
    assert len(taken) == -(-SIZE * 3 // 64)
    assert all(rows.stop - rows.start <= 64 for rows in taken)
    assert max(sizes) < 64 * 80


def test_save_has_the_elements_too(losscli, files):
    ran = losscli(f"{COMMAND} --reduction none --json --save s.json")
    text = (files / "s.json").read_text()
    assert json.loads(text) == ran.json
    assert len(text.splitlines()) < 300  # a line for each value, but not for each loss
    assert np.shape(ran.json["elements"]) == (SIZE, 3)


@pytest.mark.parametrize("suffix", writing.SUFFIXES)
def test_output_is_what_python_has(suffix, losscli, files):
    assert losscli(f"{COMMAND} --output o{suffix} --value").code == 0
    found = evaluate("mse", pred="p.npy", target="t.npy").elements
    writing.write(f"wanted{suffix}", found.reshape(-1), found.shape)
    assert (files / f"o{suffix}").read_bytes() == (files / f"wanted{suffix}").read_bytes()


def test_nothing_is_printed_of_what_is_not_fine(losscli, files):
    values = np.zeros((SIZE, 3))
    values[-1, -1] = np.nan
    np.save("p.npy", values)
    for style in STYLES:
        ran = losscli(f"{COMMAND} --reduction none --format {style} --output o.npy")
        assert (ran.code, ran.out) == (3, "")
    ran = losscli(f"{COMMAND} --reduction none --format csv --nan omit --strict --max-loss 1")
    assert ran.out == ""
    assert not (files / "o.npy").exists()


# ---- --histogram


def test_histogram(losscli):
    plain, more = losscli(COMMAND).out.splitlines(), losscli(f"{COMMAND} --histogram").out
    lines = more.splitlines()
    begin, end = (
        next(place for place, line in enumerate(lines) if line.strip().startswith(word))
        for word in ("losses from", "first")
    )
    assert lines[:begin] + lines[end:] == plain
    assert losscli(f"{COMMAND} --no-histogram").out.splitlines() == plain
    counts = [int(line.split()[2].replace(",", "")) for line in lines[begin + 2 : end]]
    assert sum(counts) == 3 * SIZE
    assert len(counts) <= 20
    assert max(map(len, lines[begin:end])) <= 80
    assert BLOCKS[-1] in more


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("--json", "the format json"),
        ("--format csv", "the format csv"),
        ("--value", "--value"),
        ("--reduction none --format jsonl", "the format jsonl"),
    ],
)
def test_histogram_without_a_table(options, what, losscli):
    ran = losscli(f"{COMMAND} {options} --histogram")
    told = f"error: --histogram is a table, and {what} has none\n"
    told += "hint: stats.histogram of --json has the same numbers\n"
    assert ran == (2, "", told)
    assert losscli(f"{COMMAND} {options} --no-histogram").code == 0


def test_histogram_in_json_is_that_of_the_losses(losscli):
    held = losscli(f"{COMMAND} --json").json["stats"]["histogram"]
    losses = evaluate("mse", pred="p.npy", target="t.npy").elements
    assert [*held] == ["edges", "counts"]
    assert held["counts"] == np.histogram(losses, held["edges"])[0].tolist()


def test_histogram_on_a_screen_that_lacks_blocks(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(SystemExit) as ended:
        main([*COMMAND.split(), "--histogram"])
    assert ended.value.code == 0
    text = out.buffer.getvalue().decode("ascii")
    shown = text[text.index("losses from") : text.index("first")].splitlines()[2:]
    assert any(line.endswith("#" * 32) for line in shown)
    assert "\\u258" not in "".join(shown)


# ---- --output -


@pytest.mark.parametrize("style", ["csv", "tsv", "jsonl", "json"])
def test_elements_on_standard_output(style, losscli, files):
    assert losscli(f"{COMMAND} --output o.{style} --value").code == 0
    ran = losscli(f"{COMMAND} --output - --format {style} --save s.json")
    assert (ran.code, ran.out) == (0, (files / f"o.{style}").read_text())
    assert json.loads((files / "s.json").read_text())["loss"] == "mse"


def test_elements_on_standard_output_are_csv(losscli):
    assert losscli(f"{COMMAND} --output -").out == losscli(f"{COMMAND} --output - --format csv").out
    ran = losscli(f"{COMMAND} --output - --value")
    assert (ran.code, ran.out) == (2, "")
    assert "--output - and --value both print: choose one" in ran.err
