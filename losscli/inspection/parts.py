"""What files hold: their arrays and columns, those of columns that belong together as one."""

from __future__ import annotations

import os
import re
from dataclasses import field
from functools import partial
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from losscli import formats
from losscli.cores import spread
from losscli.errors import DataError
from losscli.formats.base import Reading
from losscli.formats.json.document import literal
from losscli.formats.keys import is_unknown
from losscli.formats.packed import Packed, chained
from losscli.formats.shards import Shards
from losscli.formats.stack import Stacked
from losscli.formats.together import is_text, opened_ahead
from losscli.inspection.known import Known
from losscli.inspection.names import Side, bare, side_of, stem
from losscli.records import record
from losscli.roles.base import unravel
from losscli.roles.uneven import STRIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from losscli.formats.base import Field, Listing, Source
    from losscli.formats.locate import Ref

    Select = Callable[[str | None], Field]

__all__ = ["SHOWN", "Files", "Held", "Part"]

SHOWN = 20
"""So many arrays or columns of a file are looked at; the others are only counted."""

LEAF = 2**17
"""So many values are looked at together, or one row if that has more."""


@record
class Part:
    """One array, one column, or several columns that are one array.

    Attributes:
        word: The file as it was typed, or inline JSON.
        key: What names the part of it; None for all.
        field: Where its rows are; None if they cannot be read.
        known: What is known of its values.
        shape: Its shape.
        dtype: Its dtype, in a word.
        problem: Why it cannot be read.
        files: The files of which each is a row, if they are.
    """

    word: str
    key: str | None
    field: Field | None
    known: Known
    shape: tuple[int, ...]
    dtype: str
    problem: DataError | None = None
    files: tuple[str, ...] = ()

    @property
    def argument(self) -> str:
        """FILE[:KEY], as an option takes it."""
        word = f"./{self.word}" if re.match("-.", self.word) else self.word
        return word if self.key is None else f"{word}:{self.key}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return (self.field and self.field.columns) or ()

    def index(self, place: int, axis: int | None = None) -> tuple[int, ...]:
        """Where a value stands, or a row of values along an axis."""
        if self.field is None or not self.field.uneven:
            return unravel(place, _without(self.shape, axis))
        row, inside = divmod(place, STRIDE)
        shape = (1, *self.field.at(row).shape[1:])
        return (row, *unravel(inside, _without(shape, axis))[1:])


@record
class Held:
    """What one word of the command line names.

    Attributes:
        parts: Its arrays and columns: not all, if there are many.
        more: How many others there are.
        notes: What was passed over without loss.
    """

    parts: tuple[Part, ...]
    more: int = 0
    notes: tuple[tuple[str, str], ...] = field(default_factory=tuple)


class Files:
    """The files of some words, each opened once.

    Args:
        refs: What the words mean.
        reading: How they are read.
        fmt: The format of what has no suffix that tells.
        limit: Look at so many rows.
        stack: Every file of a pattern or a directory is one row.
    """

    def __init__(
        self,
        refs: Sequence[Ref],
        reading: Reading,
        fmt: str | None = None,
        limit: int | None = None,
        *,
        stack: bool = False,
    ) -> None:
        self._reading, self._fmt, self._limit, self._stack = reading, fmt, limit, stack
        self._sources: dict[str, Source] = {}
        self._keys: dict[str, list[str]] = {}
        every = [one for ref in refs for one in (ref, ref.otherwise) if one]
        whole = {_identity(path) for ref in every if ref.key is None for path in ref.paths}
        for ref in every:
            for path in ref.paths:
                if _identity(path) not in whole:
                    self._keys.setdefault(_identity(path), []).append(ref.key or "")

    def held(self, ref: Ref) -> Held:
        """What a word names: one array, or all that a file has.

        Raises:
            DataError: no such key, or a file that cannot be parsed.
            FileError: a file that cannot be read.
        """
        if ref.literal:
            found = _selected([literal(ref.word, missing=self._reading.missing)], ref.word, None)
            found.name = ref.word
            return Held((self._part(ref.word, None, found),), notes=found.notes)
        stacked = self._stack and ref.many
        sources = self._opened(ref.paths[:1] if stacked else ref.paths)
        select = self._rows_of(ref) if stacked else partial(_selected, sources, ref.word)
        files = ref.paths if stacked or (ref.many and sources[0].is_row) else ()
        if ref.key is not None:
            try:
                found = select(ref.key)
            except DataError as error:
                if ref.otherwise is not None and is_unknown(error):
                    return self.held(ref.otherwise)
                raise
            return Held((self._part(ref.word, ref.key, found, files),), notes=found.notes)
        if len(sources[0].listing()) == 1 or (stacked and _is_one(sources[0])):
            found = select(None)
            return Held((self._part(ref.word, None, found, files),), notes=found.notes)
        return self._several(ref, sources[0], select, files)

    def _several(self, ref: Ref, source: Source, select: Select, files: tuple[str, ...]) -> Held:
        """All that a file has, or each of some files that are alike."""
        hidden = int(getattr(source, "has_index", False))
        listing = source.listing()[hidden:]
        runs = [[one] for one in listing] if files else list(_runs(listing))
        labels = {tuple(bare(one.key) for one in run) for run in runs if stem(run[0].key)}
        groups = [group for run in runs for group in self._settled(run, select, labels)]
        shown = _shown(groups)
        parts = tuple(self._read(group, select, ref.word, files) for group in shown)
        index = f"{ref.word}: the unnamed first column only counts the rows and is left out"
        notes = (("index-column", index),) if hidden else ()
        return Held(parts, len(groups) - len(parts), notes)

    def _opened(self, paths: Sequence[str]) -> list[Source]:
        """The files of a word; small texts side by side."""
        texts = {path: path for path in paths if is_text(path) and path not in self._sources}
        with opened_ahead(texts, self._source, self._reading.threads) as begun:
            for path in paths:
                if _identity(path) not in self._sources:
                    found = begun[path].result() if path in begun else self._source(path)
                    self._sources[_identity(path)] = found
        return [self._sources[_identity(path)] for path in paths]

    def _rows_of(self, ref: Ref) -> Select:
        """What a key names in files of which each is a row; they are opened again to be read."""
        given = self._reading
        alone = Reading(given.header, expansion=given.expansion, missing=given.missing)

        def select(key: str | None) -> Field:
            def one(path: str) -> Field:
                return self._source(path, alone).select(key)

            return Stacked(ref.paths, one, ref.word, key, given.watch)

        return select

    def _source(self, path: str, reading: Reading | None = None) -> Source:
        fmt = self._fmt if formats.suffix_of(path) is None else None
        keys = self._keys.get(_identity(path))
        return formats.open_source(path, fmt=fmt, reading=reading or self._reading, keys=keys)

    def _settled(
        self,
        group: list[Listing],
        select: Select,
        labels: set[tuple[str, ...]],
    ) -> Iterator[list[Listing]]:
        """A run of columns, or its columns one by one where they are no array together."""
        names = tuple(one.key for one in group)
        told = stem(names[0]) is not None or names in labels or len(names) > SHOWN
        if len(group) > 1 and (key := _key(group)) is not None:
            try:
                found = select(key)
            except DataError:
                found = None
            fits = found is not None and found.shape[1:] == (len(group),)
            if found is not None and fits and (told or self._distribution(found)):
                yield group
                return
        yield from ([one] for one in group)

    def _distribution(self, found: Field) -> bool:
        """Whether columns that no name holds together are probabilities: all rows sum to 1."""
        known = Known.of(found, 0, min(self._rows(found), 1024))
        return any(not tally.count for sums in (known.sums, known.exps) for tally in sums.values())

    def _read(
        self, group: list[Listing], select: Select, word: str, files: tuple[str, ...]
    ) -> Part:
        key = group[0].key if len(group) == 1 else _key(group)
        try:
            return self._part(word, key, select(key), files)
        except DataError as error:
            one = group[0]
            return Part(word, key, None, Known(), one.shape, one.dtype, error)

    def _part(self, word: str, key: str | None, found: Field, files: tuple[str, ...] = ()) -> Part:
        dtype = "text" if found.dtype.kind == "U" else str(found.dtype)
        return Part(word, key, found, self._known(found), found.shape, dtype, files=files)

    def _known(self, found: Field) -> Known:
        """All leaves together, in their order."""
        rows = self._rows(found)
        step = 1 if found.uneven else max(1, LEAF // max(1, prod(found.shape[1:])))
        stride = STRIDE if found.uneven else 0
        watch = self._reading.watch
        watch.begin(f"looking at {found.label}", rows, "rows")

        def looked(start: int) -> Known:
            stop = min(start + step, rows)
            known = Known.of(found.at(start), start, stop, stride)
            watch.advance(stop - start)
            return known

        total = Known()
        try:
            for known in spread(looked, range(0, rows, step), self._reading.threads, kernels=False):
                total += known
        finally:
            watch.end()
        return total

    def _rows(self, found: Field) -> int:
        rows = found.shape[0] if found.shape else 1
        return rows if self._limit is None else min(rows, self._limit)


def _selected(sources: Sequence[Source], word: str, key: str | None) -> Field:
    if sources[0].is_row:
        by_path = {source.path or "": source for source in sources}
        return Stacked([*by_path], lambda path: by_path[path].select(key), word, key)
    try:
        fields = [source.select(key) for source in sources]
    except DataError:
        packed = _packed(sources, key, word)
        if packed is None:
            raise
        return packed
    return fields[0] if len(fields) == 1 else Shards(fields, word)


def _packed(sources: Sequence[Source], key: str | None, word: str) -> Packed | None:
    """Lists of several lengths, as losses of tokens take them; None where there are none."""
    listing = sources[0].listing()
    only = listing[0].key if key is None and len(listing) == 1 else key
    lists: list[Packed] = []
    for source in sources:
        try:
            found = source.sequences(only or None)
        except DataError:
            found = None
        if found is None or len(found) < 2:
            return None
        lists.append(found)
    return chained(lists, word)


def _is_one(source: Source) -> bool:
    """Whether all of a file is one array."""
    try:
        source.select(None)
    except DataError:
        return False
    return True


def _without(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    return shape if axis is None else shape[:axis] + shape[axis + 1 :]


def _shown(groups: list[list[Listing]]) -> list[list[Listing]]:
    """Not more than a screen has room for: those whose names tell something, and the first."""
    if len(groups) <= SHOWN:
        return groups
    told = [place for place, one in enumerate(groups) if side_of(one[0].key) is not Side.UNKNOWN]
    kept = {*told[: SHOWN // 2]}
    kept.update([place for place in range(len(groups)) if place not in kept][: SHOWN - len(kept)])
    return [groups[place] for place in sorted(kept)]


def _runs(listing: Sequence[Listing]) -> Iterator[list[Listing]]:
    """Columns side by side that may be one array: of one dtype, and with like names or none."""

    def alike(one: Listing) -> object:
        if len(one.shape) != 1 or one.dtype in ("text", "mixed", "with empty cells"):
            return one.key
        return one.shape, one.dtype, stem(one.key)

    for _, run in groupby(listing, alike):
        yield list(run)


def _key(group: Sequence[Listing]) -> str | None:
    """One key for columns side by side: a pattern if they have numbers, else a range."""
    first, last = group[0].key, group[-1].key
    prefix = first.rpartition(".")[0]
    if prefix and all(one.key.startswith(f"{prefix}.") for one in group):
        begin = stem(first)
        return f"{begin}*" if begin and begin != f"{prefix}." else None
    return f"{first}..{last}"


def _identity(path: str) -> str:
    return path if path == "-" else os.path.realpath(path)
