"""From what was typed to a question that can be answered, as far as options tell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from math import inf
from operator import index
from typing import TYPE_CHECKING, Any

import losscli.doubts  # noqa: F401 — the codes of which are known then
from losscli import ensembles, inputs
from losscli.checks.codes import CODES
from losscli.errors import Finding, Level, UsageError
from losscli.forms import formed
from losscli.picking import Asked
from losscli.question import BESIDE, Question
from losscli.reductions import asked as reductions
from losscli.registry import TARGETS, flag, suggest
from losscli.settings import (
    DENOMINATORS,
    DTYPES,
    ENSEMBLE,
    MISSING,
    NAN,
    OF_ROLES,
    REDUCTIONS,
    UNMATCHED,
    Settings,
)
from losscli.weights import parse

if TYPE_CHECKING:
    from losscli.registry import Loss, Option

_CHOICES = {
    "reduction": REDUCTIONS,
    "dtype": DTYPES,
    "nan": NAN,
    "missing": MISSING,
    "unmatched": UNMATCHED,
    "ensemble": ENSEMBLE,
}
_LEAST = {"limit": 1, "threads": 1, "batch_size": 1, "head": 0, "worst": 0, "target_base": 0}
"""Whole numbers, and the least that each may be."""

_COMMON = tuple(one.name for one in fields(Settings))


def ask(loss: Loss[Any, Any], given: Mapping[str, Any], *, name: str = "") -> Question:
    """Checks everything that can be checked without reading a file.

    Args:
        loss: The loss.
        given: Inputs, options of the loss and settings by their Python names.
        name: The name by which the loss was found.

    Raises:
        UsageError: an option that the loss does not have, or a value that it cannot have.
    """
    given, typed = _renamed(loss, {key: one for key, one in given.items() if one is not None})
    settings = _settings(loss, given)
    form = formed(loss, given)
    words = {key: given[key] for key in (*form, *BESIDE) if key in given}
    taken = {*words, *_COMMON} - {*loss.options}
    options = loss.bind({key: value for key, value in given.items() if key not in taken})
    for key, option in loss.options.items():
        if option.small and isinstance(options[key], (str, os.PathLike, Mapping)):
            options[key] = _small(option, typed.get(key, key), given[key])
            if options[key] is None:
                words[key] = given[key]
    for key in loss.stretched(form):
        words[key] = _stretched(words[key])
    _refuse_idle(loss, form, options, settings)
    way = ensembles.asked(loss, form[0], words[form[0]], settings.ensemble)
    settings = replace(settings, ensemble=way)
    notes = []
    remark = loss.remark(name)
    if remark:
        notes.append(Finding("torch-default", Level.NOTE, f"{name}: {remark}"))
    reduction = settings.reduction or loss.reduction
    if loss.finish and reduction in ("sum", "none"):
        text = f"the {loss.finish.__name__} is taken of the mean alone"
        message = f"--reduction {reduction} gives the elements of {loss.name} as they are: {text}"
        notes.append(Finding("unfinished", Level.NOTE, message))
    question = Question(loss, form, options, settings, words, tuple(notes))
    reductions.check(question)
    return question


def _refuse_idle(
    loss: Loss[Any, Any], form: tuple[str, ...], options: Mapping[str, Any], settings: Settings
) -> None:
    """Refuses options that say nothing of the inputs that are given.

    Raises:
        UsageError: one of them was given.
    """
    loss.target.refuse_idle(form, options, settings)
    logits = {"logits", "target_logits"} & {*loss.inputs}
    if logits and options.get("temperature", 1) != 1 and not logits & {*form}:
        raise UsageError("--temperature has no meaning here: it divides logits, and there are none")
    if options.get("log_target") and "target" not in form:
        own = flag(next(name for name in form if name in TARGETS))
        raise UsageError(f"--log-target has no meaning here: it speaks of --target, not of {own}")


def _renamed(
    loss: Loss[Any, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was given by the names of the options, and what those were called.

    Raises:
        UsageError: an option is given by two names.
    """
    found, typed = dict(given), {}
    for name in loss.synonyms:
        own = next(key for key, one in loss.options.items() if one.small and one.small.per_class)
        if name in found and own in found:
            both = f"{flag(own)} and {flag(name)}"
            raise UsageError(f"{both} are two ways to say the same: give one of them")
        if name in found:
            found[own], typed[own] = found.pop(name), name
    return found, typed


def _small(option: Option, name: str, word: Any) -> Any:
    """A small array as numbers or by a rule; None for one in a file."""
    rule = parse(option, name, word)
    if rule is not None:
        return rule
    return option.check(_scalar(inputs.numbers(os.fsdecode(word))))


def _stretched(word: Any) -> Any:
    """An input that may be given as numbers."""
    typed = isinstance(word, (str, os.PathLike))
    numbers = _scalar(inputs.numbers(os.fsdecode(word))) if typed else None
    return word if numbers is None else numbers


def _scalar(numbers: list[float] | None) -> float | list[float] | None:
    return numbers[0] if numbers is not None and len(numbers) == 1 else numbers


def _settings(loss: Loss[Any, Any], given: Mapping[str, Any]) -> Settings:
    chosen = {key: given[key] for key in _COMMON if key in given and key not in loss.options}
    for key in OF_ROLES:
        if key in chosen and key not in loss.target.settings:
            raise UsageError(f"{loss.name} has no option {flag(key)}")
    if isinstance(chosen.get("ensemble"), bool):  # from Python, where a flag has no word
        chosen["ensemble"] = ENSEMBLE[0] if chosen["ensemble"] else None
    for key, choices in _CHOICES.items():
        if chosen.get(key) not in (None, *choices):
            hint = suggest(str(chosen[key]), choices, "it may be")
            raise UsageError(f"{flag(key)} cannot be {chosen[key]!r}", hint=hint)
    if "device" in chosen:
        chosen["device"] = str(chosen["device"])  # of torch, perhaps
    if not re.fullmatch(r"cpu|mps|auto|cuda(:\d+)?", chosen.get("device", "cpu")):
        hint = "devices are cpu, cuda, cuda:N, mps and auto"
        raise UsageError(f"--device cannot be {chosen['device']!r}", hint=hint)
    for key in ("threshold", "max_expansion"):
        if key in chosen:
            chosen[key] = _number(key, chosen[key])
    if "denominator" in chosen:
        reduction = chosen.get("reduction", loss.reduction)
        chosen["denominator"] = _denominator(chosen["denominator"], reduction)
    if "pos_label" in chosen:
        label = chosen["pos_label"]
        chosen["pos_label"] = str(int(label) if isinstance(label, bool) else label)
    if "data" in chosen:
        chosen["data"] = os.fsdecode(chosen["data"])
    for key, least in _LEAST.items():
        if key in chosen:
            chosen[key] = _whole(key, chosen[key], least)
    if chosen.get("target_base", 0) > 1:
        raise UsageError(f"--target-base must be 0 or 1, not {chosen['target_base']}")
    if "top_k" in chosen:
        chosen["top_k"] = tuple(_whole("top_k", k, 1) for k in _several(chosen["top_k"]))
    if "classes" in chosen:
        names = chosen["classes"]
        typed = isinstance(names, (str, os.PathLike))
        chosen["classes"] = (
            inputs.read_names(os.fsdecode(names)) if typed else tuple(map(str, names))
        )
    for key in ("ignore", "input_format"):
        if key in chosen:
            chosen[key] = tuple(_several(chosen[key]))
    if "input_format" in chosen:
        chosen["input_format"] = tuple(_whole_shapes(chosen["input_format"]))
    _check_codes(chosen.get("ignore", ()))
    if "where" in chosen:
        where = chosen["where"]
        chosen["where"] = (where,) if isinstance(where, str) else tuple(where)
    settings = Settings(**chosen)
    Asked.of(settings.key, settings.unmatched, settings.where)  # refuses what means nothing
    return settings


def _check_codes(codes: Iterable[str]) -> None:
    """Refuses what --ignore cannot leave out: the code of an error, or of nothing."""
    for code in codes:
        if code not in CODES:
            hint = suggest(code, sorted(CODES), "codes are")
            raise UsageError(f"--ignore {code}: no note or warning has this code", hint=hint)
        if CODES[code].level is Level.ERROR:
            raise UsageError(f"--ignore {code}: an error cannot be ignored")


def _several(given: Any) -> list[Any]:
    """The pieces of one value or of many: text is split at commas."""
    many = [given] if isinstance(given, str) or not isinstance(given, Iterable) else given
    split = (one.split(",") if isinstance(one, str) else [one] for one in many)
    return [one.strip() if isinstance(one, str) else one for piece in split for one in piece]


def _whole_shapes(words: Iterable[str]) -> list[str]:
    """Words of which the numbers belong to the one before: raw:float16:-1,1000."""
    found: list[str] = []
    for word in words:
        if found and re.fullmatch(r"-?[0-9]+", word):
            found[-1] += f",{word}"
        else:
            found.append(word)
    return found


def _whole(key: str, value: Any, least: int) -> int:
    """A whole number, typed or from Python."""
    try:
        whole = int(value) if isinstance(value, str) else index(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{flag(key)} must be a whole number, not {value!r}") from error
    if whole < least:
        raise UsageError(f"{flag(key)} must be at least {least}, not {whole}")
    return whole


def _number(key: str, value: Any) -> float:
    """A number, typed or from Python; NaN is none."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{flag(key)} must be a number, not {value!r}") from error
    if number != number:
        raise UsageError(f"{flag(key)} must be a number, not nan")
    return number


def _denominator(value: Any, reduction: str) -> str | float:
    """What the mean divides by: a word, or a number above 0."""
    if reduction != "mean":
        hint = "" if reduction in ("sum", "none") else "--reduction mean goes with it"
        message = f"--denominator is that of a mean, and the reduction is {reduction}"
        raise UsageError(message, hint=hint)
    if value in DENOMINATORS:
        return str(value)
    try:
        number = _number("denominator", value)
    except UsageError as error:
        hint = suggest(str(value), DENOMINATORS, "or one of")
        raise UsageError(error.message, hint=hint) from error
    if not 0 < number < inf:
        raise UsageError(f"--denominator must be above 0 and finite, not {number:g}")
    return number
