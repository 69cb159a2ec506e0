"""How soon losscli answers what needs no or little data: python benchmarks/startup.py --help.

Commands run beside a bare import, in turn: help, lists, completion and errors beside that of Typer
and Rich (and of NumPy, where numbers were read), results of a thousand rows beside that of PyTorch
and NumPy. The first run of each pair fills caches and does not count. What counts is the median of
the ratios within a pair.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from cost import run
from tables import keep, machine

SCREEN, TEXT = "import typer, rich", "import typer, rich, numpy"
NUMBER = "import torch, numpy"
LIMITS = {SCREEN: 3.0, TEXT: 3.0, NUMBER: 1.2}
"""So many times as long as the bare import a command may take."""

ROWS = 1000

COMPLETION = {
    "_LOSSCLI_COMPLETE": "complete_bash",
    "COMP_WORDS": "losscli bce --lo",
    "COMP_CWORD": "2",
}
"""What bash sets when somebody presses Tab."""


class Command(NamedTuple):
    """One that is typed.

    Attributes:
        words: What follows ``losscli``.
        beside: The code of the bare import.
        code: How it should end.
        changes: To the environment.
    """

    words: tuple[str, ...]
    beside: str
    code: int = 0
    changes: dict[str, str] = {}  # noqa: RUF012 — nobody changes it


BCE = ("bce", "--logits", "z.npy", "--target")
COMMANDS = {
    "losscli --help": Command(("--help",), SCREEN),
    "losscli bce --help": Command(("bce", "--help"), SCREEN),
    "losscli list": Command(("list",), SCREEN),
    "losscli explain bce": Command(("explain", "bce"), SCREEN),
    "completion of an option": Command((), SCREEN, 0, COMPLETION),
    "an option that does not exist": Command(("bce", "--logit", "z.npy"), SCREEN, 2),
    "a file that does not exist": Command((*BCE, "none.npy"), SCREEN, 4),
    "a CSV with a word for a number": Command((*BCE, "bad.csv"), TEXT, 3),
    "bce of .npy": Command((*BCE, "y.npy"), NUMBER),
    "bce of .csv": Command(("bce", "--logits", "zy.csv:z", "--target", "zy.csv:y"), NUMBER),
    "bce of .npy, as JSON": Command((*BCE, "y.npy", "--json"), NUMBER),
}


def made(folder: Path) -> None:
    """The files of the commands."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=ROWS).astype(np.float32)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-z))).astype(np.int64)
    np.save(folder / "z.npy", z)
    np.save(folder / "y.npy", y)
    rows = [f"{a},{b}\n" for a, b in zip(z.tolist(), y.tolist(), strict=True)]
    (folder / "zy.csv").write_text("z,y\n" + "".join(rows))
    (folder / "bad.csv").write_text("y\n1\n0\nyes\n")


def measure(command: Command, folder: Path, runs: int) -> list[float]:
    """Seconds of the command and of the bare import, and the ratios of both: least, median, most.

    Raises:
        SystemExit: the command does not end as it should.
    """
    ours = [sys.executable, "-m", "losscli", *command.words]
    theirs = [sys.executable, "-c", command.beside]
    walls = []
    for number in range(runs + 1):
        sides = {"ours": (ours, command.changes, command.code), "theirs": (theirs, {}, 0)}
        order = sorted(sides, reverse=number % 2 == 0)
        costs = {
            side: run(words, folder, changes, code)
            for side, (words, changes, code) in ((one, sides[one]) for one in order)
        }
        walls.append((costs["ours"].wall, costs["theirs"].wall))
    ratios = sorted(one / other for one, other in walls[1:])
    own, bare = (median(column) for column in zip(*walls[1:], strict=True))
    return [own, bare, ratios[0], median(ratios), ratios[-1]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each pair")
    parser.add_argument("--output", type=Path, help="folder for startup.md")
    given = parser.parse_args()
    lines = [
        "| command | beside | seconds | of the import | ratio | at most |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder))
        for name, command in COMMANDS.items():
            own, bare, least, ratio, most = measure(command, Path(folder), given.runs)
            limit = LIMITS[command.beside]
            lines.append(
                f"| {name} | `{command.beside}` | {own:.2f} | {bare:.2f} "
                f"| {ratio:.2f} ({least:.2f} to {most:.2f}) | {limit:g} |"
            )
            print(lines[-1], flush=True)
    keep(f"{machine()}\n\n" + "\n".join(lines) + "\n", given.output, "startup")


if __name__ == "__main__":
    main()
