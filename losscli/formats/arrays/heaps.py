"""Heaps of HDF5, which hold text of any length: whether the library would come to their end.

A heap is a chain of objects, each of which says where the next begins. One that says 0 sends the
library round and round, and nothing interrupts it.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["endless"]

_MARK = b"GCOL\x01\0\0\0"
"""What each heap begins with: its signature, the version, and three bytes that are 0."""

_BLOCK = 2**22
_HEAD = 16
"""The bytes before the first object, and before what each object holds, where lengths have 8."""

_OBJECT = Struct("<HHIQ")  # its number, how often it is used, nothing, its size
_SIZE = Struct("<Q")


def endless(file: BinaryIO) -> bool:
    """Whether the library would never come to the end of a heap of a file.

    >>> import io
    >>> heap = _MARK + _SIZE.pack(64) + _OBJECT.pack(1, 1, 0, 5) + b"hello..."
    >>> endless(io.BytesIO(heap + _OBJECT.pack(0, 0, 0, 24) + bytes(8)))
    False
    >>> endless(io.BytesIO(heap + _OBJECT.pack(0, 0, 0, 0) + bytes(8)))
    True
    """
    return any(_is_endless(file, start) for start in _starts(file))


def _starts(file: BinaryIO) -> Iterator[int]:
    """Where heaps begin."""
    place, kept = 0, b""
    file.seek(0)
    while block := file.read(_BLOCK):
        block = kept + block
        at = block.find(_MARK)
        while at >= 0:
            yield place + at
            at = block.find(_MARK, at + 1)
        kept = block[1 - len(_MARK) :]
        place += len(block) - len(kept)
        file.seek(place + len(kept))


def _is_endless(file: BinaryIO, start: int) -> bool:
    file.seek(start + len(_MARK))
    found = file.read(_SIZE.size)
    if len(found) < _SIZE.size:
        return False
    end = start + _SIZE.unpack(found)[0]
    place = start + _HEAD
    while place + _HEAD <= end:
        file.seek(place)
        head = file.read(_OBJECT.size)
        if len(head) < _OBJECT.size:
            return False
        number, _, _, size = _OBJECT.unpack(head)
        step = _HEAD + -(-size // 8) * 8 if number else size
        if not 0 < step <= end - place:  # a step beyond the end may come back from below
            return True
        place += step
    return False
