"""What is spared of torch is only loaded later: each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from every import answers

from losscli.sparing import ALWAYS, SPARED, TRIED

SHARED = Path(__file__).parent / "shared"
EXPECTED = {*SPARED} if torch.__version__.startswith(TRIED) else {ALWAYS}
START = f"""
import json, sys
sys.path.insert(0, {str(SHARED)!r})
from losscli import sparing
def waiting():
    return [name for name, module in sys.modules.items() if type(module) is sparing._Spared]
"""
STATE = """
from types import FunctionType, ModuleType
def what(value):
    if isinstance(value, ModuleType):
        return "module " + value.__name__
    named = isinstance(value, (type, FunctionType))
    return value.__qualname__ if named else type(value).__name__
names = {}
for name, module in [*sys.modules.items()]:
    if name.partition(".")[0] in ("torch", "torchgen", "unittest", "asyncio"):
        known = ModuleType.__getattribute__(module, "__dict__")
        names[name] = {key: what(value) for key, value in sorted(known.items())}
        names[name].pop("__warningregistry__", None)
keys = "CPU", "CUDA", "Meta", "Autograd", "CompositeExplicitAutograd"
kernels = {key: sorted(torch._C._dispatch_get_registrations_for_dispatch_key(key)) for key in keys}
print(json.dumps([names, kernels, sorted(torch._C._dispatch_get_all_op_names())]))
"""


def run(script):
    """What a script prints last, as JSON."""
    words = [sys.executable, "-W", "ignore", "-c", START + script]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert not ran.returncode, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def everywhere():
    """The modules of torch with their names, its kernels and its operations."""
    return run("import torch\n" + STATE)


def test_all_of_it_waits():
    """Nothing that torch imports reads a name of what is spared."""
    script = "sparing.spare()\nimport torch\nprint(json.dumps(waiting()))"
    assert {*run(script)} == EXPECTED


@pytest.mark.parametrize(
    "then",
    [
        "sparing.complete()",
        "torch._meta_registrations.aten",
        "from torch.optim import SGD",
        "import torch._higher_order_ops.cond",
        "import torch.fx.experimental.proxy_tensor",
        "import torch._refs",
        "torch.utils.checkpoint",
        "vars(torch.distributions)",
        "torch.profiler.ours = 1\ndel torch.profiler.ours",
        "import pickle\npickle.loads(b'ctorch.masked\\nMaskedTensor\\n.')",
        "from losscli.own.places import importing\nwith importing('theirs'): pass",
        "from losscli.devices import device\n"
        "try: device('cuda:1000', 'float32', 1)\nexcept Exception: pass",
    ],
)
def test_torch_is_as_everywhere_once_any_of_it_is_used(then, everywhere):
    script = f"sparing.spare()\nimport torch\nassert waiting()\n{then}\n"
    names, *rest = run(
        script + "assert 'torch.optim' not in waiting()\nsparing.complete()\n" + STATE
    )
    assert {*names} == {*everywhere[0]}
    for name, found in names.items():
        assert found == everywhere[0][name], name
    assert rest == everywhere[1:]


def test_functions_that_torch_offers_are_looked_up_when_they_are_called():
    script = """
sparing.spare()
import torch
first = torch.vmap
found = first(torch.neg)(torch.ones(2)).tolist()
import torch._higher_order_ops as late
same = [torch.vmap is torch.func.vmap, torch.cond is late.cond, torch.while_loop is late.while_loop]
print(json.dumps([found, *same]))
"""
    assert run(script) == [[-1, -1], True, True, True]


def test_threads_wait_for_each_other():
    script = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
sys.setswitchinterval(1e-6)
sparing.spare()
import torch
reads = ["torch.export.Dim", "torch.optim.SGD", "torch.func.grad", "torch.compiler.disable"] * 2
together = Barrier(len(reads))
def read(name):
    together.wait()
    return eval(name).__module__
with ThreadPoolExecutor(len(reads)) as pool:
    print(json.dumps([*pool.map(read, reads)]))
"""
    homes = [torch.export.Dim, torch.optim.SGD, torch.func.grad, torch.compiler.disable] * 2
    assert run(script) == [one.__module__ for one in homes]


def test_nothing_is_spared_for_others():
    script = "sparing.complete()\nsparing.spare()\nimport torch\nprint(json.dumps(waiting()))"
    assert run(script) == []
    assert run("import losscli, torch\nprint(json.dumps(waiting()))") == []


def test_of_versions_that_nobody_tried_little_is_spared():
    script = "sparing.TRIED = ('0.',)\nsparing.spare()\nimport torch\nprint(json.dumps(waiting()))"
    assert run(script) == [ALWAYS]


def test_our_own_process_is_spared():
    """And gives the same number."""
    script = """
import os
from losscli.cli import console
os._exit = lambda code: print(json.dumps(waiting()))
sys.argv = ["losscli", "mse", "--pred", "[1,2]", "--target", "[1,4]", "--value"]
console()
"""
    assert {*run(script)} == EXPECTED


def test_every_loss_is_the_same_and_needs_nothing_of_it():
    """But for gradients of losses that compute their logits once more, as checkpoints."""
    script = """
sparing.spare()
from every import answers
found, late = {}, []
for case, answer in answers():
    found[case] = answer
    late.append([case, len(waiting())])
print(json.dumps([found, late]))
"""
    found, late = run(script)
    assert found == dict(answers())
    used = [case for case, number in late if number != len(EXPECTED)]
    assert {case.split()[0] for case in used} == {"linear-ce", "adaptive-ce"}
