"""What is known of values: leaf by leaf the same as of all at once, and as counted plainly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli.formats.arrays.fields import ArrayField
from losscli.inspection.known import MANY, Known, Run

VALUES = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 255.0, 0.5, math.nan, math.inf, -math.inf]),
    st.floats(-3, 3, width=32),
)


def leaves(array, size):
    field = ArrayField(array)
    starts = range(0, len(array), size)
    return [Known.of(field, start, min(start + size, len(array))) for start in starts]


def added(parts):
    total = Known()
    for one in parts:
        total += one
    return total


def plain(known):
    """All but the sum, of which the last digits depend on the leaves, which are of a fixed size."""
    facts = known.facts
    numbers = (facts.count, facts.low, facts.high, facts.nan, facts.outside, facts.values)
    tallies = {code: (tally.count, tally.first) for code, tally in known.tallies.items()}
    rows = {axis: (tally.count, tally.first) for axis, tally in known.sums.items()}
    exps = {axis: (tally.count, tally.first) for axis, tally in known.exps.items()}
    order = repr(known.run), known.repeats
    return numbers, tallies, rows, exps, known.whole, order, known.names, known.texts


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(VALUES, min_size=4, max_size=4), min_size=1, max_size=12), st.data())
def test_leaves_add_up(rows, data):
    array = np.array(rows)
    if data.draw(st.booleans()):
        array = array[:, data.draw(st.integers(0, 3))]
    if data.draw(st.booleans()):
        array = (
            np.nan_to_num(array)
            .clip(-9, 300)
            .round()
            .astype(data.draw(st.sampled_from(["i8", "i2", "?"])))
        )
    size = data.draw(st.integers(1, len(array)))
    parts = leaves(array, size)
    assert plain(added(parts)) == plain(added(leaves(array, len(array))))
    cut = data.draw(st.integers(0, len(parts)))
    assert plain(added(parts[:cut]) + added(parts[cut:])) == plain(added(parts))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(["a", "b", "", "cat"]), min_size=1, max_size=9), st.integers(1, 9))
def test_names_add_up(names, size):
    known = added(leaves(np.array(names), size))
    assert known.names == {name: names.count(name) for name in sorted({*names})}
    assert known.texts == len(names)


@settings(deadline=None, max_examples=100)
@given(st.lists(VALUES, min_size=1, max_size=20), st.integers(1, 5))
def test_counted_plainly(values, size):
    known = added(leaves(np.array(values), size))
    odd = {
        "nan": [math.isnan(x) for x in values],
        "infinite": [math.isinf(x) for x in values],
        "outside": [x < 0 or x > 1 for x in values],
        "negative": [x < 0 for x in values],
        "positive": [x > 1e-6 for x in values],
        "fraction": [not math.isnan(x) and (math.isinf(x) or x != int(x)) for x in values],
    }
    expected = {code: (sum(mask), mask.index(True)) for code, mask in odd.items() if any(mask)}
    assert {code: (one.count, one.first) for code, one in known.tallies.items()} == expected


def test_rows_that_do_not_sum_to_one():
    rows = np.array([[0.5, 0.5], [0.2, 0.8], [0.3, 0.3], [1, 0], [0.9, 0.9]])
    (tally,) = added(leaves(rows, 2)).sums.values()
    assert (tally.count, tally.first, tally.value) == (2, 2, pytest.approx(0.6))
    (tally,) = added(leaves(np.log(rows[:3]), 2)).exps.values()
    assert (tally.count, tally.first, tally.value) == (1, 2, pytest.approx(0.6))
    assert added(leaves(rows - 0.4, 2)).sums == {}


def test_the_axis_of_classes_may_be_the_last():
    rows = np.random.default_rng(0).dirichlet(np.ones(4), size=(6, 3))
    counts = {axis: tally.count for axis, tally in added(leaves(rows, 4)).sums.items()}
    assert counts[2] == 0
    assert counts[1] > 0
    first = added(leaves(rows, 1)).sums[1]
    assert (first.first, first.value) == (0, pytest.approx(rows[0, :, 0].sum()))


def test_many_whole_numbers_are_not_counted():
    assert len(added(leaves(np.arange(MANY), 1000)).whole) == MANY
    assert added(leaves(np.arange(MANY + 1), 1000)).whole is None
    assert added(leaves(np.array([*range(MANY), 10**9]), 1000)).whole is None
    assert added(leaves(np.array([str(n) for n in range(MANY + 1)]), 5000)).names is None


@pytest.mark.parametrize(
    ("values", "different"),
    [
        ([5, 2, 9], True),
        ([5, 2, 5], False),
        ([1, 2, 3], True),
        ([*range(MANY * 2)], True),
        ([*range(MANY * 2), 3], False),
        ([1.0, 2.0, math.nan], False),
    ],
)
def test_ids(values, different):
    assert added(leaves(np.array(values), 1000)).different is different


def test_a_run_goes_on_across_leaves():
    assert (Run(1, 2) + Run() + Run(3, 4)).rises
    assert not (Run(1, 2) + Run(2, 4)).rises
