"""The loops of limit.c: compiled for this machine, and timed."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


class Found(ctypes.Structure):
    """What a loop of limit.c finds."""

    _fields_ = (
        ("sum", ctypes.c_double),
        ("squares", ctypes.c_double),
        ("low", ctypes.c_double),
        ("high", ctypes.c_double),
        ("hits", ctypes.c_int64),
    )


def compiled(folder: Path) -> ctypes.CDLL:
    """The loops of limit.c.

    Raises:
        SystemExit: there is no C compiler, or it cannot compile them.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise SystemExit(
            "a C compiler is needed to measure the limit: there is no cc, gcc or clang"
        )
    source, library = Path(__file__).with_name("limit.c"), folder / "limit.so"
    done = subprocess.run([compiler, *FLAGS, source, "-o", library, "-lm"], check=False)
    if done.returncode:
        raise SystemExit(f"{compiler} could not compile {source.name}")
    loops = ctypes.CDLL(str(library))
    loops.plain_sum.restype = ctypes.c_uint64
    return loops


def quickest(work: Callable[[], Any], runs: int) -> float:
    """Seconds of the quickest run, after one that does not count."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def split(count: int, threads: int) -> list[tuple[int, int]]:
    """Where each thread's stretch begins, and how long it is."""
    edges = [count * at // threads for at in range(threads + 1)]
    return [(low, high - low) for low, high in pairwise(edges)]


def bandwidth(loops: ctypes.CDLL, size: int, runs: int, threads: int) -> float:
    """Bytes that a plain sum reads in a second."""
    words = np.ones(size // 8, np.uint64)

    def add(stretch: tuple[int, int]) -> None:
        start, count = stretch
        loops.plain_sum(ctypes.c_void_p(words[start:].ctypes.data), ctypes.c_size_t(count))

    with ThreadPoolExecutor(threads) as pool:
        stretches = split(len(words), threads)
        return words.nbytes / quickest(lambda: list(pool.map(add, stretches)), runs)


def loop(
    function: Callable[..., None],
    prediction: np.ndarray,
    target: np.ndarray,
    runs: int,
    threads: int,
) -> tuple[float, float]:
    """Seconds of a C loop, and the loss that it finds."""

    def one(stretch: tuple[int, int]) -> float:
        start, count = stretch
        found = Found()
        function(
            ctypes.c_void_p(prediction[start:].ctypes.data),
            ctypes.c_void_p(target[start:].ctypes.data),
            ctypes.c_size_t(count),
            ctypes.byref(found),
        )
        return float(found.sum)

    with ThreadPoolExecutor(threads) as pool:
        stretches = split(len(target), threads)
        seconds = quickest(lambda: list(pool.map(one, stretches)), runs)
        return seconds, sum(pool.map(one, stretches)) / len(target)
