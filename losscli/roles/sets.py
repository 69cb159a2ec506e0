"""Targets that are sets of labels, told from the others by their scores alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks import predictions, targets
from losscli.errors import Finding, Level
from losscli.lazy import np
from losscli.roles.base import weighted
from losscli.roles.binary import MultiLabel
from losscli.roles.perclass import tally
from losscli.stats import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.roles.base import Asked

_SCANNED = 2**17
"""So many values are looked at together for how all of them are to be read."""


class Ranked(MultiLabel):
    """Labels that are told from the others by their scores, which are no logits."""

    likely = False
    hits = "each label alone, score > 0 (--threshold); exact_match counts rows"

    def measure(self, batch: Batch) -> Totals:
        """How many rows have how many labels."""
        sizes = tally(self.positive(batch).sum(-1), batch, batch.prediction.shape[-1] + 1)
        return super().measure(batch) + Totals({"sizes": sizes})

    @property
    def rule(self) -> str:
        return f"score > {self.cut:.6g}"


class LabelLists(Ranked):
    """The labels of each row: a list that -1 ends, or multi-hot where all values are 0 and 1.

    The kernel takes how often each label is listed. Which of the two it is, is decided over all
    the data before any is computed: most lists tell it in their first rows, by a -1.
    """

    settings = ("threshold",)

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.multi_hot = self._only_bits()

    def _only_bits(self) -> bool:
        """Whether no value is anything but 0, 1 and NaN."""
        field, limit = self.asked.target, self.asked.settings.limit
        rows = self.pairing.rows if limit is None else min(self.pairing.rows, limit)
        step = max(1, _SCANNED // self.pairing.per_row)
        for start in range(0, rows, step):
            values = field.rows(start, min(start + step, rows))
            if not ((values == 0) | (values == 1) | (values != values)).all():
                return False
        return True

    def checks(self) -> Sequence[Check]:
        found = *predictions.BY_KIND[self.asked.kind], *targets.CHECKS
        lists = targets.not_a_label, targets.label_twice, targets.after_the_end
        return found if self.multi_hot else (*found, *lists)

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        if self.multi_hot:
            return raw
        classes = raw.shape[-1]
        listed = np.logical_and.accumulate(raw != -1, -1)
        known = listed & (raw >= 0) & (raw < classes)
        places = np.where(known, raw, classes).astype(np.int64).reshape(-1, classes)
        width = classes + 1  # the last one for what is no label
        places += np.arange(len(places))[:, None] * width
        counts = np.bincount(places.reshape(-1), minlength=len(places) * width)
        counts = counts.reshape(-1, width)[:, :classes].reshape(raw.shape)
        unknown = (raw != raw).any(-1, keepdims=True)
        return np.where(unknown, np.nan, counts) if unknown.any() else counts

    def positive(self, batch: Batch) -> np.ndarray:
        return batch.target > 0

    def measure(self, batch: Batch) -> Totals:
        """How many pairs of labels are compared: those of a row with those that it has not."""
        others = (batch.target == 0).sum(-1)
        pairs = np.where(np.isnan(batch.target), 0, batch.target).sum(-1) * others
        even = weighted(pairs / batch.target.shape[-1], batch)
        lists = weighted(np.ones(others.shape), batch)
        return super().measure(batch) + Totals({"even": even, "lists": lists})

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        label = self.asked.target.label
        if self.multi_hot:
            message = f"{label}: all values are 0 and 1, and were read as multi-hot"
            hint = "a list of the labels of a row is ended by -1"
            return [Finding("multi-hot", Level.WARNING, message, hint, "target")]
        if facts["target"].values and facts["target"].values.keys() <= {0, 1}:
            message = f"{label}: what counts is 0 and 1, as in multi-hot rows, and the rest is not"
            hint = "multi-hot rows have no other value, even where they do not count"
            return [Finding("labels", Level.ERROR, message, hint, "target")]
        return []
