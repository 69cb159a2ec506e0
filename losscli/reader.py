"""Leaves of a question's inputs: what was read, and what of it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.batch import Batch
from losscli.cores import plainly, spread
from losscli.formats.missing import missing
from losscli.lazy import np
from losscli.records import record
from losscli.state import fingerprint
from losscli.views import Held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from losscli.beside import PerElement
    from losscli.formats.base import Field
    from losscli.question import Question
    from losscli.roles import Role
    from losscli.views import View


@record
class Reader:
    """Reads the rows of a leaf, of all inputs or of the targets alone.

    Attributes:
        beside: Sample weights and masks.
    """

    question: Question
    role: Role
    beside: Mapping[str, PerElement]

    def leaf(self, start: int, stop: int) -> tuple[Batch, dict[str, int]]:
        """A leaf of all inputs, and what tells its sample weights and masks from others."""
        found = self._beside(start, stop)
        first = self.role.pairing.first(start)
        digests = {name: fingerprint(first, values) for name, values in found.items()}
        return self._batch(start, stop, self.sides, found), digests

    @property
    def sides(self) -> list[str]:
        """The inputs that have rows."""
        views = self.role.pairing.views
        return [side for side in self.role.asked.fields if not isinstance(views[side], Held)]

    def targets(self, start: int, stop: int) -> Batch:
        """A leaf of the targets alone."""
        return self._batch(start, stop, ["target"], self._beside(start, stop))

    def counts(self, leaves: Iterable[tuple[int, int]], threads: int) -> np.ndarray:
        """How much of each class all targets that count hold: one pass over them alone."""

        def count(leaf: tuple[int, int]) -> tuple[int, np.ndarray]:
            with plainly():
                return leaf[1] - leaf[0], self.role.at(leaf[0]).counts(self.targets(*leaf))

        total: Any = None
        watch = self.question.watch
        watch.begin("counting targets", self.role.rows, "rows")
        try:
            for rows, found in spread(count, leaves, threads):
                total = found if total is None else total + found
                watch.advance(rows)
        finally:
            watch.end()
        values = [one.value for one in total.reshape(-1)]
        return np.array(values).reshape(total.shape)

    def _beside(self, start: int, stop: int) -> dict[str, np.ndarray]:
        role = self.role.at(start)
        return {name: one.at(role, start).rows(start, stop) for name, one in self.beside.items()}

    def _batch(
        self, start: int, stop: int, sides: Iterable[str], beside: Mapping[str, np.ndarray]
    ) -> Batch:
        role = self.role.at(start)
        pairing = role.pairing
        given = {
            side: _rows(role.asked.fields[side], pairing.views[side], start, stop) for side in sides
        }
        counts = role.counted(given)
        if "mask" in beside:
            mask = beside["mask"] != 0
            counts = mask if counts is None else counts & mask
        batch = Batch(
            self.question.kind,
            start,
            stop - start,
            given,
            role.read(given),
            counts,
            beside.get("sample_weight"),
            self.question.options,
            pairing,
            self.question.target,
        )
        if self.question.settings.missing == "omit":
            batch = batch.without("missing", missing)
        if self.question.settings.nan == "omit":
            batch = batch.without("nan", _nan)
        return role.settled(batch)


def _nan(values: np.ndarray) -> np.ndarray | None:
    """Which values are NaN; None if none can be."""
    return np.isnan(values) if values.dtype.kind == "f" else None


def _rows(field: Field, view: View, start: int, stop: int) -> np.ndarray:
    """Rows of a field as the kernel wants them, in what torch takes."""
    rows = view.rows(field, start, stop)
    if rows.dtype.kind == "b":
        return rows.astype(np.uint8)
    return rows if rows.flags.writeable else rows.copy()  # torch warns of what is not
