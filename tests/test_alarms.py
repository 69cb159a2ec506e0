"""The table of false alarms is made of what is healthy, and finds none in some of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
STAGE = 3  # neither the sets that count, nor those to choose thresholds


@pytest.fixture
def alarms(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import alarms

    yield alarms
    for name in ("alarms", "healthy", "unusual", "planted", "tables"):
        sys.modules.pop(name, None)


def test_healthy_data_raises_none(alarms):
    found = [
        *alarms.alarms(["ridge", "rare classes", "heavy tails", "soft targets"], STAGE, range(3))
    ]
    lines, sets = alarms.false_alarms(found, ["copy"])
    assert found == [None] * sets == [None] * 12
    assert lines[2].startswith("| copy | 0 | 0.000% | 22.09")  # 1 - 0.05 ** (1 / 12)


def test_an_alarm_counts_once_for_its_set(alarms):
    one = alarms.Alarm("scale", "ridge", 0, "mse", "")
    lines, sets = alarms.false_alarms([one, one._replace(loss="mae"), None, None], [])
    assert (sets, lines[2].split("|")[1:4]) == (2, [" scale ", " 1 ", " 50.000% "])


def test_what_is_planted_differs_from_seed_to_seed(alarms):
    first, again, other = (alarms.planted("written twice", 30, [STAGE, seed]) for seed in (0, 0, 1))
    assert (first.given["logits"] == again.given["logits"]).all()
    assert (first.given["logits"] != other.given["logits"]).any()
