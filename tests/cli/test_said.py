"""What is said beside a result: warnings and notes, --quiet and --strict, and gates."""

from __future__ import annotations

import numpy as np
import pytest

BCE = "bce --logits '[2,-1,0.5,3]' --target '[1,0,0,1]'"

WARNED = "nll --log-probs '[[-0.5,-1.5],[-0.1,-3]]' --target '[[1],[0]]'"


def test_warnings_and_notes_go_to_standard_error(losscli):
    ran = losscli(f"{WARNED} --json")
    codes = [[one["code"] for one in ran.json[level]] for level in ("warnings", "notes")]
    assert codes == [["log-probs-sum"], ["squeezed"]]
    told = [line.split(":")[0] for line in ran.err.splitlines()]
    assert sorted(set(told) - {"hint"}) == ["note", "warning"]
    assert ran.json["warnings"][0]["message"] in ran.err
    assert not {"warning", "note"} & set(losscli(f"{WARNED} --value").out.split())


def test_quiet(losscli):
    assert losscli(f"{WARNED} -q") == (0, "", "")
    assert losscli(f"{WARNED} -bq") == (0, "", "")
    assert losscli(f"{WARNED} --quiet --max-loss 0") == (1, "", "")
    assert losscli("nope -q").err.startswith("error: ")


def test_strict(losscli):
    ran = losscli(f"{WARNED} --strict --save r.json")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: ")
    assert "refused by --strict" in ran.err
    assert losscli(f"{WARNED} --strict --ignore log-probs-sum").code == 0


def test_ignore(losscli):
    assert losscli(f"{WARNED} --ignore log-probs-sum --ignore squeezed --value").err == ""
    assert losscli(f"{WARNED} --ignore log-probs-sum,squeezed --value").err == ""
    assert losscli(f"{WARNED} --ignore squeezed --value").err.count("warning: ") == 1


# ---- gates


@pytest.mark.parametrize(
    ("gates", "passed"),
    [
        ("--max-loss 0.5", True),
        ("--max-loss 0.1", False),
        ("--min-accuracy 0.75", True),
        ("--min-accuracy 0.76", False),
        ("--expect 0.37±0.01", True),
        ("--expect 0.37+-0.01", True),
        ("--expect 0.37±1e-3", False),
        ("--expect 0.37+-1e-3", False),
        ("--max-loss 0.5 --min-accuracy 0.9", False),
        ("--max-loss nan", False),
    ],
)
def test_gates(gates, passed, losscli):
    ran = losscli(f"{BCE} {gates}")
    assert ran.code == (0 if passed else 1)
    assert ran.out == losscli(BCE).out
    assert len(ran.err.splitlines()) == gates.count("--")
    assert ("gate failed: " not in ran.err) is passed
    assert losscli(f"{BCE} {gates} -q") == (ran.code, "", "")


@pytest.mark.parametrize("gate", ["--max-loss 9", "--expect 1±9"])
def test_nan_passes_no_gate(gate, losscli):
    np.save("p.npy", np.array([np.nan, 1.0]))
    ran = losscli(f"mse --pred p.npy --target '[0,0]' --nan propagate {gate} --value")
    assert (ran.code, ran.out) == (1, "nan\n")
    assert "gate failed: loss nan" in ran.err
