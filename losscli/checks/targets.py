"""What the values of a target cannot be, for each role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Found, Tally, check, off_one
from losscli.checks.numbers import numbers
from losscli.checks.predictions import ROUNDING
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

UNKNOWN = -(2**62)
"""The class index of a name that nobody has listed."""


PADDING = (255, 65535)
"""What stands for no class where there are no numbers below 0: the most of 8 and 16 bits."""


@check("target-range", Level.ERROR, on="target")
def outside_unit(batch: Batch) -> np.ndarray | None:
    """Binary targets outside [0, 1]: the loss could go below zero.

    Labels of -1 and +1 are for soft-margin and hinge, class indices for ce, real values for mse;
    bce leaves out what --ignore-index says.
    """
    if batch.inside("target", 0, 1):
        return None
    return np.asarray((batch.target < 0) | (batch.target > 1))


@outside_unit.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {case.loss} targets must be in [0, 1], not {tally.value:g}"
    if case.facts.values is not None and set(case.facts.values) <= {-1, 1}:
        hint = "labels of -1 and +1 are for soft-margin, the same loss, and for hinge"
    elif case.facts.values is not None and all(
        float(one).is_integer() for one in case.facts.values
    ):
        hint = "class indices are for ce"
        if len(case.facts.values) == 2:
            no, yes = sorted(case.facts.values)
            hint = f"--pos-label {yes:g} reads {yes:g} as 1 and {no:g} as 0; {hint}"
        others = set(case.facts.values) - {0, 1}
        if case.loss == "bce" and len(others) == 1:
            hint += f"; labels that do not count, for --ignore-index {others.pop():g}"
    else:
        hint = "real-valued targets are for mse, mae and huber"
    return f"{message} ({like(tally)})", hint


@check("labels", Level.ERROR, on="target")
def not_plus_minus(batch: Batch) -> np.ndarray | None:
    """Labels other than -1 and +1 (or 0 and 1).

    Soft targets in [0, 1] are for bce, class indices for ce.
    """
    return np.asarray((np.abs(batch.raw) != 1) & (batch.raw != 0))


@not_plus_minus.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: {case.loss} wants labels of -1 and +1, or 0 and 1, not {tally.value:g} "
        f"({like(tally)})"
    )
    return message, "soft targets in [0, 1] are for bce, class indices for ce"


@check("label-range", Level.ERROR, on="target")
def not_a_label(batch: Batch) -> np.ndarray | None:
    """Lists of labels that hold something else than a label, or the -1 that ends a list.

    A probability for each label is for bce and multilabel-soft-margin.
    """
    raw = batch.raw
    if raw.dtype.kind == "b":
        return None
    outside = (raw < -1) | (raw >= batch.prediction.shape[-1])
    broken = raw != np.floor(raw) if raw.dtype.kind == "f" else False
    return np.asarray((outside | broken) & ~(raw != raw))


@not_a_label.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    labels = case.pairing.prediction.row[-1]
    message = (
        f"{case.place}: {tally.value:g} is no label: there are {labels}, 0..{labels - 1}, and -1 "
        f"ends the list of a row ({like(tally)})"
    )
    return message, "a probability for each label is for bce and multilabel-soft-margin"


@check("label-twice", Level.WARNING, on="target", whole_rows=True)
def label_twice(batch: Batch) -> Found | None:
    """Lists that name a label more than once.

    Each label stands in a list once; rows of 0 and 1 are multi-hot only if all are.
    """
    twice = batch.target > 1
    return Found(np.asarray(twice.any(-1)), twice.argmax(-1)) if twice.any() else None


@label_twice.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: label {tally.value} is listed more than once, and counts as often, as in "
        f"torch ({like(tally, 'row')})"
    )
    return message, "rows of 0 and 1 are read as multi-hot only if all rows are"


@check("label-after-end", Level.WARNING, on="target")
def after_the_end(batch: Batch) -> np.ndarray | None:
    """Labels behind the -1 that ends a list.

    -1 fills a row behind its last label.
    """
    ended = np.logical_or.accumulate(batch.raw == -1, -1)
    return np.asarray(ended & (batch.raw != -1))


@after_the_end.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: label {tally.value:g} stands behind a -1, which ends the list, and does "
        f"not count, as in torch ({like(tally)})"
    )
    return message, "-1 fills a row behind its last label"


@check("class-unknown", Level.ERROR, on="target")
def class_unknown(batch: Batch) -> np.ndarray | None:
    """Classes that neither the columns of the predictions nor --classes name.

    --classes a,b,c lists the names in the order of the predictions' columns.
    """
    return np.asarray(batch.target == UNKNOWN)


@class_unknown.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: no class is named {tally.value!r} ({like(tally)})"
    return message, "--classes a,b,c lists the names in the order of the predictions' columns"


@check("class-whole", Level.ERROR, on="target")
def class_not_whole(batch: Batch) -> np.ndarray | None:
    """Class indices that are not whole numbers.

    A probability for each class has one column for each class; real values are for mse.
    """
    if batch.raw.dtype.kind != "f":
        return None
    return np.asarray((batch.raw != np.floor(batch.raw)) & ~np.isnan(batch.raw))


@class_not_whole.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: class index {tally.value:g} is not a whole number ({like(tally)})"
    hint = f"class indices are 0..{(case.pairing.classes or 1) - 1}"
    if case.loss == "ce":
        hint += "; class probabilities have one column for each class"
    return message, hint


@check("class-range", Level.ERROR, on="target")
def class_range(batch: Batch) -> np.ndarray | None:
    """Class indices without a column in the predictions.

    --target-base 1 counts from 1; --ignore-index N leaves padding out.
    """
    classes = batch.pairing.classes or 0
    outside = (batch.target < 0) | (batch.target >= classes)
    return np.asarray(outside & (batch.target != UNKNOWN))


@class_range.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    classes, base = case.pairing.classes or 0, case.settings.target_base or 0
    message = (
        f"{case.place}: class {tally.value:g}, but the predictions have {classes} classes, "
        f"{base}..{base + classes - 1} ({like(tally)})"
    )
    low, high = case.facts.low, case.facts.high
    if low >= 1 and high == classes and not base:
        return message, f"all targets are in 1..{classes}: --target-base 1 counts from 1"
    values = case.facts.values
    odd = {one for one in values or () if not base <= one < base + classes}
    if (odd == {tally.value} and tally.value in PADDING) or (low < base and high < base + classes):
        return message, f"is {tally.value:g} padding? --ignore-index {tally.value:g}"
    return message, "has the prediction a column for each class? FILE:KEY selects columns"


@check("target-probs-range", Level.ERROR, on="target")
def probs_range(batch: Batch) -> np.ndarray | None:
    """Target probabilities outside [0, 1].

    kl reads log-probabilities with --log-target.
    """
    return (batch.target < 0) | (batch.target > 1 + ROUNDING)


@probs_range.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value:g} is no probability ({like(tally)})"
    other = "--target-log-probs and --target-logits take logarithms and scores"
    return message, other if "target_logits" in case.kinds else ""


@check("target-log-probs-range", Level.ERROR, on="target")
def log_probs_range(batch: Batch) -> np.ndarray | None:
    """Target log-probabilities above 0.

    Probabilities are read without --log-target.
    """
    return batch.target > (1e-3 if batch.target.dtype == np.float16 else ROUNDING)


@log_probs_range.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value:g} is no log-probability: above 0 ({like(tally)})"
    if case.option == "target_log_probs":
        return message, "--target-logits takes scores, --target probabilities"
    return message, "probabilities are read without --log-target"


@check("target-sum", Level.WARNING, on="target", whole_rows=True)
def probs_sum(batch: Batch) -> Found | None:
    """Target rows that do not sum to 1.

    Nothing is renormalised, as in PyTorch; several labels a row are for bce.
    """
    values = batch.target.astype(np.float64)
    if batch.logarithmic:
        values = np.exp(values)
    return off_one(values.sum(1), batch.target, 1, logs=batch.logarithmic)


@probs_sum.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: the target sums to {tally.value:.6g}, not 1 ({like(tally, 'row')}); "
        "nothing is renormalised"
    )
    return message, "" if "log_target" in case.options else "several labels a row are for bce"


CHECKS: tuple[Check, ...] = numbers("target")
"""What is asked of every target."""

DISTRIBUTION: dict[str, tuple[Check, ...]] = {
    "target": (probs_range, probs_sum),
    "target_log_probs": (log_probs_range, probs_sum),
    "target_logits": (),
}
"""What is asked of a target that has a value for each class, by what it is."""
