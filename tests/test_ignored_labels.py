"""Labels that do not count: --ignore-index of yes and no."""

from __future__ import annotations

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(31)
LOGITS = RNG.normal(0, 2, (40, 3))
LABELS = RNG.integers(0, 2, LOGITS.shape)
KEPT = RNG.random(LOGITS.shape) < 0.7
MARKED = np.where(KEPT, LABELS, -100)
OPTIONS = [
    {},
    {"pos_weight": "balanced"},
    {"class_weight": "balanced"},
    {"label_smoothing": 0.1},
    {"reduction": "sum"},
    {"sample_weight": RNG.uniform(0.5, 2, LOGITS.shape)},
]


def kinds():
    p = 1 / (1 + np.exp(-LOGITS))
    return {"logits": LOGITS, "probs": p, "log_probs": np.log(p)}.items()


@pytest.mark.parametrize("options", OPTIONS, ids=[" ".join(one) for one in OPTIONS])
@pytest.mark.parametrize(("kind", "values"), kinds(), ids=dict(kinds()))
def test_the_same_as_without_them(kind, values, options):
    """A mask says the same, and so do the rows alone where there is one label in each."""
    found = evaluate("bce", **{kind: values}, target=MARKED, ignore_index=-100, **options)
    wanted = evaluate("bce", **{kind: values}, target=LABELS, mask=KEPT, **options)
    assert (found.value, found.accuracy) == (wanted.value, wanted.accuracy)
    assert found.metrics == wanted.metrics
    assert not found.elements[~KEPT].any()


def test_by_its_definition():
    """segmentation-models-pytorch leaves such pixels in what the mean divides by."""
    p = 1 / (1 + np.exp(-LOGITS))
    terms = -np.where(LABELS == 1, np.log(p), np.log(1 - p))
    found = evaluate("bce", logits=LOGITS, target=MARKED, ignore_index=-100)
    assert found.value == pytest.approx(terms[KEPT].mean())
    assert (found.denominator, found.elements.sum()) == (
        KEPT.sum(),
        pytest.approx(terms[KEPT].sum()),
    )


def test_they_are_refused_where_it_is_not_asked():
    with pytest.raises(DataError, match=r"must be in \[0, 1\], not -100") as refused:
        evaluate("bce", logits=LOGITS, target=MARKED)
    assert "--ignore-index -100" in refused.value.hint
    with pytest.raises(DataError) as refused:
        evaluate("focal", logits=LOGITS, target=MARKED)
    assert "--ignore-index" not in refused.value.hint
    with pytest.raises(DataError, match="nothing"):
        evaluate("bce", logits=LOGITS, target=np.full(LOGITS.shape, -100), ignore_index=-100)


def test_beside_a_positive_label():
    numbers = np.where(KEPT, LABELS + 2, 9)
    found = evaluate("bce", logits=LOGITS, target=numbers, pos_label=3, ignore_index=9)
    wanted = evaluate("bce", logits=LOGITS, target=LABELS, mask=KEPT)
    assert found.value == wanted.value
    words = np.where(LABELS, "yes", "no")
    with pytest.raises(UsageError, match="--ignore-index has no meaning here"):
        evaluate("bce", logits=LOGITS, target=words, pos_label="yes", ignore_index=0)
