"""Warnings of libraries, put aside: what is wrong with a file is told by an error of ours."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["quietly"]

_LOCK = RLock()  # warnings are filtered for all threads at once


@contextmanager
def quietly(category: type[Warning] = Warning) -> Iterator[None]:
    """No warnings of a kind for as long as this lasts, of one thread at a time.

    Args:
        category: Those that are put aside.
    """
    with _LOCK, warnings.catch_warnings(action="ignore", category=category):
        yield
