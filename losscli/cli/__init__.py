"""The command line: words in, a result out, and an exit code.

This package is the only one that knows Typer. :func:`main` runs in any process and leaves it as
it was; :func:`console` is the installed script, which may end its own process fast.
"""

from __future__ import annotations

import gc
import io
import math
import os
import signal
import sys
from contextlib import redirect_stdout, suppress
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from losscli.ahead import load_ahead
from losscli.cli.tell import Voice, is_terminal, put
from losscli.errors import Exit, LosscliError
from losscli.sparing import spare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    Job = Callable[[], int]

__all__ = ["console", "main"]

CLEARING = 1.0
"""Seconds after Ctrl-C in which another changes nothing."""

OBJECTS = 200_000
"""So many new objects, and rubbish is looked for: imports make many, and hardly any rubbish."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs a command line, in the process that calls it.

    Args:
        argv: The words behind ``losscli``; None for those of the process.

    Raises:
        SystemExit: always, with one of :class:`losscli.errors.Exit`.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    raise SystemExit(int(_run(words)))


def console() -> NoReturn:
    """The installed script: as main, without waiting for torch to take itself apart."""
    with suppress(ValueError):  # this is not the main thread
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _Interrupt())
    gc.set_threshold(OBJECTS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's would spin, with nothing to do
    spare()
    load_ahead(sys.argv[1:])
    code = _run(sys.argv[1:])
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError):  # which has been told already
            stream.flush()
    os._exit(int(code))


class _Interrupt:
    """Ctrl-C, once: another is not heard while what the first left behind is cleared away."""

    def __init__(self) -> None:
        self._last = -math.inf

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = monotonic()
        if now - self._last > CLEARING:
            self._last = now
            raise KeyboardInterrupt


def _run(words: list[str]) -> int:
    """Does what the words say, and turns every way to fail into one message and a code."""
    voice = Voice()
    try:
        return _parsed(words)()
    except LosscliError as error:
        voice.error(error.message, error.hint)
        return error.exit_code
    except BrokenPipeError:
        return _closed()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except ImportError as error:  # of a library: ours are all there
        said = str(error).partition("\n")[0]
        voice.error(f"cannot load a library: {said}", "is there enough memory for it?")
        return Exit.FILE
    except MemoryError:
        voice.error("there is not enough memory for this", "--limit N reads only the first rows")
        return Exit.DATA
    except Exception as error:
        if os.environ.get("LOSSCLI_DEBUG"):
            raise
        said = f"{type(error).__name__}: {error}".partition("\n")[0]
        voice.error(
            f"this is a mistake in losscli, not in your data: {said}",
            "LOSSCLI_DEBUG=1 shows where it happened; please report it",
        )
        return Exit.BUG


def _parsed(words: list[str]) -> Job:
    """The job that the words ask for; help is held back until Typer has let go.

    Typer answers a closed pipe with an exit code of its own, so nothing is printed under it.
    """
    from losscli.cli.commands import parse

    held = _Held()
    try:
        with redirect_stdout(held):
            return parse(words)
    finally:
        put([held.getvalue()])


class _Held(io.StringIO):
    """Text that is printed later, to a terminal or not, as it is now."""

    def __init__(self) -> None:
        super().__init__()
        self._terminal = is_terminal(sys.stdout)

    def isatty(self) -> bool:
        return self._terminal


def _closed() -> int:
    """Whoever read the output has gone: say nothing more, and let nobody else try."""
    with suppress(OSError, ValueError):  # there may be no file behind standard output
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return Exit.CLOSED_PIPE
