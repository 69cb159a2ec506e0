"""What the prediction is that a loss is compared with, and what it costs."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING, Any, TypeVar

from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.stats import Totals

__all__ = ["Compared", "Guess"]

Found = TypeVar("Found", bound="Callable[..., float | None]")


@record
class Guess:
    """A prediction that knows nothing of its rows, mostly the best constant one; or why none is.

    Attributes:
        function: What the mean of the losses would be, by the measures of the role and the
            options: None where these do not tell. Its docstring says how it is found.
        by: What is predicted, in a few words: "the median".
        share: A share of its loss can be saved: 0 is the least that the loss can be. Of other
            losses only the difference means anything.
        why: Why there is no such prediction, where there is no function.
    """

    function: Callable[..., float | None] | None = None
    by: str = "a constant"
    share: bool = True
    why: str = ""

    def __call__(self, totals: Totals, **options: Any) -> float | None:
        """What the mean of the losses would be; None where that is not known."""
        return None if self.function is None else self.function(totals, **options)

    @property
    def text(self) -> str:
        """What there is to say of it, for people; nothing of a loss that is not ours."""
        if self.function is None:
            return f"None: {self.why}." if self.why else ""
        how = " ".join(cleandoc(self.function.__doc__ or "").split())
        return f"Compared with {self.by}. {how}".strip()


class Compared:
    """What is compared with a guess."""

    guess: Guess

    def guessed(self, by: str, *, share: bool = True) -> Callable[[Found], Found]:
        """Adds what it is compared with: see :class:`Guess`."""

        def add(function: Found) -> Found:
            self.guess = Guess(function, by, share)
            return function

        return add

    def unguessed(self, why: str) -> None:
        """Says why there is nothing to compare it with."""
        self.guess = Guess(why=why)
