"""Losses of labels, sets of labels and classes for which torch has no function, or not the whole.

The referees are scikit-learn, SciPy, torch, and the formulas of timm, optax, kornia and Keras,
written down as these libraries have them.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from torch.nn import functional as F

from losscli import evaluate

RNG = np.random.default_rng(29)
LAYOUTS = {  # shape, and the axis of classes
    "(1, C)": ((1, 5), 1),
    "(N, 2)": ((9, 2), 1),
    "(200, C)": ((200, 5), 1),
    "(N, 300)": ((3, 300), 1),
    "(N, C, d1, d2)": ((4, 5, 3, 2), 1),
    "(N, d1, C)": ((6, 3, 5), 2),
}
layouts = pytest.mark.parametrize("layout", LAYOUTS)
KINDS = {"logits": lambda z, axis: z, "probs": lambda z, axis: z.softmax(axis)}


def normal(shape, scale=2.0):
    return torch.from_numpy(np.asarray(RNG.normal(0, scale, shape)))


def bits(shape):
    return torch.from_numpy(np.asarray(RNG.integers(0, 2, shape))).double()


def indices(shape, axis=1):
    rest = shape[:axis] + shape[axis + 1 :]
    return torch.from_numpy(np.asarray(RNG.integers(0, shape[axis], rest)))


def agree(name, kind, prediction, target, reference, **options):
    """Every reduction, in both precisions; ``reference`` gives the losses of a prediction."""
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        given = prediction.to(dtype)
        wanted = reference(given.double())
        every = {"none": wanted, "sum": wanted.sum(), "mean": wanted.mean()}
        every["batchmean"] = wanted.sum() / len(wanted)
        for reduction, number in every.items():
            words = {kind: given, "target": target, "reduction": reduction, **options}
            result = evaluate(name, **words, dtype=str(dtype).removeprefix("torch."))
            found = result.elements if reduction == "none" else result.value
            found = torch.tensor(found, dtype=torch.float64)
            torch.testing.assert_close(found, number, rtol=tolerance, atol=tolerance)
            assert found.shape == number.shape


# ---- one score for each target


@pytest.mark.parametrize("shape", [(1,), (130,), (9, 3), (2, 3, 4)], ids=str)
def test_perceptron(shape):
    signs = 2 * bits(shape) - 1
    agree("perceptron", "logits", normal(shape), signs, lambda x: torch.relu(-signs * x))


def timm_asl(x_sigmoid, y, gamma_neg=4, gamma_pos=1, clip=0.05, eps=1e-8):
    """timm.loss.AsymmetricLossMultiLabel, before its sum."""
    xs_pos, xs_neg = x_sigmoid, 1 - x_sigmoid
    if clip > 0:
        xs_neg = (xs_neg + clip).clamp(max=1)
    found = y * torch.log(xs_pos.clamp(min=eps)) + (1 - y) * torch.log(xs_neg.clamp(min=eps))
    pt = xs_pos * y + xs_neg * (1 - y)
    return -found * torch.pow(1 - pt, gamma_pos * y + gamma_neg * (1 - y))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gamma_neg": 0.0, "gamma_pos": 0.0},
        {"gamma_neg": 2.0, "gamma_pos": 0.5, "clip": 0.0},
        {"clip": 0.3, "eps": 0.01},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("shape", [(130,), (9, 3), (2, 3, 4)], ids=str)
def test_asl(shape, kind, options):
    given = normal(shape) if kind == "logits" else normal(shape).sigmoid()
    for target in (bits(shape), normal(shape).sigmoid()):

        def reference(x, target=target):
            return timm_asl(x.sigmoid() if kind == "logits" else x, target, **options)

        agree("asl", kind, given, target, reference, **options)


def test_asl_is_divided_by_the_rows():
    logits, target = normal((7, 3)), bits((7, 3))
    found = evaluate("asl", logits=logits, target=target)
    assert found.value == pytest.approx(timm_asl(logits.sigmoid(), target).sum().item() / 7)
    assert (found.reduction, found.denominator) == ("batchmean", 7)


# ---- brier


@pytest.mark.parametrize("half", [None, True, False])
@pytest.mark.parametrize("kind", ["logits", "probs"])
def test_brier_of_one_probability_is_that_of_scikit_learn(kind, half):
    z, weight = normal(50), RNG.uniform(0.1, 2, 50)
    target = bits(50)
    given = {kind: z if kind == "logits" else z.sigmoid(), "target": target}
    options = {} if half is None else {"scale_by_half": half}
    for words in ({}, {"sample_weight": weight}):
        wanted = metrics.brier_score_loss(
            target, z.sigmoid(), **words, scale_by_half="auto" if half is None else half
        )
        found = evaluate("brier", **given, **options, **words)
        assert found.value == pytest.approx(wanted, rel=1e-12)
    agree("brier", kind, given[kind], target, lambda x: brier_of_one(kind, x, target, half),
          **options)  # fmt: skip


def brier_of_one(kind, x, target, half):
    p = x.sigmoid() if kind == "logits" else x
    return (p - target) ** 2 * (2 if half is False else 1)


@pytest.mark.parametrize("half", [None, True, False])
@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_brier_of_classes_is_that_of_scikit_learn(count, kind, half):
    z, target = normal((50, count)), indices((50, count))
    p = z.softmax(1)
    wanted = metrics.brier_score_loss(
        target,
        p[:, 1] if count == 2 else p,
        labels=range(count),
        scale_by_half="auto" if half is None else half,
    )
    options = {} if half is None else {"scale_by_half": half}
    for truth in (target, F.one_hot(target, count).double()):
        found = evaluate("brier", **{kind: KINDS[kind](z, 1)}, target=truth, **options)
        assert found.value == pytest.approx(wanted, rel=1e-12)


@layouts
@pytest.mark.parametrize("kind", KINDS)
def test_brier_of_every_layout(layout, kind):
    shape, axis = LAYOUTS[layout]
    z, target = normal(shape), indices(shape, axis)
    half = 0.5 if shape[axis] == 2 else 1

    def score(x, shares):
        p = x.softmax(axis) if kind == "logits" else x
        return (p - shares).square().sum(axis) * half

    one_hot = F.one_hot(target, shape[axis]).double().movedim(-1, axis)
    agree("brier", kind, KINDS[kind](z, axis), target, lambda x: score(x, one_hot))
    soft = normal(shape).softmax(axis)
    agree("brier", kind, KINDS[kind](z, axis), soft, lambda x: score(x, soft), class_axis=axis)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [((9,), (9,)), ((9, 1), (9,)), ((9,), (9, 1)), ((9, 1), (9, 1)), ((3, 1, 2), (3, 1, 2))],
)
def test_brier_of_a_single_probability_in_any_shape(ours, theirs):
    p, y = normal(ours).sigmoid(), bits(theirs)
    found = evaluate("brier", probs=p, target=y)
    wanted = (p.reshape(-1) - y.reshape(-1)).square()
    np.testing.assert_allclose(found.elements.reshape(-1), wanted, rtol=1e-12)
    assert found.accuracy == ((p.reshape(-1) > 0.5) == (y.reshape(-1) > 0.5)).double().mean()


# ---- sets of labels


def lists(target):
    """Multi-hot rows as torch wants them: the labels, then -1."""
    rows = torch.full(target.shape, -1)
    for row, hot in zip(rows.reshape(-1, target.shape[-1]), target.reshape(-1, target.shape[-1]),
                        strict=True):  # fmt: skip
        found = hot.nonzero()[:, 0]
        row[: len(found)] = found[torch.randperm(len(found))]
    return rows


@pytest.mark.parametrize("shape", [(1, 3), (9, 5), (200, 3), (9, 1), (3, 40)], ids=str)
def test_multilabel_margin_is_that_of_torch(shape):
    target = bits(shape)
    target[0, 0] = 0  # so that no list is full
    listed = lists(target)

    def reference(x):
        return F.multilabel_margin_loss(x, listed, reduction="none")

    agree("multilabel-margin", "logits", normal(shape), listed, reference)
    agree("multilabel-margin", "logits", normal(shape), listed.double(), reference)
    agree("multilabel-margin", "logits", normal(shape), target, reference, ignore=["multi-hot"])


@pytest.mark.filterwarnings("ignore")
def test_multilabel_margin_of_odd_lists_is_that_of_torch():
    """Full ones, empty ones, a label twice, and labels behind the end."""
    target = torch.tensor([[2, 0, 1], [-1, -1, -1], [2, 2, -1], [1, -1, 0], [0, 1, 0]])
    scores = normal((5, 3))
    wanted = F.multilabel_margin_loss(scores, target, reduction="none")
    result = evaluate("multilabel-margin", logits=scores, target=target)
    np.testing.assert_allclose(result.elements, wanted, rtol=1e-12)
    seen = {one.code: (one.index, one.count) for one in result.warnings}
    assert seen == {"label-twice": ((2,), 2), "label-after-end": ((3, 2), 1)}


def test_multilabel_margin_with_more_axes_is_that_of_rows():
    scores, target = normal((4, 3, 5)), lists(bits((4, 3, 5)) * torch.tensor([0, 1, 1, 1, 1]))
    found = evaluate("multilabel-margin", logits=scores, target=target).elements
    wanted = F.multilabel_margin_loss(scores.reshape(12, 5), target.reshape(12, 5),
                                      reduction="none")  # fmt: skip
    np.testing.assert_allclose(found, wanted.reshape(4, 3), rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 3), (9, 5), (200, 3), (9, 1), (4, 3, 5)], ids=str)
def test_zlpr(shape):
    """timm.loss.ZlprLoss: logsumexp over the scores that are left, and 0."""
    target = bits(shape)

    def reference(x):
        zero = torch.zeros_like(x[..., :1])
        sides = (torch.where(target == 1, -x, -torch.inf), torch.where(target == 1, -torch.inf, x))
        return sum(torch.cat([zero, side], -1).logsumexp(-1) for side in sides)

    agree("zlpr", "logits", normal(shape), target, reference)


# ---- classes


@layouts
@pytest.mark.parametrize(
    "options",
    [{}, {"p": 2}, {"margin": 0.3}, {"weight": True}, {"p": 2, "margin": 2.5, "weight": True}],
    ids=str,
)
def test_multi_margin_is_that_of_torch(layout, options):
    shape, axis = LAYOUTS[layout]
    target = indices(shape, axis)
    words = dict(options)
    if "weight" in words:
        words["weight"] = torch.from_numpy(RNG.uniform(0.2, 3, shape[axis]))

    def reference(x):
        rows = x.movedim(axis, -1).reshape(-1, shape[axis])
        found = F.multi_margin_loss(rows, target.reshape(-1), reduction="none", **words)
        return found.reshape(target.shape)

    agree("multi-margin", "logits", normal(shape), target, reference, **words)


@pytest.mark.parametrize("count", [3, 7])
def test_multiclass_hinge_is_that_of_scikit_learn(count):
    scores, target, weight = normal((60, count)), indices((60, count)), RNG.uniform(0.1, 2, 60)
    for words in ({}, {"sample_weight": weight}):
        wanted = metrics.hinge_loss(target, scores, labels=range(count), **words)
        found = evaluate("multiclass-hinge", logits=scores, target=target, **words)
        assert found.value == pytest.approx(wanted, rel=1e-12)


@layouts
@pytest.mark.parametrize("margin", [1.0, 0.0, 2.5])
def test_multiclass_hinge(layout, margin):
    """optax: the largest of score + margin, without the margin for the true class, less its own."""
    shape, axis = LAYOUTS[layout]
    target = indices(shape, axis)
    one_hot = F.one_hot(target, shape[axis]).double().movedim(-1, axis)

    def reference(x):
        return (x + margin * (1 - one_hot)).amax(axis) - (x * one_hot).sum(axis)

    agree("multiclass-hinge", "logits", normal(shape), target, reference, margin=margin)


@layouts
def test_categorical_hinge(layout):
    """Keras, from one-hot targets; and what it makes of soft ones."""
    shape, axis = LAYOUTS[layout]
    target = indices(shape, axis)
    one_hot = F.one_hot(target, shape[axis]).double().movedim(-1, axis)

    def keras(x, y):
        positive, negative = (y * x).sum(axis), ((1 - y) * x).amax(axis)
        return torch.relu(negative - positive + 1)

    agree("categorical-hinge", "logits", normal(shape), target, lambda x: keras(x, one_hot))
    for shares in (one_hot, normal(shape).softmax(axis)):
        words = {"class_axis": axis, "ignore": ["one-hot"]}
        agree("categorical-hinge", "logits", normal(shape), shares,
              lambda x, shares=shares: keras(x, shares), **words)  # fmt: skip


SHAPED = {  # by option sets: what a log-probability costs
    "focal-ce": [
        ({}, lambda lp: -((1 - lp.exp()) ** 2) * lp),
        ({"gamma": 0.0}, lambda lp: -lp),
        ({"gamma": 0.5}, lambda lp: -((1 - lp.exp()) ** 0.5) * lp),
    ],
    "poly1": [
        ({}, lambda lp: -lp + 2 * (1 - lp.exp())),
        ({"epsilon": -0.5}, lambda lp: -lp - 0.5 * (1 - lp.exp())),
        ({"epsilon": 0.0}, lambda lp: -lp),
    ],
    "gce": [
        ({}, lambda lp: (1 - lp.exp() ** 0.7) / 0.7),
        ({"q": 1.0}, lambda lp: 1 - lp.exp()),
        ({"q": 0.5}, lambda lp: (1 - lp.exp() ** 0.5) / 0.5),
    ],
}


@layouts
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name in SHAPED for case in range(len(SHAPED[name]))]
)
def test_shaped_cross_entropy(layout, kind, name, case):
    """kornia, smp, optax and timm, Keras: of class indices, and the first two of soft targets."""
    options, cost = SHAPED[name][case]
    shape, axis = LAYOUTS[layout]
    target = indices(shape, axis)

    def costs(x):
        return cost(x.log_softmax(axis) if kind == "logits" else x.log())

    def hard(x):
        return costs(x).gather(axis, target.unsqueeze(axis)).squeeze(axis)

    given = KINDS[kind](normal(shape), axis)
    agree(name, kind, given, target, hard, **options)
    if name == "gce":
        return
    one_hot = F.one_hot(target, shape[axis]).double().movedim(-1, axis)
    for shares in (one_hot, normal(shape).softmax(axis)):
        words = {"class_axis": axis, "ignore": ["one-hot"], **options}
        agree(name, kind, given, shares,
              lambda x, shares=shares: (costs(x) * shares).sum(axis), **words)  # fmt: skip


@pytest.mark.parametrize("soft", [False, True])
def test_alpha_of_focal_ce_is_a_factor_of_each_class(soft):
    z, target, alpha = normal((9, 5, 2)), indices((9, 5, 2)), RNG.uniform(0.2, 3, 5)
    plain = -((1 - z.softmax(1)) ** 2) * z.log_softmax(1) * torch.tensor(alpha)[:, None]
    one_hot = F.one_hot(target, 5).double().movedim(-1, 1)
    given = {"logits": z, "target": one_hot if soft else target, "alpha": alpha}
    found = evaluate("focal-ce", **given)
    np.testing.assert_allclose(found.elements, (plain * one_hot).sum(1), rtol=1e-12)
    assert found.denominator == 18


# ---- distributions


@pytest.mark.parametrize("base", [None, 2.0, 10.0])
@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("kind", ["logits", "probs"])
@pytest.mark.parametrize("shape", [(1, 4), (9, 4), (200, 3), (6, 3, 4)], ids=str)
def test_js_is_that_of_scipy(shape, kind, root, base):
    options = {"sqrt": root, "base": base}
    for axis in range(1, len(shape)):
        z, target = normal(shape), normal(shape).softmax(axis)

        def reference(x, axis=axis, target=target):
            p = x.softmax(axis) if kind == "logits" else x / x.sum(axis, keepdim=True)
            found = torch.from_numpy(jensenshannon(p.numpy(), target.numpy(), base, axis=axis))
            return found if root else found.square()

        agree("js", kind, KINDS[kind](z, axis), target, reference, class_axis=axis, **options)
