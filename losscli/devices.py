"""Where losses are computed."""

from __future__ import annotations

from typing import Any

from losscli.errors import UsageError
from losscli.lazy import torch


def device(name: str) -> Any:
    """The torch device of a name.

    Raises:
        UsageError: there is no such device here.
    """
    if name == "cpu":
        return torch.device("cpu")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise UsageError("--device cuda: there is no CUDA device here", hint="--device cpu")
        if index and not (index.isdigit() and int(index) < count):
            raise UsageError(f"--device {name}: there are {count} CUDA devices, from cuda:0")
        return torch.device(name)
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise UsageError("--device mps: there is no MPS device here", hint="--device cpu")
        return torch.device(name)
    raise UsageError(f"--device {name}: devices are cpu, cuda, cuda:N, mps and auto")
