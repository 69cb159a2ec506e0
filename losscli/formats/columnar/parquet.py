"""Parquet: columns of typed values in groups of rows, with shapes and dtypes at the end."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from losscli.formats.columnar.columns import BLOCK_BYTES, BLOCK_ROWS, ArrowTable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from losscli.formats.base import Reading
    from losscli.formats.files import Content

__all__ = ["Parquet", "read"]

_SEGMENT_ROWS, _SEGMENT_BYTES = 2**17, 2**24


def read(
    content: Content, *, suffix: str, reading: Reading, keys: Collection[str] | None
) -> Parquet:
    """The table in a file."""
    return Parquet(content, reading.threads, missing=reading.missing)


class Parquet(ArrowTable):
    """The columns of a Parquet file."""

    called_as = "Parquet"

    def _looked(self) -> tuple[Any, list[tuple[int, int, list[int]]]]:
        self._metadata: Any = None
        file = self._open()
        self._metadata = file.metadata
        return file.schema_arrow, list(_segments(self._metadata))

    def _may_be_null(self, column: int) -> bool:
        """Whether the counts at the end of the file leave room for nulls; lists have none."""
        for number in range(self._metadata.num_row_groups):
            group = self._metadata.row_group(number)
            chunk = group.column(column) if column < group.num_columns else None
            if chunk is None or chunk.path_in_schema != self._names[column]:
                return True
            counts = chunk.statistics
            if counts is None or not counts.has_null_count or counts.null_count:
                return True
        return False

    def _batches(self, part: list[int], chosen: tuple[int, ...], size: int) -> Iterator[list[Any]]:
        """Some columns of groups of rows, as arrays of Arrow, so many bytes a row."""
        wanted = [self._names[column] for column in chosen]
        nth = [self._names[:column].count(self._names[column]) for column in chosen]
        with self._told():
            heavy = any(
                self._metadata.row_group(group).total_byte_size > _SEGMENT_BYTES for group in part
            )
            buffer = min(max(_SEGMENT_BYTES // len(chosen), 2**14), 2**20) if heavy else 0
            batches = self._open(buffer).iter_batches(
                batch_size=max(1, min(BLOCK_ROWS, BLOCK_BYTES // size)),
                row_groups=part,
                columns=[*dict.fromkeys(wanted)],
                use_threads=self._threads > 1 and len(chosen) > 1,
            )
        while True:
            with self._told():
                batch = next(batches, None)
                if batch is None:
                    return
                at = _places(batch.schema.names)
                found = [batch.column(at[name][n]) for name, n in zip(wanted, nth, strict=True)]
            yield found

    def _open(self, buffer: int = 0) -> Any:
        """A reader of its own: they are not shared by threads."""
        return import_module("pyarrow.parquet").ParquetFile(
            self._source(),
            metadata=self._metadata,
            buffer_size=buffer,
            pre_buffer=False,  # it would hold all bytes of a group
            page_checksum_verification=True,
        )


def _places(names: list[str]) -> dict[str, list[int]]:
    """Where each name stands; a name may stand for several columns."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return places


def _segments(metadata: Any) -> Iterator[tuple[int, int, list[int]]]:
    """(first row, rows, groups): neighbours together until there are rows worth an opening."""
    first = rows = size = 0
    groups: list[int] = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        groups.append(number)
        rows, size = rows + group.num_rows, size + group.total_byte_size
        if rows >= _SEGMENT_ROWS or size >= _SEGMENT_BYTES:
            yield first, rows, groups
            first, rows, size, groups = first + rows, 0, 0, []
    if groups:
        yield first, rows, groups
