"""Words before they are parsed, and what is said of those that cannot be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from losscli.errors import UsageError
from losscli.registry import flag, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import typer

    from losscli.registry import Loss

SYNONYMS = {
    "--labels": "--target",
    "--y-true": "--target",
    "--preds": "--pred",
    "--y-pred": "--pred",
    "--logprobs": "--log-probs",
}
"""What other libraries call an input."""

REPEATABLE = ("ignore", "input_format")


def normalised(words: Sequence[str]) -> list[str]:
    """Option names as losscli spells them: ``--label_smoothing`` is ``--label-smoothing``.

    >>> normalised(["--y_true", "a_b.npy", "--pos_weight=3", "--", "--x_y"])
    ['--target', 'a_b.npy', '--pos-weight=3', '--', '--x_y']
    """
    end = words.index("--") if "--" in words else len(words)
    return [*map(_spelled, words[:end]), *words[end:]]


def _spelled(word: str) -> str:
    if not re.match(r"--[A-Za-z]", word):
        return word
    name, equals, value = word.partition("=")
    name = name.replace("_", "-")
    return SYNONYMS.get(name, name) + equals + value


def check_once(words: Sequence[str], options: Iterable[Any]) -> None:
    """Refuses an option that is given twice: the first one would be ignored silently.

    Args:
        words: The words of one command, normalised.
        options: The parameters of the command, as Typer made them.

    Raises:
        UsageError: an option stands twice.
    """
    owners = {name: one for one in options for name in (*one.opts, *one.secondary_opts)}
    seen: set[str] = set()
    rest = iter(words)
    for word in rest:
        if word == "--":
            return
        name = word.partition("=")[0]
        if name not in owners:
            continue
        owner = owners[name]
        if owner.name in seen and owner.name not in REPEATABLE:
            raise UsageError(f"{flag(owner.name)} is given twice")
        seen.add(owner.name)
        if not owner.is_flag and "=" not in word:
            next(rest, None)


def refuse_words(loss: Loss[Any, Any], stray: Sequence[str], given: dict[str, Any]) -> None:
    """Refuses files without an option, and hands back the whole command.

    Raises:
        UsageError: always, if there are any.
    """
    if not stray:
        return
    listed = " ".join(stray)
    options = [name for name in (*loss.kinds, "target") if given.get(name) is not None]
    if options:
        last = options[-1] if len(options) > 1 else options[0]
        hint = f"a pattern is one word in quotes: {flag(last)} 'shards/*.npy'"
        raise UsageError(f"{listed}: stray words, which belong to no option", hint=hint)
    names = [next(iter(loss.kinds)), "target"]
    words = [f"{flag(name)} {word}" for name, word in zip(names, stray, strict=False)]
    raise UsageError(
        f"{listed}: files are named by what they hold, since their order is not the same "
        "everywhere",
        hint=f"losscli {loss.name} {' '.join(words)}",
    )


def reworded(error: typer.TyperException, words: Sequence[str]) -> UsageError:
    """A message of Typer's in our own form."""
    context = getattr(error, "ctx", None)
    name = getattr(error, "option_name", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if name is not None and message.startswith("No such option"):
        command = context.info_name if context is not None and context.parent is not None else None
        known = [] if context is None else _options(context.command.params)
        hint = suggest(name, known, "options are") if name.startswith("--") else ""
        hint = (
            hint if hint.startswith("did you mean") else f"losscli {command or ''} --help lists all"
        )
        return UsageError(f"{command or 'losscli'} has no option {name}", hint=hint)
    param = getattr(error, "param", None)
    if message.startswith("Invalid value") and param is not None:
        whole = "a whole number" if "integer" in message else "a number"
        value = _value(param, normalised(words))
        return UsageError(f"{flag(param.name)} must be {whole}, not {value!r}")
    message = re.sub(r"^Option '([^']+)' requires an argument\.?", r"\1 needs a value", message)
    return UsageError(message[:1].lower() + message[1:] if message[:1] != "-" else message)


def _value(param: Any, words: Sequence[str]) -> str:
    """The word that was given to an option."""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in param.opts:
            return value if equals or place + 1 == len(words) else words[place + 1]
    return ""


def _options(params: Iterable[Any]) -> list[str]:
    return [name for one in params for name in one.opts if name.startswith("--")]
