"""From a question to its files: each of them opened once, with all that is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli import ensembles, inputs
from losscli.cores import cores
from losscli.formats.base import Reading
from losscli.picking import Asked, Picking
from losscli.question import BESIDE, Fields
from losscli.registry import TARGETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.formats.base import Field
    from losscli.question import Question

PACKED = {"token_log_probs": False, "bytes": True}
"""The inputs that are sequences of several lengths, and whether texts are taken for their size."""

STATES = ("state",)
"""The inputs of which each is all arrays of a module."""

_SIDES = (*BESIDE, *TARGETS)


def open_fields(question: Question) -> Fields:
    """Finds and opens the files of a question: each of them once.

    Raises:
        FileError: a file is missing or cannot be read.
        DataError: it cannot be parsed, or has no such key.
    """
    settings = question.settings
    members = question.members
    formats = inputs.parse_formats(settings.input_format, tuple(question.words))
    formats |= {name: formats[question.kind] for name in members if question.kind in formats}
    words = ensembles.worded(question.words, question.kind, members)
    refs = inputs.locate(words, data=settings.data)
    asked = Asked.of(settings.key, settings.unmatched, settings.where)
    reading = Reading(
        settings.header,
        settings.threads or cores(),
        watch=question.watch,
        expansion=settings.max_expansion,
        missing=settings.missing == "omit",
        also=asked.columns,
        ids=tuple({*asked.ours, *asked.theirs}),
    )
    small = tuple(name for name in refs if name in question.loss.options)
    rows = (*(members or (question.kind,)), *(name for name in refs if name in _SIDES))
    picking = Picking(asked, rows, small, reading.store, question.loss.target.holds)
    opened = inputs.open_fields(
        refs,
        formats=formats,
        reading=reading,
        stack=settings.stack,
        picking=picking,
        states=STATES,
        packed=PACKED,
    )
    found = dict(opened.fields)
    several = tuple(found.pop(name) for name in members)
    found |= {question.kind: several[0]} if several else {}
    wanted = [one for name in question.inputs for one in _parts(name, found)]
    named = {name: found.pop(name) for name in wanted}
    sides = {"target" if name in TARGETS else name: one for name, one in named.items()}
    sides = {"prediction": sides.pop(question.kind), **sides}
    return Fields(sides, found, tuple(opened.notes), several, opened.ids)


def _parts(name: str, found: Mapping[str, Field]) -> list[str]:
    """The fields of an input: those of all of its arrays, of a module."""
    return [one for one in found if one.startswith(f"{name}.")] if name in STATES else [name]
