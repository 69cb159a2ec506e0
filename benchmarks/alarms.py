"""How often checks raise a false alarm, and how often they find what was planted.

    python benchmarks/alarms.py --sets 4000 --output benchmarks/results

Healthy data come from real models on real data (healthy.py) and from what is only unusual
(unusual.py), at random sizes, splits and options. A set alarms where any of its losses does.
Mistakes are planted in data of several sizes (planted.py). ``--tune`` takes other seeds, to look at
while a criterion is chosen: what it finds is no measurement.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from healthy import MODELS, Ask
from planted import PLANTED, SIZES, planted
from tables import machine
from unusual import UNUSUAL

from losscli import evaluate
from losscli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SOURCES = {**MODELS, **UNUSUAL}
MEASURED, TUNED = 1, 2
"""What seeds begin with: sets that are looked at to choose a threshold are none that count."""


class Alarm(NamedTuple):
    """A warning on healthy data."""

    code: str
    source: str
    seed: int
    loss: str
    message: str


def healthy(source: str, stage: int, seed: int) -> list[Ask]:
    """One data set: the same for the same seed."""
    number = [*SOURCES].index(source)
    np.random.seed(1_000_003 * stage + 10_007 * number + seed)  # noqa: NPY002 — what models draw from
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a model has not learned all it could
        return SOURCES[source](np.random.default_rng([stage, number, seed]))


def alarms(sources: Iterable[str], stage: int, seeds: range) -> Iterator[Alarm | None]:
    """The warnings of each set, and then None: it is done."""
    for seed in seeds:
        for source in sources:
            for ask in healthy(source, stage, seed):
                for code, message in _said(ask):
                    if not _true(code, ask):
                        yield Alarm(code, source, seed, ask.loss, message)
            yield None


def _said(ask: Ask) -> list[tuple[str, str]]:
    """The warnings of a question, or why it was refused."""
    try:
        return [(one.code, one.message) for one in evaluate(ask.loss, **ask.given).warnings]
    except DataError as refusal:
        return [(f"refused: {refusal.code}", str(refusal))]


def _true(code: str, ask: Ask) -> bool:
    """Whether a warning states what anyone can see in the data, and suspects nothing."""
    probs, target = (ask.given.get(name) for name in ("probs", "target"))
    if code == "clamped":
        return bool((((probs == 0) & (target > 0)) | ((probs == 1) & (target < 1))).any())
    if code == "impossible":
        hot = target if np.ndim(target) > 1 else np.eye(probs.shape[1])[target]
        return bool(((probs == 0) & (hot > 0)).any())
    return False


def false_alarms(found: Iterable[Alarm | None], codes: Iterable[str]) -> tuple[list[str], int]:
    """The lines of the table, and how many sets there were."""
    sets, hit = 0, {code: set() for code in codes}
    for one in found:
        if one is None:
            sets += 1
        else:
            hit.setdefault(one.code, set()).add((one.source, one.seed))
    lines = ["| check | sets that alarm | rate | 95 % below | in |", "|---|---|---|---|---|"]
    for code, where in hit.items():
        by = Counter(source for source, _ in where).most_common(3)
        told = ", ".join(f"{source} ({count})" for source, count in by)
        most = _most(len(where), sets)
        lines.append(f"| {code} | {len(where)} | {len(where) / sets:.3%} | {most:.3%} | {told} |")
    return lines, sets


def _most(hits: int, count: int) -> float:
    """The rate above which so few hits would be seen in one of twenty (Clopper and Pearson)."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, hits + 1, count - hits)) if hits < count else 1.0


def power(repeats: int, stage: int) -> list[str]:
    """How often what was planted is found, by how many rows there are."""
    lines = ["| check | planted | " + " | ".join(f"{size:,}" for size in SIZES) + " |"]
    lines.append("|---" * (len(SIZES) + 2) + "|")
    for name, mistake in PLANTED.items():
        cells = []
        for size in SIZES:
            hits = 0
            for seed in range(max(1, repeats if size < 10**4 else repeats // 4)):
                ask = planted(name, size, [stage, size, seed])
                hits += any(code == mistake.code for code, _ in _said(ask))
            cells.append(f"{hits / max(1, repeats if size < 10**4 else repeats // 4):.0%}")
        lines.append(f"| {mistake.code} | {name} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", type=int, default=3800, help="healthy data sets, in all")
    parser.add_argument("--repeats", type=int, default=20, help="planted ones of a kind and size")
    parser.add_argument("--only", default="", help="sources whose names contain this")
    parser.add_argument("--tune", action="store_true", help="other seeds, and each alarm is shown")
    parser.add_argument("--output", type=Path, help="the folder for alarms.md")
    given = parser.parse_args()
    stage = TUNED if given.tune else MEASURED
    sources = [one for one in SOURCES if given.only in one]
    found = []
    for one in alarms(sources, stage, range(max(1, given.sets // len(sources)))):
        found.append(one)
        if one and given.tune:
            print(*one, sep="  ", flush=True)
    codes = dict.fromkeys(one.code for one in PLANTED.values())
    lines, sets = false_alarms(found, codes)
    page = [f"{sets:,} healthy sets of {len(sources)} sources. {machine()}", "", *lines]
    if given.repeats:
        page += ["", "Found of what was planted, by rows:", "", *power(given.repeats, stage)]
    print(*page, sep="\n")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "alarms.md").write_text("\n".join(["# False alarms", "", *page, ""]))


if __name__ == "__main__":
    main()
