"""Who wants to know how far the work is: nobody, unless somebody looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losscli.errors import Finding

__all__ = ["Watch"]


class Watch:
    """Is told of every step, from any thread, and says nothing: progress bars say more."""

    def begin(self, what: str, total: int, unit: str) -> None:
        """A part of the work begins.

        Args:
            what: What is done: "reading table.csv".
            total: How much of it there is.
            unit: Of what: "rows" or "bytes".
        """

    def advance(self, amount: int) -> None:
        """So much more is done of what this thread began last, or else of what anybody did."""

    def end(self) -> None:
        """What this thread began last is done, or has failed."""

    def say(self, finding: Finding) -> None:
        """This is to be known before the work begins, which may take long."""
