"""Help: the overview, the list, and the text above the options of a loss."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from losscli import __version__
from losscli.losses import FAMILIES, losses
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from losscli.registry import Loss

EXAMPLES = (
    "losscli bce --logits preds.npy --target y.npy",
    "losscli ce --logits 'out.csv:logit_*' --target out.csv:label",
    "cat p.csv | losscli mse --data - --pred yhat --target y --value",
)

EVERYDAY = (
    *("bce", "ce", "nll", "focal", "kl", "mse", "mae", "huber", "quantile", "poisson-nll"),
    *("gaussian-nll", "dice", "triplet"),
)
"""The losses that the overview gives a line each, as far as they are here."""

TOOLS = {
    "list": "list [--family F] [--json]",
    "explain": "explain NAME",
    "inspect": "inspect FILE[:KEY]...",
    "run": "run --loss PLACE [inputs]",
    "help": "help [NAME]",
}
"""How the tools are called."""

_FILES = {"target": "y", **dict.fromkeys(("logits", "probs", "log_probs", "pred"), "preds")}
"""What the files of examples are called, where not as their inputs."""

COLUMNS = 80
"""Help is for reading: no line is longer, however wide the terminal."""


def overview(installed: str = "") -> str:
    """What ``losscli --help`` prints: names and first lines, no command is built.

    Args:
        installed: The line of the losses that packages bring.
    """
    lines = ["Usage: losscli LOSS [inputs] [options]", ""]
    lines += ["The loss of predictions against targets, from files, with every check.", ""]
    lines += [f"  {command}" for command in EXAMPLES]
    lines += ["", "Everyday losses"]
    everyday = [losses[name] for name in EVERYDAY if name in losses]
    lines += [f"  {one.name:<11} {_brief(one)}" for one in everyday]
    lines += ["", "Others"]
    for family, title in FAMILIES.items():
        names = [one.name for one in losses.values() if one.family == family]
        rest = [name for name in names if name not in EVERYDAY]
        if rest:
            lines += wrapped(f"{title}: {', '.join(rest)}", "    ", "  ")
    lines += [installed] if installed else []
    lines += ["", "Tools"]
    lines += [f"  {TOOLS['list']:<28} every loss, with its other names"]
    lines += [f"  {TOOLS['explain']:<28} all of a loss, or of the code of a note"]
    lines += [f"  {TOOLS['inspect']:<28} what files hold, and which losses fit"]
    lines += [f"  {TOOLS['run']:<28} a loss of your own: my_loss.py:NAME"]
    lines += [f"  {TOOLS['help']:<28} the help of a command"]
    lines += ["", "losscli LOSS --help shows its inputs and options; -V the version.", ""]
    return "\n".join(lines)


def version() -> str:
    """The versions of losscli and of what computes, without importing it."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    found = [f"losscli {__version__}"]
    for name in ("torch", "numpy"):
        try:
            found.append(f"{name} {installed(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found) + "\n"


def of_loss(loss: Loss[Any, Any]) -> str:
    """The text above the options: an example, what the loss is, and where it is from."""
    first = next(iter(loss.forms))
    inputs = " ".join(f"{flag(name)} {_FILES.get(name, name)}.npy" for name in first)
    lines = [f"Usage: losscli {loss.command} [inputs] [options]"]
    lines += [*_command(f"Example: losscli {loss.command} {inputs}"), ""]
    for paragraph in (loss.summary, *loss.doc.text, loss.mean):
        lines += [*wrapped(paragraph), ""]
    if loss.names:
        lines += wrapped(f"Also called: {', '.join(loss.names)}", "  ")
    if loss.reference:
        lines += wrapped(f"Reference: {loss.reference}", "  ")
    lines += [f"More: losscli explain {loss.place}"]
    return "\n".join(lines)


def _command(text: str) -> list[str]:
    """A command in 80 columns, as a shell takes it."""
    *before, last = wrap(text, 78, subsequent_indent="  ", break_on_hyphens=False)
    return [*(f"{line} \\" for line in before), last]


def page(text: str, options: Iterable[Any]) -> str:
    """The help of a command: a text, then its options by panel, in 80 columns.

    Args:
        text: What stands above the options.
        options: The parameters of the command, as Typer made them.
    """
    panels: dict[str, list[str]] = {}
    for one in options:
        panel = getattr(one, "rich_help_panel", None) or next(reversed(panels), "Options")
        panels.setdefault(panel, []).extend(entry(_head(one), one.help or ""))
    sections = ["\n".join([panel, *lines]) for panel, lines in panels.items()]
    return "\n\n".join([text, *sections]) + "\n"


MARGIN = 26
"""The column in which the texts of options begin."""


def _head(option: Any) -> str:
    """The names of an option, and what follows them."""
    if not option.opts[0].startswith("-"):
        return f"[{option.name.upper()}]"
    names = sorted(option.opts, key=len)
    head = f"{', '.join(names)}{''.join(f'/{one}' for one in option.secondary_opts)}"
    return f"{head} {option.metavar}" if option.metavar else head


def entry(head: str, text: str) -> list[str]:
    """An option and its text beside it, or below where there is no place."""
    lines = wrapped(text, " " * MARGIN, " " * MARGIN)
    if len(head) > MARGIN - 4:
        return [f"  {head}", *lines]
    first, *rest = lines or [""]
    return [(f"  {head}".ljust(MARGIN) + first.strip()).rstrip(), *rest]


def wrapped(text: str, indent: str = "", first: str = "") -> list[str]:
    return wrap(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def listing(found: Iterable[Loss[Any, Any]]) -> str:
    """The losses by family, each with its other names, in 80 columns."""
    lines: list[str] = []
    family = ""
    for one in found:
        if one.family != family:
            family = one.family
            lines += [*([""] if lines else []), f"{FAMILIES[family]} ({family})"]
        lines += entry(one.name, _brief(one))
        lines += wrapped(f"also {', '.join(one.names)}", " " * MARGIN, " " * MARGIN)
    return "\n".join(lines) + "\n"


def described(loss: Loss[Any, Any]) -> dict[str, Any]:
    """A loss as ``list --json`` gives it."""
    return {
        "name": loss.name,
        "aliases": [*loss.names],
        "family": loss.family,
        "summary": loss.summary,
        "inputs": [name.replace("_", "-") for name in loss.inputs],
        "options": [
            {
                "name": option.name.replace("_", "-"),
                "type": _TYPES["array" if option.small else option.kind],
                "default": option.default,
                "bounds": option.range,
                "help": option.help,
            }
            for option in (*loss.options.values(), *loss.synonyms.values())
        ],
        "reference": loss.reference,
    }


_TYPES = {"array": "numbers", float: "number", int: "integer", bool: "boolean", str: "word"}
"""What the value of an option is, as ``list --json`` gives it."""


def _brief(loss: Loss[Any, Any]) -> str:
    """The summary of a loss, or what stands before its colon if there is no place for all."""
    text = loss.summary.rstrip(".")
    return text if len(text) <= COLUMNS - 14 else text.partition(":")[0]
