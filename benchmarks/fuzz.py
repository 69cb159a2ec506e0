"""Breaks files of every format at random, and tells which of them are not told in our words.

``python benchmarks/fuzz.py 200000`` breaks so many, in a process that may die; ``--seed N`` begins
elsewhere, and ``--only N`` repeats one of them. A tally and what was found are printed at the end,
or when it is interrupted.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "shared"))

from fuzzing import Case, attempt, case, corpus  # of the tests

SECONDS = 10
"""A file of a few kilobytes that takes longer hangs."""
MEMORY = 2**30
"""What it may take beyond what is taken before any is read."""


class HangsError(BaseException):
    """Nothing that readers can take for an error of their own."""


def _hangs(*_):
    raise HangsError


def _limited():
    """Refuses memory beyond the bound, and gives up on what hangs."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _hangs)


def _work(numbers, log):
    """Tries one after the other, and says of each what came of it."""
    warnings.simplefilter("error")
    files = corpus()
    folder = tempfile.mkdtemp()
    for name, (suffix, data) in files.items():  # imports all that is needed
        one = Case(name=name, suffix=suffix, data=data, key=None, fmt=None, header=None)
        attempt(one, folder)
    _limited()
    for number in numbers:
        one = case(number, files)
        print(number, one.name, "begun", file=log, flush=True)
        signal.alarm(SECONDS)
        started = time.monotonic()
        try:
            found = attempt(one, folder)
        except BaseException as error:  # everything that is not ours is a finding
            place = [
                f"{Path(f.filename).name}:{f.lineno}"
                for f in traceback.extract_tb(error.__traceback__)
            ]
            found = f"FOUND {type(error).__name__}: {str(error)[:300]!r} at {' '.join(place[-4:])}"
        signal.alarm(0)
        if time.monotonic() - started > SECONDS:
            found = f"FOUND slow: {found}"
        print(number, one.name, found, f"{time.monotonic() - started:.3f}", sep="\t", file=log)
        log.flush()


def main():
    """Runs a worker until all is done, and another if it dies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--log", default=os.devnull)
    parser.add_argument("--worker", action="store_true")
    given = parser.parse_args()
    if given.worker:
        _work(range(given.seed, given.seed + given.inputs), sys.stdout)
        return
    if given.only is not None:
        _work([given.only], sys.stdout)
        return
    tally, kinds, found, place = collections.Counter(), set(), {}, given.seed
    end = given.seed + given.inputs
    slowest = 0.0
    with contextlib.suppress(KeyboardInterrupt), open(given.log, "w") as log:  # noqa: PTH123
        while place < end:
            command = [sys.executable, __file__, str(end - place), "--seed", str(place), "--worker"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
                begun = None
                for line in worker.stdout:
                    if line.endswith(" begun\n"):
                        begun = line.split()[0]
                        continue
                    number, name, what, seconds = line.rstrip("\n").split("\t")
                    place, begun = int(number) + 1, None
                    slowest = max(slowest, float(seconds))
                    tally[what.split(":")[0]] += 1
                    kinds.add(name)
                    if what.startswith("FOUND"):
                        found.setdefault(what.partition(" at ")[2] or what, (number, name, what))
                        print(number, name, what, file=log, flush=True)
            if begun is not None:
                tally["died"] += 1
                found.setdefault(
                    f"died {worker.returncode} {begun}", (begun, "", worker.returncode)
                )
                print(begun, "died", worker.returncode, file=log, flush=True)
                place = int(begun) + 1
            elif worker.returncode:
                raise SystemExit(f"the worker ended with {worker.returncode}")
    print(dict(tally), f"of {len(kinds)} kinds of file, slowest {slowest:.1f} s")
    for one in found.values():
        print(*one)


if __name__ == "__main__":
    main()
