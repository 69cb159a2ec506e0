"""Mistakes that no code is about: what is printed beside the loss tells them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from outputs import data, sigmoid, softmax

import losscli.plan

BCE = "bce --logits z.npy --target y.npy"
CE = "ce --logits z.npy --target y.npy"


@pytest.fixture(params=[False, True], ids=["small", "large"])
def d(request, monkeypatch):
    """Few rows in one leaf; many, in many leaves."""
    if request.param:
        monkeypatch.setattr(losscli.plan, "LEAF", 4096)
    return data(request.param)


def save(**arrays):
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)


def test_10_both_divergences_are_printed(losscli, d):
    save(z=d.scores, y=softmax(d.scores / 2))
    target, logs = softmax(d.scores / 2), np.log(softmax(d.scores))
    total = (target * (np.log(target) - logs)).sum()
    out = losscli("kl --logits z.npy --target y.npy").out
    assert f"/ {len(target)}; mean {total / target.size:.6f}" in out
    out = losscli("kl --logits z.npy --target y.npy --reduction mean").out
    assert f"/ {target.size}; batchmean {total / len(target):.6f}" in out


def test_20_the_weighted_mean_has_its_denominator(losscli, d):
    save(z=d.scores, y=d.c)
    weight = np.arange(1.0, 11)
    found = losscli(f"{CE} --class-weight 1,2,3,4,5,6,7,8,9,10")
    each = -np.log(softmax(d.scores))[np.arange(len(d.c)), d.c] * weight[d.c]
    over = weight[d.c].sum()
    assert f"sum {each.sum():.4f}"[:-1] in found.out
    assert f" / {over:.0f}" in found.out
    result = losscli(f"{CE} --class-weight 1,2,3,4,5,6,7,8,9,10 --json").json
    assert result["denominator"] == over
    assert result["value"] == pytest.approx(each.sum() / over)
    assert found.err == ""


def test_21_the_mean_of_batch_means_stands_beside_the_mean(losscli, d):
    save(z=d.scores, y=d.c)
    each = -np.log(softmax(d.scores))[np.arange(len(d.c)), d.c]
    batches = [each[start : start + 256].mean() for start in range(0, len(each), 256)]
    out = losscli(f"{CE} --batch-size 256").out
    (line,) = [one for one in out.splitlines() if one.startswith("batches")]
    assert f"{np.mean(batches):.6f}" in line
    assert f"loss        {each.mean():.6f}" in out


def test_22_the_balance_of_labels_is_printed(losscli, d):
    save(z=d.z, y=d.y)
    yes, no = int(d.y.sum()), int((1 - d.y).sum())
    ran = losscli(f"{BCE} --pos-weight balanced")
    assert re.search(rf"\{{0, 1\}}: {no}, {yes}$", ran.out, re.MULTILINE)
    assert f"note: --pos-weight balanced: {no} negatives / {yes} positives = " in ran.err


def test_23_what_changes_the_number_is_in_the_signature(losscli, d):
    save(z=d.scores, y=d.c)
    words = f"{CE} --label-smoothing 0.1 --class-weight 1,2,1,1,1,1,1,1,1,1 --ignore-index 3"
    signature = losscli(f"{words} --json").json["signature"]
    assert "|ignore_index=3|label_smoothing=0.1|" in signature
    others = [words.replace(" 0.1", " 0.2"), words.replace("1,2,1", "1,3,1"), words[:-1] + "4"]
    assert len({losscli(f"{one} --json").json["signature"] for one in [words, *others]}) == 4


def test_25_sums_of_float32_are_exact(losscli):
    """A sum in float32 stops to grow; in float64, in any order, the last digits differ."""
    np.save("z.npy", np.full(2**21 + 7, 0.1, np.float32))
    np.save("y.npy", np.zeros(2**21 + 7, np.float32))
    words = "mae --pred z.npy --target y.npy --reduction sum --value"
    assert float(losscli(words).out) == float(np.float32(0.1)) * (2**21 + 7)


def test_30_the_threshold_is_printed_with_its_ties(losscli, d):
    rounded = np.round(d.z / 8)
    save(z=rounded, y=d.y)
    hits, ties = int(((rounded > 0) == d.y).sum()), int((rounded == 0).sum())
    ran = losscli(BCE)
    assert f"{hits}/{len(d.y)}, logit > 0 (p > 0.5); {ties} ties" in ran.out
    assert ran.err == ""
    save(z=d.z, y=d.y)
    assert "ties " not in losscli(BCE).out.partition("auroc")[0]
    save(z=sigmoid(d.z), y=d.y)
    hits = int(((sigmoid(d.z) > 0.7) == d.y).sum())
    out = losscli("bce --probs z.npy --target y.npy --threshold 0.7").out
    assert f"{hits}/{len(d.y)}, p > 0.7  " in out


def test_29_a_header_and_no_rows(losscli):
    Path("p.csv").write_text("z,y\n", "utf-8")
    ran = losscli("mse --pred p.csv:z --target p.csv:y")
    assert (ran.code, ran.out) == (3, "")
    assert "p.csv" in ran.err
