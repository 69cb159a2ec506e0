"""Which reductions a question has a use for, and what becomes of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from losscli.errors import UsageError
from losscli.reductions import Reducing
from losscli.reductions.batches import Cut

if TYPE_CHECKING:
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.state import State
    from losscli.stats import Sum

__all__ = ["batches", "check", "reducing", "reductions"]

_SEEN = {
    "all": "takes all rows at once",
    "pairs": "compares each row with all others",
}


def check(question: Question) -> None:
    """Refuses batches of what no loop takes the mean of, or of rows that see each other.

    Raises:
        UsageError: they were asked for.
    """
    settings, loss = question.settings, question.loss
    if settings.batch_size is None:
        return
    if question.reduction in ("sum", "none"):
        raise UsageError(
            "--batch-size compares the means of batches with that of all, and the reduction is "
            f"{question.reduction}"
        )
    if question.kind == "token_log_probs":
        raise UsageError(
            "--batch-size counts rows, and those of --token-log-probs are tokens: a loop has "
            "batches of sequences",
            hint="the sequence mean is the mean of the means of sequences",
        )
    if settings.denominator is not None:
        raise UsageError("--batch-size goes with the loss's own mean, and not with --denominator")
    if loss.rows != "leaf":
        why = f"{loss.name} {_SEEN[loss.rows]}, so that a batch of them is another loss"
        raise UsageError(f"--batch-size has no meaning here: {why}")


def reducing(question: Question, role: Role) -> Reducing:
    """How the losses of a leaf are reduced besides.

    Raises:
        UsageError: batches are asked for of losses that are no rows.
    """
    loss, size = question.loss, question.settings.batch_size
    if size is not None and role.pairing.free:
        why = f"the losses of {loss.name} are made of sums over all rows"
        raise UsageError(f"--batch-size has no meaning here: {why}")
    over: Any = "rows" if question.reduction == "batchmean" else "losses"
    ended = partial(loss.ended, options=question.options)
    cut = None if size is None else Cut(size, role.rows, over, ended)
    several = role.expected != role.rows
    return Reducing(cut, by_row=several and loss.finish is None and loss.rows == "leaf")


def reductions(question: Question, total: State) -> dict[str, dict[str, Any]]:
    """The same losses reduced in each way, with what their sum is divided by."""
    loss, options = question.loss, question.options
    finish = {"finish": loss.finish.__name__} if loss.finish else {}

    def found(part: Sum, over: Sum) -> dict[str, Any]:
        value = loss.ended(part.over(over), options)
        return {"value": value, "denominator": over.value, **finish}

    answer: dict[str, dict[str, Any]] = {
        "mean": found(total.shared, total.over),
        "batchmean": found(total.numerator, total.rows),
        "sum": {"value": total.numerator.value, "denominator": None},
    }
    rows = total.reduced.rows
    if rows.rows:
        answer["row_mean"] = {"value": rows.mean, "denominator": float(rows.rows)}
    return answer


def batches(total: State, value: float) -> dict[str, Any] | None:
    """What a loop over batches would have logged, beside the true value."""
    found = total.reduced.batches
    if found.cut is None:
        return None
    first, last = found.cut.span(found.cut.count - 1)
    places = found.extremes
    return {
        "size": found.cut.size,
        "count": found.cut.count,
        "last": last - first,
        "mean": found.mean,
        "difference": found.mean - value,
        "min": places.low if places.low_at is not None else float("nan"),
        "max": places.high if places.high_at is not None else float("nan"),
        "argmin": places.low_at,
        "argmax": places.high_at,
        "empty": found.empty,
        "mean_of_others": found.filled,
    }
