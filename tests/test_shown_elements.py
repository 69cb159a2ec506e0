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


@pytest.mark.parametrize("name", ["ce", "brier", "rps", "coral"])
def test_classes_are_numbered_as_the_targets_are(name):
    scores, target = RNG.normal(size=(30, 4)), RNG.integers(1, 5, 30)
    scores = scores[:, :3] if name == "coral" else scores
    found = evaluate(name, logits=scores, target=target, target_base=1, head=ALL)
    guess = 1 + ((scores > 0).sum(1) if name == "coral" else scores.argmax(1))
    assert shown(found) == {(at,): (str(guess[at]), str(target[at])) for at in range(30)}
    right = {str(one): guess[target == one] == one for one in range(1, 5)}
    lines = [(one.removeprefix("class "), text) for one, text in found.report.remarks]
    assert len(lines) == 2
    for one, text in lines:
        hits = f"{right[one].sum()}/{right[one].size} right, taken for "
        wrong = guess[(target == int(one)) & (guess != target)]
        assert text.startswith(hits)
        assert text.removeprefix(hits).split()[0] in map(str, wrong)


def test_masks_are_numbered_as_the_targets_are():
    scores, target = RNG.normal(size=(3, 4, 5, 5)), RNG.integers(1, 5, (3, 5, 5))
    found = evaluate("dice", logits=scores, target=target, target_base=1, head=ALL)
    guess = 1 + scores.argmax(1)
    sizes = {
        (row, at): (str(at + 1), *(str((one[row] == at + 1).sum()) for one in (guess, target)))
        for row, at in np.ndindex(3, 4)
    }
    assert shown(found) == sizes
    for name, text in found.report.remarks:
        pixels = (target == int(name.removeprefix("class "))).sum()
        assert f", {pixels} pixels, " in text
