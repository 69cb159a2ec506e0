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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from exact import ABOVE, BELOW, DEFINITIONS, LEAST, Definition
from mpmath import mpf
from tables import machine

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
    pairs = [*product(definition.predictions, definition.targets)]
    (x, whole), (y, part) = (rounded(values, dtype) for values in zip(*pairs, strict=True))
    one_limit = ~(infinite(x) & infinite(y))
    kept = whole & part & one_limit
    given = {definition.kind: x[kept], "target": y[kept]}
    found = evaluate(definition.loss, **given, reduction="none", **definition.options).elements
    error = absolute = 0.0
    where = ""
    for one, other, own in zip(x[kept].tolist(), y[kept].tolist(), found, strict=True):
        for value, exact in compared(definition, one, other, own):
            distance = apart(value, exact, 0.0)
            absolute = max(absolute, apart(value, exact, 1.0))
            if distance > error:
                error = distance
                told = f"{float(value):.9g}, not {float(exact):.9g}"
                where = f"{shown(one)}, {shown(other)}: {told}"
    return Worst(error, absolute, where)


def infinite(values: torch.Tensor) -> torch.Tensor:
    return values.isinf().reshape(len(values), -1).any(1)


def compared(definition: Definition, x: Any, y: Any, found: Any) -> Iterator[tuple[Any, Any]]:
    """What was found and what is exact, where there is a limit."""
    near = definition.formula(at(x, FAR[0]), at(y, FAR[0]))
    endless = np.isinf(x).any() or np.isinf(y).any()
    far = definition.formula(at(x, FAR[1]), at(y, FAR[1])) if endless else near
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
    said = [
        [words.get(x, x) for x in one] if isinstance(one, tuple) else words.get(one, one)
        for one in values
    ]
    if all(isinstance(one, int) for one in said):
        return torch.tensor(said), torch.ones(len(said), dtype=torch.bool)
    wide = torch.tensor(said, dtype=torch.float64)
    found = wide.to(dtype)
    held = ((found == 0) == (wide == 0)) & (found.isinf() == wide.isinf())
    return found, held.reshape(len(said), -1).all(1)


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
    options = "".join(f", {key} {value:g}" for key, value in definition.options.items())
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
    for definition in DEFINITIONS:
        if given.only in ("", definition.loss):
            lines.append(row(definition))
            print(lines[-1], flush=True)
    defined = {definition.loss for definition in DEFINITIONS}
    left = f"Without a definition: {', '.join(sorted(set(losses) - defined)) or 'none'}."
    text = "\n".join([machine(), "", *lines, "", left, ""])
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "extremes.md").write_text(text)
    print(left)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
