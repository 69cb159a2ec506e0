"""The ways to reduce the same losses side by side, and what a loop over batches would have said."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from losscli.report.tables import add, table
from losscli.report.text import brief, counted, figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from losscli.result import Result

_OVER = {
    "mean": "sum / {}",
    "batchmean": "sum / {} rows",
    "row_mean": "mean of the means of {} rows",
}


def reduced(result: Result) -> Table:
    """A line for each way: its number, what is divided by what, and how it compares."""
    made = table("reduction", "value", "how", "to the loss", right=(1, 3))
    for name, one in result.reductions.items():
        over, value = one["denominator"], one["value"]
        how = "" if over is None else _OVER[name].format(counted(over, ","))
        how = f"{one['finish']}({how})" if "finish" in one else how
        beside = "" if over is None else _against(value, result)
        add(made, name.replace("_", " "), figure(value), how, beside)
    if result.batches is not None:
        found = result.batches
        low, high = (brief(found[end]) for end in ("min", "max"))
        add(made, "batches", figure(found["mean"]), _how(found), _against(found["mean"], result))
        if found["empty"] and found["count"] > found["empty"]:
            value = found["mean_of_others"]
            others = f"of {found['count'] - found['empty']:,} that have any"
            add(made, "", figure(value), others, _against(value, result))
        add(made, "", "", f"each from {low} to {high}", "")
    return made


def _how(found: Mapping[str, Any]) -> str:
    """What batches there are."""
    size, last, many = found["size"], found["last"], found["count"]
    if many == 1:
        return f"1 batch of {last:,}"
    rest = f", the last of {last:,}" if last != size else ""
    return f"mean of {many:,} batches of {size:,}{rest}"


def _against(value: float, result: Result) -> str:
    """How far a number is from the loss, in percent: nothing where it is the loss."""
    true = None if result.denominator is None else result.value
    if true is None or value == true or not (isfinite(value) and isfinite(true) and true):
        return ""
    return f"{100 * (value - true) / abs(true):+.2g}%"
