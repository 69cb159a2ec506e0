"""How exact the losses are where floats are at their ends: python benchmarks/extremes.py --help.

Each loss of each prediction and target of a grid, which reaches from the smallest number to
infinity, is compared with its definition (exact.py) in mpmath, at so many digits that nothing
cancels. What counts is the largest error, in units of the last place of the result; an error is
infinite where NaN, infinity or a finite number is found instead of another of the three.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import product
from math import inf, isinf, isnan
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from exact import ABOVE, BELOW, DEFINITIONS, LEAST, Definition
from exact_rows import OF_ROWS
from mpmath import mpf
from tables import keep, machine

from losscli import evaluate, losses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DTYPES = {name: getattr(torch, name) for name in ("float32", "float64", "float16", "bfloat16")}
FAR = mpf(10) ** 330, mpf(10) ** 335
"""Infinity, on the way to the limit."""


class Worst(NamedTuple):
    """The largest error of a loss.

    Attributes:
        error: In units of the last place.
        absolute: The largest in units of the last place of 1, or of the result if that is larger.
        where: What has the largest error.
    """

    error: float = 0.0
    absolute: float = 0.0
    where: str = ""

    def __str__(self) -> str:
        if self.error < 1e3 or self.error == inf:
            return f"{self.error:.1f}"
        return f"{self.error:.0e} ({self.absolute:.1f})"


def shown(value: Any) -> str:
    return f"({', '.join(map(shown, value))})" if isinstance(value, list) else f"{value:.9g}"


def worst(definition: Definition, dtype: torch.dtype) -> Worst:
    """The largest error of a loss in a dtype."""
    names = [definition.kind, definition.second, *definition.beside]
    values = [definition.predictions, definition.targets, *definition.beside.values()]
    columns = zip(*product(*values), strict=True)
    made, fits = zip(*(rounded(column, dtype) for column in columns), strict=True)
    one_limit = torch.stack([infinite(column) for column in made]).sum(0) < 2
    kept = torch.stack(fits).all(0) & one_limit
    given = {name: column[kept] for name, column in zip(names, made, strict=True)}
    rows = [*zip(*(column.tolist() for column in given.values()), strict=True)]
    error = absolute = 0.0
    where = ""
    for row, own in zip(rows, losses_of(definition, given), strict=True):
        for value, exact in compared(definition, row, own):
            distance = apart(value, exact, 0.0)
            absolute = max(absolute, apart(value, exact, 1.0))
            if distance > error:
                error = distance
                told = f"{float(value):.9g}, not {float(exact):.9g}"
                where = f"{shorten(', '.join(map(shown, row)), 120, placeholder='…')}: {told}"
    return Worst(error, absolute, where)


def losses_of(definition: Definition, given: dict[str, torch.Tensor]) -> Iterator[Any]:
    """The losses of each combination of values: of one question, or of one for each.

    Those of sums over all rows are doubles, whatever the inputs are.
    """
    double = any(column.dtype is torch.float64 for column in given.values())
    options = {"reduction": "none", **definition.options}
    if definition.whole:
        for values in zip(*given.values(), strict=True):
            one = dict(zip(given, values, strict=True))
            found = evaluate(definition.loss, **one, **options).elements
            yield found if double else found.astype(np.float32)
    else:
        yield from evaluate(definition.loss, **given, **options).elements


def infinite(values: torch.Tensor) -> torch.Tensor:
    return values.isinf().reshape(len(values), -1).any(1)


def compared(definition: Definition, row: Sequence[Any], found: Any) -> Iterator[tuple[Any, Any]]:
    """What was found and what is exact, where there is a limit."""
    near = definition.formula(*(at(one, FAR[0]) for one in row))
    endless = any(np.isinf(one).any() for one in row)
    far = definition.formula(*(at(one, FAR[1]) for one in row)) if endless else near
    if not isinstance(near, list):
        near, far, found = [near], [far], [found]
    for value, one, other in zip(found, near, far, strict=True):
        diverges = abs(other) > abs(one) + 1
        yield value, (inf if other > 0 else -inf) if diverges else one


def at(value: Any, size: mpf) -> Any:
    """A number, or a row of them, for mpmath; a class stays what it is."""
    if isinstance(value, list):
        return tuple(at(one, size) for one in value)
    if isinstance(value, int):
        return value
    return (size if value > 0 else -size) if isinf(value) else mpf(value)


def rounded(values: Sequence[Any], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """As a tensor, of classes and labels or in a dtype, and which of them the dtype can hold."""
    info = torch.finfo(dtype)
    words = {LEAST: info.smallest_normal * info.eps, BELOW: 1 - info.eps / 2, ABOVE: 1 + info.eps}
    said = [spelled(one, words) for one in values]
    if all(isinstance(one, int) for one in said):
        return torch.tensor(said), torch.ones(len(said), dtype=torch.bool)
    wide = torch.tensor(said, dtype=torch.float64)
    found = wide.to(dtype)
    held = ((found == 0) == (wide == 0)) & (found.isinf() == wide.isinf())
    return found, held.reshape(len(said), -1).all(1)


def spelled(value: Any, words: dict[str, float]) -> Any:
    """A number, or rows of them, without the words."""
    if isinstance(value, tuple):
        return [spelled(one, words) for one in value]
    return words.get(value, value)


def apart(found: np.floating[Any], exact: Any, least: float) -> float:
    """How far a number is from the exact one, in units of its last place, or of that of least."""
    dtype = found.dtype
    with np.errstate(over="ignore", under="ignore"):
        nearest = dtype.type(float(exact))
    if isnan(found) or isinf(found) or isinf(nearest):
        return 0.0 if found == nearest else inf
    unit = np.spacing(max(abs(nearest), dtype.type(least)))
    return float(abs(mpf(float(found)) - exact) / mpf(float(unit)))


def row(definition: Definition) -> str:
    """A loss in all dtypes, as a row of a table."""
    found = {name: worst(definition, dtype) for name, dtype in DTYPES.items()}
    given = definition.options.items()
    options = "".join(f", {key} {one:g}" for key, one in given if isinstance(one, (int, float)))
    cells = [f"`{definition.loss}` {definition.kind}{options}", *map(str, found.values())]
    return "| " + " | ".join([*cells, *(found[name].where for name in [*DTYPES][:2])]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="a loss")
    parser.add_argument("--output", type=Path, help="folder for extremes.md")
    given = parser.parse_args()
    lines = [
        "| loss | " + " | ".join(DTYPES) + " | worst of float32 | worst of float64 |",
        "|---" * (len(DTYPES) + 3) + "|",
    ]
    print("\n".join(lines))
    every = [*DEFINITIONS, *OF_ROWS]
    assert {definition.loss for definition in every} == set(losses), "a loss has no definition"
    for definition in every:
        if given.only in ("", definition.loss):
            lines.append(row(definition))
            print(lines[-1], flush=True)
    text = "\n".join([machine(), "", *lines, ""])
    keep(text, given.output, "extremes")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
