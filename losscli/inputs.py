"""Where inputs come from: FILE[:KEY], standard input, shards, inline JSON, Python values.

First :func:`locate` says which file and key every word means, and whether the files exist;
nothing is read for that. Then :func:`open_fields` opens each file once for all its keys.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from losscli import formats as known
from losscli.errors import DataError, Finding, Level, UsageError
from losscli.formats import state
from losscli.formats.base import Reading
from losscli.formats.files import named
from losscli.formats.given import in_place, packed_in_place
from losscli.formats.keys import is_unknown
from losscli.formats.locate import Ref, locate, parse_word
from losscli.formats.remote import is_url
from losscli.formats.sides import told_apart
from losscli.formats.together import is_text, opened_ahead
from losscli.formats.words import numbers, read_names
from losscli.picking import Columns, picked
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from losscli.formats.base import Field, Source
    from losscli.picking import Picking

__all__ = [
    "Opened",
    "Ref",
    "locate",
    "numbers",
    "open_fields",
    "parse_formats",
    "parse_word",
    "read_names",
]


@record
class Opened:
    """The fields of all inputs, by name, what was passed over without loss, and ids of rows."""

    fields: dict[str, Field]
    notes: tuple[Finding, ...] = ()
    ids: Mapping[str, Field] = field(default_factory=dict)


def parse_formats(words: Iterable[str], inputs: Iterable[str]) -> dict[str | None, str]:
    """The formats of ``--input-format [INPUT=]FMT``, by input; None for all of unknown suffix.

    Raises:
        UsageError: no such format, no such input, or two formats for one.

    >>> parse_formats(["csv", "log-probs=npy"], ["log_probs", "target"])
    {None: 'csv', 'log_probs': 'npy'}
    """
    by_name = {name.replace("_", "-"): name for name in inputs}
    found: dict[str | None, str] = {}
    for word in words:
        left, equals, fmt = word.rpartition("=")
        name = by_name.get(left.replace("_", "-")) if equals else None
        if equals and name is None:
            choices = ", ".join(by_name)
            raise UsageError(f"--input-format {word}: no input {left!r}; choose from {choices}")
        if known.is_raw(fmt):
            from losscli.formats.arrays.raw import Layout

            Layout.of(fmt)
        elif fmt not in known.NAMES:
            choices = f"{', '.join(known.NAMES)}, raw:DTYPE:SHAPE"
            raise UsageError(f"--input-format {word}: no format {fmt!r}; choose from {choices}")
        if name in found:
            raise UsageError(f"--input-format {word}: given twice")
        found[name] = fmt
    return found


def open_fields(
    refs: Mapping[str, Ref],
    *,
    formats: Mapping[str | None, str] = MappingProxyType({}),
    reading: Reading | None = None,
    stack: bool = False,
    picking: Picking | None = None,
    states: Collection[str] = (),
    packed: Mapping[str, bool] = MappingProxyType({}),
) -> Opened:
    """Open every file once, and select what each input names.

    Args:
        refs: What :func:`locate` found.
        formats: What :func:`parse_formats` found.
        reading: How files are read.
        stack: Whether every file of a pattern or a directory is one row, as images always are.
        picking: Which rows are taken, and how they are paired.
        states: The inputs of which each is all arrays of a module.
        packed: The inputs that are sequences of several lengths, and whether they are sizes.

    Raises:
        DataError: no such key, data that cannot be read, or ids that do not pair up.
        FileError: a file that cannot be read.
        UsageError: two inputs that are the whole of one file, or nothing to stack.
    """
    if stack and not any(ref.many for ref in refs.values()):
        raise UsageError(
            "--stack makes a row of every file of a pattern or a directory, and no input is one"
        )
    files = _Files(refs, formats, reading or Reading(), stack=stack)
    with files.ahead():
        settled = {name: files.settled(ref) for name, ref in refs.items()}
        settled, chosen = files.told_apart(settled)
        settled = files.spread_out(settled, states)
        files.check_wholes(settled)
        settled = files.paired(settled)
        keys = _keys_by_file(settled)
        columns = None
        if picking is not None and picking.asked.columns:
            columns = Columns(files, picking.rows(settled), picking.asked)
            for identity, more in columns.keys().items():
                keys.setdefault(identity, []).extend(more)
        fields = {
            name: files.packed(ref, keys, sizes=packed[name])
            if name in packed
            else files.field(ref, keys)
            for name, ref in settled.items()
        }
    notes = [
        Finding(code, Level.NOTE, message, input=name)
        for name, opened in fields.items()
        for code, message in opened.notes
    ]
    if picking is None or columns is None:
        return Opened(fields, (*chosen, *notes))
    taken = picked(columns.groups(fields), picking)
    return Opened({**fields, **taken.fields}, (*chosen, *notes, *taken.findings), taken.ids)


class _Files:
    """The files of one question, each opened once."""

    def __init__(
        self,
        refs: Mapping[str, Ref],
        formats: Mapping[str | None, str],
        reading: Reading,
        *,
        stack: bool,
    ) -> None:
        self._formats: dict[str, str] = {}
        self._reading = reading
        self._stack = stack
        self._sources: dict[str, Source] = {}
        self._ahead: Mapping[str, Future[Source]] = {}
        every = (*refs.values(), *(ref.otherwise for ref in refs.values() if ref.otherwise))
        self._keys = _asked(every)
        self._parts = tuple(path for ref in every for path in ref.paths if not self._rows(ref))
        for ref in every:
            for path in ref.paths:
                self._note_format(ref.name, path, formats)

    def _note_format(self, name: str, path: str, formats: Mapping[str | None, str]) -> None:
        unnamed = formats.get(None) if known.suffix_of(path) is None else None
        fmt = formats.get(name)
        if fmt is None and unnamed is None:
            return
        before = self._formats.setdefault(_identity(path), fmt or unnamed or "")
        if fmt and before != fmt:
            raise UsageError(f"--input-format says {before} and {fmt} of {named(path)}")

    def source(self, path: str) -> Source:
        """The opened file."""
        identity = _identity(path)
        if identity not in self._sources:
            begun = self._ahead.get(identity)
            self._sources[identity] = begun.result() if begun else self._opened(path)
        return self._sources[identity]

    def _opened(self, path: str, reading: Reading | None = None) -> Source:
        identity = _identity(path)
        return known.open_source(
            path,
            fmt=self._formats.get(identity),
            reading=reading or self._reading,
            keys=self._keys.get(identity),
        )

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """Shards of text are opened side by side, for as long as this lasts."""
        texts: dict[str, str] = {}
        for path in filter(is_text, self._parts):
            texts.setdefault(_identity(path), path)
        with opened_ahead(texts, self._opened, self._reading.threads) as self._ahead:
            yield

    def settled(self, ref: Ref) -> Ref:
        """What a word beside --data means, now that the keys can be seen."""
        if ref.otherwise is None:
            return ref
        try:
            self.source(ref.paths[0]).select(ref.key)
        except DataError as error:
            if is_unknown(error):
                return ref.otherwise
            raise
        return ref

    def told_apart(self, refs: Mapping[str, Ref]) -> tuple[dict[str, Ref], list[Finding]]:
        """Two inputs that are both all of a table of two columns, each with its own."""
        wholes: dict[tuple[str, ...], list[Ref]] = {}
        for ref in refs.values():
            if ref.paths and ref.key is None:
                wholes.setdefault(_identities(ref), []).append(ref)
        found, notes = dict(refs), []
        for files, both in wholes.items():
            if len(both) != 2:
                continue
            taken = {ref.key for ref in refs.values() if _identities(ref) == files}
            held = self.source(both[0].paths[0]).columns()
            columns = [line.key for line in held if line.key not in taken]
            keys = told_apart([ref.name for ref in both], columns)
            if keys is None:
                continue
            found |= {ref.name: replace(ref, key=keys[ref.name]) for ref in both}
            said = [f"{key!r} for --{name.replace('_', '-')}" for name, key in keys.items()]
            message = f"{named(both[0].word)}: its columns were told apart by their names: "
            message += " and ".join(said)
            notes.append(Finding("columns-by-name", Level.NOTE, message, input=both[0].name))
        return found, notes

    def spread_out(self, refs: Mapping[str, Ref], states: Collection[str]) -> dict[str, Ref]:
        """With an input for each array of a module."""
        found: dict[str, Ref] = {}
        for name, ref in refs.items():
            if name not in states:
                found[name] = ref
            elif ref.paths:
                source = self.source(ref.paths[0])
                found |= state.in_file(ref, named(ref.paths[0]), source.listing())
            else:
                found |= state.in_place(ref)
        return found

    def check_wholes(self, refs: Mapping[str, Ref]) -> None:
        """Two inputs cannot both be all columns of one table, or all of a pipe."""
        whole: dict[str, str] = {}
        for ref in refs.values():
            paths = ref.paths[:1] if self.is_stack(ref) else ref.paths
            for path in paths if ref.key is None else ():
                other = whole.setdefault(_identity(path), ref.name)
                if other == ref.name:
                    continue
                listing = self.source(path).listing()
                if len(listing) == 1 and path != "-":
                    continue
                held = ", ".join(map(str, listing[:20]))
                raise UsageError(
                    f"{other} and {ref.name} are both all of {named(path)}",
                    hint=f"name a part of it for each, as in {path}:KEY; it holds {held}",
                )

    def field(self, ref: Ref, keys: Mapping[str, list[str]]) -> Field:
        """What an input names; without a key, less the keys that others name of the file."""
        if not ref.paths:
            return in_place(ref, missing=self._reading.missing)
        if self.is_stack(ref):
            return self._stacked(ref, keys)
        fields = [
            self.source(path).select(ref.key, leave=keys.get(_identity(path), ()))
            for path in ref.paths
        ]
        if len(fields) == 1:
            return fields[0]
        from losscli.formats.shards import Shards

        return Shards(fields, ref.word)

    def packed(self, ref: Ref, keys: Mapping[str, list[str]], *, sizes: bool) -> Field:
        """Sequences of several lengths, one behind the other."""
        from losscli.formats.packed import chained, even

        if not ref.paths:
            return packed_in_place(ref, sizes=sizes, missing=self._reading.missing)
        if self.is_stack(ref):
            return even(self.field(ref, keys))
        each = [self.source(path).sequences(ref.key, sizes=sizes) for path in ref.paths]
        lists = [one for one in each if one is not None]
        return chained(lists, ref.word) if len(lists) == len(each) else even(self.field(ref, keys))

    def is_stack(self, ref: Ref) -> bool:
        """Whether every file of an input is one row."""
        return self._rows(ref) or (bool(ref.paths) and self.source(ref.paths[0]).is_row)

    def _rows(self, ref: Ref) -> bool:
        return self._stack and ref.many

    def paired(self, refs: Mapping[str, Ref]) -> dict[str, Ref]:
        """Inputs whose files are rows, with their files in one order."""
        stacks = {name: ref for name, ref in refs.items() if ref.many and self.is_stack(ref)}
        if not stacks:
            return dict(refs)
        from losscli.formats.stack import paired

        found = paired({name: ref.paths for name, ref in stacks.items()})
        return {
            name: replace(ref, paths=found[name]) if name in found else ref
            for name, ref in refs.items()
        }

    def _stacked(self, ref: Ref, keys: Mapping[str, list[str]]) -> Field:
        """Files that are rows, each opened when it is read, and then forgotten."""
        from losscli.formats.stack import Stacked

        def select(path: str) -> Field:
            alone = Reading(
                self._reading.header,
                expansion=self._reading.expansion,
                missing=self._reading.missing,
            )
            leave = keys.get(_identity(path), ())
            return self._opened(path, alone).select(ref.key, leave=leave)

        return Stacked(ref.paths, select, ref.word, ref.key, self._reading.watch)

    @staticmethod
    def identity(path: str) -> str:
        """The file behind a path, however it is written."""
        return _identity(path)

    def has(self, ref: Ref, key: str) -> bool:
        """Whether a file, or any of some shards, has a column."""
        return not self.is_stack(ref) and any(self.source(path).has(key) for path in ref.paths)

    def column(self, ref: Ref, key: str, *, ids: bool = False) -> Field:
        """A column of the file of an input; of ids, text and whole numbers may take turns."""
        if self.is_stack(ref):
            raise DataError(f"{ref.word} has no column {key!r}: every file of it is a row")
        fields = [self.source(path).select(key) for path in ref.paths]
        if len(fields) == 1:
            return fields[0]
        from losscli.formats.shards import Shards

        return Shards(fields, ref.word, mixed=ids)


def _asked(refs: Iterable[Ref]) -> dict[str, list[str] | None]:
    """The keys that will be selected of each file; None if all of it may be."""
    keys: dict[str, list[str] | None] = {}
    for ref in refs:
        for identity in map(_identity, ref.paths):
            found = keys.setdefault(identity, [])
            if ref.key is None:
                keys[identity] = None
            elif found is not None:
                found.append(ref.key)
    return keys


def _keys_by_file(refs: Mapping[str, Ref]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for ref in refs.values():
        for path in ref.paths if ref.key is not None else ():
            keys.setdefault(_identity(path), []).append(ref.key or "")
    return keys


def _identities(ref: Ref) -> tuple[str, ...]:
    return tuple(map(_identity, ref.paths))


def _identity(path: str) -> str:
    """The file behind a path, however it is written."""
    return path if path == "-" or is_url(path) else os.path.realpath(path)
