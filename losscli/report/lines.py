"""Text for programs: the JSON object, or one line for each result or element."""

from __future__ import annotations

import csv as writer
import io
import json as encoder
from typing import TYPE_CHECKING

from losscli.formats import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.result import Result


def json(result: Result, indent: int | None = None) -> Iterator[str]:
    """The JSON object, in pieces: the elements, which may be many, are its last value.

    Args:
        result: What to show.
        indent: Give each value a line of its own, but the elements.
    """
    text = encoder.dumps(result.summary(), allow_nan=False, indent=indent)
    if result.listed is None:
        yield text + "\n"
        return
    end = "}" if indent is None else "\n}"
    gap = ", " if indent is None else ",\n" + " " * indent
    yield f'{text.removesuffix(end)}{gap}"elements": '
    yield from texts.nested(result.listed, result.layout)
    yield end + "\n"


def jsonl(result: Result) -> Iterator[str]:
    """The JSON object, or one {"index", "loss"} for each element."""
    if result.listed is None:
        yield from json(result)
    else:
        yield from texts.jsonl(result.listed, result.layout, result.ids)


def tsv(result: Result) -> Iterator[str]:
    """Separated by tabs, without a header: see :func:`_cells` for the order."""
    yield from _separated(result, "\t")


def csv(result: Result) -> Iterator[str]:
    """Separated by commas, without a header: see :func:`_cells` for the order."""
    yield from _separated(result, ",")


def _separated(result: Result, delimiter: str) -> Iterator[str]:
    if result.listed is None:
        line = io.StringIO()
        writer.writer(line, delimiter=delimiter, lineterminator="\n").writerow(_cells(result))
        yield line.getvalue()
    else:
        yield from texts.separated(result.listed, result.layout, delimiter, result.ids)


def _cells(result: Result) -> list[str]:
    """Loss, value, reduction, denominator, count, std, accuracy, signature."""
    numbers = (result.denominator, result.stats["count"], result.stats["std"], result.accuracy)
    shown = ["" if number is None else repr(number) for number in numbers]
    return [result.loss, repr(result.value), result.reduction, *shown, result.signature]
