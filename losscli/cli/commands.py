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

from losscli.checks.codes import CODES
from losscli.cli import help as shown
from losscli.cli import own
from losscli.cli.inspection import covered, inspection
from losscli.cli.output import Output, answer
from losscli.cli.parameters import parameters
from losscli.cli.tell import Voice
from losscli.cli.usage import check_once, grouped, normalised, refuse_words, reworded
from losscli.cli.words import spared
from losscli.ensembles import averaged
from losscli.errors import Exit, UsageError
from losscli.gates import Gates
from losscli.losses import FAMILIES, losses
from losscli.own import INSTALLED, plugins
from losscli.registry import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from losscli.registry import Loss

_CONTEXT = {"help_option_names": ["-h", "--help"]}


def parse(words: Sequence[str]) -> Callable[[], int]:
    """What the words ask for, as a job that is still to be done.

    Raises:
        UsageError: they ask for nothing that there is.
    """
    command = typer.main.get_command(_app())
    try:
        job = command.main(normalised(words), prog_name="losscli", standalone_mode=False)
    except typer.TyperException as error:
        raise reworded(error, words) from error
    except typer.Abort:  # which is what Typer makes of Ctrl-C
        raise KeyboardInterrupt from None
    return job if callable(job) else lambda: job or Exit.DONE


class Commands(TyperGroup):
    """Finds a command by any name of its loss, and builds that one alone."""

    def get_params(self, ctx: Any) -> list[Any]:
        return spared(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        return [*losses, *TOOLS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in TOOLS:
            return _tool(cmd_name)
        return build(plugins.find(cmd_name), cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        loss, rest = own.chosen(args[1:]) if args[0] == "run" else (None, [])
        if loss is None:
            return super().resolve_command(ctx, args)
        return loss.command, build(loss, loss.name), rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(shown.overview(own.overview()))


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
        sys.stdout.write(shown.overview(own.overview()))
        raise typer.Exit


def build(loss: Loss[Any, Any], name: str) -> Any:
    """The command of a loss: its signature is that of the loss, with what all have in common."""

    def run(context: typer.Context, **given: Any) -> Callable[[], int]:
        refuse_words(loss, context.meta[_WORDS], given)
        return partial(_ask, loss, name, given)

    run.__signature__ = Signature(list(parameters(loss)))  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return _command(loss.name, run, shown.of_loss(loss), loss.summary, allow_extra_args=True)


_WORDS = "losscli.words"


class _Command(typer.core.TyperCommand):
    """A command of which every option is given at most once, with help in our own form."""

    def get_params(self, ctx: Any) -> list[Any]:
        return spared(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = [*grouped(args, self.get_params(ctx))]
        check_once(ctx.meta[_WORDS])
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(shown.page(self.help or "", self.get_params(ctx)))


class _Files(_Command):
    """A command of files, of which -:KEY is one and no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [*map(covered, args)])


def _command(
    name: str,
    function: Callable[..., Any],
    text: str,
    summary: str,
    cls: type[_Command] = _Command,
    **context: Any,
) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {**_CONTEXT, **context}
    command = app.command(name, cls=cls, help=text, short_help=summary, context_settings=settings)
    command(function)
    return typer.main.get_command(app)


def _ask(loss: Loss[Any, Any], name: str, given: dict[str, Any]) -> int:
    """Sorts what was given into question, output and gates."""
    from losscli.asking import ask

    output = Output(**_taken(given, Output))
    gates = Gates(**_taken(given, Gates))
    given = {key: value for key, value in given.items() if value not in (None, [])}
    if "ensemble" not in given:
        given |= {name: given[name][0] for name in averaged(loss) if name in given}
    with output.reports(loss.name).of_errors(gates.asked):
        return answer(ask(loss, given, name=name), output, gates)


def _taken(given: dict[str, Any], owner: Any) -> dict[str, Any]:
    """Takes what belongs to a dataclass out of what was given."""
    names = [one.name for one in fields(owner)]
    found = {name: given.pop(name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _list(
    family: Annotated[
        str | None,
        typer.Option(
            metavar="FAMILY",
            help=f"Only the losses of one family: {', '.join(FAMILIES)}.",
            rich_help_panel="Options",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json/--no-json", help="As JSON, with inputs and options.", rich_help_panel="Options"
        ),
    ] = False,
) -> Any:
    """List the losses, with their other names."""
    if family is not None and family not in (*FAMILIES, INSTALLED):
        hint = suggest(family, [*FAMILIES, INSTALLED], "families are")
        raise UsageError(f"no family {family!r}", hint=hint)
    found = [one for one in losses.values() if family in (None, one.family)]
    more = family in (None, INSTALLED)
    if as_json:
        brought, findings = plugins.loaded() if more else ([], [])
        Voice().findings(findings)
        text = json.dumps([shown.described(one) for one in (*found, *brought)]) + "\n"
    else:
        parts = [shown.listing(found) if found else "", own.listing() if more else ""]
        text = "\n".join(filter(None, parts))
    sys.stdout.write(text)
    raise typer.Exit


def _help(name: Annotated[str | None, typer.Argument(help="A loss, or a tool.")] = None) -> Any:
    """Show the help of a command."""
    if name is not None and ":" in name:
        return parse(["run", "--loss", name, "--help"])
    return parse(["--help"] if name is None else [name, "--help"])


def _explain(
    name: Annotated[
        str | None,
        typer.Argument(
            help=f"A loss, by any name or place, or a code: {', '.join(sorted(CODES))}."
        ),
    ] = None,
) -> Any:
    """Explain a loss, or the code of a note, a warning or an error."""
    from losscli.cli.explain import explained

    if name is None:
        hint = "losscli list shows all losses, losscli explain --help all codes"
        raise UsageError("explain wants the name of a loss, or a code", hint=hint)
    sys.stdout.write(explained(name))
    raise typer.Exit


TOOLS: dict[str, Callable[..., Any]] = {
    "list": _list,
    "explain": _explain,
    "inspect": inspection,
    "run": own.run,
    "help": _help,
}
"""The commands that are no losses."""


def _tool(name: str) -> Any:
    function = TOOLS[name]
    text = getdoc(function) or ""
    usage = f"Usage: losscli {shown.TOOLS[name]}\n\n{text}"
    kind = _Files if function is inspection else _Command
    return _command(name, function, usage, text.partition("\n")[0], kind)
