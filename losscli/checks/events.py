"""What times and events cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Tally, check
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch


@check("event-value", Level.ERROR, on="event")
def not_an_event(batch: Batch) -> np.ndarray | None:
    """Events other than 0 and 1.

    An event that happened is 1, a censored time is 0.
    """
    values = batch.values("event")
    return np.asarray((values != 0) & (values != 1) & (values == values))


@not_an_event.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: an event is 1, and a censored time 0, not {tally.value:g}"
    return f"{message} ({like(tally)})", ""


@check("negative-time", Level.WARNING, on="time")
def negative_time(batch: Batch) -> np.ndarray | None:
    """Times below 0: only their order counts, but they are odd.

    Are the times durations since a common start?
    """
    return None if batch.span("time")[0] >= 0 else np.asarray(batch.values("time") < 0)


@negative_time.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: a time of {tally.value:g} is below 0 ({like(tally)})"
    return message + "; only the order of times counts", ""
