"""Ctrl-C at any moment: 130 at once, nothing half written, nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROWS = 8_000_000  # of files that are holes: nothing is on the disk, and it takes some seconds
MEAN = [sys.executable, "-m", "losscli", "bce", "--logits", "z.npy", "--target", "y.npy"]
DEADLINE = 20.0


@pytest.fixture(autouse=True)
def files(folder):
    for name, dtype in (("z", np.float64), ("y", np.uint8)):
        np.lib.format.open_memmap(f"{name}.npy", "w+", dtype=dtype, shape=(ROWS,))
    return folder


class Running:
    """A command with a process group of its own, as a shell gives it."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **more,
        )

    def until(self, condition):
        end = time.monotonic() + DEADLINE
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end
            time.sleep(0.005)
        return self

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)
        return self

    def end(self):
        """The exit code, what was printed, and how long that took; nobody of the group is left."""
        begun = time.monotonic()
        out, err = self.process.communicate(timeout=DEADLINE)
        took = time.monotonic() - begun
        with pytest.raises(ProcessLookupError):
            os.killpg(self.process.pid, 0)
        return self.process.returncode, out, err, took


def left(folder):
    return {path.name for path in folder.iterdir()} - {"z.npy", "y.npy"}


@pytest.mark.parametrize("after", [0.8, 1.2, 1.8, 2.4])  # Python itself has begun by then
def test_while_it_computes(after, files):
    running = Running([*MEAN, "--output", "o.csv", "--save", "s.json"])
    time.sleep(after)
    code, out, err, took = running.interrupt().end()
    assert (code, out, err) == (130, b"", b"")
    assert took < 5  # a tenth of it, but for a machine that is busy
    assert left(files) == set()


@pytest.mark.parametrize("name", ["o.csv", "o.json", "o.jsonl"])
@pytest.mark.parametrize("again", [0, 3])
def test_while_the_losses_are_written(name, again, files):
    Path(name).write_text("old")
    running = Running([*MEAN, "--output", name])
    running.until(lambda: any(path.endswith(".part") for path in left(files)))
    time.sleep(0.05)
    running.interrupt()
    for _ in range(again):  # whoever presses it again does so while the first is cleared away
        time.sleep(0.002)
        if running.process.poll() is None:
            running.interrupt()
    assert running.end()[:3] == (130, b"", b"")
    assert left(files) == {name}
    assert Path(name).read_text() == "old"


def test_while_the_losses_are_printed():
    running = Running([*MEAN, "--reduction", "none", "--format", "csv"])
    assert running.process.stdout.read(8) == b"0,0.6931"
    code, _, err, took = running.interrupt().end()
    assert code == 130
    assert b"Traceback" not in err
    assert took < 5


def test_while_text_is_read(files):
    Path("t.csv").write_text("z,y\n" + "0.5,1\n" * 3_000_000)
    command = [*MEAN[:4], "--data", "t.csv", "--logits", "z", "--target", "y", "--output", "o.csv"]
    running = Running(command)
    time.sleep(1.0)
    assert running.interrupt().end()[:3] == (130, b"", b"")
    assert left(files) == {"t.csv"}


SLOW = """
import sys, time
from losscli import engine
from losscli.cli import console, main

def slow(question):
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        {cleared}

engine.answer = slow
sys.argv[1:] = ["bce", "--logits", "z.npy", "--target", "y.npy"]
{last}
"""


def running(last, cleared="pass"):
    started = Running([sys.executable, "-c", SLOW.format(last=last, cleared=cleared)])
    assert started.process.stdout.readline() == b"begun\n"
    return started


def test_a_second_one_does_not_stop_what_is_cleared_away():
    started = running("console()", "time.sleep(0.3); print('cleared', flush=True)")
    for _ in range(3):
        started.interrupt()
        time.sleep(0.05)
    assert started.end()[:3] == (130, b"cleared\n", b"")


def test_what_hangs_while_it_is_cleared_away_can_be_interrupted():
    started = running("console()", "time.sleep(60)")
    started.interrupt()
    time.sleep(1.2)
    code, _, _, took = started.interrupt().end()
    assert code == 130
    assert took < 5


def test_in_a_process_that_goes_on():
    last = """
import signal
try:
    main()
except SystemExit as ended:
    print(ended.code, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    assert running(last).interrupt().end()[:3] == (0, b"130 True\n", b"")


def test_who_hears_no_interrupts_still_hears_none():
    """As under nohup, and in the background of a script."""
    command = ["bash", "-c", "trap '' INT; exec \"$@\"", "bash", *MEAN, "--limit", "9", "--value"]
    started = Running(command)
    time.sleep(0.5)
    code, out, _, _ = started.interrupt().end()
    assert code == 0
    assert float(out) == pytest.approx(0.6931472)
