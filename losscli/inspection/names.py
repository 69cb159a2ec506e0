"""What names say: which side values are on, and which columns are one array."""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = ["Side", "bare", "side_of", "stem"]


class Side(StrEnum):
    """What a name says that values are for."""

    PREDICTION = "prediction"
    TARGET = "target"
    BESIDE = "beside"
    UNKNOWN = "unknown"


_SIDES = {
    Side.BESIDE: r"weights?|w|masks?|ids?|index|idx|fold|split|row|no|nr",
    Side.PREDICTION: (
        r"(?:log)?(?:logit|prob|proba|score|pred|prediction|predicted|output|estimate)s?"
        r"|yhat|hat|out|rate|mu|mean|forecast"
    ),
    Side.TARGET: (
        r"(?:target|label|truth|class|classe|actual|observation|answer)s?|true|y|gt|observed"
    ),
}


_ROWS = {"id", "ids", "index", "idx", "fold", "split", "row", "no", "nr"}
"""Words for which rows there are: in the name of a file they say nothing of its columns."""


def side_of(name: str, *, columns: bool = False) -> Side:
    """What a name says; it may be that of a file with columns of other names.

    >>> [str(side_of(name)) for name in ("y_pred", "label", "val/y", "x", "logit_*")]
    ['prediction', 'target', 'target', 'unknown', 'prediction']
    >>> str(side_of("fold_1")), str(side_of("fold_1", columns=True))
    ('beside', 'unknown')
    """
    tokens = [one for one in re.split(r"[^a-z]+", name.lower()) if one]
    tokens = [one for one in tokens if not (columns and one in _ROWS)]
    for found, pattern in _SIDES.items():
        if any(re.fullmatch(pattern, token) for token in tokens):
            return found
    return Side.UNKNOWN


_SCORES = r"(?:log)?(?:logit|prob|proba|score|p)s?"
"""What columns of scores for each class are called, before the class."""


def stem(key: str) -> str | None:
    """What a column begins with that ends in a number, or in the name of a class.

    >>> stem("logit_0"), stem("q10"), stem("3"), stem("logit_cat"), stem("zero")
    ('logit_', 'q', '', 'logit_', None)
    """
    found = re.fullmatch(r"(.*?)[0-9]+", key, re.DOTALL)
    found = found or re.fullmatch(rf"((?:.*[_. -])?{_SCORES}[_. -]).+", key, re.IGNORECASE)
    return None if found is None else found[1]


def bare(key: str) -> str:
    """A column without its stem."""
    return key.removeprefix(stem(key) or "")
