"""Data to measure with, written piece by piece where any size should fit into memory.

Predictions are drawn from a normal distribution; half of what a target tells is in its prediction.
"""

from __future__ import annotations

import multiprocessing
import shutil
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

CLASSES = 100
SIDE = 256
"""Of an image, in pixels."""

SPOT = 32
"""Of what is set in a mask: so many pixels wide and high are alike."""

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
        row: The shape of a row of the prediction.
        words: What else losscli must be told.
    """

    loss: str
    prediction: str
    target: str
    disk: int
    spooled: int = 0
    row: tuple[int, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, str]:
        """The names of the files."""
        return self.prediction.partition(":")[0], self.target.partition(":")[0]

    def rows(self, size: int) -> int:
        """How many rows there are, if so many values of the prediction are asked for."""
        return max(1, size // prod(self.row))

    def values(self, size: int) -> int:
        """How many values of the prediction there are, if so many are asked for."""
        return self.rows(size) * prod(self.row)


def _one(name: str, file: str, disk: int, spooled: int = 0) -> tuple[str, Data]:
    """Both in one file."""
    return f"bce {name}", Data("bce", f"{file}:logit", f"{file}:label", disk, spooled)


DATA = {
    "bce npy int64": Data("bce", "logits.npy", "labels.npy", 12),
    "bce npy float32": Data("bce", "logits.npy", "floats.npy", 8),
    "ce npy int64": Data("ce", "scores.npy", "classes.npy", 5, row=(CLASSES,)),
    "mse npy float32": Data("mse", "predicted.npy", "true.npy", 8),
    **dict(
        [
            _one("csv short", "short.csv", 14, 16),
            _one("csv long", "long.csv", 23, 16),
            _one("tsv", "table.tsv", 14, 16),
            _one("csv gzip", "table.csv.gz", 7, 16),
            _one("csv zstd", "table.csv.zst", 7, 16),
            _one("jsonl short", "table.jsonl", 34, 16),
            _one("json columns", "document.json", 14),
            _one("json records", "records.json", 36),
            _one("parquet float32", "table.parquet", 7),
            _one("arrow", "table.arrow", 12),
            _one("npz", "plain.npz", 12),
            _one("npz compressed", "small.npz", 6, 12),
            _one("pt", "saved.pt", 12),
            _one("safetensors", "saved.safetensors", 12),
            _one("hdf5", "plain.h5", 12),
            _one("hdf5 gzip", "small.h5", 6),
        ]
    ),
    "bce raw": Data(
        "bce",
        "logits.f32",
        "labels.i64",
        12,
        words=("--input-format", "logits=raw:float32:-1,target=raw:int64:-1"),
    ),
    "bce png": Data(
        "bce", "pixels.npy", "masks", 5, row=(SIDE, SIDE), words=("--stack", "--pos-label", "255")
    ),
    "bce csv by id": Data(
        "bce", "predictions.csv:logit", "labels.csv:label", 34, 48, words=("--key", "id")
    ),
}
"""By name: the loss, the format, and how its numbers are written.

Text holds logits as the shortest that gives the same float32, as ``to_csv`` of pandas and polars
writes them; "long" are float64 with some 17 digits.
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
    for file in DATA[name].files:
        path = folder / file
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _make(name: str, size: int, folder: Path) -> None:
    import files

    one = DATA[name]
    first, second = (folder / file for file in one.files)
    pieces = _pieces(name, one.rows(size))
    if first == second:
        files.table(first, pieces)
    elif second.suffix == ".npy":
        files.arrays((first, second), one.rows(size), pieces)
    else:
        write = {".i64": files.dumps, "": files.masks, ".csv": files.shuffled}[second.suffix]
        write((first, second), pieces)


def _pieces(name: str, rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of predictions and targets, some at a time."""
    import numpy as np

    one = DATA[name]
    rng = np.random.default_rng(rows * prod(one.row))
    some = max(1, PIECE // prod(one.row))
    for start in range(0, rows, some):
        shape = (min(some, rows - start), *one.row)
        values = rng.normal(0, 2, shape)
        if name != "bce csv long":
            values = values.astype(np.float32)
        if one.loss == "ce":
            yield values, rng.integers(0, CLASSES, shape[0])
        elif one.loss == "mse":
            yield values, values + rng.normal(0, 1, shape).astype(np.float32)
        elif one.row:
            spots = rng.random((shape[0], SIDE // SPOT, SIDE // SPOT)) < 0.5
            yield values, spots.repeat(SPOT, 1).repeat(SPOT, 2)
        else:
            drawn = rng.random(shape) < 1 / (1 + np.exp(-values))
            floats = name == "bce npy float32"
            yield values, drawn.astype(np.float32 if floats else np.int64)
