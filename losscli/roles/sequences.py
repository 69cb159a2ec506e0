"""Sequences of labels without the times at which they are said."""

from __future__ import annotations

from dataclasses import replace
from math import inf, lgamma, log
from operator import eq
from typing import TYPE_CHECKING, ClassVar

from losscli.checks import predictions, sequences, targets
from losscli.checks.numbers import numbers
from losscli.checks.sequences import FILL, lengths
from losscli.checks.targets import UNKNOWN
from losscli.errors import DataError, Finding, Level, UsageError
from losscli.formats.sequences import Chained, Spelled, Turned
from losscli.lazy import np
from losscli.roles.base import Asked, Measure, Report, Role, amount, number, ratio, told, weighted
from losscli.stats import Sum, Totals
from losscli.views import Pairing, Stretched, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.formats.base import Field

LENGTHS = ("input_lengths", "target_lengths")
SPACE = "<space>"
"""How --classes names the character that a list cannot hold."""


class Sequences(Role):
    """A row of labels for each row of time steps, which have scores for each class.

    The kernel sees (N, T, C), and labels (N, S) with -1 behind the last one.
    """

    settings: ClassVar[tuple[str, ...]] = ("classes",)
    labels: ClassVar[tuple[str, ...]] = ("target", *LENGTHS)
    one_size = "--input-lengths and --target-lengths say how much of each counts"
    class_axis = -1
    hits: ClassVar[str] = "rows whose best path, without repeats and blanks, is the target"

    def __init__(self, asked: Asked) -> None:
        self.text = self._characters(asked)
        super().__init__(replace(asked, fields=self._fields(asked)))

    @staticmethod
    def _characters(asked: Asked) -> tuple[str, ...]:
        """The character of each class, the blank's is empty; none without --classes."""
        shape, blank = asked.prediction.shape, asked.options["blank"]
        if len(shape) != 3:
            raise DataError(
                f"{asked.prediction.label} has shape {shape}: {asked.loss} wants scores (T, N, C), "
                "time first, or (N, T, C) with --batch-first",
                hint="a single sequence is (T, 1, C)",
                code="shape-mismatch",
            )
        if not 0 <= blank < shape[2]:
            raise UsageError(f"--blank {blank} is no class: there are 0..{shape[2] - 1}")
        listed = asked.settings.classes
        if listed is None:
            return ()
        if len(listed) != shape[2] - 1:
            raise UsageError(
                f"--classes lists {len(listed)} characters, but there are {shape[2]} classes, and "
                "the blank is one of them: list the others, in their order"
            )
        named = [" " if one == SPACE else one for one in listed]
        return (*named[:blank], "", *named[blank:])

    def _fields(self, asked: Asked) -> dict[str, Field]:
        """The inputs in the layout of one sequence a row."""
        found = dict(asked.fields)
        if not asked.options["batch_first"]:
            _refuse_joined(asked.prediction)
            found["prediction"] = Turned(asked.prediction)
        target, given = asked.target, found.get("target_lengths")
        if target.dtype.kind == "U":
            if not self.text:
                raise DataError(
                    f"{target.label} is text, and nothing says which class a character is",
                    hint="--classes a,b,c lists the characters, without the blank",
                    code="class-unknown",
                )
            places = {one: at for at, one in enumerate(self.text) if one}
            found["target"] = Spelled(target, places, UNKNOWN)
        elif len(target.shape) == 1:
            found["target"] = self._chained(target, given)
        return found

    @staticmethod
    def _chained(target: Field, given: Field | None) -> Field:
        """Labels of all rows end to end."""
        if given is None or len(given.shape) != 1:
            raise DataError(
                f"{target.label} has shape {target.shape}: labels end to end need the length of "
                "each row",
                hint="--target-lengths gives them, or pad the rows: (N, S)",
                code="shape-mismatch",
            )
        each = given.rows(0, given.shape[0])
        if not ((each >= 0) & (each % 1 == 0)).all() or each.sum() != target.shape[0]:
            raise DataError(
                f"{given.label}: the lengths sum to {each.sum():g}, but {target.label} has "
                f"{target.shape[0]} labels",
                code="row-count",
            )
        return Chained(target, each.astype(np.int64))

    @property
    def spelled(self) -> bool:
        """Whether the target was text."""
        return isinstance(self.asked.target, Spelled)

    def pair(self) -> Pairing:
        fields = self.asked.fields
        prediction, target = self.asked.prediction, self.asked.target
        rows = prediction.shape[0]
        for name, one in fields.items():
            single = name in LENGTHS and not one.shape
            if not single and (
                one.shape[:1] != (rows,) or (name in LENGTHS and len(one.shape) != 1)
            ):
                raise DataError(
                    f"shapes differ: {prediction.label} is {self._shown}, with {rows} sequences, "
                    f"and {one.label} is {one.shape}",
                    hint=""
                    if self.asked.options["batch_first"]
                    else "are the rows the first axis? --batch-first reads (N, T, C)",
                    code="row-count",
                )
        if len(target.shape) != 2:
            raise DataError(f"{target.label} has shape {target.shape}: labels are (N, S)",
                            code="shape-mismatch")  # fmt: skip
        views = {
            name: View(one.shape[1:]) if one.shape else Stretched((), fixed=True)
            for name, one in fields.items()
        }
        return Pairing(rows, views, (rows,))

    @property
    def _shown(self) -> tuple[int, ...]:
        rows, steps, classes = self.asked.prediction.shape
        first = self.asked.options["batch_first"]
        return (rows, steps, classes) if first else (steps, rows, classes)

    def read(self, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        taken = dict(given)
        for name in self.labels:
            if name in given:
                known = np.nan_to_num(given[name]) if given[name].dtype.kind == "f" else given[name]
                taken[name] = known.astype(np.int64)
        target = taken["target"]
        if "target_lengths" in taken:
            own = np.arange(target.shape[1]) < taken["target_lengths"][:, None]
            taken["target"] = np.where(own, np.where(target == FILL, FILL - 1, target), FILL)
        else:
            padding = (target == FILL) | (target == self.asked.options["blank"])
            ends = ((~padding) * np.arange(1, 1 + target.shape[1])).max(1)
            own = np.arange(target.shape[1]) < ends[:, None]
            taken["target"] = np.where(own, np.where(target == FILL, FILL - 1, target), FILL)
        return taken

    def checks(self) -> Sequence[Check]:
        kind = self.asked.kind
        own = [name for name in LENGTHS if name in self.asked.fields]
        return (
            *predictions.BY_KIND[kind],
            *targets.CHECKS,
            *(one for name in own for one in numbers(name)),
            *map(sequences.length, own),
            sequences.unknown if self.spelled else sequences.no_label,
            sequences.blank_label,
            sequences.too_long,
            *((sequences.steps_sum,) if kind == "log_probs" else ()),
        )

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        target = self.asked.target
        if "target_lengths" in self.asked.fields or self.spelled:
            return []
        message = f"{target.label}: the labels of a row end before its last -1s or blanks"
        return [Finding("lengths", Level.NOTE, message, "--target-lengths says it", "target")]

    def decoded(self, batch: Batch) -> list[list[int]]:
        """The best path of each row, without repeats and blanks."""
        best = batch.prediction.argmax(-1)
        steps = batch.taken.get("input_lengths", np.full(len(best), best.shape[1]))
        blank = self.asked.options["blank"]
        new = np.concatenate([np.ones_like(best[:, :1]), best[:, 1:] != best[:, :-1]], 1) > 0
        said = new & (best != blank) & (np.arange(best.shape[1]) < steps[:, None])
        return [row[pick].tolist() for row, pick in zip(best, said, strict=True)]

    def true(self, batch: Batch) -> list[list[int]]:
        ends = lengths(batch.target)
        return [row[:end].tolist() for row, end in zip(batch.target, ends, strict=True)]

    def measure(self, batch: Batch) -> Totals:
        true = self.true(batch)
        wrong = np.array(
            [distance(one, other) for one, other in zip(self.decoded(batch), true, strict=True)]
        )
        return Totals(
            {
                "count": amount(np.ones(len(wrong), bool), batch),
                "exact": amount(wrong == 0, batch),
                "wrong": weighted(wrong, batch),
                "labels": weighted(np.array([len(one) for one in true]), batch),
                "even": weighted(self.even(batch, true), batch),
            }
        )

    def even(self, batch: Batch, true: Sequence[Sequence[int]]) -> np.ndarray:
        """What classes that are all as likely cost in each row, divided by its labels.

        All ways to spread L labels over T steps are as likely, and there are (T + L - R) over 2L of
        them, of labels that R times repeat the one before.
        """
        every, classes = batch.prediction.shape[1:]
        steps = batch.taken.get("input_lengths", np.full(len(true), every)).tolist()
        found = []
        for time, row in zip(steps, true, strict=True):
            size = len(row)
            free = time + size - sum(map(eq, row, row[1:]))
            ways = (
                -inf
                if free < 2 * size
                else (lgamma(free + 1) - lgamma(2 * size + 1) - lgamma(free - 2 * size + 1))
            )
            cost = time * log(classes) - ways
            gone = cost == inf and batch.options["zero_infinity"]
            found.append(0.0 if gone else cost / max(size, 1))
        return np.array(found)

    def report(self, totals: Totals) -> Report:
        exact, count = number(totals["exact"]), number(totals["count"])
        wrong, labels = totals["wrong"].value, totals["labels"].value
        rule = "the best path, without repeats and blanks, is the target"
        how = f"{told(exact)}/{told(count)}, {rule}"
        accuracy = Measure("accuracy", ratio(exact, count), how, None, (exact, count), rule)
        how = f"{wrong:.6g} edits of {labels:.6g} labels, greedy decoding"
        return Report(accuracy, [Measure("cer", ratio(wrong, labels), how)])

    def means(self, numerator: Sum, value: float, totals: Totals) -> Sequence[Measure]:
        count = totals["count"]
        whole = Sum.of(float(count)) if isinstance(count, int) else count
        how = "of the losses, not divided by labels, as in Keras"
        return [Measure("plain_mean", numerator.over(whole), how)]

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        sides = self.decoded(batch), self.true(batch)
        return [[self._spelled(side[at]) for side in sides] for at in places.tolist()]

    def _spelled(self, labels: Sequence[int]) -> str:
        shown = [self.text[one] if self.text else str(one) for one in labels[:24]]
        more = " …" if len(labels) > len(shown) else ""
        return ("" if self.text else " ").join(shown) + more

    @property
    def headings(self) -> list[str]:
        return ["decoded", "y"]


def distance(one: Sequence[int], other: Sequence[int]) -> int:
    """The fewest labels to change, add and take away (Levenshtein, 1965).

    >>> distance([1, 2, 3], [2, 3, 3])
    2
    """
    ours, row = np.array(one), np.arange(len(one) + 1)
    for at, label in enumerate(other):
        other_way = np.minimum(row[:-1] + (ours != label), row[1:] + 1)
        steps = np.concatenate([[at + 1], other_way]) - np.arange(len(row))
        row = np.minimum.accumulate(steps) + np.arange(len(row))
    return int(row[-1])


def _refuse_joined(prediction: Field) -> None:
    """Files and batches are joined along their first axis, which here is time.

    Raises:
        DataError: there are several.
    """
    batches = any(code == "batches" for code, _ in prediction.notes)
    if batches or len(prediction.files) > 1:
        what = "a list of batches" if batches else f"{len(prediction.files)} files"
        raise DataError(
            f"{prediction.label} is {what}, which are joined along their "
            "first axis: of scores (T, N, C) that is time",
            hint="save them as (N, T, C), and say --batch-first",
            code="shape-mismatch",
        )
