"""Names as they are typed, and the words for those that are mistyped."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


PREDICTIONS = ("logits", "probs", "log_probs", "pred", "rate", "log_rate")
"""What a prediction is to most losses."""


def flag(name: str) -> str:
    """The option of a parameter: ``label_smoothing`` is ``--label-smoothing``."""
    return "--" + name.replace("_", "-")


def suggest(
    name: str, known: Sequence[str] | Mapping[str, Any], what: str, show: Callable[[str], str] = str
) -> str:
    """A "did you mean" for a mistyped name, or else all the choices."""
    close = get_close_matches(plain(name), {plain(one): one for one in known}, n=1, cutoff=0.6)
    if close:
        return f"did you mean {show(next(one for one in known if plain(one) == close[0]))}?"
    return f"{what} {', '.join(map(show, known))}" if known else ""


def plain(name: str) -> str:
    """A name without case, hyphens and underscores."""
    return re.sub(r"[-_ ]", "", name).lower()
