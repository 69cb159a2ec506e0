"""Which file and key a word means, and what the files of one question give."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from losscli import formats
from losscli.errors import DataError, FileError, Level, LosscliError, UsageError
from losscli.formats import NAMES
from losscli.formats.base import Reading
from losscli.inputs import locate, numbers, open_fields, parse_formats, parse_word, read_names


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("preds.csv").write_text("logit,y,w\n0.5,1,2\n-1.5,0,3\n", "utf-8")
    np.save("x.npy", np.arange(6.0).reshape(3, 2))
    Path("a.json").write_text(json.dumps({"p": [1, 2], "q": [3.5, 4]}), "utf-8")
    return tmp_path


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("5\n", "utf-8")


def opened(words, *, data=None, **options):
    header = options.pop("header", None)
    return open_fields(locate(words, data=data), reading=Reading(header), **options)


def values(words, *, data=None, **options):
    fields = opened(words, data=data, **options).fields
    return {name: f.rows(0, f.shape[0] if f.shape else 1).tolist() for name, f in fields.items()}


def told(error, call, *arguments, **options):
    with pytest.raises(error) as caught:
        call(*arguments, **options)
    return str(caught.value)


# ---- the six rules


@pytest.mark.parametrize(
    ("word", "paths", "key"),
    [
        ("-", ("-",), None),
        ("-:z", ("-",), "z"),
        ("-:a:b", ("-:a",), "b"),  # a file of that name comes before standard input
        ("f.csv", ("f.csv",), None),
        ("f.csv:k", ("f.csv",), "k"),
        ("f.csv:a:b", ("f.csv",), "a:b"),
        ("f.csv:x,y*", ("f.csv",), "x,y*"),
        ("g:h", ("g:h",), None),
        ("g:h:k", ("g:h",), "k"),
        ("g:i", ("g",), "i"),
        ("./3", ("./3",), None),
        ("3", ("3",), None),
        ("[a].csv", ("[a].csv",), None),
        ("[a].csv:k", ("[a].csv",), "k"),
        ("s/*.csv", ("s/p-1.csv", "s/p-2.csv", "s/p-10.csv"), None),
        ("s/*.csv:lo*", ("s/p-1.csv", "s/p-2.csv", "s/p-10.csv"), "lo*"),
        ("s/p-[12].csv:k", ("s/p-1.csv", "s/p-2.csv"), "k"),
        ("s", ("s/p-1.csv", "s/p-2.csv", "s/p-10.csv"), None),
        ("s/:k", ("s/p-1.csv", "s/p-2.csv", "s/p-10.csv"), "k"),
        ("s/../f*.csv", ("s/../f.csv",), None),
        ("**/p-10.csv", ("s/p-10.csv",), None),
    ],
)
def test_rules(word, paths, key):
    touch("f.csv", "g", "g:h", "3", "[a].csv", "-:a", "s/sub/z.csv")
    touch("s/p-10.csv", "s/p-2.csv", "s/p-1.csv", "s/_SUCCESS.csv", "s/.hidden.csv")
    ref = parse_word("pred", word)
    assert (ref.paths, ref.key, ref.literal) == (paths, key, False)


def test_inline_json_is_no_file():
    ref = parse_word("target", "[0, 1]")
    assert (ref.literal, ref.paths) == (True, ())
    assert values({"target": "[0, 1]", "pred": '[[1.5], ["NaN"]]'})["target"] == [0, 1]
    assert opened({"t": '[{"a": 1, "b": 2}]'}).fields["t"].columns == ("a", "b")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("no.csv", "pred: there is no file no.csv"),
        ("no.csv:k", "pred: there is no file no.csv (with the key k)"),
        ("no/preds.csv", "pred: there is no file no/preds.csv"),
        (
            "pred.csv:k",
            "pred: there is no file pred.csv (with the key k)\nhint: did you mean preds.csv:k?",
        ),
        ("pred.csv", "pred: there is no file pred.csv\nhint: did you mean preds.csv?"),
        ("no/*.csv", "pred: no file matches no/*.csv"),
        ("no/*.csv:k", "pred: no file matches no/*.csv (with the key k)"),
        ("", "pred: there is no file without a name"),
        (":k", "pred: there is no file without a name (with the key k)"),
        ("empty", "pred: the directory empty holds no files"),
        ("x" * 999, "pred: there is no file " + "x" * 999),
    ],
)
def test_no_file(word, message):
    Path("empty").mkdir()
    assert told(FileError, locate, {"pred": word}) == message


def test_a_colon_needs_a_key():
    assert told(UsageError, locate, {"pred": "preds.csv:"}) == (
        "pred: no key follows the colon after preds.csv"
    )


def test_broken_link():
    Path("link.csv").symlink_to("gone.csv")
    assert told(FileError, locate, {"pred": "link.csv"}).startswith(
        "pred: there is no file link.csv"
    )


def test_locate_reads_nothing(monkeypatch):
    monkeypatch.setattr(formats, "open_source", None)
    monkeypatch.setattr(sys, "stdin", None)
    refs = locate({"a": "-", "b": "preds.csv:y", "c": [1, 2], "d": None, "e": Path("x.npy")})
    assert list(refs) == ["a", "b", "c", "e"]
    assert refs["e"].paths == ("x.npy",)


def test_missing_files_need_no_numpy():
    code = (
        "import sys; from losscli import errors, inputs\n"
        "try: inputs.locate({'pred': 'no.csv:k', 'target': '[0]'}, data=None)\n"
        "except errors.FileError as error: print(error)\n"
        "print('numpy' in sys.modules, 'torch' in sys.modules)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout == "pred: there is no file no.csv (with the key k)\nFalse False\n"


# ---- one source for several inputs


def counted(monkeypatch):
    calls = []
    original = formats.open_source

    def counting(path, **options):
        calls.append(path)
        return original(path, **options)

    monkeypatch.setattr(formats, "open_source", counting)
    return calls


def test_a_file_is_opened_once(monkeypatch):
    calls = counted(monkeypatch)
    words = {"logits": "preds.csv:logit", "target": "./preds.csv:y", "sample_weight": "preds.csv:w"}
    assert values(words) == {"logits": [0.5, -1.5], "target": [1, 0], "sample_weight": [2, 3]}
    assert calls == ["preds.csv"]


def test_standard_input_is_read_once(monkeypatch):
    calls = counted(monkeypatch)
    stdin = io.TextIOWrapper(io.BytesIO(b"z,y\n0.5,1\n1.5,0\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert values({"logits": "-:z", "target": "-:y"}) == {"logits": [0.5, 1.5], "target": [1, 0]}
    assert calls == ["-"]


def test_closed_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert told(FileError, values, {"pred": "-"}) == "standard input is closed"


def test_no_key_is_what_others_leave():
    assert values({"logits": "preds.csv", "target": "preds.csv:y"}) == {
        "logits": [[0.5, 2.0], [-1.5, 3.0]],
        "target": [1, 0],
    }
    words = {"logits": "preds.csv", "target": "preds.csv:-2", "weight": "preds.csv:[w]"}
    assert values(words)["logits"] == [0.5, -1.5]
    assert values({"a": "x.npy", "b": "x.npy:0"})["a"] == [1, 3, 5]
    assert values({"a": "a.json", "b": "a.json:p"})["a"] == [3.5, 4]


def test_two_wholes_of_one_file():
    assert told(UsageError, values, {"pred": "preds.csv", "target": "./preds.csv"}) == (
        "pred and target are both all of ./preds.csv\n"
        "hint: name a part of it for each, as in ./preds.csv:KEY; "
        "it holds logit (2,) float64, y (2,) int64, w (2,) int64"
    )
    whole = [[0, 1], [2, 3], [4, 5]]
    assert values({"a": "x.npy", "b": "x.npy"}) == {"a": whole, "b": whole}
    assert values({"a": "x.npy:0", "b": "x.npy:0"}) == {"a": [0, 2, 4], "b": [0, 2, 4]}


@pytest.mark.parametrize(
    ("inputs", "header", "keys"),
    [
        (("logits", "target"), "logit,y", ("logit", "y")),
        (("logits", "target"), "Label,LOGITS", ("LOGITS", "Label")),
        (("logits", "target"), "y_true,score", ("score", "y_true")),
        (("probs", "target"), "p,label", ("p", "label")),
        (("probs", "target"), "target,Probability", ("Probability", "target")),
        (("log_probs", "target"), "log_prob,target", ("log_prob", "target")),
        (("pred", "target"), "y,y_hat", ("y_hat", "y")),
        (("pred", "target"), ",pred,y", ("pred", "y")),  # the first counts the rows
        (("rate", "target"), "mu,y", ("mu", "y")),
        (("mean", "var"), "mean,var", ("mean", "var")),
        (("input1", "input2"), "input2,input1", ("input1", "input2")),
    ],
)
def test_columns_told_apart_by_their_names(inputs, header, keys):
    index = "0" if header.startswith(",") else ""
    lines = [header, *(f"{index}{',' * bool(index)}{x},{y}" for x, y in [(5, 6)])]
    Path("two.csv").write_text("\n".join(lines) + "\n", "utf-8")
    found = opened(dict.fromkeys(inputs, "two.csv"))
    assert tuple(found.fields[name].key for name in inputs) == keys
    names = [name for name in header.split(",") if name]
    assert [f.rows(0, 1).tolist() for f in found.fields.values()] == [
        [5 + names.index(key)] for key in keys
    ]
    [note] = (note for note in found.notes if note.code == "columns-by-name")
    assert (note.level, note.input) == (Level.NOTE, inputs[0])
    flags = [
        f"'{key}' for --{name.replace('_', '-')}" for name, key in zip(inputs, keys, strict=True)
    ]
    assert note.message == (
        f"two.csv: its columns were told apart by their names: {' and '.join(flags)}"
    )


@pytest.mark.parametrize(
    ("inputs", "header"),
    [
        (("logits", "target"), "prob,y"),
        (("probs", "target"), "logit,y"),
        (("pred", "target"), "prob,y"),
        (("logits", "target"), "score,logit"),
        (("logits", "target"), "y,label"),
        (("logits", "target"), "a,y"),
        (("logits", "target"), "logit,id"),
        (("logits", "target"), "logit,y,w"),
        (("logits", "target", "sample_weight"), "logit,y"),
        (("logits", "probs"), "score,pred"),
    ],
)
def test_columns_that_are_not_told_apart(inputs, header):
    Path("two.csv").write_text(f"{header}\n{','.join('5' * (header.count(',') + 1))}\n", "utf-8")
    message = told(UsageError, values, dict.fromkeys(inputs, "two.csv"))
    assert message.startswith(f"{inputs[0]} and {inputs[1]} are both all of two.csv\nhint: name")


def test_columns_told_apart_elsewhere(monkeypatch):
    both = {"logits": [0.5], "target": [1]}
    Path("two.json").write_text(json.dumps({"label": [1], "logit": [0.5]}), "utf-8")
    assert values(dict.fromkeys(both, "two.json")) == both
    assert values({"logits": "two.json", "target": "./two.json"}) == both
    np.savez("two.npz", y=[1], score=[0.5])
    assert values(dict.fromkeys(both, "two.npz")) == both
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"label,logit\n1,.5\n")))
    assert values(dict.fromkeys(both, "-")) == both
    Path("s").mkdir()
    for name in ("1", "2"):
        Path(f"s/{name}.csv").write_text(f"w,label,logit\n9,1,.{name}\n", "utf-8")
    words = {"logits": "s/*.csv", "target": "s/*.csv", "weight": "s/*.csv:w"}
    assert values(words) == {"logits": [0.1, 0.2], "target": [1, 1], "weight": [9, 9]}


def test_notes_name_their_input():
    Path("i.csv").write_text(",a,b\n0,5,6\n", "utf-8")
    [note] = opened({"pred": "i.csv", "target": "x.npy"}).notes
    assert (note.code, note.level, note.input) == ("index-column", Level.NOTE, "pred")
    assert opened({"pred": "i.csv:a"}).notes == ()


# ---- shards


@pytest.fixture
def shards():
    Path("s").mkdir()
    for place, text in {1: "a,b\n1,2\n", 2: "a,b\n", 10: "a,b\n3.5,4\n\n5,6\n"}.items():
        Path(f"s/p-{place}.csv").write_text(text, "utf-8")


@pytest.mark.parametrize("word", ["s", "s/", "s/*.csv", "s/p-*"])
def test_shards(shards, word):
    field = opened({"pred": word}).fields["pred"]
    assert (field.shape, field.dtype, field.columns) == ((3, 2), np.float64, ("a", "b"))
    assert (field.path, field.label) == (word, word)
    whole = [[1, 2], [3.5, 4], [5, 6]]
    for start in range(4):
        for stop in range(start, 5):
            rows = field.rows(start, stop)
            assert rows.tolist() == whole[start:stop]
            assert (rows.dtype, rows.shape[1], rows.flags.c_contiguous) == (np.float64, 2, True)


def test_shards_with_a_key(shards):
    fields = opened({"pred": "s/*.csv:b", "target": "s/*.csv"}).fields
    assert (fields["pred"].dtype, fields["pred"].label) == (np.int64, "s/*.csv:b")
    assert fields["pred"].rows(0, 3).tolist() == [2, 4, 6]
    assert fields["target"].rows(0, 3).tolist() == [1, 3.5, 5]


def test_places_in_shards(shards):
    field = opened({"pred": "s"}).fields["pred"]
    assert [field.place((row, 1)) for row in range(3)] == [
        "s/p-1.csv, row 1 (line 2), column 'b'",
        "s/p-10.csv, row 1 (line 2), column 'b'",
        "s/p-10.csv, row 2 (line 4), column 'b'",
    ]


def test_one_match_is_a_file(shards):
    assert opened({"pred": "s/p-1*.csv"}).fields["pred"].label == "s/p-1*.csv"
    assert opened({"pred": "s/p-2*"}).fields["pred"].label == "s/p-2.csv"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "s/q.csv",
            "a,b,c\n1,2,3\n",
            "s/q.csv has shape (1, 3), and s/p-1.csv has (1, 2): "
            "only the number of rows may differ",
        ),
        ("s/q.csv", "b,a\n1,2\n", "s/q.csv has the columns b, a, and s/p-1.csv has a, b"),
        ("s/q.csv", "1,2\n", "s/q.csv has the columns without names, and s/p-1.csv has a, b"),
        ("s/q.csv", "a,b\ntrue,false\n", "s/q.csv holds bools, and s/p-1.csv holds numbers"),
        ("s/q.json", "5", "s/q.json holds a single number, which is no part of a larger array"),
        (
            "s/q.csv",
            "a,b\n1,x\n",
            "s/q.csv: column 'b' holds text, such as 'x'\n"
            "hint: choose columns of numbers, as in s/q.csv:a",
        ),
    ],
)
def test_shards_that_differ(shards, name, content, message):
    Path(name).write_text(content, "utf-8")
    assert told(DataError, values, {"pred": "s"}) == message


def test_notes_of_shards():
    for name in ("t-1.csv", "t-2.csv"):
        Path(name).write_text(",a,b\n0,5,6\n", "utf-8")
    [note] = opened({"pred": "t-*.csv"}).notes
    assert note.message == (
        "t-1.csv: the unnamed first column only counts the rows and is left out (2 such files)"
    )


# ---- --data


def test_data():
    words = {"logits": "logit", "target": "y"}
    assert values(words, data="preds.csv") == {"logits": [0.5, -1.5], "target": [1, 0]}
    assert values({"a": "w,y"}, data="preds.csv") == {"a": [[2, 1], [3, 0]]}
    assert values({"a": "1", "b": "0"}, data="x.npy") == {"a": [1, 3, 5], "b": [0, 2, 4]}


def test_data_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"z,y\n0.5,1\n1.5,0\n")))
    assert values({"a": "z", "b": "y", "c": "-:z"}, data="-") == {
        "a": [0.5, 1.5],
        "b": [1, 0],
        "c": [0.5, 1.5],
    }


def test_other_words_beside_data(shards):
    Path("y").write_text("9\n8\n", "utf-8")
    read = values(
        {
            "key": "y",
            "file": "x.npy",
            "part": "x.npy:1",
            "json": "[7]",
            "glob": "s/*.csv",
            "python": 3,
        },
        data="preds.csv",
    )
    assert read == {
        "key": [1, 0],
        "file": [0, 2, 4],
        "part": [1, 3, 5],
        "json": [7],
        "glob": [[1, 2], [3.5, 4], [5, 6]],
        "python": 3,
    }


def test_data_in_shards(shards):
    assert values({"a": "b"}, data="s/*.csv") == {"a": [2, 4, 6]}


def test_unknown_key_of_data():
    assert told(DataError, values, {"a": "logits"}, data="preds.csv") == (
        "preds.csv has no column 'logits'; "
        "it holds logit (2,) float64, y (2,) int64, w (2,) int64\n"
        "hint: did you mean 'logit'?"
    )
    assert (
        told(FileError, values, {"a": "logits"}, data="no.csv") == "data: there is no file no.csv"
    )


@pytest.mark.parametrize("data", ["preds.csv:y", "[1]"])
def test_data_is_a_file(data):
    assert told(UsageError, locate, {"a": "y"}, data=data) == (
        f"data: {data} is not a file alone\nhint: the words of the inputs are its keys"
    )


# ---- --input-format


def test_formats():
    assert parse_formats([], ["pred"]) == {}
    assert parse_formats(["npy", "log_probs=csv"], ["log-probs"]) == {
        None: "npy",
        "log-probs": "csv",
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["xml"],
            f"--input-format xml: no format 'xml'; choose from {', '.join(NAMES)}, raw:DTYPE:SHAPE",
        ),
        (["p=csv"], "--input-format p=csv: no input 'p'; choose from pred, target"),
        (
            ["pred="],
            f"--input-format pred=: no format ''; choose from {', '.join(NAMES)}, raw:DTYPE:SHAPE",
        ),
        (["csv", "npy"], "--input-format npy: given twice"),
    ],
)
def test_bad_formats(words, message):
    assert told(UsageError, parse_formats, words, ["pred", "target"]) == message


def test_formats_are_used(monkeypatch):
    Path("t.csv").write_text("a,b\tc\n1\t2\n", "utf-8")
    Path("t.bin").write_text("a,b\tc\n1\t2\n", "utf-8")
    assert opened({"p": "t.bin"}, formats={None: "tsv"}).fields["p"].columns == ("a,b", "c")
    assert opened({"p": "t.csv"}, formats={"p": "tsv"}).fields["p"].columns == ("a,b", "c")
    assert opened({"p": "t.bin"}, formats={None: "csv", "p": "tsv"}).fields["p"].columns[0] == "a,b"
    assert opened({"p": "preds.csv"}, formats={None: "npy"}).fields["p"].shape == (2, 3)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\tc\n1\t2\n")))
    assert opened({"p": "-"}, formats={None: "tsv"}).fields["p"].columns == ("a,b", "c")
    words = {"p": "preds.csv:y", "t": "preds.csv:w"}
    assert told(UsageError, opened, words, formats={"p": "csv", "t": "tsv"}) == (
        "--input-format says csv and tsv of preds.csv"
    )


def test_header_is_handed_on():
    Path("h.csv").write_text("0,1\n2,3\n", "utf-8")
    assert values({"p": "h.csv"}, header=False) == {"p": [[0, 1], [2, 3]]}
    assert values({"p": "h.csv:1"}, header=True) == {"p": [3]}


# ---- Python values


@pytest.mark.parametrize(
    ("value", "dtype", "read"),
    [
        (3, "int64", 3),
        (0.5, "float64", 0.5),
        (True, "bool", True),
        ([1, 2], "int64", [1, 2]),
        ([(1, 2.5), (3, 4)], "float64", [[1, 2.5], [3, 4]]),
        (["cat", "dog"], "<U3", ["cat", "dog"]),
        ([np.float32(0.5)], "float32", [0.5]),
        (range(3), "int64", [0, 1, 2]),
        (np.arange(3, dtype=">i4"), "int32", [0, 1, 2]),
        (np.ma.array([1, 2]), "int64", [1, 2]),
        (np.array(["cat", "doggy"], object), "<U5", ["cat", "doggy"]),
        (torch.tensor([0.5], requires_grad=True), "float32", [0.5]),
        (torch.tensor([0.5], dtype=torch.bfloat16), "float32", [0.5]),
        (torch.tensor([0.5], dtype=torch.float16), "float16", [0.5]),
        (torch.arange(4).reshape(2, 2).T, "int64", [[0, 2], [1, 3]]),
        (torch.tensor(2.0), "float32", 2.0),
    ],
    ids=repr,
)
def test_values(value, dtype, read):
    field = opened({"pred": value}).fields["pred"]
    assert field.dtype == np.dtype(dtype)
    rows = field.rows(0, 9)
    assert (rows.tolist(), rows.dtype, rows.flags.c_contiguous) == (read, field.dtype, True)
    assert (field.path, field.key) == (None, None)


def test_an_array_is_not_copied():
    array = np.arange(3.0)
    assert np.shares_memory(opened({"p": array}).fields["p"].rows(0, 2), array)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1], [1, 2]], "pred, [1]: has 2 values where [0] has 1 (1 such list)"),
        ([1, None], "pred, [1]: null is not a number (1 such value)"),
        ([1, "a"], "pred, [1]: 'a' is not a number (1 such value)"),
        (
            np.ma.array([1, 2], mask=[0, 1]),
            "pred: a masked array has values that are left out; give a mask instead",
        ),
        (
            np.array([1j]),
            "pred holds complex numbers: save the real part, the imaginary part or the magnitude",
        ),
        (np.array([1, None]), "pred, [1]: null is not a number (1 such value)"),
        ({"a": 1}, "pred: an object is not a number (1 such value)"),
        (torch.ones(2, 2).to_sparse(), "pred: cannot be read as an array: "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_bad_values(value, message):
    said = told(DataError, values, {"pred": value})
    assert said.startswith(message)


class Frame:
    """As pandas' DataFrame shows itself to NumPy."""

    columns = ("a", 1)

    def __array__(self, dtype=None, copy=None):
        return np.array([[1.5, 2], [3, 4]], dtype)


def test_columns_of_frames():
    assert opened({"p": Frame()}).fields["p"].columns == ("a", "1")


# ---- numbers and names


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("1", [1.0]),
        ("1,2,1", [1.0, 2.0, 1.0]),
        (" 1 , -.5e1 ", [1.0, -5.0]),
        ("inf", [float("inf")]),
        ("1_0", None),
        ("1,", None),
        ("", None),
        ("w.npy", None),
        ("1e400", None),
        ("cat=1,dog=2", None),
    ],
)
def test_numbers(word, read):
    assert numbers(word) == read


def test_names():
    assert read_names("cat, dog,bird") == ("cat", "dog", "bird")
    Path("n.txt").write_text("\ufeffcat\r\n dog, big \n\n", "utf-8")
    assert read_names("n.txt") == ("cat", "dog, big")
    Path("n.json").write_text('["cat", "dog"]', "utf-8")
    assert read_names("n.json") == ("cat", "dog")


@pytest.mark.parametrize(
    ("word", "error", "message"),
    [
        ("cat,dog,cat", UsageError, "cat,dog,cat: 'cat' is named twice (1, 3)"),
        ("cat,,dog", UsageError, "cat,,dog: name 2 is empty"),
        ("no.txt", FileError, "there is no file no.txt\nhint: or list the names: a,b,c"),
        ("d.txt", DataError, "d.txt: 'a' is named twice (1, 2)"),
        ("b.txt", DataError, "b.txt: name 2 is empty"),
        ("e.txt", DataError, "e.txt holds no names"),
        ("l.txt", DataError, "l.txt, line 1: byte 0xe9 is not UTF-8"),
        ("o.json", DataError, 'o.json is not a list of names\nhint: as in ["cat", "dog"]'),
        (".", FileError, "cannot read .: it is a directory"),
    ],
)
def test_bad_names(word, error, message):
    Path("d.txt").write_text("a\na\n", "utf-8")
    Path("b.txt").write_text("a\n\nb\n", "utf-8")
    Path("e.txt").write_text("", "utf-8")
    Path("l.txt").write_bytes(b"\xe9")
    Path("o.json").write_text('{"a": 1}', "utf-8")
    assert told(error, read_names, word) == message


ODD_WORDS = (
    ["-:", "s:", "[", "[]", "[[]", "~", "*:", "?:*:?", "preds.csv/", "s/p-1.csv/x", "\0", "a\0*"]
    + [f"preds.csv:{key}" for key in (",", "..", "*", "0..", "..w", "[", "-4", "99", "a:b")]
    + [f"x.npy:{key}" for key in (",", "*", "1..0", "0,0", "9")]
    + [f"a.json:{key}" for key in ("*", ".", "p.", ".p", "p.*", "p.0.0", "*.*", "p,q")]
)


@pytest.mark.parametrize("word", ODD_WORDS)
def test_odd_words_give_fields_or_our_errors(shards, word):
    with suppress(LosscliError):
        assert values({"pred": word}) is not None
