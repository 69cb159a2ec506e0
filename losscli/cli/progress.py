"""How far the work is, on standard error: nothing for a second, then a bar that vanishes.

The threads that work only add up what they did. One thread besides looks on ten times a second
and draws; rich is imported by it, and only when there is something to draw.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread, get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from losscli.cli.tell import is_terminal
from losscli.report.text import clean
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from losscli.cli.tell import Voice
    from losscli.errors import Finding

DELAY = 1.0
"""Seconds without a word: most work is done by then."""

SOON = 0.5
"""What is done in so many seconds is not worth a bar that only flashes up."""

TICK = 0.1
"""Seconds between two pictures of a bar."""

TITLE = 30
"""Characters of what is done; the bar needs the others."""

PAUSE = 5.0
"""Seconds between two lines of what is no terminal."""


@contextmanager
def watching(wanted: bool | None, voice: Voice) -> Iterator[Aloud]:
    """Somebody who looks on as long as the block lasts, however it ends.

    Args:
        wanted: True to show progress anywhere, False nowhere, None on a terminal that can.
        voice: Tells people.
    """
    able = is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
    if voice.quiet or sys.stderr is None or not (able if wanted is None else wanted):
        yield Aloud(voice)
        return
    bar = Bar(Bars if able else Lines, voice)
    try:
        yield bar
    finally:
        bar.close()


@dataclass
class Phase:
    """A part of the work, or several of one unit that are done at the same time.

    Attributes:
        what: What is done.
        unit: Of what it is counted.
        begun: When.
        total: How much there is.
        done: How much of it is done.
        parts: How many parts began.
        left: How many of them have not ended.
    """

    what: str
    unit: str
    begun: float
    total: int = 0
    done: int = 0
    parts: int = 0
    left: int = 0

    @property
    def title(self) -> str:
        return self.what if self.parts < 2 else f"{self.what} and {self.parts - 1} more"

    def rate(self, now: float) -> float:
        """How much was done in a second."""
        return self.done / max(now - self.begun, 1e-9)

    def remaining(self, now: float) -> float | None:
        """How many seconds it still takes, if that can be told."""
        rate = self.rate(now)
        return (max(self.total - self.done, 0)) / rate if rate else None


class Picture(Protocol):
    """What shows phases on standard error."""

    tick: float

    def show(self, phases: Sequence[Phase], now: float) -> None: ...

    def close(self) -> None: ...


class Aloud(Watch):
    """Tells at once what is to be known before the work begins, and once.

    Attributes:
        told: What that was.
    """

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self.told: list[Finding] = []

    def say(self, finding: Finding) -> None:
        if finding not in self.told:
            self.told.append(finding)
            self._voice.findings([finding])


class Bar(Aloud):
    """Counts what all threads tell, and shows it after a second.

    What begins while something of the same unit is under way joins it: files that are read at
    the same time are one bar, which never goes back.

    Args:
        picture: Makes what it is shown on, when there is something to show.
        voice: Tells people.
    """

    def __init__(self, picture: type[Picture], voice: Voice) -> None:
        super().__init__(voice)
        self._picture = picture
        self._lock = Lock()
        self._open: dict[str, Phase] = {}  # by unit, in the order in which they began
        self._mine: dict[int, list[Phase]] = {}  # by thread, in the order in which they began
        self._closed = Event()
        self._thread: Thread | None = None

    def begin(self, what: str, total: int, unit: str) -> None:
        with self._lock:
            phase = self._open.setdefault(unit, Phase(what, unit, monotonic()))
            phase.total += total
            phase.parts += 1
            phase.left += 1
            self._mine.setdefault(get_ident(), []).append(phase)
            if self._thread is None and not self._closed.is_set():
                self._thread = Thread(target=self._look_on, name="losscli progress", daemon=True)
                self._thread.start()

    def advance(self, amount: int) -> None:
        with self._lock:
            phase = self._current()
            if phase is not None:
                phase.done += amount

    def end(self) -> None:
        with self._lock:
            phase = self._current()
            if phase is None:
                return
            mine = self._mine.get(get_ident())
            if mine:
                mine.pop()
                if not mine:
                    del self._mine[get_ident()]
            phase.left -= 1
            if not phase.left:
                self._open.pop(phase.unit, None)

    def _current(self) -> Phase | None:
        """What this thread began last; a thread that only helps speaks of what began last."""
        mine = self._mine.get(get_ident())
        return mine[-1] if mine else next(reversed(self._open.values()), None)

    def close(self) -> None:
        """Shows nothing any more, and leaves nothing on the screen."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _look_on(self) -> None:
        if self._closed.wait(DELAY) or not self._wait_for_work():
            return
        # whoever looked at the terminal may have gone
        with suppress(OSError, ValueError):
            picture = self._picture()
            try:
                while True:
                    picture.show(self._phases(), monotonic())
                    if self._closed.wait(picture.tick):
                        break
            finally:
                picture.close()

    def _wait_for_work(self) -> bool:
        """Waits until something is under way that is worth a bar; False if nothing was."""
        while not any(self._is_long(phase) for phase in self._phases()):
            if self._closed.wait(TICK):
                return False
        return True

    @staticmethod
    def _is_long(phase: Phase) -> bool:
        """Whether it will take a while, or has when nothing is done yet."""
        now = monotonic()
        remaining = phase.remaining(now)
        return (now - phase.begun if remaining is None else remaining) > SOON

    def _phases(self) -> list[Phase]:
        with self._lock:
            return [Phase(**vars(phase)) for phase in self._open.values()]


class Bars:
    """A line for each phase with a bar, on a terminal."""

    tick = TICK

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        def text(name: str) -> TextColumn:
            return TextColumn(f"{{task.fields[{name}]}}", markup=False)

        self._progress = Progress(
            text("title"),
            BarColumn(),
            TaskProgressColumn(),
            text("told"),
            console=Console(file=sys.stderr, force_terminal=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # they are those of the process, and stay as they are
            redirect_stderr=False,
        )
        self._tasks: dict[str, Any] = {}
        self._progress.start()

    def show(self, phases: Sequence[Phase], now: float) -> None:
        """Draws what is under way; between two phases the last picture stays."""
        for unit in [*self._tasks] if phases else []:
            if unit not in {phase.unit for phase in phases}:
                self._progress.remove_task(self._tasks.pop(unit))
        for phase in phases:
            drawn: dict[str, Any] = {
                "total": phase.total,
                "completed": min(phase.done, phase.total),
                "title": short(phase.title),
                "told": told(phase, now),
            }
            if phase.unit in self._tasks:
                self._progress.update(self._tasks[phase.unit], **drawn)
            else:
                self._tasks[phase.unit] = self._progress.add_task("", **drawn)
        self._progress.refresh()

    def close(self) -> None:
        self._progress.stop()


class Lines:
    """A line now and then, where --progress asks for it and there is no terminal."""

    tick = PAUSE

    def show(self, phases: Sequence[Phase], now: float) -> None:
        for phase in phases:
            share = 100 * min(phase.done / phase.total, 1.0) if phase.total else 100.0
            sys.stderr.write(f"{short(phase.title)}: {share:.0f}%, {told(phase, now)}\n")
        sys.stderr.flush()

    def close(self) -> None:
        pass


def told(phase: Phase, now: float) -> str:
    """What is done of how much, how fast, and how long it still takes.

    >>> told(Phase("", "rows", begun=0.0, total=5_000_000, done=1_000_000), now=2.0)
    '1.0M of 5.0M rows, 500.0k/s, 0:08 left'
    """
    done = f"{counted(phase.done)} of {counted(phase.total)} {phase.unit}"
    remaining = phase.remaining(now)
    if remaining is None:
        return done
    return f"{done}, {counted(phase.rate(now))}/s, {clock(remaining)} left"


def counted(number: float) -> str:
    """A number in a few characters.

    >>> counted(999), counted(12_345), counted(7e9)
    ('999', '12.3k', '7.0G')
    """
    for size, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f}{name}"
    return f"{number:.0f}"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> clock(8.4), clock(3725)
    ('0:08', '1:02:05')
    """
    minutes, rest = divmod(round(min(seconds, 359_999)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short(title: str) -> str:
    """A title that leaves room for the bar, without what a terminal would obey.

    >>> short("reading " + "folder/" * 9 + "a.csv")
    'reading folder/folde…der/a.csv'
    """
    title = clean(title)
    return title if len(title) <= TITLE else f"{title[: TITLE - 10]}…{title[-9:]}"
