"""What can go wrong, and the exit code of each.

    LosscliError
    ├── UsageError      2   the command line, or an argument, is not a question that can be answered
    ├── DataError       3   a file was read, and what is in it cannot give a meaningful number
    └── FileError       4   a file cannot be read or written

An error is a form: what is wrong (with file, row, line, column and value), and a hint
(with a flag that exists). It is told once, by the command line, without a traceback.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any, ClassVar

from losscli.records import record


class Exit(IntEnum):
    """Every exit code of the command line. Only GATE says that the model is bad."""

    DONE = 0
    GATE = 1  # a gate such as --max-loss did not hold
    USAGE = 2
    DATA = 3
    FILE = 4
    BUG = 70  # ours; as EX_SOFTWARE in sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT, as shells count
    CLOSED_PIPE = 141  # 128 + SIGPIPE


class LosscliError(Exception):
    """A mistake that its maker can mend: shown as one message, never as a traceback.

    >>> print(UsageError("--delta must be > 0, not -1", hint="--delta 1 is PyTorch's default"))
    --delta must be > 0, not -1
    hint: --delta 1 is PyTorch's default
    """

    exit_code: ClassVar[Exit]

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code  # of the finding that became an error, such as "target-range"

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class UsageError(LosscliError):
    """An option that does not exist, does not fit, or has a value out of its bounds."""

    exit_code = Exit.USAGE


class DataError(LosscliError):
    """Parse errors, shapes that do not pair up, values outside their role, nothing to average."""

    exit_code = Exit.DATA


class FileError(LosscliError):
    """A path that is missing, unreadable or not writable."""

    exit_code = Exit.FILE


class Level(StrEnum):
    """How much a finding weighs."""

    NOTE = "note"  # something was read or fixed, and nothing was lost
    WARNING = "warning"  # the number stands, but look
    ERROR = "error"  # the number would be meaningless


@record
class Finding:
    """What was noticed about the question: one form for notes, warnings and errors.

    Attributes:
        code: A stable name, for --ignore and for scripts.
        level: Note, warning or error.
        message: What, where, which value, how many.
        hint: The flag that helps.
        input: The input it speaks of, such as "logits".
        index: The first place, counted from 0; None if there is no single place.
        count: How many elements, or rows, are like it.
    """

    code: str
    level: Level
    message: str
    hint: str = ""
    input: str | None = None
    index: tuple[int, ...] | None = None
    count: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: what there is."""
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.hint:
            told["hint"] = self.hint
        if self.input is not None:
            told["input"] = self.input
        if self.index is not None:
            told["index"] = list(self.index)
        if self.count is not None:
            told["count"] = self.count
        return told


def such(count: int, noun: str) -> str:
    """How many are like the one that a message shows.

    >>> such(1, "value"), such(1200, "row")
    ('1 such value', '1,200 such rows')
    """
    return f"{count:,} such {noun}{'' if count == 1 else 's'}"
