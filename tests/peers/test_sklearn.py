"""scikit-learn: always the mean over samples, of NumPy's doubles."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from losscli.cli import main

PEER = "sklearn.metrics"
if find_spec("sklearn") is None:
    pytest.skip("scikit-learn is not installed", allow_module_level=True)

RNG = np.random.default_rng(3)
N, C = 60, 4
X, Y = RNG.normal(0, 3, (2, N))
P = RNG.uniform(0.001, 0.999, N)
Z = np.append(RNG.normal(0, 3, N - 3), [0, 30, -30])
BITS = np.append(RNG.integers(0, 2, N - 2), [0, 1])
SCORES = RNG.normal(0, 3, (N, C))
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
INDEX = np.append(RNG.integers(0, C, N - C), range(C))
LABELS, GUESSED = RNG.integers(0, 2, (2, N, C))
AMOUNTS, TRUE_AMOUNTS = RNG.lognormal(0, 1, (2, N))
COUNTS = RNG.poisson(2, N).astype(float)
WEIGHT = RNG.uniform(0.1, 2, N)
BINARY = {"probs": P, "target": BITS}
CLASSES = {"probs": SHARES, "target": INDEX}
VALUES = {"pred": X, "target": Y}
POSITIVE = {"rate": AMOUNTS, "target": TRUE_AMOUNTS}


def mean(name, loss, given, option="pred", **options):
    """A case for the plain mean, and one for that by sample weights."""

    def reference(k, i):
        weight = getattr(i, "sample_weight", None)
        return getattr(k, name)(i.target, getattr(i, option), sample_weight=weight, **options)

    return {
        f"{loss}: {name}({options or ''})": (loss, given, reference),
        f"{loss}: {name}({options or ''}), weighted": (
            loss,
            {**given, "sample_weight": WEIGHT},
            reference,
        ),
    }


ENDS = {"lower": X - AMOUNTS, "upper": X + AMOUNTS, "target": Y}


def pinballs(k, i, share, **options):
    """Both ends of an interval as quantiles."""
    low = k.mean_pinball_loss(i.target, i.lower, alpha=share, **options)
    return low + k.mean_pinball_loss(i.target, i.upper, alpha=1 - share, **options)


def thresholds(k, i, **options):
    """The Brier scores of not being above each class but the last."""
    below = i.probs.cumsum(1).clip(0, 1)
    return sum(k.brier_score_loss(i.target <= c, below[:, c], **options) for c in range(C - 1))


CASES = {
    **mean("log_loss", "bce", BINARY, "probs"),
    **mean("log_loss", "bce", {**BINARY, "reduction": "sum"}, "probs", normalize=False),
    **mean("log_loss", "ce", CLASSES, "probs"),
    **mean("brier_score_loss", "brier", BINARY, "probs"),
    **mean(
        "brier_score_loss",
        "brier",
        {**BINARY, "scale_by_half": False},
        "probs",
        scale_by_half=False,
    ),
    **mean("brier_score_loss", "brier", CLASSES, "probs"),
    **mean(
        "brier_score_loss", "brier", {**CLASSES, "scale_by_half": True}, "probs", scale_by_half=True
    ),
    **mean("hinge_loss", "hinge", {"logits": Z, "target": BITS}, "logits"),
    **mean("hinge_loss", "hinge", {"logits": Z, "target": 2 * BITS - 1}, "logits"),
    **mean("hinge_loss", "multiclass-hinge", {"logits": SCORES, "target": INDEX}, "logits"),
    **mean("zero_one_loss", "zero-one", {"pred": GUESSED[:, 0], "target": LABELS[:, 0]}),
    **mean("mean_squared_error", "mse", VALUES),
    **mean("root_mean_squared_error", "rmse", VALUES),
    **mean("mean_absolute_error", "mae", VALUES),
    **mean("mean_absolute_percentage_error", "mape", VALUES),
    **mean("mean_squared_log_error", "msle", {"pred": AMOUNTS - 0.9, "target": TRUE_AMOUNTS}),
    **mean("root_mean_squared_log_error", "rmsle", {"pred": AMOUNTS, "target": TRUE_AMOUNTS}),
    **mean("mean_pinball_loss", "quantile", VALUES),
    **mean("mean_pinball_loss", "quantile", {**VALUES, "q": 0.9}, alpha=0.9),
    **mean("mean_pinball_loss", "quantile", {**VALUES, "q": 0.0}, alpha=0.0),
    **mean("mean_gamma_deviance", "gamma", POSITIVE, "rate"),
    **mean("mean_tweedie_deviance", "tweedie", POSITIVE, "rate", power=1.5),
    **mean("mean_tweedie_deviance", "tweedie", {**POSITIVE, "power": 2.0}, "rate", power=2),
    **mean("mean_tweedie_deviance", "tweedie", {**POSITIVE, "power": 3.0}, "rate", power=3),
    **mean(
        "mean_poisson_deviance",
        "tweedie",
        {"rate": AMOUNTS, "target": COUNTS, "power": 1.0},
        "rate",
    ),
    "tweedie of the log-rate": (
        "tweedie",
        {"log_rate": np.log(AMOUNTS), "target": TRUE_AMOUNTS},
        lambda k, i: k.mean_tweedie_deviance(i.target, AMOUNTS, power=1.5),
    ),
    "gamma of the log-rate": (
        "gamma",
        {"log_rate": np.log(AMOUNTS), "target": TRUE_AMOUNTS},
        lambda k, i: k.mean_gamma_deviance(i.target, AMOUNTS),
    ),
    "brier of logits": (
        "brier",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.brier_score_loss(i.target, SHARES),
    ),
    "ce(weight=…)": (
        "ce",
        {"probs": SHARES, "target": INDEX, "weight": np.arange(1.0, C + 1)},
        lambda k, i: k.log_loss(i.target, i.probs, sample_weight=i.weight[i.target]),
    ),
    "zero-one of scores": (
        "zero-one",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: k.zero_one_loss(i.target, i.logits.argmax(1)),
    ),
    "zero-one of labels": (
        "zero-one",
        {"pred": GUESSED, "target": LABELS},
        lambda k, i: k.hamming_loss(i.target, i.pred),
    ),
    "zero-one(reduction=sum)": (
        "zero-one",
        {"probs": P, "target": BITS, "threshold": 0.3, "reduction": "sum"},
        lambda k, i: k.zero_one_loss(i.target, i.probs > 0.3, normalize=False),
    ),
    "mse of columns": (
        "mse",
        {"pred": SCORES, "target": SHARES},
        lambda k, i: k.mean_squared_error(i.target, i.pred),
    ),
    "quantile of several levels": (
        "quantile",
        {"pred": SCORES[:, :3], "target": Y, "q": [0.1, 0.5, 0.9]},
        lambda k, i: np.mean(
            [
                k.mean_pinball_loss(i.target, column, alpha=level)
                for column, level in zip(i.pred.T, i.q, strict=True)
            ]
        ),
    ),
    "mape of a target of 0": (
        "mape",
        {"pred": np.ones(2), "target": np.array([2.0, 0.0])},
        lambda k, i: k.mean_absolute_percentage_error(i.target, i.pred),
    ),
    "interval": (
        "interval",
        ENDS,
        lambda k, i: 40 * pinballs(k, i, 0.025),
    ),
    "interval(alpha=0.5, sample_weight=…)": (
        "interval",
        {**ENDS, "alpha": 0.5, "sample_weight": WEIGHT},
        lambda k, i: 4 * pinballs(k, i, 0.25, sample_weight=WEIGHT),
    ),
    "rps": ("rps", CLASSES, lambda k, i: thresholds(k, i) / (C - 1)),
    "rps(normalize=False, sample_weight=…)": (
        "rps",
        {**CLASSES, "normalize": False, "sample_weight": WEIGHT},
        lambda k, i: thresholds(k, i, sample_weight=WEIGHT),
    ),
    "rps of two classes": (
        "rps",
        {"probs": np.stack([1 - P, P], 1), "target": BITS},
        lambda k, i: k.brier_score_loss(i.target, i.probs[:, 1]),
    ),
}

DIFFERENT = {
    "bce of p = 0": (
        "bce",
        {"probs": np.array([0.0, 0.5]), "target": np.array([1, 0])},
        lambda k, i: k.log_loss(i.target, i.probs),
        (100 + np.log(2)) / 2,
        (36.0437 + np.log(2)) / 2,
        "torch clamps the logarithm at -100, scikit-learn the probability at 2.2e-16",
    ),
    "ce of an impossible class": (
        "ce",
        {"probs": np.array([[0.0, 1.0], [0.0, 1.0]]), "target": np.array([0, 1])},
        lambda k, i: k.log_loss(i.target, i.probs),
        np.inf,
        36.0437 / 2,
        "scikit-learn clamps probabilities at 2.2e-16",
    ),
    "rmse of two columns": (
        "rmse",
        {"pred": np.array([[1.0, 3.0]] * 2), "target": np.zeros((2, 2))},
        lambda k, i: k.root_mean_squared_error(i.target, i.pred),
        5**0.5,
        2,
        "scikit-learn takes the mean of the roots of columns",
    ),
    "hinge of one class": (
        "hinge",
        {"logits": np.full(2, 0.3), "target": np.ones(2, int)},
        lambda k, i: k.hinge_loss(i.target, i.logits),
        0.7,
        1.3,
        "scikit-learn takes a class that is alone for the negative one",
    ),
}


@pytest.fixture(scope="module")
def array():
    return np.asarray


def test_from_the_shell(tmp_path, capsys, peer):
    """Labels and probabilities in a file, as a classifier would leave them."""
    table = tmp_path / "out.csv"
    rows = [f"{label},{share!r}" for label, share in zip(BITS, P.tolist(), strict=True)]
    table.write_text("\n".join(["y,p", *rows]) + "\n")
    with pytest.raises(SystemExit) as ended:
        main(["bce", "--probs", f"{table}:p", "--target", f"{table}:y", "--value"])
    assert ended.value.code == 0
    assert float(capsys.readouterr().out) == pytest.approx(peer.log_loss(BITS, P), rel=1e-12)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
