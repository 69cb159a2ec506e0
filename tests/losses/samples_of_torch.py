"""Writes the sample inputs of PyTorch's own tests of its losses: a script, in its own process.

Importing these tests has side effects (settings of hypothesis, seeds, the words of the command
line) that no other test should meet.
"""

from __future__ import annotations

import inspect
import random
import re
import sys
from contextlib import suppress

LAYER = "linear_cross_entropy"
"""A layer and its weights before the loss: its samples are left behind."""


def functional(module_class):
    """The name of the function that the forward pass of a module calls."""
    return re.search(r"F\.(\w+)\(", inspect.getsource(module_class.forward))[1]


def of_functions(torch, op_db):
    """Of each function with a reduction: its name, and its arguments by name."""
    for op in op_db:
        name = op.name.removeprefix("nn.functional.")
        function = getattr(torch.nn.functional, name, None)
        with suppress(TypeError, ValueError):  # functions in C have no signature, and no reduction
            signature = inspect.signature(function)
            if "reduction" not in signature.parameters:
                continue
            for sample in op.reference_inputs("cpu", torch.float64):
                yield name, signature.bind(sample.input, *sample.args, **sample.kwargs).arguments


def of_modules(torch, module_db):
    """Of each class of losses: the function that it calls, and its arguments by name."""
    for info in module_db:
        module = info.module_cls
        if module.__module__ != "torch.nn.modules.loss":
            continue
        name = functional(module)
        names = inspect.signature(getattr(torch.nn.functional, name)).parameters
        made = inspect.signature(module)
        for sample in info.module_inputs_func(info, "cpu", torch.float64, False, False):
            built, called = sample.constructor_input, sample.forward_input
            options = made.bind(*built.args, **built.kwargs).arguments
            given = dict(zip(names, called.args, strict=False))
            yield name, {**options, **given, **called.kwargs}


def main():
    import torch
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

    random.seed(0)
    torch.manual_seed(0)
    found = {}
    for name, given in [*of_functions(torch, op_db), *of_modules(torch, module_db)]:
        kept = {key: value for key, value in given.items() if value is not None}
        if isinstance(kept.get("distance_function"), torch.nn.PairwiseDistance):
            del kept["distance_function"]  # the default
        found.setdefault(name, []).extend([] if name == LAYER else [kept])
    torch.save(found, sys.argv[1])


if __name__ == "__main__":
    main()
