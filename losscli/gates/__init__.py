"""Gates: comparisons that a result passes or not, for scripts and continuous integration."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from losscli.errors import UsageError
from losscli.gates.baseline import Baseline, Increase
from losscli.gates.limits import bound, number_of
from losscli.gates.verdict import Verdict
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from losscli.errors import Finding
    from losscli.gates.limits import Bound
    from losscli.question import Question
    from losscli.result import Result

__all__ = ["Gates", "Verdict", "expected"]


@record
class Gates:
    """Conditions on a result; each holds only if its comparison is true, so NaN fails.

    Attributes:
        max_loss: Fail (exit code 1) if the loss is above this.
        min_accuracy: Fail (exit code 1) if the accuracy is below this.
        expect: Fail (exit code 1) unless the loss is within TOL of X, written X±TOL or X+-TOL.
        min: Fail (exit code 1) if a number of the result is below X: loss, accuracy, skill, any of
            "metrics" in --json, or a path there such as stats.count or values.target.mean. May be
            given again.
        max: Fail (exit code 1) if such a number is above X. May be given again.
        baseline: Fail (exit code 1) if the loss is above that of RESULT.json, which --save or
            --json wrote of the same question.
        max_increase: How far it may be above: X, or X% of the size of the baseline's loss; 0 if
            not given.
    """

    max_loss: float | None = None
    min_accuracy: float | None = None
    expect: str | None = None
    min: tuple[str, ...] = ()
    max: tuple[str, ...] = ()
    baseline: str | None = None
    max_increase: str | None = None

    def __post_init__(self) -> None:
        if self.expect is not None:
            expected(self.expect)
        if self.max_increase is not None and self.baseline is None:
            raise UsageError(
                "--max-increase speaks of a baseline, and there is none",
                hint="--baseline RESULT.json names it; --save RESULT.json writes one",
            )
        assert self.bounds is not None  # words that are no bounds are refused
        assert self.increase is not None

    @cached_property
    def bounds(self) -> list[Bound]:
        """The numbers that are compared with one side or the other."""
        found = [bound("max", self.max_loss, "loss")] if self.max_loss is not None else []
        if self.min_accuracy is not None:
            found.append(bound("min", self.min_accuracy, "accuracy"))
        return [*found, *(bound(side, word) for side in ("min", "max") for word in self._of(side))]

    @cached_property
    def increase(self) -> Increase:
        """How far a loss may be above that of the baseline."""
        return Increase.parse(self.max_increase or "0")

    @cached_property
    def before(self) -> Baseline | None:
        """What the loss is compared with, read from its file."""
        return None if self.baseline is None else Baseline.read(self.baseline)

    @property
    def asked(self) -> Sequence[str]:
        """The gates as they were typed."""
        found = [one.gate for one in self.bounds]
        found += [f"--expect {self.expect}"] if self.expect is not None else []
        if self.baseline is not None:
            more = f" --max-increase {self.max_increase}" if self.max_increase is not None else ""
            found.append(f"--baseline {self.baseline}{more}")
        return found

    def check_question(self, question: Question) -> None:
        """Refuses what cannot be compared, before anything is computed.

        Raises:
            UsageError: a gate wants one loss, and there will be many; or there is no accuracy; or
                the baseline is that of another question.
            FileError: the baseline cannot be read.
            DataError: it is no single result.
        """
        if question.reduction == "none":
            for gate, wants in self._single:
                if wants:
                    raise UsageError(
                        f"{gate} needs a single loss, which --reduction none does not give"
                    )
        for one in self.bounds:
            if one.metric == "accuracy" and not question.loss.target.hits:
                raise UsageError(f"{one.option}: {question.loss.name} has no accuracy")
        if self.before is not None:
            self.before.check_question(question)

    @property
    def _single(self) -> list[tuple[str, bool]]:
        """The gates, and whether each of them is one of the loss."""
        found = [(one.option, one.metric == "loss") for one in self.bounds]
        return [*found, ("--expect", self.expect is not None), ("--baseline", bool(self.baseline))]

    def check(self, result: Result) -> Iterator[Verdict]:
        """Whether each gate holds.

        Raises:
            UsageError: the result has no such number, or was not made as the baseline was.
            DataError: it is not of the same data.
        """
        for one in self.bounds:
            yield one.verdict(number_of(result, one), one.gate)
        value = float("nan") if result.value is None else result.value
        if self.expect is not None:
            wanted, tolerance = expected(self.expect)
            holds = abs(value - wanted) <= tolerance
            text = f"{wanted!r} ± {tolerance!r}"
            ends = wanted - tolerance, wanted + tolerance
            yield Verdict(f"--expect {self.expect}", "loss", value, *ends, holds, text)
        if self.before is not None:
            yield self.before.verdict(result, self.increase, self.asked[-1])

    def notes(self, result: Result) -> list[Finding]:
        """What is to be said of the comparison."""
        return [] if self.before is None else self.before.notes(result)

    def _of(self, side: str) -> tuple[str, ...]:
        return tuple(getattr(self, side))


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
