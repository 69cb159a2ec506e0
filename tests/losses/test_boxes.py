"""Losses of boxes: against formulas in plain Python, at their limits, and what is refused."""

from __future__ import annotations

import json
from math import atan, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli import evaluate
from losscli.cli import main
from losscli.errors import DataError, UsageError

NAMES = ("box-iou", "giou", "diou", "ciou")
EPS = 1e-7
RNG = np.random.default_rng(8)
PLACE = RNG.uniform(0, 10, (2, 300, 2))
SIZE = RNG.uniform(0.5, 6, (2, 300, 2))
PRED, TRUE = np.concatenate([PLACE, PLACE + SIZE], -1)


def iou(a, b, eps=EPS):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = width * height if width > 0 and height > 0 else 0.0
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / (union + eps), union


def hull(a, b):
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def box_iou(a, b, eps=EPS):
    return 1 - iou(a, b, eps)[0]


def giou(a, b, eps=EPS):
    overlap, union = iou(a, b, eps)
    x1, y1, x2, y2 = hull(a, b)
    around = (x2 - x1) * (y2 - y1)
    return 1 - (overlap - (around - union) / (around + eps))


def diou(a, b, eps=EPS):
    x1, y1, x2, y2 = hull(a, b)
    centres = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (a, b)]
    far = (centres[0][0] - centres[1][0]) ** 2 + (centres[0][1] - centres[1][1]) ** 2
    return box_iou(a, b, eps) + far / ((x2 - x1) ** 2 + (y2 - y1) ** 2 + eps)


def ciou(a, b, eps=EPS):
    angles = [atan((box[2] - box[0]) / (box[3] - box[1])) for box in (a, b)]
    v = 4 / pi**2 * (angles[0] - angles[1]) ** 2
    return diou(a, b, eps) + v / (1 - iou(a, b, eps)[0] + v + eps) * v


NAIVE = dict(zip(NAMES, (box_iou, giou, diou, ciou), strict=True))

numbers = st.floats(-20, 20)
lengths = st.floats(0.01, 20)
boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), numbers, numbers, lengths, lengths)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=40)
@given(one=boxes, other=boxes, eps=st.sampled_from([1e-7, 0.3]))
def test_definition(name, one, other, eps):
    found = evaluate(name, pred=[one], target=[other], eps=eps)
    assert found.value == pytest.approx(NAIVE[name](one, other, eps), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many(name, dtype, tmp_path, capsys):
    np.save(tmp_path / "p.npy", PRED.astype(dtype))
    np.save(tmp_path / "t.npy", TRUE.astype(dtype))
    words = f"{name} --pred {tmp_path}/p.npy --target {tmp_path}/t.npy --json --reduction none"
    with pytest.raises(SystemExit):
        main(words.split())
    found = json.loads(capsys.readouterr().out)
    wanted = [NAIVE[name](one, other) for one, other in zip(PRED, TRUE, strict=True)]
    np.testing.assert_allclose(
        found["elements"], wanted, rtol=2e-5 if dtype == "float32" else 1e-12
    )
    overlaps = [iou(one, other, 0)[0] for one, other in zip(PRED, TRUE, strict=True)]
    assert found["metrics"]["mean_iou"] == pytest.approx(np.mean(overlaps), rel=1e-6)
    assert found["metrics"]["iou_50"] == np.mean([one >= 0.5 for one in overlaps])
    assert 0 < found["metrics"]["iou_50"] < 1


def test_half_is_enough():
    """Two of the three thirds of a box are shared with one of the same size: exactly a half."""
    found = evaluate("box-iou", pred=[[0, 0, 2, 1], [0, 0, 2, 1]], target=[[0, 0, 1, 1]] * 2)
    assert found.metrics == {"mean_iou": 0.5, "iou_50": 1.0}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_box(name):
    found = evaluate(name, pred=PRED, target=PRED)
    np.testing.assert_allclose(found.elements, 0, atol=1e-6)
    if name == "box-iou":
        areas = np.prod(PRED[:, 2:] - PRED[:, :2], axis=1)
        np.testing.assert_allclose(found.elements, EPS / (areas + EPS), rtol=1e-12)
    assert found.metrics["mean_iou"] == pytest.approx(1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nearly_the_same_box(name, dtype):
    """One is an epsilon larger than the other: what differs is not lost in the sum of areas."""
    more = np.finfo(dtype).eps
    found = evaluate(name, pred=np.ones((1, 4), dtype) * [0, 0, 1, 1], target=[[0, 0, 1, 1 + more]],
                     eps=1e-30, dtype=np.dtype(dtype).name)  # fmt: skip
    assert found.value == pytest.approx(float(more), rel=1e-6, abs=0)


def test_apart():
    """Boxes that do not touch: the nearer, the less, but not for the plain overlap."""
    near, far = ([[x, 0.0, x + 1, 1]] for x in (2, 9))
    origin = [[0.0, 0, 1, 1]]
    for name in ("giou", "diou", "ciou"):
        losses = [evaluate(name, pred=one, target=origin).value for one in (near, far)]
        assert 1 < losses[0] < losses[1] < 2
    assert {evaluate("box-iou", pred=one, target=origin).value for one in (near, far)} == {1.0}


WAYS = {
    "xyxy": lambda box: box,
    "xywh": lambda box: np.concatenate([box[:, :2], box[:, 2:] - box[:, :2]], 1),
    "cxcywh": lambda box: np.concatenate(
        [(box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]], 1
    ),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ours", WAYS)
@pytest.mark.parametrize("theirs", WAYS)
def test_formats(name, ours, theirs):
    wanted = evaluate(name, pred=PRED, target=TRUE)
    given = {"pred": WAYS[ours](PRED), "target": WAYS[theirs](TRUE)}
    found = evaluate(name, **given, box_format=f"{ours},{theirs}")
    np.testing.assert_allclose(found.elements, wanted.elements, rtol=1e-9, atol=1e-12)
    assert found.metrics == pytest.approx(wanted.metrics)
    if ours == theirs:
        short = evaluate(name, **given, box_format=ours)
        np.testing.assert_array_equal(short.elements, found.elements)
    else:
        assert found.signature != wanted.signature


@pytest.mark.parametrize("name", NAMES)
def test_shapes(name):
    """One box, boxes of images, and boxes of whole numbers."""
    wanted = evaluate(name, pred=PRED, target=TRUE).elements
    one = evaluate(name, pred=PRED[0], target=TRUE[0])
    assert one.elements.shape == ()
    assert one.value == wanted[0]
    images = evaluate(name, pred=PRED.reshape(60, 5, 4), target=TRUE.reshape(60, 5, 4))
    assert images.elements.shape == (60, 5)
    np.testing.assert_array_equal(images.elements.reshape(-1), wanted)
    whole = [np.round(10 * side).astype("uint16") for side in (PRED, TRUE)]
    found = evaluate(name, pred=whole[0], target=whole[1]).elements
    other = evaluate(name, pred=whole[0].astype(float), target=whole[1].astype(float)).elements
    np.testing.assert_array_equal(found, other)


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_count(name):
    mask = RNG.integers(0, 2, 300)
    wanted = evaluate(name, pred=PRED[mask > 0], target=TRUE[mask > 0])
    found = evaluate(name, pred=PRED, target=TRUE, mask=mask)
    assert found.value == pytest.approx(wanted.value, rel=1e-14)
    assert found.metrics == pytest.approx(wanted.metrics)
    broken = np.where(mask[:, None] > 0, PRED, np.nan)
    assert evaluate(name, pred=broken, target=TRUE, nan="omit").value == found.value
    weighted = evaluate(name, pred=PRED, target=TRUE, sample_weight=mask)
    assert weighted.value == pytest.approx(found.value, rel=1e-14)
    assert weighted.metrics == pytest.approx(found.metrics)


@pytest.mark.parametrize(
    ("box", "way", "text"),
    [
        ([3, 0, 2, 1], "xyxy", "row 2, column 3: 2: x2 is less than x1 (1 such value)"),
        ([0, 3, 2, 1], "xyxy", "row 2, column 4: 1: y2 is less than y1 (1 such value)"),
        ([0, 3, -2, 1], "xywh", "row 2, column 3: -2: a width below 0 (1 such value)"),
        ([0, 3, 2, -1], "cxcywh", "row 2, column 4: -1: a height below 0 (1 such value)"),
    ],
)
@pytest.mark.parametrize("side", ["pred", "target"])
def test_corners_the_wrong_way_round(box, way, text, side):
    good = np.array([[0.0, 0, 2, 3], [1, 1, 2, 2]])
    bad = np.array([good[0], box])
    sides = {"pred": bad, "target": good} if side == "pred" else {"pred": good, "target": bad}
    with pytest.raises(DataError) as error:
        evaluate("giou", **sides, box_format=way)
    assert text in str(error.value)
    assert error.value.code == "box-corners"
    assert "--box-format" in error.value.hint


def test_unsigned_corners_the_wrong_way_round():
    bad = np.array([[3, 0, 2, 1]], "uint8")
    with pytest.raises(DataError, match="x2 is less than x1"):
        evaluate("giou", pred=bad, target=bad)


@pytest.mark.parametrize("name", NAMES)
def test_boxes_without_area(name):
    """A point, a line and a box: warned of, and never NaN."""
    flat = [[1.0, 1, 1, 1], [0, 1, 2, 1], [0, 0, 0, 2]]
    found = evaluate(name, pred=flat, target=[[0.0, 0, 2, 2]] * 3)
    (warning,) = found.warnings
    assert (warning.code, warning.count, warning.input) == ("empty-box", 3, "pred")
    assert np.isfinite(found.elements).all()
    assert (found.elements >= 1).all()
    assert evaluate(name, pred=flat[0], target=flat[0]).value == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", [(5,), (3,), (2, 5), (4, 1, 3), ()])
def test_what_is_no_box(shape):
    values = np.arange(np.prod(shape)).reshape(shape)
    with pytest.raises(DataError) as error:
        evaluate("giou", pred=values, target=values)
    assert error.value.code == "shape-mismatch"


def test_one_box_against_several():
    with pytest.raises(DataError):
        evaluate("giou", pred=PRED[:1], target=TRUE[0])
    with pytest.raises(DataError):
        evaluate("giou", pred=PRED[0], target=TRUE[:2])


@pytest.mark.parametrize("way", ["xyxyx", "xyxy,", "xyxy,xyxy,xyxy", "cxcy"])
def test_formats_that_there_are_not(way):
    with pytest.raises(UsageError, match="--box-format cannot be"):
        evaluate("giou", pred=PRED, target=TRUE, box_format=way)


def test_far_apart_in_the_exponent():
    """The limits of very small and very large boxes, and what float32 cannot hold."""
    tiny = evaluate("diou", pred=[[0, 0, 1e-9, 1e-9]], target=[[0, 0, 1e-9, 1e-9]])
    assert tiny.value == pytest.approx(1)  # eps is larger than the area
    large = np.array([[0, 0, 1e30, 1e30]])
    assert evaluate("ciou", pred=large, target=large).value == pytest.approx(0, abs=1e-12)
    narrow = evaluate("giou", pred=large.astype("float32"), target=large.astype("float32"))
    assert [one.code for one in narrow.warnings] == ["overflow"]
    half = evaluate("box-iou", pred=large.astype("float32"), target=[[0, 0, 1e9, 1e9]])
    assert half.value == 1  # the area is infinite
    assert sqrt(evaluate("diou", pred=large, target=-large[:, [2, 3, 0, 1]]).value - 1) == (
        pytest.approx(0.5)
    )


def test_first_and_worst_show_both_boxes():
    """Those of each row, however many are shown."""
    pred, target = [[0.0, 0, 2, 2], [1.0, 0, 2, 3]], [[1, 1, 3, 3.5], [1, 0, 2, 3]]
    found = evaluate("giou", pred=pred, target=target)
    assert found.headings == ["pred", "y"]
    wanted = [["0 0 2 2", "1 1 3 3.5"], ["1 0 2 3", "1 0 2 3"]]
    assert [one.cells for one in found.first] == wanted
    assert [one.cells for one in found.worst] == wanted
