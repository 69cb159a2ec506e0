"""Short lists that are typed rather than kept in files: numbers and names."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from losscli.errors import DataError, FileError, UsageError
from losscli.formats.files import read
from losscli.formats.remote import is_url
from losscli.formats.text.cells import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["numbers", "read_names"]


def numbers(word: str) -> list[float] | None:
    """The numbers in a word, if every comma piece is one.

    >>> numbers("1,2.5,-1e3"), numbers("1,2,cat"), numbers("w.npy")
    ([1.0, 2.5, -1000.0], None, None)
    """
    pieces = [piece.strip() for piece in word.split(",")]
    if not all(map(is_number, pieces)):
        return None
    values = [float(piece) for piece in pieces]
    return None if any(map(_overflows, pieces, values)) else values


def _overflows(piece: str, value: float) -> bool:
    return math.isinf(value) and "inf" not in piece.lower()


def read_names(word: str) -> tuple[str, ...]:
    """The names of classes, from ``a,b,c`` or from a file: a JSON list, or one name a line.

    Raises:
        UsageError: an empty name, or one twice, in the word.
        DataError: the same in a file, or a file that is no list of names.
        FileError: the word is neither a list nor a file that can be read.

    >>> read_names("cat, dog")
    ('cat', 'dog')
    """
    if os.path.exists(word) or is_url(word):  # noqa: PTH110  # Path("") would be "."
        names = _from_file(word)
        _check(names, word, DataError)
        return tuple(names)
    if "," not in word:
        raise FileError(f"there is no file {word}", hint="or list the names: a,b,c")
    names = [name.strip() for name in word.split(",")]
    _check(names, word, UsageError)
    return tuple(names)


def _from_file(path: str) -> list[str]:
    text = read(path).text()
    if not path.lower().endswith(".json"):
        return [line.strip() for line in text.rstrip().splitlines()]
    from losscli.formats.json.document import parse

    value = parse(text, path)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DataError(f"{path} is not a list of names", hint='as in ["cat", "dog"]')
    return value


def _check(names: Sequence[str], word: str, error: type[DataError | UsageError]) -> None:
    if not names:
        raise error(f"{word} holds no names")
    for place, name in enumerate(names):
        if not name:
            raise error(f"{word}: name {place + 1} is empty")
        if name in names[:place]:
            raise error(f"{word}: {name!r} is named twice ({names.index(name) + 1}, {place + 1})")
