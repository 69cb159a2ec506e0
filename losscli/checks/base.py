"""What a check is: which values of a leaf offend, and what to say of them all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeAlias

from losscli.checks.codes import CODES, Code
from losscli.errors import Finding, Level
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from losscli.batch import Batch
    from losscli.facts import Facts
    from losscli.formats.base import Field
    from losscli.settings import Settings
    from losscli.views import Pairing


@record
class Tally:
    """How many values offend, and the first of them.

    >>> Tally(1, 9, 0.5) + Tally(2, 4, 7.0)
    Tally(count=3, first=4, value=7.0)
    """

    count: int = 0
    first: int | None = None  # the place in the file, counting values
    value: Any = None

    @classmethod
    def of(cls, offends: np.ndarray, values: np.ndarray, start: int) -> Tally:
        """Counts the offenders of one leaf.

        Args:
            offends: Which values do, in the order of the file.
            values: What to show of them, of the same shape.
            start: How many values come before this leaf.
        """
        count = int(np.count_nonzero(offends))
        if not count:
            return cls()
        at = int(offends.argmax())
        return cls(count, start + at, values.reshape(-1)[at].item())

    def __add__(self, other: Tally) -> Tally:
        firsts = [one for one in (self, other) if one.first is not None]
        if not firsts:
            return self
        first = min(firsts, key=lambda one: one.first or 0)
        return Tally(self.count + other.count, first.first, first.value)


@record
class Case:
    """What a message may speak of: the whole data, after all leaves.

    Attributes:
        loss: The command.
        kind: The kind of prediction.
        option: The input that is spoken of, such as "logits".
        field: Its array.
        facts: What is known of its values.
        index: Where the first offender stands, in the field's own shape.
        pairing: How prediction and target belong together.
        options: The options of the loss.
        settings: The common ones.
        kinds: The kinds of prediction that the loss takes.
        cost: The share of the loss that is of the offenders, where that was looked at.
    """

    loss: str
    kind: str
    option: str
    field: Field
    facts: Facts
    index: tuple[int, ...]
    pairing: Pairing
    options: Mapping[str, Any]
    settings: Settings
    kinds: tuple[str, ...]
    cost: float | None = None

    @property
    def place(self) -> str:
        return f"{self.field.label}, {self.field.place(self.index)}"


class Found(NamedTuple):
    """Elements that offend, with what to show of each: for checks of whole rows of classes."""

    mask: np.ndarray
    values: np.ndarray


P = ParamSpec("P")

WORST = 0.05
"""Rows that are so far off 1 have lost too much, whatever the reason."""

Offends: TypeAlias = "Callable[[Batch], np.ndarray | Found | None]"
Words: TypeAlias = "Callable[[Tally, Case], tuple[str, str]]"


@dataclass(eq=False)
class Check:
    """A mistake: its code, how much it weighs, which values show it, and what to say.

    Attributes:
        code: The stable name.
        level: Warning or error.
        on: The input that it blames: "prediction", "target", or another by its name.
        offends: Tells which values of a leaf do, in the layout of the kernel.
        whole_rows: The offenders are rows of classes, not values.
        words: The message and the hint for the tally of all data.
    """

    code: str
    level: Level
    on: str
    offends: Offends
    whole_rows: bool = False
    words: Words | None = None

    def says(self, words: Words) -> Words:
        """Adds what to say."""
        self.words = words
        return words

    def look(self, batch: Batch) -> Tally:
        """The tally of one leaf."""
        found = self.found(batch)
        if found is None:
            return Tally()
        per_row = batch.pairing.stride or found.mask.size // batch.rows
        return Tally.of(found.mask, found.values, batch.start * per_row)

    def found(self, batch: Batch) -> Found | None:
        """The offenders of a leaf in the order of the file; what does not count cannot offend."""
        view = batch.pairing.views[self.on]
        if batch.start and view.fixed:  # seen with the first leaf
            return None
        found = self.offends(batch)
        if found is None:
            return None
        if isinstance(found, Found):
            mask, values = found
        else:
            values, mask = view.back(batch.given[self.on]), view.back(found)
        counts = batch.counted(mask, self.on)
        return Found(mask if counts is None else mask & counts, values)

    def finding(self, tally: Tally, case: Case) -> Finding | None:
        """What there is to say of all data."""
        if not tally.count or self.words is None:
            return None
        message, hint = self.words(tally, case)
        return Finding(self.code, self.level, message, hint, case.option, case.index, tally.count)


def check(
    code: str, level: Level, on: str, *, whole_rows: bool = False
) -> Callable[[Offends], Check]:
    """Makes a check of the function that tells which values offend.

    The first line of its docstring says what the code means, the text below it what to do.
    """

    def wrap(offends: Offends) -> Check:
        CODES[code] = CODES.get(code, Code(level)).told(offends.__doc__)
        return Check(code, level, on, offends, whole_rows)

    return wrap


def of_each(*side: Any) -> Callable[[Callable[P, Check]], Callable[P, Check]]:
    """Of a function that makes a check for each of several inputs, when it is asked for.

    It is made for one of them at once, so that its code is known.
    """

    def wrap(make: Callable[P, Check]) -> Callable[P, Check]:
        kept = cache(make)
        kept(*side)
        return kept  # type: ignore[return-value]

    return wrap


def off_one(sums: np.ndarray, values: np.ndarray, axis: int, *, logs: bool = False) -> Found | None:
    """Rows whose sum is further from 1 than the rounding of its dtype, or of a text, explains.

    Args:
        sums: Of the probabilities of each row.
        values: What they are the sums of.
        axis: That of the classes.
        logs: The values are the logarithms of the probabilities.
    """
    slack = 1e-2 if values.dtype == np.float16 else 1e-3
    mask = ~(np.abs(sums - 1) <= slack)
    if mask.any():
        rows = np.moveaxis(values, axis, -1)[mask]
        mask[mask] = ~_of_text(np.abs(sums[mask] - 1), rows, logs=logs)
    return Found(mask, sums) if mask.any() else None


def _of_text(off: np.ndarray, rows: np.ndarray, *, logs: bool) -> np.ndarray:
    """Which rows are so far off 1 because all of their values have two digits, or three.

    A value is off by half of the last digit at most, and by 0.29 of it in its standard deviation;
    that of a logarithm is a share of its probability.
    """
    classes = rows.shape[-1]
    most = 0.5 if logs else min(classes / 2, 1.2 * sqrt(classes))  # of last digits
    found = np.zeros(off.shape, bool)
    for power in (100, 1000):
        with np.errstate(invalid="ignore"):
            digits = rows.astype(np.float64) * power
            short = (np.abs(digits - np.rint(digits)) < 0.01).all(-1)
        found |= short & (off < min(most / power, WORST) + 1e-9)
    return found
