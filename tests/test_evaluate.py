"""losscli.evaluate: what it takes, what it gives, and what it leaves as it was."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import losscli
from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.losses import losses

LOGITS = [[2.0, -1.0, 0.5], [0.0, 1.0, -1.0], [1.5, 1.5, 0.0]]
CLASS = [0, 1, 1]

TAKEN = {
    "lists": lambda x: x,
    "tuples": lambda x: tuple(map(tuple, x)) if isinstance(x[0], list) else tuple(x),
    "arrays": np.array,
    "float32": lambda x: np.array(x, "float32"),
    "float16": lambda x: np.array(x, "float16"),
    "tensors": torch.tensor,
    "half": lambda x: torch.tensor(x).half(),
    "bfloat16": lambda x: torch.tensor(x).bfloat16(),
    "double": lambda x: torch.tensor(x).double(),
    "grad": lambda x: torch.tensor(x, dtype=torch.float32, requires_grad=True),
    "transposed": lambda x: torch.tensor(x).T.contiguous().T if isinstance(x[0], list) else x,
}


@pytest.mark.parametrize("taken", TAKEN)
def test_takes(taken):
    found = evaluate("ce", logits=TAKEN[taken](LOGITS), target=CLASS)
    wanted = F.cross_entropy(torch.tensor(LOGITS), torch.tensor(CLASS)).item()
    assert found.value == pytest.approx(wanted, rel=1e-6)
    targets = CLASS if taken in ("grad", "transposed") else TAKEN[taken](CLASS)
    assert evaluate("ce", logits=LOGITS, target=targets).value == pytest.approx(wanted, rel=1e-6)


def test_takes_paths(tmp_path):
    np.save(tmp_path / "x.npy", np.array(LOGITS))
    np.savetxt(tmp_path / "y.csv", CLASS, "%d", header="label", comments="")
    wanted = evaluate("ce", logits=LOGITS, target=CLASS).value
    words = {"logits": str(tmp_path / "x.npy"), "target": f"{tmp_path / 'y.csv'}:label"}
    assert evaluate("ce", **words).value == wanted
    assert evaluate("ce", logits=tmp_path / "x.npy", target="[0, 1, 1]").value == wanted


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "cross_entropy", "CE", "ce"])
def test_names(name):
    assert evaluate(name, logits=LOGITS, target=CLASS).loss == "ce"


def test_result():
    result = evaluate("ce", logits=LOGITS, target=CLASS, label_smoothing=0.1)
    each = F.cross_entropy(torch.tensor(LOGITS).double(), torch.tensor(CLASS), reduction="none",
                           label_smoothing=0.1).numpy()  # fmt: skip
    np.testing.assert_allclose(result.elements, each)
    assert result.value == pytest.approx(each.mean())
    assert result.reduction == "mean"
    assert result.denominator == 3.0
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.warnings == []
    assert result.stats["count"] == 3
    assert result.stats["sum"] == pytest.approx(each.sum())
    assert result.stats["std"] == pytest.approx(each.std(ddof=1))
    assert result.stats["argmax"] == [each.argmax()]
    assert result.stats["argmin"] == [each.argmin()]
    found = result.to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["options"] == {"label_smoothing": 0.1}
    assert found["inputs"]["logits"]["shape"] == [3, 3]
    assert found["signature"].startswith("ce|logits|mean|label_smoothing=0.1|float64|losscli:")
    assert "elements" not in found


@pytest.mark.parametrize("more", [{}, {"sample_weight": [1, 2, 1, 1]}, {"pos_weight": 2.0}])
def test_a_dictionary_of_plain_numbers(more):
    """So that it can be printed, compared and dumped by anything."""

    def plain(one):
        if isinstance(one, dict):
            return all(type(key) is str and plain(value) for key, value in one.items())
        if isinstance(one, list):
            return all(map(plain, one))
        return one is None or type(one) in (bool, int, float, str)

    found = evaluate("bce", logits=[2.0, -1.0, 0.5, 1.0], target=[1, 0, 0, 1], **more).to_dict()
    assert [name for name, value in found.items() if not plain(value)] == []
    assert found["skill"] == 1 - found["value"] / found["baselines"]["constant"]


def test_reduction_none():
    result = evaluate("ce", logits=LOGITS, target=CLASS, reduction="none")
    assert result.value is None
    assert result.to_dict()["value"] is None
    assert result.to_dict()["elements"] == result.elements.tolist()


def test_numbers_that_json_lacks():
    result = evaluate("mse", pred=[1.0, float("nan")], target=[0, 0], nan="propagate")
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["value"] == "NaN"
    result = evaluate("bce", log_probs=[0.0, 0.0], target=[0, 1], reduction="none")
    assert result.to_dict()["elements"] == ["Infinity", 0.0]


def test_first_and_worst():
    """Among equal losses the first is worse; both are told by their place."""
    pred = np.array([[1.0, 3.0], [3.0, 0.0], [3.0, 2.0]])
    result = evaluate("mae", pred=pred, target=np.zeros((3, 2)), head=2, worst=4)
    assert [(one.index, one.loss) for one in result.first] == [((0, 0), 1.0), ((0, 1), 3.0)]
    worst = [((0, 1), 3.0), ((1, 0), 3.0), ((2, 0), 3.0), ((2, 1), 2.0)]
    assert [(one.index, one.loss) for one in result.worst] == worst
    none = evaluate("mae", pred=pred, target=np.zeros((3, 2)), head=0, worst=0)
    assert (list(none.first), list(none.worst)) == ([], [])


def test_worst_of_many_equals():
    """In every leaf, and NaN before all."""
    pred = np.ones(200_000)
    given = {"pred": pred, "target": np.zeros(200_000), "nan": "propagate"}
    assert [one.index for one in evaluate("mae", **given).worst] == [(0,), (1,), (2,)]
    pred[[70_000, 150_000]] = np.inf, np.nan
    assert [one.index for one in evaluate("mae", **given).worst] == [(150_000,), (70_000,), (0,)]


def test_first_and_worst_of_what_counts():
    given = {"pred": [9.0, 1.0, 2.0], "target": [0.0, 0, 0], "mask": [0, 1, 1]}
    result = evaluate("mae", **given, head=1, worst=1)
    assert result.first[0].index == (1,)
    assert result.worst[0].index == (2,)
    assert (result.stats["argmax"], result.stats["argmin"]) == ([2], [1])


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_limit(limit):
    weight = np.array([1.0, 2.0, 3.0])
    found = evaluate("ce", logits=LOGITS, target=CLASS, sample_weight=weight, limit=limit)
    part = {"logits": LOGITS[:limit], "target": CLASS[:limit], "sample_weight": weight[:limit]}
    wanted = evaluate("ce", **part)
    assert found.value == wanted.value
    np.testing.assert_array_equal(found.elements, wanted.elements)


def test_limit_ends_before_what_is_wrong():
    assert evaluate("bce", logits=[1.0, 2.0], target=[1, 7], limit=1).value > 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_dtype(dtype):
    found = evaluate("ce", logits=LOGITS, target=CLASS, dtype=dtype)
    scores = torch.tensor(LOGITS, dtype=getattr(torch, dtype))
    wanted = F.cross_entropy(scores, torch.tensor(CLASS), reduction="none")
    torch.testing.assert_close(torch.tensor(found.elements).double(), wanted.double())
    assert f"|{dtype}|" in found.signature


def test_half_does_not_overflow():
    """In float16 the square of 300 is infinite."""
    assert evaluate("mse", pred=np.float16([300.0]), target=np.float16([0.0])).value == 90000


def test_sum_in_double():
    """The tenth of a million, which float32 misses by far when it adds one by one."""
    found = evaluate("mae", pred=np.full(10**6, 0.1, "float32"), target=np.zeros(10**6, "float32"))
    assert found.stats["sum"] == pytest.approx(1e6 * float(np.float32(0.1)), rel=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_are_left_as_found(threads):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        evaluate("bce", logits=[1.0], target=[1])
        assert torch.get_num_threads() == threads
        with pytest.raises(DataError):
            evaluate("bce", logits=[float("nan")], target=[1])
        assert torch.get_num_threads() == threads
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
    finally:
        torch.set_num_threads(before)


def test_inputs_are_left_as_found():
    given = {"logits": np.array([[1.0, np.nan], [0, 1], [2, 2]]), "target": np.array([0.0, 1, 7])}
    before = {key: value.copy() for key, value in given.items()}
    evaluate("ce", **given, nan="omit", mask=np.array([1, 1, 0]), target_base=0)
    for key, value in given.items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": [1]}, "needs predictions: --logits or --probs or --log-probs"),
        ({"pred": [1.0], "target": [1]}, "not --pred"),
        ({"logits": [1.0]}, "needs targets: --target"),
        ({"logits": [1.0], "probs": [0.5], "target": [1]}, "two kinds of prediction"),
        ({"logits": [1.0], "target": [1], "beta": 1}, "bce has no option --beta"),
        ({"logits": [1.0], "target": [1], "limit": 0}, "--limit must be at least 1"),
        ({"logits": [1.0], "target": [1], "device": "tpu"}, "--device"),
        ({"logits": [1.0], "target": [1], "dtype": "int8"}, "--dtype"),
    ],
)
def test_wrong_questions(given, said):
    with pytest.raises(UsageError, match=said):
        evaluate("bce", **given)


def test_unknown_loss():
    with pytest.raises(UsageError, match="did you mean hinge"):
        evaluate("hnge", logits=[1.0], target=[1])


def test_large_whole_numbers_keep_their_last_digit():
    """Single precision has no 16777217, and float64 no 2^63 + 1."""
    given = {"pred": np.float32([16777216]), "target": [16777217]}
    assert evaluate("zero-one", **given).value == evaluate("mae", **given).value == 1
    large = np.uint64([2**63, 2**63])
    assert evaluate("mse", pred=large, target=large + np.uint64(4096)).value == 4096**2


def test_package():
    assert losscli.evaluate is evaluate
    assert losscli.losses is losses
    assert "bce" in losscli.losses


def test_tokens(request):
    """Half-precision logits of a language model, the classes last, with padding."""
    folder = request.config.rootpath / "samples/tokens"
    logits, target = np.load(folder / "logits.npy"), np.load(folder / "target.npy")
    found = evaluate("ce", logits=logits, target=target, ignore_index=-100)
    flat = torch.from_numpy(logits).float().flatten(0, 1), torch.from_numpy(target).flatten()
    wanted = F.cross_entropy(*flat)
    assert found.value == pytest.approx(wanted.item(), rel=1e-6)
    assert found.denominator == (target != -100).sum()
    assert found.elements.shape == target.shape
    assert [one.code for one in found.notes] == ["half-widened"]
    assert found.report.accuracy.hits == (
        ((logits.argmax(-1) == target) & (target != -100)).sum(),
        (target != -100).sum(),
    )
