"""Cox's partial likelihood and the concordance index, against what looks at all pairs."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.roles.concordance import below

RNG = np.random.default_rng(12)
N = 80
HAZARD = np.round(RNG.normal(0, 2, N), 1)  # with ties
TIME = np.ceil(RNG.exponential(6, N))
EVENT = (RNG.random(N) < 0.6).astype(int)
GIVEN = {"log_hazard": HAZARD, "time": TIME, "event": EVENT}


def breslow(hazard, time, event):
    return [
        log(sum(exp(h) for h, t in zip(hazard, time, strict=True) if t >= time[i])) - hazard[i]
        if event[i]
        else 0.0
        for i in range(len(hazard))
    ]


def efron(hazard, time, event):
    found = []
    for i in range(len(hazard)):
        if not event[i]:
            found.append(0.0)
            continue
        rows = range(len(hazard))
        risk = sum(exp(hazard[j]) for j in rows if time[j] >= time[i])
        tied = [exp(hazard[j]) for j in rows if time[j] == time[i] and event[j]]
        logs = [log(risk - k / len(tied) * sum(tied)) for k in range(len(tied))]
        found.append(sum(logs) / len(tied) - hazard[i])
    return found


TIES = {"breslow": breslow, "efron": efron}


@pytest.mark.parametrize("ties", TIES)
def test_definition(ties):
    result = evaluate("cox", **GIVEN, ties=ties)
    wanted = TIES[ties](HAZARD, TIME, EVENT)
    np.testing.assert_allclose(result.elements, wanted, rtol=1e-11, atol=1e-12)
    assert result.value == pytest.approx(sum(wanted) / EVENT.sum(), rel=1e-12)
    assert result.denominator == EVENT.sum()
    assert evaluate("cox", **GIVEN, ties=ties, reduction="sum").value == pytest.approx(sum(wanted))


ROW = st.tuples(st.floats(-30, 30), st.integers(0, 5), st.booleans())


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=12), st.sampled_from([*TIES]))
def test_definition_of_any_rows(rows, ties):
    hazard, time, event = (list(column) for column in zip(*rows, strict=True))
    event[0] = True
    found = evaluate("cox", log_hazard=hazard, time=time, event=event, ties=ties).elements
    np.testing.assert_allclose(found, TIES[ties](hazard, time, event), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("beta", [0.0, 1.475285, 1.676857, -2.0])
def test_by_hand(beta):
    """Six subjects, worked by hand after Therneau and Grambsch, 2000."""
    x, r = np.array([1.0, 1, 1, 0, 0, 0]), exp(beta)
    rows = {"time": [1, 1, 6, 6, 8, 9], "event": [1, 0, 1, 1, 0, 1]}
    one, other = (
        evaluate("cox", log_hazard=beta * x, **rows, ties=ties, reduction="sum").value
        for ties in TIES
    )
    assert one == pytest.approx(log(3 * r + 3) + 2 * log(r + 3) - 2 * beta, rel=1e-12)
    wanted = log(3 * r + 3) + log(r + 3) + log((r + 5) / 2) - 2 * beta
    assert other == pytest.approx(wanted, rel=1e-12)
    if beta == 0:
        assert (one, other) == (
            pytest.approx(4.564348, abs=1e-6),
            pytest.approx(4.276666, abs=1e-6),
        )


def test_ties_are_one_where_there_are_none():
    time = RNG.permutation(N)
    one, other = (evaluate("cox", **GIVEN | {"time": time}, ties=ties) for ties in TIES)
    np.testing.assert_allclose(one.elements, other.elements, rtol=1e-9, atol=1e-12)


def test_times_are_not_rounded():
    """The order of times is that of the file, whatever losses are computed in."""
    time = 1e9 + np.arange(N) / 1e4
    hazard = HAZARD.astype(np.float32)
    found = evaluate("cox", log_hazard=hazard, time=time, event=EVENT)
    wanted = evaluate("cox", log_hazard=hazard, time=np.arange(N), event=EVENT)
    np.testing.assert_array_equal(found.elements, wanted.elements)
    assert found.elements.dtype == np.float32
    assert found.metrics == wanted.metrics


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinite_hazards(ties, dtype):
    rows = {"time": [1, 2, 3, 4], "event": [1, 1, 1, 1], "ties": ties}
    for hazard, wanted in [
        ([inf, 0, 0, 0], [0, log(3), log(2), 0]),
        ([0, inf, 0, 0], [inf, 0, log(2), 0]),
        ([inf, inf, 0, 0], [log(2), 0, log(2), 0]),
        ([-inf, 0, 0, 0], [inf, log(3), log(2), 0]),
        ([0, 0, 0, -inf], [log(3), log(2), 0, 0]),
        ([1e4, -1e4, 0, 0], [0, 1e4 + log(2), log(2), 0]),
    ]:
        result = evaluate("cox", log_hazard=np.array(hazard, dtype), **rows)
        np.testing.assert_allclose(result.elements, wanted, rtol=1e-6, atol=1e-6)


def test_rows_left_out_are_not_at_risk():
    mask = np.arange(N) % 4 > 0
    some = {key: value[mask] for key, value in GIVEN.items()}
    found, wanted = evaluate("cox", **GIVEN, mask=mask), evaluate("cox", **some)
    np.testing.assert_allclose(found.elements[mask], wanted.elements)
    assert not found.elements[~mask].any()
    assert found.metrics == wanted.metrics
    hazard = np.where(mask, HAZARD, np.nan)
    omitted = evaluate("cox", **GIVEN | {"log_hazard": hazard}, nan="omit")
    assert omitted.value == pytest.approx(wanted.value)


def test_weights_are_those_of_events():
    weight = RNG.random(N)
    found = evaluate("cox", **GIVEN, sample_weight=weight)
    wanted = np.average(breslow(HAZARD, TIME, EVENT), weights=weight * EVENT)
    assert found.value == pytest.approx(wanted, rel=1e-11)
    assert "concordance" not in found.metrics
    assert found.metrics["event_rate"] == pytest.approx(np.average(EVENT, weights=weight))


# ---- concordance


def by_pairs(hazard, time, event):
    """Harrell's index, pair by pair."""
    found, pairs = 0.0, 0
    for i in range(len(hazard)):
        for j in range(len(hazard)):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                pairs += 1
                found += (hazard[i] > hazard[j]) + 0.5 * (hazard[i] == hazard[j])
    return found / pairs if pairs else None


def test_concordance():
    found = evaluate("cox", **GIVEN).metrics["concordance"]
    assert found == pytest.approx(by_pairs(HAZARD, TIME, EVENT), rel=1e-14)
    perfect = evaluate("cox", log_hazard=-np.arange(9.0), time=np.arange(9), event=np.ones(9))
    assert perfect.metrics["concordance"] == 1
    equal = evaluate("cox", log_hazard=np.zeros(9), time=np.arange(9), event=np.ones(9))
    assert equal.metrics["concordance"] == 0.5


HALVES = st.tuples(st.integers(-2, 2), st.integers(0, 4), st.booleans())


@settings(deadline=None)
@given(st.lists(HALVES, min_size=1, max_size=20))
def test_concordance_of_any_rows(rows):
    hazard, time, event = (list(column) for column in zip(*rows, strict=True))
    event[0] = True
    found = evaluate("cox", log_hazard=hazard, time=time, event=event).metrics
    assert found.get("concordance") == by_pairs(hazard, time, event)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.data())
def test_below(values, data):
    values = np.minimum(values, len(values))
    end, limit = data.draw(st.integers(0, len(values))), data.draw(st.integers(0, len(values)))
    found = below(values, np.array([end]), np.array([limit]))
    assert found.tolist() == [int((values[:end] < limit).sum())]


# ---- refusals


def test_refusals():
    with pytest.raises(DataError, match=r"row 2: an event is 1, and a censored time 0, not 2"):
        evaluate("cox", log_hazard=[0.0, 1.0], time=[1, 2], event=[1, 2])
    with pytest.raises(DataError, match="no event happens"):
        evaluate("cox", log_hazard=[0.0, 1.0], time=[1, 2], event=[0, 0])
    with pytest.raises(DataError, match="NaN"):
        evaluate("cox", log_hazard=[0.0, 1.0], time=[1, np.nan], event=[1, 1])
    with pytest.raises(DataError, match="2 predictions but 3"):
        evaluate("cox", log_hazard=[0.0, 1.0], time=[1, 2, 3], event=[1, 1, 1])
    with pytest.raises(DataError, match="one log-hazard for each row"):
        evaluate("cox", log_hazard=np.zeros((3, 2)), time=np.ones((3, 2)), event=np.ones((3, 2)))
    with pytest.raises(UsageError, match="--ties cannot be 'exact'"):
        evaluate("cox", **GIVEN, ties="exact")
    with pytest.raises(UsageError, match="--event"):
        evaluate("cox", log_hazard=[0.0], time=[1])
    odd = evaluate("cox", log_hazard=[0.0, 1.0], time=[-1, 2], event=[True, False])
    assert [one.code for one in odd.warnings] == ["negative-time"]


def test_columns_are_squeezed():
    given_ = {key: value[:, None] for key, value in GIVEN.items()}
    assert evaluate("cox", **given_).value == evaluate("cox", **GIVEN).value
