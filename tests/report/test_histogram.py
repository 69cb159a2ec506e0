"""The table of bins: from plain edges and counts to at most twenty lines."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losscli import evaluate, report
from losscli.report.histogram import LINES, WIDTH, Bin, bins_of, fitted, histogram
from losscli.report.look import Look
from losscli.report.tables import render

COUNTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=90)


def shown(edges, counts, total=None, look=None):
    """The lines of a table below its headings, each as words."""
    stats = {"count": sum(counts) if total is None else total}
    stats["histogram"] = {"edges": edges, "counts": counts}
    text = render([histogram(stats, look or Look())], colour=False)
    return [line.split() for line in text.splitlines()[2:]]


def test_lines():
    lines = shown([0.0, 0.25, 0.5, 1.0], [1, 2, 1])
    assert lines == [
        ["0", "0.25", "1", "25%", "█" * (WIDTH // 2)],
        ["0.25", "0.5", "2", "50%", "█" * WIDTH],
        ["0.5", "1", "1", "25%", "█" * (WIDTH // 2)],
    ]


def test_bars_without_blocks():
    lines = shown([0.0, 0.25, 0.5, 1.0], [1, 2, 1], look=Look(blocks=False))
    assert [line[-1] for line in lines] == ["#" * (WIDTH // 2), "#" * WIDTH, "#" * (WIDTH // 2)]
    assert all(word.isascii() for line in lines for word in line)


def test_few_are_seen_beside_many():
    for look in (Look(), Look(blocks=False)):
        lines = shown([-1.0, 0.0, 1.0], [1, 10**9], look=look)
        assert lines[0][:4] == ["-1", "0", "1", "<1%"]
        assert len(lines[0][4]) == 1


def test_a_bin_of_none_has_no_bar():
    assert shown([1.0, 2.0, 4.0, 8.0], [1, 0, 1])[1] == ["2", "4", "0"]


@pytest.mark.parametrize(("edges", "counts"), [([], []), ([0.0, 1.0], [0])])
def test_nothing_finite(edges, counts):
    assert shown(edges, counts, 0) == []
    assert shown(edges, counts, 3) == [["NaN", "or", "inf", "3", "100%"]]


def test_what_is_not_finite_is_counted_apart():
    edges = [-math.inf, -1.0, 0.0, 1.0, math.inf]
    lines = shown(edges, [5, 1, 1, 7], 20)
    assert [line[:3] for line in lines[:2]] == [["-1", "0", "1"], ["0", "1", "1"]]
    assert lines[2] == ["NaN", "or", "inf", "18", "90%"]


@given(COUNTS)
def test_no_loss_is_lost(counts):
    edges = [2.0**place for place in range(len(counts) + 1)]
    bins = fitted(bins_of(edges, counts))
    assert sum(one.count for one in bins) == sum(counts)
    assert len(bins) <= LINES
    assert [one.high for one in bins[:-1]] == [one.low for one in bins[1:]]
    if bins:
        assert min(bins[0].count, bins[-1].count) > 0
        full = [place for place, count in enumerate(counts) if count]
        assert (bins[0].low, bins[-1].high) == (edges[full[0]], edges[full[-1] + 1])
    assert max((one.count for one in bins), default=0) >= max(counts)


def test_the_emptier_end_is_merged():
    peak = [1] * 30 + [100] * 10
    bins = fitted([Bin(place, place + 1, count) for place, count in enumerate(peak)])
    assert [one.count for one in bins] == [21, *[1] * 9, *[100] * 10]
    bins = fitted([Bin(place, place + 1, count) for place, count in enumerate(peak[::-1])])
    assert [one.count for one in bins] == [*[100] * 10, *[1] * 9, 21]


def test_counts_of_a_result_are_those_of_its_losses():
    pred = [0.0, 0.5, 0.75, 1.0, 3.0, -5.0, math.inf, math.nan]
    result = evaluate("mae", pred=pred, target=[0.0] * 8, nan="propagate")
    held = result.stats["histogram"]
    losses = [loss for loss in map(abs, pred) if math.isfinite(loss)]
    assert sum(held["counts"]) == len(losses)
    edges = held["edges"]
    for low, high, count in zip(edges[:-1], edges[1:], held["counts"], strict=True):
        assert count == sum(low <= loss < high for loss in losses)
        assert low in (0.0, high / 2)


def test_the_screen_is_as_ever_without_it():
    result = evaluate("mse", pred=[1.0, 2.0], target=[0.0, 0.5])
    plain = "".join(report.drawn(result, "table"))
    more = "".join(report.drawn(result, "table", Look(histogram=True)))
    lines = plain.splitlines()
    assert "losses from" not in plain
    assert [line for line in more.splitlines() if line in lines] == lines
    assert "losses from" in more
