"""What a process and all that it starts take: time, work and memory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVERY = 0.02
"""Seconds between two looks at the memory."""

LOOKS = 5
"""After so many looks, processes that have been started meanwhile are sought."""

COMPILED = "PYTHONDONTWRITEBYTECODE"
"""Where it is set, a checkout is compiled in each run, which no installed package is."""


@dataclass(frozen=True)
class Cost:
    """What a command took, from its start to its end.

    Attributes:
        wall: Seconds.
        cpu: Seconds of all cores, of its workers too.
        memory: Bytes at the peak, of its workers too.
        printed: What it printed.
    """

    wall: float
    cpu: float
    memory: int
    printed: str


def run(words: Sequence[str], folder: Path, changes: Mapping[str, str], code: int = 0) -> Cost:
    """Runs a command to its end in a folder, with changes to the environment.

    Raises:
        SystemExit: it did not end with this code.
    """
    around = {name: value for name, value in os.environ.items() if name != COMPILED}
    start = time.perf_counter()
    with (
        tempfile.TemporaryFile() as said,  # notes and warnings, told only after an error
        subprocess.Popen(
            words,
            cwd=folder,
            env={**around, **changes},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,  # which makes it and its workers a group
        ) as child,
    ):
        with _Memory(child.pid) as memory:
            assert child.stdout is not None
            try:
                printed = child.stdout.read()
                _, status, usage = os.wait4(child.pid, 0)
            except BaseException:  # an interrupt does not reach other groups by itself
                os.killpg(child.pid, signal.SIGKILL)
                raise
            wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != code:
            said.seek(0)
            why = said.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(words[:4])} … ended with {child.returncode}\n{why}")
    # The system knows the peak of the largest process exactly, however short it was.
    peak = max(memory.peak, usage.ru_maxrss * 1024)
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak, printed)


class _Memory:
    """Looks at the memory of a group of processes until it is left.

    Counted are the anonymous pages of all, and once the pages of files, which they share: those
    of the process that has most. Where there is no /proc, nothing is seen.
    """

    def __init__(self, group: int) -> None:
        self.peak = 0
        self._group = group
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        members, looks, page = [self._group], 0, os.sysconf("SC_PAGE_SIZE")
        while not self._over.wait(EVERY):
            looks += 1
            if looks % LOOKS == 0:
                members = _group(self._group) or members
            own, shared = 0, 0
            for member in members:
                try:
                    _, resident, files, *_ = Path(f"/proc/{member}/statm").read_bytes().split()
                except (OSError, ValueError):
                    continue
                own += int(resident) - int(files)
                shared = max(shared, int(files))
            self.peak = max(self.peak, (own + shared) * page)


def _group(leader: int) -> list[int]:
    """The processes of a group."""
    found = []
    for name in os.listdir("/proc") if Path("/proc").is_dir() else ():  # noqa: PTH208 — quicker
        if not name.isdigit():
            continue
        try:
            text = Path(f"/proc/{name}/stat").read_bytes()
        except OSError:
            continue
        if int(text.rpartition(b")")[2].split()[2]) == leader:
            found.append(int(name))
    return found


def free_memory() -> int:
    """Bytes that can be had without swapping, as far as the system tells."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def free_disk(folder: Path) -> int:
    """Bytes that can be written to a folder."""
    return shutil.disk_usage(folder).free
