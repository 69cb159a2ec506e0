"""Losses of boxes: how much of two of them is shared, and how far apart they are."""

from __future__ import annotations

from math import pi

from losscli.lazy import Tensor, torch
from losscli.options import BoxFormat, Positive
from losscli.registry import loss
from losscli.roles import Boxes
from losscli.roles.boxes import Corners, both

UNREDUCED = "the mean, as of all losses; torchvision's own default is --reduction none"


@loss(
    Boxes,
    reference="torchvision.ops.generalized_box_iou_loss",
    aliases=("generalized-iou", "generalized-box-iou", "BoxGIoULoss"),
    differs={"generalized-box-iou-loss": UNREDUCED},
)
def giou(
    pred: Tensor, target: Tensor, *, eps: Positive = 1e-7, box_format: BoxFormat = "xyxy"
) -> Tensor:
    """Generalised overlap of boxes: it also falls while boxes that do not touch come nearer.

    loss = 1 - IoU + (C - U) / (C + eps), with IoU = I / (U + eps), the shared area I, the area U
    of both together, and that of the smallest box around both, C. It is between 0 and 2.

    Args:
        eps: Added to what is divided by.
        box_format: Two corners, a corner and a size, or a centre and a size; of the targets after
            a comma, where theirs is another.

    Shape:
        Boxes (N, 4), or more axes before the last, or (4,) for one; losses without the last axis.

    Related:
        box-iou: without the smallest box around both; 1 wherever boxes do not touch.
        diou: takes the distance of the centres instead.

    Reference:
        torchvision.ops.generalized_box_iou_loss; Rezatofighi et al., arXiv:1902.09630.

    Example:
        >>> giou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 1, 3, 3]]))
        tensor([1.0794])
    """
    ours, theirs = both(pred, target, box_format)
    around, union = ours.around(theirs).area, _union(ours, theirs)
    return _missed(ours, theirs, eps) + (around - union) / (around + eps)


giou.unguessed("the constant box that costs least has no formula")


@loss(
    Boxes,
    reference="torchvision.ops.box_iou",
    aliases=("box-iou-loss", "iou-loss"),
)
def box_iou(
    pred: Tensor, target: Tensor, *, eps: Positive = 1e-7, box_format: BoxFormat = "xyxy"
) -> Tensor:
    """Overlap of boxes: what they share of the area that they cover.

    loss = 1 - I / (U + eps), with the shared area I and the area U of both together: 1 wherever
    they do not touch.

    Args:
        eps: Added to what is divided by.
        box_format: Two corners, a corner and a size, or a centre and a size; of the targets after
            a comma, where theirs is another.

    Shape:
        Boxes (N, 4), or more axes before the last, or (4,) for one; losses without the last axis.

    Related:
        giou: it also falls while boxes that do not touch come nearer.
        jaccard: the same of masks.

    Reference:
        The diagonal of torchvision.ops.box_iou; Yu et al., arXiv:1608.01471.

    Example:
        >>> box_iou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 1, 3, 3]]))
        tensor([0.8571])
    """
    return _missed(*both(pred, target, box_format), eps)


box_iou.unguessed("the constant box that costs least has no formula")


@loss(
    Boxes,
    reference="torchvision.ops.distance_box_iou_loss",
    aliases=("distance-iou", "distance-box-iou"),
    differs={"distance-box-iou-loss": UNREDUCED},
)
def diou(
    pred: Tensor, target: Tensor, *, eps: Positive = 1e-7, box_format: BoxFormat = "xyxy"
) -> Tensor:
    """Overlap of boxes, and the distance of their centres.

    loss = 1 - IoU + d² / (D² + eps), with IoU = I / (U + eps), the distance d of the centres, and
    the diagonal D of the smallest box around both.

    Args:
        eps: Added to what is divided by.
        box_format: Two corners, a corner and a size, or a centre and a size; of the targets after
            a comma, where theirs is another.

    Shape:
        Boxes (N, 4), or more axes before the last, or (4,) for one; losses without the last axis.

    Related:
        box-iou: without the distance.
        ciou: adds how the shapes differ.

    Reference:
        torchvision.ops.distance_box_iou_loss; Zheng et al., arXiv:1911.08287.

    Example:
        >>> diou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 1, 3, 3]]))
        tensor([0.9683])
    """
    ours, theirs = both(pred, target, box_format)
    return _missed(ours, theirs, eps) + _apart(ours, theirs, eps)


diou.unguessed("the constant box that costs least has no formula")


@loss(
    Boxes,
    reference="torchvision.ops.complete_box_iou_loss",
    aliases=("complete-iou", "complete-box-iou"),
    differs={"complete-box-iou-loss": UNREDUCED},
)
def ciou(
    pred: Tensor, target: Tensor, *, eps: Positive = 1e-7, box_format: BoxFormat = "xyxy"
) -> Tensor:
    """Overlap of boxes, the distance of their centres, and how their shapes differ.

    loss = diou + v² / (1 - IoU + v + eps), with v = 4/π² · (angle - other angle)², where the angle
    of a box is that of its diagonal: atan(width / height).

    Args:
        eps: Added to what is divided by.
        box_format: Two corners, a corner and a size, or a centre and a size; of the targets after
            a comma, where theirs is another.

    Shape:
        Boxes (N, 4), or more axes before the last, or (4,) for one; losses without the last axis.

    Related:
        diou: the same where both boxes have one shape.
        giou: takes the smallest box around both instead.

    Reference:
        torchvision.ops.complete_box_iou_loss; Zheng et al., arXiv:1911.08287.

    Example:
        >>> ciou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 1, 3, 4]]))
        tensor([1.0192])
    """
    ours, theirs = both(pred, target, box_format)
    missed = _missed(ours, theirs, eps)
    shape = 4 / pi**2 * (_angle(theirs) - _angle(ours)).square()
    return missed + _apart(ours, theirs, eps) + shape.square() / (missed + shape + eps)


ciou.unguessed("the constant box that costs least has no formula")


def _union(ours: Corners, theirs: Corners) -> Tensor:
    """The area that two boxes cover together."""
    return ours.shared(theirs) + _rest(ours, theirs)


def _rest(ours: Corners, theirs: Corners) -> Tensor:
    """The area that only one of two boxes covers: of boxes that are nearly the same, too."""
    shared = ours.shared(theirs)
    return (ours.area - shared) + (theirs.area - shared)


def _missed(ours: Corners, theirs: Corners, eps: float) -> Tensor:
    """1 - IoU, without the difference of two numbers near 1."""
    return 1 / (1 + ours.shared(theirs) / (_rest(ours, theirs) + eps))


def _apart(ours: Corners, theirs: Corners, eps: float) -> Tensor:
    """The squared distance of the centres, as a share of the squared diagonal around both."""
    around = ours.around(theirs)
    diagonal = (around.x2 - around.x1).square() + (around.y2 - around.y1).square()
    across = ((ours.x1 + ours.x2) - (theirs.x1 + theirs.x2)) / 2
    down = ((ours.y1 + ours.y2) - (theirs.y1 + theirs.y2)) / 2
    return (across.square() + down.square()) / (diagonal + eps)


def _angle(box: Corners) -> Tensor:
    return torch.atan2(box.x2 - box.x1, box.y2 - box.y1)
