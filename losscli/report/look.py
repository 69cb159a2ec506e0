"""What a table may look like: that depends on who looks at it."""

from __future__ import annotations

from losscli.records import record

BLOCKS = " ▏▎▍▌▋▊▉█"
"""Bars are drawn in eighths of a character."""


@record
class Look:
    """How a screen is drawn.

    Attributes:
        colour: Use colour, and other terminal codes.
        width: Of a terminal, where there is one.
        histogram: Show how the losses are distributed.
        reductions: Show what they come to in each way to reduce them.
        blocks: Bars may be of block characters, which not every encoding has.
    """

    colour: bool = False
    width: int | None = None
    histogram: bool = False
    reductions: bool = False
    blocks: bool = True

    def bar(self, part: float, width: int) -> str:
        """A bar that fills a part of a width: nothing but for nothing.

        >>> Look().bar(0.3, 8), Look(blocks=False).bar(0.3, 8), Look().bar(1e-9, 8)
        ('██▍', '##', '▏')
        """
        if not self.blocks:
            return "#" * (max(1, round(part * width)) if part else 0)
        eighths = max(1, round(part * width * 8)) if part else 0
        return BLOCKS[-1] * (eighths // 8) + BLOCKS[eighths % 8].strip()
