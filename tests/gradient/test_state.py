"""What is known of a gradient adds up, whatever the grouping."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losscli.gradient.state import Known, Squares
from losscli.state import Worst

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5)


@given(FLOATS, FLOATS, FLOATS)
def test_squares_add_up(one, two, three):
    a, b, c = (Squares.of(np.array(values)) for values in (one, two, three))
    assert (a + b) + c == a + (c + b)
    assert a + Squares() == a


@given(FLOATS)
def test_root_is_that_of_the_exact_sum(values):
    exact = sum((Fraction(one) ** 2 for one in values), Fraction())
    found = Squares.of(np.array(values)).root
    if found == inf:
        assert exact > Fraction(1.79e308) ** 2
        return
    root = Fraction(found)
    assert abs(root**2 - exact) <= exact / 2**48 + Fraction(2) ** -1074 * root


@pytest.mark.parametrize(
    ("values", "root"),
    [
        ([], 0.0),
        ([0.0], 0.0),
        ([3.0, 4.0], 5.0),
        ([2.0**900], 2.0**900),
        ([1.7e308, 1.7e308], inf),
        ([5e-324], 5e-324),
        ([1.0, inf], inf),
        ([1.0, -inf], inf),
    ],
)
def test_root(values, root):
    assert Squares.of(np.array(values)).root == root


def test_root_of_what_is_no_number():
    assert isnan(Squares.of(np.array([1.0, nan])).root)
    both = Squares.of(np.array([inf])) + Squares.of(np.array([nan]))
    assert isnan(both.root)


def test_known_in_any_order():
    rng = np.random.default_rng(3)
    values = rng.normal(size=60).astype(np.float32)
    values[[7, 31]], values[50] = nan, inf
    parts = []
    for start in range(0, 60, 20):
        worst = Worst(4)  # one each: no leaf knows of another
        parts.append(Known.of("mean", 0, values[start : start + 20], start, worst))
    wanted = parts[0] + parts[1] + parts[2]
    for some in permutations(parts):
        found = Known.joined(some)
        assert (found.nan, found.infinite, found.largest) == (
            wanted.nan,
            wanted.infinite,
            wanted.largest,
        )
    assert [place for _, place, _ in wanted.largest.shown][:3] == [7, 31, 50]
    assert wanted.nan["mean"].count == 2
    assert wanted.infinite["mean"].first == 50
