"""Work on several cores, in bounded memory, whose sum does not tell how it was done."""

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
    from concurrent.futures import Executor, Future

T = TypeVar("T")
S = TypeVar("S")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(work: Callable[[T], S], items: Iterable[T], threads: int, zero: S) -> S:
    """The sum of what work makes of each item.

    Args:
        work: What is done, mostly in kernels that let other threads run.
        items: What it is done with; no more of them are taken than are under way.
        threads: How many at the same time.
        zero: The sum of nothing. Addition must not depend on order.
    """
    first = list(islice(items := iter(items), 2))
    if threads == 1 or len(first) < 2:
        return _sum(map(work, chain(first, items)), zero)
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            return _sum(_ahead(pool, work, chain(first, items), threads + 1), zero)
        except BaseException:  # an interrupt too: what has not begun never does
            pool.shutdown(cancel_futures=True)
            raise


def _sum(parts: Iterable[S], zero: S) -> S:
    for part in parts:
        zero = zero + part  # type: ignore[operator]
    return zero


def _ahead(pool: Executor, work: Callable[[T], S], items: Iterable[T], size: int) -> Iterator[S]:
    """Results in order, with only so many items under way."""
    under_way: deque[Future[S]] = deque()
    for item in items:
        under_way.append(pool.submit(work, item))
        if len(under_way) >= size:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


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
def plainly() -> Iterator[None]:
    """No gradients, and no warnings of inf and NaN, which checks find. Holds for one thread."""
    with torch.inference_mode(), np.errstate(all="ignore"):
        yield
