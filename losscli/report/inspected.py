"""What files hold, as tables and commands, or as JSON."""

from __future__ import annotations

import json as encoder
from math import isfinite
from typing import TYPE_CHECKING, Any

from losscli.facts import FEW
from losscli.formats.base import OPEN
from losscli.inspection.looks import cannot, look, words
from losscli.inspection.uses import uses
from losscli.report.tables import add, render, table
from losscli.report.text import clean, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.errors import DataError, Finding
    from losscli.inspection import Inspection, Part

LINES = 20
"""So many lines say what values cannot be."""


def screen(found: Inspection, *, colour: bool) -> str:
    """All of it for people; the last lines can be pasted into a shell."""
    tables = [_held(found)]
    against = [line for part in found.parts for line in cannot(part)]
    if against:
        made = table("not", "because")
        for what, finding in against[:LINES]:
            add(made, what, finding.message)
        if len(against) > LINES:
            add(made, "…", f"and {len(against) - LINES} more")
        tables.append(made)
    told = {finding.message for _, finding in against}
    doubts = [finding for finding in found.doubts if finding.message not in told]
    if doubts:
        made = table("doubt", "because")
        for finding in doubts:
            add(made, finding.code, _because(finding))
        tables.append(made)
    lines = []
    if not found.offers:
        for part in found.parts:
            lines += [f"{part.argument}: {use.words}" for use in uses(part)]
    for part in found.parts:
        if part.problem is not None:
            lines += _told("cannot be read", part.problem)
    for problem in found.problems:
        lines += _told("no loss fits", problem)
    return (
        render(tables, colour=colour) + "".join(f"{clean(one)}\n" for one in lines) + _offers(found)
    )


def _because(finding: Finding) -> str:
    return f"{finding.message}; {finding.hint}" if finding.hint else finding.message


def _told(what: str, error: DataError) -> list[str]:
    return [f"{what}: {error.message}", *([f"hint: {error.hint}"] if error.hint else [])]


def _held(found: Inspection) -> Any:
    made = table("holds", "shape", "dtype", "min", "mean", "max", "looks like", right=(3, 4, 5))
    for held in found.held:
        for part in held.parts:
            facts = part.known.facts
            numbers = facts.count > facts.nan
            spread = (facts.low, facts.mean, facts.high) if numbers else ()
            shape = str(part.shape).replace(str(OPEN), "?")  # rows differ there
            shape = shape.replace(" ", "") if len(part.shape) > 1 else shape
            cells = [*map(short, spread)] or ["", "", ""]
            add(made, part.argument, shape, part.dtype, *cells, _looks(part))
        if held.more:
            add(made, f"… and {held.more:,} more", "", "", "", "", "", "")
    return made


def _looks(part: Part) -> str:
    if part.field is None:
        return "see below"
    nan, missing = part.known.facts.nan, part.known.missing
    more = f"; {nan:,} NaN" if nan and part.known.facts.count > nan else ""
    return words(part) + more + (f"; {missing:,} missing" if missing else "")


def _offers(found: Inspection) -> str:
    """The commands, each below its reason."""
    lines: list[str] = []
    for one in found.offers:
        also = f"; the same words fit {', '.join(one.also)}" if one.also else ""
        lines += [f"{one.words[1]}: {clean(one.why)}{also}", f"  {one.command}"]
    return "".join(f"{line}\n" for line in lines)


def json(found: Inspection) -> str:
    """All of it for programs: one object."""
    shown = {
        "schema": 1,
        "arrays": [_array(part) for part in found.parts],
        "more": sum(held.more for held in found.held),
        "commands": [
            {"command": one.command, "words": one.words, "why": one.why, "also": one.also}
            for one in found.offers
        ],
        "doubts": [{"level": one.level, **one.to_dict()} for one in found.doubts],
        "problems": [_problem(one) for one in found.problems],
        "notes": [
            {"code": code, "message": message}
            for held in found.held
            for code, message in held.notes
        ],
    }
    return encoder.dumps(shown, allow_nan=False) + "\n"


def _problem(error: DataError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "hint": error.hint}


def _array(part: Part) -> dict[str, Any]:
    """One array, with what is known of it."""
    facts, tallies = part.known.facts, part.known.tallies
    numbers = facts.count > facts.nan
    infinite = tallies["infinite"].count if "infinite" in tallies else 0
    return {
        "path": None
        if part.word.startswith("[") and part.field and not part.field.path
        else part.word,
        "key": part.key,
        "shape": [None if size == OPEN else size for size in part.shape],
        "dtype": part.dtype,
        "columns": [*part.columns[:LINES]] or None,
        "count": facts.count + part.known.texts,
        "min": _number(facts.low) if numbers else None,
        "mean": _number(facts.mean) if numbers else None,
        "max": _number(facts.high) if numbers else None,
        "nan": facts.nan,
        "missing": part.known.missing,
        "infinite": infinite,
        "values": _values(part),
        "like": None if part.field is None else look(part).value,
        "words": None if part.field is None else words(part),
        "uses": [
            {"as": one.kind, "losses": one.losses, "against": one.against} for one in uses(part)
        ],
        "cannot": [
            {
                "be": what,
                "code": finding.code,
                "message": finding.message,
                "index": finding.index,
                "count": finding.count,
            }
            for what, finding in cannot(part)
        ],
        "problem": None if part.problem is None else _problem(part.problem),
    }


def _values(part: Part) -> list[dict[str, Any]] | None:
    """The different values with how often each occurs, if they are few."""
    counts: Mapping[Any, int] | None = (
        part.known.names if part.known.texts else part.known.facts.values
    )
    if not counts or len(counts) > FEW:
        return None
    return [
        {"value": one if isinstance(one, str) else _number(one), "count": count}
        for one, count in counts.items()
    ]


def _number(value: float) -> float | str:
    """A number as JSON has it, or the name of one that it lacks."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
