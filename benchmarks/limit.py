"""How far losscli's engine is from what the machine can do: python benchmarks/limit.py --help.

The limits are two: no loss is computed sooner than its inputs are read from memory, and none
sooner than a loop in C does its arithmetic in a single pass (limit.c, compiled here for this
machine and used for nothing else). The engine runs in this process, with torch loaded, as the
command would run it; its files lie in memory. Of each measurement the quickest of some runs
counts: others on the machine only ever add time.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from loops import bandwidth, compiled, loop, quickest
from parts import PARTS, breakdown
from tables import keep, machine, options

from losscli.cores import cores as available

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable, Iterator, Sequence

    from losscli.question import Question

CLASSES = 100
ALIKE = 1e-4
"""So far may the two losses be apart: the loop's sums are less exact."""

NEAR = 0.6
"""From this share of the bandwidth on, memory is what holds back."""


@dataclass
class Case:
    """A loss of arrays, and what was measured.

    Attributes:
        loss: Its name.
        labels: The dtype of its target.
        prediction: Values of the prediction.
        target: Those of the target.
        loop: Seconds of the C loop, by threads.
        engine: Seconds of losscli, by threads.
        parts: Seconds of each part of the engine, in one thread.
    """

    loss: str
    labels: str
    prediction: np.ndarray
    target: np.ndarray
    loop: dict[int, float] = field(default_factory=dict)
    engine: dict[int, float] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"`{self.loss}`, {self.labels} target"

    @property
    def bytes(self) -> int:
        return self.prediction.nbytes + self.target.nbytes

    def each(self, seconds: float) -> float:
        """Nanoseconds for each value of the prediction."""
        return seconds / self.prediction.size * 1e9


def cases(size: int) -> list[Case]:
    """So many values of the prediction for each loss."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal(size, np.float32)
    logits *= 2
    labels = rng.random(size, np.float32) < 0.4
    found = [
        Case("bce", dtype, logits, labels.astype(dtype)) for dtype in ("uint8", "float32", "int64")
    ]
    rows = max(size // CLASSES, 1)
    scores = logits[: rows * CLASSES].reshape(rows, CLASSES)
    found.append(Case("ce", "int64", scores, rng.integers(0, CLASSES, rows)))
    true = rng.standard_normal(size, np.float32)
    true += logits
    found.append(Case("mse", "float32", logits, true))
    return found


@contextmanager
def written(case: Case, folder: Path) -> Iterator[Callable[[int], Question]]:
    """The arrays of a case as files, and what asks losscli of them on so many cores."""
    from losscli import losses
    from losscli.asking import ask

    kind = "pred" if case.loss == "mse" else "logits"
    paths = {kind: folder / "prediction.npy", "target": folder / "target.npy"}
    for path, array in zip(paths.values(), (case.prediction, case.target), strict=True):
        np.save(path, array)
    words = {name: str(path) for name, path in paths.items()}
    yield lambda threads: ask(losses.find(case.loss), {**words, "threads": threads})
    for path in paths.values():
        path.unlink()


def measure(case: Case, loops: ctypes.CDLL, folder: Path, runs: int, cores: int) -> None:
    """Fills in what the loop and the engine take.

    Raises:
        SystemExit: they do not find the same loss.
    """
    from losscli.engine import answer

    with written(case, folder) as ask:
        for threads in sorted({1, cores}):
            function = getattr(loops, f"{case.loss}_{case.labels}")
            case.loop[threads], mean = loop(function, case.prediction, case.target, runs, threads)
            value = answer(ask(threads)).value
            if not isclose(mean, value, rel_tol=ALIKE):
                raise SystemExit(f"{case.name}: the C loop finds {mean!r} and losscli {value!r}")
            question = ask(threads)
            case.engine[threads] = quickest(lambda asked=question: answer(asked), runs)
        question = ask(1)
        found = [breakdown(case.loss, lambda: answer(question)) for _ in range(runs)]
    case.parts = min(found, key=lambda parts: sum(parts.values()))


def started(code: str, runs: int) -> float:
    """Seconds that a new interpreter takes for some code."""
    return quickest(lambda: subprocess.run([sys.executable, "-c", code], check=True), runs)


def table(rows: Sequence[Sequence[str]]) -> str:
    head, *others = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *others]) + "\n"


def report(found: list[Case], speeds: dict[int, float], torch: float) -> str:
    """All that was measured, as Markdown."""
    cores, size = max(speeds), max(case.prediction.size for case in found)
    told = ", ".join(
        f"{speed / 1e9:.1f} GB/s on {_cores(threads)}" for threads, speed in speeds.items()
    )
    text = [
        f"{machine()}",
        f"{size:.0e} values of the prediction; nanoseconds are for one of them. A plain sum reads "
        f"{told}. `import torch` takes {torch:.2f} s.".replace("e+0", "e"),
        table(_limits(found, speeds, cores)),
        "Where the engine's time goes on one core, in nanoseconds a value:",
        table(_parts(found)),
        "What holds the rest back:",
        "\n".join(f"- {sentence}" for sentence in sentences(found, speeds, torch)) + "\n",
    ]
    return "\n\n".join(one.rstrip("\n") for one in text) + "\n"


def _cores(threads: int) -> str:
    return "one core" if threads == 1 else f"{threads} cores"


def _limits(found: list[Case], speeds: dict[int, float], cores: int) -> list[list[str]]:
    rows = [
        [
            "loss",
            "bytes a value",
            f"read on {_cores(cores)}",
            "share of the bandwidth",
            *(f"{name}, {_cores(n)}" for n in speeds for name in ("C", "losscli", "losscli / C")),
        ]
    ]
    for case in found:
        rate = case.bytes / case.engine[cores]
        row = [
            case.name,
            f"{case.bytes / case.prediction.size:.3g}",
            f"{rate / 1e9:.2f} GB/s",
            f"{rate / speeds[cores]:.0%}",
        ]
        for threads in speeds:
            one, other = case.each(case.loop[threads]), case.each(case.engine[threads])
            row += [f"{one:.2f} ns", f"{other:.2f} ns", f"{other / one:.1f}"]
        rows.append(row)
    return rows


def _parts(found: list[Case]) -> list[list[str]]:
    rows = [["loss", *PARTS, "together", "C"]]
    for case in found:
        spent = [case.parts[part] for part in PARTS]
        every = [*spent, sum(spent), case.loop[1]]
        rows.append([case.name, *(f"{case.each(one):.2f}" for one in every)])
    return rows


def sentences(found: list[Case], speeds: dict[int, float], torch: float) -> list[str]:
    """What the numbers say."""
    cores = max(speeds)
    lines = []
    for case in found:
        share = case.bytes / case.engine[cores] / speeds[cores]
        ideal = case.bytes / case.loop[cores] / speeds[cores]
        spent = sum(case.parts.values())
        largest = sorted(case.parts, key=lambda part: case.parts[part], reverse=True)[:3]
        told = ", ".join(f"{part} {case.parts[part] / spent:.0%}" for part in largest)
        kernel, loop = case.parts["kernel"] / spent, case.loop[1]
        times = case.engine[1] / loop
        by = "the memory" if share >= NEAR else "the work on each value, not the memory"
        lines.append(
            f"{case.name}: held back by {by}: losscli reads at {share:.0%} of the bandwidth where "
            f"the C loop reads at {ideal:.0%}. On one core it takes {times:.1f} times the "
            f"loop; torch's kernel alone takes {times * kernel:.1f} times, and with a kernel as "
            f"quick as the loop it would still be {times * (1 - kernel) + 1:.1f} times. Most of "
            f"the time goes to: {told}."
        )
        if cores > 1:
            quicker = case.engine[1] / case.engine[cores]
            lines[-1] += f" {cores} cores make it {quicker:.2f} times as quick."
    values = torch / (found[0].engine[cores] / found[0].prediction.size)
    lines.append(
        f"`import torch` takes as long as {values:.1g} values of {found[0].name}: whatever is "
        "smaller waits for the import and not for the engine."
    )
    total = sum(sum(case.parts.values()) for case in found)
    shares = {part: sum(case.parts[part] for case in found) / total for part in PARTS}
    told = ", ".join(f"{part} {share:.0%}" for part, share in shares.items())
    lines.append(
        f"Over all of these losses: {told}. The C loop takes its sums while a value is in a "
        "register, and has no checks, quantiles, worst losses or exact sums; the engine makes a "
        "pass over a leaf, which lies in the cache, for each fact, check and statistic."
    )
    return lines


def main() -> None:
    given = options(__doc__, "limit", 5).parse_args()
    size, cores = int(float(given.size)), available()
    shared, room = Path("/dev/shm"), 12 * size + 2**28
    memory = shared if shared.is_dir() and shutil.disk_usage(shared).free > room else None
    with tempfile.TemporaryDirectory(dir=given.folder or memory) as name:
        folder = Path(name)
        loops = compiled(folder)
        speeds = {
            threads: bandwidth(loops, max(2**30, 8 * size), given.runs, threads)
            for threads in sorted({1, cores})
        }
        torch = started("import torch", given.runs) - started("pass", given.runs)
        found = cases(size)
        for case in found:
            print(f"measuring {case.name}", file=sys.stderr, flush=True)
            measure(case, loops, folder, given.runs, cores)
    text = report(found, speeds, torch)
    print(text)
    keep(text, given.output, "limit")


if __name__ == "__main__":
    main()
