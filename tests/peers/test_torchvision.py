"""torchvision: losses of elements and of boxes, which it does not reduce."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "torchvision.ops"
if find_spec("torchvision") is None:
    pytest.skip("torchvision is not installed", allow_module_level=True)

RNG = np.random.default_rng(6)
N = 60
Z = np.append(RNG.normal(0, 3, N - 3), [0, 30, -30])
HARD, SOFT = (RNG.random(N) < 0.5).astype(float), RNG.random(N)

CASES = {
    "focal": (
        "focal",
        {"logits": Z, "target": HARD},
        lambda k, i: k.sigmoid_focal_loss(i.logits, i.target, alpha=-1),
    ),
    "focal(gamma=1, alpha=0.25)": (
        "focal",
        {"logits": Z, "target": HARD, "gamma": 1.0, "alpha": 0.25},
        lambda k, i: k.sigmoid_focal_loss(i.logits, i.target, gamma=1),
    ),
    "focal, soft targets(gamma=0.5, alpha=0.7, reduction=sum)": (
        "focal",
        {"logits": Z, "target": SOFT, "gamma": 0.5, "alpha": 0.7, "reduction": "sum"},
        lambda k, i: k.sigmoid_focal_loss(
            i.logits, i.target, gamma=i.gamma, alpha=i.alpha, reduction="sum"
        ),
    ),
}

DIFFERENT = {
    "focal": (
        "focal",
        {"logits": np.zeros(1), "target": np.zeros(1)},
        lambda k, i: k.sigmoid_focal_loss(i.logits, i.target, reduction="mean"),
        0.1733,
        0.1300,
        "torchvision weighs the classes by an alpha of 0.25",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
