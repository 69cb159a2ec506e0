"""Losses that hold weights: against PyTorch's modules on the same weights, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch.nn import functional as F

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError
from losscli.formats import open_source
from losscli.losses import losses
from losscli.losses.multiclass import parts
from losscli.roles.decoded import Decoded

RNG = np.random.default_rng(3)
N, SIZE, CLASSES = 200, 6, 41
FEATURES = RNG.normal(size=(N, SIZE))
MATRIX = RNG.normal(size=(CLASSES, SIZE))
BIAS = RNG.normal(size=CLASSES)
TARGET = RNG.integers(0, CLASSES, N)
SCORES = FEATURES @ MATRIX.T + BIAS


def linear(**options):
    given = {"features": FEATURES, "weight_matrix": MATRIX, "bias": BIAS, "target": TARGET}
    return evaluate("linear-ce", **given | options)


@pytest.mark.parametrize("chunk", [7, 41, 2**13])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"label_smoothing": 0.2},
        {"ignore_index": 3},
        {"weight": np.linspace(0.5, 2, CLASSES)},
        {"weight": np.linspace(0.5, 2, CLASSES), "label_smoothing": 0.3, "ignore_index": 3},
        {"temperature": 2.5},
    ],
)
def test_linear_is_cross_entropy_of_all_scores(options, chunk, monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", chunk)
    found = linear(**options)
    given = dict(options)
    scores = torch.tensor(SCORES) / given.pop("temperature", 1)
    if "weight" in given:
        given["weight"] = torch.tensor(given["weight"])
    target = torch.tensor(TARGET)
    assert found.value == pytest.approx(F.cross_entropy(scores, target, **given).item(), rel=1e-12)
    each = F.cross_entropy(scores, target, reduction="none", **given).numpy()
    np.testing.assert_allclose(found.elements, each, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("chunk", [7, 2**13])
def test_linear_measures_as_ce_does(chunk, monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", chunk)
    found, whole = (
        linear(top_k=(3, 17)),
        evaluate("ce", logits=SCORES, target=TARGET, top_k=(3, 17)),
    )
    assert found.accuracy == whole.accuracy
    for name, value in whole.metrics.items():
        assert found.metrics[name] == pytest.approx(value, rel=1e-12)


def test_ties_are_the_first_class(monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", 2)
    same = {"features": np.ones((3, 2)), "weight_matrix": np.ones((6, 2)), "target": [0, 1, 5]}
    found = evaluate("linear-ce", **same, top_k=(2, 5))
    assert found.accuracy == 1 / 3
    assert (found.metrics["top2"], found.metrics["top5"]) == (2 / 3, 2 / 3)


def kernel(name, chunk, monkeypatch):
    """A loss as a function of features, PyTorch's own, and features that want a gradient."""
    monkeypatch.setattr(parts, "CHUNK", chunk)
    features = torch.randn(70, 8, dtype=torch.float64, requires_grad=True)
    target, made = torch.randint(0, 60, (70,)), module(bias=True)
    matrix = torch.randn(60, 8, dtype=torch.float64)
    state = {key: one.detach() for key, one in made.state_dict().items()}
    held = {"linear-ce": matrix, "adaptive-ce": state}[name]

    def ours():
        return losses[name](features, held, target).elements.mean()

    def theirs():
        if name == "adaptive-ce":
            return made(features, target).loss
        return F.cross_entropy(features @ matrix.T, target)

    return ours, theirs, features


@pytest.mark.parametrize("chunk", [7, 2**12])
@pytest.mark.parametrize("name", ["linear-ce", "adaptive-ce"])
def test_gradients_are_those_of_pytorch(name, chunk, monkeypatch):
    ours, theirs, features = kernel(name, chunk, monkeypatch)
    found, wanted = (torch.autograd.grad(one(), features)[0] for one in (ours, theirs))
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-14)


def test_no_scores_are_kept_for_gradients(monkeypatch):
    """What is kept is of the size of features, or of one class a row."""
    most = []

    def keep(one):
        most[-1] = max(most[-1], one.numel())
        return one

    for loss in kernel("linear-ce", 30, monkeypatch)[:2]:
        most.append(0)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda one: one):
            loss()
    assert most[0] <= 128 * 8 < 70 * 30 < 70 * 60 <= most[1]


@pytest.mark.parametrize("name", ["linear-ce", "adaptive-ce"])
def test_bits_are_those_of_any_leaf_and_thread(name, monkeypatch):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2085, 8)).astype(np.float32)
    matrix = rng.normal(size=(60, 8)).astype(np.float32)
    held = {"weight_matrix": matrix} if name == "linear-ce" else {"state": module(True).float()}
    given = {"features": features, "target": rng.integers(0, 60, 2085), **held}
    monkeypatch.setattr(plan, "LEAF", 0)
    monkeypatch.setattr(parts, "CHUNK", 16)
    whole = evaluate(name, **given)
    for least, threads in ((64, 1), (64, 3), (1024, 3)):
        monkeypatch.setattr(Decoded, "together", least)
        found = evaluate(name, **given, threads=threads)
        assert found.elements.tobytes() == whole.elements.tobytes()
        assert found.accuracy == whole.accuracy
    one = evaluate(name, **given | {key: given[key][:1] for key in ("features", "target")})
    assert one.elements.tobytes() == whole.elements[:1].tobytes()


def test_the_best_of_a_half_is_its_own():
    """A score next to another in half precision is another."""
    half = {"dtype": "float16", "features": np.ones((2, 1)), "target": [0, 2]}
    found = evaluate("linear-ce", weight_matrix=[[1.0], [1 - 2.0**-11], [1.0]], **half, top_k=2)
    assert (found.accuracy, found.metrics["top2"]) == (0.5, 1.0)


def test_sequences_are_shifted_as_scores_are():
    features, target = RNG.normal(size=(4, 9, SIZE)), RNG.integers(0, CLASSES, (4, 9))
    given = {"features": features, "weight_matrix": MATRIX, "target": target, "shift": 1}
    scores = torch.tensor(features @ MATRIX.T)[:, :-1].reshape(-1, CLASSES)
    wanted = F.cross_entropy(scores, torch.tensor(target[:, 1:].reshape(-1)))
    assert evaluate("linear-ce", **given).value == pytest.approx(wanted.item(), rel=1e-12)


def test_a_regression_of_scikit_learn(tmp_path):
    data, target = load_digits(return_X_y=True)
    model = LogisticRegression(C=1e-4, max_iter=100, tol=0.1).fit(data, target)
    np.savez(tmp_path / "model.npz", w=model.coef_, b=model.intercept_)
    file = str(tmp_path / "model.npz")
    found = evaluate(
        "linear-ce", features=data, weight_matrix=f"{file}:w", bias=f"{file}:b", target=target
    )
    assert found.value == pytest.approx(log_loss(target, model.predict_proba(data)), rel=1e-9)
    assert found.accuracy == model.score(data, target)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weight_matrix": MATRIX.T}, "transposed"),
        ({"weight_matrix": MATRIX[:, :5]}, r"\(41, 5\), and features \(200, 6\)"),
        ({"bias": BIAS[:40]}, "there are 41 classes"),
        ({"target": np.full(N, CLASSES)}, "class 41, but the predictions have 41 classes"),
        ({"target": FEATURES}, "wants class indices"),
        (
            {"weight_matrix": np.where(MATRIX[3, 2] == MATRIX, np.nan, MATRIX)},
            "row 4, column 3: nan",
        ),
        ({"features": FEATURES[0]}, r"features are \(N, H\)"),
    ],
)
def test_what_linear_refuses(changed, message):
    with pytest.raises(DataError, match=message):
        linear(**changed)


@pytest.mark.parametrize("nan", ["omit", "propagate"])
def test_no_layer_has_nan(nan):
    """--nan speaks of elements, and a layer is in all of them."""
    for name, value in (("weight_matrix", MATRIX), ("bias", BIAS)):
        for odd in (np.nan, np.inf):
            changed = np.where(value == value.reshape(-1)[3], odd, value)
            with pytest.raises(DataError, match=f"{odd}, and what the loss holds"):
                linear(**{name: changed}, nan=nan)


def test_an_infinite_feature_has_no_scores():
    odd = np.where(FEATURES[5, 1] == FEATURES, np.inf, FEATURES)
    with pytest.raises(DataError, match=r"row 6, column 2: inf is no feature"):
        linear(features=odd)
    mask = np.arange(N) != 5
    kept = evaluate(
        "ce", logits=np.where(mask[:, None], SCORES, 0.0), target=TARGET, mask=mask
    ).value
    assert linear(features=odd, mask=mask).value == pytest.approx(kept, rel=1e-12)


def test_other_weights_have_another_signature():
    made = module(bias=True)
    state = {name: one.numpy() for name, one in made.state_dict().items()}
    other = {**state, "tail.1.0.weight": -state["tail.1.0.weight"]}
    given = {"features": np.ones((4, 8)), "target": [0, 1, 2, 30]}
    layers = [evaluate("adaptive-ce", state=one, **given).signature for one in (state, other)]
    found = [linear(**one).signature for one in ({}, {"bias": -BIAS}, {"weight_matrix": -MATRIX})]
    again = linear(weight_matrix=MATRIX.copy(), features=-FEATURES).signature
    assert len({*layers, *found}) == 5
    assert again == found[0]


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_weights_are_never_wide_as_a_whole(suffix, dtype, tmp_path):
    matrix = torch.tensor(MATRIX).to(dtype)
    file = str(tmp_path / f"w.{suffix}")
    torch.save({"w": matrix}, file) if suffix == "pt" else save_file({"w": matrix}, file)
    assert open_source(file).select("w").tensor().dtype is dtype
    features = FEATURES.astype(np.float32)
    found = evaluate("linear-ce", features=features, weight_matrix=f"{file}:w", target=TARGET)
    scores = torch.tensor(features) @ matrix.float().T
    wanted = F.cross_entropy(scores, torch.tensor(TARGET)).item()
    assert found.value == pytest.approx(wanted, rel=1e-6)


def module(bias, dtype=torch.float64):
    torch.manual_seed(2)
    found = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 60, [5, 20], div_value=2.0, head_bias=bias)
    with torch.no_grad():
        for one in found.parameters():
            one.mul_(4)
    return found.to(dtype)


@pytest.mark.parametrize("chunk", [4, 2**12])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_adaptive_is_that_of_pytorch(bias, dtype, chunk, monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", chunk)
    made = module(bias, dtype)
    features, target = torch.randn(500, 8, dtype=dtype), torch.randint(0, 60, (500,))
    target[::2] = made.predict(features[::2])
    found = evaluate("adaptive-ce", features=features, state=made, target=target)
    with torch.no_grad():
        output, loss = made(features, target)
        every = made.log_prob(features)
    near = 1e-12 if dtype is torch.float64 else 1e-5
    assert found.value == pytest.approx(loss.item(), rel=near)
    np.testing.assert_allclose(found.elements, -output.numpy(), rtol=near, atol=near)
    assert found.accuracy == (every.argmax(1) == target).double().mean().item()
    confidence = every.amax(1).exp().mean().item()
    assert found.metrics["confidence"] == pytest.approx(confidence, rel=near)


def test_states_in_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = module(bias=True)
    features, target = torch.randn(40, 8, dtype=torch.float64), torch.randint(0, 60, (40,))
    wanted = made(features, target).loss.item()
    state = made.state_dict()
    torch.save(state, "plain.pt")
    torch.save({"model": state, "epoch": 3}, "nested.pt")
    torch.save({f"crit.{name}": one for name, one in state.items()}, "named.pt")
    np.savez("crit.npz", **{f"crit.{name}": one.numpy() for name, one in state.items()})
    asked = {"features": features, "target": target}
    for word in ("plain.pt", "nested.pt:model", "named.pt:crit", "crit.npz:crit"):
        found = evaluate("adaptive-ce", state=word, **asked)
        assert found.value == pytest.approx(wanted, rel=1e-12)
    for word, prefix in (("nested.pt", "model"), ("named.pt", "crit"), ("crit.npz", "crit")):
        with pytest.raises(DataError, match=r"no array 'head\.weight'") as error:
            evaluate("adaptive-ce", state=word, **asked)
        assert f"{word}:{prefix}" in str(error.value)
    np.save("plain.npy", features.numpy())
    with pytest.raises(DataError, match=r"head\.weight"):
        evaluate("adaptive-ce", state="plain.npy", **asked)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("tail.0.1.weight", lambda one: one[:, :1], r"shape \(15, 1\)"),
        ("head.weight", lambda one: one[:, :3], r"shape \(7, 3\)"),
        ("head.bias", lambda one: one[:3], r"shape \(3,\)"),
        ("tail.0.0.weight", None, "the state holds"),
        ("head.weight", lambda one: one * np.nan, "nan"),
    ],
)
def test_states_that_do_not_fit(name, change, message):
    state = {key: one.numpy() for key, one in module(bias=True).state_dict().items()}
    if change is None:
        del state[name]
    else:
        state[name] = change(state[name])
    with pytest.raises(DataError, match=message):
        evaluate("adaptive-ce", features=np.ones((4, 8)), state=state, target=[0, 1, 2, 30])


def test_cutoffs_are_held_against_the_state():
    given = {"features": np.ones((4, 8)), "state": module(bias=False), "target": [0, 1, 2, 30]}
    plain = evaluate("adaptive-ce", **given).value
    assert evaluate("adaptive-ce", cutoffs=[5, 20], **given).value == plain
    with pytest.raises(DataError, match="of 60 classes with the cutoffs 5,20"):
        evaluate("adaptive-ce", cutoffs=[5, 21], **given)
    with pytest.raises(UsageError, match="most scores are never made"):
        evaluate("adaptive-ce", top_k=3, **given)


def test_padding_of_sequences_is_ignored():
    made = module(bias=True)
    features, target = torch.randn(6, 5, 8, dtype=torch.float64), torch.randint(0, 60, (6, 5))
    target[:, 3:] = -100
    given = {"features": features, "state": made, "target": target, "shift": 1}
    kept = target[:, 1:3].reshape(-1), features[:, :2].reshape(-1, 8)
    wanted = made(kept[1], kept[0]).loss.item()
    assert evaluate("adaptive-ce", **given).value == pytest.approx(wanted, rel=1e-12)


def test_a_state_is_a_dict():
    with pytest.raises(DataError, match="no state_dict"):
        evaluate("adaptive-ce", features=np.ones((4, 8)), state=[1.0, 2], target=[0, 1, 2, 30])


@pytest.mark.parametrize("words", [{"where": ["half=1"]}, {"key": "id"}])
def test_rows_are_picked_of_rows_alone(words, tmp_path, monkeypatch):
    """Also where there are as many classes as rows."""
    monkeypatch.chdir(tmp_path)
    rows = 60
    features, target = RNG.normal(size=(rows, 8)), RNG.permutation(rows)
    half = np.arange(rows) % 2
    columns = np.column_stack([np.arange(rows), half, features, target])
    names = "id,half," + ",".join(f"f{at}" for at in range(8)) + ",y"
    np.savetxt("rows.csv", columns, "%.17g", ",", header=names, comments="")
    np.savetxt("turned.csv", columns[::-1], "%.17g", ",", header=names, comments="")
    matrix, made = RNG.normal(size=(rows, 8)), module(bias=True)
    np.save("w.npy", matrix)
    torch.save(made.state_dict(), "state.pt")
    kept = half == 1 if "where" in words else np.ones(rows, bool)
    file = "turned.csv" if "key" in words else "rows.csv"
    asked = {"features": "rows.csv:f0..f7", "target": f"{file}:y", **words}
    inputs, labels = torch.tensor(features[kept]), torch.tensor(target[kept])
    found = evaluate("linear-ce", weight_matrix="w.npy", **asked).value
    wanted = F.cross_entropy(inputs @ torch.tensor(matrix).T, labels).item()
    assert found == pytest.approx(wanted, rel=1e-12)
    found = evaluate("adaptive-ce", state="state.pt", **asked).value
    assert found == pytest.approx(made(inputs, labels).loss.item(), rel=1e-12)
