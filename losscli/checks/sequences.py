"""What sequences of labels, and how long they are, cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Found, Tally, check, of_each, off_one
from losscli.checks.targets import UNKNOWN
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

FILL = -1
"""What fills a row of labels behind its last one."""


@check("log-probs-sum", Level.WARNING, on="prediction")
def steps_sum(batch: Batch) -> Found | None:
    """Time steps that are no log-probability distribution: their exponentials do not sum to 1.

    Give unnormalised scores by --logits: nothing is normalised here, as in PyTorch.
    """
    values = batch.prediction
    with np.errstate(over="ignore"):
        found = off_one(np.exp(values.astype(np.float64)).sum(-1), values, -1, logs=True)
    if found is None:
        return None
    first = np.zeros(values.shape, bool)
    first[..., 0] = found.mask
    return Found(first, np.broadcast_to(found.values[..., None], values.shape))


@steps_sum.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: exp of the log-probabilities sums to {tally.value:.6g}, not 1"
    return f"{message} ({like(tally, 'step')})", "unnormalised scores are given by --logits"


@check("class-unknown", Level.ERROR, on="target")
def unknown(batch: Batch) -> np.ndarray | None:
    """Characters that --classes does not list."""
    return np.asarray(batch.target == UNKNOWN)


@unknown.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: --classes has no such character ({like(tally)})"
    return message, "it lists the characters in the order of the classes, without the blank"


@check("label-range", Level.ERROR, on="target")
def no_label(batch: Batch) -> np.ndarray | None:
    """Labels of sequences that are no class of the predictions."""
    classes, values = batch.prediction.shape[-1], batch.target
    odd = batch.raw != values if batch.raw.dtype.kind == "f" else False
    return np.asarray(((values < 0) | (values >= classes) | odd) & labels(batch))


@no_label.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    last = case.pairing.prediction.row[-1] - 1
    message = f"{case.place}: {tally.value:g} is no label: they are 0..{last} ({like(tally)})"
    return message, "--target-lengths says how many labels of a row count, if these are padding"


@check("blank-label", Level.WARNING, on="target")
def blank_label(batch: Batch) -> np.ndarray | None:
    """Blanks among the labels of a sequence, which no text has.

    --blank names the class that stands for no label.
    """
    return np.asarray((batch.target == batch.options["blank"]) & labels(batch))


@blank_label.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {tally.value:g} is the blank, and no label ({like(tally)})"
    return message, "--blank names the class that stands for no label"


@check("impossible", Level.WARNING, on="target", whole_rows=True)
def too_long(batch: Batch) -> Found | None:
    """Sequences with more labels than their time steps can hold: the loss is infinite.

    Equal labels side by side need a blank between them. --zero-infinity makes such losses 0.
    """
    own = labels(batch)
    twice = (batch.target[:, 1:] == batch.target[:, :-1]) & own[:, 1:]
    needed = own.sum(1) + twice.sum(1)
    steps = batch.taken.get("input_lengths", batch.prediction.shape[1])
    return Found(needed > steps, needed) if (needed > steps).any() else None


@too_long.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    zero = case.options["zero_infinity"]
    loss = "counts as 0" if zero else "is infinite"
    message = f"{case.place}: its labels need {tally.value} time steps, and it has fewer"
    hint = "" if zero else "--zero-infinity makes it 0, as in PyTorch"
    return f"{message}, so that its loss {loss} ({like(tally, 'row')})", hint


@of_each("input_lengths")
def length(side: str) -> Check:
    """The check of lengths."""

    @check("length", Level.ERROR, on=side)
    def outside(batch: Batch) -> np.ndarray | None:
        """Lengths that are no whole numbers, or more than there is.

        --input-lengths counts time steps, --target-lengths labels.
        """
        most = batch.prediction if side == "input_lengths" else batch.target
        values = batch.given[side]
        return np.asarray((values < 0) | (values > most.shape[1]) | (values % 1 != 0))

    @outside.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        return f"{case.place}: a length of {tally.value:g} ({like(tally)})", ""

    return outside


def labels(batch: Batch) -> np.ndarray:
    """Which values of the targets are labels, and not behind the last one of their row."""
    return np.arange(batch.target.shape[1]) < lengths(batch.target)[:, None]


def lengths(target: np.ndarray) -> np.ndarray:
    """How many labels each row has: up to the last one."""
    return np.asarray(((target != FILL) * np.arange(1, 1 + target.shape[1])).max(1))
