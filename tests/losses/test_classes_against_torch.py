"""Losses of a choice among classes are those of torch.nn.functional, on every layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate

RNG = np.random.default_rng(11)
LAYOUTS = {  # shape, and the axis of classes
    "(C,)": ((5,), 0),
    "(1, C)": ((1, 5), 1),
    "(N, C)": ((9, 5), 1),
    "(N, N)": ((5, 5), 1),
    "(N, 1)": ((9, 1), 1),
    "(N, 1000)": ((3, 1000), 1),
    "(200, C)": ((200, 5), 1),
    "(N, C, d1)": ((6, 5, 3), 1),
    "(N, C, d1, d2)": ((4, 5, 3, 2), 1),
    "(N, C, d1, d2, d3)": ((2, 5, 3, 2, 2), 1),
    "(N, d1, C)": ((6, 3, 5), 2),
    "(N, d1, d2, C)": ((4, 3, 2, 5), 3),
}
KINDS = {
    "logits": lambda z, axis: z,
    "probs": lambda z, axis: z.softmax(axis),
    "log_probs": lambda z, axis: z.log_softmax(axis),
}
REDUCTIONS = ("mean", "sum", "none")


def normal(shape):
    return torch.from_numpy(RNG.normal(0, 2, shape))


def indices(shape, axis):
    rest = shape[:axis] + shape[axis + 1 :]
    return torch.from_numpy(np.asarray(RNG.integers(0, shape[axis], rest)))


def agree(name, given, reference, options, shape=None):
    """Every reduction, in both precisions; ``reference`` takes double scores, classes on axis 1."""
    kind = next(one for one in KINDS if one in given)
    for reduction in REDUCTIONS:
        for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 3e-6)):
            prediction = given[kind].to(dtype)
            wanted = reference(prediction.double(), reduction)
            words = {**given, kind: prediction, **options, "reduction": reduction}
            if given["target"].is_floating_point():
                words["target"] = given["target"].to(dtype)
            result = evaluate(name, **words)
            found = torch.tensor(
                result.elements if reduction == "none" else result.value, dtype=torch.float64
            )
            torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)
            assert found.shape == wanted.shape


OPTIONS = {
    "": {},
    "weight": {"weight": True},
    "label_smoothing": {"label_smoothing": 0.3},
    "weight, label_smoothing": {"weight": True, "label_smoothing": 0.1},
    "ignore_index": {"ignore_index": 0},
    "weight, label_smoothing, ignore_index": {
        "weight": True,
        "label_smoothing": 0.2,
        "ignore_index": -7,
    },
}


def options_of(name, classes):
    """An option set, with an array of class weights where it asks for one."""
    found = dict(OPTIONS[name])
    if "weight" in found:
        found["weight"] = torch.from_numpy(RNG.uniform(0.2, 3, classes))
    return found


SOME_LEFT = [  # where ignoring some targets leaves others
    (layout, options)
    for layout in LAYOUTS
    for options in OPTIONS
    if "ignore" not in options or layout not in ("(C,)", "(N, 1)")
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("layout", "options"), SOME_LEFT)
def test_ce_of_class_indices(layout, kind, options):
    shape, axis = LAYOUTS[layout]
    words = options_of(options, shape[axis])
    target = indices(shape, axis)
    if "ignore_index" in words:
        target[::3] = words["ignore_index"]
        target[-1] = shape[axis] - 1

    def reference(prediction, reduction):
        # log_softmax of log-probabilities that sum to 1 is what they are.
        scores = prediction.log() if kind == "probs" else prediction
        if kind == "logits":
            scores = scores.log_softmax(axis)
        scores = scores.movedim(axis, 1) if scores.ndim > 1 else scores
        return torch_ce(scores, target, reduction, **words)

    given = {kind: KINDS[kind](normal(shape), axis), "target": target}
    agree("ce", given, reference, words)


def torch_ce(log_probs, target, reduction, *, label_smoothing=0.0, **rest):
    """F.cross_entropy, for log-probabilities that float32 may have rounded off the sum 1."""
    off = log_probs.exp().sum(min(1, log_probs.ndim - 1))
    if bool(((off - 1).abs() < 1e-14).all()):
        return F.cross_entropy(
            log_probs, target, reduction=reduction, label_smoothing=label_smoothing, **rest
        )
    hard = F.nll_loss(log_probs, target, reduction=reduction, **rest)
    if not label_smoothing:
        return hard
    weight = rest.get("weight", torch.ones(log_probs.shape[min(1, log_probs.ndim - 1)])).double()
    axis = min(1, log_probs.ndim - 1)
    along = weight.reshape(-1, *[1] * (log_probs.ndim - 1 - axis))
    kept = target != rest.get("ignore_index", -100)
    even = torch.where(kept, -(along * log_probs).mean(axis), 0.0)
    safe = torch.where(kept, target, 0)
    over = (weight[safe] * kept).sum()
    even = {"none": even, "sum": even.sum(), "mean": even.sum() / over}[reduction]
    return (1 - label_smoothing) * hard + label_smoothing * even


@pytest.mark.parametrize("options", ["", "weight", "label_smoothing", "weight, label_smoothing"])
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if LAYOUTS[name][1] == 1])
def test_ce_of_class_probabilities(layout, options):
    """One-hot, soft and multi-hot targets alike; the mean divides by the rows."""
    shape, axis = LAYOUTS[layout]
    words = options_of(options, shape[axis])
    soft = normal(shape).softmax(axis)
    hard = (soft == soft.amax(axis, keepdim=True)).double()
    for target in (soft, hard, (soft > 0.15).double()):

        def reference(scores, reduction, target=target):
            return F.cross_entropy(scores, target, reduction=reduction, **words)

        agree("ce", {"logits": normal(shape), "target": target}, reference, words)


@pytest.mark.parametrize(
    ("layout", "options"), [case for case in SOME_LEFT if "smoothing" not in case[1]]
)
def test_nll(layout, options):
    shape, axis = LAYOUTS[layout]
    words = options_of(options, shape[axis])
    target = indices(shape, axis)
    if "ignore_index" in words:
        target[1:] = torch.where(target[1:] == 0, 1, target[1:])
        target[::3], target[-1] = 0, 1

    def reference(scores, reduction):
        scores = scores.movedim(axis, 1) if scores.ndim > 1 else scores
        return F.nll_loss(scores, target, reduction=reduction, **words)

    given = {"log_probs": normal(shape).log_softmax(axis), "target": target}
    agree("nll", given, reference, words)


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 4), (9, 4), (200, 3), (6, 3, 4), (2, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("reduction", ["batchmean", "mean", "sum", "none"])
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
def test_kl(shape, kind, log_target, reduction):
    for axis in range(1, len(shape)):
        z, target = normal(shape), normal(shape).softmax(axis)
        target = target.log() if log_target else target
        wanted = F.kl_div(z.log_softmax(axis), target, reduction=reduction, log_target=log_target)
        options = {"log_target": log_target, "class_axis": axis, "reduction": reduction}
        result = evaluate("kl", **{kind: KINDS[kind](z, axis)}, target=target, **options)
        found = torch.tensor(
            result.elements if reduction == "none" else result.value, dtype=torch.float64
        )
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-13)


def test_kl_of_one_axis_is_elementwise():
    q, p = normal(6).softmax(0), normal(6).softmax(0)
    wanted = F.kl_div(q.log(), p, reduction="batchmean").item()
    assert evaluate("kl", log_probs=q.log(), target=p).value == pytest.approx(wanted, rel=1e-12)
    assert evaluate("kl", probs=q, target=p).value == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("classes_last", [False, True])
def test_class_axis_where_both_fit(classes_last):
    """(N, C, C) with indices (N, C): torch silently takes axis 1, here it must be said."""
    scores, target = normal((4, 5, 5)), indices((4, 5, 5), 1)
    axis = -1 if classes_last else 1
    wanted = F.cross_entropy(scores.movedim(axis, 1), target).item()
    found = evaluate("ce", logits=scores, target=target, class_axis=axis).value
    assert found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "(N, 1)"])
def test_zero_one_of_classes(layout, kind):
    shape, axis = LAYOUTS[layout]
    scores, target = KINDS[kind](normal(shape), axis), indices(shape, axis)
    wrong = scores.argmax(axis) != target
    result = evaluate("zero-one", **{kind: scores}, target=target)
    np.testing.assert_array_equal(result.elements, wrong.double())
    assert result.value == pytest.approx(wrong.double().mean().item())
    assert result.value == pytest.approx(1 - result.accuracy)


@pytest.mark.parametrize(("kind", "cut"), [("logits", 0.0), ("probs", 0.5)])
@pytest.mark.parametrize("shape", [(9,), (9, 3)], ids=str)
def test_zero_one_of_labels(shape, kind, cut):
    scores = torch.from_numpy(RNG.random(shape))
    target = torch.from_numpy(RNG.integers(0, 2, shape))
    for threshold in (None, 0.3, 0.8):
        wrong = (scores > (cut if threshold is None else threshold)) != (target == 1)
        words = {} if threshold is None else {"threshold": threshold}
        result = evaluate("zero-one", **{kind: scores}, target=target, **words)
        np.testing.assert_array_equal(result.elements, wrong.double())
    guess = scores.round()
    wrong = (guess != target).double().mean().item()
    assert evaluate("zero-one", pred=guess, target=target).value == pytest.approx(wrong)
