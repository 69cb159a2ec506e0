"""What a loss would say of two arrays: it is asked, as its command would be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from losscli.doubts import GROUPS
from losscli.errors import DataError, Finding, Level, LosscliError
from losscli.formats.stack import stem
from losscli.losses import losses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.inspection.fits import Pair
    from losscli.watch import Watch

__all__ = ["judged", "refused"]

_DOUBTS = {one.code for group in GROUPS for one in group}


def judged(
    loss: str, kind: str, pair: Pair, given: Mapping[str, Any], watch: Watch
) -> list[Finding]:
    """The warnings of a loss, and its doubts; where it refuses, why.

    Args:
        loss: Its name.
        kind: What the prediction is.
        pair: The prediction and the target.
        given: Options and settings by their names.
        watch: Who wants to know how far it is.
    """
    ours, theirs = ([stem(file) for file in one.files] for one in (pair.prediction, pair.target))
    if ours and theirs and ours != theirs:  # the command brings them into one order
        return []
    try:
        found = _findings(loss, kind, pair, given, watch)
    except LosscliError as error:
        return [Finding(error.code, Level.ERROR, error.message, error.hint)]
    return [one for one in found if one.level is not Level.NOTE or one.code in _DOUBTS]


def refused(
    loss: str, kind: str, pair: Pair, given: Mapping[str, Any], watch: Watch
) -> DataError | None:
    """Why a loss does not take them; None if it does."""
    try:
        _findings(loss, kind, pair, given, watch)
    except DataError as error:
        return error
    return None


def _findings(
    loss: str, kind: str, pair: Pair, given: Mapping[str, Any], watch: Watch
) -> list[Finding]:
    from losscli.asking import ask
    from losscli.engine import answer_of
    from losscli.question import Fields

    words = {kind: pair.prediction.argument, "target": pair.target.argument}
    question = replace(ask(losses[loss], {**words, **given}), watch=watch)
    assert pair.prediction.field is not None
    assert pair.target.field is not None
    sides = {"prediction": pair.prediction.field, "target": pair.target.field}
    return [*answer_of(question, Fields(sides, {}, ())).findings]
