"""Files as people have them: masks, a file for each case, dumps, two columns without a key."""

from __future__ import annotations

import numpy as np
import pytest

SCORES = np.random.default_rng(3).normal(size=(3, 4, 5, 6)).astype(np.float32)
LABELS = np.random.default_rng(4).integers(0, 4, (3, 5, 6)).astype(np.uint8)
LABELS[1, 2, 3:] = 255


@pytest.fixture(autouse=True)
def files(folder):
    np.save("logits.npy", SCORES)
    SCORES.tofile("logits.dat")
    np.save("labels.npy", LABELS)
    for name in ("pred", "masks", "gt"):
        (folder / name).mkdir()
    for place, (scores, labels) in enumerate(zip(SCORES, LABELS, strict=True)):
        np.savez(f"pred/case_{place}.npz", scores=scores)
        np.save(f"gt/case_{place}.npy", labels)
    (folder / "two.csv").write_text("label,logit\n1,2.0\n0,-1.0\n")


@pytest.fixture
def masks(files):
    image = pytest.importorskip("PIL.Image")
    for place, labels in enumerate(LABELS):
        drawn = image.fromarray(labels)
        if place == 1:
            drawn.putpalette([9, 9, 9] * 256)
        drawn.save(f"masks/case_{place}.png")


def mean():
    """Of log Σ exp z - z of the label, over the pixels that have one."""
    scores = SCORES.astype(float)
    losses = [
        np.log(np.exp(scores[n, :, y, x]).sum()) - scores[n, label, y, x]
        for (n, y, x), label in np.ndenumerate(LABELS)
        if label != 255
    ]
    return np.mean(losses)


def test_masks(value, masks):
    words = "ce --logits logits.npy --ignore-index 255 --target"
    expected = pytest.approx(mean(), rel=1e-6)
    assert value(f"{words} 'masks/*.png'") == expected
    assert value(f"{words} masks") == value(f"{words} labels.npy") == expected


def test_a_file_for_each_case(value, masks):
    words = "ce --logits 'pred/*.npz' --ignore-index 255 --stack --target"
    expected = pytest.approx(mean(), rel=1e-6)
    assert value(f"{words} 'masks/*.png'") == value(f"{words} gt") == expected


def test_dumps(value):
    words = "ce --logits logits.dat --target labels.npy --ignore-index 255 --input-format"
    expected = value("ce --logits logits.npy --target labels.npy --ignore-index 255")
    assert value(f"{words} logits=raw:float32:-1,4,5,6") == expected
    assert value(f"{words} raw:float32:3,4,-1,6") == expected


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--logits logits.npy --target labels.npy --stack", 2, "--stack makes a row of every"),
        ("--logits pred --target 'gt/*_[12].npy' --stack", 3, "1 of 3 files of logits have none"),
        ("--logits pred --target labels.npy", 3, "hint: --stack makes a row of each of the 3"),
        ("--logits logits.dat --input-format raw:float32:-1,7 --target labels.npy", 3, "1,440 b"),
        ("--logits logits.dat --input-format raw:float --target labels.npy", 2, "no dtype 'float'"),
        ("--logits http://no.where:1/x.npy --target labels.npy", 4, "http://no.where:1/x.npy"),
    ],
)
def test_refusals(words, code, message, losscli):
    ran = losscli(f"ce {words}")
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_two_columns_without_a_key(losscli, value):
    ran = losscli("bce --logits two.csv --target two.csv --json")
    assert ran.code == 0
    assert ran.json["value"] == value("bce --logits two.csv:logit --target two.csv:label")
    assert [ran.json["inputs"][name]["key"] for name in ("logits", "target")] == ["logit", "label"]
    assert [note["code"] for note in ran.json["notes"]] == ["columns-by-name"]
    assert losscli("bce --probs two.csv --target two.csv").code == 2


def test_inspected_images_are_rows(losscli, masks):
    assert "(3,5,6)" in losscli("inspect 'masks/*.png'").out
    assert "(1,5,6)" in losscli("inspect masks/case_1.png").out
