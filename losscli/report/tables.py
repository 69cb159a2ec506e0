"""The first screen: what a quick check wants to know, in 80 columns and some 22 lines."""

from __future__ import annotations

import io
from itertools import zip_longest
from math import isfinite
from pathlib import PurePath
from typing import TYPE_CHECKING

from losscli.baselines import compared, untrained
from losscli.formats.base import OPEN
from losscli.report.text import brief, clean, counted, figure, percent, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from losscli.checks import Facts
    from losscli.elements import Element
    from losscli.ensembles import Ensemble
    from losscli.report.look import Look
    from losscli.result import Input, Result

SHOWN = ("0.25", "0.5", "0.75", "0.99")
"""The quantiles that have a column."""

WIDE = 10_000
"""No number is cut and no message wrapped: the terminal does that, if it must."""


def screen(result: Result, look: Look) -> str:
    """All tables of a result. Where a terminal is too narrow, files are without their folders."""
    tables = [_inputs(result), _measures(result)]
    tables += [_members(result.ensemble)] if result.ensemble else []
    if look.width is not None and _widest(tables[0]) > look.width:
        tables[0] = _inputs(result, folders=False)
    if result.stats["count"] > 1:
        tables.append(_spread(result))
    if look.histogram:
        from losscli.report.histogram import histogram

        tables.append(histogram(result.stats, look))
    if look.reductions or result.batches is not None:
        from losscli.report.reduced import reduced

        tables.append(reduced(result))
    tables += [_elements(result)] if result.first or result.worst else []
    return _headline(result, colour=look.colour) + render(tables, colour=look.colour)


def _widest(one: Table) -> int:
    return max(map(len, render([one], colour=False).splitlines()))


def render(tables: Sequence[Table], *, colour: bool) -> str:
    """Tables as text, without trailing blanks."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        width=WIDE,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    for table in tables:
        console.print(table)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


def table(*headings: str, right: Sequence[int] = ()) -> Table:
    """An empty table in the one style of losscli."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for place, heading in enumerate(headings):
        justify = "right" if place in right else "left"
        made.add_column(Text(clean(heading)), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return made


def add(made: Table, *cells: str, style: str | None = None) -> None:
    """A row of plain text: nothing in it is markup."""
    from rich.text import Text

    made.add_row(*(Text(clean(cell)) for cell in cells), style=style)


def _headline(result: Result, *, colour: bool) -> str:
    count = result.stats["count"]
    if result.value is None:
        main = f"{result.loss}  {count:,} unreduced losses"
    else:
        main = f"{result.loss}  {figure(result.value)}"
        plain = result.value == result.stats["mean"] and not result.finish
        if plain and isfinite(result.stats["stderr"]):
            main += f" ± {brief(result.stats['stderr'])} s.e."
    main = f"\x1b[1m{main}\x1b[0m" if colour else main
    return f"{main}   {_how(result)}{_better(result)}\n"


def _how(result: Result) -> str:
    """How the number came to be, in a few words."""
    count = result.stats["count"]
    unit = f", {result.unit}" if result.unit else ""
    unit += f", of the {result.ensemble}" if result.ensemble else ""
    finish = f"{result.finish} of the " if result.finish else ""
    if result.reduction == "none":
        return f"mean {figure(result.stats['mean'])}{unit}"
    if result.denominator is None:
        return f"sum of {count:,}{unit}"
    if result.over:
        word = f" {result.over}" if result.over.isalpha() else ""
        over = counted(result.denominator, ",") + word
        return f"{finish}sum of {count:,} over {over}{unit}"
    if result.denominator == count:
        return f"{finish}{result.reduction} of {count:,}{unit}"
    if result.reduction == "batchmean":
        rows = "row" if result.denominator == 1 else "rows"
        return f"{finish}batchmean over {counted(result.denominator, ',')} {rows}{unit}"
    return f"{finish}weighted mean of {count:,}{unit}"


def _better(result: Result) -> str:
    """How it compares with what guessing costs."""
    found = compared(result.value, result.guess, share=result.share)
    return f" · {found} {result.by}" if found else ""


def _inputs(result: Result, *, folders: bool = True) -> Table:
    made = table("input", "file", "shape", "dtype", "min", "mean", "max", "values", right=(4, 5, 6))
    for one in result.inputs:
        low, mean, high, values = _range(one)
        shape = str(one.shape).replace(str(OPEN), "?")  # rows differ there
        shape = shape.replace(" ", "") if len(one.shape) > 1 else shape
        name, file = one.name.replace("_", "-"), _file(one, folders=folders)
        if result.ensemble and one.name == result.kind:
            file = f"the mean of {len(result.ensemble.members)}"
        add(made, name, file, shape, one.dtype, low, mean, high, values)
    return made


def _file(one: Input, *, folders: bool) -> str:
    if one.path is None:
        return "array"
    path = one.path if folders else PurePath(one.path).name
    return path if one.key is None else f"{path}:{one.key}"


def _range(one: Input) -> tuple[str, str, str, str]:
    facts = one.facts
    if facts is None or facts.count == facts.nan:
        return "", "", "", "names" if facts is None and one.dtype.startswith("<U") else ""
    return short(facts.low), short(facts.mean), short(facts.high), _values(one.name, facts)


def _values(name: str, facts: Facts) -> str:
    """What the values look like: which ones, if they are few."""
    if facts.values and len(facts.values) <= 4:
        names = ", ".join(f"{value:g}" for value in facts.values)
        return f"{{{names}}}: {', '.join(map(str, facts.values.values()))}"
    if facts.values and all(float(value).is_integer() for value in facts.values):
        return f"{len(facts.values)} values"
    if name != "logits":
        return ""
    if not facts.outside:
        return "all in [0, 1]"
    return f"{percent(facts.outside / facts.count)} outside [0, 1]"


_OTHER = {("batchmean", "batchmean"): "mean", ("batchmean", "mean"): "batchmean"}
"""What is shown beside a reduction, where the usual one of the loss is not that of others."""


def _measures(result: Result) -> Table:
    made = table("measure", "value", "how", "guessing", right=(1, 3))
    guess = "" if result.guess is None else figure(result.guess)
    total = f"sum {figure(result.stats['sum'])}"
    if result.shared:
        total = f"sum of {result.shared}"
    if result.denominator is not None:
        total += f" / {counted(result.denominator)}"
    if result.finish:
        total = f"{result.finish}({total})"
    if other := _OTHER.get((result.usual, result.reduction)):
        total += f"; {other} {figure(result.reductions[other]['value'])}"
    value = result.stats["mean"] if result.value is None else result.value
    add(made, "loss", figure(value), total, guess)
    found = [result.report.accuracy] if result.report.accuracy else []
    for measure in (*found, *result.report.metrics):
        if measure.shown:
            guess = "" if measure.guess is None else figure(measure.guess)
            name = measure.name.replace("_", " ")
            add(made, name, figure(measure.value), measure.how, guess)
    if result.slopes is not None:
        add(made, "gradient", figure(result.slopes.norm), _steepest(result), "")
    even = untrained(value, result.guess, result.even)
    remarks = [("equal scores", even)] if even else []
    for name, text in (*remarks, *result.report.remarks):
        add(made, name, "", text, "")
    return made


def _members(ensemble: Ensemble) -> Table:
    """How well each member of an ensemble does alone."""
    hits = ensemble.members[0].result.accuracy is not None
    made = table("alone", "file", "loss", *(["accuracy"] if hits else []), right=(2, 3))
    for one in ensemble.members:
        accuracy = [] if one.result.accuracy is None else [figure(one.result.accuracy)]
        name = one.input.name.replace("_", "-")
        add(made, name, _file(one.input, folders=True), figure(one.value), *accuracy)
    return made


def _steepest(result: Result) -> str:
    """The norm of the gradient in words, and its largest entry."""
    assert result.slopes is not None
    inputs = " and ".join(result.slopes.arrays).replace("_", "-")
    text = f"norm of that by {inputs}"
    for one in result.slopes.largest[:1]:
        name = "" if len(result.slopes.arrays) == 1 else one.input.replace("_", "-") + " "
        text += f", largest {brief(one.value)} at {name}{list(one.index)}"
    return text


def _spread(result: Result) -> Table:
    quantiles = [point for point in SHOWN if point in result.stats["quantiles"]]
    names = [f"{float(point):.0%}" for point in quantiles]
    made = table("loss of each", "std", "min", *names, "max", right=range(1, 4 + len(names)))
    values = [result.stats["quantiles"][point] for point in quantiles]
    shown = (result.stats["std"], result.stats["min"], *values, result.stats["max"])
    add(made, "", *map(brief, shown))
    return made


def _elements(result: Result) -> Table:
    """The first and the worst elements, side by side."""
    left = ("first", *result.headings, "loss") if result.first else ()
    right = ("worst", *result.headings, "loss", "of sum") if result.worst else ()
    gap = ("",) if left and right else ()
    size = len(left) + len(gap) + len(right)
    made = table(*left, *gap, *right, right=range(size))
    worst = list(_with_share(result))
    for first, last in zip_longest(map(_cells, result.first), worst, fillvalue=None):
        ours = first or ([""] * len(left))
        theirs = last or ([""] * len(right))
        add(made, *ours, *gap, *theirs)
    return made


def _cells(element: Element) -> list[str]:
    return [element.shown, *element.cells, brief(element.loss)]


def _with_share(result: Result) -> Iterator[list[str]]:
    total = result.stats["sum"]
    for element in result.worst:
        share = element.loss / total if total and isfinite(total) else float("nan")
        shown = percent(share) if isfinite(share) and 0 <= share <= 1 else ""
        yield [*_cells(element), shown]
