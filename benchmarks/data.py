"""Data to measure with, written piece by piece so that any size fits into memory.

Predictions are drawn from a normal distribution; half of what a target tells is in its prediction.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

CLASSES = 100
PIECE = 10**6


@dataclass(frozen=True)
class Data:
    """Files that hold one prediction and one target.

    Attributes:
        loss: What is computed of them.
        prediction: FILE[:KEY] of the prediction.
        target: FILE[:KEY] of the target.
        disk: Bytes of the files for each value of the prediction, at most.
        spooled: Bytes that losscli may keep in temporary files besides.
    """

    loss: str
    prediction: str
    target: str
    disk: int
    spooled: int = 0

    def values(self, size: int) -> int:
        """How many values of the prediction there are, if so many are asked for."""
        return max(1, size // CLASSES) * CLASSES if self.loss == "ce" else size


DATA = {
    "bce npy int64": Data("bce", "logits.npy", "labels.npy", 12),
    "bce npy float32": Data("bce", "logits.npy", "floats.npy", 8),
    "ce npy int64": Data("ce", "scores.npy", "classes.npy", 5),
    "mse npy float32": Data("mse", "predicted.npy", "true.npy", 8),
    "bce csv short": Data("bce", "short.csv:logit", "short.csv:label", 14, 16),
    "bce csv long": Data("bce", "long.csv:logit", "long.csv:label", 23, 16),
    "bce parquet float32": Data("bce", "table.parquet:logit", "table.parquet:label", 7),
    "bce jsonl short": Data("bce", "table.jsonl:logit", "table.jsonl:label", 34, 16),
}
"""By name: the loss, the format, and how its numbers are written.

"short" are logits as the shortest text that gives the same float32, as ``to_csv`` of pandas and
polars writes them; "long" are float64 with some 17 digits.
"""


def make(name: str, size: int, folder: Path) -> None:
    """Writes the files, in a process of its own: what it holds would count for those after it."""
    maker = multiprocessing.get_context("spawn").Process(target=_make, args=(name, size, folder))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit(f"{name} with {size:.0e} values could not be written to {folder}")


def remove(name: str, folder: Path) -> None:
    """Deletes the files again."""
    for word in (DATA[name].prediction, DATA[name].target):
        (folder / word.partition(":")[0]).unlink(missing_ok=True)


def _make(name: str, size: int, folder: Path) -> None:
    import numpy as np

    one = DATA[name]
    paths = [folder / word.partition(":")[0] for word in (one.prediction, one.target)]
    pieces = _pieces(name, one.values(size))
    if paths[0].suffix != ".npy":
        _write_table(paths[0], pieces)
        return
    rows = one.values(size) // (CLASSES if one.loss == "ce" else 1)
    with paths[0].open("wb") as first, paths[1].open("wb") as second:
        for at, (prediction, target) in enumerate(pieces):
            if not at:
                for file, array in ((first, prediction), (second, target)):
                    head = np.lib.format.header_data_from_array_1_0(array)
                    head["shape"] = (rows, *array.shape[1:])
                    np.lib.format.write_array_header_1_0(file, head)
            prediction.tofile(first)
            target.tofile(second)


def _pieces(name: str, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of predictions and targets, some at a time."""
    import numpy as np

    rng = np.random.default_rng(size)
    loss, labels = DATA[name].loss, name.rsplit(maxsplit=1)[-1]
    for start in range(0, size, PIECE):
        count = min(PIECE, size - start)
        values = rng.normal(0, 2, count)
        if labels != "long":
            values = values.astype(np.float32)
        if loss == "ce":
            yield values.reshape(-1, CLASSES), rng.integers(0, CLASSES, count // CLASSES)
        elif loss == "mse":
            yield values, values + rng.normal(0, 1, count).astype(np.float32)
        else:
            drawn = rng.random(count) < 1 / (1 + np.exp(-values))
            floats = name == "bce npy float32"
            yield values, drawn.astype(np.float32 if floats else np.int64)


def _write_table(path: Path, pieces: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
    """One file of two columns, as polars or pandas would write it."""
    import polars as pl

    if path.suffix == ".parquet":
        import pyarrow as pa
        from pyarrow import parquet

        schema = pa.schema({"logit": pa.float32(), "label": pa.int64()})
        with parquet.ParquetWriter(path, schema) as writer:
            for logit, label in pieces:
                writer.write_table(pa.table({"logit": logit, "label": label}, schema))
        return
    with path.open("wb") as file:
        for at, (logit, label) in enumerate(pieces):
            table = pl.DataFrame({"logit": logit, "label": label})
            if path.suffix == ".jsonl":
                table.write_ndjson(file)
            else:
                table.write_csv(file, include_header=not at)
