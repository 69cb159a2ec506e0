"""The loss of predictions against targets, from files, in the shell.

Importing losscli loads neither NumPy nor PyTorch.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from losscli.engine import evaluate
    from losscli.losses import losses

__all__ = ["__version__", "evaluate", "losses"]


def __getattr__(name: str) -> Any:
    if name == "evaluate":
        from losscli.engine import evaluate

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Package(ModuleType):
    """Keeps ``losscli.losses`` the registry, although the package of losses has that name too."""

    @property
    def losses(self) -> Any:
        from losscli.losses import losses

        return losses

    @losses.setter
    def losses(self, package: ModuleType) -> None:
        """What importing the package would set."""


sys.modules[__name__].__class__ = _Package
