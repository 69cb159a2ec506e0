"""What files hold, what it looks like, which losses fit, and what may be doubted of it.

Each file is opened once and read a leaf at a time: :mod:`parts` finds arrays and columns,
:mod:`known` adds up what is known of their values, :mod:`looks` puts it in words, :mod:`alone` says
what one of them shows, :mod:`uses` what it is for, :mod:`fits` tries the role of a loss on two of
them, and :mod:`offers` says which to try. Only :mod:`judged` asks a loss, and needs torch.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, Finding, UsageError
from losscli.formats import NAMES, is_raw
from losscli.formats.arrays.raw import Layout
from losscli.formats.base import Reading
from losscli.formats.locate import locate
from losscli.formats.stack import paired
from losscli.inspection.alone import alone
from losscli.inspection.judged import judged, refused
from losscli.inspection.offers import Offer, offers, pairs, refusal, wishes
from losscli.inspection.parts import Files, Held, Part
from losscli.records import record
from losscli.registry import suggest
from losscli.settings import MISSING, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.inspection.fits import Pair
    from losscli.watch import Watch

__all__ = ["Asking", "Inspection", "Part", "inspect"]


@record
class Asking:
    """How files are inspected.

    Attributes:
        data: A file (or - for standard input) of which the words are keys.
        input_format: The format of standard input and of files of unknown suffix.
        header: Say whether the first row of a table is a header.
        stack: Every file of a pattern or a directory is one row.
        missing: Empty cells and nulls are an error, or are left out: "error" or "omit".
        limit: Look only at so many rows, from the first.
        max_expansion: How many times its size a compressed file may become.
        threads: How many cores read; all of them if not given.
    """

    data: str | None = None
    input_format: str | None = None
    header: bool | None = None
    limit: int | None = None
    max_expansion: float = 100.0
    threads: int | None = None
    stack: bool = False
    missing: str = "error"

    def check(self) -> None:
        """Refuses what no file can be read with.

        Raises:
            UsageError: no such format, or a number out of its bounds.
        """
        if is_raw(self.input_format):
            Layout.of(self.input_format or "")
        elif self.input_format is not None and self.input_format not in NAMES:
            hint = suggest(self.input_format, (*NAMES, "raw:DTYPE:SHAPE"), "formats are")
            raise UsageError(f"--input-format cannot be {self.input_format!r}", hint=hint)
        if self.missing not in MISSING:
            hint = suggest(self.missing, MISSING, "choose from")
            raise UsageError(f"--missing cannot be {self.missing!r}", hint=hint)
        for name, value in (("limit", self.limit), ("threads", self.threads)):
            if value is not None and value < 1:
                raise UsageError(f"--{name} must be at least 1, not {value}")

    @property
    def words(self) -> tuple[str, ...]:
        """What a loss has to be told as well, to read the same."""
        words: list[str] = []
        if self.header is not None:
            words.append("--header" if self.header else "--no-header")
        if self.input_format is not None:
            words += ["--input-format", self.input_format]
        if self.limit is not None:
            words += ["--limit", str(self.limit)]
        if self.stack:
            words.append("--stack")
        if self.missing != Asking.missing:
            words += ["--missing", self.missing]
        if self.max_expansion != Asking.max_expansion:
            words += ["--max-expansion", f"{self.max_expansion:g}"]
        return tuple(words)


@record
class Inspection:
    """What was found.

    Attributes:
        held: By word: what it names.
        offers: Commands that answer, best first.
        problems: Why arrays that stand together do not fit.
        doubts: What may be wrong with them, though they fit.
    """

    held: tuple[Held, ...]
    offers: tuple[Offer, ...] = ()
    problems: tuple[DataError, ...] = field(default_factory=tuple)
    doubts: tuple[Finding, ...] = ()

    @property
    def parts(self) -> Iterator[Part]:
        return (part for one in self.held for part in one.parts)


def inspect(words: Sequence[str], asking: Asking, watch: Watch, threads: int) -> Inspection:
    """Looks at all that some words name.

    Args:
        words: FILE[:KEY], as the inputs of a loss are.
        asking: How.
        watch: Who wants to know how far it is.
        threads: How many cores may work.

    Raises:
        LosscliError: a file is missing, or cannot be read.
    """
    asking.check()
    refs = [locate({"inspect": word}, data=asking.data)["inspect"] for word in words]
    if asking.stack and not any(ref.many for ref in refs):
        raise UsageError(
            "--stack makes a row of every file of a pattern or a directory, and no word is one"
        )
    reading = Reading(
        asking.header,
        threads,
        watch=watch,
        expansion=asking.max_expansion,
        missing=asking.missing == "omit",
    )
    files = Files(refs, reading, asking.input_format, asking.limit, stack=asking.stack)
    held = tuple(files.held(ref) for ref in refs)
    parts = [part for one in held for part in one.parts]
    return Inspection(held, *_judged(parts, asking, watch))


def _judged(
    parts: Sequence[Part], asking: Asking, watch: Watch
) -> tuple[tuple[Offer, ...], tuple[DataError, ...], tuple[Finding, ...]]:
    """Commands, why there are none, and what may be doubted of arrays: alone, and together."""
    doubts = [finding for part in parts for finding in alone(part)]
    found: list[Offer] = []
    problems: list[DataError] = []
    unsure: list[DataError] = []
    for pair in pairs(parts) if len(parts) > 1 else []:
        offered, said = _fitting(pair, asking, watch)
        found += offered
        failed = [one for one in said if isinstance(one, DataError)]
        (problems if pair.sure else unsure).extend(failed)
        more = [one for one in said if isinstance(one, Finding)]
        codes = {one.code for one in more}
        doubts = [*(one for one in doubts if one.code not in codes), *more]
    empty = [part for part in parts if part.field is not None and 0 in part.shape]
    problems += [*unsure, *map(_empty, empty)] if not found else []
    return tuple(found), tuple(problems), tuple(doubts)


def _empty(part: Part) -> DataError:
    return DataError(f"{part.argument} has shape {part.shape}: nothing to average", code="empty")


def _fitting(
    pair: Pair, asking: Asking, watch: Watch
) -> tuple[list[Offer], list[DataError | Finding]]:
    """Commands for a pair, and what the first would say; if no loss takes it, why."""
    apart = _unpaired(pair)
    if apart:
        return [], [apart]
    found = offers(pair, asking.words, Settings(limit=asking.limit))
    given = {"limit": asking.limit, "threads": asking.threads, "missing": asking.missing}
    if not found:
        return [], [_refusal(pair, given, watch)]
    best = found[0]
    if not pair.sure:
        return found, []
    return found, [*judged(best.words[1], best.kind, pair, {**given, **best.given}, watch)]


def _refusal(pair: Pair, given: Mapping[str, Any], watch: Watch) -> DataError:
    """Why no loss takes a pair: its shapes, else what the likeliest says of its values."""
    error = refusal(pair)
    wish = next(wishes(pair), None)
    if error.code != "values" or wish is None:
        return error
    return refused(wish.loss, wish.kind, pair, given, watch) or error


def _unpaired(pair: Pair) -> DataError | None:
    """Why files that are rows are none of each other's."""
    sides = {"prediction": pair.prediction.files, "target": pair.target.files}
    if not all(sides.values()):
        return None
    try:
        paired(sides)
    except DataError as error:
        return error
    return None
