"""The command ``inspect``: what files hold, and the losses that fit."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from losscli.cli.progress import watching
from losscli.cli.tell import Voice, coloured, put
from losscli.errors import Exit, Finding, Level, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.inspection import Asking

_PANEL = {"rich_help_panel": "Options", "show_default": False}


_COVER = "\0"
"""No word of a command line has it."""


def covered(word: str) -> str:
    """A word as Typer may see it: -:KEY would be options to it."""
    return _COVER + word if word.startswith("-:") else word


def inspection(
    file: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE[:KEY]",
            help="Files, parts of them, shards, - or inline JSON, as a loss takes them.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A file of which the words are keys.", **_PANEL),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="FMT",
            help="The format of standard input and of unknown suffixes, or raw:DTYPE:SHAPE.",
            **_PANEL,
        ),
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Say whether the first row of a table is a header.",
            **_PANEL,
        ),
    ] = None,
    stack: Annotated[
        bool,
        typer.Option(
            "--stack/--no-stack",
            help="Every file of a pattern or directory is one row, as images always are.",
            **_PANEL,
        ),
    ] = False,
    missing: Annotated[
        str,
        typer.Option(
            metavar="error|omit",
            help="Refuse empty cells and nulls, or count them apart.",
            **_PANEL,
        ),
    ] = "error",
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Look only at so many rows, from the first.", **_PANEL),
    ] = None,
    max_expansion: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="How many times its size a compressed file may become. Default 100.",
            **_PANEL,
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many cores read; all of them if not given.", **_PANEL),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json/--no-json", help="As one JSON object.", **_PANEL)
    ] = False,
    progress: Annotated[
        bool | None,
        typer.Option(
            "--progress/--no-progress",
            help="Show how far work of more than a second is; not given: on terminals only.",
            **_PANEL,
        ),
    ] = None,
) -> Any:
    """Show what files hold: arrays, columns, shapes, ranges, and what the values look like.

    All values are read, a leaf at a time. What they cannot be is told with the first
    that shows it, and what may be doubted of them with the codes of the losses. Where a
    prediction and a target are found, they are judged as the best loss would, and the last
    lines are the commands of those that take them, best first, to be pasted into a shell.

    Example: losscli inspect preds.npy y.npy
    Example: losscli inspect predictions.csv
    """
    from losscli.inspection import Asking

    if not file:
        raise UsageError("inspect wants files", hint="losscli inspect preds.npy y.npy")
    given = {"max_expansion": max_expansion} if max_expansion is not None else {}
    asking = Asking(
        data, input_format, header, limit, threads=threads, stack=stack, missing=missing, **given
    )
    asking.check()
    return partial(
        _show,
        [one.removeprefix(_COVER) for one in file],
        asking,
        as_json=as_json,
        progress=progress,
    )


def _show(words: Sequence[str], asking: Asking, *, as_json: bool, progress: bool | None) -> int:
    from losscli.cores import cores
    from losscli.inspection import inspect
    from losscli.report import inspected

    with watching(progress, Voice()) as watch:
        found = inspect(words, asking, watch, asking.threads or cores())
    notes = dict.fromkeys(note for held in found.held for note in held.notes)
    Voice().findings(Finding(code, Level.NOTE, message) for code, message in notes)
    as_text = (
        inspected.json(found) if as_json else inspected.screen(found, colour=coloured(sys.stdout))
    )
    put([as_text])
    return Exit.DONE
