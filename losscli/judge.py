"""What is to be said of a question once all its data has been seen."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.checks import Case, Check, Tally
from losscli.checks.predictions import clamped
from losscli.doubts import Clamped, doubted
from losscli.errors import DataError, Finding, Level
from losscli.quantiles import ERROR, EXACT
from losscli.shapes import uneven
from losscli.stats import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from losscli.doubts import Whole
    from losscli.formats.base import Field
    from losscli.question import Fields, Question
    from losscli.roles import Role
    from losscli.state import State
    from losscli.stats import Sum


def judged(
    whole: Whole,
    fields: Fields,
    plain: Iterable[Finding],
    dtype: str,
    denominator: Sum | None,
) -> list[Finding]:
    """All warnings and notes.

    Args:
        whole: What was asked, and the sum of all leaves.
        fields: The inputs.
        plain: What is already known.
        dtype: What the losses were computed in.
        denominator: What their sum is divided by.

    Raises:
        DataError: an error was found, or a warning with --strict, or nothing is left to average.
    """
    question, role, total = whole.question, whole.role, whole.total
    found = [
        *question.notes,
        *fields.notes,
        *(_named(note, question) for note in role.pairing.notes),
        *plain,
        *_shards(role, fields.beside),
        *_margin(question),
        *role.findings(total.facts, {check.code for check in total.seen}),
        *_sample_weight(total),
        *_omitted(total),
        *_empty(total),
        *(_perfect(question, total) or _overflow(total, dtype)),
        *_rounded(total),
    ]
    for check in (one for one in role.checks() if one in total.seen):
        finding = check.finding(total.seen[check], _case(check, whole))
        found += [finding] if finding else []
    _raise_first(found, Level.ERROR)
    found += [] if total.unknown else doubted(total.doubts, whole)
    none = role.pairing.marks is not None and total.rows == ZERO
    if none or not total.elements.count or denominator == ZERO:
        _nothing(question, role, total)
    return heeded(found, question)


def heeded(found: Iterable[Finding], question: Question) -> list[Finding]:
    """What is found, less what --ignore leaves out.

    Raises:
        DataError: there is a warning, with --strict.
    """
    kept = [finding for finding in found if finding.code not in question.settings.ignore]
    if question.settings.strict:
        _raise_first(kept, Level.WARNING)
    return kept


def _named(note: Finding, question: Question) -> Finding:
    """A note of the shapes, which know a prediction and a target but not their kinds."""
    return replace(note, input=note.input and question.input(note.input))


def _raise_first(found: Sequence[Finding], level: Level) -> None:
    bad = [finding for finding in found if finding.level is level]
    if bad:
        strict = " (a warning, refused by --strict)" if level is Level.WARNING else ""
        raise DataError(bad[0].message + strict, hint=bad[0].hint, code=bad[0].code)


def _case(check: Check, whole: Whole) -> Case:
    """What the message of a check may speak of."""
    question, role, total = whole.question, whole.role, whole.total
    tally: Tally = total.seen[check]
    one, index = role.spot(check.on, tally.first or 0, heads=check.whole_rows)
    return Case(
        question.loss.name,
        question.kind,
        question.input(check.on),
        one.asked.fields[check.on],
        total.facts[check.on],
        index,
        one.pairing,
        question.options,
        question.settings,
        question.loss.inputs,
        Clamped.cost(whole) if check is clamped else None,
    )


def _rounded(total: State) -> list[Finding]:
    if total.sample.exact:
        return []
    message = (
        f"quantiles of more than {EXACT:,} losses are rounded: within 1 part in {1 / ERROR:.0f}"
    )
    return [Finding("quantiles-rounded", Level.NOTE, message)]


def _shards(role: Role, beside: Mapping[str, Field]) -> list[Finding]:
    """Files of two inputs that look like pairs, and are not."""
    prediction, found = role.asked.prediction, []
    for side, field in {**role.asked.fields, **beside}.items():
        differ = uneven(prediction, field)
        if differ:
            message = f"rows are paired through all files, but file by file they differ: {differ}"
            found.append(Finding("shard-rows", Level.WARNING, message, input=side))
    return found


def _margin(question: Question) -> list[Finding]:
    margin = question.options.get("margin")
    if not isinstance(margin, (int, float)) or margin >= 0:
        return []
    message = f"--margin {margin:g} is negative: scores on the wrong side may cost nothing"
    return [Finding("negative-margin", Level.WARNING, message, input="margin")]


def _sample_weight(total: State) -> list[Finding]:
    if not total.negative:
        return []
    message = f"{total.negative:,} sample weights are negative"
    return [Finding("negative-weight", Level.WARNING, message, input="sample_weight")]


def _omitted(total: State) -> list[Finding]:
    """Elements that were left out for what they hold."""
    words = {"missing": "a missing value", "nan": "NaN"}
    found = []
    for what, count in total.omitted.items():
        if count:
            elements = "1 element is" if count == 1 else f"{count:,} elements are"
            message = f"--{what} omit: {elements} left out, with {words[what]}"
            found.append(Finding(f"{what}-omitted", Level.NOTE, message, count=count))
    return found


def _empty(total: State) -> list[Finding]:
    """Batches of which a loop would have logged NaN."""
    found = total.reduced.batches
    if found.cut is None or not found.empty:
        return []
    of = f"{found.empty:,} of {found.cut.count:,} batches of {found.cut.size}"
    message = (
        f"{of} have nothing that counts: torch's mean of such a batch is NaN, and with it that of "
        f"all; the mean of the others is {found.filled:g}"
    )
    return [Finding("empty-batches", Level.WARNING, message, count=found.empty)]


def _overflow(total: State, dtype: str) -> list[Finding]:
    """Infinite losses of finite values, or an infinite sum of finite losses."""
    infinite = any(
        check.code in ("infinite", "impossible", "nan", "silent") for check in total.seen
    )
    if infinite or total.unknown or not total.numerator.special:
        return []
    what = "a loss" if math.isinf(total.extremes.high) else "the sum of the losses"
    hint = "--dtype float64 goes further" if dtype != "float64" else ""
    message = f"{what} is larger than any number of {dtype}"
    return [Finding("overflow", Level.WARNING, message, hint)]


def _perfect(question: Question, total: State) -> list[Finding]:
    """A logarithm of no error at all, which only losses in decibels take."""
    if question.loss.unit != "dB":
        return []
    mean = total.numerator.over(total.over)
    found = min(total.extremes.low, question.loss.ended(mean, question.options))
    if found != -math.inf or total.unknown:
        return []
    message = "there is no error at all, of which the logarithm is taken: the loss is -inf"
    return [Finding("perfect", Level.WARNING, message)]


def _nothing(question: Question, role: Role, total: State) -> None:
    """No element counts: torch would say NaN."""
    label = role.asked.fields.get("target", role.asked.prediction).label
    if total.elements.count and question.settings.denominator == "positives":
        hint = "--denominator 1 divides by 1, as RetinaNet does here"
        raise DataError(
            f"{label}: no target is positive: nothing to divide by", hint=hint, code="nothing"
        )
    if total.elements.count and role.pairing.marks is None:
        raise DataError(
            f"the weights of the {total.elements.count:,} elements sum to 0: nothing to average",
            code="nothing",
        )
    ignored = question.options.get("ignore_index")
    reasons = []
    if "mask" in question.words:
        reasons.append("--mask leaves it out")
    reasons += [
        f"--{name} omit leaves it out"
        for name in ("missing", "nan")
        if getattr(question.settings, name) == "omit"
    ]
    option = question.loss.options.get("ignore_index")
    if option and (not reasons or ignored != option.default):
        reasons.append(f"every target is {ignored}, the --ignore-index")
    raise DataError(
        f"{label}: no element counts ({' or '.join(reasons)}): nothing to average",
        hint="torch would answer NaN",
        code="nothing",
    )
