"""Files that are one row each: images, or the arrays of one case or sample in a file of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.base import OPEN, Field
from losscli.formats.compressed import inner
from losscli.formats.files import named
from losscli.formats.locate import natural
from losscli.formats.shards import check_alike
from losscli.lazy import np
from losscli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


__all__ = ["Stacked", "paired"]

_SHOWN = 3  # examples of files without a partner


class Stacked(Field):
    """Fields of one shape, each of them a row. They are opened again whenever they are read.

    Rows may also differ in size, but not in how many axes they have: then each is read alone.

    Args:
        paths: One for each row, at least one.
        select: Opens a file and selects its field.
        path: What was typed for all of them: a pattern or a directory.
        key: The key as it was typed, or None.
        watch: Is told how many are looked at, if anybody wants to know.
    """

    def __init__(
        self,
        paths: Sequence[str],
        select: Callable[[str], Field],
        path: str,
        key: str | None,
        watch: Watch | None = None,
    ) -> None:
        watch = watch or Watch()
        self.path, self.key = path, key
        self._paths, self._select = tuple(paths), select
        first = select(paths[0])
        dtypes, sizes = {first.dtype: None}, [first.shape]
        watch.begin(f"looking at {path}", len(paths), "files")
        try:
            for other in paths[1:]:
                found = select(other)
                check_alike(first, found, rows=True)
                dtypes[found.dtype] = None
                sizes.append(found.shape)
                watch.advance(1)
        finally:
            watch.end()
        self.columns = first.columns
        self.dtype = np.result_type(*dtypes)
        axes = (set(axis) for axis in zip(*sizes, strict=True))
        self.shape = (len(paths), *(axis.pop() if len(axis) == 1 else OPEN for axis in axes))
        self._sizes = sizes if self.uneven else None

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Rows of one size, which all of them have unless the field is uneven."""
        paths = self._paths[start:stop]
        size = self._size(start)
        found = np.empty((len(paths), *size), self.dtype)
        for row, path in enumerate(paths):
            one = self._select(path)
            if one.shape != size or np.result_type(one.dtype, self.dtype) != self.dtype:
                raise DataError(f"{named(path)} was changed while it was read")
            found[row] = one.rows(0, one.shape[0] if one.shape else 1)
        return found

    def at(self, row: int) -> Field:
        return _Like(self, self._size(row)) if self.uneven else self

    def _size(self, row: int) -> tuple[int, ...]:
        return self.shape[1:] if self._sizes is None else self._sizes[row]

    def place(self, index: tuple[int, ...]) -> str:
        """The file, and where the element stands in it."""
        row, *rest = index
        path = named(self._paths[row])
        if not rest:
            return path
        if len(rest) <= 2 and len(rest) == len(self.shape) - 1:  # a table, a list or an image
            return f"{path}, {self._select(self._paths[row]).place(tuple(rest))}"
        return f"{path}, {rest}"


class _Like(Field):
    """A stack as it would be if all its rows had one size: those that have it can be read."""

    def __init__(self, stack: Stacked, size: tuple[int, ...]) -> None:
        self.path, self.key, self.name = stack.path, stack.key, stack.name
        self.columns, self.dtype = stack.columns, stack.dtype
        self.shape = (*stack.shape[:1], *size)
        self._stack = stack

    def rows(self, start: int, stop: int) -> np.ndarray:
        return self._stack.rows(start, stop)

    def place(self, index: tuple[int, ...]) -> str:
        return self._stack.place(index)


def paired(inputs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The files of several inputs in one order: those of the same name, less suffixes, are a row.

    Args:
        inputs: The files of each input, in natural order.

    Raises:
        DataError: files without a partner, or several of one name.

    >>> paired({"pred": ["p/a.npz", "p/b.npz"], "target": ["t/a.png", "t/b.png"]})["target"]
    ('t/a.png', 't/b.png')
    """
    if len(inputs) < 2:
        return {name: tuple(paths) for name, paths in inputs.items()}
    stems = {name: {stem(path): path for path in paths} for name, paths in inputs.items()}
    for name, paths in inputs.items():
        if len(stems[name]) < len(paths):
            raise _twice(name, paths)
    first = next(iter(inputs))
    for name, files in stems.items():
        if files.keys() != stems[first].keys():
            raise _alone(first, stems[first], name, files)
    order = sorted(stems[first], key=natural)
    return {name: tuple(files[one] for one in order) for name, files in stems.items()}


def stem(path: str) -> str:
    """What a file is called, without its suffix and that of a compression.

    >>> stem("masks/case_1.png"), stem("preds/case_1.v2.npy.gz")
    ('case_1', 'case_1.v2')
    """
    return PurePath(inner(path)).stem


def _twice(name: str, paths: Sequence[str]) -> DataError:
    counts = Counter(map(stem, paths))
    twice = next(one for one, count in counts.items() if count > 1)
    files = [path for path in paths if stem(path) == twice]
    return DataError(
        f"{name.replace('_', '-')}: {len(files)} files are called {twice}, such as {files[0]} and "
        f"{files[1]}, and files are paired by what they are called",
    )


def _alone(first: str, ours: Mapping[str, str], name: str, theirs: Mapping[str, str]) -> DataError:
    """Files of one input that have no partner in the other."""
    told = []
    for side, files, others in ((first, ours, theirs), (name, theirs, ours)):
        alone = sorted(files.keys() - others.keys(), key=natural)
        if alone:
            shown = ", ".join(files[one] for one in alone[:_SHOWN])
            more = ", …" if len(alone) > _SHOWN else ""
            word = side.replace("_", "-")
            told.append(f"{len(alone)} of {len(files)} files of {word} have none ({shown}{more})")
    return DataError(
        f"files are paired by what they are called, less the suffix: {' and '.join(told)}",
        hint="rename them, or name patterns that match the same ones",
        code="unpaired-files",
    )
