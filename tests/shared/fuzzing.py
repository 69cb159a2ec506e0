"""Files of every format, broken at random: each gives rows or our own errors, and soon."""

from __future__ import annotations

import io
import random
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from makers import COMPRESSED, MAKERS, as_hdf5, as_npy, as_npz, as_pt, as_tensor, zipped

from losscli.errors import LosscliError
from losscli.formats import NAMES, open_source
from losscli.formats.base import Reading

_VALUES = np.array([[0.5, -1.0, 3e300], [np.inf, np.nan, 5e-324], [7.0, -0.0, 7.25], [4, 5, 6]])
_MORE = {
    "csv with quotes": (".csv", lambda _: b'a,"b, c",n\n1,"2\n",cat\n"3",4,"d""og"\n'),
    "csv with names": (".csv", lambda _: "naïve,β\r\n1,2\r\n\r\n3.5,nan\r\n".encode()),
    "blanks": (".txt", lambda _: b"# of np.savetxt\n1.5e+00 2 3\n-4 5 6\n"),
    "json nested": (".json", lambda _: b'{"a": {"b": [[1, 2.5], [3, "NaN"]]}, "c": ["x", "y"]}'),
    "json batches": (".json", lambda _: b'[{"l": [[1, 2]], "y": [0]}, {"l": [[3, 4]], "y": [1]}]'),
    "jsonl nested": (".jsonl", lambda _: b'{"o": {"l": [1, 2.5]}, "y": "a"}\n' * 3),
    "npy records": (".npy", lambda _: as_npy(np.array([(1, 2.5)] * 3, "i4,f8"))),
    "npy 0-d": (".npy", lambda _: as_npy(np.float16(2))),
    "npy text": (".npy", lambda _: as_npy(np.array(["cat", "dog"]))),
    "npz of many": (".npz", lambda a: as_npz(x=a, y=np.arange(4), z=np.array([(1, 2.0)], "i,f"))),
    "pt of many": (".pt", lambda a: as_pt({"b": [{"l": as_tensor(a), "y": a[0]}] * 2, "n": 3})),
    "hdf5 text": (".h5", lambda _: as_hdf5(["a", "bcd"])),
}
CASES = MAKERS | _MORE
_KEYS = (
    *[None] * 20,
    "0",
    "1",
    "a",
    "x",
    "c0",
    "*",
    "0,1",
    "*.l",
    "*.y",
    "b.*.l",
    "a.b",
    "o.l",
)
_TOKENS = [
    *(b"a", b"0", b"1.5", b",", b"\n", b"\r", b'"', b"[", b"]", b"{", b"}", b":", b"nan", b"true"),
    *(b"\t", b" ", b"null", b"1e999", b"-", b"\xe9", b"\xef\xbb\xbf", b"\0", b"_", b"#", b";"),
    *(b"9" * 30, b"[" * 5000, b'{"a":' * 5000, b"\x1b[31m", b"[bold]", b"../", b"\xff\xff\xff\xff"),
    *(b"\xff\xff\xff\x7f", b"\xff" * 8, b"\xff" * 7 + b"\x7f", b"\0" * 8, b"\0\0\0\1", b"PK\5\6"),
]


class Case(SimpleNamespace):
    """A broken file: name, suffix, data, key, fmt, header."""


def case(number, corpus):
    """The broken file with a number: always the same."""
    draw = random.Random(number)
    name = draw.choice([*corpus])
    suffix, data = corpus[name]
    inner = suffix[: -len(end)] if (end := Path(suffix).suffix) in COMPRESSED else suffix
    data = broken(data, draw, corpus)
    if inner in (".npz", ".pt", ".pth") and corpus[name][1][:2] == b"PK" and draw.random() < 0.6:
        data = _inside_zip(corpus[name][1], draw, corpus)
    elif inner == ".safetensors" and draw.random() < 0.3:
        data = _with_length(data)
    if end in COMPRESSED and draw.random() < 0.7:
        data = COMPRESSED[end](broken(MAKERS[name][1](_VALUES), draw, corpus))
    fmt = draw.choice(NAMES) if draw.random() < 0.03 else None
    header = draw.choice([None, None, None, True, False])
    key = draw.choice(_KEYS)
    return Case(name=name, suffix=suffix, data=data, key=key, fmt=fmt, header=header)


def broken(data, draw, corpus):
    """Some bytes with one to a few mistakes in them."""
    room = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
        at = draw.randrange(len(room) + 1)
        size = draw.choice([1, 1, 2, 4, 8, draw.randrange(1, 200)])
        match draw.randrange(9):
            case 0 if at < len(room):
                room[at] ^= 1 << draw.randrange(8)
            case 1:
                room[at : at + size] = draw.randbytes(size)
            case 2:
                del room[at : at + size]
            case 3:
                room[at:at] = draw.choice(_TOKENS)
            case 4:
                token = draw.choice(_TOKENS)
                room[at : at + len(token)] = token
            case 5:
                del room[at:]
            case 6:
                room[at:at] = room[at : at + size] * draw.choice([1, 2, 50])
            case 7:
                _, other = corpus[draw.choice([*corpus])]
                start = draw.randrange(len(other) + 1)
                room[at : at + size] = other[start : start + size]
            case 8:  # another number where there is one
                digits = [i for i, byte in enumerate(room) if 48 <= byte <= 57]
                if digits:
                    at = draw.choice(digits)
                    room[at : at + 1] = draw.choice(
                        [b"0", b"9" * 9, b"-1", b"99999999999999999999"]
                    )
    return bytes(room)


def _inside_zip(data, draw, corpus):
    """A ZIP file that is whole, one of whose members is not."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw.choice([*members])
    members[name] = broken(members[name], draw, corpus)
    return zipped(members)


def _with_length(data):
    """A safetensors file that says how long its header is."""
    return (data.rindex(b"}", 8) - 7 if b"}" in data[8:] else 2).to_bytes(8, "little") + data[8:]


def corpus():
    """The bytes of every case, whole."""
    return {name: (suffix, make(_VALUES)) for name, (suffix, make) in CASES.items()}


def outcome(path, one):
    """What a file gives: the bits of its rows, or the class of the error. All else is raised."""
    try:
        source = open_source(path, fmt=one.fmt, reading=Reading(one.header))
        source.listing()
        field = source.select(one.key)
        count = field.shape[0] if field.shape else 1
        rows = field.rows(0, min(count, 10_000))
        again = field.rows(0, 1)
        if count <= 10_000:
            assert (rows.shape, rows.dtype) == (field.shape, field.dtype), "shape or dtype"
        assert rows.dtype.kind in "biufU", rows.dtype
        assert rows.dtype.isnative, "byte order"
        if field.shape:
            assert again.tobytes() == rows[:1].tobytes(), "first row alone"
    except MemoryError as error:
        raise AssertionError("asks for too much memory") from error
    except LosscliError as error:
        return _judged(error)
    return field.shape, str(field.dtype), rows.tobytes()


def _judged(error):
    assert error.exit_code in (2, 3, 4), error
    assert len(str(error)) < 20_000, "length of the message"
    return f"error {error.exit_code}"


def attempt(one, folder):
    """Reads a broken file by its path and as a pipe: both must tell the same."""
    path = Path(folder, f"x{one.suffix}")
    path.write_bytes(one.data)
    found = outcome(str(path), one)
    if one.fmt is None and not one.suffix.startswith(".tsv"):
        stdin, sys.stdin = sys.stdin, SimpleNamespace(buffer=io.BytesIO(one.data))
        try:
            as_pipe = SimpleNamespace(**vars(one))
            as_pipe.fmt = _name(one.suffix)
            piped = outcome("-", as_pipe)
        finally:
            sys.stdin = stdin
        refused = isinstance(found, str), isinstance(piped, str)
        # PyTorch looks at the checksums of what it reads, and not of what it maps; and a file
        # that is named .gz must be that, a pipe may be something else.
        lenient = any(refused) and one.suffix.endswith((".pt", ".pth", *COMPRESSED))
        if not all(refused) and not lenient:
            assert found == piped, f"by path {str(found)[:200]}, as a pipe {str(piped)[:200]}"
    return found if isinstance(found, str) else "rows"


def _name(suffix):
    """--input-format for a suffix, where the first bytes do not tell."""
    plain = next((suffix[: -len(end)] for end in COMPRESSED if suffix.endswith(end)), suffix)
    same = {".pth": "pt", ".h5": "hdf5", ".pq": "parquet", ".feather": "arrow", ".ndjson": "jsonl"}
    return same.get(plain, "csv" if plain == ".txt" else plain[1:])
