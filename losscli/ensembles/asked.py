"""What is asked of an ensemble, before any of its files is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.errors import UsageError
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.registry import Loss

_SHARES = ("probs", "log_probs")
"""Predictions that are probabilities, or their logarithms."""

_RATES = ("rate", "log_rate")


def averaged(loss: Loss[Any, Any]) -> tuple[str, ...]:
    """The kinds of prediction of which a loss can have several."""
    first = dict.fromkeys(form[0] for form in loss.forms)
    return tuple(name for name in first if name in loss.target.averaged)


def asked(loss: Loss[Any, Any], kind: str, word: Any, way: str | None) -> str | None:
    """The space in which predictions are averaged: "probs", "logits" or "values"; None for none.

    Args:
        loss: The loss.
        kind: What the predictions are.
        word: What was given for them.
        way: As it was typed.

    Raises:
        UsageError: they cannot be averaged, or not so, or there are not several.
    """
    if way is None:
        return None
    if kind not in averaged(loss):
        these = " or ".join(map(flag, averaged(loss))) or "none"
        hint = f"of {loss.name} that are {these}"
        raise UsageError(
            f"--ensemble is the mean of predictions, and {flag(kind)} has none", hint=hint
        )
    if not isinstance(word, (list, tuple)) or len(word) < 2:
        raise UsageError(
            f"--ensemble is the mean of predictions that are given several times, and "
            f"{flag(kind)} is given once",
            hint=f"{flag(kind)} a.npy {flag(kind)} b.npy; a pattern or a list of files is one "
            "prediction in several pieces",
        )
    return _space(loss, kind, way)


def _space(loss: Loss[Any, Any], kind: str, way: str) -> str:
    if kind in _SHARES or (kind == "logits" and {*averaged(loss)} & {*_SHARES}):
        return "probs" if way == "auto" else way
    if kind != "logits":
        if way != "auto":
            what = "rates" if kind in _RATES else "values"
            raise UsageError(
                f"--ensemble {way} has no meaning here: {flag(kind)} holds {what}",
                hint=f"--ensemble alone is the mean of {what}",
            )
        return "values"
    if way != "logits":
        raise UsageError(
            f"--ensemble is the mean of probabilities, and the scores of {loss.name} are none",
            hint="--ensemble logits is the mean of the scores as they are",
        )
    return "values"


def worded(words: Mapping[str, Any], kind: str, members: Sequence[str]) -> dict[str, Any]:
    """The words of all inputs, with one for each member of an ensemble.

    >>> worded({"probs": ["a", "b"], "target": "y"}, "probs", ["probs 1", "probs 2"])
    {'probs 1': 'a', 'probs 2': 'b', 'target': 'y'}
    """
    if not members:
        return dict(words)
    rest = {name: word for name, word in words.items() if name != kind}
    return {**dict(zip(members, words[kind], strict=True)), **rest}
