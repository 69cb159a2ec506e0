"""Help: the overview, the list, and the text above the options of a loss."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from losscli import __version__
from losscli.losses import FAMILIES, losses
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from losscli.registry import Loss

EXAMPLES = (
    ("losscli bce --logits preds.npy --target y.npy", "two files"),
    ("losscli ce --logits 'out.csv:logit_*' --target out.csv:label", "columns of one table"),
    ("cat p.csv | losscli mse --data - --pred yhat --target y --value", "a pipe, and one number"),
)

EVERYDAY = ("bce", "ce", "nll", "focal", "kl", "mse", "mae", "huber")
"""The losses that the overview gives a line each, as far as they are here."""

TOOLS = {"list": "every loss, with its other names", "help NAME": "the help of a command"}


def overview() -> str:
    """What ``losscli --help`` prints: names and first lines, no command is built."""
    lines = ["Usage: losscli LOSS [inputs] [options]", ""]
    lines += ["The loss of predictions against targets, from files, with every check.", ""]
    width = max(len(command) for command, _ in EXAMPLES)
    lines += [f"  {command:<{width}}  # {what}" for command, what in EXAMPLES]
    lines += ["", "Everyday losses"]
    everyday = [losses[name] for name in EVERYDAY if name in losses]
    lines += [f"  {one.name:<8} {_first_clause(one.summary)}" for one in everyday]
    lines += ["", "Others"]
    for family, title in FAMILIES.items():
        names = [one.name for one in losses.values() if one.family == family]
        rest = [name for name in names if name not in EVERYDAY]
        if rest:
            lines.append(f"  {title}: {', '.join(rest)}")
    lines += ["", "Tools"]
    lines += [f"  {name:<10} {text}" for name, text in TOOLS.items()]
    lines += ["", "losscli LOSS --help shows its inputs and options; -V the version.", ""]
    return "\n".join(lines)


def version() -> str:
    """The versions of losscli and of what computes, without importing it."""
    found = [f"losscli {__version__}"]
    for name in ("torch", "numpy"):
        try:
            found.append(f"{name} {installed(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found) + "\n"


def of_loss(loss: Loss[Any, Any]) -> str:
    """The text above the options: an example, and what the loss is."""
    doc = getdoc(loss.function) or ""
    body = re.split(r"\n\s*\n(?=\w+:\n)", doc)[0]
    body = "\n\n".join(" ".join(part.split("\n")) for part in body.split("\n\n"))
    kind = flag(next(iter(loss.kinds)))
    example = f"losscli {loss.name} {kind} preds.npy --target y.npy"
    return f"{body}\n\n{example}".replace("[", "\\[")


def listing(found: Iterable[Loss[Any, Any]]) -> str:
    """The losses as a table."""
    from losscli.report.tables import add, render, table

    made = table("loss", "family", "what it is", "in PyTorch")
    for one in found:
        named = [name for name in (*one.aliases, *one.differs) if name[0].isupper()]
        add(made, one.name, one.family, one.summary.rstrip("."), ", ".join(named))
    return render([made], colour=False)


def described(loss: Loss[Any, Any]) -> dict[str, Any]:
    """A loss as ``list --json`` gives it."""
    return {
        "name": loss.name,
        "aliases": [*loss.aliases, *loss.differs],
        "family": loss.family,
        "summary": loss.summary,
        "inputs": [kind.replace("_", "-") for kind in loss.kinds] + ["target"],
        "options": [
            {
                "name": option.name.replace("_", "-"),
                "default": option.default,
                "bounds": option.range,
                "help": option.help,
            }
            for option in loss.options.values()
        ],
        "reference": loss.reference,
    }


def _first_clause(text: str) -> str:
    return text.rstrip(".")
