"""losscli against the scripts that people write instead: python benchmarks/speed.py --help.

Both read the same files and answer the same question (mean, std, max and accuracy), and must
print the same loss. Each pair runs in turn, several times, and what counts is the ratio within a
run: machines are noisy. The scripts are written as a user would write them, not as slow as they
could be. What is measured is added to the results that the output folder holds already.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import contextmanager
from itertools import groupby
from math import isclose
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import tables
from cost import Cost, free_disk, free_memory, run
from data import DATA, make, remove
from scripts import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts import Pair

ALIKE = 1e-6
"""So far may two losses be apart, relative to them."""

SPARE_DISK = 2**31
SPARE_MEMORY = 2**30
PROCESS = 2**29
"""What a script takes for itself."""


class Bench:
    """Where and how pairs are measured."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.runs = runs
        self._seen: set[tuple[str, str, int, bool]] = set()
        self.folder = folder / "data"
        self.folder.mkdir()
        without = folder / "without"
        (without / "pyarrow").mkdir(parents=True)
        (without / "pyarrow" / "__init__.py").write_text("raise ImportError('not in this run')\n")
        before = os.environ.get("PYTHONPATH")
        self._without = os.pathsep.join([str(without), *([before] if before else [])])

    def pair(self, pair: Pair, size: int) -> dict[str, Any] | None:
        """What one pair takes with data of a size, which has been made.

        Where there is too little memory for the script, losscli runs alone; but not once more if
        it has been measured with these data.
        """
        values = pair.given.values(size)
        ours = [sys.executable, "-m", "losscli", *pair.ours]
        theirs = [sys.executable, "-W", "ignore", "-c", pair.script]
        changes = {"TMPDIR": str(self.folder)}
        if pair.install == "base":
            changes["PYTHONPATH"] = self._without
        both = pair.memory * values + PROCESS + SPARE_MEMORY < free_memory()
        if not both:
            print(f"{pair.name}, {size:.0e}: too little memory for the script", flush=True)
        case = pair.data, pair.install, size, "--grad" in pair.ours
        if not both and case in self._seen:
            return None
        self._seen.add(case)
        rounds: list[dict[str, Cost]] = []
        for number in range(self.runs + 1):
            sides = {"ours": ours, "theirs": theirs} if both else {"ours": ours}
            order = sorted(sides, reverse=number % 2 == 0)
            costs = {side: run(sides[side], self.folder, changes) for side in order}
            if both:
                self._referee(pair, size, costs)
            if number or not self.runs:  # the first one only warms the page cache
                rounds.append(costs)
        return _row(pair, values, rounds)

    @staticmethod
    def _referee(pair: Pair, size: int, costs: dict[str, Cost]) -> None:
        """Both must have done the same work.

        Raises:
            SystemExit: they print different losses.
        """
        ours, theirs = (float(costs[side].printed.split()[0]) for side in ("ours", "theirs"))
        if not isclose(ours, theirs, rel_tol=ALIKE):
            raise SystemExit(
                f"{pair.name}, {size:.0e}: losscli printed {ours!r} and the script {theirs!r}"
            )


def _row(pair: Pair, values: int, rounds: list[dict[str, Cost]]) -> dict[str, Any]:
    """Medians, and of the ratios the least and the largest."""
    row: dict[str, Any] = {
        "loss": pair.given.loss,
        "data": pair.data.removeprefix(pair.given.loss + " "),
        "install": pair.install,
        "beside": pair.beside,
        "values": values,
        "runs": len(rounds),
    }
    both = "theirs" in rounds[0]
    for measure in ("wall", "cpu", "memory"):
        ours = [getattr(costs["ours"], measure) for costs in rounds]
        theirs = [getattr(costs["theirs"], measure) for costs in rounds if both]
        ratios = [one / other for one, other in zip(ours, theirs, strict=both)] if both else []
        row[measure] = median(ratios) if both else None
        row[f"{measure}_spread"] = [min(ratios), max(ratios)] if both else None
        row[f"our_{measure}"] = median(ours)
        row[f"their_{measure}"] = median(theirs) if both else None
    return row


@contextmanager
def _made(name: str, size: int, folder: Path) -> Iterator[bool]:
    """Makes data for as long as they are measured; False if there is no room for them."""
    one = DATA[name]
    needed = one.values(size) * (one.disk + one.spooled) + SPARE_DISK
    if needed > free_disk(folder):
        print(f"{name}, {size:.0e}: needs {needed / 2**30:.0f} GiB of disk, skipped", flush=True)
        yield False
        return
    try:
        make(name, size, folder)
        yield True
    finally:
        remove(name, folder)


def compare(pairs: Sequence[Pair], about: str, sizes: str, runs: int, *, name: str) -> None:
    """The command: what is asked for is measured, and shown.

    Args:
        pairs: What can be compared.
        about: What the help says.
        sizes: How many values, unless others are asked for.
        runs: How often each pair counts, unless it is said.
        name: Of the files of results.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=sizes, help="values of the prediction")
    parser.add_argument(
        "--runs", type=int, default=runs, help="counted runs of each pair; 0: the first counts"
    )
    parser.add_argument(
        "--only", default="", help="pairs whose names contain this; several with commas between"
    )
    parser.add_argument("--output", type=Path, help=f"folder for {name}.md, .json and .png")
    parser.add_argument("--folder", type=Path, help="where data are made for the time being")
    given = parser.parse_args()
    chosen = [pair for pair in pairs if any(one in pair.name for one in given.only.split(","))]
    if not chosen:
        parser.error("no pair has such a name; they are\n  " + "\n  ".join(p.name for p in pairs))
    results = tables.Results(given.output, name, [pair.name for pair in pairs])
    try:
        _measure(chosen, given, results)
    finally:  # what has been measured is kept, whatever ends the rest
        results.show()


def _measure(chosen: list[Pair], given: argparse.Namespace, results: tables.Results) -> None:
    """Adds a row for each size and pair."""
    with tempfile.TemporaryDirectory(dir=given.folder) as room:
        bench = Bench(Path(room), given.runs)
        for size in (int(float(one)) for one in given.sizes.split(",")):
            for name, pairs in groupby(chosen, lambda pair: pair.data):
                with _made(name, size, bench.folder) as there:
                    for pair in pairs if there else ():
                        row = bench.pair(pair, size)
                        if row is not None:
                            results.add(row)


if __name__ == "__main__":
    compare(PAIRS, __doc__, "1e3,1e5,1e7", 3, name="speed")
