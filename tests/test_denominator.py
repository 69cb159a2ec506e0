"""What the mean divides by when it is asked to divide by something else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(11)
SCORES = RNG.normal(size=(50, 6))
LABELS = (RNG.random((50, 6)) < 0.1).astype(int)


def naive_focal(logit, y):
    """Of one anchor, with the alpha of RetinaNet."""
    p = 1 / (1 + math.exp(-logit))
    right, share = (p, 0.25) if y else (1 - p, 0.75)
    return -share * (1 - right) ** 2 * math.log(right)


def test_positives_as_in_retinanet(monkeypatch):
    pairs = zip(SCORES.reshape(-1), LABELS.reshape(-1), strict=True)
    total = sum(naive_focal(z, y) for z, y in pairs)
    given = {"logits": SCORES, "target": LABELS, "alpha": 0.25, "denominator": "positives"}
    found = evaluate("focal", **given)
    assert found.value == pytest.approx(total / LABELS.sum(), rel=1e-12)
    assert found.denominator == LABELS.sum()
    assert "|denominator=positives|" in found.signature
    flat = [sum(naive_focal(z, y) for y in LABELS.reshape(-1)) for z in np.linspace(-3, 3, 601)]
    assert found.guess == pytest.approx(min(flat) / LABELS.sum(), rel=1e-4)
    assert found.guess <= min(flat) / LABELS.sum()
    monkeypatch.setattr(plan, "LEAF", 128)
    assert evaluate("focal", **given, threads=3).denominator == found.denominator


def test_rows_and_numbers():
    given = {"logits": SCORES, "target": LABELS}
    total = evaluate("bce", **given, reduction="sum").value
    rows = evaluate("bce", **given, denominator="rows")
    assert rows.value == pytest.approx(total / 50, rel=1e-12)
    assert rows.value == evaluate("bce", **given, reduction="batchmean").value
    number = evaluate("bce", **given, denominator="7.5")
    assert (number.value, number.denominator) == (pytest.approx(total / 7.5, rel=1e-12), 7.5)
    assert "|denominator=7.5|" in number.signature
    assert evaluate("mse", pred=[1.0, 3], target=[0, 0], denominator=4).value == 2.5


def test_positives_that_count():
    weight, mask = RNG.random(50), RNG.random((50, 6)) < 0.5
    given = {"logits": SCORES, "target": LABELS, "denominator": "positives"}
    found = evaluate("bce", **given, sample_weight=weight, mask=mask)
    assert found.denominator == pytest.approx((weight[:, None] * LABELS * mask).sum(), rel=1e-12)
    signs = evaluate("hinge", logits=SCORES, target=LABELS * 2 - 1, denominator="positives")
    assert signs.denominator == LABELS.sum()


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        ("bce", {"denominator": "positives", "reduction": "sum"}, "the reduction is sum"),
        ("bce", {"denominator": 3, "reduction": "none"}, "the reduction is none"),
        ("kl", {"denominator": 3}, "the reduction is batchmean"),
        ("mse", {"denominator": "positives"}, "has no meaning here"),
        ("bce", {"denominator": "rowz"}, "must be a number, not 'rowz'"),
        ("bce", {"denominator": 0}, "must be above 0 and finite, not 0"),
        ("bce", {"denominator": "nan"}, "must be a number, not nan"),
        ("bce", {"denominator": "inf"}, "must be above 0 and finite"),
    ],
)
def test_refused(name, more, told):
    kind = "pred" if name == "mse" else "logits"
    with pytest.raises(UsageError, match=told):
        evaluate(name, **{kind: SCORES}, target=LABELS, **more)


def test_classes_have_no_positives():
    with pytest.raises(UsageError, match="no target of brier is positive or negative"):
        evaluate("brier", logits=[[1.0, 2]], target=[1], denominator="positives")
    assert evaluate("brier", logits=[1.0, 2], target=[1, 0], denominator="positives").denominator


def test_no_positives_are_nothing_to_divide_by():
    with pytest.raises(DataError, match="no target is positive: nothing to divide by"):
        evaluate("focal", logits=SCORES, target=LABELS * 0, denominator="positives")
