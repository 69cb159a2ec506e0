"""How a number was made: all that changes it, in one line."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from losscli.lazy import np, torch

if TYPE_CHECKING:
    from losscli.question import Question
    from losscli.state import State

__all__ = ["options", "signature"]

LISTED = 1000
"""Options of more numbers are given by their hash."""


def options(question: Question) -> dict[str, Any]:
    """The options that were given a value of their own."""
    found = {}
    for name, option in question.loss.options.items():
        value = question.options[name]
        if value is option.default or (not option.small and value == option.default):
            continue
        found[name] = _listed(np.asarray(value, np.float64)) if option.small else value
    return found


def _listed(values: np.ndarray) -> list[float] | str:
    """A small array as it is; a long one, such as a weight for each row, by its hash."""
    if values.size <= LISTED:
        return [float(one) for one in values.reshape(-1)]
    return f"{values.shape} sha256:{sha256(values.tobytes()).hexdigest()[:12]}"


def signature(question: Question, total: State, dtype: str) -> str:
    """How the number was made: all that changes it."""
    from losscli import __version__

    settings = question.settings
    given = ",".join(name for name in question.inputs if name != "target")
    parts = [question.loss.identity, given, question.reduction]
    parts += [f"{name}={_brief(value)}" for name, value in options(question).items()]
    parts += [
        f"{name}={total.digest(name)}"
        for name in ("sample_weight", "mask")
        if name in question.words
    ]
    parts += _held(question, total)
    for name, default in _CHANGING.items():
        value = getattr(settings, name)
        parts += [f"{name}={_brief(value)}"] if value not in (None, default) else []
    parts += [f"pos_label={settings.pos_label}"] if settings.pos_label is not None else []
    parts += [f"where={where}" for where in sorted(settings.where)]
    parts += [f"classes={_hash(chr(0).join(settings.classes))}"] if settings.classes else []
    version = torch.__version__.partition("+")[0]
    return "|".join([*parts, dtype, f"losscli:{__version__}", f"torch:{version}"])


def _held(question: Question, total: State) -> list[str]:
    """What the loss holds, all arrays of a module together, by its hash."""
    found: dict[str, str] = {}
    for side in total.digests:
        name = side.partition(".")[0]
        if name in question.loss.target.holds:
            found[name] = found.get(name, "") + f"{side}={total.digest(side)};"
    return [f"{name}={_hash(text)}" for name, text in found.items()]


_CHANGING = {
    "denominator": None,
    "limit": None,
    "nan": "error",
    "missing": "error",
    "unmatched": "error",
    "target_base": 0,
    "ensemble": None,
}
"""The common options that change the number, with what does not."""


def _brief(value: Any) -> str:
    """An option in a signature: short arrays as they are, long ones by their hash."""
    if not isinstance(value, list):
        return str(value).removesuffix(".0")
    if len(value) <= 8:
        return ",".join(map(_brief, value))
    return _hash(np.asarray(value, np.float64).tobytes())


def _hash(content: str | bytes) -> str:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return sha256(data).hexdigest()[:12]
