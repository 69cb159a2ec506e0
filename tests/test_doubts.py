"""Mistakes that no single value shows: what is said of them, and where they are not suspected."""

from __future__ import annotations

import numpy as np
import pytest
from real import binary, classes, sigmoid, softmax, values

from losscli import evaluate, plan
from losscli.doubts.slopes import SUMS, line
from losscli.stats import Sum, Totals

HEALTHY = {
    "bce logits": ("bce", binary, lambda z, y: {"logits": z, "target": y}),
    "bce probs": ("bce", binary, lambda z, y: {"probs": sigmoid(z), "target": y}),
    "ce logits": ("ce", classes, lambda z, y: {"logits": z, "target": y}),
    "ce probs": ("ce", classes, lambda z, y: {"probs": softmax(z), "target": y}),
    "mse": ("mse", values, lambda p, y: {"pred": p, "target": y}),
}


def codes(loss, given):
    return [one.code for one in evaluate(loss, **given).warnings]


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_data_is_silent(name, large):
    loss, data, given = HEALTHY[name]
    assert codes(loss, given(*data(large))) == []


def test_the_other_number_is_the_loss_of_the_other_reading():
    logits, target = binary(large=True)
    shares = sigmoid(logits)
    found = evaluate("bce", logits=shares, target=target).warnings[0].message
    naive = -np.where(target, np.log(shares), np.log1p(-shares)).mean()
    assert f"as probabilities the loss is {naive:.4f}" in found
    wrong = np.where(target, np.log1p(np.exp(-shares)), np.log1p(np.exp(shares))).mean()
    assert f"as logits {wrong:.4f}" in found


@pytest.mark.parametrize("by", [1, -1], ids=["late", "early"])
def test_a_shift_is_told_with_the_loss_of_the_rows_that_have_a_partner(by):
    pred, truth = values(large=False)
    moved = np.roll(truth, -by)
    found = evaluate("mse", pred=pred, target=moved).warnings[0].message
    here, there = (slice(1, None), slice(-1))[::by]
    assert f"the loss would be {np.mean((pred[here] - moved[there]) ** 2):.4f} instead" in found


def test_the_other_number_weighs_as_the_first_does():
    logits, target = binary(large=True)
    weight, shares = np.where(target, 3.0, 1.0), sigmoid(logits)
    found = evaluate("bce", logits=shares, target=target, sample_weight=weight).warnings[0].message
    losses = -np.where(target, np.log(shares), np.log1p(-shares))
    assert f"as probabilities the loss is {np.average(losses, weights=weight):.4f}" in found


def test_a_late_contradiction_counts():
    """A reading is decided over all data, not by the first block."""
    logits, target = binary(large=True)
    shares = sigmoid(logits)
    shares[-1] = 1.5
    assert codes("bce", {"logits": shares, "target": target}) == []


@pytest.mark.parametrize(
    ("loss", "given"),
    {
        "three rows": ("bce", {"logits": [0.1, 0.9, 0.8], "target": [0, 1, 1]}),
        "small logits": ("bce", {"logits": [0.2, 0.4] * 20, "target": [0, 1] * 20}),
        "untrained": (
            "bce",
            {
                "logits": np.random.default_rng(0).normal(size=5000) * 0.1 + 0.4,
                "target": np.random.default_rng(1).integers(0, 2, 5000),
            },
        ),
        "rare class": (
            "ce",
            {
                "logits": np.random.default_rng(0).normal([4, 0, 0], size=(5000, 3)),
                "target": np.r_[np.zeros(4900, int), np.ones(60, int), np.full(40, 2)],
            },
        ),
        "values in [0, 1]": (
            "mse",
            {
                "pred": np.random.default_rng(0).random(500) / 2 + np.linspace(0, 0.5, 500),
                "target": np.linspace(0, 1, 500),
            },
        ),
    }.values(),
)
def test_what_is_only_unusual_is_silent(loss, given):
    assert codes(loss, given) == []


def held_back():
    """Logits of a model with a large penalty: all in [0, 1], and they tell the classes apart."""
    target = np.arange(300) % 2
    noise = 0.05 * np.random.default_rng(0).normal(size=300)
    return {"logits": 0.35 + 0.3 * target + noise, "target": target}


def mean_of_the_last_three():
    """As a forecast of a series that has half a memory."""
    noise, series = np.random.default_rng(2).normal(size=303), [0.0]
    for one in noise:
        series.append(0.5 * series[-1] + one)
    found = np.array(series[1:])
    return {"pred": (found[:-3] + found[1:-2] + found[2:-1]) / 3, "target": found[3:]}


def never_trained():
    """A network, asked of a class that is rare."""
    rng = np.random.default_rng(0)
    return {"logits": 0.5 * rng.normal(size=3000) + 0.3, "target": rng.random(3000) < 0.05}


def nowhere_the_likeliest():
    """A class has a share of every target, and the largest of none."""
    shares = np.tile([[0.5, 0.2, 0.3], [0.2, 0.5, 0.3]], (50, 1))
    return {"logits": np.log(shares), "target": shares}


def all_right():
    """The nearest neighbour may well find all of a few labels."""
    target = np.arange(100) % 2
    return {"probs": target.astype(float), "target": target}


@pytest.mark.parametrize(
    ("loss", "make"),
    [
        ("bce", held_back),
        ("mse", mean_of_the_last_three),
        ("bce", never_trained),
        ("ce", nowhere_the_likeliest),
        ("bce", all_right),
    ],
)
def test_what_was_once_suspected_is_silent(loss, make):
    assert codes(loss, make()) == []


def test_smoothed_targets_are_noted_with_the_least_loss():
    target = np.where(np.arange(30) % 3, 0.05, 0.95)
    found = evaluate("bce", logits=np.linspace(-2, 2, 30), target=target)
    least = -0.95 * np.log(0.95) - 0.05 * np.log(0.05)
    note = next(one for one in found.notes if one.code == "smoothed")
    assert f"{least:.4f}" in note.message
    assert not found.warnings


def test_line():
    x, y = np.array([1.0, 2, 4, 7]), np.array([2.0, 3, 5, 9])
    sums = 4, x.sum(), y.sum(), (x * x).sum(), (x * y).sum(), (y * y).sum()
    found = line(Totals({name: Sum.of(float(one)) for name, one in zip(SUMS, sums, strict=True)}))
    slope, start = np.polyfit(x, y, 1)
    assert found.slope == pytest.approx(slope)
    assert found.start == pytest.approx(start)
    assert found.correlation == pytest.approx(np.corrcoef(x, y)[0, 1])
    left = y - slope * x - start
    error = np.sqrt((left @ left) / 2 / ((x - x.mean()) ** 2).sum())
    assert found.error == pytest.approx(error)


@pytest.mark.parametrize(
    ("errors", "apart"),
    [
        (np.random.default_rng(0).normal(size=200), False),
        (np.random.default_rng(3).standard_t(1.5, size=200), False),
        (np.r_[np.random.default_rng(0).normal(size=199), 1e4], True),
    ],
    ids=["normal", "heavy", "slip"],
)
def test_one_row_is_far_from_the_tail_of_the_others(errors, apart):
    """Rényi's spacings, in plain Python."""
    worst = sorted((float(one) ** 2 for one in errors), reverse=True)[:52]
    gaps = [rank * np.log(worst[rank - 1] / worst[rank]) for rank in range(1, len(worst))]
    chance = (1 + gaps[0] / sum(gaps[1:])) ** -(len(gaps) - 1)
    assert bool(chance < 1e-4) is apart
    found = codes("mse", {"pred": errors, "target": np.zeros(200)})
    assert ("few-rows" in found) is bool(apart and worst[0] > sum(errors**2) / 2)


@pytest.mark.parametrize(("times", "said"), [(0.3, []), (0.6, []), (0.7, ["unrelated"]),
                                             (1.5, ["unrelated"]), (1.7, [])])  # fmt: skip
def test_only_what_is_spread_alike_stands_for_the_targets(times, said):
    """Outputs of an untrained network vary too, by less than those of a model that knows much."""
    truth, other = np.random.default_rng(1).normal(size=(2, 400))
    pred = times * other * truth.std() / other.std()
    assert abs(np.corrcoef(pred, truth)[0, 1]) < 0.1
    assert codes("mse", {"pred": pred, "target": truth}) == said


def test_the_last_value_as_a_forecast_is_no_shift():
    series = np.random.default_rng(0).normal(size=500)
    assert codes("mse", {"pred": series[:-1], "target": series[1:]}) == ["unrelated"]
    near = series[:-1] + 0.1 * np.random.default_rng(1).normal(size=499)
    assert codes("mse", {"pred": near, "target": series[1:]}) == ["shifted-rows"]


def test_what_was_never_trained_is_not_turned_round():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 500)
    weak = 0.3 * (rng.normal(size=500) - 2 * target)
    assert codes("bce", {"logits": weak, "target": target}) == []
    assert codes("bce", {"logits": 10 * weak, "target": target}) == ["inverted"]


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_data_pays_for_other_readings_once(name, monkeypatch):
    """Also where leaves hold few rows, which show little gain or loss."""
    loss, data, given = HEALTHY[name]
    inputs = given(*data(large=True))
    rows, calls, found = len(inputs["target"]), [], plan.Plan.found
    monkeypatch.setattr(plan, "LEAF", 256 * next(iter(inputs.values())).size // rows)
    monkeypatch.setattr(plan.Plan, "found", lambda *given: calls.append(1) or found(*given))
    evaluate(loss, **inputs, threads=1)
    assert len(calls) < 1.1 * rows / 256


def along(correlation, spread, *, mean, std):
    """Predictions near 0 of a network that has not learned how large targets are."""
    rng = np.random.default_rng(2)
    hidden, noise = rng.normal(size=(2, 500))
    other = correlation * hidden + np.sqrt(1 - correlation**2) * noise
    return {"pred": spread * other + 0.3, "target": mean + std * hidden}


@pytest.mark.parametrize("mean", [150.0, 20.0], ids=["far", "near"])
@pytest.mark.parametrize("correlation", [0.3, 0.65, 0.85])
@pytest.mark.parametrize("spread", [0.02, 0.3, 0.6])
def test_a_network_that_predicts_near_0_is_not_on_another_scale(correlation, spread, mean):
    assert codes("mse", along(correlation, spread, mean=mean, std=75)) == []


def test_a_network_that_knows_the_way_and_not_how_far_is_healthy():
    """Where the loss is about that of the mean: no scale is the usual one."""
    assert codes("mse", along(0.97, 0.3, mean=20, std=75)) == []


@pytest.mark.parametrize("scale", ["deviations", "unit", "most", "percent", "bytes", "thousands"])
def test_predictions_on_a_scale_that_targets_are_brought_to(scale):
    """The loss is about that of the mean, of targets whose spread is larger than their mean."""
    rng = np.random.default_rng(3)
    target = rng.gamma(0.5, 120, 400)
    low, high = target.min(), target.max()
    start, unit = {
        "deviations": (target.mean(), target.std()),
        "unit": (low, high - low),
        "most": (0, high),
        "percent": (0, 100),
        "bytes": (0, 255),
        "thousands": (0, 1000),
    }[scale]
    pred = (target - start + 10 * rng.normal(size=400)) / unit
    assert np.mean((pred - target) ** 2) < 2 * target.var()
    assert codes("mse", {"pred": pred, "target": target}) == ["scale"]
    assert codes("mse", {"pred": start + unit * pred, "target": target}) == []


@pytest.mark.parametrize(
    ("loss", "more", "told"),
    [
        ("bce", {}, True),
        ("ce", {}, True),
        ("bce", {"pos_weight": 0.1}, False),
        ("bce", {"weight": 0.1}, False),
        ("ce", {"weight": [0.1, 0.1]}, False),
        ("brier", {}, False),
        ("focal", {}, False),
    ],
)
def test_the_least_loss_of_smoothed_labels_is_that_of_a_plain_cross_entropy(loss, more, told):
    """With weights, and of other losses, there is less."""
    sure = np.arange(60) < 30
    target = np.where(sure, 0.9, 0.1)
    target = np.stack([target[::-1], target], 1) if loss == "ce" else target
    best = np.log(target) if loss == "ce" else np.log(target / (1 - target))
    found = evaluate(loss, logits=best, target=target, **more)
    (note,) = [one.message for one in found.notes if one.code == "smoothed"]
    least = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert (f"no cross-entropy of them is below {least:.4f}" in note) is told
    assert bool(found.value >= least - 1e-9) is told


def test_what_knows_nothing_pays_for_other_readings_in_the_first_leaves_alone(monkeypatch):
    """There a shift gains as little as it loses."""
    rng = np.random.default_rng(4)
    rows, calls, found = 40_000, [], plan.Plan.found
    monkeypatch.setattr(plan, "LEAF", 256 * 4)
    monkeypatch.setattr(plan.Plan, "found", lambda *given: calls.append(1) or found(*given))
    evaluate("ce", logits=rng.normal(size=(rows, 4)), target=rng.integers(0, 4, rows), threads=1)
    assert len(calls) < rows / 256 + 2.1 * 2**14 / 256
