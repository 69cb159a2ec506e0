"""What became of a gate."""

from __future__ import annotations

from typing import Any

from losscli.records import record


@record
class Verdict:
    """A gate, and whether it holds.

    Attributes:
        gate: The gate as it was typed: "--max-loss 0.5".
        metric: The number that is compared.
        value: What it is.
        low: The least that passes; None for any.
        high: The most that passes; None for any.
        passed: Whether it does.
        wanted: What would pass, in words.
    """

    gate: str
    metric: str
    value: float
    low: float | None
    high: float | None
    passed: bool
    wanted: str

    @property
    def line(self) -> str:
        """What a person is told of it."""
        return f"gate {'passed' if self.passed else 'failed'}: {self.told}"

    @property
    def told(self) -> str:
        """The number beside what was wanted."""
        return f"{self.metric} {self.value!r}, wanted {self.wanted}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command line."""
        return {
            "gate": self.gate,
            "metric": self.metric,
            "value": self.value,
            "min": self.low,
            "max": self.high,
            "passed": self.passed,
        }
