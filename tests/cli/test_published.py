"""Numbers that the teaching texts of PyTorch, TensorFlow and others print, typed at a prompt."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

THREE = "'[[0.9,0.2,0.8],[0.5,0.2,0.4],[0.4,0.2,0.9]]'"
FIVE = "--logits '[[12,3,2],[3,10,1],[1,2,5],[4,6.5,1.2],[3,6,1]]'"
LABELS = "--target '[[1,0,0],[0,1,0],[0,0,1],[1,1,0],[0,1,0]]'"
TWO = "'[[0.5,1,0.8],[0.2,0.4,0.6]]' --target '[[0,1,0],[0,0,1]]'"


@pytest.mark.parametrize(
    ("command", "published"),
    [
        ("mae --pred '[[1,1],[1,1]]' --target '[[0,1],[2,3]]'", "1"),
        ("smooth-l1 --pred '[[1,1],[1,1]]' --target '[[0,1],[2,3]]'", ".625"),
        ("mse --pred '[[1,1],[1,1]]' --target '[[0,1],[2,3]]'", "1.5"),
        ("ce --logits '[[0.8,2,1.2]]' --target '[0]'", "1.7599"),
        ("ce --logits '[[0.8,2,1.2]]' --target '[1]'", ".5599"),
        ("ce --logits '[[0.8,2,1.2]]' --target '[2]'", "1.3599"),
        ("ce --logits '[[0.8,2,2]]' --target '[0]'", "2.0334"),
        ("ce --logits '[[0.8,2,2]]' --target '[1]'", ".8334"),
        ("ce --logits '[[0.8,2,2]]' --target '[2]'", ".8334"),
        (f"bce --probs {TWO}", ".59122998"),
        (f"bce --probs {TWO} --weight w.json", ".12723307"),
        (f"bce --logits {TWO}", ".76784688"),
        ("bce --logits '[[5,1,8],[2,4,6]]' --target '[[0,1,0],[0,0,1]]'", "3.24464440"),
        (
            "kl --logits '[[0.5,1,0.8],[0.2,0.4,0.6]]' --target '[[0.3,0.4,0.3],[0.1,0.5,0.4]]'",
            ".0577962",
        ),
        ("bce --logits half.npy --target ones.npy --pos-weight w64.npy", ".2014"),
        (
            "bce --probs '[0.3440,0.7944,0.8919,0.3551,0.9817,0.8871]' "
            "--target '[0.1639,0.4745,0.1537,0.5444,0.6933,0.1129]'",
            "1.2200",
        ),
    ],
)
def test_reduced(command, published, value, folder):
    (folder / "w.json").write_text("[[0.1,0.9,0.1],[0.1,0.1,0.9]]")
    np.save("half.npy", np.full((10, 64), 1.5))
    np.save("ones.npy", np.ones((10, 64)))
    np.save("w64.npy", np.ones(64))
    assert value(command) == printed(published)


@pytest.mark.parametrize(
    ("command", "published"),
    [
        (f"ce --logits {THREE} --target '[0,1,2]'", [".8761", "1.2729", ".7434"]),
        (
            f"bce {FIVE} {LABELS}",
            [
                ["6.1442e-06", "3.0486", "2.1269"],
                ["3.0486", "4.5399e-05", "1.3133"],
                ["1.3133", "2.1269", "6.7153e-03"],
                ["1.8150e-02", "1.5023e-03", "1.4633"],
                ["3.0486", "2.4757e-03", "1.3133"],
            ],
        ),
        (
            f"multilabel-soft-margin {FIVE} {LABELS}",
            ["1.725174", "1.4539648", "1.1489683", ".49431157", "1.4547749"],
        ),
    ],
)
def test_unreduced(command, published, elements):
    found, warnings = elements(command)
    assert warnings == []
    for one, other in zip(np.ravel(found), np.ravel(published), strict=True):
        assert one == printed(str(other))


def test_multi_hot_rows_of_tensorflow_come_with_a_warning(losscli):
    ran = losscli(f"ce {FIVE} {LABELS} --reduction none --json")
    published = ["1.68786e-04", "1.03468e-03", "6.58839e-02", "2.6669841", "5.49852e-02"]
    for one, other in zip(ran.json["elements"], published, strict=True):
        assert one == printed(other, rel=1e-4)  # 12 + ln(1 + …) in float32
    (warning,) = ran.json["warnings"]
    assert warning["code"] == "target-sum"
    assert warning["index"] == [3]
    assert warning["count"] == 1
    assert "row 4: the target sums to 2, not 1" in warning["message"]


def test_row_that_is_no_distribution_comes_with_a_warning(losscli):
    ran = losscli("nll --log-probs '[[-0.5,-1.5,-1.2]]' --target '[1]' --json")
    assert ran.json["value"] == 1.5
    (warning,) = ran.json["warnings"]
    assert warning["code"] == "log-probs-sum"
    assert ran.err.startswith("warning: ")


def printed(published, rel=2e-7):
    """A number as it was printed: to half of its last digit, or to the rounding of float32."""
    digits, _, power = published.partition("e")
    decimals = len(digits.partition(".")[2]) - int(power or 0)
    return pytest.approx(float(published), rel=rel, abs=0.5 * 10**-decimals)


# ---- one number by two ways


@pytest.fixture
def drawn(folder):
    """Random scores and labels in files: the same numbers as logits, probabilities and so on."""
    generator = torch.Generator().manual_seed(8)
    x = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 4, (50,), generator=generator)
    arrays = {
        "x": x[:, 0],
        "p": x[:, 0].sigmoid(),
        "lp": x[:, 0].sigmoid().log(),
        "y": (labels > 1).long(),
        "m": x,
        "softmax": x.softmax(1),
        "log_softmax": x.log_softmax(1),
        "c": labels,
        "pair": x[:, :2],
        "gap": x[:, 1] - x[:, 0],
    }
    for name, array in arrays.items():
        np.save(f"{name}.npy", array.numpy())
    (folder / "both.json").write_text(
        json.dumps({"x": x[:, 0].tolist(), "y": arrays["y"].tolist()})
    )
    return arrays


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bce --probs p.npy --target y.npy", "bce --logits x.npy --target y.npy"),
        ("bce --log-probs lp.npy --target y.npy", "bce --logits x.npy --target y.npy"),
        ("bce --data both.json --logits x --target y", "bce --logits x.npy --target y.npy"),
        ("ce --logits m.npy --target c.npy", "nll --log-probs log_softmax.npy --target c.npy"),
        ("ce --probs softmax.npy --target c.npy", "ce --logits m.npy --target c.npy"),
        ("ce --logits pair.npy --target y.npy", "bce --logits gap.npy --target y.npy"),
        ("huber --pred x.npy --target gap.npy", "smooth-l1 --pred x.npy --target gap.npy"),
        ("focal --gamma 0 --logits x.npy --target y.npy", "bce --logits x.npy --target y.npy"),
    ],
)
@pytest.mark.usefixtures("drawn")
def test_same(one, other, value):
    assert value(one) == pytest.approx(value(other), rel=1e-12)


def test_binary_accuracy_is_that_of_the_rounded_sigmoid(drawn, losscli):
    found = losscli("bce --logits x.npy --target y.npy --json").json["accuracy"]
    hits = int((drawn["x"].sigmoid().round() == drawn["y"]).sum())
    assert 0 < hits < 50
    assert found == {
        "name": "accuracy",
        "value": hits / 50,
        "correct": hits,
        "count": 50,
        "rule": "logit > 0 (p > 0.5)",
    }


def test_multiclass_accuracy_is_that_of_the_argmax(drawn, losscli):
    found = losscli("ce --logits m.npy --target c.npy --json").json["accuracy"]
    hits = int((drawn["m"].argmax(1) == drawn["c"]).sum())
    assert (found["correct"], found["count"], found["value"]) == (hits, 50, hits / 50)
