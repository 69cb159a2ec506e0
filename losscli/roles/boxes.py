"""Boxes, as corners or as a place and a size, and how two of them overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from losscli import shapes
from losscli.checks import boxes
from losscli.checks.numbers import numbers
from losscli.errors import DataError
from losscli.lazy import np, torch
from losscli.roles.base import Measure, Report, Role, amount, number, ratio, told, weighted
from losscli.stats import Totals
from losscli.views import Pairing, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.lazy import Tensor

GOOD = 0.5
"""Boxes that overlap by this share or more are a hit in most tables of results."""


class Corners(NamedTuple):
    """The sides of some boxes."""

    x1: Tensor
    y1: Tensor
    x2: Tensor
    y2: Tensor

    @classmethod
    def of(cls, boxes: Tensor, way: str) -> Corners:
        """Of boxes (…, 4), as ``--box-format`` says: xyxy, xywh or cxcywh."""
        one, other, right, low = boxes.unbind(-1)
        if way == "xyxy":
            return cls(one, other, right, low)
        if way == "xywh":
            return cls(one, other, one + right, other + low)
        return cls(one - right / 2, other - low / 2, one + right / 2, other + low / 2)

    @property
    def area(self) -> Tensor:
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def shared(self, other: Corners) -> Tensor:
        """The area that both boxes have."""
        width = torch.minimum(self.x2, other.x2) - torch.maximum(self.x1, other.x1)
        height = torch.minimum(self.y2, other.y2) - torch.maximum(self.y1, other.y1)
        return width.clamp(min=0) * height.clamp(min=0)

    def around(self, other: Corners) -> Corners:
        """The smallest box that holds both."""
        return Corners(
            torch.minimum(self.x1, other.x1),
            torch.minimum(self.y1, other.y1),
            torch.maximum(self.x2, other.x2),
            torch.maximum(self.y2, other.y2),
        )


def both(pred: Tensor, target: Tensor, ways: str) -> tuple[Corners, Corners]:
    """The corners of both sides, of which the target may have a format of its own."""
    first, _, second = ways.partition(",")
    return Corners.of(pred, first), Corners.of(target, second or first)


class Boxes(Role):
    """A box for each box: four numbers each, on the last axis."""

    precise = True

    def pair(self) -> Pairing:
        prediction, target = self.asked.prediction, self.asked.target
        if prediction.shape == target.shape == (4,):
            view = View((4,), whole=True)
            return Pairing.of(1, view, view, ())
        pairing = shapes.same(prediction, target)
        if len(pairing.elements) < 2 or pairing.elements[-1] != 4:
            raise DataError(
                f"{prediction.label} has shape {prediction.shape}: a box is four numbers, so that "
                "N boxes have the shape (N, 4)",
                code="shape-mismatch",
            )
        return replace(pairing, elements=pairing.elements[:-1])

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """How the boxes of each side are written."""
        first, _, second = self.asked.options["box_format"].partition(",")
        return ("prediction", first), ("target", second or first)

    def checks(self) -> Sequence[Check]:
        plain = (*numbers("prediction"), *numbers("target"))
        odd = (one(side, way) for one in (boxes.reversed_, boxes.empty) for side, way in self.ways)
        return (*plain, *odd)

    def measure(self, batch: Batch) -> Totals:
        wide = [torch.from_numpy(one).double() for one in (batch.prediction, batch.target)]
        pred, target = both(wide[0], wide[1], self.asked.options["box_format"])
        shared = pred.shared(target)
        union = pred.area + target.area - shared
        iou = torch.where(union > 0, shared / union, 0.0).numpy()
        return Totals(
            {
                "count": amount(np.ones(iou.shape, bool), batch),
                "iou": weighted(iou, batch),
                "good": amount(iou >= GOOD, batch),
            }
        )

    def report(self, totals: Totals) -> Report:
        count, good = number(totals["count"]), number(totals["good"])
        iou = Measure("mean_iou", ratio(totals["iou"].value, count))
        how = f"{told(good)}/{told(count)}, IoU >= {GOOD}"
        return Report(None, [iou, Measure("iou_50", ratio(good, count), how)])

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        sides = [one.reshape(-1, 4) for one in (batch.prediction, batch.target)]
        rows = ((side[at] for side in sides) for at in places)
        return [[" ".join(f"{one:.6g}" for one in box) for box in row] for row in rows]
