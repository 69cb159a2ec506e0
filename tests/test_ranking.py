"""Scores against labels: as scikit-learn ranks them, within the bounds where they are in bins."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from losscli import evaluate, plan, ranking
from losscli.ranking import Scores
from losscli.roles import binary

RNG = np.random.default_rng(23)
numbers = st.one_of(st.floats(-1e30, 1e30), st.sampled_from([-1.0, -0.0, 0.0, 1e-30, 1.0, 2.0]))
weights = st.one_of(st.floats(0, 1e6), st.sampled_from([1e-200, 1e-9, 0.5, 1.0, 3.0, 1e200]))
rows = st.lists(st.tuples(numbers, st.booleans(), weights), max_size=8)
MODES = ["kept", "kept, weighted", "in bins", "in bins, weighted"]


def scores(found, mode):
    values, positive, weight = (
        np.array([one[at] for one in found], dtype) for at, dtype in enumerate((float, bool, float))
    )
    return Scores.of(
        values, positive, weight if "weighted" in mode else None, exact="bins" not in mode
    )


def same(one, other):
    a, b = one.curve(), other.curve()
    assert (a.rounded, one.signed) == (b.rounded, other.signed)
    assert a.positive.tobytes() == b.positive.tobytes()
    assert a.negative.tobytes() == b.negative.tobytes()


@pytest.mark.parametrize("waiting", [1, 2**20])
@pytest.mark.parametrize("mode", MODES)
def test_laws(mode, waiting, monkeypatch):
    """Zero, grouping and order do not matter, to the last bit."""
    monkeypatch.setattr(ranking, "WAITING", waiting)

    @settings(max_examples=20, deadline=None)
    @given(rows, rows, rows)
    @example([(1.0, True, 0.0)], [(1.0, True, 1e-20)], [(1.0, False, 1e-21)])
    @example([(1.0, True, 1e200)], [(1.0, True, 1e-9)], [(1.0, True, 3.0)])
    def holds(xs, ys, zs):
        a, b, c = (scores(one, mode) for one in (xs, ys, zs))
        same(a + Scores(), a)
        same(Scores() + a, a)
        same((a + b) + c, a + (b + c))
        same(a + b, b + a)
        same(scores([*xs, *ys, *zs], mode), Scores.joined([c, a, b]))

    holds()


def naive(values, positive, weight):
    """AUROC by all pairs, average precision by all thresholds: in fractions."""
    both = [(v, p, Fraction(float(w))) for v, p, w in zip(values, positive, weight, strict=True)]
    yes = [(v, w) for v, p, w in both if p]
    no = [(v, w) for v, p, w in both if not p]
    half = Fraction(1, 2)
    won = sum(
        (wa * wb * (1 if a > b else half if a == b else 0) for a, wa in yes for b, wb in no),
        Fraction(0),
    )
    area = won / (sum(w for _, w in yes) * sum(w for _, w in no))
    total, mean, before = sum(w for _, w in yes), Fraction(0), Fraction(0)
    for cut in sorted(set(values), reverse=True):
        hits = sum((w for v, w in yes if v >= cut), Fraction(0))
        above = hits + sum((w for v, w in no if v >= cut), Fraction(0))
        if above:
            mean += (hits - before) / total * hits / above
        before = hits
    return float(area), float(mean)


@pytest.mark.parametrize("weighted", [False, True])
def test_all_pairs(weighted):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(numbers, st.booleans(), st.floats(0.01, 100)), min_size=2))
    @example([(0.0, True, 1.0), (-0.0, False, 1.0)])
    def holds(found):
        mode = "kept, weighted" if weighted else "kept"
        curve = scores(found, mode).curve()
        if not (curve.yes and curve.no):
            return
        values, positive, weight = zip(*found, strict=True)
        area, mean = naive(values, positive, weight if weighted else [1] * len(found))
        assert curve.auroc == pytest.approx(area, rel=1e-12)
        assert curve.average_precision == pytest.approx(mean, rel=1e-12)
        assert curve.auroc_error == curve.average_precision_error == 0

    holds()


@pytest.mark.parametrize("weighted", [False, True])
def test_bounds_hold_in_bins(weighted):
    """The error of bins is told, whatever lies in them: scores that differ by little, or not."""
    close = st.floats(1, 1.02).map(lambda one: round(one, 4))

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(close, st.booleans(), st.floats(0.01, 100)), min_size=2))
    @example([(1.0, False, 1.0), (1.001, True, 1.0)])
    @example([(1.001, False, 1.0), (1.0, True, 1.0)])
    @example([(1.002, False, 1.0), (1.001, True, 1.0), (1.0, True, 1.0)])
    def holds(found):
        kept, bins = (
            scores(found, mode + ", weighted" * weighted).curve() for mode in ("kept", "in bins")
        )
        if not (kept.yes and kept.no):
            return
        slack = 1e-7
        assert abs(bins.auroc - kept.auroc) <= bins.auroc_error + slack
        gap = abs(bins.average_precision - kept.average_precision)
        assert gap <= bins.average_precision_error + slack

    holds()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
@pytest.mark.parametrize("weighted", [False, True])
def test_bins_are_close(dtype, weighted):
    values = RNG.normal(0, 3, 20000)
    positive = values + RNG.normal(0, 3, 20000) > 1
    weight = RNG.uniform(0.1, 2, 20000) if weighted else None
    values = values.astype(dtype)
    curve = Scores.of(values, positive, weight, exact=False).curve()
    wanted = metrics.roc_auc_score(positive, values, sample_weight=weight)
    assert curve.auroc == pytest.approx(wanted, abs=2e-5)
    assert curve.auroc_error < (2e-4 if dtype != np.int64 else 0.1)
    wanted = metrics.average_precision_score(positive, values, sample_weight=weight)
    assert curve.average_precision == pytest.approx(wanted, abs=1e-3)
    assert curve.average_precision_error < (2e-3 if dtype != np.int64 else 0.2)


def test_probabilities_next_to_1_are_told_apart():
    values, positive = 1 - np.array([1e-7, 1e-6, 1e-5, 0.0]), np.array([1, 0, 0, 1], bool)
    for shares in (True, False):
        found = Scores.of(values, positive, exact=False, shares=shares).curve()
        assert (found.auroc == 1) is shares
    mixed = Scores.of(values, positive, shares=True) + Scores.of(
        values, positive, exact=False, shares=True
    )
    assert mixed.curve().auroc == 1


def test_zeros_of_either_sign_are_tied():
    for exact in (False, True):
        found = Scores.of(np.array([0.0, -0.0]), np.array([True, False]), exact=exact)
        assert found.curve().auroc == 0.5


def test_weights_in_bins_are_added_up_exactly():
    """Two digits hold every weight to 2^-30 of the largest; floats would group differently."""
    weight = 10.0 ** RNG.uniform(-12, 3, 3000)
    values = np.ones(3000)
    one = Scores.of(values, values > 0, weight, exact=False).curve()
    parts = [
        Scores.of(values[:1], values[:1] > 0, weight[at : at + 1], exact=False)
        for at in range(3000)
    ]
    random.Random(0).shuffle(parts)
    many = reduce(lambda a, b: a + b, parts).curve()
    assert one.positive.tolist() == many.positive.tolist()
    unit = 2.0 ** (30 * ((math.frexp(weight.max())[1] - 1) // 30))
    assert one.yes * unit == pytest.approx(math.fsum(weight), abs=3000 * weight.max() / 2**30)
    assert len({sum(w.tolist()) for w in (weight, weight[::-1], np.sort(weight))}) > 1


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("scale", [1e-37, 1.0, 1e37])
def test_weights_of_any_dtype(exact, scale):
    values, weight = RNG.normal(size=50), (RNG.random(50) * scale).astype(np.float32)
    same(
        Scores.of(values, values > 0, weight, exact=exact),
        Scores.of(values, values > 0, weight.astype(float), exact=exact),
    )


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(ranking, "WAITING", 1000)
    total = Scores()
    for _ in range(50):
        values = RNG.normal(size=300)
        total = total + Scores.of(values, values > 0, np.abs(values), exact=False)
        assert sum(len(one.bins) for one in total.waiting) < 1000
        assert not total.parts
        assert len(total.digits) <= 2


def given_scores(kind, size, *, weighted):
    rng = np.random.default_rng(5)
    values = rng.normal(0, 2, size).astype(np.float32)
    target = (values + rng.normal(0, 2, size) > 0).astype(int)
    found = {"logits": values, "probs": 1 / (1 + np.exp(-values))}[kind]
    more = {"sample_weight": rng.uniform(0.1, 2, size)} if weighted else {}
    return {kind: found, "target": target, **more}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("exact", [0, 2**20])
def test_same_bits(exact, kind, weighted, monkeypatch):
    """One leaf or many, any number of threads."""
    monkeypatch.setattr(binary, "EXACT", exact)
    monkeypatch.setattr(ranking, "WAITING", 300)
    data = given_scores(kind, 2000, weighted=weighted)
    names = ("auroc", "average_precision")
    one = [evaluate("bce", **data).metrics[name] for name in names]
    wanted = (
        metrics.roc_auc_score(data["target"], data[kind], sample_weight=data.get("sample_weight")),
        metrics.average_precision_score(
            data["target"], data[kind], sample_weight=data.get("sample_weight")
        ),
    )
    assert one == pytest.approx(wanted, rel=1e-3 if not exact else 1e-12)
    monkeypatch.setattr(plan, "LEAF", 64)
    monkeypatch.setattr(plan, "GROUP", 1)
    for threads in (1, 2, 5):
        found = evaluate("bce", **data, threads=threads)
        assert [found.metrics[name] for name in names] == one


def test_bins_say_so(monkeypatch):
    data = given_scores("logits", 2000, weighted=False)
    monkeypatch.setattr(binary, "EXACT", 1999)
    for limit, word in ((2000, "within"), (1999, "ties half")):
        found = evaluate("bce", **data, limit=limit).report.metrics
        shown = {one.name: one for one in found}
        assert word in shown["auroc"].how
        assert ("auroc_error" in shown) == ("average_precision_error" in shown) == (limit == 2000)
    assert 0 < shown["auroc"].value < 1


def test_a_bound_is_never_rounded_down():
    for bound in (0.00123, 0.0999, 1e-9, 0.01):
        assert bound <= float(binary._up(bound)) <= bound * 1.15
    assert binary._up(0.0) == "0"


def test_negative_weights_have_no_ranking():
    found = evaluate("bce", logits=[1.0, 2, 3], target=[0, 1, 1], sample_weight=[1.0, -1, 2])
    assert "auroc" not in found.metrics
    assert ("auroc", "not known: weights are below 0") in found.report.remarks
    assert json.dumps(found.to_dict())
