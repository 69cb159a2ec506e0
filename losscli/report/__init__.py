"""A result as text: tables for people, JSON and lines for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.report.look import Look
    from losscli.result import Result

FORMATS = ("table", "json", "jsonl", "tsv", "csv")


def drawn(result: Result, style: str, look: Look | None = None) -> Iterator[str]:
    """A result in one of the formats, with its last newline, in pieces.

    Args:
        result: What to show.
        style: "table", "json", "jsonl", "tsv" or "csv".
        look: What tables may use, and which there are.
    """
    if style == "table":
        from losscli.report.look import Look
        from losscli.report.tables import screen

        yield screen(result, look or Look())
    else:
        from losscli.report import lines

        yield from getattr(lines, style)(result)
