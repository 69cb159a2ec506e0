"""How masks pair up, what does not count, what is measured, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError
from losscli.losses import losses

RNG = np.random.default_rng(4)
N, C, H, W = 6, 3, 5, 7
LOGITS = RNG.normal(0, 2, (N, C, H, W))
INDEX = RNG.integers(0, C, (N, H, W))
SCORES, MASK = RNG.normal(0, 2, (N, H, W)), RNG.integers(0, 2, (N, H, W))
NAMES = [one.name for one in losses.values() if one.family == "segmentation"]
KEPT = RNG.random((N, H, W)) < 0.7


@pytest.mark.parametrize("name", NAMES)
def test_classes_last(name):
    wanted = evaluate(name, logits=LOGITS, target=INDEX)
    last = np.moveaxis(LOGITS, 1, -1)
    found = evaluate(name, logits=last, target=INDEX)  # the shapes tell it
    np.testing.assert_array_equal(found.elements, wanted.elements)
    assert found.metrics == wanted.metrics
    hot = np.eye(C)[INDEX]
    found = evaluate(name, logits=last, target=hot, class_axis=-1)
    np.testing.assert_array_equal(found.elements, wanted.elements)
    assert found.metrics == wanted.metrics


@pytest.mark.parametrize("name", NAMES)
def test_binary_in_every_shape(name):
    wanted = evaluate(name, logits=SCORES, target=MASK)
    thick, other = SCORES[:, None], MASK[:, None]
    for x, y in ((thick, MASK), (thick, other), (SCORES, other)):
        found = evaluate(name, logits=x, target=y)
        np.testing.assert_array_equal(found.elements.ravel(), wanted.elements.ravel())
        assert found.metrics == wanted.metrics
    for dtype in ("bool", "uint8", "float32"):
        found = evaluate(name, logits=SCORES, target=MASK.astype(dtype))
        np.testing.assert_array_equal(found.elements, wanted.elements)


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ({"logits": LOGITS, "target": INDEX}, (N, C)),
        ({"logits": LOGITS.reshape(N, C, -1), "target": INDEX.reshape(N, -1)}, (N, C)),
        ({"logits": SCORES, "target": MASK}, (N,)),
        ({"logits": SCORES[:, None], "target": MASK}, (N, 1)),
        ({"logits": LOGITS, "target": INDEX, "reduce_over": "batch"}, (C,)),
        ({"logits": SCORES, "target": MASK, "reduce_over": "batch"}, (1,)),
        ({"logits": LOGITS, "target": INDEX, "limit": 2}, (2, C)),
        ({"logits": LOGITS, "target": INDEX, "include_background": False}, (N, C - 1)),
    ],
)
def test_shape_of_the_losses(given, shape):
    found = evaluate("dice", **given)
    assert found.elements.shape == found.shape == shape
    assert found.denominator == np.prod(shape)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("over", ["image", "batch"])
def test_pixels_that_do_not_count(name, over):
    """By --ignore-index, by --mask and by --nan omit alike: as if they had never been there."""
    more = {"reduce_over": over} if "reduce_over" in losses[name].options else {}
    more |= {"per_image": over == "image"} if name == "lovasz" else {}
    for scores, target in ((LOGITS, INDEX), (SCORES, MASK)):
        wanted = evaluate(name, logits=scores, target=target, mask=KEPT, **more)
        void = np.where(KEPT, target, 255)
        found = evaluate(name, logits=scores, target=void, ignore_index=255, **more)
        np.testing.assert_array_equal(found.elements, wanted.elements)
        assert (found.metrics, found.accuracy) == (wanted.metrics, wanted.accuracy)
        kept = KEPT[:, None] if scores.ndim == 4 else KEPT
        other = np.where(kept, scores, 1e3 * RNG.normal(size=scores.shape))
        found = evaluate(name, logits=other, target=target, mask=KEPT, **more)
        np.testing.assert_array_equal(found.elements, wanted.elements)
        if over == "image" and name != "focal-tversky" and name != "lovasz":
            broken = np.where(kept, scores, np.nan)
            found = evaluate(name, logits=broken, target=target, nan="omit", **more)
            np.testing.assert_array_equal(found.elements, wanted.elements)
    one = evaluate("dice", logits=LOGITS[:1, :, :, :4], target=INDEX[:1, :, :4])
    cut = np.broadcast_to(np.arange(W) < 4, (1, H, W))
    same = evaluate("dice", logits=LOGITS[:1], target=INDEX[:1], mask=cut)
    np.testing.assert_allclose(same.elements, one.elements, rtol=1e-13)
    assert same.metrics == one.metrics


@pytest.mark.parametrize("name", NAMES)
def test_an_image_of_which_nothing_counts(name):
    target = INDEX.copy()
    target[2] = 255
    found = evaluate(name, logits=LOGITS, target=target, ignore_index=255)
    rest = [0, 1, 3, 4, 5]
    wanted = evaluate(name, logits=LOGITS[rest], target=INDEX[rest])
    assert found.value == pytest.approx(wanted.value, rel=1e-13)
    assert found.metrics == wanted.metrics
    with pytest.raises(DataError, match="nothing to average"):
        evaluate(name, logits=LOGITS, target=np.full_like(INDEX, 255), ignore_index=255)


def test_what_is_measured():
    """Accuracy, mIoU and mean Dice over pixels that count, against loops."""
    found = evaluate("dice", logits=LOGITS, target=INDEX, mask=KEPT)
    guess = LOGITS.argmax(1)
    ious, dices = [], []
    for c in range(C):
        tp = ((guess == c) & (c == INDEX) & KEPT).sum()
        fp = ((guess == c) & (c != INDEX) & KEPT).sum()
        fn = ((guess != c) & (c == INDEX) & KEPT).sum()
        ious.append(tp / (tp + fp + fn))
        dices.append(2 * tp / (2 * tp + fp + fn))
    assert found.accuracy == pytest.approx((guess == INDEX)[KEPT].mean())
    assert found.metrics == pytest.approx({"mean_iou": np.mean(ious), "mean_dice": np.mean(dices)})
    worst = int(np.argmin(ious))
    assert found.report.remarks[0][0] == f"class {worst}"
    assert found.report.remarks[0][1].startswith(f"IoU {ious[worst]:.4f}")


def test_classes_that_are_nowhere_are_not_in_the_mean():
    logits = np.moveaxis(np.eye(4)[[[[0, 1], [1, 1]]]], -1, 1)
    found = evaluate("dice", logits=logits, target=[[[0, 1], [1, 0]]])
    assert found.metrics == pytest.approx({"mean_iou": (1 / 2 + 2 / 3) / 2, "mean_dice": 11 / 15})
    assert found.accuracy == 0.75


def test_what_is_measured_of_a_binary_mask():
    found = evaluate("dice", logits=SCORES, target=MASK)
    tp, wrong = ((SCORES > 0) & (MASK == 1)).sum(), ((SCORES > 0) != (MASK == 1)).sum()
    iou, dice = tp / (tp + wrong), 2 * tp / (2 * tp + wrong)
    assert found.metrics == pytest.approx({"iou": iou, "dice": dice})
    assert found.accuracy == pytest.approx(1 - wrong / MASK.size)
    high = evaluate("dice", logits=SCORES, target=MASK, threshold=1.0)
    assert high.accuracy == pytest.approx(((SCORES > 1) == MASK).mean())


def test_weights_of_images():
    weight = np.array([1.0, 2, 0, 1, 1, 3])
    found = evaluate("dice", logits=LOGITS, target=INDEX, sample_weight=weight)
    plain = evaluate("dice", logits=LOGITS, target=INDEX).elements
    assert found.value == pytest.approx((plain.mean(1) * weight).sum() / weight.sum())
    right = (LOGITS.argmax(1) == INDEX).mean((1, 2))
    assert found.accuracy == pytest.approx((right * weight).sum() / weight.sum())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "lovasz"])
@pytest.mark.parametrize("images", [1, 2])
def test_a_leaf_of_single_images(name, images, monkeypatch):
    """Images so large that a leaf has one: the same numbers, and the same bits of each image."""
    whole = evaluate(name, logits=LOGITS, target=INDEX)
    monkeypatch.setattr(plan, "LEAF", images * C * H * W)
    found = evaluate(name, logits=LOGITS, target=INDEX)
    if whole.elements.shape[0] == N:
        np.testing.assert_array_equal(found.elements, whole.elements)
    np.testing.assert_allclose(found.elements, whole.elements, rtol=1e-14)
    one, other = (json.loads(json.dumps(each.to_dict())) for each in (found, whole))
    assert one["metrics"] == other["metrics"]
    threads = evaluate(name, logits=LOGITS, target=INDEX, threads=3)
    assert json.dumps(threads.to_dict()) == json.dumps(found.to_dict())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_extreme_logits(name, dtype):
    """Certainty, right or wrong, is the limit; only a cross-entropy is without bound."""
    for size in (1e4, np.inf):
        logits = (np.moveaxis(np.eye(C)[INDEX], -1, 1) - 0.5) * size
        right = evaluate(name, logits=logits.astype(dtype), target=INDEX, ignore=["infinite"])
        assert right.value == pytest.approx(0, abs=1e-6)
        wrong = evaluate(name, logits=-logits.astype(dtype), target=INDEX)
        assert wrong.value > 0.8
        assert not np.isnan(wrong.elements).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("labels", [(0, 255), (2, 1), (1.0, -1.0), ("no", "yes")], ids=str)
def test_masks_of_two_other_labels(name, labels, monkeypatch):
    """Their positive label is 1, as divided by 255 it would be; in one leaf and in many."""
    target = np.where(MASK, labels[1], labels[0])
    wanted = evaluate(name, logits=SCORES, target=MASK, mask=KEPT)
    monkeypatch.setattr(plan, "LEAF", 2 * H * W)
    given = {"logits": SCORES, "target": target.tolist(), "mask": KEPT}
    found = evaluate(name, **given, pos_label=labels[1])
    np.testing.assert_array_equal(found.elements, wanted.elements)
    assert (found.metrics, found.guess) == (wanted.metrics, wanted.guess)
    (note,) = (one for one in found.notes if one.code == "pos-label")
    shown = [repr(one) if isinstance(one, str) else f"{one:g}" for one in labels]
    assert note.message == f"target: {shown[1]} was read as 1, and {shown[0]} as 0"


@pytest.mark.parametrize("name", NAMES)
def test_a_third_label_of_masks_and_what_is_ignored(name):
    target = 255 * MASK
    target[3, 2, 2] = 128
    with pytest.raises(DataError, match="128 is a third label, beside 255 and 0"):
        evaluate(name, logits=SCORES, target=target, pos_label=255)
    found = evaluate(name, logits=SCORES, target=target, pos_label=255, ignore_index=128)
    kept = np.ones((N, H, W), bool)
    kept[3, 2, 2] = False
    wanted = evaluate(name, logits=SCORES, target=MASK, mask=kept)
    np.testing.assert_array_equal(found.elements, wanted.elements)
    with pytest.raises(UsageError, match="--pos-label has no meaning here"):
        evaluate(name, logits=LOGITS, target=INDEX, pos_label=1)


REFUSED = {
    "rows of pixels": ({"logits": SCORES[0], "target": MASK[0]}, "--class-axis 1"),
    "a line": ({"logits": SCORES[0, 0], "target": MASK[0, 0]}, "(N, C, H, W)"),
    "another size": ({"logits": LOGITS, "target": INDEX[:, 1:]}, ""),
    "no images": ({"logits": LOGITS[0], "target": INDEX[0]}, ""),
    "255": ({"logits": SCORES, "target": np.where(MASK, 1, 255)}, "--ignore-index 255"),
    "0 and 255": ({"logits": SCORES, "target": MASK * 255}, "--pos-label 255"),
    "indices": ({"logits": SCORES, "target": INDEX}, "(N, C, H, W)"),
    "a class too many": ({"logits": LOGITS, "target": INDEX + 1}, "--target-base 1"),
    "fractions": ({"logits": LOGITS, "target": INDEX + 0.5}, "class indices"),
    "negative shares": ({"logits": LOGITS, "target": LOGITS}, ""),
    "probs": ({"probs": LOGITS, "target": INDEX}, "--logits"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", REFUSED)
def test_refused(name, case):
    given, hint = REFUSED[case]
    if case == "probs" and name == "dice-ce":
        pytest.skip("takes logits alone")
    with pytest.raises(DataError) as error:
        evaluate(name, **given)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("name", "given", "more"),
    [
        ("dice", {"logits": SCORES, "target": MASK}, {"include_background": False}),
        ("dice", {"logits": SCORES, "target": MASK}, {"classes": "a,b"}),
        ("dice", {"logits": LOGITS, "target": INDEX}, {"threshold": 0.1}),
        ("dice", {"logits": LOGITS, "target": np.eye(C)[INDEX].transpose(0, 3, 1, 2)},
         {"ignore_index": 2}),
        ("lovasz", {"logits": SCORES, "target": MASK}, {"classes": "all"}),
        ("dice", {"logits": LOGITS, "target": INDEX, "reduce_over": "batch"},
         {"sample_weight": np.ones(N)}),
    ],
)  # fmt: skip
def test_options_without_a_meaning(name, given, more):
    evaluate(name, **given)
    with pytest.raises(UsageError, match="no meaning"):
        evaluate(name, **given, **more)


def test_lovasz_wants_hard_targets_and_logits_of_a_binary_mask():
    probs = 1 / (1 + np.exp(-SCORES))
    with pytest.raises(DataError, match="hinge of logits"):
        evaluate("lovasz", probs=probs, target=MASK)
    with pytest.raises(DataError, match=r"targets of 0 and 1, not 0\.5"):
        evaluate("lovasz", logits=SCORES, target=MASK * 0.5)


def test_masks_that_overlap_are_warned_of():
    target = np.ones((N, C, H, W))
    (found,) = evaluate("dice", logits=LOGITS, target=target).warnings
    assert (found.code, found.count) == ("target-sum", N * H * W)
    assert "--probs" in found.hint
    codes = {one.code for one in evaluate("dice", probs=target, target=target).warnings}
    assert codes == {"target-sum", "probs-sum"}


def test_what_is_shown():
    found = evaluate("dice", logits=LOGITS, target=INDEX, classes="sky,sea,land")
    assert found.headings == ["class", "pixels", "y"]
    at = found.first[1]
    sizes = [(one[0] == 1).sum() for one in (LOGITS.argmax(1), INDEX)]
    assert (at.index, at.cells) == ((0, 1), ["sea", *map(str, sizes)])
    batch = evaluate("dice", logits=LOGITS, target=INDEX, reduce_over="batch", classes="a,b,c")
    assert [one.cells for one in batch.first] == [["a"], ["b"], ["c"]]
    image = evaluate("generalized-dice", logits=LOGITS, target=INDEX, mask=KEPT).first[0]
    assert image.cells == [f"{(LOGITS.argmax(1) == INDEX)[0][KEPT[0]].mean():.2%}"]
    binary = evaluate("dice", logits=SCORES, target=MASK).first[0]
    assert binary.cells == [str((SCORES[0] > 0).sum()), str(MASK[0].sum())]
