"""What checks, baselines and statistics add to the bare loss: python benchmarks/bare.py --help.

The bare loss is the engine with all of that left out: leaves are read and computed on the same
cores, by the same kernel, and added up. Both run in turn in this process, with torch loaded, and of
each the quickest run counts. A command imports torch besides, with either.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

from limit import cases, table, written
from tables import keep, machine, options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from limit import Case

    from losscli.question import Question

ALIKE = 1e-9
"""So far may the two means be apart."""

START = """
from losscli.sparing import spare
spare()
import losscli.cli.commands, losscli.plan, torch
"""
"""What a command takes before it computes."""


def bare(question: Question) -> float:
    """The mean loss, and nothing else."""
    from losscli.cores import own_threads, plainly, spread
    from losscli.opening import open_fields
    from losscli.plan import Plan
    from losscli.roles import Asked, role_of
    from losscli.stats import Sum

    fields = open_fields(question)
    loss, kind, settings = question.loss, question.kind, question.settings
    asked = Asked(loss.name, kind, fields.sides, question.options, settings, question.target)
    plan = Plan.of(question, fields, role_of(loss.target, asked, loss.rows))

    def several(leaves: Sequence[tuple[int, int]]) -> list[tuple[Sum, int]]:
        with plainly():
            return [one(*leaf) for leaf in leaves]

    def one(start: int, stop: int) -> tuple[Sum, int]:
        batch, _ = plan.reader.leaf(start, stop)
        elements = plan.losses(plan.found(batch), batch).elements
        return Sum.of(elements.double().sum().item()), elements.numel()

    with own_threads(), plainly():
        parts = [
            part
            for found in spread(several, plan.groups(settings.threads), settings.threads)
            for part in found
        ]
    return Sum.joined(total for total, _ in parts).over(Sum.of(float(sum(n for _, n in parts))))


def worked(code: str) -> float:
    """Seconds of CPU that a new interpreter takes for some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(case: Case, folder: Path, threads: int, runs: int) -> dict[str, tuple[float, float]]:
    """Seconds of the clock and of all cores that the bare loss and all of it take.

    Raises:
        SystemExit: they do not find the same loss.
    """
    from losscli.engine import answer

    spent: dict[str, list[tuple[float, float]]] = {"bare": [], "all": []}
    with written(case, folder) as ask:
        question = ask(threads)
        sides: dict[str, Callable[[], float]] = {
            "bare": lambda: bare(question),
            "all": lambda: answer(question).value,
        }
        for _ in range(runs + 1):
            values = []
            for name, side in sides.items():
                clock, work = time.perf_counter(), time.process_time()
                values.append(side())
                spent[name].append((time.perf_counter() - clock, time.process_time() - work))
            if not isclose(*values, rel_tol=ALIKE):
                raise SystemExit(
                    f"{case.name}: the bare loss is {values[0]!r}, all of it {values[1]!r}"
                )
    quickest = {}
    for name, rounds in spent.items():
        walls, works = zip(*rounds[1:], strict=True)  # the first one warms the page cache
        quickest[name] = min(walls), min(works)
    return quickest


def main() -> None:
    parser = options(__doc__, "bare", 3)
    parser.add_argument("--only", default="bce,ce,mse", help="losses, with commas between")
    given = parser.parse_args()
    from losscli.cores import cores

    size, wanted = int(float(given.size)), given.only.split(",")
    start = min(worked(START) for _ in range(given.runs + 1))
    head = ["loss", "cores", "bare", "all", "CPU bare", "CPU all"]
    rows = [[*head, "all / bare", "of the CPU", "of that of a whole command"]]
    chosen = [one for one in cases(size) if one.loss in wanted and one.labels != "uint8"]
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for case in chosen:
            for threads in sorted({1, cores()}):
                found = measure(case, Path(folder), threads, given.runs)
                (less, little), (more, much) = found["bare"], found["all"]
                seconds = [f"{one:.2f} s" for one in (less, more, little, much)]
                ratios = more / less, much / little, (start + much) / (start + little)
                rows.append([case.name, str(threads), *seconds, *(f"{one:.2f}" for one in ratios)])
                print(table([rows[0], rows[-1]]), flush=True)
    said = f"{size:.0e} values of the prediction. A command takes {start:.2f} s of CPU before."
    text = f"{machine()}\n\n{said.replace('e+0', 'e')}\n\n{table(rows)}"
    print(text)
    keep(text, given.output, "bare")


if __name__ == "__main__":
    main()
