"""Kinds of number that an option may be, with their bounds.

An annotation says it once; the command line, its help, the Python API and the check of a
value all read it from there.
"""

from __future__ import annotations

import operator
from typing import Annotated, Literal

from losscli.lazy import Tensor
from losscli.records import record

_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@record
class Bound:
    """One side of the range of an option.

    >>> Bound(">", 0).holds(0)
    False
    """

    sign: str
    limit: float

    def holds(self, value: float) -> bool:
        return bool(_COMPARE[self.sign](value, self.limit))

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}"


@record
class Small:
    """Marks an option, or an input, that may be a small array: numbers, or FILE[:KEY].

    Attributes:
        per_class: It has one number for each class; else it is broadcast to the prediction.
        free: It goes with no input, and is handed over as it is.
        drawn: It may also come from the targets: a weight for each of the "classes", or for the
            positives of each of the "columns".
    """

    per_class: bool = False
    drawn: Literal["", "classes", "columns"] = ""
    free: bool = False


@record
class Choice:
    """Marks an option that is one of some words, or several of them with commas between.

    Attributes:
        words: What it may be.
        most: How many it may be at once.
    """

    words: tuple[str, ...]
    most: int = 1

    def holds(self, value: object) -> bool:
        """Whether a value is made of the words.

        >>> Choice(("xyxy", "xywh"), most=2).holds("xywh,xyxy")
        True
        """
        given = value.split(",") if isinstance(value, str) else []
        return 0 < len(given) <= self.most and {*given} <= {*self.words}

    def __str__(self) -> str:
        again = f"[,{'|'.join(self.words)}]" if self.most > 1 else ""
        return "|".join(self.words) + again


Positive = Annotated[float, Bound(">", 0)]
NonNegative = Annotated[float, Bound(">=", 0)]
Fraction = Annotated[float, Bound(">=", 0), Bound("<=", 1)]
Stretch = Annotated[Tensor, Small()]
Array = Annotated[Tensor | float, Small()]
Bounds = Annotated[Tensor | float, Small(free=True), Bound(">=", 0)]
Levels = Annotated[Tensor | float, Small(), Bound(">=", 0), Bound("<=", 1)]
PerClass = Annotated[Tensor | float, Small(per_class=True, drawn="classes")]
PerColumn = Annotated[Tensor | float, Small(drawn="columns")]
Over = Annotated[str, Choice(("image", "batch"))]
Absent = Annotated[str, Choice(("keep", "skip", "zero"))]
WeightType = Annotated[str, Choice(("square", "simple", "uniform"))]
Chosen = Annotated[str, Choice(("present", "all"))]
BoxFormat = Annotated[str, Choice(("xyxy", "xywh", "cxcywh"), most=2)]
