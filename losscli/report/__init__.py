"""A result as text: tables for people, JSON and lines for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losscli.result import Result

FORMATS = ("table", "json", "jsonl", "tsv", "csv")


def drawn(result: Result, style: str, *, colour: bool = False, width: int | None = None) -> str:
    """A result in one of the formats, with its last newline.

    Args:
        result: What to show.
        style: "table", "json", "jsonl", "tsv" or "csv".
        colour: Tables may use colour, and other terminal codes.
        width: Of the terminal, where there is one.
    """
    if style == "table":
        from losscli.report.tables import screen

        return screen(result, colour=colour, width=width)
    if style == "json":
        return json.dumps(result.to_dict(), allow_nan=False) + "\n"
    from losscli.report import lines

    return "".join(line + "\n" for line in getattr(lines, style)(result))
