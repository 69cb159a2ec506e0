"""What PyTorch is never asked to unpickle: it would take long, or more room than there is."""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from makers import as_pt

from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.arrays.pickled import LONGEST, SIZE, check_pickle

R = torch.arange(6.0)


def zipped(data, method=zipfile.ZIP_STORED):
    """A file of torch.save whose pickle is another."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_pt([]))) as old, zipfile.ZipFile(file, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, data if name.endswith("data.pkl") else old.read(name))
    return file.getvalue()


def streamed(data):
    """As zipped, of the form before 1.6."""
    whole = as_pt("here", _use_new_zipfile_serialization=False)
    old = pickle.dumps("here", 2)
    assert whole.count(old) == 1
    return whole.replace(old, data)


def told(data, folder):
    path = folder / "a.pt"
    path.write_bytes(data)
    with pytest.raises(DataError) as error:
        open_source(str(path))
    message = str(error.value)
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def called(function, argument):
    module, _, name = function.rpartition(".")
    return b"\x80\x02c%s\n%s\n%s\x85R." % (module.encode(), name.encode(), argument)


TUPLES = b"\x80\x02]" + b"".join(b"q%ch%c\x86" % (i, i) for i in range(60))
LISTS = b"\x80\x02]" + b"".join(b"q%c](h%ch%ce" % (i, i, i) for i in range(60))
LONG = b"x" * 100_000
HUGE = b"\x8a\x06" + (2**44).to_bytes(6, "little")

REFUSED = {
    "a long name": (b"\x80\x02c" + LONG + b"\ny\n.", "a name in it never ends"),
    "a long second name": (b"\x80\x02cx\n" + LONG + b"\n.", "a name in it never ends"),
    "a long text that is called": (
        b"\x80\x02X" + len(LONG).to_bytes(4, "little") + LONG + b")R.",
        " holds a call of what is no function",
    ),
    "lists in lists that are called": (LISTS + b")R.", " holds a call of what is no function"),
    "a class that is none": (LISTS + b")\x81.", " holds a call of what is no function"),
    "tuples in tuples": (b"\x80\x02}" + TUPLES[2:] + b"K\1s.", f"a tuple of over {SIZE} parts"),
    "lists in lists": (LISTS + b".", " holds the same lists over and over"),
    "a tensor by its size": (called("torch.FloatTensor", HUGE), "a call of torch.FloatTensor"),
    "a storage by its size": (
        called("torch.storage.UntypedStorage", HUGE),
        "a call of torch.storage.UntypedStorage",
    ),
    "bytes by their number": (called("builtins.bytearray", HUGE), "a call of builtins.bytearray"),
    "the end comes too soon": (b"\x80\x02]q\0(K\1", "its pickle is broken: it ends too soon"),
    "in the midst of a number": (b"\x80\x02J\1\2", "its pickle is broken: it ends too soon"),
    "in the midst of a text": (b"\x80\x02X\xff\xff\xff\x7fab.", "broken: it ends too soon"),
    "in the midst of a name": (b"\x80\x02ctorch\nFl", "a name in it never ends"),
    "no opcode": (b"\x80\x02\xff.", "its pickle is broken: it has no opcode 255"),
    "nothing to take": (b"\x80\x02R.", "its pickle is broken: it takes what is not there"),
    "nothing below a mark": (b"\x80\x02](a.", "its pickle is broken: it takes what is not there"),
    "no mark": (b"\x80\x02]e.", "its pickle is broken: it takes what is not there"),
    "nothing in the memo": (b"\x80\x02h\7.", "its pickle is broken: it takes what is not there"),
    "a later protocol": (pickle.dumps([1, "a"], 4), " is pickled by protocol 4 of Python"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("form", [zipped, streamed])
def test_refused_before_it_is_unpickled(name, form, tmp_path, monkeypatch):
    """PyTorch words an error with what the file calls; the expression it is sought with is slow."""
    data, message = REFUSED[name]
    if name != "lists in lists":  # which PyTorch has no trouble with
        monkeypatch.setattr(torch, "load", None)
    if form is streamed and "too soon" in message + name:
        data = streamed(data)[: streamed(data).index(data) + len(data)]
        assert message.partition(": ")[2] in told(data, tmp_path)
    else:
        assert message in told(form(data), tmp_path)


def test_what_would_run_is_named(tmp_path):
    for form in (zipped, streamed):
        message = told(form(called("os.system", b"X\2\0\0\0ls")), tmp_path)
        assert message == (
            " holds os.system, which is never unpickled: it could run code\n"
            "hint: save tensors, arrays, numbers and text, in dicts and lists"
        )
    assert LONGEST < 1000  # so that what PyTorch says of it is soon looked through


def test_as_many_parts_as_the_file_has_are_no_trouble(tmp_path):
    """Large tuples, and a list that is there twice."""
    path = tmp_path / "a.pt"
    many, shared = tuple(range(SIZE + 10)), [[1, 2]] * 1000
    torch.save({"many": many, "one": shared, "other": shared}, path)
    source = open_source(str(path))
    assert source.select("many").shape == (SIZE + 10,)
    assert source.select("other").shape == (1000, 2)


@pytest.mark.parametrize(
    "value",
    [
        R,
        {"x": [R, R.half()], "y": (1, 2.5, None, True, -(10**30)), ("a", 1): {"z": b"\xff" * 300}},
        OrderedDict(a=np.arange(3), b=np.float32(2), c="β" * 300),
        torch.nn.Linear(2, 2).state_dict(),
        torch.nn.Parameter(R),
        [R.to_sparse(), torch.Size([2, 3]), torch.float16, {1, 2}, 1 + 2j],
        list(range(70_000)),
    ],
)
def test_all_that_is_saved_passes(value):
    """Each pickle of a file, to where Python's own tool says that it ends."""
    file = io.BytesIO(as_pt(value, _use_new_zipfile_serialization=False))
    for _ in range(5):
        start = file.tell()
        *_, (_, _, end) = pickletools.genops(file)  # counted from the start of the file
        file.seek(start)
        check_pickle(file, "a.pt", 0)
        assert file.tell() == end + 1


def test_a_file_that_was_packed_again_is_read(tmp_path):
    """As zip does it: PyTorch can read this, though not map it."""
    whole, packed = as_pt({"x": R}), io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    (tmp_path / "a.pt").write_bytes(packed.getvalue())
    field = open_source(str(tmp_path / "a.pt")).select("x")
    assert field.rows(0, 6).tolist() == R.tolist()


def test_a_packed_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr("losscli.formats.compressed.HARMLESS", 2**20)
    data = zipped(b"\x80\x02(" + b"K\1" * 2**20 + b"l.", zipfile.ZIP_DEFLATED)
    assert " expands to over 100 times its size" in told(data, tmp_path)
