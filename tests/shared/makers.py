"""A matrix of doubles as a file of every format, made by the libraries that people use."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pytest
import torch


def as_text(array, delimiter, *, header):
    rows = [delimiter.join(map(repr, row)) for row in array.tolist()]
    names = [delimiter.join(f"c{i}" for i in range(array.shape[1]))] if header else []
    return "\n".join([*names, *rows]).encode() + b"\n"


def as_npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def as_npz(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def as_pt(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def as_safetensors(**arrays):
    save = pytest.importorskip("safetensors.torch").save
    return save({name: as_tensor(one) for name, one in arrays.items()})


def as_tensor(array):
    """A tensor with an array's values; of a copy, which may be in any order."""
    return torch.from_numpy(np.array(array, order="C"))


def as_hdf5(array, name="x", **options):
    file = io.BytesIO()
    with pytest.importorskip("h5py").File(file, "w") as opened:
        opened.create_dataset(name, data=array, **options)
    return file.getvalue()


def as_arrow(array, rows=None, **options):
    pa, ipc = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.ipc")
    file = io.BytesIO()
    table = as_columns(pa, array)
    with ipc.new_file(file, table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, rows)
    return file.getvalue()


def as_columns(pa, array):
    return pa.table({f"c{i}": np.ascontiguousarray(x) for i, x in enumerate(array.T)})


def as_parquet(array, **options):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    pq.write_table(as_columns(pa, array), file, **options)
    return file.getvalue()


def as_records(array):
    return json.dumps([{f"c{i}": x for i, x in enumerate(row)} for row in array.tolist()]).encode()


def as_batches(array):
    """A list of batches with a matrix each."""
    return json.dumps([{"out": half.tolist()} for half in halves(array)]).encode()


def halves(array):
    middle = (len(array) + 1) // 2
    return [array[:middle], array[middle:]] if len(array) > 1 else [array]


def as_lines(array, *, names):
    rows = [{f"c{i}": x for i, x in enumerate(row)} if names else row for row in array.tolist()]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def zstd(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


COMPRESSED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}

TABLES = {
    "csv": (".csv", lambda a: as_text(a, ",", header=True)),
    "csv without header": (".csv", lambda a: as_text(a, ",", header=False)),
    "csv with ;": (".csv", lambda a: as_text(a, ";", header=True)),
    "tsv": (".tsv", lambda a: as_text(a, "\t", header=True)),
    "txt": (".txt", lambda a: as_text(a, "|", header=True)),
    "json records": (".json", as_records),
    "json lines, records": (".jsonl", lambda a: as_lines(a, names=True)),
    "parquet": (".parquet", as_parquet),
    "parquet in groups": (".pq", lambda a: as_parquet(a, row_group_size=3, compression="none")),
    "arrow": (".arrow", as_arrow),
    "feather in batches": (".feather", lambda a: as_arrow(a, rows=3, compression="lz4")),
}
"""Of one column they are one axis."""

ARRAYS = {
    "npy": (".npy", as_npy),
    "npy big-endian": (".npy", lambda a: as_npy(a.astype(">f8"))),
    "npy Fortran": (".npy", lambda a: as_npy(np.asfortranarray(a))),
    "npz": (".npz", lambda a: as_npz(x=a)),
    "npz compressed": (".npz", lambda a: as_npz(np.savez_compressed, x=a)),
    "npz Fortran, big-endian": (".npz", lambda a: as_npz(x=np.asfortranarray(a.astype(">f8")))),
    "pt": (".pt", lambda a: as_pt(as_tensor(a))),
    "pt of a dict": (".pth", lambda a: as_pt({"out": {"x": as_tensor(a)}})),
    "pt of columns": (".pt", lambda a: as_pt(as_tensor(a.T).T)),
    "pt of batches": (".pt", lambda a: as_pt([{"x": as_tensor(half)} for half in halves(a)])),
    "pt of an array": (".pt", lambda a: as_pt({"x": a})),
    "pt as it was before 1.6": (
        ".pt",
        lambda a: as_pt(as_tensor(a), _use_new_zipfile_serialization=False),
    ),
    "safetensors": (".safetensors", lambda a: as_safetensors(x=a)),
    "hdf5": (".h5", as_hdf5),
    "hdf5 in chunks": (".hdf5", lambda a: as_hdf5(a, chunks=(1, 1), compression="gzip")),
    "hdf5 big-endian": (".h5", lambda a: as_hdf5(a.astype(">f8"), "deep/er/x")),
    "json": (".json", lambda a: json.dumps(a.tolist()).encode()),
    "json lines, lists": (".ndjson", lambda a: as_lines(a, names=False)),
}


def _compressed(name, suffix):
    """A format, compressed."""
    inner, make = (TABLES | ARRAYS)[name]
    return inner + suffix, lambda a: COMPRESSED[suffix](make(a))


_EACH = ("csv", "npy")
_OTHERS = ("npz", "pt", "safetensors", "hdf5", "json", "json lines, records", "parquet", "arrow")
_BOTH = [(name, suffix) for name in _EACH for suffix in COMPRESSED]
_BOTH += [(name, [*COMPRESSED][place % 4]) for place, name in enumerate(_OTHERS)]

MAKERS = TABLES | ARRAYS | {f"{name}{end}": _compressed(name, end) for name, end in _BOTH}
"""(suffix, what makes the bytes of a matrix of doubles), by what it is."""


def is_table(name):
    """Whether one column is read as one axis."""
    return name.partition(".")[0] in TABLES


def zipped(members, **options):
    """A ZIP file of bytes by name, or of (name, bytes)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, data)
    return file.getvalue()
