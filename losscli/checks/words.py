"""How messages count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.errors import such

if TYPE_CHECKING:
    from losscli.checks.base import Tally


def like(tally: Tally, what: str = "value") -> str:
    """How many are like the one that is shown.

    >>> from losscli.checks.base import Tally
    >>> like(Tally(1, 0, 0.5)), like(Tally(12, 0, 0.5), "row")
    ('1 such value', '12 such rows')
    """
    return such(tally.count, what)


def share(count: float, total: float) -> str:
    """A part as a percentage, never rounded to none or all.

    >>> share(1, 100_000), share(99_999, 100_000), share(61, 100)
    ('under 1%', 'over 99%', '61%')
    """
    percent = 100 * count / total
    if 0 < percent < 1:
        return "under 1%"
    if 99 < percent < 100:
        return "over 99%"
    return f"{percent:.0f}%"
