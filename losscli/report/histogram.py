"""How the losses are distributed, as bars between powers of two."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from losscli.records import record
from losscli.report.tables import add, table
from losscli.report.text import percent, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.table import Table

    from losscli.report.look import Look

LINES = 20
"""A screen has room for so many bins; those at the ends become one."""

WIDTH = 32
"""Of the longest bar."""


@record
class Bin:
    """So many losses lie from one number to before another."""

    low: float
    high: float
    count: int

    def __add__(self, other: Bin) -> Bin:
        return Bin(self.low, other.high, self.count + other.count)


def histogram(stats: Mapping[str, Any], look: Look) -> Table:
    """A line for each bin: from, to, count, share, and a bar.

    Args:
        stats: Of a result: "count", and a "histogram" with its "edges" and "counts".
        look: What bars may be made of.
    """
    made = table("losses from", "to", "count", "share", "", right=(0, 1, 2, 3))
    count, held = stats["count"], stats["histogram"]
    bins = fitted(bins_of(held["edges"], held["counts"]))
    longest = max((one.count for one in bins), default=0)
    for one in bins:
        share = percent(one.count / count) if one.count else ""
        bar = look.bar(one.count / longest, WIDTH)
        add(made, short(one.low), short(one.high), f"{one.count:,}", share, bar)
    apart = count - sum(one.count for one in bins)
    if apart:
        add(made, "NaN or inf", "", f"{apart:,}", percent(apart / count), "")
    return made


def bins_of(edges: Sequence[float], counts: Iterable[int]) -> list[Bin]:
    """The bins of finite losses, from the first that holds any to the last."""
    every = map(Bin, edges[:-1], edges[1:], counts)
    bins = [one for one in every if isfinite(one.low) and isfinite(one.high)]
    full = [place for place, one in enumerate(bins) if one.count]
    return bins[full[0] : full[-1] + 1] if full else []


def fitted(bins: list[Bin]) -> list[Bin]:
    """No more bins than a screen has room for: the emptier end becomes one, again and again.

    >>> len(fitted([Bin(n, n + 1, 1) for n in range(30)]))
    20
    """
    while len(bins) > LINES:
        low, high = bins[0] + bins[1], bins[-2] + bins[-1]
        bins = [low, *bins[2:]] if low.count <= high.count else [*bins[:-2], high]
    return bins
