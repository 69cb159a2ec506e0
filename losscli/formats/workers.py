"""Pieces of a text parsed side by side: processes, since Python's ``float`` works on one core.

A worker is a fresh interpreter that imports NumPy and the formats and nothing else. It is started
by hand: ``multiprocessing`` would run the user's script again, or fork a process with threads.
It reads tasks from its standard input until that ends, so none outlives its parent, however that
dies; it writes results to its standard output, and its messages go nowhere.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from losscli.cores import ahead, keep_freed_memory
from losscli.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    from losscli.formats.base import Reading

__all__ = ["WORTH", "kept", "parsed", "serve", "threaded", "torch_meanwhile"]

T = TypeVar("T")
S = TypeVar("S")

WORTH = 2**24
"""From so many bytes on workers save more time than they take to start."""

_START = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import sys, pickle; "
    "sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from losscli.formats.workers import serve; serve()"
)
_PIPE = 2**20
_UNDONE = object()


def parsed(
    function: Callable[..., T],
    pieces: Iterable[bytes],
    arguments: tuple[Any, ...],
    reading: Reading,
    size: int,
) -> Generator[T]:
    """What a function makes of each piece, in order: ``function(piece, *arguments)``.

    Only a few more pieces are taken than results were asked for. Whatever goes wrong in a worker,
    its piece is parsed again in this process, so errors are raised here as if there were none.
    Stop early by closing the generator: ``with contextlib.closing(parsed(...)) as results``.

    Args:
        function: A function at the top of a module of ``losscli.formats``.
        pieces: Bytes that can be parsed apart.
        arguments: What else it takes: small, and the same for all pieces.
        reading: How many cores may work; one means this process alone.
        size: The bytes of all pieces, about: few are parsed in this process.
    """
    items = iter(pieces)
    first = list(islice(items, 2))
    items = chain(first, items)
    with kept(size):
        crew = _crews.crew(reading.threads)
        if crew is None or not (first[1:] or _crews.shared):
            for piece in items:
                yield function(piece, *arguments)
            return
        torch_meanwhile()
        work = ((piece, crew.submit(function, piece, arguments)) for piece in items)
        for piece, result in ahead(work, reading.threads + 1):
            found = result.result()
            yield function(piece, *arguments) if found is _UNDONE else cast("T", found)


def threaded(function: Callable[[bytes], T], pieces: Iterable[bytes], threads: int) -> Generator[T]:
    """As :func:`parsed`, for a function that mostly lets other threads run.

    One of the threads imports torch first: a thread more would take its core from it.
    """
    keep_freed_memory()
    pool = ThreadPoolExecutor(threads, "losscli-parse")
    pool.submit(_import_torch)
    try:
        for _, result in ahead(((None, pool.submit(function, one)) for one in pieces), threads + 1):
            yield result.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def kept(size: int) -> Iterator[None]:
    """Workers are shared by all who are inside, and end when the last one leaves.

    Args:
        size: The bytes of all that will be parsed, about.
    """
    _crews.enter(size)
    try:
        yield
    finally:
        _crews.leave()


def torch_meanwhile() -> None:
    """Imports torch while others parse: it takes a second, and comes next in any case.

    The thread is no daemon: one that is stopped in the midst of loading libraries can abort the
    whole process at its end.
    """
    if "torch" not in sys.modules:
        Thread(target=_import_torch, name="losscli-import-torch").start()


def _import_torch() -> None:
    with suppress(Exception):  # it will be raised where torch is used
        _ = torch.float64


class _Worker:
    """A process that takes tasks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            _widen(pipe)
        self._send([entry for entry in sys.path if isinstance(entry, str)])

    def ask(self, task: tuple[Any, ...]) -> Any:
        """The result of a task, or _UNDONE if it failed; OSError and others if the worker did."""
        self._send(task)
        assert self._process.stdout is not None
        done, result = pickle.load(self._process.stdout)
        return result if done else _UNDONE

    def _send(self, thing: object) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # reading will tell
            pickle.dump(thing, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()

    def end(self) -> None:
        """Kills it: it holds nothing. Whoever waits for its answer sees it end."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


def _widen(pipe: Any) -> None:
    """Gives a pipe room for a whole piece, where that is possible.

    Every small read waits for the one thread that may run, and torch's import holds it long.
    """
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def serve() -> None:
    """What a worker does until its standard input ends."""
    keep_freed_memory()
    with os.fdopen(os.dup(1), "wb") as results:
        os.dup2(2, 1)  # nothing that prints can break the results
        with suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                function, piece, arguments = pickle.load(sys.stdin.buffer)
                pickle.dump(_answer(function, piece, arguments), results, pickle.HIGHEST_PROTOCOL)
                results.flush()
    os._exit(0)


def _answer(function: Callable[..., T], piece: bytes, arguments: tuple[Any, ...]) -> Any:
    try:
        return True, function(piece, *arguments)
    except Exception:  # the parent parses it again, and has it raised there
        return False, None


class _Crew:
    """So many workers, each hired when there is work and none of the others is idle."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "losscli-parse")
        self._lock = Lock()
        self._all: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._closed = False

    def submit(self, *task: Any) -> Future[Any]:
        return self._threads.submit(self._work, task)

    def _work(self, task: tuple[Any, ...]) -> Any:
        worker = self._taken()
        if worker is None:
            return _UNDONE
        try:
            found = worker.ask(task)
        except Exception:  # killed, perhaps for its memory: no other is hired in its place
            self._closed = True
            worker.end()
            return _UNDONE
        with self._lock:
            self._idle.append(worker)
        return found

    def _taken(self) -> _Worker | None:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._closed:
                return None
            try:
                worker = _Worker()
            except OSError:
                self._closed = True
                return None
            self._all.append(worker)
            return worker

    def close(self) -> None:
        """Ends all workers, and then the threads that wait for them."""
        with self._lock:
            self._closed = True
            self._idle.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.end()
        self._threads.shutdown()


class _Crews:
    """The crew of this process, if anybody has use for one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._size = 0
        self._crew: _Crew | None = None

    @property
    def shared(self) -> bool:
        """Whether others work at the same time."""
        return self._inside > 1

    def enter(self, size: int) -> None:
        with self._lock:
            self._inside += 1
            self._size = max(self._size, size)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside:
                return
            crew, self._crew, self._size = self._crew, None, 0
        if crew is not None:
            crew.close()

    def crew(self, threads: int) -> _Crew | None:
        """The crew, or None if this process does the work better alone."""
        if threads == 1 or self._size < WORTH or not _is_python(sys.executable):
            return None
        with self._lock:
            if self._crew is None:
                self._crew = _Crew(threads)
            return self._crew


def _is_python(path: str | None) -> bool:
    """Whether an executable is Python, and not a program that Python is a part of.

    >>> _is_python("/usr/bin/python3.11"), _is_python("/opt/blender"), _is_python("")
    (True, False, False)
    """
    name = Path(path or "").name.lower()
    return re.match(r"python|pypy", name) is not None and not getattr(sys, "frozen", False)


_crews = _Crews()
