"""JSON lines: a value in every line, all alike, in bounded memory.

Pieces of the file are parsed side by side, and only what was asked for is kept: in memory or, if
that is too much, on disk. A key that nobody announced costs another look at the whole file.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from losscli.errors import DataError
from losscli.formats.arrays.batches import note
from losscli.formats.arrays.fields import ArrayField, ArraySource, ColumnsField
from losscli.formats.base import Source
from losscli.formats.files import named
from losscli.formats.json.column import Column
from losscli.formats.json.document import listed, walk
from losscli.formats.json.plain import BATCHES, Faults, LineError, Path, extracted, values
from losscli.formats.json.runs import Wanted, is_listed, lined, pieced
from losscli.formats.keys import choose, chosen_or_none, unknown
from losscli.formats.table import Table
from losscli.formats.text.cells import shown
from losscli.formats.workers import parsed
from losscli.lazy import np
from losscli.records import record
from losscli.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from losscli.formats.base import Field, Listing, Reading
    from losscli.formats.files import Content
    from losscli.formats.json.plain import Part
    from losscli.formats.packed import Packed, Runs

__all__ = ["read"]

_PIECE = 2**21
"""So many bytes are parsed in one go; their objects take ten times that."""

_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Source:
    """The lines of a file: a table of objects, or an array of lists or numbers."""
    lines = _Lines(content, reading)
    first = lines.first()
    if isinstance(first, dict):
        return _Objects(lines, first, keys)
    lines.parse([None])
    return _Lists(lines, first)


class _Lines:
    """A file of lines, and the arrays that were taken from it."""

    def __init__(self, content: Content, reading: Reading) -> None:
        self.path, self.label = content.path, named(content.path)
        self.uneven: tuple[int, str] | None = None
        self.rows: int | None = None
        self.also = reading.also
        self._content, self._reading = content, reading
        self._columns: dict[str | None, Column] = {}

    def first(self) -> Any:
        """The value of the first line, of which all others must be like."""
        with self._content.open() as file:
            head = file.readline().removeprefix(_BOM).strip(_BLANKS)
            if not head and not any(line.strip(_BLANKS) for line in file):
                raise DataError(f"{self.label} is empty")
        try:
            return values(head)[0]
        except LineError as error:
            hint = "" if error.column is None else "--input-format json reads it as one document"
            raise self._broken(1, error.reason, error.column, hint) from None

    def array(self, path: str | None) -> Spool:
        """What was taken; DataError if no array can hold it."""
        column = self._columns[path]
        if not column.plain:
            raise self._explained(path)
        return column.spool

    def has(self, path: str | None) -> bool:
        """Whether it was taken."""
        return path in self._columns

    def parse(self, paths: list[str | None], names: frozenset[str] | None = None) -> None:
        """Takes what the paths name from every line.

        Args:
            paths: Dotted; None for all of a line.
            names: All names of an object, to find out which line has others.
        """
        missing = self._reading.missing
        self._take([Path(path, missing=missing) for path in paths], names)
        words = (path for path in paths if self._columns[path].words)
        again = [Path(path, words=True, missing=missing) for path in words]
        if again:  # "NaN" among words is one of them
            self._take(again, None)

    def _take(self, paths: list[Path], names: frozenset[str] | None) -> None:
        columns = {path.path: Column(Spool(self._reading.store)) for path in paths}
        row = 0
        with closing(self._parts(paths, names)) as parts:
            for part in parts:
                if part.wrong is not None:
                    line, reason, place = part.wrong
                    raise self._broken(row + line + 1, reason, place)
                if part.uneven and not self.uneven:
                    self.uneven = row + part.uneven[0], part.uneven[1]
                for path, array, kind in zip(paths, part.arrays, part.kinds, strict=True):
                    columns[path.path].add(array, kind)
                row += part.rows
        self.rows = row
        for column in columns.values():
            column.flush()
        self._columns |= columns

    def sequences(self, first: Any, key: str | None, *, sizes: bool) -> Packed | None:
        """The innermost lists that a path leads to in every line, if it leads to lists."""
        wanted = Wanted((key or "").removeprefix(BATCHES), sizes, self._reading.missing)
        if not is_listed(first, wanted):
            return None
        return lined(self._runs(wanted), self.path, key, self._reading.store)

    def _runs(self, wanted: Wanted) -> Iterator[tuple[int, Runs]]:
        row, size, watch = 0, self._content.size(), self._reading.watch
        watch.begin(f"reading {self.label}", size, "bytes")
        try:
            with closing(parsed(pieced, self._pieces(), (wanted,), self._reading, size)) as parts:
                for done, lines, runs in parts:
                    watch.advance(done + 1)
                    if isinstance(runs, LineError):
                        raise self._broken(row + runs.line + 1, runs.reason, runs.column)
                    yield lines, runs
                    row += lines
        finally:
            watch.end()

    def _parts(self, paths: list[Path], names: frozenset[str] | None) -> Generator[Part]:
        size = self._content.size()
        watch = self._reading.watch
        watch.begin(f"reading {self.label}", size, "bytes")
        arguments = (tuple(paths), names)
        try:
            for part in parsed(extracted, self._pieces(), arguments, self._reading, size):
                watch.advance(part.size + 1)
                yield part
        finally:
            watch.end()

    def _pieces(self) -> Iterator[bytes]:
        """Some whole lines at a time, without blank lines at the end of the file."""
        with self._content.open() as file:
            if file.read(len(_BOM)) != _BOM:
                file.seek(0)
            held = b""  # blank, so far
            while block := file.read(_PIECE):
                if not block.endswith(b"\n"):
                    block += file.readline()
                block = held + block
                piece = block.rstrip(_BLANKS)
                held = block[len(piece) :].partition(b"\n")[2] if piece else block
                if piece:
                    yield piece

    def _broken(
        self, line: int, reason: str, column: int | None = None, hint: str = ""
    ) -> DataError:
        where = f"line {line}" if column is None else f"line {line}, column {column}"
        return DataError(f"{self.label}, {where}: {reason}", hint=hint)

    def _explained(self, path: str | None) -> DataError:
        """Looks at all lines once more, and tells the first that is irregular."""
        faults = Faults(path, missing=self._reading.missing)
        line = 0
        for piece in self._pieces():
            for row in values(piece, strict=True):
                line += 1
                faults.add(line, row)
        return faults.error(self.label)


class _Lists(Source):
    """Lines of lists or numbers."""

    def __init__(self, lines: _Lines, first: Any) -> None:
        self.path = lines.path
        self._lines, self._first = lines, first

    @cached_property
    def _whole(self) -> ArraySource:
        return ArraySource(cast("np.ndarray", self._lines.array(None)), self.path)

    def listing(self) -> list[Listing]:
        return self._whole.listing()

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        return self._whole.select(key, leave=leave)

    def sequences(self, key: str | None, *, sizes: bool = False) -> Packed | None:
        return self._lines.sequences(self._first, key, sizes=sizes)


class _Objects(Table):
    """Lines of objects: their names are columns, and dotted paths lead into them."""

    def __init__(self, lines: _Lines, first: dict[str, Any], keys: Collection[str] | None) -> None:
        self.path = lines.path
        self.names = self._names = tuple(first)
        self.width = len(first)
        self._lines, self._first = lines, first
        self._whole = keys is None
        plans = [] if keys is None else [self._planned(key) for key in (*keys, *lines.also)]
        self._announced = [path for plan in plans if plan for path in plan.paths]

    def dtype(self, column: int) -> str:
        """As of a table; of a column that was not taken, what its first value tells."""
        if self._lines.has(self._names[column]):
            return super().dtype(column)
        return self._listed(self._names[column])[0].dtype

    def listing(self) -> list[Listing]:
        return [line for name in self._names for line in self._listed(name)]

    def _listed(self, name: str) -> list[Listing]:
        if self._lines.rows is None:
            self._lines.parse([])
        found = listed(self._first[name], name)
        return [replace(line, shape=(self._lines.rows or 0, *line.shape)) for line in found]

    def column(self, column: int) -> np.ndarray:
        return self._array(self._names[column])

    def has(self, key: str) -> bool:
        return self._planned(key) is not None

    def select(self, key: str | None, *, leave: Collection[str] = ()) -> Field:
        """As of a table, and by dotted paths as in JSON."""
        if key is None:
            return self._all(leave)
        plan = self._planned(key)
        if plan is None:
            raise unknown(self.label, key, self.listing(), "key")
        self._parse(list(plan.paths))
        arrays = [self._array(path) for path in plan.paths]
        if plan.table is not None:
            texts = [array.dtype.kind == "U" for array in arrays]
            if any(texts) and not all(texts):
                raise self._text(plan.table[texts.index(True)])
            return self._field(plan.table, arrays, key)
        return self._inside(key, plan, arrays)

    def sequences(self, key: str | None, *, sizes: bool = False) -> Packed | None:
        return None if key is None else self._lines.sequences(self._first, key, sizes=sizes)

    def _all(self, leave: Collection[str]) -> Field:
        gone = {i for key in leave for i in chosen_or_none(key, self._names, self.width) or ()}
        self._whole = True
        self._parse([name for i, name in enumerate(self._names) if i not in gone])
        if self._lines.uneven:
            line, name = self._lines.uneven
            raise DataError(f"{self.label}, line {line + 1}: the first line has no {name!r}")
        return super().select(None, leave=leave)

    def _inside(self, key: str, plan: _Plan, arrays: list[np.ndarray]) -> Field:
        """What a dotted path leads to."""
        if len(arrays) == 1:
            field = ArrayField(arrays[0], self.path, key, pick=plan.pick)
            if plan.paths[0].startswith(BATCHES):
                hint = f"the key {plan.paths[0].removeprefix(BATCHES)} makes each of them a row"
                lines = self._lines.rows or 0
                field.notes = (note(f"{self.label}:{key}", lines, field.shape, hint),)
            return field
        for path, array in zip(plan.paths, arrays, strict=True):
            if array.ndim > 1 or array.dtype.kind == "U":
                raise DataError(f"{self.label}: {path!r} cannot stand beside other columns")
        names = tuple(path.rpartition(".")[2] for path in plan.paths)
        return ColumnsField(arrays, names, self.path, key)

    def _array(self, path: str) -> np.ndarray:
        self._parse([path])
        return cast("np.ndarray", self._lines.array(path))

    def _parse(self, paths: list[str]) -> None:
        """Takes what was not taken, and what will be asked for next."""
        if all(map(self._lines.has, paths)) and not self._whole:
            return
        ahead = [*dict.fromkeys([*paths, *self._announced])]
        wanted = [path for path in ahead if not self._lines.has(path)]
        if wanted or self._whole:
            names = frozenset(self._names) if self._whole else None
            self._lines.parse(list(wanted), names)
        self._announced = []
        self._whole = False

    def _planned(self, key: str) -> _Plan | None:
        """What a key names."""
        if key.startswith(BATCHES):
            return self._of_batches(key.removeprefix(BATCHES))
        chosen = choose(key, self._names, self.width)
        if chosen is not None:
            return _Plan(tuple(self._names[column] for column in chosen), table=chosen)
        return _inside(self._first, key)

    def _of_batches(self, key: str) -> _Plan | None:
        """What a key names where every line holds a batch of it, or else a row."""
        plan = self._planned(key)
        if plan is None or plan.pick or len(plan.paths) > 1:
            return plan
        value, _ = walk(self._first, plan.paths[0])
        return _Plan((BATCHES + plan.paths[0],)) if isinstance(value, list) else plan

    def _text(self, column: int) -> DataError:
        """As of a table, without parsing a column only to say that it is none."""
        numbers = next((i for i in range(self.width) if self.dtype(i) != "text"), None)
        name = self._names[column]
        return DataError(
            f"{self.label}: column {name!r} holds text, such as {shown(str(self._first[name]))}",
            hint=""
            if numbers is None
            else f"choose columns of numbers, as in {self.label}:{self._names[numbers]}",
        )


@record
class _Plan:
    """How a key is answered.

    Attributes:
        paths: What is taken from every line.
        table: The columns of the table that these are, if they are.
        pick: Columns of the one array that is taken.
    """

    paths: tuple[str, ...]
    table: list[int] | None = None
    pick: list[int] | None = None


def _inside(first: dict[str, Any], key: str) -> _Plan | None:
    """What a dotted path names in every line, as the first line shows it.

    >>> _inside({"out": {"a": 1, "b": 2}, "c": [3, 4]}, "out.a,b").paths
    ('out.a', 'out.b')
    >>> _inside({"c": [3, 4]}, "c.1")
    _Plan(paths=('c',), table=None, pick=[1])
    """
    for dot in reversed([*re.finditer(r"\.", key)]):
        base, rest = key[: dot.start()], key[dot.end() :]
        value, left = walk(first, base)
        if left:
            continue
        if isinstance(value, dict):
            chosen = choose(rest, names := tuple(value), len(value))
            if chosen is not None:
                return _Plan(tuple(f"{base}.{names[place]}" for place in chosen))
        elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
            if value and rest in value[0] and not base.endswith("*"):
                return _Plan((f"{base}.*.{rest}",))
        elif isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value):
            pick = choose(rest, None, len(value))
            if pick is not None:
                return _Plan((base,), pick=pick)
    return None if walk(first, key)[1] else _Plan((key,))
