"""How often checks raise a false alarm, and how often they find what was planted.

    python benchmarks/alarms.py --sets 15194 --repeats 20 --output results --page docs/alarms.md

Healthy data come from real models on real data (healthy.py), from what is only unusual
(unusual.py) and from losses of other inputs (others.py), at random sizes, splits and options.
Mistakes are planted in data of several sizes (planted.py, offences.py). What is counted is kept
in the folder of results, and a later run goes on from there with the next seeds: a run that is
stopped loses one slice.
``--tune`` takes seeds that do not count, to look at while a criterion is chosen.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import numpy as np
from evident import evident
from offences import MISTAKES, SIZES, planted

from losscli import evaluate
from losscli.checks import Check
from losscli.cli.explain import CODES
from losscli.doubts import Doubt
from losscli.errors import DataError, Level
from losscli.inspection import Asking, inspect
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asking import Ask

LOOKED_AT = 8
"""Seeds begin with the number of a round. Up to this one they were looked at to choose criteria, or
are those of tests: what they find is no measurement. A round whose alarms change a criterion is
looked at from then on, and the next one is measured."""

OFTEN = 4
"""Data sets of other losses for each one of the other sources: many warnings are theirs alone."""

COUNTS = "alarms.json"

COMMAND = "python benchmarks/alarms.py --sets {sets} --repeats {repeats} --page docs/alarms.md"

CONDITIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "absent-class": lambda given: (
        "balanced" in (str(given.get("class_weight")), str(given.get("pos_weight")))
    ),
    "data-range": lambda given: "data_range" in given,
    "empty-batches": lambda given: "batch_size" in given,
    "infinite-gradient": lambda given: "grad" in given,
    "labels-converted": lambda given: "distance" in given or "input1" in given,
    "multi-hot": lambda given: np.ndim(given.get("target")) == 2,
    "nan-gradient": lambda given: "grad" in given,
    "negative-margin": lambda given: "margin" in given,
    "negative-weight": lambda given: "sample_weight" in given,
    "no-positives": lambda given: "pos_label" in given,
    "one-row": lambda given: "input2" in given,
    "overflow": lambda given: True,
    "perfect": lambda given: True,
    "same-members": lambda given: "ensemble" in given,
    "shard-rows": lambda given: "*" in str(given.get("pred")),
    "unmatched": lambda given: "unmatched" in given,
    "weight-axis": lambda given: "weight" in given,
}
"""Where warnings are asked for that are neither a check's nor a doubt's."""

FILE = "inspect: "
"""Before the code of what is doubted of one file."""

OF_FILES = (
    "constant",
    "missing-class",
    "repeated-rows",
    "saturated",
    "smoothed",
    "squashed-twice",
)
"""What may be doubted of one file."""

NO_DATA = {"broken-plugin", "plugin-name"}
"""Warnings of what is installed, and not of data."""


class Alarm(NamedTuple):
    """A warning on healthy data, which may be true all the same."""

    code: str
    source: str
    seed: int
    loss: str
    message: str
    true: bool


class Seen(NamedTuple):
    """What became of one data set: the codes that it was asked for, and its alarms."""

    source: str
    asked: set[str]
    alarms: list[Alarm]


@dataclass
class Counts:
    """What was counted in one round, so far.

    Attributes:
        round: What its seeds begin with.
        sets: How many data sets there were of each source.
        asked: In how many sets a warning was looked for, by its code.
        alarms: Every warning, and every refusal.
        power: How often what was planted was found, and of how often: by its name and its rows.
    """

    round: int
    sets: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    power: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path | None, number: int) -> Counts:
        """What a folder keeps of a round; nothing where it keeps another round."""
        path = folder and folder / COUNTS
        kept: dict[str, Any] = json.loads(path.read_text()) if path and path.exists() else {}
        if kept.get("round") != number:
            return cls(number)
        return cls(**{**kept, "alarms": [Alarm(*one) for one in kept["alarms"]]})

    def add(self, one: Seen) -> None:
        """One more data set."""
        self.sets[one.source] = self.sets.get(one.source, 0) + 1
        self.alarms += one.alarms
        for code in one.asked:
            self.asked[code] = self.asked.get(code, 0) + 1

    def keep(self, folder: Path | None) -> None:
        """Writes it down."""
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / COUNTS).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


class Source(NamedTuple):
    """Where data sets come from.

    Attributes:
        make: Makes one, with all that is asked of it.
        place: Its number among all sources, which its seeds have.
        often: How many are made for each one of others.
    """

    make: Callable[[np.random.Generator], list[Ask]]
    place: int
    often: int


@cache
def sources() -> dict[str, Source]:
    """All of them; models need scikit-learn."""
    from healthy import MODELS
    from others import OTHERS
    from unusual import UNUSUAL

    every = {**MODELS, **UNUSUAL, **OTHERS}
    often = {name: OFTEN if name in OTHERS else 1 for name in every}
    return {
        name: Source(make, place, often[name]) for place, (name, make) in enumerate(every.items())
    }


def healthy(name: str, number: int, seed: int) -> list[Ask]:
    """One data set: the same for the same round and seed."""
    source = sources()[name]
    np.random.seed(1_000_003 * number + 10_007 * source.place + seed)  # noqa: NPY002 — of models
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a model has not learned all it could
        return source.make(np.random.default_rng([number, source.place, seed]))


def seen(source: str, seed: int, asks: list[Ask]) -> Seen:
    """Asks what is asked of one healthy data set."""
    found: list[Alarm] = []
    asked: set[str] = set()
    for ask in asks:
        with _watched() as codes:
            said = _said(ask)
        asked |= codes | {code for code, meant in CONDITIONS.items() if meant(ask.given)}
        found += [
            Alarm(code, source, seed, ask.loss, message, evident(code, ask.given))
            for code, message in said
        ]
    files = {id(one): (ask, name) for ask in asks for name, one in ask.given.items() if _file(one)}
    for ask, name in files.values():
        asked |= {FILE + code for code in OF_FILES}
        found += [
            Alarm(FILE + code, source, seed, name, message, _plain(code, ask.given[name]))
            for code, message in _inspected(name, ask.given[name])
        ]
    return Seen(source, asked, found)


def _file(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.ndim > 0 and array.dtype.kind in "biuf"


def _plain(code: str, array: np.ndarray) -> bool:
    """Whether anyone can see in one array what is doubted of it."""
    return evident(code, {"pred": array, "target": np.arange(2)})


def _inspected(name: str, array: np.ndarray) -> list[tuple[str, str]]:
    """What ``losscli inspect`` doubts of a file that holds one input alone."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.npy"
        np.save(path, array)
        doubts = inspect([str(path)], Asking(), Watch(), 1).doubts
    return [(one.code, one.message) for one in doubts]


@contextmanager
def _watched() -> Iterator[set[str]]:
    """The codes of the checks and doubts that are looked into meanwhile."""
    codes: set[str] = set()
    look, finding = Check.look, Doubt.finding

    def looked(self: Check, batch: Any) -> Any:
        codes.add(self.code)
        return look(self, batch)

    def found(self: Doubt, evidence: Any, whole: Any) -> Any:
        codes.add(self.code)
        return finding(self, evidence, whole)

    with patch.object(Check, "look", looked), patch.object(Doubt, "finding", found):
        yield codes


def _said(ask: Ask) -> list[tuple[str, str]]:
    """The warnings of a question, or why it was refused."""
    try:
        return [(one.code, one.message) for one in evaluate(ask.loss, **ask.given).warnings]
    except DataError as refusal:
        return [(f"refused: {refusal.code}", str(refusal))]


def page(counts: Counts) -> list[str]:
    """The tables, and what they are of."""
    sets = sum(counts.sets.values())
    repeats = max((of for one in counts.power.values() for _, of in one.values()), default=0)
    seeds = f"of round {counts.round}, by which no criterion was chosen"
    if counts.round <= LOOKED_AT:
        seeds = f"of round {counts.round}, which criteria were chosen by: this is no measurement"
    lines = [
        "# How often a warning is wrong",
        "",
        f"Asked were {sets:,} healthy data sets of {len(counts.sets)} sources, "
        f"{min(counts.sets.values())} or more of each, with seeds {seeds}. "
        "[benchmarks/README.md](../benchmarks/README.md) says what they are, and how they are "
        "counted. This page was written by",
        "",
        "    " + COMMAND.format(sets=sets, repeats=repeats),
        "",
        "A warning is true where a naive look at the data says the same, and false elsewhere.",
        "",
        *false_alarms(counts),
        "",
        "## What `losscli inspect` doubts of healthy files, each by itself",
        "",
        *of_files(counts),
    ]
    if counts.power:
        title = "## How often a mistake is found, by the number of rows"
        lines += ["", title, "", *power(counts)]
    return lines


def false_alarms(counts: Counts) -> list[str]:
    """A line for each warning that there is, and for each refusal."""
    known = [code for code, one in sorted(CODES.items()) if one.level is Level.WARNING]
    asked = {one.code for one in counts.alarms if not one.code.startswith(FILE)}
    refused = sorted(asked - {*known})
    return _rows(counts, [one for one in known if one not in NO_DATA] + refused, refused)


def of_files(counts: Counts) -> list[str]:
    """A line for each doubt of a file by itself."""
    said = {one.code for one in counts.alarms if one.code.startswith(FILE)}
    return _rows(counts, sorted({*said, *(FILE + code for code in OF_FILES)}))


def _rows(counts: Counts, codes: Sequence[str], refused: Sequence[str] = ()) -> list[str]:
    lines = [
        "| warning | sets that could show it | true | false | rate | 95 % below | in |",
        "|---|---|---|---|---|---|---|",
    ]
    for code in codes:
        said = [one for one in counts.alarms if one.code == code]
        false = {(one.source, one.seed) for one in said if not one.true}
        true = {(one.source, one.seed) for one in said if one.true} - false
        sets = sum(counts.sets.values()) if code in refused else counts.asked.get(code, 0)
        rate = f"{len(false) / sets:.3%} | {most(len(false), sets):.3%}" if sets else "- | -"
        often = Counter(source for source, _ in false).most_common(3)
        told = ", ".join(f"{source} ({hits})" for source, hits in often)
        lines.append(f"| {code} | {sets:,} | {len(true)} | {len(false)} | {rate} | {told} |")
    return lines


def most(hits: int, count: int) -> float:
    """The rate above which so few hits would be seen in one of twenty (Clopper and Pearson)."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, hits + 1, count - hits)) if hits < count else 1.0


def power(counts: Counts) -> list[str]:
    """How often what was planted is found, by how many rows there are."""
    lines = ["| warning | planted | " + " | ".join(f"{size:,}" for size in SIZES) + " |"]
    lines.append("|---" * (len(SIZES) + 2) + "|")
    for name, mistake in MISTAKES.items():
        found = (counts.power.get(name, {}).get(str(size), [0, 0]) for size in SIZES)
        cells = [f"{hits / of:.0%}" if of else "-" for hits, of in found]
        lines.append(f"| {mistake.code} | {name} | " + " | ".join(cells) + " |")
    return lines


def sow(counts: Counts, repeats: int) -> None:
    """Plants each mistake until so many of each size were looked at."""
    for name, mistake in MISTAKES.items():
        for size in SIZES:
            found = counts.power.setdefault(name, {}).setdefault(str(size), [0, 0])
            while found[1] < (repeats if size < 10**4 else -(-repeats // 4)):
                ask = planted(name, size, [counts.round, size, found[1]])
                said = evaluate(ask.loss, **ask.given).findings
                found[0] += any(one.code == mistake.code for one in said)
                found[1] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", type=int, default=5400, help="healthy data sets, in all")
    parser.add_argument("--repeats", type=int, default=20, help="planted ones of a kind and size")
    parser.add_argument("--only", default="", help="sources whose names contain this")
    parser.add_argument("--tune", action="store_true", help="seeds that do not count")
    parser.add_argument("--output", type=Path, help=f"the folder of {COUNTS}, to go on from")
    parser.add_argument("--page", type=Path, help="the file that the tables are written to")
    given = parser.parse_args()
    counts = Counts.of(given.output, LOOKED_AT + (not given.tune))
    names = [one for one in sources() if given.only in one]
    while sum(counts.sets.get(one, 0) for one in names) < given.sets:
        for name in (one for one in names for _ in range(sources()[one].often)):
            seed = counts.sets.get(name, 0)
            one = seen(name, seed, healthy(name, counts.round, seed))
            counts.add(one)
            for alarm in one.alarms:
                print(*alarm, sep="  ", flush=True)
        counts.keep(given.output)
    sow(counts, given.repeats)
    counts.keep(given.output)
    print(*page(counts), sep="\n")
    if given.page:
        given.page.write_text("\n".join([*page(counts), ""]))


if __name__ == "__main__":
    main()
