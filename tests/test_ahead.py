"""What is loaded ahead of torch: each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from losscli.ahead import DEVICES, LIGHT

LIB = Path(torch.__file__).parent / "lib"
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or any((LIB / one).exists() for one in DEVICES),
    reason="it is for Linux, and for torch without devices",
)

START = """
import json, sys
from threading import enumerate as threads
from losscli.ahead import load_ahead
def loaded(*words):
    load_ahead(words)
    for one in threads()[1:]:
        one.join()
    return "libtorch_python.so" in open("/proc/self/maps").read()
"""


def run(script, *words):
    """What a script prints last, as JSON."""
    ran = subprocess.run(
        [sys.executable, "-c", START + script, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert not ran.returncode, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_libraries_are_loaded_and_torch_is_not():
    script = """
found = [loaded("bce", "p.npy", "y.npy"), "torch" in sys.modules]
import torch
print(json.dumps([*found, torch.ones(2).sum().item()]))
"""
    assert run(script) == [True, False, 2.0]


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["bce", "--help"], ["list", "--json", "x"], ["explain", "bce", "ce"]]
)
def test_nothing_is_loaded_where_nothing_is_computed(words):
    assert run("print(json.dumps(loaded(*sys.argv[1:])))", *words) is False


def test_torch_that_is_not_there_is_left_to_its_import():
    script = "sys.path = [one for one in sys.path if 'site-packages' not in one]\n"
    assert run(script + "print(json.dumps(loaded('bce', 'p', 'y')))") is False


def test_torch_for_a_device_is_left_to_its_import(tmp_path):
    lib = tmp_path / "torch" / "lib"
    lib.mkdir(parents=True)
    for one in LIB.iterdir():
        (lib / one.name).symlink_to(one)
    begin = f"sys.path.insert(0, {str(tmp_path)!r})\nprint(json.dumps(loaded('bce', 'p', 'y')))"
    (tmp_path / "torch" / "__init__.py").touch()
    assert run(begin) is True
    (lib / "libtorch_cuda.so").touch()
    assert run(begin) is False


def test_no_compiled_module_of_python_waits_for_the_libraries(tmp_path):
    """All that a command imports before NumPy come first."""
    np.save(tmp_path / "p.npy", np.zeros(8, np.float32))
    script = """
from importlib.machinery import ExtensionFileLoader
import losscli.ahead, losscli.cli, os
names, make = [], ExtensionFileLoader.create_module
def seen(self, spec):
    names.append(spec.name)
    return make(self, spec)
def begin(words):
    load_ahead(words)
    names.clear()
def end(code):
    print(json.dumps(names), flush=True)
    leave(code)
ExtensionFileLoader.create_module = seen
losscli.cli.load_ahead, leave, os._exit = begin, os._exit, end
sys.argv = ["losscli", "mse", "--pred", sys.argv[1], "--target", sys.argv[1], "--json"]
losscli.cli.console()
"""
    names = run(script, str(tmp_path / "p.npy"))
    first = next(place for place, name in enumerate(names) if name.startswith("numpy"))
    assert not {*names[:first]} & {*sys.stdlib_module_names}
    assert not {*names} & {*LIGHT}
