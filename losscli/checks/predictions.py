"""What the values of a prediction cannot be, for each kind of prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Found, Tally, check, off_one
from losscli.checks.numbers import numbers
from losscli.checks.words import like, share
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

LEAST = 3.72e-44
"""The logarithm of what is below is clamped at -100; a half cannot hold it, and compares with 0."""

ROUNDING = 1e-6
"""So far above 0 may a log-probability be by rounding: that of seven digits in a text file."""


@check("probs-range", Level.ERROR, on="prediction")
def probs_range(batch: Batch) -> np.ndarray | None:
    """Probabilities outside [0, 1]: logits, perhaps.

    --logits takes unnormalised scores, of which it takes the sigmoid or the softmax.
    """
    if batch.inside("prediction", 0, 1):
        return None
    return np.asarray((batch.prediction < 0) | (batch.prediction > 1))


@probs_range.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: {tally.value:.8g} is no probability "
        f"({share(tally.count, case.facts.count)} of --probs are outside [0, 1])"
    )
    return message, "--logits takes unnormalised scores" if "logits" in case.kinds else ""


@check("log-probs-range", Level.ERROR, on="prediction")
def log_probs_range(batch: Batch) -> np.ndarray | None:
    """Log-probabilities above 0: logits or probabilities, perhaps.

    --probs takes probabilities, --logits unnormalised scores, where the loss has them.
    """
    rounding = 1e-3 if batch.prediction.dtype == np.float16 else ROUNDING
    return np.asarray(batch.prediction > rounding)


@log_probs_range.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value:g} is no log-probability: above 0 ({like(tally)})"
    if not case.facts.outside:
        hint = "all values are in [0, 1]: probabilities are given by --probs"
    else:
        hint = "unnormalised scores are given by --logits"
    return message, hint if "probs" in case.kinds else hint + ", to ce"


@check("probs-sum", Level.WARNING, on="prediction", whole_rows=True)
def probs_sum(batch: Batch) -> Found | None:
    """Rows of probabilities that do not sum to 1.

    Nothing is renormalised, as in PyTorch; scores before the softmax go into --logits.
    """
    return off_one(batch.prediction.sum(1, dtype=np.float64), batch.prediction, 1)


@probs_sum.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: the probabilities sum to {tally.value:.6g}, not 1 "
        f"({like(tally, 'row')}); nothing is renormalised"
    )
    hint = "several labels a row are for bce"
    if "logits" in case.kinds:
        hint = f"--logits takes scores before the softmax; {hint}"
    return message, hint


@check("log-probs-sum", Level.WARNING, on="prediction", whole_rows=True)
def log_probs_sum(batch: Batch) -> Found | None:
    """Rows that are no log-probability distribution: their exponentials do not sum to 1.

    Nothing is renormalised, as in PyTorch; ce --logits takes unnormalised scores.
    """
    values = batch.prediction
    with np.errstate(over="ignore"):
        return off_one(np.exp(values.astype(np.float64)).sum(1), values, 1, logs=True)


@log_probs_sum.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: exp of the log-probabilities sums to {tally.value:.6g}, not 1 "
        f"({like(tally, 'row')})"
    )
    return message, "unnormalised scores are for ce --logits, which takes the log-softmax"


@check("clamped", Level.WARNING, on="prediction")
def clamped(batch: Batch) -> np.ndarray | None:
    """Probabilities of 0 or 1, or next to 0, on the wrong side: torch counts each as 100.

    --logits keeps what a probability rounds away.
    """
    low = ((batch.prediction == 0) | (batch.prediction < LEAST)) & (batch.target > 0)
    return np.asarray(low | ((batch.prediction == 1) & (batch.target < 1)))


@clamped.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    exact = "exactly " if tally.value in (0, 1) else ""
    cost = "" if case.cost is None else f", {share(case.cost, 1)} of the loss"
    message = (
        f"{case.place}: a probability of {exact}{tally.value:g} on the wrong side; its logarithm "
        f"is clamped at -100, as torch does ({like(tally)}{cost})"
    )
    return message, "--logits keeps what a probability rounds away"


@check("impossible", Level.WARNING, on="prediction")
def ruled_out(batch: Batch) -> np.ndarray | None:
    """Log-probabilities that rule out what is true: the loss is infinite.

    --logits keeps what a probability rounds away; bce --probs clamps, as PyTorch does.
    """
    never = np.isneginf(batch.prediction) & (batch.target > 0)
    return np.asarray(never | ((batch.prediction >= 0) & (batch.target < 1)))


@ruled_out.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: a log-probability of {tally.value:g} rules out what is true, so the loss "
        f"is infinite ({like(tally)})"
    )
    return message, "--logits keeps what a probability rounds away"


@check("impossible", Level.WARNING, on="prediction", whole_rows=True)
def impossible(batch: Batch) -> Found | None:
    """True classes that were given probability 0: their loss is infinite.

    --logits keeps what a probability rounds away.
    """
    floor = 0.0 if batch.kind == "probs" else -np.inf
    none = batch.prediction == floor
    if not none.any():
        return None
    if batch.options.get("label_smoothing"):  # every class is a little true
        return Found(none.any(1), np.zeros(none.any(1).shape))
    if batch.pairing.probabilities:
        least = -np.inf if batch.logarithmic else 0.0
        mask = ((batch.prediction == floor) & (batch.target > least)).any(1)
    else:
        classes = batch.prediction.shape[1]
        inside = (batch.target >= 0) & (batch.target < classes)
        picked = np.where(inside, batch.target, 0)[:, None]
        mask = (np.take_along_axis(batch.prediction, picked, 1)[:, 0] == floor) & inside
    return Found(mask, np.zeros(mask.shape)) if mask.any() else None


@impossible.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: the true class was given probability 0, so its loss is infinite "
        f"({like(tally, 'row')})"
    )
    return (
        message,
        "--logits keeps what a probability rounds away" if "logits" in case.kinds else "",
    )


@check("rate-range", Level.ERROR, on="prediction")
def negative_rate(batch: Batch) -> np.ndarray | None:
    """Rates below 0: their logarithms, perhaps.

    --log-rate takes the logarithms of rates.
    """
    return None if batch.inside("prediction", 0, np.inf) else np.asarray(batch.prediction < 0)


@negative_rate.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value:g} is no rate: below 0 ({like(tally)})"
    return message, "--log-rate takes the logarithms of rates"


@check("impossible", Level.WARNING, on="prediction")
def never(batch: Batch) -> np.ndarray | None:
    """Rates of 0 where the target is more.

    --log-rate has no rate of 0; --eps, where the loss has it, is added before the logarithm.
    """
    if batch.kind != "rate" or not batch.facts("prediction").low <= 0:
        return None
    return np.asarray((batch.prediction == 0) & (batch.target > 0))


@never.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    eps = case.options.get("eps")
    message = f"{case.place}: a rate of 0, and a target above 0 ({like(tally)}); "
    if eps:
        return message + f"the logarithm is that of eps {eps:g}, as in torch", ""
    return message + "the loss is infinite", ""


BY_KIND: dict[str, tuple[Check, ...]] = {
    "logits": numbers("prediction"),
    "probs": (*numbers("prediction"), probs_range),
    "log_probs": (*numbers("prediction"), log_probs_range),
    "pred": numbers("prediction"),
    "rate": (*numbers("prediction"), negative_rate),
    "log_rate": numbers("prediction"),
}
"""What is asked of every prediction of a kind."""

DISTRIBUTION: dict[str, tuple[Check, ...]] = {
    "logits": (),
    "probs": (probs_sum,),
    "log_probs": (log_probs_sum,),
    "pred": (),
}
"""What is asked besides where there is a probability for each class."""

LOGARITHMIC: dict[str, tuple[Check, ...]] = {
    "logits": (),
    "probs": (impossible,),
    "log_probs": (impossible,),
    "pred": (),
}
"""What is asked besides where the loss is the logarithm of such a probability."""
