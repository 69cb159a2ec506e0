"""One file of two arrays, "logit" and "label", in every format: as its own library writes it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    Pieces = Iterable[tuple[np.ndarray, np.ndarray]]

NAMES = ("logit", "label")
WHITE = 255
"""What a mask holds where it is set."""


def whole(pieces: Pieces) -> dict[str, np.ndarray]:
    """All rows at once, by name."""
    columns = zip(*pieces, strict=True)
    return {name: np.concatenate(column) for name, column in zip(NAMES, columns, strict=True)}


def arrays(paths: tuple[Path, Path], rows: int, pieces: Pieces) -> None:
    """An NPY file each, piece by piece: they may be larger than memory."""
    with paths[0].open("wb") as first, paths[1].open("wb") as second:
        for at, piece in enumerate(pieces):
            for file, array in zip((first, second), piece, strict=True):
                if not at:
                    head = np.lib.format.header_data_from_array_1_0(array)
                    head["shape"] = (rows, *array.shape[1:])
                    np.lib.format.write_array_header_1_0(file, head)
                array.tofile(file)


def dumps(paths: tuple[Path, Path], pieces: Pieces) -> None:
    """Bytes without a header."""
    with paths[0].open("wb") as first, paths[1].open("wb") as second:
        for logit, label in pieces:
            logit.tofile(first)
            label.tofile(second)


def masks(paths: tuple[Path, Path], pieces: Pieces) -> None:
    """An NPY file of logits, and a folder with a PNG for each image."""
    from PIL import Image

    all_rows = whole(pieces)
    np.save(paths[0], all_rows["logit"])
    paths[1].mkdir()
    for at, label in enumerate(all_rows["label"]):
        Image.fromarray(label.astype(np.uint8) * WHITE).save(paths[1] / f"{at:06}.png")


def shuffled(paths: tuple[Path, Path], pieces: Pieces) -> None:
    """A table each with the ids of its rows, which stand in another order in each."""
    import polars as pl

    all_rows = whole(pieces)
    rng = np.random.default_rng(1)
    ids = rng.permutation(len(all_rows["logit"])) * 7
    for name, path in zip(NAMES, paths, strict=True):
        order = rng.permutation(len(ids))
        pl.DataFrame({"id": ids[order], name: all_rows[name][order]}).write_csv(path)


def table(path: Path, pieces: Pieces) -> None:
    """One file, by its name."""
    WRITERS[path.name](path, pieces)


def _text(path: Path, pieces: Pieces) -> None:
    with _opened(path) as file:
        for text in _texts(pieces, "\t" if ".tsv" in path.suffixes else ","):
            file.write(text)


def _texts(pieces: Pieces, separator: str) -> Iterator[bytes]:
    import polars as pl

    for at, (logit, label) in enumerate(pieces):
        rows = pl.DataFrame(dict(zip(NAMES, (logit, label), strict=True)))
        yield rows.write_csv(separator=separator, include_header=not at).encode()


def _opened(path: Path) -> BinaryIO | Any:
    """A file to be written, compressed as its suffix says."""
    if path.suffix == ".gz":
        return gzip.open(path, "wb", compresslevel=6)
    if path.suffix == ".zst":
        import zstandard

        return zstandard.open(path, "wb")
    return path.open("wb")


def _lines(path: Path, pieces: Pieces) -> None:
    import polars as pl

    with path.open("wb") as file:
        for piece in pieces:
            pl.DataFrame(dict(zip(NAMES, piece, strict=True))).write_ndjson(file)


def _parquet(path: Path, pieces: Pieces) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema({"logit": pa.float32(), "label": pa.int64()})
    with parquet.ParquetWriter(path, schema) as writer:
        for piece in pieces:
            writer.write_table(pa.table(dict(zip(NAMES, piece, strict=True)), schema))


def _arrow(path: Path, pieces: Pieces) -> None:
    import pyarrow as pa
    from pyarrow import ipc

    schema = pa.schema({"logit": pa.float32(), "label": pa.int64()})
    with ipc.new_file(path, schema) as writer:
        for piece in pieces:
            writer.write_table(pa.table(dict(zip(NAMES, piece, strict=True)), schema))


def _hdf5(path: Path, pieces: Pieces, **options: Any) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for name, values in whole(pieces).items():
            file.create_dataset(name, data=values, **options)


def _saved(path: Path, pieces: Pieces) -> None:
    import torch

    torch.save({name: torch.from_numpy(one) for name, one in whole(pieces).items()}, path)


def _safetensors(path: Path, pieces: Pieces) -> None:
    from safetensors.numpy import save_file

    save_file(whole(pieces), path)


def _document(path: Path, pieces: Pieces) -> None:
    with path.open("w") as file:
        json.dump({name: _short(one) for name, one in whole(pieces).items()}, file)


def _records(path: Path, pieces: Pieces) -> None:
    columns = [_short(one) for one in whole(pieces).values()]
    with path.open("w") as file:
        json.dump([dict(zip(NAMES, row, strict=True)) for row in zip(*columns, strict=True)], file)


def _short(values: np.ndarray) -> list[float]:
    """Numbers as the shortest text that gives the same in their own dtype."""
    return values.tolist() if values.dtype.kind != "f" else [float(str(one)) for one in values]


WRITERS: dict[str, Callable[[Path, Pieces], None]] = {
    "short.csv": _text,
    "long.csv": _text,
    "table.tsv": _text,
    "table.csv.gz": _text,
    "table.csv.zst": _text,
    "table.jsonl": _lines,
    "document.json": _document,
    "records.json": _records,
    "table.parquet": _parquet,
    "table.arrow": _arrow,
    "plain.npz": lambda path, pieces: np.savez(path, **whole(pieces)),
    "small.npz": lambda path, pieces: np.savez_compressed(path, **whole(pieces)),
    "saved.pt": _saved,
    "saved.safetensors": _safetensors,
    "plain.h5": _hdf5,
    "small.h5": lambda path, pieces: _hdf5(path, pieces, chunks=True, compression="gzip"),
}
"""By the name of the file."""
