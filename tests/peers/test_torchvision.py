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


def boxes():
    corner = RNG.uniform(0, 10, (N, 2))
    return np.append(corner, corner + RNG.uniform(0.5, 8, (N, 2)), 1)


PAIRS = {"pred": boxes(), "target": boxes()}
PAIRS["pred"][:3] = np.add(PAIRS["target"][:3], [[0], [100], [0.01]])  # the same, far apart, near


def losses_of_boxes(loss, name):
    """In each format, from the format that the library knows."""
    return {
        f"{loss}(box_format={form})": (
            loss,
            {**PAIRS, "box_format": form},
            lambda k, i, form=form: getattr(k, name)(
                k.box_convert(i.pred, form, "xyxy"), k.box_convert(i.target, form, "xyxy")
            ),
        )
        for form in ("xyxy", "xywh", "cxcywh")
    }


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
    **losses_of_boxes("giou", "generalized_box_iou_loss"),
    **losses_of_boxes("diou", "distance_box_iou_loss"),
    **losses_of_boxes("ciou", "complete_box_iou_loss"),
    "giou(eps=0.5)": (
        "giou",
        {**PAIRS, "eps": 0.5},
        lambda k, i: k.generalized_box_iou_loss(i.pred, i.target, eps=0.5),
    ),
    "diou(eps=0.5)": (
        "diou",
        {**PAIRS, "eps": 0.5},
        lambda k, i: k.distance_box_iou_loss(i.pred, i.target, eps=0.5),
    ),
    "box-iou": (
        "box-iou",
        PAIRS,
        lambda k, i: 1 - k.box_iou(i.pred, i.target).diagonal(),
        1e-6,
        "torchvision adds no eps to the union here",
    ),
    "box-iou(reduction=sum)": (
        "box-iou",
        {**PAIRS, "eps": 1e-15, "reduction": "sum"},
        lambda k, i: N - k.box_iou(i.pred, i.target).trace(),
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
    "ciou(eps=0.5)": (
        "ciou",
        {"pred": np.array([[0.0, 0, 2, 2]]), "target": np.array([[1.0, 1, 3, 4]]), "eps": 0.5},
        lambda k, i: k.complete_box_iou_loss(i.pred, i.target, eps=0.5),
        1 - 1 / 9.5 + 3.25 / 25.5,
        1 - 1 / 9 + 3.25 / 25,
        "torchvision has 1e-7 in the overlap and in the distance, whatever its eps",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
