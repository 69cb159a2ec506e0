"""Where losses are computed."""

from __future__ import annotations

from typing import Any

from losscli.errors import UsageError
from losscli.lazy import torch


def device(name: str, dtype: str) -> Any:
    """The torch device of a name.

    Raises:
        UsageError: there is no such device here, or it does not know the dtype.
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
        if index and int(index) >= count:
            raise UsageError(f"--device {name}: there are {count} CUDA devices, from cuda:0")
        return torch.device(name)
    if not torch.backends.mps.is_available():
        raise UsageError("--device mps: there is no MPS device here", hint="--device cpu")
    if dtype == "float64":
        raise UsageError("--device mps does not know float64", hint="--dtype float32")
    return torch.device(name)
