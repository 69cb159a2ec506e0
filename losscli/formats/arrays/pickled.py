"""Pickles, looked over without being unpickled: what no reader of them should be given.

PyTorch unpickles only what it knows; but what it does not know it puts into a message, which may
be as long as the file and longer, and it calls some of what it knows with whatever a file says.
So the opcodes are followed first, with a stack that knows of every value only how large it is.
"""

from __future__ import annotations

import pickle
import pickletools
import re
from typing import TYPE_CHECKING, BinaryIO

from losscli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_pickle", "refusal"]

LONGEST = 256
"""No module and no function has a longer name, in bytes."""
SIZE = 2**20
"""A tuple may have so many parts of parts, and else as many as the pickle has bytes."""

_OPCODES = {ord(one.code): one for one in pickletools.opcodes}
_PREFIX = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
"""How many bytes tell the length of an argument."""
_PROTOCOL = 2
"""Of whose opcodes PyTorch knows the most, and of later ones none."""
_NUMBERS = {
    ord(pickle.BININT): 4,
    ord(pickle.BININT1): 1,
    ord(pickle.BININT2): 2,
    ord(pickle.BINFLOAT): 8,
}
"""How many bytes each has: there may be millions."""
_MAKES_ROOM = re.compile(r"(Tensor|Storage|\.bytearray)$")
"""Of the classes that PyTorch knows: they take a number for a size."""


class _BrokenError(Exception):
    """A pickle that no pickler has written."""


def check_pickle(file: BinaryIO, label: str, size: int) -> None:
    """Passes over one pickle, and raises if it is broken or asks for what is never done.

    Args:
        file: Where it begins; it is left behind its end.
        label: What messages call the file.
        size: How many bytes there are.

    Raises:
        DataError: it is cut short or broken, calls what is no function, or makes values without
            measure.
    """
    try:
        _Stack(file, label, max(SIZE, size)).run()
    except (_BrokenError, IndexError, KeyError) as error:
        said = str(error) if isinstance(error, _BrokenError) else "it takes what is not there"
        raise DataError(
            f"{label} is no file of torch.save that can be read: its pickle is broken: {said}"
        ) from error


def refusal(label: str, what: str) -> DataError:
    """Of what could run code."""
    return DataError(
        f"{label} holds {what}, which is never unpickled: it could run code",
        hint="save tensors, arrays, numbers and text, in dicts and lists",
    )


class _Stack:
    """What the values of a pickle are, as far as it matters.

    A function or class is its name; everything else is a number: how many parts a tuple has, and
    they, all through; 1 for all that is no tuple. The same part counts as often as it is there,
    as it does for who compares tuples, hashes or prints them.
    """

    def __init__(self, file: BinaryIO, label: str, most: int) -> None:
        self._file, self._label, self._most = file, label, most
        self._values: list[str | int] = []
        self._marked: list[list[str | int]] = []  # what lies below each mark
        self._memo: dict[str | int, str | int] = {}

    def run(self) -> None:
        """Follows all opcodes."""
        file = self._file
        while True:
            code = _taken(file, 1)[0]
            if code in _NUMBERS:
                _taken(file, _NUMBERS[code])
                self._values.append(1)
                continue
            opcode = _OPCODES.get(code)
            if opcode is None:
                raise _BrokenError(f"it has no opcode {code}")
            if opcode.proto > _PROTOCOL:
                raise DataError(
                    f"{self._label} is pickled by protocol {opcode.proto} of Python",
                    hint="torch.save(value, path) alone uses protocol 2",
                )
            argument = self._argument(opcode)
            if opcode.name == "STOP":
                return
            self._follow(opcode, argument)

    def _argument(self, opcode: pickletools.OpcodeInfo) -> int | str:
        """A name, or a number; the bytes of others are passed over."""
        size = opcode.arg.n if opcode.arg else 0
        if size == pickletools.UP_TO_NEWLINE:
            lines = [
                _line(self._file) for _ in range(2 if opcode.name in ("GLOBAL", "INST") else 1)
            ]
            return ".".join(lines)
        if size >= 0:
            return int.from_bytes(_taken(self._file, size), "little")
        length = int.from_bytes(_taken(self._file, _PREFIX[size]), "little")
        if length:
            self._file.seek(length - 1, 1)
            _taken(self._file, 1)
        return 0

    def _follow(self, opcode: pickletools.OpcodeInfo, argument: int | str) -> None:
        """What an opcode does to the stack."""
        match opcode.name:
            case "MARK":
                self._marked.append(self._values)
                self._values = []
            case "GLOBAL":
                self._values.append(str(argument))
            case "BINGET" | "LONG_BINGET":
                self._values.append(self._memo[argument])
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._values[-1]
            case "REDUCE" | "NEWOBJ":
                self._call()
            case _:
                self._change(opcode)

    def _call(self) -> None:
        self._values.pop()
        called = self._values.pop()
        if not isinstance(called, str):
            raise refusal(self._label, "a call of what is no function")
        if _MAKES_ROOM.search(called):
            raise refusal(self._label, f"a call of {called}")
        self._values.append(1)

    def _change(self, opcode: pickletools.OpcodeInfo) -> None:
        """Takes what the opcode takes, and leaves what it leaves."""
        before = opcode.stack_before
        parts: Iterable[str | int] = ()
        if pickletools.markobject in before:
            parts, self._values = self._values, self._marked.pop()
            before = before[: before.index(pickletools.markobject)]
        if before:
            taken = self._values[-len(before) :]
            if len(taken) < len(before):
                raise _BrokenError("it takes what is not there")
            del self._values[-len(before) :]
            parts = [*parts, *taken]
        for _ in opcode.stack_after:
            self._values.append(self._whole(parts) if "TUPLE" in opcode.name else 1)

    def _whole(self, parts: Iterable[str | int]) -> int:
        count = 1 + sum(1 if isinstance(one, str) else one for one in parts)
        if count > self._most:
            raise DataError(
                f"{self._label} holds a tuple of over {self._most} parts, and parts of parts: "
                "it is never made"
            )
        return count


def _taken(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise _BrokenError("it ends too soon")
    return found


def _line(file: BinaryIO) -> str:
    line = file.readline(LONGEST + 1)
    if not line.endswith(b"\n"):
        raise _BrokenError("a name in it never ends")
    return line[:-1].decode("ascii", "backslashreplace")
