"""Options as Typer wants them, from the dataclasses and signatures that declare them."""

from __future__ import annotations

from dataclasses import fields
from inspect import Parameter
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import typer

from losscli.cli.output import Output
from losscli.docstrings import entries, parsed
from losscli.ensembles import averaged
from losscli.gates import Gates
from losscli.registry import flag
from losscli.report import FORMATS
from losscli.settings import (
    DTYPES,
    MISSING,
    NAN,
    OF_ROLES,
    REDUCTIONS,
    UNMATCHED,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.registry import Loss, Option

INPUTS = {
    "logits": "Unnormalised scores.",
    "probs": "Probabilities.",
    "log_probs": "Log-probabilities.",
    "token_log_probs": "Log-probabilities of the tokens that were there, in sequences of any "
    "length: without targets.",
    "bytes": "How many bytes the text of these tokens has: a number, or a file "
    "of numbers or texts.",
    "pred": "Predictions.",
    "rate": "Expected values, 0 or more.",
    "log_rate": "Logarithms of expected values.",
    "mean": "Means of distributions.",
    "var": "Their variances: a file, or a number for all.",
    "std": "Their standard deviations: a file, or a number for all.",
    "log_var": "Logarithms of their variances: a file, or a number for all.",
    "scale": "Scales of distributions or of errors: a file, or a number for all.",
    "total_count": "How many failures end a count: a file, or a number for all.",
    "dispersion": "How much the variance grows with the squared mean: one over the total count.",
    "log_hazard": "Logarithms of hazards: the higher, the sooner.",
    "time": "Times until an event, or until they were censored.",
    "event": "Whether the event happened (1) or the time is censored (0).",
    "lower": "Lower ends of intervals.",
    "upper": "Their upper ends.",
    "input_lengths": "How many time steps of each row count: a file, or numbers; all by default.",
    "target_lengths": "How many labels each row has: a file, or numbers; up to its padding by "
    "default.",
    "input1": "The first of each pair.",
    "input2": "The second of each pair.",
    "anchor": "What the others are compared with.",
    "positive": "What is to be nearer, or to score higher.",
    "negative": "What is to be further, or to score lower.",
    "chosen": "Log-probabilities of the chosen answers.",
    "rejected": "Log-probabilities of the rejected answers.",
    "ref_chosen": "Those of the chosen answers under the reference.",
    "ref_rejected": "Those of the rejected answers under the reference.",
    "features": "What a last layer makes scores of: a vector for each row.",
    "weight_matrix": "The weights of that layer: a row for each class.",
    "bias": "The biases of that layer: a number for each class.",
    "state": "The arrays of a module by their names in its state_dict: FILE[:PREFIX].",
    "embeddings": "Vectors.",
    "distance": "Distances of pairs.",
    "target": "True labels or values.",
    "target_logits": "Unnormalised scores of the true distribution.",
    "target_log_probs": "Log-probabilities of the true distribution.",
}

_SHORT = {"value": "-b", "quiet": "-q"}
_METAVARS = {
    "reduction": "|".join(REDUCTIONS),
    "dtype": "|".join(DTYPES),
    "nan": "|".join(NAN),
    "denominator": "positives|rows|N",
    "device": "cpu|cuda|cuda:N|mps|auto",
    "format": "|".join(FORMATS),
    "classes": "A,B,C|FILE",
    "target_base": "0|1",
    "pos_label": "VALUE",
    "input_format": "[INPUT=]FMT",
    "top_k": "K,K",
    "ignore": "CODE",
    "save": "FILE.json",
    "output": "FILE",
    "grad": "FILE",
    "data": "FILE",
    "expect": "X±TOL",
    "min": "METRIC=X",
    "max": "METRIC=X",
    "baseline": "RESULT.json",
    "max_increase": "X|X%",
    "junit": "FILE.xml",
    "annotations": "github",
    "key": "COLUMN",
    "unmatched": "|".join(UNMATCHED),
    "missing": "|".join(MISSING),
    "where": "COLUMN=VALUE",
    "ensemble": "[probs|logits]",
}
_PANELS = {
    "Reading": (
        *("data", "input_format", "header", "stack", "key", "unmatched", "where"),
        *("limit", "nan", "missing", "classes", "target_base", "pos_label", "max_expansion"),
    ),
    "Computing": (
        *("ensemble", "reduction", "denominator", "device", "dtype", "threshold", "top_k"),
        "threads",
    ),
    "Trusting": (
        *("strict", "ignore", "max_loss", "min_accuracy", "expect", "min", "max"),
        *("baseline", "max_increase", "junit", "annotations"),
    ),
    "Showing": (
        *("format", "json", "value", "quiet", "head", "worst", "save", "output", "grad"),
        *("histogram", "reductions", "batch_size", "progress"),
    ),
}


def parameters(loss: Loss[Any, Any]) -> Iterator[Parameter]:
    """The parameters of a loss's command: inputs, its own options, and the common ones."""
    yield _parameter("context", typer.Context, default=Parameter.empty)
    for name in loss.inputs:
        yield _input(name, about(loss, name), several=name in averaged(loss))
    yield _input("sample_weight", "Weights of rows or elements: the mean is Σ w·loss / Σ w.")
    yield _input("mask", "What counts (1) and what does not (0), for rows or elements.")
    for option in (*loss.options.values(), *loss.synonyms.values()):
        yield _own(loss, option)
    yield from _common(loss)


def about(loss: Loss[Any, Any], name: str) -> str:
    """What an input is: as it is with us, or as the docstring of a loss that is not ours says."""
    return INPUTS.get(name) or entries(loss.doc.sections.get("Args", "")).get(name, "An input.")


def _common(loss: Loss[Any, Any]) -> Iterator[Parameter]:
    declared = {}
    for owner in (Settings, Output, Gates):
        texts = entries(parsed(owner.__doc__).sections["Attributes"])
        hints = get_type_hints(owner)
        for one in fields(owner):
            declared[one.name] = (texts, hints, one.default)
    missing = {*OF_ROLES} - {*loss.target.settings} | (set() if averaged(loss) else {"ensemble"})
    for panel, names in _PANELS.items():
        for name in names:
            if name in missing or name in loss.options:
                continue
            texts, hints, default = declared[name]
            if name == "reduction":
                default = loss.reduction
            kind = _kind(hints[name])
            yield _option(name, kind, texts[name] + _default(kind, default), panel)


def _kind(annotation: Any) -> Any:
    """The type of a word: what may be given again is a list, numbers and names are one word."""
    if get_origin(annotation) is tuple:
        return list[str]
    arms = [arm for arm in get_args(annotation) if arm is not type(None)] or [annotation]
    return str if get_origin(arms[0]) is tuple else arms[0]


def _input(name: str, text: str, *, several: bool = False) -> Parameter:
    return _option(name, list[str] if several else str, text, "Inputs", metavar="FILE[:KEY]")


def _own(loss: Loss[Any, Any], option: Option) -> Parameter:
    metavar = "NUMBERS|FILE" if option.small else option.range if option.choice else None
    kind = str if option.small else option.kind
    return _option(option.name, kind, told(option), f"Options of {loss.name}", metavar)


def told(option: Option) -> str:
    """An option of a loss in words, with its bounds and its default."""
    bounds = f" Must be {option.range}." if option.bounds else ""
    kind = str if option.small else option.kind
    return f"{option.help}{bounds}{_default(kind, option.default)}"


def _default(kind: Any, default: Any) -> str:
    return "" if default in (None, ()) or kind is bool else f" Default {default}."


def _option(name: str, kind: Any, text: str, panel: str, metavar: str | None = None) -> Parameter:
    declared = [flag(name)]
    if kind is bool:
        declared = [f"{flag(name)}/{flag('no_' + name)}"]
    if name in _SHORT:
        declared.append(_SHORT[name])
    option = typer.Option(
        *declared,
        help=text,
        rich_help_panel=panel,
        metavar=metavar or _METAVARS.get(name) or {int: "N", float: "X"}.get(kind),
        show_default=False,
    )
    return _parameter(name, Annotated[kind | None, option])


def _parameter(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
