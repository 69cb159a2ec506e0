"""What the numbers of a box cannot be, for each way to write one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Found, Tally, check, of_each
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from losscli.batch import Batch

OTHERS = {
    "xyxy": "boxes of a corner and a size are --box-format xywh, of a centre and a size cxcywh",
    "xywh": "boxes of two corners are --box-format xyxy",
    "cxcywh": "boxes of two corners are --box-format xyxy",
}
"""What boxes that cannot be of one format may be of another."""


def sizes(boxes: np.ndarray, way: str) -> np.ndarray:
    """The width and the height of each box."""
    return boxes[..., 2:] - boxes[..., :2] if way == "xyxy" else boxes[..., 2:]


@of_each("prediction", "xyxy")
def reversed_(side: str, way: str) -> Check:
    """The check of boxes whose second corner is left of the first, or above it."""

    @check("box-corners", Level.ERROR, on=side)
    def found(batch: Batch) -> np.ndarray | None:
        """Boxes with x2 < x1 or y2 < y1, or with a size below 0.

        --box-format says how boxes are written: xyxy, xywh or cxcywh.
        """
        low = sizes(_wide(batch.values(side)), way) < 0
        return np.concatenate([np.zeros_like(low), low], -1) if low.any() else None

    @found.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        first, second = (("x1", "x2"), ("y1", "y2"))[case.index[-1] % 2]
        size = ("width", "height")[case.index[-1] % 2]
        what = f"{second} is less than {first}" if way == "xyxy" else f"a {size} below 0"
        message = f"{case.place}: {tally.value:g}: {what} ({like(tally)})"
        return message, OTHERS[way]

    return found


@of_each("prediction", "xyxy")
def empty(side: str, way: str) -> Check:
    """The check of boxes without any area: nothing can overlap them."""

    @check("empty-box", Level.WARNING, on=side, whole_rows=True)
    def found(batch: Batch) -> Found | None:
        """Boxes of no width or no height.

        Nothing overlaps them, so that their loss is 1 or more; --mask leaves them out.
        """
        least = sizes(_wide(batch.values(side)), way).min(-1)
        return Found(least == 0, least) if (least == 0).any() else None

    @found.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        message = f"{case.place}: a box without area, which overlaps nothing"
        return f"{message} ({like(tally, 'row')})", ""

    return found


def _wide(boxes: np.ndarray) -> np.ndarray:
    """Numbers that can be subtracted: whole ones without a sign cannot."""
    return boxes if boxes.dtype.kind == "f" else boxes.astype(np.float64)
