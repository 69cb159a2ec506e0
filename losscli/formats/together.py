"""Many small files of text, opened side by side: a file that is a piece keeps one core busy."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from losscli.formats.workers import WORTH, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from losscli.formats.base import Source

__all__ = ["is_text", "opened_ahead"]


@contextmanager
def opened_ahead(
    paths: Mapping[str, str], opened: Callable[[str], Source], threads: int
) -> Iterator[dict[str, Future[Source]]]:
    """Begin to open those of some files that are small, if all of them together are large.

    Large files are left out: their pieces keep all cores busy, one file after the other. So are
    pipes, which give their bytes when they like to.

    Args:
        paths: Files of text, by what each is known by.
        opened: Opens one of them.
        threads: How many at the same time.
    """
    sizes = {name: _size(path) for name, path in paths.items()} if threads > 1 else {}
    small = {name: size for name, size in sizes.items() if 0 < size < WORTH}
    total = sum(small.values())
    if total < WORTH:
        yield {}
        return
    with kept(total):
        pool = ThreadPoolExecutor(threads + 1, "losscli-open")
        try:
            yield {name: pool.submit(opened, paths[name]) for name in small}
        finally:
            pool.shutdown(cancel_futures=True)


def is_text(path: str) -> bool:
    """Whether a file is text by its name, of a format that is parsed in pieces."""
    return path.lower().endswith((".csv", ".tsv", ".txt", ".jsonl", ".ndjson"))


def _size(path: str) -> int:
    """The bytes of a file; 0 if there is none, which is told where it is opened."""
    try:
        status = os.stat(path)  # noqa: PTH116  # Path("") would be "."
    except (OSError, ValueError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
