"""What is shown of the first and the worst elements is of the place that is named."""

from __future__ import annotations

import numpy as np
import pytest

from losscli import evaluate

RNG = np.random.default_rng(37)
SCORES, RAW = RNG.normal(0, 2, (2, 5, 3, 4, 2))
ALL = 1000


def shares(axis):
    found = np.exp(RAW)
    return found / found.sum(axis, keepdims=True)


def shown(result):
    """The cells of all elements, by their place."""
    return {one.index: tuple(one.cells) for one in [*result.first, *result.worst]}


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_each_class_of_a_distribution(axis):
    target = shares(axis)
    found = evaluate("kl", logits=SCORES, target=target, class_axis=axis, head=ALL)
    every = np.ndindex(SCORES.shape)
    assert shown(found) == {at: (f"{SCORES[at]:.4f}", f"{target[at]:.6g}") for at in every}


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_whole_distributions(axis):
    """Of those there is one loss each, whatever the numbers of their classes are."""
    target = shares(axis)
    found = evaluate("js", logits=SCORES, target=target, class_axis=axis, head=ALL)
    ours, theirs = SCORES.argmax(axis), target.argmax(axis)
    assert found.headings == ["argmax", "y"]
    assert shown(found) == {at: (str(ours[at]), str(theirs[at])) for at in np.ndindex(ours.shape)}
