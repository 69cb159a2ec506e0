"""A loss of a file or a package is a command: against formulas in NumPy, and our own losses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

import losscli as package
from losscli.errors import UsageError

PRED, TARGET = [1.0, 2.5, -1.0, 4.0], [1.0, 0.0, 1.0, 1.0]


def number(losscli, *words):
    code, out, err = losscli(*words, "--value")
    assert code == 0, err
    return float(out)


def test_function_of_a_file(folder, losscli):
    words = ["run", "--loss", "my_loss.py:bce2", "--logits", PRED, "--target", TARGET]
    p = 1 / (1 + np.exp(-np.array(PRED)))
    y = np.array(TARGET)
    ce = -(3 * y * np.log(p) + (1 - y) * np.log(1 - p))
    found = number(losscli, *words, "--pos-weight", "3", "--gamma", "2")
    assert found == pytest.approx((ce * np.abs(p - y) ** 2).mean(), rel=1e-12)
    ours = number(losscli, "bce", "--logits", PRED, "--target", TARGET)
    assert number(losscli, *words) == pytest.approx(ours, rel=1e-12)


def test_result_says_what_it_is(folder, losscli):
    words = ["run", "--loss=my_loss.py:bce2", "--logits", PRED, "--target", TARGET, "--json"]
    code, out, err = losscli(*words)
    answer = json.loads(out)
    assert code == 0
    assert answer["loss"] == "bce2"
    assert answer["accuracy"]["value"] == 0.5  # 1 and 4 are right, 2.5 and -1 are not
    assert [one["code"] for one in answer["notes"]] == ["role-guessed"]
    assert "read as binary" in err
    source = folder / "my_loss.py"
    source.write_text(source.read_text().replace("1 - p", "1.0 - p"))
    again = json.loads(losscli(*words)[1])
    assert again["value"] == answer["value"]
    assert again["signature"] != answer["signature"]
    assert again["signature"].split("|")[1:] == answer["signature"].split("|")[1:]


@pytest.mark.parametrize(
    ("name", "delta"), [("huber2", 1.0), ("Huber", 1.0), ("Huber", 2.0), ("huber3", 3.0)]
)
def test_classes_and_functions_agree_with_ours(folder, losscli, name, delta):
    words = ["--pred", PRED, "--target", TARGET, "--reduction", "sum"]
    ours = number(losscli, "huber", *words, "--delta", delta)
    own = [] if name == "huber3" else ["--delta", delta]
    assert number(losscli, "run", "--loss", f"my_loss.py:{name}", *words, *own) == ours


@pytest.mark.parametrize(
    ("place", "ours", "options"),
    [
        ("torch.nn:SmoothL1Loss", "smooth-l1", ["--beta", "2"]),
        ("torch.nn:HuberLoss", "huber", ["--delta", "2"]),
        ("torch.nn:MSELoss", "mse", []),
        ("torch.nn.functional:huber_loss", "huber", ["--delta", "0.5"]),
        ("torch.nn.functional:l1_loss", "mae", []),
    ],
)
def test_losses_of_torch(losscli, place, ours, options):
    words = ["--pred", PRED, "--target", TARGET, *options]
    assert number(losscli, "run", "--loss", place, *words) == number(losscli, ours, *words)


def test_classes_of_torch(losscli):
    scores, labels = [[1.0, 2.5, -1.0], [0.0, 1.0, 2.0]], [1, 0]
    found = number(
        losscli,
        *("run", "--loss", "torch.nn:CrossEntropyLoss", "--label-smoothing", "0.1"),
        *("--pred", scores, "--target", labels),
    )
    one = torch.tensor(scores, dtype=torch.float64)
    wanted = torch.nn.CrossEntropyLoss(label_smoothing=0.1)(one, torch.tensor(labels))
    assert found == pytest.approx(wanted.item(), rel=1e-14)


def test_tensors_of_a_constructor(folder, losscli, monkeypatch):
    rng = np.random.default_rng(4)
    scores, labels = rng.normal(size=(300, 3)), rng.integers(0, 3, 300)
    weight = np.array([1.0, 2.0, 0.5])
    for name, array in (("z", scores), ("y", labels), ("w", weight), ("b", labels > 0)):
        np.save(f"{name}.npy", array)
    monkeypatch.setattr("losscli.plan.LEAF", 192)
    wanted = torch.nn.CrossEntropyLoss(torch.from_numpy(weight), reduction="sum")
    summed = wanted(torch.from_numpy(scores), torch.from_numpy(labels)).item()
    words = ("run", "--loss", "torch.nn:CrossEntropyLoss", "--pred", "z.npy", "--target", "y.npy")
    for given in ("1,2,0.5", "w.npy"):
        code, out, _ = losscli(*words, "--weight", given, "--reduction", "sum", "--value")
        assert (code, float(out)) == (0, pytest.approx(summed, 1e-12))
    positive = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))
    wanted = positive(torch.from_numpy(scores[:, 0]), torch.from_numpy(labels > 0).double())
    words = (
        "run",
        "--loss",
        "torch.nn:BCEWithLogitsLoss",
        "--pred",
        "z.npy:0",
        "--target",
        "b.npy",
    )
    code, out, _ = losscli(*words, "--pos-weight", "3", "--value")
    assert (code, float(out)) == (0, pytest.approx(wanted.item(), 1e-12))
    code, _, err = losscli(*words, "--pos-weight", "1,2")
    assert code == 3
    assert "BCEWithLogitsLoss fails" in err


def test_class_targets_are_told_by_shapes(folder, losscli):
    scores = np.array([[1.0, 2.5, -1.0], [0.0, 1.0, 2.0]])
    log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    words = ["run", "--logits", scores.tolist()]
    found = number(losscli, *words, "--loss", "my_loss.py:nll2", "--target", [1, 0])
    assert found == pytest.approx(-(log_p[0, 1] + log_p[1, 0]) / 2, rel=1e-12)
    soft = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    found = number(losscli, *words, "--loss", "my_loss.py:soft", "--target", soft.tolist())
    assert found == pytest.approx(-(log_p * soft).sum(1).mean(), rel=1e-12)


def test_inputs_of_any_kind(folder, losscli):
    one, two, three = np.random.default_rng(0).normal(size=(3, 5, 2))
    near, far = (np.linalg.norm(one - other, axis=1) for other in (two, three))
    for name, values in (("a", one), ("p", two), ("n", three)):
        np.save(f"{name}.npy", values)
    words = ["run", "--loss", "my_loss.py:margin", "--anchor", "a.npy", "--positive", "p.npy"]
    code, out, err = losscli(*words, "--negative", "n.npy", "--value")
    assert code == 0
    assert float(out) == pytest.approx(np.maximum(near - far + 1, 0).mean(), rel=1e-12)
    assert "only shapes and finite numbers are checked" in err
    np.save("n.npy", three[:4])
    code, _, err = losscli(*words, "--negative", "n.npy")
    assert (code, "(4, 2)" in err) == (3, True)
    three[1, 1] = np.nan
    np.save("n.npy", three)
    code, _, err = losscli(*words, "--negative", "n.npy")
    assert (code, "NaN" in err) == (3, True)


def test_role_says_what_targets_are(folder, losscli):
    words = ["run", "--loss", "my_loss.py:huber2", "--pred", PRED, "--target", TARGET]
    for role, code in (("values", 0), ("any", 0), ("binary", 0), ("plus-minus", 0), ("nope", 2)):
        assert losscli(*words, "--role", role)[0] == code
    assert losscli(*words, "--role", "binary", "--target", "[2]")[0] == 2  # given twice
    wrong = [*words[:-1], "[1, 0, 2, 1]"]
    assert losscli(*wrong)[0] == 0
    code, _, err = losscli(*wrong, "--role", "binary")
    assert (code, "[0, 1]" in err) == (3, True)
    code, _, err = losscli(*words, "--threshold", "0.5")
    assert (code, "read as values" in err) == (2, True)
    assert losscli(*words, "--role", "binary", "--threshold", "0.5")[0] == 0


def test_rows_all_takes_every_row_at_once(folder, losscli):
    rng = np.random.default_rng(0)
    pred, target = rng.normal(size=(2, 300_000))
    np.save("p.npy", pred)
    np.save("t.npy", target)
    words = ["run", "--loss", "my_loss.py:standardised", "--pred", "p.npy", "--target", "t.npy"]
    code, _, err = losscli(*words)
    assert code == 3
    assert "depends on other rows" in err
    assert "--rows all" in err
    error = pred - target
    wanted = ((error / error.std(ddof=1)) ** 2).mean()
    assert number(losscli, *words, "--rows", "all") == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("leaf", [2**10, 2**17])
def test_same_bits_in_blocks_and_threads(folder, losscli, monkeypatch, threads, leaf):
    rng = np.random.default_rng(1)
    np.save("p.npy", rng.normal(size=50_001).astype(np.float32))
    np.save("t.npy", rng.normal(size=50_001).astype(np.float32))
    words = ["run", "--loss", "my_loss.py:huber2", "--pred", "p.npy", "--target", "t.npy"]
    whole = losscli(*words, "--output", "-")[1]
    monkeypatch.setattr("losscli.plan.LEAF", leaf)
    assert losscli(*words, "--output", "-", "--threads", threads)[1] == whole


def test_weights_masks_and_elements(folder, losscli):
    words = ["run", "--loss", "my_loss.py:huber2", "--pred", PRED, "--target", TARGET]
    each = np.array([0.0, 2.0, 1.5, 2.5])
    found = number(losscli, *words, "--sample-weight", [1, 2, 3, 4], "--mask", [1, 1, 1, 0])
    assert found == pytest.approx((each[:3] * [1, 2, 3]).sum() / 6)
    assert losscli(*words, "--output", "each.npy")[0] == 0
    assert np.load("each.npy").tolist() == each.tolist()


def test_gradients(folder, losscli):
    words = ["run", "--loss", "my_loss.py:huber2", "--pred", PRED, "--target", TARGET]
    assert losscli(*words, "--grad", "g.npy")[0] == 0
    slopes = np.clip(np.array(PRED) - TARGET, -1, 1) / 4
    assert np.load("g.npy") == pytest.approx(slopes)


def test_what_does_not_count_may_give_anything(folder, losscli):
    words = ["run", "--loss", "my_loss.py:undefined", "--pred", "[11, 5]", "--target", "[0, 0]"]
    assert number(losscli, *words, "--mask", "[1, 0]") == 0
    assert losscli(*words, "--mask", "[0, 1]")[0] == 3


def test_folder_and_file_with_blanks(folder, losscli):
    (folder / "my losses").mkdir()
    (folder / "my losses" / "beside.py").write_text("TWO = 2\n")
    text = (
        "from beside import TWO\nprint('read')\n\ndef two(pred, target):\n    return pred * TWO\n"
    )
    (folder / "my losses" / "a loss.py").write_text(text)
    words = ["run", "--loss", "my losses/a loss.py:two", "--pred", "[3]", "--target", "[0]"]
    code, out, err = losscli(*words, "--value")
    assert (code, out) == (0, "6.0\n")
    assert err.startswith("read\n")
    assert "--loss 'my losses/a loss.py:two'" in losscli(*words, "--help")[1]


def test_package_in_this_folder(folder, losscli):
    shutil.copy("my_loss.py", "notebook_of_losses.py")
    words = ["run", "--loss", "notebook_of_losses:huber2", "--pred", "[3]", "--target", "[0]"]
    assert number(losscli, *words) == 2.5


def test_help_and_explain(folder, losscli):
    for words in (
        ["run", "--loss", "my_loss.py:bce2", "--help"],
        ["help", "my_loss.py:bce2"],
        ["run", "--help", "--loss", "my_loss.py:bce2"],
    ):
        code, out, _ = losscli(*words)
        assert code == 0
        assert "Cross-entropy from my notebook." in out
        assert "--gamma X               How little easy rows count. Default 0." in out
        assert "Usage: losscli run --loss my_loss.py:bce2 [inputs]" in out
    code, out, _ = losscli("explain", "my_loss.py:Huber")
    assert (code, "Where it bends. Default 1.0." in out) == (0, True)
    assert "--role WORD" in losscli("run", "--help")[1]


def test_options_are_told_as_those_of_built_in_losses(folder, losscli):
    words = ["run", "--loss", "my_loss.py:Huber", "--pred", "[1]", "--target", "[2]"]
    code, _, err = losscli(*words, "--dleta", "2")
    assert (code, "did you mean --delta?" in err) == (2, True)
    assert losscli(*words, "--delta", "x")[0] == 2
    code, _, err = losscli("run", "--loss", "my_loss.py:Huber", "a.npy", "b.npy")
    assert code == 2
    assert "losscli run --loss my_loss.py:Huber --pred a.npy --target b.npy" in err


def test_names_of_built_in_losses(losscli):
    assert number(losscli, "run", "--loss", "mse", "--pred", "[3]", "--target", "[1]") == 4
    code, _, err = losscli("run", "--loss", "mse", "--role", "values", "--pred", "[3]")
    assert (code, "mse says it itself" in err) == (2, True)
    assert losscli("run", "--pred", "[3]")[0] == 2
    assert losscli("run", "--loss")[0] == 2
    assert losscli("run", "--loss", "mse", "--loss", "mae")[0] == 2


def test_python(folder):
    def cubed(pred, target, power=3):
        return (pred - target).abs() ** power

    assert package.evaluate(cubed, pred=[3.0], target=[1.0]).value == 8
    assert package.evaluate(cubed, pred=[3.0], target=[1.0], power=2).value == 4
    assert package.evaluate("my_loss.py:huber2", pred=[3.0], target=[0.0]).value == 2.5
    assert package.evaluate(torch.nn.L1Loss, pred=[3.0], target=[1.0]).value == 2
    assert package.evaluate(torch.nn.L1Loss(), pred=[3.0], target=[1.0], role="any").value == 2
    assert package.evaluate(lambda pred, target: pred - target, pred=[3.0], target=[1.0]).value == 2
    assert package.evaluate("mse", pred=[3.0], target=[1.0]).value == 4
    with pytest.raises(UsageError, match="no option --powr"):
        package.evaluate(cubed, pred=[3.0], target=[1.0], powr=2)


def test_code_is_part_of_the_signature_in_python():
    def made(power):
        return lambda pred, target: (pred - target).abs() ** power

    one, other = (
        package.evaluate(made(power), pred=[3.0], target=[1.0]).signature for power in (1, 2)
    )
    assert one != other


DECORATED = '''
from __future__ import annotations

from losscli.plugin import Array, Positive, Tensor, Terms, Values, loss


@loss(Values, unit="euros")
def cost(pred: Tensor, target: Tensor, *, scale: Positive = 1.0, weight: Array = 1.0) -> Tensor:
    """What an error costs.

    loss = weight · scale · |error|.

    Args:
        scale: Euros for each.
        weight: Factors.
    """
    return weight * scale * (pred - target).abs()


@loss(Values)
def weighted(pred: Tensor, target: Tensor) -> Terms:
    """An error, of which the mean divides by the targets."""
    return Terms((pred - target).abs(), target)


@loss(Values)
def broken(pred: Tensor, target: Tensor, *, scale: Nowhere = 1.0) -> Tensor:
    """Nothing."""
    return pred
'''


def test_decorated_losses(folder, losscli):
    (folder / "costs.py").write_text(DECORATED)
    words = ["run", "--loss", "costs.py:cost", "--pred", "[1, 4]", "--target", "[0, 2]"]
    assert number(losscli, *words, "--scale", "3") == 4.5
    assert number(losscli, *words, "--weight", "1,0.5") == 1
    code, _, err = losscli(*words, "--scale", "-1")
    assert (code, "must be > 0" in err) == (2, True)
    code, _, err = losscli(*words, "--role", "values")
    assert code == 2
    words[2] = "costs.py:weighted"
    assert number(losscli, *words) == 3 / 2
    words[2] = "costs.py:broken"
    code, _, err = losscli(*words)
    assert (code, "Nowhere" in err) == (2, True)


def test_what_a_file_imports_is_part_of_the_signature(folder):
    """Of its own folder: other code, another loss."""
    (folder / "scaled.py").write_text(
        "from consts import K\n\ndef scaled(pred, target):\n    return K * (pred - target) ** 2\n"
    )
    words = ["-m", "losscli", "run", "--loss", "scaled.py:scaled", "--pred", "[1,2]", "--json"]
    answers = []
    for text in ("K = 1\n", "K = 2\n", "K = 2\n"):
        (folder / "consts.py").write_text(text)
        ran = subprocess.run(
            [sys.executable, *words, "--target", "[0,0]"], capture_output=True, check=True
        )
        answers.append(json.loads(ran.stdout))
    assert [one["value"] for one in answers] == [2.5, 5.0, 5.0]
    first, second, third = (one["signature"] for one in answers)
    assert first != second == third
