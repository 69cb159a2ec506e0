"""How far the work is: on standard error, after a second, and gone when it is done."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from losscli.cli import progress
from losscli.cli.progress import Bar, Bars, Lines, Phase, told, watching
from losscli.cli.tell import Voice
from losscli.watch import Watch

SHOW, HIDE, ERASE = "\x1b[?25h", "\x1b[?25l", "\x1b[2K"


class Seen:
    """A picture that remembers what it was shown."""

    tick = 0.01

    def __init__(self):
        self.shown, self.closed = [], False
        Seen.last = self

    def show(self, phases, now):
        assert not self.closed
        self.shown.append(phases)

    def close(self):
        self.closed = True


@pytest.fixture
def bar(monkeypatch):
    """A bar that is shown nearly at once."""
    monkeypatch.setattr(progress, "DELAY", 0.02)
    monkeypatch.setattr(progress, "TICK", 0.01)
    monkeypatch.setattr(progress, "SOON", 0.05)
    Seen.last = None
    bar = Bar(Seen, Voice())
    yield bar
    bar.close()


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def seen():
    """The phases of the last picture that had any."""
    until(lambda: Seen.last is not None and any(Seen.last.shown))
    size = len(Seen.last.shown)
    until(lambda: len(Seen.last.shown) > size + 1)
    return Seen.last.shown[-1]


def test_a_phase(bar):
    bar.begin("computing", 100, "rows")
    bar.advance(30)
    bar.advance(12)
    (phase,) = seen()
    assert (phase.title, phase.unit, phase.total, phase.done) == ("computing", "rows", 100, 42)
    bar.end()
    until(lambda: Seen.last.shown[-1] == [])
    bar.begin("writing", 7, "rows")
    assert [(one.title, one.total, one.done) for one in seen()] == [("writing", 7, 0)]
    bar.close()
    assert Seen.last.closed


def test_all_threads_are_counted(bar):
    bar.begin("computing", 10**9, "rows")

    def work():
        for _ in range(1000):
            bar.advance(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.done for one in seen()] == [8000]


def test_what_is_done_at_the_same_time_is_one(bar):
    """Two files: the bar is of both, and does not go back when the shorter one ends."""
    bar.begin("reading a.csv", 100, "bytes")
    ended, go = threading.Event(), threading.Event()

    def other():
        bar.begin("reading b.csv", 50, "bytes")
        bar.advance(50)
        bar.end()
        ended.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert ended.wait(10)
    bar.advance(5)
    (phase,) = seen()
    assert (phase.title, phase.total, phase.done) == ("reading a.csv and 1 more", 150, 55)
    bar.end()
    until(lambda: Seen.last.shown[-1] == [])
    go.set()
    thread.join()


def test_two_units_at_the_same_time(bar):
    bar.begin("computing", 10, "rows")
    begun, go = threading.Event(), threading.Event()

    def reads():
        bar.begin("reading", 100, "bytes")
        bar.advance(60)
        begun.set()
        assert go.wait(10)
        bar.advance(20)
        bar.end()

    thread = threading.Thread(target=reads)
    thread.start()
    assert begun.wait(10)
    bar.advance(4)  # of what this thread began, not of what began last
    found = {phase.unit: phase.done for phase in seen()}
    go.set()
    thread.join()
    assert found == {"rows": 4, "bytes": 60}
    assert [(phase.unit, phase.done) for phase in seen()] == [("rows", 4)]


def test_words_without_a_beginning_do_no_harm(bar):
    bar.advance(3)
    bar.end()
    bar.begin("a", 1, "rows")
    bar.end()
    bar.end()
    bar.close()
    bar.close()
    bar.begin("b", 1, "rows")
    bar.end()


def test_nothing_is_shown_of_what_ends_before(monkeypatch):
    Seen.last = None
    begun = time.monotonic()
    for _ in range(3):
        bar = Bar(Seen, Voice())
        bar.begin("computing", 100, "rows")
        bar.end()
        bar.close()
    assert time.monotonic() - begun < 0.5  # nor does anybody wait for the second to pass
    assert Seen.last is None


def test_nothing_is_shown_of_what_is_nearly_done(bar):
    bar.begin("computing", 1000, "rows")
    bar.advance(999)
    time.sleep(0.1)
    assert Seen.last is None


def test_nothing_is_shown_of_what_has_only_begun(bar, monkeypatch):
    monkeypatch.setattr(progress, "SOON", 0.2)
    for _ in range(20):  # many short ones
        bar.begin("computing", 1000, "rows")
        time.sleep(0.005)
        bar.end()
    assert Seen.last is None


def test_who_looks_may_go_away(monkeypatch):
    """A terminal that is gone, or a picture that cannot be drawn, is no reason to stop."""
    monkeypatch.setattr(progress, "DELAY", 0.01)
    monkeypatch.setattr(progress, "SOON", 0.01)

    class Gone(Seen):
        def show(self, phases, now):
            super().show(phases, now)
            raise OSError(5, "Input/output error")

    bar = Bar(Gone, Voice())
    bar.begin("computing", 10, "rows")
    until(lambda: Seen.last is not None and Seen.last.closed)
    bar.advance(1)
    bar.end()
    bar.close()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "term", "wanted", "quiet", "picture"),
    [
        (Terminal, "xterm", None, False, Bars),
        (Terminal, "xterm", True, False, Bars),
        (Terminal, "xterm", False, False, None),
        (Terminal, "xterm", None, True, None),
        (Terminal, "xterm", True, True, None),
        (Terminal, "dumb", None, False, None),
        (Terminal, "dumb", True, False, Lines),
        (io.StringIO, "xterm", None, False, None),
        (io.StringIO, "xterm", True, False, Lines),
        (lambda: None, "xterm", True, False, None),
    ],
)
def test_who_is_shown_what(stream, term, wanted, quiet, picture, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setenv("TERM", term)
    with watching(wanted, Voice(quiet)) as watch:
        assert getattr(watch, "_picture", None) is picture
        assert isinstance(watch, Watch)


def test_lines(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    phase = Phase("computing b\x1b[31mce", "rows", begun=0.0, total=4000, done=1000)
    Lines().show([phase], 2.0)
    wanted = "computing b\\x1b[31mce: 25%, 1.0k of 4.0k rows, 500/s, 0:06 left\n"
    assert written.getvalue() == wanted
    Lines().show([Phase("a", "rows", 0.0), Phase("b", "bytes", 0.0, total=3, done=9)], 0.0)


@pytest.mark.parametrize(
    ("total", "done", "words"),
    [
        (100, 0, "0 of 100 rows"),
        (0, 0, "0 of 0 rows"),
        (100, 100, "100 of 100 rows, 50/s, 0:00 left"),
        (100, 150, "150 of 100 rows, 75/s, 0:00 left"),
        (10**15, 2, "2 of 1000.0T rows, 1/s, 99:59:59 left"),
    ],
)
def test_words(total, done, words):
    assert told(Phase("", "rows", 0.0, total, done), 2.0) == words


def test_the_streams_of_the_process_stay(bar, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    streams = (sys.stdout, sys.stderr)
    picture = Bars()
    picture.show([Phase("computing", "rows", 0.0, 10, 5)], 1.0)
    assert (sys.stdout, sys.stderr) == streams
    picture.show([], 1.0)
    picture.show([Phase("reading [red]x[/red]", "bytes", 0.0, 10, 5)], 1.0)
    picture.close()
    shown = sys.stderr.getvalue()
    assert "computing" in shown
    assert "reading [red]x[/red]" in shown
    assert shown.count(HIDE) == shown.count(SHOW) == 1
    assert shown.index(HIDE) < shown.index(SHOW)


# ---- in a process

SLOW = """
import sys, time
from losscli import engine
from losscli.cli import console

before = engine.answer

def slow(question):
    watch = question.watch
    watch.begin("computing", 40, "rows")
    for _ in range(20):
        time.sleep({pause})
        assert {pause} > 0.03 or "rich" not in sys.modules
        watch.advance(1)
    watch.end()
    {then}
    return before(question)

engine.answer = slow
sys.argv[1:] = ["mse", "--pred", "[1.5]", "--target", "[0.5]", "--value", *{words}]
console()
"""
VALUE = "1.0\n"


def script(words=(), pause=0.08, then="pass"):
    return [sys.executable, "-c", SLOW.format(words=[*words], pause=pause, then=then)]


def on_terminal(command, interrupt=None, **environment):
    """What a command writes to a terminal on standard error, and to standard output.

    It is interrupted once it has written what it is to be interrupted at.
    """
    descriptor, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env=environment)
    os.close(end)
    written = b""
    with suppress(OSError):  # the other end is closed
        while part := os.read(descriptor, 65536):
            written += part
            if interrupt is not None and interrupt.encode() in written:
                process.send_signal(signal.SIGINT)
                interrupt = None
    os.close(descriptor)
    out = process.communicate(timeout=20)[0].decode()
    return SimpleNamespace(code=process.returncode, out=out, err=written.decode())


def screen(written):
    """What is left on the screen, as far as a bar goes: lines, and the cursor."""
    lines = [""]
    for part in re.findall(r"\x1b\[\??[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == ERASE:
            lines[-1] = ""
        elif part == "\x1b[1A":
            lines.pop()
        elif part == "\n":
            lines.append("")
        elif not part.startswith(("\x1b", "\r")):
            lines[-1] += part
    return [line for line in lines if line]


def test_a_bar_on_a_terminal():
    ran = on_terminal(script())
    assert (ran.code, ran.out) == (0, VALUE)
    assert "computing" in ran.err
    assert re.search(r"1\d of 40 rows, \d+/s, 0:0\d left", ran.err)
    assert screen(ran.err) == []
    assert "━" not in ran.err.partition("computing")[0]  # no bar without words
    assert ran.err.count(HIDE) == ran.err.count(SHOW) == 1
    assert ran.err.rindex(SHOW) > ran.err.rindex("computing")


@pytest.mark.parametrize(
    ("words", "environment"),
    [(["--no-progress"], {}), ([], {"TERM": "dumb"})],
)
def test_no_bar(words, environment):
    ran = on_terminal(script(words), **environment)
    assert (ran.code, ran.out, ran.err) == (0, VALUE, "")


def test_no_bar_and_no_rich_before_a_second():
    ran = on_terminal(script(pause=0.01))
    assert (ran.code, ran.out, ran.err) == (0, VALUE, "")


def test_interrupt_brings_the_cursor_back():
    ran = on_terminal(script(then="time.sleep(60)", pause=0.15), interrupt=HIDE)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.count(HIDE) == ran.err.count(SHOW) == 1
    assert screen(ran.err) == ["^C"] * ran.err.count("^C")


def test_an_error_is_told_below_no_bar():
    fail = "from losscli.errors import DataError; raise DataError('broken')"
    ran = on_terminal(script(then=fail), NO_COLOR="1")
    assert ran.code == 3
    assert screen(ran.err) == ["error: broken"]
    assert ran.err.count(HIDE) == ran.err.count(SHOW) == 1


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_terminal_that_lacks_characters(encoding):
    ran = on_terminal(script(), PYTHONIOENCODING=encoding)
    assert (ran.code, ran.out) == (0, VALUE)
    assert "computing" in ran.err
    assert ran.err.isascii() == (encoding == "ascii")


def test_lines_where_there_is_no_terminal():
    ran = subprocess.run(script(["--progress"]), capture_output=True, text=True, check=True)
    assert ran.stdout == VALUE
    assert re.fullmatch(r"computing: \d+%, \d+ of 40 rows, \d+/s, 0:0\d left\n", ran.stderr)


@pytest.mark.parametrize("words", [[], ["--progress", "-q"]])
def test_nothing_where_there_is_no_terminal(words):
    ran = subprocess.run(script(words), capture_output=True, text=True, check=True)
    assert ran.stderr == ""


def test_progress_changes_nothing(losscli):
    np.save("z.npy", np.linspace(-3, 3, 1000))
    np.save("y.npy", np.tile([0, 1], 500))
    words = "bce --logits z.npy --target y.npy"
    assert losscli(f"{words} --json --progress") == losscli(f"{words} --json --no-progress")


def test_what_needs_all_rows_says_so_before_it_starts(losscli, folder, monkeypatch):
    """Once, and as loud as other notes; the JSON has it as well."""
    rng = np.random.default_rng(0)
    np.save("a.npy", rng.normal(size=(40, 3)))
    np.save("b.npy", rng.normal(size=(40, 3)))
    words = "infonce --input1 a.npy --input2 b.npy"
    said = "note: infonce needs all 40 rows at once: about "
    ran = losscli(f"{words} --json")
    assert ran.err.count(said) == 1
    assert [one["code"] for one in ran.json["notes"]].count("all-rows") == 1
    monkeypatch.setattr("losscli.plan.Plan.run", interrupted)
    for more, times in (("", 1), ("-q", 0), ("--ignore all-rows", 0), ("--progress", 1)):
        ran = losscli(f"{words} {more}")
        assert (ran.code, ran.err.count(said)) == (130, times)


def interrupted(*_):
    raise KeyboardInterrupt
