"""What code that is not ours does wrong is told: what, where, and how to mend it."""

from __future__ import annotations

import numpy as np
import pytest
from notebook import FAILING_LINE

INPUTS = ("--pred", "[1, 2, 4]", "--target", "[0, 3, 1]")


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("scalar", "returns one number for all rows", "reduction='none'"),
        ("nothing", "returns nothing (None)", "is there a return?"),
        ("listed", "returns a list, not a tensor", "reduction='none'"),
        ("whole", "returns int64, not losses", "floats"),
        ("moved", "returns its losses on meta, of inputs on cpu", "pred.device"),
        ("halved", "returns float16 losses of float64 inputs", "--dtype float16"),
        (
            "crossed",
            "shape (N, N) for predictions of shape (N,); (N,) is expected",
            "(N,) and (N, 1)",
        ),
        (
            "undefined",
            "gives NaN in row 1 (counted from 1), of inputs that are none: 1, 0",
            "0 / 0",
        ),
        ("changing", "changes its inputs", "clone()"),
        ("random", "gives other losses when it is asked again", "dropout"),
        ("turning", "changes its inputs", "clone()"),
        ("leaving", "SystemExit: 3", "(64,)"),
        ("summed", "depends on other rows", "--rows all"),
        ("neighbours", "depends on other rows", "--rows all"),
        ("standardised", "depends on other rows", "--rows all"),
        ("failing", f"my_loss.py, line {FAILING_LINE}: ValueError: no such thing", "(64,)"),
        ("Weighty", "holds weights of its own (layer.weight, layer.bias)", "numbers"),
    ],
)
def test_data_errors(folder, losscli, name, said, hint):
    code, out, err = losscli("run", "--loss", f"my_loss.py:{name}", *INPUTS)
    assert (code, out) == (2 if name == "Weighty" else 3, "")
    assert said in err
    assert f"\nhint: {err.partition('hint: ')[2]}" in err
    assert hint in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize("name", ["scalar", "nothing", "moved", "crossed", "failing", "random"])
def test_data_errors_of_any_inputs(folder, losscli, name):
    words = ["run", "--loss", f"my_loss.py:{name}", "--role", "any", *INPUTS]
    code, out, err = losscli(*words)
    assert (code, out) == (3, "")
    assert f"{name} " in err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_default", "the parameter gamma has no default"),
        ("option_without_default", "the option gamma has no default"),
        ("only_target", "has no prediction"),
        ("twice", "input and pred are both the input --pred"),
        ("threads", "its option threads has the name of an option that every loss has"),
        ("json", "its parameter json has the name of an option of every command"),
        ("starred", "must be named one by one"),
        ("number", "number is a int"),
        ("hubr2", "did you mean huber2?"),
        ("", "a function or a class"),
    ],
)
def test_usage_errors(folder, losscli, name, said):
    code, out, err = losscli("run", "--loss", f"my_loss.py:{name}", *INPUTS)
    assert (code, out) == (2, "")
    assert said in err


def test_places_that_are_not_there(folder, losscli):
    (folder / "lost.py").write_text("import no_such_library\n")
    (folder / "wrong.py").write_text("x = 1\ndef f(:\n")
    (folder / "leaves.py").write_text("import sys\n\nsys.exit(3)\n")
    cases = [
        ("nowhere.py:f", 4, "there is no file nowhere.py"),
        ("nowhere.at.all:f", 2, "there is no module"),
        ("lost.py:f", 3, "lost.py, line 1: ModuleNotFoundError: No module named 'no_such_library'"),
        ("lost:f", 3, "No module named 'no_such_library'"),
        ("wrong.py:f", 3, "wrong.py, line 2: SyntaxError"),
        ("leaves.py:f", 3, "leaves.py, line 3: SystemExit: 3"),
        ("my_loss.py", 2, "my_loss.py holds several things"),
        ("nope", 2, "no command or loss 'nope'"),
    ]
    for place, code, said in cases:
        found = losscli("run", "--loss", place, *INPUTS)
        assert found[0] == code, found
        assert said in found[2]
    assert losscli("explain", "nowhere.py:f")[0] == 4


def test_a_loss_that_is_right_is_left_alone(folder, losscli):
    code, _, err = losscli("run", "--loss", "my_loss.py:reduced", *INPUTS, "--mode", "b")
    assert code == 0
    assert err.count("\n") == 2  # the note and its hint


def test_what_it_prints_is_no_result(folder, losscli):
    code, out, err = losscli("run", "--loss", "my_loss.py:printing", *INPUTS, "--value")
    assert (code, float(out)) == (0, 11 / 3)
    assert "hello" in err
    assert "--undocumented" in losscli("run", "--loss", "my_loss.py:printing", "--help")[1]


@pytest.mark.parametrize("name", ["summed", "neighbours", "standardised"])
def test_rows_that_depend_on_others_in_many_leaves(folder, losscli, monkeypatch, name):
    monkeypatch.setattr("losscli.plan.LEAF", 256)
    np.save("p.npy", np.random.default_rng(0).normal(size=1000))
    words = ["run", "--loss", f"my_loss.py:{name}", "--pred", "p.npy", "--target", "t.npy"]
    np.save("t.npy", np.zeros(1000))
    code, _, err = losscli(*words, "--threads", "2")
    assert (code, "depends on other rows" in err) == (3, True)
