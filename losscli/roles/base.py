"""What every role answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import field, replace
from math import nan, prod
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.errors import DataError, Finding, UsageError
from losscli.facts import total
from losscli.lazy import np
from losscli.records import record
from losscli.stats import ZERO, Sum, Totals
from losscli.views import Held
from losscli.words import PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.formats.base import Field
    from losscli.roles.uneven import Uneven
    from losscli.settings import Settings
    from losscli.views import Pairing, View


@record
class Asked:
    """A question to a loss: its fields and the options that they are read with.

    Attributes:
        loss: The command.
        kind: What the prediction is.
        fields: The prediction, the target, and further inputs by their names.
        options: The options of the loss.
        settings: The common ones.
        target_kind: What the target is: as it is, or "target_logits", "target_log_probs".
    """

    loss: str
    kind: str
    fields: Mapping[str, Field]
    options: Mapping[str, Any]
    settings: Settings
    target_kind: str = "target"

    def at(self, row: int) -> Asked:
        """The question as it would be if all rows had the size of one."""
        fields = {side: field.at(row) for side, field in self.fields.items()}
        return replace(self, fields=fields)

    @property
    def prediction(self) -> Field:
        return self.fields["prediction"]

    @property
    def target(self) -> Field:
        return self.fields["target"]


@record
class Measure:
    """One measured number, as JSON and tables show it.

    Attributes:
        name: Such as "accuracy" or "r2".
        value: The number.
        how: What it was made of: "278/285, logit > 0".
        guess: The same number for the best constant prediction.
        hits: For the accuracy: how many hits and of how many.
        rule: For the accuracy: what a hit is.
        shown: Tables have a line for it.
    """

    name: str
    value: float
    how: str = ""
    guess: float | None = None
    hits: tuple[float, float] | None = None
    rule: str = ""
    shown: bool = True


@record
class Report:
    """All that a role has measured.

    Attributes:
        accuracy: Where there is a hit or a miss.
        metrics: Other numbers, in the order in which they are shown.
        remarks: Lines that tables show below: (name, text).
    """

    accuracy: Measure | None = None
    metrics: Sequence[Measure] = ()
    remarks: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def undone(self) -> Report:
        """The report of data with NaN in it, of which nothing is known."""
        accuracy = self.accuracy and replace(self.accuracy, value=nan, how=self.accuracy.rule)
        return Report(accuracy, [replace(one, value=nan, how="") for one in self.metrics])


class Role(ABC):
    """What the target of a loss is, or its further inputs are.

    Attributes:
        settings: The common options that only some roles have a use for.
        precise: The target's own dtype counts for ``dtype auto``.
        sided: A target is positive or negative.
        labels: The inputs beside the target of which the dtype does not count: lengths, labels.
        constants: Further inputs that are given and not predicted: there is no gradient of them.
        holds: Those of them that are the same for all rows, and have no rows themselves.
        together: So many rows of the kernel a leaf has at the least.
        decides: The losses are of decisions, so that their gradient is 0 wherever there is one.
        pairing: How the inputs belong together.
        hits: What the accuracy counts, for all questions; empty where there is no hit or miss.
        one_size: Why all rows are of one size; empty where they may differ.
        averaged: The kinds of prediction of which several can be averaged.
        uneven: All rows, where they differ in size: then :meth:`at` gives the role of each.
    """

    settings: ClassVar[tuple[str, ...]] = ()
    precise: bool = False
    sided: ClassVar[bool] = False
    labels: ClassVar[tuple[str, ...]] = ()
    constants: ClassVar[tuple[str, ...]] = ()
    holds: ClassVar[tuple[str, ...]] = ()
    together: ClassVar[int] = 1
    decides: ClassVar[bool] = False
    hits: ClassVar[str] = ""
    one_size: ClassVar[str] = ""
    averaged: ClassVar[tuple[str, ...]] = PREDICTIONS
    uneven: Uneven | None = None

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.pairing = self.pair()
        for side, one in asked.fields.items():
            if one.dtype.kind == "U" and not (side == "target" and self.takes_names):
                first = one.rows(0, 1).reshape(-1)[:1]
                place = one.place(tuple(0 for _ in one.shape))
                shown = f", {place}: {str(first[0])!r} is not a number" if len(first) else ""
                raise DataError(
                    f"{one.label}{shown}: {asked.loss} wants numbers here, and this is text",
                    hint=self._word_hint(side),
                    code="text",
                )

    def _word_hint(self, side: str) -> str:
        """What to say of text where numbers are wanted."""
        if side == "target" and "pos_label" in self.settings:
            return "--pos-label WORD says which of two words is 1"
        return "class names can be targets of losses with scores for each class"

    @classmethod
    def of(cls, asked: Asked) -> Role:
        """The role that answers a question: this one, unless it leaves that to others."""
        return cls(asked)

    @classmethod  # noqa: B027 — most have no such inputs
    def refuse_idle(
        cls, form: Sequence[str], options: Mapping[str, Any], settings: Settings
    ) -> None:
        """Refuses options that say nothing of the inputs that are given.

        Raises:
            UsageError: one of them was given.
        """

    @abstractmethod
    def pair(self) -> Pairing:
        """How the two fields belong together.

        Raises:
            DataError: their shapes do not fit.
        """

    def read(self, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A leaf of every input as the kernel and the checks take it."""
        taken = dict(given)
        if "target" in taken:
            taken["target"] = self.read_target(taken["target"])
        return taken

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        """A leaf of the target as the kernel and the checks take it."""
        return raw

    @property
    def takes_names(self) -> bool:
        """Whether targets may be names."""
        return False

    def counted(self, given: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """Which elements count: not those of ``--ignore-index``. None for all."""
        ignored = self.asked.options.get("ignore_index")
        if ignored is None or self.pairing.probabilities or given["target"].dtype.kind == "U":
            return None
        kept = given["target"] != ignored
        return None if kept.all() else kept

    def aligned(self, field: Field) -> Field:
        """A sample weight or a mask as it goes with the elements."""
        return field

    def prepare(self, targets: Iterator[Batch]) -> None:  # noqa: B027 — most need nothing
        """Finds out what must be known of all targets before any is computed.

        Args:
            targets: Leaves of the targets alone, which are read as they are asked for.
        """

    def batches(self, rows: Sum, totals: Totals) -> Sum:
        """How many a batch has: what the batchmean divides by.

        Args:
            rows: The rows of which anything counts.
            totals: What was measured.
        """
        return rows

    def positives(self, totals: Totals) -> Sum:
        """How many targets are positive, or the sum of their weights."""
        return ZERO

    @property
    def class_names(self) -> Sequence[str]:
        """What the classes are called in the targets, where there are classes."""
        return ()

    def counts(self, batch: Batch) -> np.ndarray:
        """How much of each class the targets of a leaf hold: exact sums, the classes first."""
        return np.zeros(0)

    def settled(self, batch: Batch) -> Batch:
        """A leaf as the kernel may see it, whatever its elements that do not count may be."""
        return batch.safe()

    @property
    def class_axis(self) -> int | None:
        """The axis of the prediction along which probabilities sum to 1, if there is one."""
        several = self.pairing.classes is None or self.pairing.classes > 1
        return self.pairing.prediction.class_axis if several else None

    @property
    def rows(self) -> int:
        """How many rows are read."""
        limit = self.asked.settings.limit
        return self.pairing.rows if limit is None else min(self.pairing.rows, limit)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the unreduced losses of the rows that are read; OPEN where they differ."""
        elements = self.pairing.elements
        if self.uneven is not None and not self.pairing.free:
            return self.uneven.shape
        return (self.rows, *elements[1:]) if elements and not self.pairing.free else elements

    @property
    def expected(self) -> int:
        """How many losses there are, if all of them count."""
        if self.uneven is not None and not self.pairing.free:
            return self.uneven.losses
        return prod(self.shape)

    @property
    def values(self) -> int:
        """How many values of the prediction are read."""
        return self.rows * self.pairing.per_row if self.uneven is None else self.uneven.values

    def at(self, row: int) -> Role:
        """What reads a row: the role itself, where all rows have one size."""
        return self if self.uneven is None else self.uneven.at(row)

    def index(self, place: int) -> tuple[int, ...]:
        """Where an element stands among all losses, of which place says how many come before."""
        if self.uneven is not None and not self.pairing.free:
            return self.uneven.index(place)
        return unravel(place, self.shape)

    def spot(self, side: str, place: int, *, heads: bool) -> tuple[Role, tuple[int, ...]]:
        """Where a value of an input stands in its field, and the role of its row.

        Args:
            side: The input.
            place: How many come before it.
            heads: They are distributions, and not values.
        """
        first = 0
        if self.pairing.stride and not self.pairing.views[side].fixed:
            first, place = divmod(place, self.pairing.stride)
        role = self.at(first)
        shape = role.pairing.heads if heads else role.asked.fields[side].shape
        index = unravel(place, shape)
        return role, (index[0] + first, *index[1:]) if index else index

    @property
    def real(self) -> Sequence[Field]:
        """The fields whose dtype counts for ``dtype auto``."""
        labels = (*self.labels, *(() if self.precise else ("target",)))
        return [
            field
            for side, field in self.asked.fields.items()
            if side not in labels and self._computed(self.pairing.views[side])
        ]

    @staticmethod
    def _computed(view: View) -> bool:
        """Whether it is computed with as predictions are, and no number beside them."""
        return not view.fixed or isinstance(view, Held)

    @abstractmethod
    def checks(self) -> Sequence[Check]:
        """The mistakes to look for in the inputs."""

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        """What all data together say of the reading; ``seen`` are the codes of the checks."""
        return []

    @abstractmethod
    def measure(self, batch: Batch) -> Totals:
        """Counts and sums of one leaf."""

    @abstractmethod
    def report(self, totals: Totals) -> Report:
        """What the counts and sums of all leaves amount to."""

    def means(self, numerator: Sum, value: float, totals: Totals) -> Sequence[Measure]:
        """Other numbers that the losses make together.

        Args:
            numerator: The sum of the losses.
            value: The reduced loss; their batchmean where they are not reduced.
            totals: What was measured.
        """
        return ()

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        """What to show of some elements, beside their loss: see :attr:`headings`."""
        prediction, target = batch.prediction.reshape(-1), batch.target.reshape(-1)
        return [[f"{prediction[at]:.4f}", f"{target[at]:.6g}"] for at in places]

    def free_cells(self, places: np.ndarray) -> list[list[str]]:
        """What to show of some elements that are no rows."""
        return [[] for _ in places]

    @property
    def headings(self) -> list[str]:
        return [self.asked.kind.replace("_", "-").removesuffix("s"), "y"]


def unravel(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """An index of plain numbers."""
    return tuple(int(one) for one in np.unravel_index(place, shape)) if shape else ()


def refuse(asked: Asked, why: str, **defaults: Any) -> None:
    """Refuses options that could only be ignored here: those that are not at their default.

    Raises:
        UsageError: one of them was given.
    """
    for name, default in defaults.items():
        value = asked.options.get(name, getattr(asked.settings, name, default))
        if value != default:
            raise UsageError(f"--{name.replace('_', '-')} has no meaning here: {why}")


def amount(mask: np.ndarray, batch: Batch) -> int | Sum:
    """How many elements a mask picks among those that count, or the sum of their weights."""
    if batch.counts is not None:
        mask = mask & batch.counts
    if batch.weight is None:
        return int(np.count_nonzero(mask))
    return Sum.of(float(batch.weight[mask].sum(dtype=np.float64)))


def weighted(values: np.ndarray, batch: Batch) -> Sum:
    """The sum of values that count, each times its sample weight."""
    if batch.counts is not None:
        values = values[batch.counts]
    if batch.weight is not None:
        values = values * (batch.weight if batch.counts is None else batch.weight[batch.counts])
    return Sum.of(total(values))


def number(part: int | Sum) -> float:
    return part if isinstance(part, int) else part.value


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def told(part: float) -> str:
    """A count, or a sum of weights, as text."""
    return f"{part:.6g}" if isinstance(part, float) else str(part)
