"""The command as a process: closed pipes, interrupts, terminals, and what main leaves behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from losscli.cli import main
from losscli.formats import packing

COMMAND = [sys.executable, "-m", "losscli"]
BCE = ["bce", "--logits", "z.npy", "--target", "y.npy"]


@pytest.fixture(autouse=True)
def files(folder):
    np.save("z.npy", np.linspace(-3, 3.1, 200_000))
    np.save("y.npy", np.linspace(-3, 3.1, 200_000) > 0.01)
    return folder


def shell(script, **environment):
    script = f'set -o pipefail; losscli() {{ {sys.executable} -m losscli "$@"; }}; {script}'
    environment = {**os.environ, **environment}
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=environment, check=False
    )


@pytest.mark.parametrize(
    ("style", "unbuffered"), [("tsv", ""), ("tsv", "1"), ("json", ""), ("csv", "")]
)
def test_pipe_that_is_closed_early(style, unbuffered):
    command = f"losscli bce --logits z.npy --target y.npy --reduction none --format {style}"
    ran = shell(f"{command} | head -c 20", PYTHONUNBUFFERED=unbuffered)
    assert (ran.returncode, len(ran.stdout), ran.stderr) == (141, 20, "")


@pytest.mark.parametrize("words", ["--help", "bce --help", "list", "list --json", "-V"])
def test_pipe_that_is_closed_at_once(words):
    ran = shell(f"losscli {words} | true; echo ${{PIPESTATUS[0]}}")
    assert ran.stderr == ""
    assert ran.stdout in ("141\n", "0\n")  # 0 if all fitted into the pipe before it closed


def test_streams_that_are_closed():
    assert shell("losscli nope 2>&-").returncode == 2
    for words in ("--help", "bce --logits '[1]' --target '[0]'"):  # silence is not success
        ran = shell(f"losscli {words} >&-")
        assert (ran.returncode, ran.stderr) == (4, "error: standard output is closed\n")
    assert shell("losscli bce --logits '[1]' --target '[0]' -q >&-").returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device is always full")
def test_standard_output_that_is_full():
    ran = shell("losscli bce --logits '[1]' --target '[0]' > /dev/full")
    told = "error: cannot write standard output: no space left on device\n"
    assert (ran.returncode, ran.stderr) == (4, told)


@pytest.mark.parametrize("words", [["--output", "o.csv"], []])
def test_interrupt(words, files):
    command = [*COMMAND, "bce", "--logits", "-", "--target", "y.npy", *words]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(1.0)  # it waits for standard input
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 130
    assert {path.name for path in files.iterdir()} == {"z.npy", "y.npy"}


def test_interrupt_while_a_file_is_written(losscli, files, monkeypatch):
    def interrupted(file, *_):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setitem(packing.PACKED, ".npy", interrupted)
    assert losscli([*BCE, "--output", "o.npy"]) == (130, "", "")
    assert {path.name for path in files.iterdir()} == {"z.npy", "y.npy"}


def terminal(command, columns=80, **environment):
    """What a command writes to a terminal."""
    descriptor, end = pty.openpty()
    environment = {**os.environ, **environment, "COLUMNS": str(columns)}
    process = subprocess.Popen([*COMMAND, *command], stdout=end, stderr=end, env=environment)
    os.close(end)
    written = b""
    with suppress(OSError):  # the other end is closed
        while part := os.read(descriptor, 65536):
            written += part
    os.close(descriptor)
    process.wait(timeout=20)
    return written.decode().replace("\r\n", "\n")


def test_terminal_shows_colour():
    assert "\x1b[1mbce" in terminal(BCE, TERM="xterm")
    assert "\x1b[1;31merror:\x1b[0m" in terminal(["nope"], TERM="xterm")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminal_without_colour(environment):
    shown = terminal(BCE, **{"TERM": "xterm", **environment})
    assert shown.startswith("bce  ")
    assert "\x1b" not in shown


@pytest.mark.parametrize("words", [["--output", "-"], ["--reduction", "none", "--format", "tsv"]])
def test_ids_of_losses_do_nothing_to_a_terminal(files, words):
    Path("a.csv").write_text("id,p\nx\x1b[31m,1\né,3\n", "utf-8")
    Path("b.csv").write_text("id,p\né,0\nx\x1b[31m,0\n", "utf-8")
    command = ["mse", "--pred", "a.csv:p", "--target", "b.csv:p", "--key", "id", *words]
    shown = terminal(command, TERM="dumb", PYTHONUTF8="1")
    assert "\x1b" not in shown
    assert "x\\x1b[31m\n" in shown
    assert "é\n" in shown
    piped = subprocess.run([*COMMAND, *command], capture_output=True, check=True).stdout
    assert b"x\x1b[31m\n" in piped


def test_narrow_terminal_shows_files_without_their_folders(files):
    folder = files / ("deep" * 20)
    folder.mkdir()
    Path("z.npy").rename(folder / "z.npy")
    shown = terminal(["bce", "--logits", f"{folder}/z.npy", "--target", "y.npy"], NO_COLOR="1")
    assert max(map(len, shown.splitlines()[1:5])) <= 80
    assert "logits  z.npy  " in shown


def test_module_and_script_are_one():
    words = ["list", "--family", "regression"]
    outputs = [
        subprocess.run([*command, *words], capture_output=True, check=True).stdout
        for command in (COMMAND, [Path(sys.executable).with_name("losscli")])
    ]
    assert outputs[0] == outputs[1] != b""


def test_script_cannot_print_what_its_locale_lacks():
    ran = shell("losscli bce --logits z.npy --target y.npy", PYTHONIOENCODING="ascii")
    assert ran.returncode == 0
    assert ran.stdout.startswith("bce  ")
    assert " \\xb1 " in ran.stdout


# ---- main() in a process that goes on


def ended(words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    return caught.value.code


@pytest.mark.parametrize("words", [BCE, [*BCE, "--json"], ["nope"], ["--help"], [*BCE, "--strict"]])
def test_main_leaves_the_process_as_it_was(words, capsys):
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    before = state()
    try:
        ended(words)
        assert state() == before
    finally:
        torch.set_num_threads(threads)
        capsys.readouterr()


def state():
    streams = (sys.stdin, sys.stdout, sys.stderr, [*sys.argv])
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM)]
    modes = (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype())
    numpy = (np.geterr(), np.get_printoptions())
    return dict(os.environ), streams, handlers, torch.get_num_threads(), modes, numpy, Path.cwd()


def test_main_reads_the_words_of_the_process(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["losscli", "-V"])
    assert ended(None) == 0
    assert capsys.readouterr().out.startswith("losscli ")


def test_main_writes_to_the_streams_of_the_call(capsys):
    assert ended([*BCE, "--value"]) == 0
    first = capsys.readouterr().out
    assert ended([*BCE, "--value"]) == 0
    assert capsys.readouterr().out == first != ""


def test_main_runs_in_a_thread(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(ended([*BCE, "--value"])))
    thread.start()
    thread.join()
    assert codes == [0]
    assert float(capsys.readouterr().out) > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_device_that_is_not_there(losscli):
    assert losscli([*BCE, "--device", "cuda"]) == (
        2,
        "",
        "error: --device cuda: there is no CUDA device here\nhint: --device cpu\n",
    )
    assert losscli([*BCE, "--device", "auto", "--value"]).code == 0


def test_torch_that_cannot_be_loaded_is_no_mistake_of_ours():
    # Too little to map the library; with a little more its own set-up would abort the process.
    ran = shell("ulimit -v 400000; losscli bce --logits '[2]' --target '[1]' -b")
    assert ran.returncode in (3, 4)
    assert "memory" in ran.stderr
    assert "mistake in losscli" not in ran.stderr


@pytest.mark.parametrize(("asked", "there"), [(None, "1"), ("3", "3")])
def test_numpy_starts_no_threads_unless_asked(asked, there, monkeypatch):
    """They spin for a while after its import, and nothing has use for them."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if asked:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked)
    code = (
        "import os, sys\nfrom losscli.cli import console\nleave = os._exit\n"
        "threads = lambda: os.environ['OPENBLAS_NUM_THREADS']\n"
        "os._exit = lambda code: leave(code + (threads() != sys.argv[0]))\n"
        f"sys.argv = [{there!r}, 'bce', '--logits', '[1]', '--target', '[0]', '-q']\nconsole()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
