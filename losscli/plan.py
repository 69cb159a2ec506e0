"""How a leaf is computed, and how leaves are put together.

A leaf is a fixed number of rows, counted from the first row of the data, laid out in one
piece of memory and computed by one call of the kernel with one thread of torch. Vectorised
kernels give other last bits to the tail of an array than to its middle, so the last leaf is
padded: an element's loss depends on its values alone, and sums of leaves are exact.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from losscli.beside import SmallArray, per_element, small_arrays, tensors
from losscli.cores import cores, plainly, spread
from losscli.devices import Way, device
from losscli.doubts import Doubt, Evidence, Leaf, doubts
from losscli.errors import Finding, Level, UsageError
from losscli.held import Arrays
from losscli.lazy import np, torch
from losscli.losses.limits import times
from losscli.needs import computed, refuse_rows, refuse_sizes, whole
from losscli.reader import Reader
from losscli.records import record
from losscli.reductions.asked import reducing
from losscli.registry import Pooled, Terms
from losscli.state import First, State, Wanted, Worst, finished, look, measure, pooled
from losscli.stats import Sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.lazy import Tensor
    from losscli.question import Fields, Question
    from losscli.reductions import Reducing
    from losscli.roles import Role
    from losscli.spool import Spool

__all__ = ["Part", "Plan"]

LEAF = 2**18
"""So many values of the prediction make a leaf, or one row if that has more."""

LARGE = 2**22
"""The same on a device, which is slow to be told what to do."""

NO_CLASS = -100
"""No class index: torch's own default of ignore_index."""

GROUP = 8
"""So many leaves are one piece of work for a core, at most: fewer of what has few."""

SHARE = 2
"""A piece is no more than one of so many of what is left for each core: the last ones are small."""

MANY = 64
"""So many at most, of rows that are a leaf each and small."""

TOGETHER = 8
"""So many pieces of work are added up at once."""

GRAIN = 64
"""Rows of a kernel's input are padded to a multiple of this: whole vectors of any processor."""


@record
class Part:
    """What some leaves contribute, and every element's loss where it is asked for."""

    rows: int
    state: State
    elements: Sequence[np.ndarray] = ()


@record
class Plan:
    """All that a leaf needs to be computed, wherever that happens.

    Attributes:
        rows: How many rows are read.
        leaf: How many of them a leaf has.
        options: The options of the loss; small arrays as such.
        arrays: The small arrays.
        reader: Reads its inputs.
        held: The arrays that the loss holds.
        checks: The mistakes to look for.
        doubts: What may be wrong with all data, and is looked for in each leaf.
        wanted: What to keep of each leaf.
        reducing: How its losses are reduced besides.
    """

    question: Question
    fields: Fields
    role: Role
    rows: int
    leaf: int
    dtype: str
    way: Way
    options: Mapping[str, Any]
    arrays: Mapping[str, SmallArray]
    reader: Reader
    held: Arrays
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    doubts: tuple[Doubt, ...]
    wanted: Wanted
    reducing: Reducing

    @classmethod
    def of(cls, question: Question, fields: Fields, role: Role) -> Plan:
        pairing = role.pairing
        beside = per_element(fields, role)
        dtype, notes = computed(question, role)
        rows = role.rows
        where = device(question.settings.device, dtype, role.values)
        leaf = _leaf(role, LEAF if where.type == "cpu" else LARGE)
        if question.settings.denominator == "positives" and not role.sided:
            why = f"no target of {question.loss.name} is positive or negative"
            raise UsageError(f"--denominator positives has no meaning here: {why}")
        if pairing.free:
            refuse_rows(question, pairing)
        if role.uneven is not None:
            refuse_sizes(question)
        if question.loss.rows != "leaf":
            leaf = rows
            notes.append(note := whole(question, rows, rows * pairing.per_row, dtype))
            if note.code not in question.settings.ignore:
                question.watch.say(note)
        reader = Reader(question, role, beside)
        threads = question.settings.threads or cores()

        leaves = partial(pieces, rows, _leaf(role, LEAF))

        def counts() -> np.ndarray:
            return reader.counts(leaves(), threads)

        role.prepare(reader.targets(*one) for one in leaves())
        arrays, more = small_arrays(question, fields, role, counts)
        notes += more
        return cls(
            question,
            fields,
            role,
            rows,
            leaf,
            dtype,
            Way(where),
            question.options,
            arrays,
            reader,
            Arrays.of(role, Way(where)),
            tuple(notes),
            tuple(
                check
                for check in role.checks()
                if check.code != "nan" or question.settings.nan == "error"
            ),
            tuple(doubts(question, role)),
            Wanted(Worst(question.settings.worst), First(question.settings.head), role.expected),
            reducing(question, role),
        )

    @property
    def resolved(self) -> dict[str, Any]:
        """The options of the loss, with the arrays that came from files."""
        return {**self.options, **{name: array.values for name, array in self.arrays.items()}}

    def denominator(self, total: State) -> Sum | None:
        """What the sum of the losses is divided by; None where it is not."""
        asked = self.question.settings.denominator
        if asked == "rows" or (asked is None and self.question.reduction == "batchmean"):
            return self.role.batches(total.rows, total.measured)
        if asked is None:
            return total.denominator(self.question.reduction)
        if asked == "positives":
            return self.role.positives(total.measured)
        return Sum.of(float(asked))

    def leaves(self) -> Iterator[tuple[int, int]]:
        """The first row of each leaf, and the one after its last."""
        return pieces(self.rows, self.leaf)

    def groups(self, threads: int) -> Iterator[list[tuple[int, int]]]:
        """Leaves that one core computes in one go: fewer towards the end, so that none waits long.

        Args:
            threads: How many cores there are.
        """
        leaves, left, most = self.leaves(), -(-self.rows // self.leaf), GROUP
        if self.role.uneven is not None:  # such rows may be small
            most = min(max(most, LEAF * self.rows // self.role.values), MANY)
        while group := list(islice(leaves, min(max(left // (SHARE * threads), 1), most))):
            yield group
            left -= len(group)

    def run(self, threads: int, kept: Spool | None) -> State:
        """The sum of all leaves.

        Args:
            threads: How many of them are computed at the same time.
            kept: Takes every element's loss, in the order of the file.
        """
        total, waiting = self.held.state, []
        watch = self.question.watch
        watch.begin(f"computing {self.question.loss.name}", self.rows, "rows")
        try:
            for part in spread(self.several, self.groups(threads), threads):
                waiting.append(part.state)
                if len(waiting) == TOGETHER:
                    total, waiting = State.joined([total, *waiting]), []
                if kept is not None:
                    for elements in part.elements:
                        kept.add(elements)
                watch.advance(part.rows)
        finally:
            watch.end()
        total = State.joined([total, *waiting])
        if total.pool.sums is None:
            return total
        losses = total.pool.losses
        if kept is not None:
            kept.add(losses.elements.numpy())
        return finished(total, losses, self.role, self.wanted)

    def several(self, leaves: Sequence[tuple[int, int]]) -> Part:
        """What some leaves contribute."""
        with plainly():
            parts = [self.part(*leaf) for leaf in leaves]
        return Part(
            sum(part.rows for part in parts),
            State.joined([part.state for part in parts]),
            [piece for part in parts for piece in part.elements],
        )

    def part(self, start: int, stop: int) -> Part:
        """What one leaf contributes; a leaf with an error contributes only its facts."""
        role = self.role.at(start)
        batch, digests = self.reader.leaf(start, stop)
        facts = look(batch, self.checks, digests)
        if any(check.level is Level.ERROR for check in facts.seen):
            return Part(stop - start, facts)
        found = self.found(batch)
        if isinstance(found, Pooled):
            state = pooled(facts, batch, found, role)
            doubts = self.evidence(Leaf(batch, None, self.again))
            return Part(stop - start, replace(state, doubts=doubts))
        losses = self.losses(found, batch)
        if found.seen:
            batch = replace(batch, seen={name: one.numpy() for name, one in found.seen.items()})
        reduced = self.reducing.of(batch, losses)
        doubts = self.evidence(Leaf(batch, losses, self.again))
        state = measure(facts, batch, losses, role, self.wanted, reduced=reduced, doubts=doubts)
        return Part(stop - start, state, [losses.elements.numpy()] if self.question.keep else [])

    def evidence(self, leaf: Leaf) -> dict[Doubt, Evidence]:
        """What a leaf says of each doubt."""
        return {one: one.evidence(leaf) for one in self.doubts}

    def again(self, batch: Batch, form: tuple[str, ...]) -> Terms | Pooled:
        """The losses of a leaf that was changed, as :meth:`losses` gives them."""
        found = self.found(batch, form)
        return found if isinstance(found, Pooled) else self.losses(found, batch)

    def found(self, batch: Batch, form: tuple[str, ...] = ()) -> Terms | Pooled:
        """What the function of the loss makes of a leaf, back from the device.

        Args:
            batch: The leaf.
            form: What its inputs are; empty for what was asked.
        """
        with self.way.open():
            found = self.computed(self.inputs(batch), batch, form)
            rows = len(batch.prediction) if self._grain(batch) > 1 else None
            if isinstance(found, Pooled):
                return Pooled(self.back(found.sums[:rows]), found.finish)
            seen = {name: self.back(values[:rows]) for name, values in found.seen.items()}
            return found.each(lambda values: self.back(values[:rows]))._replace(seen=seen)

    def inputs(self, batch: Batch) -> dict[str, Tensor]:
        """What the function is given of a leaf, on the device."""
        pairing = batch.pairing
        chosen = pairing.classes is not None and not pairing.probabilities
        whole = (*self.role.labels, "target") if chosen else self.role.labels
        found = {
            side: self._tensor(self._padded(batch, values), whole=side in whole)
            for side, values in self.seen(batch).items()
        }
        every = {**self.held.tensors, **found}
        return {side: every[side] for side in self.role.asked.fields}

    def computed(
        self, inputs: Mapping[str, Tensor], batch: Batch, form: tuple[str, ...] = ()
    ) -> Terms | Pooled:
        """What the function of the loss makes of its inputs, padded as they are."""
        function = self.question.loss.on(form or self.question.inputs, batch)
        arguments = _gathered(inputs)
        first = next(iter(inputs.values()))
        span = batch.start, batch.start + batch.rows
        padded = partial(self._padded, batch)
        options = {**self.options, **tensors(self._small(batch), *span, padded, first)}
        if "ignore_index" in options:  # ignored elements are found, and have become class 0
            options["ignore_index"] = NO_CLASS
        found = function(*arguments, **options)
        return found if isinstance(found, (Terms, Pooled)) else Terms(found, None)

    def _small(self, batch: Batch) -> Mapping[str, SmallArray]:
        """The small arrays as they go with a leaf."""
        if self.role.uneven is None or not self.arrays:
            return self.arrays
        role = self.role.at(batch.start)
        return {name: one.at(role) for name, one in self.arrays.items()}

    def _grain(self, batch: Batch) -> int:
        """What the rows of a kernel's input are a multiple of.

        A row is only padded where others cannot see it, and left out where they can.
        """
        padded = self.alone and self.leaf * batch.pairing.kernel_rows >= GRAIN
        return GRAIN if padded else 1

    def _padded(self, batch: Batch, values: np.ndarray) -> np.ndarray:
        missing = -len(values) % self._grain(batch)
        return np.concatenate([values, values[-1:].repeat(missing, 0)]) if missing else values

    @property
    def alone(self) -> bool:
        """Whether the loss of a row depends on that row alone."""
        return self.question.loss.rows == "leaf"

    def seen(self, batch: Batch) -> Mapping[str, np.ndarray]:
        """What the function is given: of rows that see each other, those that count."""
        if self.alone or batch.counts is None or batch.pairing.marks is not None:
            return batch.taken
        return {side: values[batch.counts] for side, values in batch.taken.items()}

    def losses(self, found: Terms, batch: Batch) -> Terms:
        """The unreduced losses of a leaf and what they count, in the order of the file."""
        elements, over, shared, _ = found.each(lambda values: self._ordered(values, batch))
        if batch.weight is not None:
            weight = torch.from_numpy(batch.pairing.order(batch.weight)).double()
            elements = times(weight, elements).to(elements.dtype)
            over = weight if over is None else over * weight
            shared = None if shared is None else times(weight, shared)
        if batch.kept is not None:
            counts = torch.from_numpy(batch.pairing.order(batch.kept))
            elements = torch.where(counts, elements, 0.0)
        return Terms(elements + 0.0, over, shared)  # no -0.0

    def _tensor(self, values: np.ndarray, whole: bool) -> Tensor:
        """On the device, in the dtype of the computation; class indices stay whole."""
        own = whole and values.dtype == np.int64
        return self.way.there(values, None if own else getattr(torch, self.dtype))

    def back(self, values: Tensor) -> Tensor:
        """Back from the device, in what NumPy knows."""
        values = self.way.back(values)
        return values.float() if values.dtype is torch.bfloat16 else values

    def _ordered(self, values: Tensor, batch: Batch) -> Tensor:
        """Back from the layout of the kernel, with a place for every row."""
        if len(values) < len(batch.prediction) and not batch.pairing.free:
            every = values.new_zeros(len(batch.prediction))
            every[torch.from_numpy(batch.counts)] = values
            values = every
        return torch.from_numpy(batch.pairing.order(values.numpy()))


def _gathered(inputs: Mapping[str, Tensor]) -> list[Any]:
    """What a function takes: the arrays of a module are one argument, by their names."""
    found: dict[str, Any] = {}
    for side, value in inputs.items():
        name, _, part = side.partition(".")
        if part:
            found.setdefault(name, {})[part] = value
        else:
            found[name] = value
    return [*found.values()]


def pieces(rows: int, leaf: int) -> Iterator[tuple[int, int]]:
    """The first row of each leaf, and the one after its last."""
    for start in range(0, rows, leaf):
        yield start, min(start + leaf, rows)


def _leaf(role: Role, values: int) -> int:
    """The rows of a leaf: a multiple of the grain where that many fit; one of several sizes."""
    if role.uneven is not None:
        return 1
    least = role.together // max(role.pairing.kernel_rows, 1)
    rows = max(1, values // max(role.pairing.per_row, 1), least)
    return rows - rows % GRAIN if rows >= GRAIN else rows
