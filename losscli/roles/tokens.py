"""The log-probabilities of the tokens that were there, as language models give them."""

from __future__ import annotations

from dataclasses import replace
from math import fsum, isfinite, log
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.checks import tokens
from losscli.checks.numbers import numbers
from losscli.checks.predictions import log_probs_range
from losscli.errors import DataError, UsageError
from losscli.formats.arrays.fields import ArrayField
from losscli.formats.packed import Packed, even
from losscli.lazy import np
from losscli.roles.base import Asked, Measure, Report, Role, ratio, told
from losscli.roles.classes import ClassIndex
from losscli.stats import ZERO, Sum, Totals
from losscli.views import Held, Pairing, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.formats.base import Field
    from losscli.settings import Settings

ALONE = {"weight": 1.0, "ignore_index": -100, "shift": 0, "class_axis": None}
"""The options that speak of targets and classes, with their defaults."""

OTHERS = ("top_k", "classes", "target_base", "key", "where")
"""The common options that do, or that speak of rows."""


class Likelihood(ClassIndex):
    """One class for each row of log-probabilities, or nothing but those of the true ones."""

    @classmethod
    def of(cls, asked: Asked) -> Role:
        return Tokens(asked) if asked.kind == "token_log_probs" else cls(asked)

    @classmethod
    def refuse_idle(
        cls, form: Sequence[str], options: Mapping[str, Any], settings: Settings
    ) -> None:
        if "token_log_probs" not in form:
            return
        given = [name for name, default in ALONE.items() if options[name] != default]
        given += [name for name in OTHERS if getattr(settings, name) not in (None, ())]
        if given:
            why = "--token-log-probs are those of single tokens, without classes, targets and rows"
            raise UsageError(f"--{given[0].replace('_', '-')} has no meaning here: {why}")


class Tokens(Role):
    """Sequences of tokens, of which nothing is known but their log-probabilities.

    The kernel sees all tokens on one axis. What is known of a sequence that ends in another leaf
    waits for the rest of it.
    """

    labels: ClassVar[tuple[str, ...]] = ("bytes",)

    def __init__(self, asked: Asked) -> None:
        field = asked.prediction
        self.packed = field if isinstance(field, Packed) else even(field)
        sizes = asked.fields.get("bytes")
        fields: dict[str, Field] = {"prediction": self.packed}
        if sizes is not None:
            taken = self._size(sizes, asked.settings.limit)
            fields["bytes"] = ArrayField(np.array([taken]), sizes.path, sizes.key, name="bytes")
        super().__init__(replace(asked, fields=fields))

    def _size(self, field: Field, limit: int | None) -> float:
        """The bytes of the text of all sequences that are read."""
        sizes = field.rows(0, field.shape[0]) if field.shape else field.rows(0, 1)
        sizes = sizes.reshape(-1)
        if sizes.dtype.kind == "U":
            sizes = np.array([len(one.encode()) for one in sizes.tolist()])
        if len(sizes) not in (1, len(self.packed)):
            raise DataError(
                f"{field.label} has {len(sizes)} sizes, and {self.packed.label} has "
                f"{len(self.packed)} sequences",
                hint="--bytes is one number for all, or a number or a text for each sequence",
                code="shape-mismatch",
            )
        if limit is not None and limit < len(self.packed):
            if len(sizes) < len(self.packed):
                raise UsageError("--limit leaves sequences out, and --bytes has one size for all")
            sizes = sizes[:limit]
        if not (np.isfinite(sizes).all() and (sizes >= 0).all() and sizes.sum() > 0):
            raise DataError(f"{field.label}: sizes of texts are above 0")
        return float(sizes.sum(dtype=np.float64))

    def pair(self) -> Pairing:
        views: dict[str, View] = {"prediction": View(())}
        if "bytes" in self.asked.fields:
            views["bytes"] = Held(())
        return Pairing(self.packed.shape[0], views, self.packed.shape)

    @property
    def rows(self) -> int:
        """How many tokens are read: those of so many sequences."""
        limit = self.asked.settings.limit
        return int(self.packed.starts[min(limit or len(self.packed), len(self.packed))])

    def counted(self, given: Mapping[str, np.ndarray]) -> np.ndarray | None:
        return None

    def aligned(self, field: Field) -> Field:
        """Rows of tokens, as the tokens themselves."""
        source = self.packed.source
        return even(field) if source is not None and field.shape == source else field

    def checks(self) -> Sequence[Check]:
        return (*numbers("prediction"), log_probs_range, tokens.floored, tokens.impossible)

    def measure(self, batch: Batch) -> Totals:
        """What each sequence has of its sum, of its denominator, and how many tokens count."""
        losses = -batch.prediction.astype(np.float64)
        weight = np.ones(len(losses)) if batch.weight is None else batch.weight.astype(np.float64)
        weight = weight if batch.counts is None else np.where(batch.counts, weight, 0.0)
        parts = np.multiply(losses, weight, where=weight != 0, out=np.zeros(len(losses)))
        counts = np.ones(len(losses)) if batch.counts is None else batch.counts
        columns = [one.tolist() for one in (parts, weight, counts)]
        starts, stop = self.packed.starts, batch.start + batch.rows
        whole, cut = [], {}
        for at in range(self.packed.sequence(batch.start), self.packed.sequence(stop - 1) + 1):
            first, last = int(starts[at]), int(starts[at + 1])
            own = slice(max(first - batch.start, 0), min(last, stop) - batch.start)
            found = [one[own] for one in columns]
            if first >= batch.start and last <= stop:
                whole.append([fsum(one) for one in found])
            else:
                cut[at] = Totals(dict(zip(NAMES, map(exact, found), strict=True)))
        return Totals({"whole": _settled(whole), "cut": cut})

    def _all(self, totals: Totals) -> Totals:
        """What all sequences amount to, those that were cut among them."""
        cut = [[one[name].value for name in NAMES] for one in totals["cut"].values()]
        found: Totals = totals["whole"]
        return found + _settled(cut)

    def batches(self, rows: Sum, totals: Totals) -> Sum:
        found: Sum = self._all(totals)["batches"]
        return found

    def report(self, totals: Totals) -> Report:
        found = self._all(totals)
        count, tokens = found["sequences"], found["tokens"].value
        batches = found["batches"]
        metrics = [
            Measure("sequence_mean", ratio(found["means"].value, count), _of(count)),
            Measure(
                "sequence_sum", found["sums"].over(batches), f"{tokens / count:.1f} tokens each"
            )
            if count
            else Measure("sequence_sum", float("nan")),
        ]
        return Report(None, metrics)

    def means(self, numerator: Sum, value: float, totals: Totals) -> Sequence[Measure]:
        """The bits per byte of text, where all of its tokens count."""
        if "bytes" not in self.asked.fields:
            return ()
        found = self._all(totals)
        size = float(self.asked.fields["bytes"].rows(0, 1)[0])
        whole = found["weights"].value == found["tokens"].value == self.rows
        bits = numerator.value / log(2) / size if whole else float("nan")
        how = f"of {told(size)} bytes" if whole else "unknown: not all tokens count, or not alike"
        return [Measure("bits_per_byte", bits, how)]

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        return [
            [f"{batch.prediction[at]:.4f}", *self.packed.where(batch.start + int(at))]
            for at in places
        ]

    @property
    def headings(self) -> list[str]:
        return ["log-prob", "sequence", "token"]


NAMES = ("sums", "weights", "tokens")
"""What is added up for each sequence."""


def _of(count: int) -> str:
    return "of 1 sequence" if count == 1 else f"of {count:,} sequences"


def _settled(sequences: Sequence[Sequence[float]]) -> Totals:
    """What whole sequences amount to: those of which anything counts."""
    counted = [one for one in sequences if one[2] and one[1]]
    sums, weights, tokens = ([one[at] for one in counted] for at in range(3))
    return Totals(
        {
            "means": exact([one / by for one, by in zip(sums, weights, strict=True)]),
            "sums": exact(sums),
            "weights": exact(weights),
            "tokens": exact(tokens),
            "batches": exact([by / one for by, one in zip(weights, tokens, strict=True)]),
            "sequences": len(counted),
        }
    )


def exact(values: Sequence[float]) -> Sum:
    """The sum of values without any rounding: what one rounding leaves is added too.

    >>> exact([1e16, 1.0, 0.1]) == Sum.of(1e16) + Sum.of(1.0) + Sum.of(0.1)
    True
    """
    total, found = ZERO, fsum(values)
    if not isfinite(found):
        return Sum.of(found)
    rest = [*values]
    while found:
        total += Sum.of(found)
        rest.append(-found)
        found = fsum(rest)
    return total
