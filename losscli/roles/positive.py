"""Which of two labels is the positive one: what --pos-label says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from losscli.checks import Case, Check, Tally
from losscli.checks.words import like
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from losscli.batch import Batch
    from losscli.checks import Facts
    from losscli.roles.base import Asked


@dataclass(eq=False)
class Positive:
    """The positive label, and the other one: the first in the data that is not it.

    Attributes:
        label: As the targets have it: a number, or text.
        name: Of the targets, for messages.
        other: The negative label, once it is known; None where all are positive.
    """

    label: Any
    name: str
    other: Any = None

    @classmethod
    def of(cls, asked: Asked) -> Positive | None:
        """What --pos-label says; None where it was not given.

        Raises:
            DataError: the targets are numbers, and the label is none.
        """
        label, field = asked.settings.pos_label, asked.target
        if label is None:
            return None
        if field.dtype.kind == "U":
            return cls(label, field.label)
        try:
            return cls(float(label), field.label)
        except ValueError as error:
            message = f"{field.label}: the targets are numbers, and --pos-label {label} is none"
            raise DataError(message, code="third-label") from error

    def __post_init__(self) -> None:
        self.check = Check("third-label", Level.ERROR, "target", self._neither, words=self._said)

    def seek(self, targets: Iterable[Batch]) -> None:
        """Finds the other label: the first target that counts and is not positive."""
        for batch in targets:
            others = (batch.raw != self.label) & ~_missing(batch.raw)
            if batch.counts is not None:
                counts = batch.counts
                others &= counts[..., None] if counts.ndim < others.ndim else counts
            if others.any():
                self.other = batch.raw[others][0]
                return

    def read(self, raw: np.ndarray, negative: int = 0) -> np.ndarray:
        """The targets as 1, and as another number where they are not positive; NaN stays."""
        found = np.where(raw == self.label, 1, negative).astype(np.int8)
        missing = _missing(raw)
        return np.where(missing, np.nan, found) if missing.any() else found

    def _neither(self, batch: Batch) -> np.ndarray:
        raw = batch.raw
        known = (raw == self.label) | _missing(raw)
        return np.asarray(~(known | (raw == (self.label if self.other is None else self.other))))

    def _said(self, tally: Tally, case: Case) -> tuple[str, str]:
        third, label, other = map(_shown, (tally.value, self.label, self.other))
        message = f"{case.place}: {third} is a third label, beside {label} and {other}"
        hint = "several classes are for ce" if case.loss != "ce" else ""
        return f"{message} ({like(tally)})", hint

    def findings(self, facts: Mapping[str, Facts], negative: int = 0) -> list[Finding]:
        """How the labels were read, and whether any was positive."""
        values = facts["target"].values
        own = 1 if isinstance(self.label, str) else self.label
        if values is not None and own not in values:
            message = f"{self.name}: no target is {_shown(self.label)}, so all are {negative}"
            return [Finding("no-positives", Level.WARNING, message, input="target")]
        other = "there is no other"
        if self.other is not None:
            other = f"{_shown(self.other)} as {negative}"
        message = f"{self.name}: {_shown(self.label)} was read as 1, and {other}"
        return [Finding("pos-label", Level.NOTE, message, input="target")]


def _missing(raw: np.ndarray) -> np.ndarray:
    return np.isnan(raw) if raw.dtype.kind == "f" else np.zeros(raw.shape, bool)


def _shown(label: Any) -> str:
    return repr(str(label)) if isinstance(label, str) else f"{label:g}"
