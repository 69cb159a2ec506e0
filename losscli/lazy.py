"""PyTorch and NumPy under their usual names, free until they are used.

Importing torch takes about a second and numpy a tenth. Help, listings and error
messages compute nothing, so they must not pay for either. This is the only file that
names the two at its top; everything else imports them from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor
    from torch.nn import functional as F
else:

    class _Lazy:
        """A module that is imported when one of its names is first read."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            value = getattr(import_module(self._name), attribute)
            setattr(self, attribute, value)  # found at once the next time
            return value

    class Tensor:
        """Stands for ``torch.Tensor`` in signatures."""

    np = _Lazy("numpy")
    torch = _Lazy("torch")
    F = _Lazy("torch.nn.functional")

__all__ = ["F", "Tensor", "np", "torch"]
