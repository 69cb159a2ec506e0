"""Values and weights add up, whatever the grouping, and whether they are kept or not."""

from __future__ import annotations

from functools import reduce
from math import fsum

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from losscli import mass
from losscli.mass import Mass

numbers = st.floats(-1e6, 1e6)
weights = st.one_of(st.just(0.0), st.floats(1e-280, 1e300))
pairs = st.lists(st.tuples(numbers, weights), max_size=12)


def made(found, *, plain=False, expected=0, anchor=0.0):
    values, weighed = (
        torch.tensor([one[at] for one in found], dtype=torch.float64) for at in (0, 1)
    )
    weighed = None if plain else weighed
    return Mass.of(values, weighed, expected=expected, anchor=anchor)


def told(one):
    """All that is known of it, in plain lists."""
    kept = sorted(
        (value, weight)
        for values, weighed in one.parts
        for value, weight in zip(
            values.tolist(), values.tolist() if weighed is None else weighed.tolist(), strict=True
        )
    )
    bins = {name: row.tolist() for name, row in one.bins.items() if row.any()}
    return one.count, one.exact, one.odd, kept, bins


@settings(deadline=None)
@given(pairs, pairs, pairs, st.booleans(), st.sampled_from([0, mass.EXACT + 1]))
@example([(1.0, 1e-300)], [(1.0, 1e300)], [(-1.0, 1e-280)], False, mass.EXACT + 1)
def test_grouping_and_order_do_not_matter(a, b, c, plain, expected):
    x, y, z = (made(one, plain=plain, expected=expected, anchor=3.0) for one in (a, b, c))
    whole = told(made(a + b + c, plain=plain, expected=expected, anchor=3.0))
    assert told((x + y) + z) == told(x + (y + z)) == told(Mass.joined([z, x, y])) == whole
    assert told(x + Mass()) == told(Mass() + x) == told(x)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, weights), min_size=1, max_size=12), numbers)
def test_no_weight_is_rounded_away(found, anchor):
    binned = made(found, expected=mass.EXACT + 1, anchor=float(np.float32(anchor)))
    assert binned.gathered[2].sum() == pytest.approx(fsum(one for _, one in found), rel=1e-14)


def test_kept_values_go_into_bins_once_there_are_too_many(monkeypatch):
    monkeypatch.setattr(mass, "EXACT", 3)
    leaves = [made([(float(at), 1.0)], anchor=2.0) for at in range(6)]
    one, other = reduce(Mass.__add__, leaves), Mass.joined(leaves[::-1])
    assert told(one) == told(other)
    assert not one.exact
    assert one.gathered[1].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert (leaves[0] + leaves[1]).exact


def test_medians_and_quantiles():
    plain = made([(one, 1.0) for one in (4.0, 1.0, 3.0, 8.0)], plain=True)
    assert plain.median == made([(one, 2.0) for one in (4.0, 1.0, 3.0, 8.0)]).median == 3.5
    one = made([(1.0, 1.0), (2.0, 0.0), (3.0, 1.0), (9.0, 3.0)])
    assert one.median == 9.0
    assert one.quantiles([0.2, 0.3, 0.4, 0.41, 1.0]) == [1.0, 3.0, 3.0, 9.0, 9.0]
    assert one.deviation == (8 + 6) / 5


def test_what_is_known():
    assert not Mass().known
    assert not made([(1.0, 0.0)]).known
    assert not made([(1.0, -1.0), (2.0, 3.0)]).known
    assert not made([(np.inf, 1.0)]).known
    assert not made([(1.0, np.inf)]).known
    assert made([(1.0, 1.0)]).known
    far = made([(1e300, 1.0)], expected=mass.EXACT + 1)  # beyond float32, of which bins are made
    assert not far.known


def test_one_value_in_a_bin_is_exact():
    """Whole numbers near the anchor, and any value that is alone in its bin."""
    values = [(float(one), 1.0) for one in (*range(-200, 200), 1e5 + 1 / 3)]
    binned = made(values, expected=mass.EXACT + 1)
    cost = binned.mean(lambda one: one.double().abs().sqrt())
    assert cost == pytest.approx(np.mean([abs(one) ** 0.5 for one, _ in values]), rel=1e-7)
