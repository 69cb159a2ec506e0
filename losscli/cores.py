"""Work on several cores, in bounded memory, in the order of the data."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from losscli.lazy import np, torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

T = TypeVar("T")
S = TypeVar("S")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    work: Callable[[T], S], items: Iterable[T], threads: int, *, kernels: bool = True
) -> Iterator[S]:
    """What work makes of each item, in their order.

    Args:
        work: What is done, mostly in kernels that let other threads run.
        items: What it is done with; no more of them are taken than are under way.
        threads: How many at the same time.
        kernels: Some of the kernels are those of torch.
    """
    first = list(islice(items := iter(items), 2))
    items = chain(first, items)
    if len(first) > 1:
        keep_freed_memory()
    if len(first) < 2 or threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, initializer=_one_thread if kernels else None) as pool:
        try:
            for _, found in ahead(((None, pool.submit(work, item)) for item in items), threads):
                yield found.result()
        finally:  # after an error or an interrupt, what has not begun never does
            pool.shutdown(cancel_futures=True)


def _one_thread() -> None:
    """A thread of ours has no threads of torch besides."""
    torch.set_num_threads(1)


def ahead(work: Iterable[tuple[T, Future[S]]], size: int) -> Iterator[tuple[T, Future[S]]]:
    """What is under way, in order, with so much begun before it is asked for.

    What nobody asks for any more is never begun.
    """
    under_way: deque[tuple[T, Future[S]]] = deque()
    try:
        for one in work:
            under_way.append(one)
            if len(under_way) > size:
                yield under_way.popleft()
        while under_way:
            yield under_way.popleft()
    finally:
        for _, future in under_way:
            future.cancel()


def keep_freed_memory() -> None:
    """Lets arrays of leaves take the place of those before them.

    The C library gives freed memory back to the system, which clears every page of the next
    leaf: a fifth of the time. To free something large once raises the size from which it does.
    """
    np.empty(2**25 - 2**16, np.uint8)


class _OwnThreads:
    """One thread of torch for as long as anybody computes.

    The number is torch's for the whole process: the first in remembers it, the last out restores.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = torch.get_num_threads()
            torch.set_num_threads(1)
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    torch.set_num_threads(self._before)


own_threads = _OwnThreads()
"""Torch's own threads would split a leaf where their number says; leaves are the unit."""


@contextmanager
def recording() -> Iterator[None]:
    """Gradients can be taken, also inside of :func:`plainly`. Holds for one thread."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def plainly() -> Iterator[None]:
    """No gradients, and no warnings of inf and NaN, which checks find. Holds for one thread."""
    with torch.inference_mode(), np.errstate(all="ignore"):
        yield
