"""Heaps of HDF5, which hold text of any length: what the library should not be given.

A heap is a chain of objects, each of which says where the next begins. One that says 0 sends the
library round and round, and nothing interrupts it. Before that it makes room for as much as the
heap says that it is, however small the file.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["fault"]

_MARK = b"GCOL\x01\0\0\0"
"""What each heap begins with: its signature, the version, and three bytes that are 0."""

_BLOCK = 2**22
_HEAD = 16
"""The bytes before the first object, and before what each object holds, where lengths have 8."""

_OBJECT = Struct("<HHIQ")  # its number, how often it is used, nothing, its size
_SIZE = Struct("<Q")


def fault(file: BinaryIO) -> str:
    """What is wrong with the heaps of a file; "" if nothing is.

    >>> import io
    >>> heap = _MARK + _SIZE.pack(64) + _OBJECT.pack(1, 1, 0, 5) + b"hello..."
    >>> fault(io.BytesIO(heap + _OBJECT.pack(0, 0, 0, 24) + bytes(8)))
    ''
    >>> fault(io.BytesIO(heap + _OBJECT.pack(0, 0, 0, 0) + bytes(8)))
    'a heap of text has no end'
    >>> fault(io.BytesIO(heap))
    'a heap of text is larger than the file'
    """
    size = file.seek(0, os.SEEK_END)
    return next(filter(None, (_fault(file, start, size) for start in _starts(file))), "")


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


def _fault(file: BinaryIO, start: int, size: int) -> str:
    file.seek(start + len(_MARK))
    found = file.read(_SIZE.size)
    end = start + _SIZE.unpack(found)[0] if len(found) == _SIZE.size else size + 1
    if end > size:
        return "a heap of text is larger than the file"
    place = start + _HEAD
    while place + _HEAD <= end:
        file.seek(place)
        number, _, _, held = _OBJECT.unpack(file.read(_OBJECT.size))
        step = _HEAD + -(-held // 8) * 8 if number else held
        if not 0 < step <= end - place:  # a step beyond the end may come back from below
            return "a heap of text has no end"
        place += step
    return ""
