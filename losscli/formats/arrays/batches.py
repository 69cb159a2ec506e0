"""Lists of batches, as a loop over a data set leaves them: joined along their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from losscli.formats.arrays.fields import ArraySource
from losscli.formats.arrays.rows import Rows
from losscli.formats.shards import Shards

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["joined", "note"]


def joined(batches: Sequence[Any], path: str | None, key: str) -> np.ndarray:
    """Arrays one after the other, of which only the rows that are asked for are copied.

    Raises:
        DataError: they differ in more than the number of rows.
    """
    fields = [
        ArraySource(batch, path, f"{key}[{place}]").select(None)
        for place, batch in enumerate(batches)
    ]
    whole = Shards(fields, path or "")
    count = whole.shape[0]
    rows = Rows(whole.shape, whole.dtype, lambda rows: whole.rows(*rows.indices(count)[:2]))
    return cast("np.ndarray", rows)


def note(label: str, count: int, shape: tuple[int, ...], hint: str) -> tuple[str, str]:
    """Says that batches were joined, and how to have them otherwise."""
    batches = "1 batch" if count == 1 else f"{count} batches"
    message = f"{label} is {batches}, joined along the rows to {shape}"
    return "batches", f"{message}; {hint}" if hint else message
