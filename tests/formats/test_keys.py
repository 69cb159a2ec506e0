"""The grammar of columns, and who wins where a key could mean two things."""

from __future__ import annotations

import pytest

from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.base import Listing
from losscli.formats.keys import choose, is_unknown, unknown

NAMES = ["id", "logit_0", "logit_1", "logit_2", "1", "a,b", "a..b", "logit_*x", "label"]


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("label", [8]),
        ("1", [4]),  # the name, not the index
        ("2", [2]),
        ("-1", [8]),
        ("-9", [0]),
        ("a,b", [5]),
        ("a..b", [6]),
        ("logit_*x", [7]),
        ("logit_?", [1, 2, 3]),
        ("logit_[02]", [1, 3]),
        ("logit_0..logit_2", [1, 2, 3]),
        ("logit_0..3", [1, 2, 3]),
        ("id .. logit_0", [0, 1]),
        ("0..-1", [*range(9)]),
        ("label,id", [8, 0]),
        ("label, 0", [8, 0]),
        ("logit_2,logit_0..logit_1,-1", [3, 1, 2, 8]),
        ("label,logit_?", [8, 1, 2, 3]),
        ("label..label", [8]),
        ("9", None),
        ("-10", None),
        ("x*", None),
        ("Label", None),
        ("id,nope", None),
        ("id..nope", None),
        ("", None),
        (",", None),
        ("..", None),
        ("1.0", None),
    ],
)
def test_choose(key, columns):
    assert choose(key, NAMES, len(NAMES)) == columns


@pytest.mark.parametrize(
    ("key", "columns"), [("1", [1]), ("-1", [2]), ("2,0", [2, 0]), ("0..1", [0, 1]), ("*", None)]
)
def test_without_names(key, columns):
    assert choose(key, None, 3) == columns


def told(*arguments):
    with pytest.raises(DataError) as error:
        choose(*arguments)
    return str(error.value)


@pytest.mark.parametrize("key", ["x", "x,y", "y..x", "x..y", "*", "y,?"])
def test_duplicate_names(key):
    assert told(key, ["x", "y", "x"], 3) == (
        "2 columns are named 'x'\nhint: choose by index, counted from 0: 0 or 2"
    )
    assert choose("2,1", ["x", "y", "x"], 3) is not None


def test_backwards_and_twice():
    assert told("b..a", ["a", "b"], 2) == "'b..a' runs backwards: column 'a' comes first"
    assert told("1..0", None, 2) == "'1..0' runs backwards: column 0 comes first"
    assert told("a,a", ["a", "b"], 2) == "'a,a' names column 'a' twice"
    assert told("a,*", ["a", "b"], 2) == "'a,*' names column 'a' twice"


def test_globs_pass_over_hidden():
    assert choose("*", ["", "a"], 2, hidden=(0,)) == [1]
    assert choose("0", ["", "a"], 2, hidden=(0,)) == [0]


def test_unknown():
    listing = [Listing(f"c{i}", (3,), "int64") for i in range(30)]
    error = unknown("a.csv", "c99", listing)
    assert is_unknown(error)
    assert error.message.endswith("c18 (3,) int64, c19 (3,) int64, … and 10 more")
    assert error.hint.startswith("did you mean 'c")
    assert str(unknown("a.csv", "zzz", listing[:1])) == (
        "a.csv has no column 'zzz'; it holds c0 (3,) int64"
    )


def test_accents_are_written_in_two_ways():
    whole, parts = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    assert whole != parts
    for typed in (whole, parts):
        for stored in (whole, parts):
            assert choose(typed, ["a", stored], 2) == [1]
            assert choose(f"{typed},a", ["a", stored], 2) == [1, 0]
    assert choose(parts, [parts, whole], 2) == [0]  # exactly what was typed comes first
    assert choose(whole, [parts, whole], 2) == [1]


def test_json_is_no_safetensors(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"out": {"z": [1, 2]}}')  # where a header of eight bytes would end
    assert open_source(str(path)).select("out.z").rows(0, 2).tolist() == [1, 2]
