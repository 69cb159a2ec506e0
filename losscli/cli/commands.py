"""Commands: one for each loss, built when it is called, and the tools beside them."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from functools import partial
from inspect import Signature, getdoc
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from losscli.cli import help as shown
from losscli.cli.output import Output, answer
from losscli.cli.parameters import parameters
from losscli.cli.usage import check_once, normalised, refuse_words, reworded
from losscli.errors import Exit, UsageError
from losscli.gates import Gates
from losscli.losses import FAMILIES, losses
from losscli.registry import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from losscli.cli.tell import Voice
    from losscli.registry import Loss

_CONTEXT = {"help_option_names": ["-h", "--help"]}


def parse(words: Sequence[str]) -> Callable[[Voice], int]:
    """What the words ask for, as a job that is still to be done.

    Raises:
        UsageError: they ask for nothing that there is.
    """
    command = typer.main.get_command(_app())
    try:
        job = command.main(normalised(words), prog_name="losscli", standalone_mode=False)
    except typer.TyperException as error:
        raise reworded(error, words) from error
    return job if callable(job) else partial(_done, job or Exit.DONE)


def _done(code: int, voice: Voice) -> int:
    return code


class Commands(TyperGroup):
    """Finds a command by any name of its loss, and builds that one alone."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*losses, *TOOLS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in TOOLS:
            return _tool(cmd_name)
        return build(losses.find(cmd_name), cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        sys.stdout.write(shown.overview())


def _app() -> typer.Typer:
    app = typer.Typer(
        cls=Commands, invoke_without_command=True, context_settings=_CONTEXT, rich_markup_mode=None
    )
    app.callback()(_root)
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Show the version.")] = False,
) -> Any:
    if version:
        sys.stdout.write(shown.version())
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(shown.overview())
        raise typer.Exit


def build(loss: Loss[Any, Any], name: str) -> Any:
    """The command of a loss: its signature is that of the loss, with what all have in common."""

    def run(context: typer.Context, **given: Any) -> Callable[[Voice], int]:
        refuse_words(loss, context.args, given)
        return partial(_ask, loss, name, given)

    run.__signature__ = Signature(list(parameters(loss)))  # type: ignore[attr-defined]
    run.__annotations__ = {}
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    context = {**_CONTEXT, "allow_extra_args": True}
    app.command(loss.name, cls=_Once, help=shown.of_loss(loss), context_settings=context)(run)
    return typer.main.get_command(app)


class _Once(typer.core.TyperCommand):
    """A command of which every option is given at most once."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.rich_help_panel = "Showing"
        return option

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        check_once(args, self.params)
        return super().parse_args(ctx, args)


def _ask(loss: Loss[Any, Any], name: str, given: dict[str, Any], voice: Voice) -> int:
    """Sorts what was given into question, output and gates."""
    from losscli.question import ask

    output = Output(**_taken(given, Output))
    gates = Gates(**_taken(given, Gates))
    for key, convert in (("top_k", _whole_numbers), ("classes", _class_names), ("ignore", _codes)):
        if given.get(key) is not None and key not in loss.options:
            given[key] = convert(given[key])
    given = {key: value for key, value in given.items() if value not in (None, [])}
    return answer(ask(loss, given, name=name), output, gates, voice)


def _taken(given: dict[str, Any], owner: Any) -> dict[str, Any]:
    """Takes what belongs to a dataclass out of what was given."""
    names = [one.name for one in fields(owner)]
    found = {name: given.pop(name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _whole_numbers(text: str) -> tuple[int, ...]:
    pieces = text.split(",")
    if not all(piece.strip().isdecimal() for piece in pieces):
        raise UsageError(f"--top-k wants whole numbers, not {text!r}", hint="--top-k 1,5")
    return tuple(map(int, pieces))


def _class_names(text: str) -> tuple[str, ...]:
    from losscli.inputs import read_names

    return read_names(text)


def _codes(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(code.strip() for word in words for code in word.split(","))


def _list(
    family: Annotated[
        str | None, typer.Option(metavar="|".join(FAMILIES), help="Only the losses of one family.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json/--no-json", help="As JSON, with inputs and options.")
    ] = False,
) -> Any:
    """List the losses, with their other names."""
    if family is not None and family not in FAMILIES:
        hint = suggest(family, list(FAMILIES), "families are")
        raise UsageError(f"no family {family!r}", hint=hint)
    found = [one for one in losses.values() if family in (None, one.family)]
    if as_json:
        text = json.dumps([shown.described(one) for one in found], ensure_ascii=False) + "\n"
    else:
        text = shown.listing(found)
    sys.stdout.write(text)
    raise typer.Exit


def _help(name: Annotated[str, typer.Argument(help="A loss, or a tool.")]) -> Any:
    """Show the help of a command."""
    return parse([name, "--help"])


TOOLS: dict[str, Callable[..., Any]] = {"list": _list, "help": _help}
"""The commands that are no losses."""


def _tool(name: str) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    function = TOOLS[name]
    app.command(name, help=getdoc(function), context_settings=_CONTEXT)(function)
    return typer.main.get_command(app)
