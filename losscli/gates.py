"""Gates: a comparison that a result passes or not, for scripts and continuous integration."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from losscli.errors import UsageError
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.question import Question
    from losscli.result import Result


@dataclass(frozen=True)
class Gates:
    """Conditions on a result; each holds only if its comparison is true, so NaN fails.

    Attributes:
        max_loss: Fail (exit code 1) if the loss is above this.
        min_accuracy: Fail (exit code 1) if the accuracy is below this.
        expect: Fail (exit code 1) unless the loss is within TOL of X, written X±TOL or X+-TOL.
    """

    max_loss: float | None = None
    min_accuracy: float | None = None
    expect: str | None = None

    def __post_init__(self) -> None:
        if self.expect is not None:
            expected(self.expect)

    def check_question(self, question: Question) -> None:
        """Refuses what cannot be compared, before anything is computed.

        Raises:
            UsageError: a gate wants one loss, and there will be many.
        """
        if question.reduction == "none":
            for name in ("max_loss", "expect"):
                if getattr(self, name) is not None:
                    raise UsageError(
                        f"{flag(name)} needs a single loss, which --reduction none does not give"
                    )

    def check(self, result: Result) -> Iterator[tuple[bool, str]]:
        """Whether each gate holds, and a line that says so.

        Raises:
            UsageError: the result has no such number.
        """
        value = math.nan if result.value is None else result.value
        if self.max_loss is not None:
            holds = value <= self.max_loss
            yield _told(holds, f"loss {value!r}", f"at most {self.max_loss!r}")
        if self.min_accuracy is not None:
            if result.accuracy is None:
                raise UsageError(f"--min-accuracy: {result.loss} has no accuracy")
            holds = result.accuracy >= self.min_accuracy
            found = f"accuracy {result.accuracy!r}"
            yield _told(holds, found, f"at least {self.min_accuracy!r}")
        if self.expect is not None:
            wanted, tolerance = expected(self.expect)
            holds = abs(value - wanted) <= tolerance
            yield _told(holds, f"loss {value!r}", f"{wanted!r} ± {tolerance!r}")


def expected(text: str) -> tuple[float, float]:
    """The number and the tolerance of an expectation.

    >>> expected("0.462±1e-3"), expected("0.5+-0.1")
    ((0.462, 0.001), (0.5, 0.1))
    """
    number = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
    found = re.fullmatch(number + r"(?:±|\+-|\+/-)" + number, text)
    if not found or float(found[2]) < 0:
        raise UsageError(
            f"--expect {text}: a number and its tolerance are wanted",
            hint="--expect 0.462±0.001, or 0.462+-0.001",
        )
    return float(found[1]), float(found[2])


def _told(holds: bool, found: str, wanted: str) -> tuple[bool, str]:
    return holds, f"gate {'passed' if holds else 'failed'}: {found}, wanted {wanted}"
