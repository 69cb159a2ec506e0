"""Predictions given several times on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.special as sp

from losscli import evaluate


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(7)
    target = rng.integers(0, 2, 200)
    np.save("y.npy", target)
    for name in "abc":
        scores = (rng.normal(0, 2, 200) + 2 * target).astype(np.float32)
        np.save(f"{name}.npy", scores)
        order = rng.permutation(200)
        lines = [f"{row},{scores[row]}" for row in order]
        (tmp_path / f"{name}.csv").write_text("\n".join(["id,z", *lines]) + "\n")
    lines = [f"{row},{one}" for row, one in enumerate(target)]
    (tmp_path / "y.csv").write_text("\n".join(["id,y", *lines]) + "\n")
    columns = np.stack([np.load(f"{name}.npy") for name in "abc"], 1)
    lines = [",".join(map(str, row)) for row in columns]
    (tmp_path / "all.csv").write_text("\n".join(["a,b,c", *lines]) + "\n")
    return tmp_path


def mean_of(*names):
    return sp.logit(np.mean([sp.expit(np.load(f"{name}.npy").astype(float)) for name in names], 0))


def test_on_the_command_line(losscli, folder):
    words = "bce --logits a.npy --logits b.npy --logits c.npy --target y.npy --ensemble"
    found = losscli(f"{words} --json").json
    wanted = evaluate("bce", logits=mean_of(*"abc"), target="y.npy").value
    assert found["value"] == pytest.approx(wanted, 1e-6)
    assert found["ensemble"]["mean"] == "probs"
    assert [one["path"] for one in found["ensemble"]["members"]] == ["a.npy", "b.npy", "c.npy"]
    for one in found["ensemble"]["members"]:
        assert (
            one["value"]
            == losscli(f"bce --logits {one['path']} --target y.npy --json").json["value"]
        )
    assert "|ensemble=probs|" in found["signature"]
    screen = losscli(words).out
    assert "of the mean probabilities of 3" in screen
    assert "logits 2" in screen
    assert "b.npy" in screen
    before, _, after = words.partition(" --target")  # the flag anywhere, with its word or without
    for other in (f"{before} --ensemble --target{after}".removesuffix(" --ensemble"),
                  words.replace("--ensemble", "--ensemble probs"),
                  words.replace("--ensemble", "--ensemble=auto")):  # fmt: skip
        assert losscli(f"{other} --value").out == losscli(f"{words} --value").out


def test_members_are_paired_by_their_ids(losscli, folder):
    words = "bce --logits a.csv:z --logits b.csv:z --target y.csv:y --key id --ensemble"
    wanted = evaluate("bce", logits=mean_of("a", "b"), target="y.npy").value
    found = losscli(f"{words} --json").json
    assert found["value"] == pytest.approx(wanted, 1e-6)
    assert [one["code"] for one in found["notes"]] == ["paired"]


def test_members_may_be_columns_of_one_file_or_of_a_pipe(value, folder):
    wanted = evaluate("bce", logits=mean_of(*"abc"), target="y.npy").value
    words = "bce --target y.npy --ensemble"
    assert value(f"{words} --logits all.csv:a --logits all.csv:b --logits all.csv:c") == (
        pytest.approx(wanted, 1e-6)
    )
    text = (folder / "all.csv").read_text()
    piped = f"{words} --input-format csv --data - --logits a --logits b --logits c"
    assert value(piped.replace("y.npy", "./y.npy"), stdin=text) == pytest.approx(wanted, 1e-6)


@pytest.mark.parametrize("way", ["probs", "logits"])
def test_same_bits_from_every_file_and_any_number_of_threads(way, losscli, folder, monkeypatch):
    words = f"--target y.npy --ensemble {way} --reduction none --format jsonl"
    whole = losscli(f"bce --logits a.npy --logits b.npy {words}").out
    np.save("a-0.npy", np.load("a.npy")[:20])
    np.save("a-1.npy", np.load("a.npy")[20:])
    assert losscli(f"bce --logits 'a-*.npy' --logits b.npy {words}").out == whole
    monkeypatch.setattr("losscli.plan.LEAF", 64)
    assert losscli(f"bce --logits a.npy --logits b.npy {words} --threads 3").out == whole


def test_mistakes_of_a_member_are_its_own(losscli, folder):
    np.save("p.npy", sp.expit(np.load("a.npy").astype(float)))
    wrong = sp.expit(np.load("b.npy").astype(float))
    wrong[3] = 1.2  # the mean is below 1
    np.save("wrong.npy", wrong)
    ran = losscli("bce --probs p.npy --probs wrong.npy --target y.npy --ensemble")
    assert ran.code == 3
    assert "wrong.npy" in ran.err
    assert "1.2" in ran.err
    holed = np.load("c.npy")
    holed[7] = np.nan
    np.save("holed.npy", holed)
    ran = losscli("bce --logits a.npy --logits holed.npy --target y.npy --ensemble")
    assert ran.code == 3
    assert "holed.npy" in ran.err
    assert "row 8" in ran.err


def test_a_suspicion_of_one_member_is_told_with_its_name(losscli, folder):
    np.save("wrong.npy", np.load("b.npy") - 5 * np.load("y.npy"))
    words = "bce --logits a.npy --logits c.npy --logits wrong.npy --target y.npy --ensemble"
    found = losscli(f"{words} --json").json["warnings"]
    assert [(one["code"], one["input"]) for one in found] == [("inverted", "logits 3")]
    assert found[0]["message"].startswith("logits 3 alone: wrong.npy: ")
    assert losscli(f"{words} --strict").code == 3
    assert losscli(f"{words} --strict --ignore inverted").code == 0


def test_one_model_that_counts_twice(losscli, folder):
    np.save("copy.npy", np.load("a.npy"))
    for other in ("a.npy", "copy.npy"):
        ran = losscli(f"bce --logits a.npy --logits {other} --target y.npy --ensemble --json")
        assert [one["code"] for one in ran.json["warnings"]] == ["same-members"]
    healthy = losscli("bce --logits a.npy --logits b.npy --target y.npy --ensemble --json")
    assert healthy.json["warnings"] == []


def test_members_are_gone_through_by_the_gates(losscli, folder):
    words = "bce --logits a.npy --logits b.npy --target y.npy --ensemble"
    kept = losscli(f"{words} --save r.json").code, json.loads((folder / "r.json").read_text())
    assert kept[0] == 0
    assert losscli(f"{words} --baseline r.json --max-increase 0").code == 0
    single = "bce --logits a.npy --target y.npy --baseline r.json --max-increase 0"
    assert losscli(single).code == 2  # another question: one model against two


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("bce --logits a.npy --logits b.npy --target y.npy", "--ensemble takes the mean"),
        ("bce --logits a.npy --target y.npy --target y.npy --ensemble", "--target is given twice"),
        ("bce --logits a.npy --target y.npy --ensemble", "--logits is given once"),
        ("bce --logits a.npy --logits b.npy --target y.npy --ensemble=odds", "cannot be 'odds'"),
        ("bce --logits a.npy --probs b.npy --target y.npy --ensemble", "two kinds of prediction"),
        ("hinge --logits a.npy --logits b.npy --target y.npy --ensemble", "--ensemble logits"),
        ("mse --pred a.npy --pred b.npy --target y.npy --ensemble logits", "holds values"),
        ("zero-one --pred a.npy --pred b.npy --target y.npy --ensemble", "--pred is given twice"),
        ("triplet --anchor a.npy --positive b.npy --negative c.npy --ensemble", "no option"),
        ("bce --logits a.npy --logits b.npy --target y.npy --ensemble --grad g.npz", "--grad"),
    ],
)
def test_refusals_of_the_question(words, told, losscli, folder):
    ran = losscli(words)
    assert ran.code == 2
    assert told in ran.err


def test_members_of_other_shapes_or_orders_are_refused(losscli, folder):
    np.save("short.npy", np.load("a.npy")[:199])
    ran = losscli("bce --logits a.npy --logits short.npy --target y.npy --ensemble")
    assert ran.code == 3
    assert "short.npy" in ran.err
    (folder / "one.csv").write_text("cat,dog\n0.5,1\n2,1\n")
    (folder / "two.csv").write_text("dog,cat\n0.5,1\n2,1\n")
    np.save("c.npy", [0, 1])
    ran = losscli("ce --logits one.csv --logits two.csv --target c.npy --ensemble")
    assert ran.code == 3
    assert "another order" in ran.err
    assert (
        losscli("ce --logits one.csv --logits two.csv:cat,dog --target c.npy --ensemble").code == 0
    )
