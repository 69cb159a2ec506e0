"""Whether a loss takes two arrays: its role is tried, and its checks are asked of what is known."""

from __future__ import annotations

import re
from math import inf
from typing import TYPE_CHECKING, Any

from losscli.checks import amounts, masks, predictions, targets
from losscli.checks.boxes import reversed_
from losscli.checks.numbers import numbers
from losscli.errors import DataError, Level
from losscli.losses import losses
from losscli.records import record
from losscli.roles import Asked
from losscli.roles import role_of as paired
from losscli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from losscli.checks import Check
    from losscli.inspection.parts import Part
    from losscli.roles import Role

__all__ = ["Pair", "answers", "asked", "gone", "nans", "role_of", "two_labels"]


@record
class Pair:
    """A prediction and a target, as far as names and values tell.

    Attributes:
        prediction: The one.
        target: The other.
        sure: Their names tell it, or there is nothing else.
    """

    prediction: Part
    target: Part
    sure: bool = True


def nans(pair: Pair) -> int:
    """How many values of both are NaN."""
    return pair.prediction.known.facts.nan + pair.target.known.facts.nan


def gone(pair: Pair) -> int:
    """How many values of both are missing, and may be."""
    return pair.prediction.known.missing + pair.target.known.missing


def answers(loss: str, kind: str, words: tuple[str, ...], pair: Pair, settings: Settings) -> Role:
    """The role that would answer a question, if nothing that it asks of values fails.

    Raises:
        LosscliError: it would not answer.
    """
    given = asked(words)
    nan = given.pop("nan", "error")
    of_role = {name: given.pop(name) for name in ("target_base", "pos_label") if name in given}
    own = Settings(limit=settings.limit, nan=nan, **of_role)
    role = role_of(loss, kind, given, pair, own)
    if not of_role.keys() <= {*losses[loss].target.settings}:
        raise DataError(f"{loss} has not all of {', '.join(of_role)}")
    left_out = nans(pair) + gone(pair)
    if (nans(pair) and nan == "error") or (left_out and left_out >= role.rows):
        raise DataError("nothing would be left")
    case = _Case(pair, role, own, given.get("ignore_index"))
    for check in role.checks():
        if check.code == "third-label" and two_labels(pair.target):
            continue
        if check.level is Level.ERROR and check not in _NAN and not _FINE.get(check, _never)(case):
            raise DataError(check.code)
    return role


def asked(words: tuple[str, ...]) -> dict[str, Any]:
    """Options as they are typed, by their names.

    >>> asked(("--class-axis", "1", "--nan", "omit"))
    {'class_axis': 1, 'nan': 'omit'}
    """
    names = [word.removeprefix("--").replace("-", "_") for word in words[::2]]
    given = dict(zip(names, words[1::2], strict=True))
    whole = {name for name, word in given.items() if re.fullmatch(r"-?[0-9]+", word)}
    whole -= {"pos_label"}
    return {name: int(word) if name in whole else word for name, word in given.items()}


def two_labels(part: Part) -> tuple[str, str] | None:
    """The two labels that targets have, as they are typed, if no loss takes them as they are.

    >>> from losscli.checks import Facts
    >>> from losscli.inspection.known import Known
    >>> from losscli.inspection.parts import Part
    >>> two_labels(Part("y", None, None, Known(Facts(3, 0, 255, values={0: 1, 255: 2})), (3,), ""))
    ('0', '255')
    """
    known = part.known
    if known.texts:
        found = sorted(known.names or ())
        return (found[0], found[1]) if len(found) == 2 else None
    values = sorted(known.facts.values or ())
    whole = all(float(one).is_integer() for one in values)
    if len(values) != 2 or not whole or values in ([0, 1], [-1, 1]):
        return None
    return f"{values[0]:.0f}", f"{values[1]:.0f}"


def role_of(
    loss: str, kind: str, options: Mapping[str, Any], pair: Pair, settings: Settings
) -> Role:
    """The role of a loss that is asked with a pair.

    Raises:
        LosscliError: the loss has no such kind or option, or the shapes do not fit.
    """
    if (kind, "target") not in losses[loss].forms:
        raise DataError(f"{loss} takes no {kind}")
    if pair.prediction.field is None or pair.target.field is None:
        raise DataError("one of them cannot be read")
    fields = {"prediction": pair.prediction.field, "target": pair.target.field}
    bound = losses[loss].bind(options)
    question = Asked(loss, kind, fields, bound, settings)
    return paired(losses[loss].target, question, losses[loss].rows)


@record
class _Case:
    """A question of which all values are known."""

    pair: Pair
    role: Role
    settings: Settings
    ignored: Any = None

    def has(self, which: str, *codes: str) -> bool:
        part = self.pair.prediction if which == "prediction" else self.pair.target
        return any(code in part.known.tallies for code in codes)

    def low(self, which: str) -> float:
        part = self.pair.prediction if which == "prediction" else self.pair.target
        return part.known.facts.low

    @property
    def counted(self) -> set[int]:
        """The whole numbers of the target that count."""
        ignored = self.role.asked.options.get("ignore_index")
        return {value for value in self.pair.target.known.whole or () if value != ignored}

    def known_classes(self) -> bool:
        """Every name is that of a class."""
        names = self.pair.target.known.names
        if not self.pair.target.known.texts:
            return True
        known = getattr(self.role, "names", None)
        return names is not None and known is not None and {*names} <= {*known.text}

    def classes(self) -> bool:
        """Every class index has a column."""
        if self.pair.target.known.texts:
            return True
        known = getattr(self.role, "names", None)
        classes = self.role.pairing.classes or 0
        base = self.settings.target_base or 0
        wanted = {*known.whole} if known is not None and known.whole else None
        allowed = wanted or {*range(base, base + classes)}
        return bool(self.counted) and self.counted <= allowed

    def labels(self) -> bool:
        values = self.pair.target.known.facts.values
        return values is not None and {*values} in ({-1, 1}, {0, 1})


def _never(case: _Case) -> bool:
    return False


_NAN: tuple[Check, ...] = (numbers("prediction")[0], numbers("target")[0])

_FINE: dict[Check, Callable[[_Case], bool]] = {
    predictions.probs_range: lambda case: not case.has("prediction", "outside"),
    predictions.log_probs_range: lambda case: not case.has("prediction", "positive"),
    predictions.negative_rate: lambda case: not case.has("prediction", "negative"),
    targets.outside_unit: lambda case: not case.has("target", "outside"),
    targets.not_plus_minus: _Case.labels,
    targets.class_unknown: _Case.known_classes,
    targets.class_not_whole: lambda case: not case.has("target", "fraction"),
    targets.class_range: _Case.classes,
    targets.probs_range: lambda case: not case.has("target", "outside"),
    targets.log_probs_range: lambda case: not case.has("target", "positive"),
    masks.not_binary: lambda case: not case.has("target", "outside"),
    reversed_("prediction", "xyxy"): lambda case: not case.has("prediction", "crossed"),
    reversed_("target", "xyxy"): lambda case: not case.has("target", "crossed"),
    amounts.negative: lambda case: not case.has("target", "negative"),
    amounts.not_positive: lambda case: 0 < case.low("target") < inf,
    amounts.ABOVE[0]: lambda case: case.low("prediction") > -1,
    amounts.ABOVE[1]: lambda case: case.low("target") > -1,
}
"""Whether values pass each check that would refuse them; what is not here, none does."""
