"""Which file and key a word means; nothing is read to find out."""

from __future__ import annotations

import os
import re
from dataclasses import field
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from losscli.errors import FileError, UsageError
from losscli.formats import remote
from losscli.formats.files import file_error
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Ref", "locate", "natural", "parse_word"]


@record
class Ref:
    """What a word means.

    Attributes:
        name: The input, such as "logits".
        word: As it was typed, without the key.
        paths: Files, several if they are shards, in natural order; none for a value.
        many: The word is a pattern or a directory, however many files that means.
        key: What to select of each.
        value: A Python value, if there are no paths.
        literal: The word is inline JSON.
        otherwise: What the word means if the file has no such key.
    """

    name: str
    word: str = ""
    paths: tuple[str, ...] = ()
    many: bool = False
    key: str | None = None
    value: object = field(default=None, repr=False)
    literal: bool = False
    otherwise: Ref | None = None


def locate(words: Mapping[str, object], *, data: str | None = None) -> dict[str, Ref]:
    """Say which file and key every input means, without reading any.

    Args:
        words: By input: a word, a path, or an array, tensor, list or number as it is.
            None stands for an input that was not given.
        data: The file of which bare words are keys.

    Raises:
        FileError: a file that does not exist.
    """
    whole = None if data is None else _whole(data)
    refs = {}
    for name, value in words.items():
        if isinstance(value, (str, os.PathLike)):
            word = os.fsdecode(value)
            refs[name] = _of_data(name, word, whole) if whole else parse_word(name, word)
        elif value is not None:
            refs[name] = Ref(name, value=value)
    return refs


def parse_word(name: str, word: str) -> Ref:
    """What one word means, by rules 1 to 6 of FILE[:KEY].

    Args:
        name: The input, for messages.
        word: As it was typed.

    Raises:
        FileError: nothing exists that it could mean.

    >>> ref = parse_word("pred", "-:z")
    >>> ref.paths, ref.key
    (('-',), 'z')
    """
    for file, key in _existing(word):
        return _files(name, file, key)
    if word.startswith("["):
        return Ref(name, word, literal=True)
    if remote.is_url(word):
        return _remote(name, word)
    for file, key in _globs(word):
        paths = _matches(file)
        if paths:
            return Ref(name, file, paths, True, _checked(name, file, key))
    raise _missing(name, word)


def _whole(data: str) -> Ref:
    """The file, or the shards, of which bare words are keys."""
    ref = parse_word("data", data)
    if ref.literal or ref.key is not None:
        raise UsageError(
            f"data: {data} is not a file alone", hint="the words of the inputs are its keys"
        )
    return ref


def _of_data(name: str, word: str, data: Ref) -> Ref:
    """What a word means beside --data: a key of it, unless its left side is a file."""
    try:
        otherwise = parse_word(name, word)
    except FileError:
        otherwise = None
    if otherwise is not None and otherwise.key is not None and otherwise.word != word:
        return otherwise
    return Ref(name, data.word, data.paths, data.many, word, otherwise=otherwise)


def _existing(word: str) -> Iterator[tuple[str, str | None]]:
    """Rules 1 to 3: standard input, a file, then the rightmost colon with a file on its left."""
    if word == "-" or _exists(word):
        yield word, None
    for file, key in _splits(word):
        if file == "-" or (file and _exists(file)):
            yield file, key


def _exists(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110  # Path("") would be "."


def _splits(word: str) -> Iterator[tuple[str, str]]:
    """Every FILE, KEY that a word may be, from the rightmost colon; in a URL after the last /."""
    first = word.rfind("/") + 1 if "://" in word else 0
    for colon in reversed([*re.finditer(":", word)]):
        if colon.start() >= first:
            yield word[: colon.start()], word[colon.end() :]


def _globs(word: str) -> Iterator[tuple[str, str | None]]:
    """Rules 4 and 5: the word as a pattern, then what is left of its last colon."""
    if has_magic(word):
        yield word, None
    file, key = next(_splits(word), ("", ""))
    if has_magic(file):
        yield file, key


def _files(name: str, file: str, key: str | None) -> Ref:
    """A file, or the files of a directory."""
    paths: tuple[str, ...] = (file,)
    many = file != "-" and Path(file).is_dir()
    if many:
        paths = _shards(_entries(file))
        if not paths:
            raise FileError(f"{name}: the directory {file} holds no files")
    return Ref(name, file, paths, many, _checked(name, file, key))


def _remote(name: str, word: str) -> Ref:
    """A URL, or those that a pattern or a folder stands for."""
    file, key = next(_splits(word), (word, None))
    key = _checked(name, file, key)
    if not remote.is_pattern(file):
        return Ref(name, file, (file,), key=key)
    paths = _shards(remote.matches(file))
    if not paths:
        raise _missing(name, word)
    return Ref(name, file, paths, many=True, key=key)


def _entries(directory: str) -> list[str]:
    try:
        return [str(path) for path in Path(directory).iterdir()]
    except OSError as error:
        raise file_error(directory, error) from error


def _matches(pattern: str) -> tuple[str, ...]:
    return _shards(glob(pattern, recursive=True))  # noqa: PTH207  # Path.glob takes no "../a*"


def _shards(paths: Iterable[str]) -> tuple[str, ...]:
    """Files in natural order, without those that are hidden or set aside."""
    kept = (path for path in paths if not Path(path).name.startswith((".", "_")))
    return tuple(sorted((path for path in kept if not Path(path).is_dir()), key=natural))


def natural(text: str) -> tuple[list[str | int], str]:
    """A sort key by which part-2 comes before part-10.

    >>> sorted(["part-10", "part-2", "part-1"], key=natural)
    ['part-1', 'part-2', 'part-10']
    """
    pieces: list[str | int] = [*re.split("([0-9]+)", text)]
    pieces[1::2] = map(int, pieces[1::2])  # text and digits alternate
    return pieces, text


def _checked(name: str, file: str, key: str | None) -> str | None:
    if key == "":
        raise UsageError(f"{name}: no key follows the colon after {file}")
    return key


def _missing(name: str, word: str) -> FileError:
    """Rule 6: no file, told apart from the key."""
    from difflib import get_close_matches

    file, key = next(_splits(word), (word, ""))
    if has_magic(file) or "://" in word:
        what = f"no file matches {file}"
    else:
        what = f"there is no file {file or 'without a name'}"
    folder = Path(file).parent
    files = [] if has_magic(file) or "://" in word else _siblings(folder)
    close = get_close_matches(Path(file).name, files, n=1, cutoff=0.75)
    near = str(folder / close[0]) if close else ""
    name = name.replace("_", "-")
    return FileError(
        f"{name}: {what} (with the key {key})" if key else f"{name}: {what}",
        hint=f"did you mean {near}:{key}?"
        if near and key
        else f"did you mean {near}?" * bool(near),
    )


def _siblings(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if path.is_file()]
    except OSError:  # a hint is no reason for another error
        return []
