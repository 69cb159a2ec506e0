"""PyTorch and NumPy under their usual names, free until they are used.

Importing torch takes about a second and numpy a tenth. Help, listings and error
messages compute nothing, so they must not pay for either. This is the only file that
names the two at its top; everything else imports them from here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

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

__all__ = ["F", "Tensor", "complete", "np", "spare", "torch"]

SPARED = "torch._meta_registrations"
"""A third of the import of torch: what its compiler and its tensors without data are told."""


def spare() -> None:
    """Torch is imported without what no loss of ours has a use for, until that is used.

    It is for processes of our own, in which nobody else has a use for it either.
    """
    sys.meta_path.insert(0, _LATER)


def complete() -> None:
    """Torch is as it is elsewhere: for code that is not ours."""
    if _LATER in sys.meta_path:
        sys.meta_path.remove(_LATER)
    spared = sys.modules.get(SPARED)
    if isinstance(spared, _Spared):
        spared.load()


class _Spared(ModuleType):
    """A module that is loaded when the first of its names is read."""

    def load(self) -> None:
        loader = self.__spec__ and self.__spec__.loader
        assert isinstance(loader, _Later)
        self.__class__ = ModuleType
        loader.exec_late(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # which the import itself looks for
            raise AttributeError(name)
        self.load()
        return getattr(self, name)


class _Later:
    """Finds what is spared, and loads it later."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != SPARED:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        self._exec = spec.loader.exec_module
        spec.loader = self  # type: ignore[assignment]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Spared(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Not yet."""

    def exec_late(self, module: ModuleType) -> None:
        self._exec(module)


_LATER = _Later()
