"""How much memory there is: read from files made up here, and from a process with a limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from losscli import memory
from losscli.errors import DataError

GIB = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with 8 GiB free and no limits; what is written below it takes effect."""
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    cgroup.mkdir()
    (proc / "meminfo").write_text(
        f"MemTotal: {16 * 2**20} kB\nMemFree: 1 kB\nMemAvailable: {8 * 2**20} kB\n"
    )
    monkeypatch.setattr(memory, "_PROC", proc)
    monkeypatch.setattr(memory, "_CGROUP", cgroup)
    monkeypatch.setattr(memory, "_own_limit", list)
    return tmp_path


def group(folder, limit, usage, cached, version=2):
    folder.mkdir(parents=True, exist_ok=True)
    new = version == 2
    (folder / ("memory.max" if new else "memory.limit_in_bytes")).write_text(f"{limit}\n")
    (folder / ("memory.current" if new else "memory.usage_in_bytes")).write_text(f"{usage}\n")
    cache = "inactive_file" if new else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 5\n{cache} {cached}\nactive_file 7\n")


def test_the_machine(machine):
    assert memory.available() == 8 * GIB


@pytest.mark.parametrize("outer", [False, True])
def test_a_container(machine, outer):
    (machine / "proc/self/cgroup").write_text("0::/jobs/one\n")
    group(machine / "cgroup/jobs/one", "max", 2 * GIB, 0)
    where = machine / "cgroup" / ("jobs" if outer else "jobs/one")
    group(where, 4 * GIB, 3 * GIB, GIB)
    assert memory.available() == 2 * GIB


def test_a_container_of_the_first_version(machine):
    lines = "3:cpu,cpuacct:/a\n2:memory:/docker/x\n1:name=systemd:/y\n"
    (machine / "proc/self/cgroup").write_text(lines)
    group(machine / "cgroup/memory", 2**63 - 4096, 9 * GIB, 0, version=1)
    group(machine / "cgroup/memory/docker/x", 3 * GIB, GIB, 0, version=1)
    assert memory.available() == 2 * GIB


def test_a_container_that_is_over_its_limit(machine):
    (machine / "proc/self/cgroup").write_text("0::/\n")
    group(machine / "cgroup", GIB, 2 * GIB, 0)
    assert memory.available() == 0


@pytest.mark.parametrize("text", ["", "nonsense", "0::", "a:b:c:d\n\n", "0::/../../..\n"])
def test_what_cannot_be_read_is_no_limit(machine, text):
    (machine / "proc/self/cgroup").write_text(text)
    assert memory.available() == 8 * GIB


def test_nobody_tells(machine, monkeypatch):
    (machine / "proc/meminfo").unlink()
    monkeypatch.delattr("os.sysconf")
    assert memory.available() is None
    memory.require(2**80, "everything")


def test_require(machine):
    memory.require(8 * GIB, "y.json: it is parsed whole")
    with pytest.raises(DataError) as error:
        memory.require(41 * GIB, "y.json: it is parsed whole", "NPY needs less")
    assert str(error.value) == (
        "y.json: it is parsed whole, which needs about 41 GiB, and 8 GiB are free\n"
        "hint: NPY needs less"
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "0.98 KiB"),
        (9.94 * 1024, "9.9 KiB"),
        (10 * 1024, "10 KiB"),
        (8 * GIB, "8 GiB"),
        (2**80, "1073741824 PiB"),
    ],
)
def test_sizes(size, text):
    assert memory.sized(size) == text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_limit_of_a_process():
    code = (
        "import resource\n"
        "from losscli import memory\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({2 * GIB}, {2 * GIB}))\n"
        "before = memory.available()\n"
        "held = bytearray(2**29)\n"
        "print(before, before - memory.available())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    before, less = map(int, run.stdout.split())
    assert GIB < before < 2 * GIB
    assert 2**29 <= less < 2**29 + 2**24
