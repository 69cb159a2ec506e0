"""One line for each result; with reduction "none", one for each element."""

from __future__ import annotations

import csv as writer
import io
import json
from typing import TYPE_CHECKING, Any

from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.result import Result


def tsv(result: Result) -> Iterator[str]:
    """Separated by tabs, without a header: see :func:`_cells` for the order."""
    yield from _separated(result, "\t")


def csv(result: Result) -> Iterator[str]:
    """Separated by commas, without a header: see :func:`_cells` for the order."""
    yield from _separated(result, ",")


def jsonl(result: Result) -> Iterator[str]:
    """The JSON object, or one {"index", "loss"} for each element."""
    if result.reduction != "none":
        yield json.dumps(result.to_dict(), allow_nan=False)
        return
    from losscli.result import plain

    for index, loss in _elements(result):
        yield json.dumps({"index": list(index), "loss": plain(loss)}, allow_nan=False)


def _separated(result: Result, delimiter: str) -> Iterator[str]:
    if result.reduction == "none":
        rows: Any = ([*index, repr(loss)] for index, loss in _elements(result))
    else:
        rows = [_cells(result)]
    for row in rows:
        line = io.StringIO()
        writer.writer(line, delimiter=delimiter, lineterminator="").writerow(row)
        yield line.getvalue()


def _cells(result: Result) -> list[str]:
    """Loss, value, reduction, denominator, count, std, accuracy, signature."""
    numbers = (result.denominator, result.stats["count"], result.stats["std"], result.accuracy)
    shown = ["" if number is None else repr(number) for number in numbers]
    return [result.loss, repr(result.value), result.reduction, *shown, result.signature]


def _elements(result: Result) -> Iterator[tuple[tuple[int, ...], float]]:
    if result.elements is None:
        return
    for index, loss in np.ndenumerate(result.elements):
        yield index, float(loss)
