"""Which files have the columns of --key and --where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from losscli.errors import DataError
from losscli.formats.files import named
from losscli.picking.rows import Group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.formats.base import Field
    from losscli.formats.locate import Ref
    from losscli.picking.asked import Asked, Where

__all__ = ["Columns", "Files"]


class Files(Protocol):
    """What the opened files of a question are asked."""

    def identity(self, path: str) -> str: ...

    def has(self, ref: Ref, key: str) -> bool: ...

    def column(self, ref: Ref, key: str, *, ids: bool = False) -> Field: ...


@dataclass
class _File:
    """Inputs that share their rows."""

    ref: Ref
    names: list[str]
    ids: tuple[str, ...] = ()
    error: DataError | None = None

    @property
    def label(self) -> str:
        return named(self.ref.word) if self.ref.paths else self.ref.name.replace("_", "-")


class Columns:
    """The columns of ids and of conditions, file by file.

    Args:
        files: The opened files.
        refs: The inputs, that of the prediction first.
        asked: The columns.

    Raises:
        DataError: no file has a column of ``--where``.
    """

    def __init__(self, files: Files, refs: Mapping[str, Ref], asked: Asked) -> None:
        self._files = files
        self._asked = asked
        found: dict[tuple[str, ...], _File] = {}
        for name, ref in refs.items():
            key = tuple(map(files.identity, ref.paths)) or ("", name)
            found.setdefault(key, _File(ref, [])).names.append(name)
        self._groups = [*found.values()]
        for place, group in enumerate(self._groups):
            self._name(group, lead=not place)
        for where in asked.where:
            if not any(self._has(group, where.column) for group in self._groups):
                raise self._unknown(where)

    def _has(self, group: _File, column: str) -> bool:
        return bool(group.ref.paths) and self._files.has(group.ref, column)

    def _name(self, group: _File, *, lead: bool) -> None:
        """Finds out what the ids of a file are called."""
        found = []
        for ours, theirs in zip(self._asked.ours, self._asked.theirs, strict=True):
            choices = [ours] if lead else [theirs, ours]
            name = next((name for name in choices if self._has(group, name)), None)
            if name is None:
                group.error = self._without(group, choices[0])
                return
            found.append(name)
        group.ids = tuple(found)

    def _without(self, group: _File, column: str) -> DataError:
        hint = "--key pairs rows by ids that each file holds beside its values"
        if not group.ref.paths:
            return DataError(f"{group.label} comes from no file with ids", hint=hint, code="key")
        try:
            self._files.column(group.ref, column)
        except DataError as error:
            return DataError(error.message, hint=error.hint or hint, code="key")
        raise AssertionError("a file that has a column has it")

    def _unknown(self, where: Where) -> DataError:
        errors = []
        for group in self._groups:
            if group.ref.paths:
                try:
                    self._files.column(group.ref, where.column)
                except DataError as error:
                    errors.append(error.message)
        held = "; ".join(errors) or "no input comes from a file"
        return DataError(f"--where {where}: {held}", code="where")

    def keys(self) -> dict[str, list[str]]:
        """By file: the columns that are not values, unless an input names them."""
        found: dict[str, list[str]] = {}
        for group in self._groups:
            wheres = [one.column for one in self._asked.where if self._has(group, one.column)]
            for path in group.ref.paths:
                found.setdefault(self._files.identity(path), []).extend([*group.ids, *wheres])
        return found

    def groups(self, fields: Mapping[str, Field]) -> list[Group]:
        """The files with their inputs."""
        return [
            Group(
                group.label,
                {name: fields[name] for name in group.names},
                tuple(self._files.column(group.ref, name, ids=True) for name in group.ids),
                {
                    where: self._files.column(group.ref, where.column)
                    for where in self._asked.where
                    if self._has(group, where.column)
                },
                group.error,
            )
            for group in self._groups
        ]
