"""Arrow's own files, which Feather is as well: batches of columns as they are in memory."""

from __future__ import annotations

from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from losscli.formats.columnar.columns import BLOCK_BYTES, ArrowTable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["Feather", "read"]


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Feather:
    """The table in a file."""
    return Feather(content, reading.threads, missing=reading.missing)


class Feather(ArrowTable):
    """The columns of a file of Arrow, with its batches in any order."""

    called_as = "Arrow"

    def _looked(self) -> tuple[Any, list[tuple[int, int, int]]]:
        file = self._open()
        rows = [file.get_batch(place).num_rows for place in range(file.num_record_batches)]
        starts = [0, *accumulate(rows)]
        return file.schema, [(starts[place], count, place) for place, count in enumerate(rows)]

    def _batches(self, part: int, chosen: tuple[int, ...], size: int) -> Iterator[list[Any]]:
        with self._told():
            batch = self._open().get_batch(part)
        step = max(1, BLOCK_BYTES // size)
        for start in range(0, batch.num_rows, step):
            pieces = [batch.column(column).slice(start, step) for column in chosen]
            with self._told():
                for piece in pieces:
                    piece.validate(full=True)  # places outside of it would be read otherwise
            yield pieces

    def _open(self) -> Any:
        """A reader of its own, of a mapped file where there is one."""
        pa = import_module("pyarrow")
        plain = self._content.data is None and self._content.kept is None
        source = pa.memory_map(self._content.path) if plain else self._source()
        return import_module("pyarrow.ipc").open_file(source)
