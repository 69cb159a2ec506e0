"""Statistics add up: zero, grouping and order do not matter, and the whole is the sum of parts."""

from __future__ import annotations

import itertools
import statistics
from fractions import Fraction
from functools import reduce
from math import frexp, fsum, inf, isnan, nan

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from losscli import quantiles
from losscli.checks import Facts, Tally
from losscli.quantiles import Sample
from losscli.stats import Extremes, Moments, Ranked, Sum, Totals

finite = st.floats(-1e100, 1e100)
values = st.lists(st.floats(), max_size=6)
finites = st.lists(finite, max_size=6)


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def extremes(numbers, start=0):
    numbers = [one for one in numbers if not isnan(one)]
    return Extremes.of(tensor(numbers), None, start)


MAKERS = {
    "Sum": lambda xs, start: reduce(lambda a, b: a + b, map(Sum.of, xs), Sum()),
    "Moments": lambda xs, start: Moments.of(tensor(xs)),
    "Extremes": extremes,
    "Sample": lambda xs, start: Sample.of(tensor([x for x in xs if not isnan(x)])),
    "binned": lambda xs, start: binned([x for x in xs if not isnan(x)]) + Sample(),
    "Facts": lambda xs, start: Facts.of(np.array(xs, float)),
    "Totals": lambda xs, start: Totals({"n": len(xs), f"only{start}": 1}),
    "Ranked": lambda xs, start: Ranked.of(
        3, [((-x, start + i), x) for i, x in enumerate(xs) if not isnan(x)]
    ),
    "Tally": lambda xs, start: Tally.of(np.array(xs, float) > 0, np.array(xs, float), start),
}
ZEROS = {
    "Sum": Sum(),
    "Moments": Moments(),
    "Extremes": Extremes(),
    "Sample": Sample(),
    "binned": Sample(),
    "Facts": Facts(),
    "Totals": Totals(),
    "Ranked": Ranked(),
    "Tally": Tally(),
}


def text(statistic):
    """Equal as text: NaN is equal to itself there."""
    return repr(statistic)


@pytest.mark.parametrize("name", MAKERS)
def test_zero_and_grouping(name):
    @settings(max_examples=60, deadline=None)
    @given(values, values, values)
    @example([inf], [-inf], [nan])
    @example([], [0.1], [])
    @example([1e308], [1e308], [-1e308])
    def holds(xs, ys, zs):
        a, b, c = (MAKERS[name](one, 10 * i) for i, one in enumerate((xs, ys, zs)))
        with np.errstate(all="ignore"):
            assert text(a + ZEROS[name]) == text(a) == text(ZEROS[name] + a)
            assert text((a + b) + c) == text(a + (b + c))

    with np.errstate(all="ignore"):
        holds()


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in ("Sample", "Totals")])
def test_order_does_not_matter(name):
    @settings(max_examples=60, deadline=None)
    @given(values, values)
    @example([inf, 1.0], [inf, -1.0])
    def holds(xs, ys):
        a, b = MAKERS[name](xs, 0), MAKERS[name](ys, 10)
        assert text(a + b) == text(b + a)

    with np.errstate(all="ignore"):
        holds()


def test_floats_do_not_group():
    """Why sums are kept as whole numbers: doubles fail the law."""
    assert (0.1 + 0.2) + 0.3 != 0.1 + (0.2 + 0.3)
    with pytest.raises(AssertionError):
        assert (1e16 + 1.0) - 1e16 == 1.0


@given(finites)
@example([1e16, 1.0, -1e16])
@example([5e-324, 5e-324])
@example([1e308, 1e308, -1e308])
def test_sum_is_exact(xs):
    total = MAKERS["Sum"](xs, 0)
    assert Fraction(total.units, 2**1074) == sum(map(Fraction, xs))
    assert total.value == float(sum(map(Fraction, xs)))
    if len(xs) < 4 and all(abs(one) < 1e300 for one in xs):
        assert total.value == fsum(xs)


@given(finites, st.floats(1e-3, 1e6))
def test_quotient_is_rounded_once(xs, below):
    total = MAKERS["Sum"](xs, 0)
    assert total.over(Sum.of(below)) == float(sum(map(Fraction, xs)) / Fraction(below))


def test_sums_of_what_is_not_finite():
    assert (Sum.of(inf) + Sum.of(1.0)).value == inf
    assert isnan((Sum.of(inf) + Sum.of(-inf)).value)
    assert isnan((Sum.of(nan) + Sum.of(1.0)).value)
    assert isnan(Sum.of(1.0).over(Sum()))
    assert Sum.of(inf).over(Sum.of(2.0)) == inf
    assert (Sum.of(1e308) + Sum.of(1e308)).value == inf


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-1e3, 1e3), max_size=5), min_size=1, max_size=5))
@example([[1e8 + 1, 1e8 + 2], [1e8 + 3]])  # E[x²] - E[x]² would see no spread
@example([[0.1], [0.1], [0.1]])
def test_moments_of_the_whole_are_those_of_the_parts(parts):
    whole = [x for part in parts for x in part]
    found = reduce(lambda a, b: a + b, (Moments.of(tensor(part)) for part in parts))
    assert found.count == len(whole)
    if not whole:
        assert isnan(found.mean)
        return
    assert found.mean == pytest.approx(float(np.mean(whole)), rel=1e-12, abs=1e-12)
    assert isnan(found.std) == (len(whole) < 2)
    if len(whole) > 1:
        # All that may differ is the rounding of each leaf's own mean, and squares below 1e-308.
        slack = max(1e-12 * max(map(abs, whole)), 1e-150)
        close = pytest.approx(statistics.stdev(whole), rel=1e-9, abs=slack)
        assert found.std == close
        assert found.stderr == pytest.approx(found.std / len(whole) ** 0.5)


@settings(deadline=None)
@given(st.lists(finite, min_size=1, max_size=20), st.integers(0, 20))
def test_quantiles_are_numpys(xs, cut):
    sample = Sample.of(tensor(xs[:cut])) + Sample.of(tensor(xs[cut:]))
    points = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0]
    found = sample.quantiles(points)
    assert list(found) == ["0", "0.01", "0.25", "0.5", "0.75", "0.99", "1"]
    wanted = np.quantile(xs, points)
    scale = max(map(abs, xs))
    np.testing.assert_allclose(list(found.values()), wanted, rtol=1e-12, atol=1e-15 * scale)


def test_quantiles_of_infinities():
    found = Sample.of(tensor([-inf, 0.0, inf, inf])).quantiles([0.0, 1 / 3, 0.8, 1.0])
    assert list(found.values()) == pytest.approx([-inf, 0.0, inf, inf])


def binned(numbers, dtype=torch.float64):
    """A part of data with too many values to keep."""
    return Sample.of(torch.tensor(numbers, dtype=dtype), quantiles.EXACT + 1)


def test_quantiles_are_exact_up_to_a_size():
    assert Sample.of(tensor([1.0]), quantiles.EXACT).exact
    assert not binned([1.0]).exact
    small = Sample.of(tensor([1.0, 2.1])) + Sample.of(tensor([3.0]))
    assert small.quantiles([0.5]) == {"0.5": 2.1}
    large = binned([1.0, 2.1, 3.0]) + binned([4.0])
    assert not large.exact
    assert large.quantiles([0.5])["0.5"] == pytest.approx(2.55, rel=quantiles.ERROR)
    assert not large.parts
    assert Sample().quantiles([0.5]) == {}


@settings(deadline=None)
@given(
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=30),
    st.lists(st.integers(0, 30), max_size=4),
    st.sampled_from([torch.float32, torch.float64]),
)
@example([0.0, 1e-45, -0.0, 5.0], [], torch.float32)
@example([-inf, 0.0, 1.0, inf, inf], [2], torch.float32)
@example([-1.0, -2.0, -1.9999999], [1], torch.float64)
def test_rounded_quantiles_are_near_and_tell_no_grouping(xs, cuts, dtype):
    ranks = [*range(len(xs))]
    edges = [0, *sorted(min(cut, len(xs)) for cut in cuts), len(xs)]
    parts = [binned(xs[a:b], dtype) for a, b in itertools.pairwise(edges)]
    forth, back = (sum(some, Sample())._at(ranks) for some in (parts, parts[::-1]))
    assert forth == back == binned(xs, dtype)._at(ranks)
    tiny = torch.finfo(dtype).tiny  # numbers below have fewer bits
    np.testing.assert_allclose(forth, sorted(xs), rtol=quantiles.ERROR, atol=tiny)


@settings(deadline=None)
@given(
    st.lists(st.floats(allow_nan=False), max_size=30),
    st.integers(0, 30),
    st.sampled_from([torch.float32, torch.float64]),
)
@example([0.0, 0.0], 1, torch.float32)
@example([inf, -inf], 1, torch.float32)
@example([1e308, -1.7e308, 2.0], 1, torch.float64)
def test_histograms_count_between_powers_of_two(xs, cut, dtype):
    xs = torch.tensor(xs, dtype=dtype).tolist()  # as float32 has them
    exact = Sample.of(torch.tensor(xs, dtype=dtype))
    parts = binned(xs[:cut], dtype) + binned(xs[cut:], dtype)
    edges, counts = exact.histogram()
    assert (edges, counts) == parts.histogram()
    finite = [x for x in xs if abs(x) < inf]
    assert sum(counts) == len(finite)
    if not finite:
        return
    assert counts[0]
    assert counts[-1]
    assert len(edges) == len(counts) + 1 <= 2 * quantiles.OCTAVES + 5
    assert all(edge == 0 or abs(edge) == inf or frexp(edge)[0] in (0.5, -0.5) for edge in edges)
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        # What lies on an edge belongs to the gap that is further from zero.
        inside = [x for x in finite if (low <= x < high if low >= 0 else low < x <= high)]
        assert count == len(inside) - (finite.count(0) if high == 0 else 0)


@given(st.lists(st.sampled_from([-inf, 0.0, 1.0, inf]), max_size=9), st.integers(0, 9))
def test_extremes_stand_at_the_first_of_equals(xs, cut):
    found = extremes(xs[:cut]) + extremes(xs[cut:], min(cut, len(xs)))
    if not xs:
        assert found == Extremes()
        return
    assert (found.low, found.low_at) == (min(xs), xs.index(min(xs)))
    assert (found.high, found.high_at) == (max(xs), xs.index(max(xs)))


def test_extremes_among_places():
    found = Extremes.of(tensor([5.0, 2.0, 5.0]), torch.tensor([3, 7, 9]), 100)
    assert found == Extremes(2.0, 107, 5.0, 103)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), max_size=9), st.integers(0, 9))
def test_the_worst_of_equals_is_the_first(xs, cut):
    make = MAKERS["Ranked"]
    found = make(xs[:cut], 0) + make(xs[cut:], min(cut, len(xs)))
    order = sorted(range(len(xs)), key=lambda i: (-xs[i], i))[:3]
    assert [place for (_, place), _ in found.entries] == order
    assert found.shown == [xs[i] for i in order]


@given(st.lists(st.sampled_from([0, 1, 2, 5]), max_size=20), st.integers(0, 20))
def test_facts_count_values(xs, cut):
    found = Facts.of(np.array(xs[:cut], int)) + Facts.of(np.array(xs[cut:], int))
    assert found.values == {one: xs.count(one) for one in sorted(set(xs))}
    assert found.outside == sum(one > 1 for one in xs)
    if xs:
        assert (found.low, found.high) == (min(xs), max(xs))
        assert found.mean == pytest.approx(np.mean(xs))


def test_facts_of_many_values_count_none():
    parts = [Facts.of(np.arange(20.0)), Facts.of(np.arange(20.0, 40.0))]
    assert parts[0].values is not None
    assert (parts[0] + parts[1]).values is None
    assert (parts[0] + parts[1] + parts[0]).values is None
    assert Facts.of(np.arange(1e4)).values is None
    assert Facts.of(np.array([1, 10**9])).values == {1: 1, 10**9: 1}


def test_facts_leave_nan_apart():
    found = Facts.of(np.array([nan, 1.0, 3.0])) + Facts.of(np.array([nan]))
    assert (found.count, found.nan, found.mean, found.low, found.high) == (4, 2, 2.0, 1.0, 3.0)
