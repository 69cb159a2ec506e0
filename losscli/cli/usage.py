"""Words before they are parsed, and what is said of those that cannot be."""

from __future__ import annotations

import re
from itertools import islice, zip_longest
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from losscli.errors import UsageError
from losscli.registry import flag, suggest
from losscli.settings import ENSEMBLE
from losscli.words import PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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

KINDS = tuple(map(flag, PREDICTIONS))
"""The kinds of prediction; no loss takes all of them."""

REPEATABLE = ("ignore", "input_format", "where", "min", "max")


def normalised(words: Sequence[str]) -> list[str]:
    """Option names as losscli spells them: ``--label_smoothing`` is ``--label-smoothing``.

    >>> normalised(["--y_true", "a_b.npy", "--pos_weight=3", "--", "--x_y"])
    ['--target', 'a_b.npy', '--pos-weight=3', '--', '--x_y']
    """
    end = words.index("--") if "--" in words else len(words)
    return [*_completed([*map(_spelled, words[:end])]), *words[end:]]


def _completed(words: Sequence[str]) -> Iterator[str]:
    """With a value for the one option that may do without."""
    for word, following in zip_longest(words, words[1:]):
        alone = word == "--ensemble" and following not in ENSEMBLE
        yield f"{word}={ENSEMBLE[0]}" if alone else word


def _spelled(word: str) -> str:
    if not re.match(r"--[A-Za-z]", word):
        return word
    name, equals, value = word.partition("=")
    name = name.replace("_", "-")
    return SYNONYMS.get(name, name) + equals + value


def grouped(words: Sequence[str], options: Iterable[Any]) -> Iterator[Group]:
    """The words of one command: each option with its value, and each stray word alone.

    Args:
        words: As they were typed, normalised.
        options: The parameters of the command, as Typer made them.

    Raises:
        UsageError: an option would swallow the next one as its value.
    """
    owners = {name: one for one in options for name in (*one.opts, *one.secondary_opts)}
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (Group((), (one,)) for one in rest)
            return
        name, equals, _ = word.partition("=")
        letters = [] if word.startswith("--") else [f"-{letter}" for letter in word[1:]]
        names = letters if letters and all(one in owners for one in letters) else [name]
        found = tuple(owners[one] for one in names if one in owners)
        value = () if equals or not found or found[-1].is_flag else tuple(islice(rest, 1))
        if value and value[0] in owners:
            raise UsageError(f"{name} needs a value, and {value[0]} is an option")
        yield Group(found, (word, *value))


class Group(NamedTuple):
    """Some words, and the options that they name: several for short ones, none for a stray."""

    options: tuple[Any, ...]
    words: tuple[str, ...]


def check_once(groups: Iterable[Group]) -> None:
    """Refuses an option that is given twice: the first one would be ignored silently.

    Raises:
        UsageError: an option stands twice, and is none that ``--ensemble`` may have several of.
    """
    options = [one for group in groups for one in group.options]
    together = any(one.name == "ensemble" for one in options)
    seen: set[str] = set()
    for option in options:
        if option.name in seen and option.name not in REPEATABLE:
            if not option.multiple:
                raise UsageError(f"{flag(option.name)} is given twice")
            if not together:
                hint = "--ensemble takes the mean of predictions"
                raise UsageError(f"{flag(option.name)} is given twice", hint=hint)
        seen.add(option.name)


def refuse_words(loss: Loss[Any, Any], groups: Sequence[Group], given: Mapping[str, Any]) -> None:
    """Refuses files without an option, and hands back the whole command.

    Raises:
        UsageError: always, if there are any.
    """
    stray = [group.words[0] for group in groups if not group.options]
    if not stray:
        return
    listed = " ".join(map(quote, stray))
    have = {name for name in loss.inputs if given.get(name) is not None}
    form = max(loss.forms, key=lambda form: len(have & {*form}))
    missing = [name for name in form if name not in have]
    if len(stray) > len(missing):
        what = "a stray word, which belongs" if len(stray) == 1 else "stray words, which belong"
        hint = f"a pattern is one word in quotes: {flag(form[0])} 'shards/*.npy'"
        raise UsageError(f"{listed}: {what} to no option", hint=hint)
    whole = ["losscli", loss.command]
    for group in groups:
        named = [] if group.options else [flag(missing.pop(0))]
        whole += [*named, *map(quote, group.words)]
    whole += [word for name in missing for word in (flag(name), "FILE")]
    raise UsageError(
        f"{listed}: files are named by what they hold, as their order is not the same everywhere",
        hint=" ".join(whole),
    )


_REWORDED = {
    r"^Option '([^']+)' requires an argument\.?$": r"\1 needs a value",
    r"^Option '([^']+)' does not take a value\.?$": r"\1 takes no value",
    r"^Got unexpected extra argument\(s\) \((.*)\)$": r"nothing is done with these words: \1",
}


def reworded(error: typer.TyperException, words: Sequence[str]) -> UsageError:
    """A message of Typer's in our own form."""
    context: Any = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    command = context.info_name if context is not None and context.parent is not None else ""
    name = getattr(error, "option_name", None)
    if name is not None and message.startswith("No such option"):
        return _unknown(name, command, _options(context.command.params if context else ()))
    param = getattr(error, "param", None)
    if message.startswith("Invalid value") and param is not None:
        whole = "a whole number" if "integer" in message else "a number"
        return UsageError(f"{flag(param.name)} must be {whole}, not {_value(param, words)!r}")
    for theirs, ours in _REWORDED.items():
        message = re.sub(theirs, ours, message)
    return UsageError(message)


def _unknown(name: str, command: str, known: Sequence[str]) -> UsageError:
    """An option that there is not."""
    if not command:
        hint = f"a loss comes first: losscli bce {name}; losscli --help lists them"
        return UsageError(f"losscli itself has no option {name}", hint=hint)
    hint = suggest(name, known, "options are") if name.startswith("--") else ""
    if name in KINDS:
        hint = f"its predictions are {' or '.join(one for one in known if one in KINDS)}"
    elif not hint.startswith("did you mean"):
        hint = f"losscli {command} --help lists all"
    return UsageError(f"{command} has no option {name}", hint=hint)


def _value(param: Any, words: Sequence[str]) -> str:
    """The word that was given to an option."""
    words = normalised(words)
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in param.opts:
            return value if equals or place + 1 == len(words) else words[place + 1]
    return ""


def _options(params: Iterable[Any]) -> list[str]:
    return [name for one in params for name in one.opts if name.startswith("--")]
