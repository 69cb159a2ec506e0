"""Times until an event, or until nobody looked any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli import shapes
from losscli.checks.events import negative_time, not_an_event
from losscli.checks.numbers import numbers
from losscli.errors import DataError, Finding, Level
from losscli.lazy import np
from losscli.roles.base import Measure, Report, Role, amount, number, ratio, told, weighted
from losscli.roles.concordance import concordance
from losscli.stats import Totals
from losscli.views import Pairing, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts


class Survival(Role):
    """A time for each row, and whether the event happened then or the time is censored."""

    labels = ("time", "event")

    def pair(self) -> Pairing:
        fields = self.asked.fields
        found = [shapes.same(fields["prediction"], fields[side]) for side in self.labels]
        if found[0].per_row != 1:
            field = fields["prediction"]
            raise DataError(
                f"{field.label} has shape {field.shape}: {self.asked.loss} wants one log-hazard "
                "for each row",
                code="shape-mismatch",
            )
        rows = found[0].rows
        views = {side: View((), whole=not field.shape) for side, field in fields.items()}
        notes = dict.fromkeys(note for one in found for note in one.notes)
        return Pairing(rows, views, (rows,), notes=tuple(notes))

    def read(self, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Times by their rank, as only their order counts and that must not be rounded."""
        ranks = np.unique(given["time"], return_inverse=True)[1]
        return {**given, "time": ranks.reshape(given["time"].shape)}

    def checks(self) -> Sequence[Check]:
        every = [one for side in self.asked.fields for one in numbers(side)]
        return (*every, not_an_event, negative_time)

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        if set(facts["event"].values or {1}) != {0}:
            return []
        message = f"{self.asked.fields['event'].label}: no event happens: nothing to average"
        return [Finding("nothing", Level.ERROR, message, "every time is censored", "event")]

    def measure(self, batch: Batch) -> Totals:
        """Events, and pairs in order; weighted rows have no such pairs."""
        happened = batch.taken["event"] != 0
        parts: dict[str, object] = {
            "events": amount(happened, batch),
            "count": amount(np.ones(happened.shape, bool), batch),
            "even": weighted(self.even(batch), batch),
        }
        if batch.weight is None:
            kept = ... if batch.counts is None else batch.counts
            columns = (batch.taken[side][kept].reshape(-1) for side in self.asked.fields)
            names = ("concordant", "tied", "pairs")
            parts |= dict(zip(names, concordance(*columns), strict=True))
        return Totals(parts)

    def even(self, batch: Batch) -> np.ndarray:
        """What equal hazards cost for each event: ln of how many are at risk, as they leave."""
        kept = np.ones(batch.taken["time"].shape, bool) if batch.counts is None else batch.counts
        time, event = batch.taken["time"], kept & (batch.taken["event"] != 0)
        here, events = (np.bincount(time[one], minlength=time.max() + 1) for one in (kept, event))
        risk = here[::-1].cumsum()[::-1]
        if self.asked.options["ties"] == "efron":  # ln of risk · (risk - 1) · … for the events
            first = np.concatenate([[0.0], np.log(np.arange(1, kept.sum() + 1)).cumsum()])
            each = (first[risk] - first[risk - events]) / np.maximum(events, 1)
        else:
            each = np.log(np.maximum(risk, 1))
        return np.asarray(np.where(event, each[time], 0.0))

    def report(self, totals: Totals) -> Report:
        count, events = number(totals["count"]), number(totals["events"])
        metrics = [Measure("event_rate", ratio(events, count), f"{told(events)}/{told(count)}")]
        if totals.get("pairs"):
            concordant, tied, pairs = (totals[name] for name in ("concordant", "tied", "pairs"))
            how = f"{concordant:,} of {pairs:,} pairs in order, half of {tied:,} ties"
            found = (2 * concordant + tied) / (2 * pairs)
            metrics.insert(0, Measure("concordance", found, how, 0.5))
        return Report(None, metrics)

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        hazard, time, event = (batch.given[side].reshape(-1) for side in self.asked.fields)
        return [[f"{hazard[at]:.4f}", f"{time[at]:.6g}", f"{event[at]:g}"] for at in places]

    @property
    def headings(self) -> list[str]:
        return ["log-hazard", "time", "event"]
