"""Which of two columns an input means by itself: told by plain names, or not at all."""

from __future__ import annotations

import re
from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["told_apart"]

_PREDICTED = {
    *("pred", "preds", "prediction", "predictions", "predicted", "ypred", "yhat"),
    *("score", "scores", "output", "outputs"),
}
"""What predictions of any kind are called."""

_NAMES = {
    "logits": {*_PREDICTED, "logit", "z"},
    "probs": {*_PREDICTED, "p", "prob", "proba", "probas", "probability", "probabilities"}
    | {"yprob", "yproba"},
    "log_probs": {*_PREDICTED, "logp", "logprob", "logproba", "logprobability"},
    "pred": {*_PREDICTED, "forecast", "forecasts", "estimate", "estimates"},
    "rate": {*_PREDICTED, "rates", "lambda", "mu"},
    "log_rate": {*_PREDICTED, "lograte"},
    "mean": {*_PREDICTED, "mu"},
    "target": {"y", "ytrue", "true", "truth", "groundtruth", "gt", "actual", "actuals"}
    | {"label", "labels", "targets", "observed"},
}
"""What each input is called in files, beside its own name; never what another kind is called."""


def told_apart(inputs: Sequence[str], columns: Sequence[str]) -> dict[str, str] | None:
    """The column of each input, if their names leave one way to share them out.

    >>> told_apart(["logits", "target"], ["label", "Logit"])
    {'logits': 'Logit', 'target': 'label'}
    >>> told_apart(["logits", "target"], ["label", "prob"])
    >>> told_apart(["pred", "target"], ["score", "pred"])
    """
    if len(columns) != len(inputs):
        return None
    ways = [
        dict(zip(inputs, order, strict=True))
        for order in permutations(columns)
        if all(map(_fits, inputs, order))
    ]
    return ways[0] if len(ways) == 1 else None


def _fits(name: str, column: str) -> bool:
    plain = re.sub(r"[\s_-]", "", column).lower()
    return plain == name.replace("_", "") or plain in _NAMES.get(name, ())
