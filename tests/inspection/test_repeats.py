"""How often rows occur: as if all were counted, and the same however they are cut."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from losscli.inspection.repeats import KEPT, Repeats

RNG = np.random.default_rng(5)


def drawn(rows, different, width=3):
    return RNG.normal(size=(different, width))[RNG.integers(0, different, rows)]


@pytest.mark.parametrize(("rows", "different"), [(40, 7), (5000, 200), (20_000, 9000), (9000, 60)])
def test_counts_are_those_of_all_rows(rows, different):
    values = drawn(rows, different)
    every = Counter(map(bytes, values))
    found = Repeats.of(values)
    assert len(found.counts) == min(len(every), KEPT)
    if len(every) <= KEPT:
        assert sorted(found.counts.values()) == sorted(every.values())
    assert not Counter(found.counts.values()) - Counter(every.values())


@pytest.mark.parametrize("different", [1, 60, 9000])
def test_sums_do_not_depend_on_the_parts(different):
    values = drawn(20_000, different)
    cuts = [0, *sorted(RNG.integers(0, len(values), 5)), len(values)]
    parts = [Repeats.of(values[one:other]) for one, other in pairwise(cuts)]
    whole = Repeats.of(values)
    for order in (parts, parts[::-1], [*RNG.permutation(np.array(parts, object))]):
        total = Repeats()
        for part in order:
            total += part
        assert total == whole
    assert Repeats() + whole == whole


def test_values_are_compared_as_numbers():
    assert Repeats.of(np.array([0.0, -0.0, 0.0])).same == 3
    assert Repeats.of(np.array([[1.0, 2], [2, 1]])).same == 0
    assert Repeats().same == 0
    assert Repeats.of(np.array([[0.5, 1]], "f4")) == Repeats.of(np.array([[0.5, 1]]))
