"""``losscli run --loss``: which loss that is, and what is listed of packages."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from losscli.cli.help import entry, wrapped
from losscli.cli.output import Output
from losscli.cli.tell import Voice
from losscli.errors import UsageError
from losscli.gates import Gates
from losscli.own.plugins import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.registry import Loss

CHOOSING = ("loss", "role", "rows")
"""The options that say which loss it is: the others follow from that."""


def run(
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="my_loss.py:NAME, package.module:NAME, or the name of a loss.",
            rich_help_panel="The loss",
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="WORD",
            help="What targets are, where the loss does not say it: values, binary, plus-minus, "
            "multi-label, counts, class-index, classes, or any, which checks shapes and finite "
            "numbers alone. By the names and shapes of the inputs if not given.",
            rich_help_panel="The loss",
        ),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(
            metavar="leaf|all",
            help="Whether the loss of a row depends on that row alone, or on all of them. "
            "Default leaf.",
            rich_help_panel="The loss",
        ),
    ] = None,
) -> Any:
    """Compute a loss of your own: a function, or an nn.Module, of a file or a package.

    Its positional parameters are inputs by our names (logits, probs, log_probs, pred, target),
    parameters with defaults are options. losscli run --loss my_loss.py:NAME --help shows them.
    """
    raise UsageError("run wants a loss", hint="losscli run --loss my_loss.py:NAME --help")


def chosen(words: Sequence[str]) -> tuple[Loss[Any, Any] | None, list[str]]:
    """The loss that words name, if they do, and the words that are left for it.

    Raises:
        LosscliError: there is no such loss, or it cannot be a command.
    """
    found, rest = _taken(words)
    if "loss" not in found:
        return None, list(words)
    from losscli.own import placed

    loss = placed(found["loss"], found.get("role"), found.get("rows"))
    taken = {*CHOOSING, "help", *(one.name for owner in (Output, Gates) for one in fields(owner))}
    clash = [name for name in (*loss.options, *loss.inputs) if name in taken]
    if clash and loss.command != loss.name:
        raise UsageError(
            f"{loss.name}: its parameter {clash[0]} has the name of an option of every command",
            hint=f"rename the parameter {clash[0]}; losscli.evaluate takes it as it is",
        )
    return loss, rest


def _taken(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Takes the options that choose a loss out of words."""
    found: dict[str, str] = {}
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        name, equals, value = word.removeprefix("--").partition("=")
        if word == "--":
            rest += [word, *waiting]
        elif not word.startswith("--") or name not in CHOOSING:
            rest.append(word)
        elif name in found:
            raise UsageError(f"--{name} is given twice")
        else:
            given = value if equals else next(waiting, None)
            if given is None or (given.startswith("--") and not equals):
                raise UsageError(f"--{name} needs a value")
            found[name] = given
    return found, rest


def overview() -> str:
    """The line of help about losses that packages bring."""
    names = [one.name for one in _listed()]
    return "\n".join(wrapped(f"Installed: {', '.join(names)}", "    ", "  ")) if names else ""


def listing() -> str:
    """What packages bring, from their metadata alone."""
    lines = [
        line for one in _listed() for line in entry(one.name, f"{one.place}, of {one.package}")
    ]
    return "\n".join(["Of packages (installed)", *lines, ""]) if lines else ""


def _listed() -> list[Any]:
    found, findings = listed()
    Voice().findings(findings)
    return found
