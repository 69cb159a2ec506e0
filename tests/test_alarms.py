"""The table of false alarms counts what healthy data raises, and goes on where it was stopped."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import alarms
import numpy as np
import pytest
from asking import Ask
from offences import planted
from unusual import UNUSUAL

from losscli.checks.codes import CODES
from losscli.errors import Level

ROUND = 3  # of tests
PAGE = Path(__file__).parents[1] / "docs" / "alarms.md"


@pytest.mark.parametrize("source", ["rare classes", "heavy tails", "soft targets", "forecasts"])
def test_healthy_data_raises_none(source):
    for seed in range(3):
        asks = UNUSUAL[source](np.random.default_rng([ROUND, seed]))
        found = alarms.seen(source, seed, asks)
        assert (found.alarms, len(asks) > 1) == ([], True)
        assert {"infinite", "repeated-rows", "overflow"} <= found.asked


def test_files_are_inspected_one_by_one():
    """A doubt of one counts for its set, and no refusal."""
    rng = np.random.default_rng(ROUND)
    logits, y = rng.normal(size=(200, 3)), rng.integers(0, 3, 200)
    sound = alarms.seen("one", 0, [Ask("ce", {"logits": logits, "target": y})])
    assert not [one for one in sound.alarms if one.code.startswith(alarms.FILE)]
    rows = np.repeat(logits, 2, 0)
    twice = alarms.seen("one", 1, [Ask("ce", {"logits": rows, "target": y.repeat(2)})])
    found = [one for one in twice.alarms if one.code == "inspect: repeated-rows"]
    assert [(one.loss, one.true) for one in found] == [("logits", False)]
    counts = alarms.Counts(ROUND)
    counts.add(sound)
    counts.add(twice)
    (line,) = (one for one in alarms.of_files(counts) if "repeated-rows" in one)
    assert line.startswith("| inspect: repeated-rows | 2 | 0 | 1 | 50.000% |")
    assert not [one for one in alarms.false_alarms(counts) if "inspect" in one]
    assert {*alarms.OF_FILES} == {
        code for code, _ in import_module("losscli.inspection.alone")._DOUBTS
    }


def test_a_warning_that_anyone_can_see_is_no_false_alarm():
    logits, y = np.zeros(50), np.arange(50) % 2
    found = alarms.seen("one", 0, [Ask("bce", {"logits": logits, "target": y})])
    told = [("constant", True), ("inspect: constant", True)]
    assert [(one.code, one.true) for one in found.alarms] == told
    counts = alarms.Counts(ROUND)
    counts.add(found)
    (line,) = (one for one in alarms.false_alarms(counts) if one.startswith("| constant "))
    assert line == "| constant | 1 | 1 | 0 | 0.000% | 95.000% |  |"


def test_an_alarm_counts_once_for_its_set():
    one = alarms.Alarm("scale", "ridge", 0, "mse", "", False)
    counts = alarms.Counts(ROUND)
    counts.add(alarms.Seen("ridge", {"scale"}, [one, one._replace(loss="mae")]))
    counts.add(alarms.Seen("ridge", {"scale"}, []))
    (line,) = (one for one in alarms.false_alarms(counts) if one.startswith("| scale "))
    most = 0.95**0.5  # at most one of two in one of twenty: 1 - p^2 = 0.05
    assert line == f"| scale | 2 | 0 | 1 | 50.000% | {most:.3%} | ridge (1) |"


@pytest.mark.parametrize("count", [12, 3000])
def test_none_of_so_many(count):
    """(1 - p)^n = 0.05, and the rule of three."""
    assert alarms.most(0, count) == pytest.approx(1 - 0.05 ** (1 / count))
    assert alarms.most(0, 3000) < 3 / 3000


def test_a_run_goes_on_from_what_was_kept(tmp_path):
    counts = alarms.Counts(ROUND)
    one = alarms.Alarm("scale", "ridge", 0, "mse", "why", False)
    counts.add(alarms.Seen("ridge", {"scale"}, [one]))
    counts.power["written twice"] = {"30": [1, 2]}
    counts.keep(tmp_path)
    assert alarms.Counts.of(tmp_path, ROUND) == counts
    assert alarms.Counts.of(tmp_path, ROUND + 1) == alarms.Counts(ROUND + 1)
    assert any("| written twice | 50% | - |" in line for line in alarms.page(counts))


def test_what_is_planted_differs_from_seed_to_seed():
    first, again, other = (planted("written twice", 30, [ROUND, seed]) for seed in (0, 0, 1))
    assert (first.given["logits"] == again.given["logits"]).all()
    assert (first.given["logits"] != other.given["logits"]).any()


def test_no_warning_of_the_page_is_wrong_too_often():
    """A warning that is newer than the page is not on it."""
    first = PAGE.read_text().partition("## ")[0]
    rows = dict(re.findall(r"^\| ([a-z-]+) \|.*?\| ([\d.]+)% \|", first, re.MULTILINE))
    warnings = {code for code, one in CODES.items() if one.level is Level.WARNING}
    assert len(rows) > 40
    assert {*rows} <= warnings - alarms.NO_DATA
    assert all(float(rate) <= 0.1 for rate in rows.values())


@pytest.mark.parametrize(
    ("array", "plain"),
    [
        ([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]], True),
        ([0.05, 0.95, 0.95], True),
        ([[0.8, 0.1, 0.05], [0.05, 0.9, 0.05]], False),
        ([0.1, 0.95, 0.95], False),
    ],
)
def test_smoothed_labels_are_plain_to_see(array, plain):
    assert alarms._plain("smoothed", np.array(array)) is plain
