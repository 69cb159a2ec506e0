"""What the targets of a loss are that does not say it: by word, or by names and shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from losscli.checks.numbers import numbers
from losscli.checks.predictions import BY_KIND
from losscli.errors import DataError, Finding, Level, UsageError
from losscli.lazy import np
from losscli.registry import TARGETS, flag
from losscli.roles import (
    BoundedBinary,
    BoundedClasses,
    BoundedClassIndex,
    Counts,
    MultiLabel,
    PlusMinus,
    Role,
    ScoredClasses,
    ScoredClassIndex,
    Values,
)
from losscli.roles.base import Report
from losscli.settings import OF_ROLES
from losscli.stats import Totals
from losscli.views import Pairing, View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.formats.base import Field
    from losscli.roles import Asked

    Ask = Callable[[Sequence[np.ndarray]], tuple[int, ...]]

WORDS: dict[str, type[Role]] = {
    "values": Values,
    "binary": BoundedBinary,
    "plus-minus": PlusMinus,
    "multi-label": MultiLabel,
    "counts": Counts,
    "class-index": BoundedClassIndex,
    "classes": BoundedClasses,
}
"""What --role says; "any" besides, which is :class:`Free`."""

CLASSES: dict[type[Role], type[Role]] = {
    BoundedClassIndex: ScoredClassIndex,
    BoundedClasses: ScoredClasses,
}
"""Those of classes, for predictions that are no logits and no probabilities."""

_REAL = ("pred", "rate", "log_rate")


class Told(Role):
    """A target that the names and the shapes of the inputs tell: see :meth:`chosen`."""

    settings = OF_ROLES
    hits = "what it is for the role that the inputs tell, or --role"
    shape_of: ClassVar[Any]

    @classmethod
    def of(cls, asked: Asked) -> Role:
        word = cls.chosen(asked)
        chosen = of_word(word, asked.kind)
        for name in OF_ROLES:
            given = getattr(asked.settings, name) is not None
            if given and name not in chosen.settings and name not in asked.options:
                why = f"the targets were read as {word}, by the names and shapes of the inputs"
                raise UsageError(f"{flag(name)} has no meaning here: {why}", hint=_hint())
        role = chosen.of(asked)
        message = f"targets were read as {word}, by the names and the shapes of the inputs"
        note = Finding("role-guessed", Level.NOTE, message, _hint(), "target")
        role.pairing = replace(role.pairing, notes=(*role.pairing.notes, note))
        return role

    @classmethod
    def chosen(cls, asked: Asked) -> str:
        """One of :data:`WORDS`."""
        ours, theirs = (_dropped(one.shape) for one in (asked.prediction, asked.target))
        if len(ours) == len(theirs) + 1 and asked.kind not in ("rate", "log_rate"):
            return "class-index"
        if asked.kind in _REAL:
            return "values"
        if len(ours) > 1 and ours == theirs:
            found = cls.shape_of([_head(one, 2) for one in (asked.prediction, asked.target)])
            return "classes" if len(found) < len(asked.prediction.shape) else "binary"
        return "binary"


def _hint() -> str:
    return f"--role says it: {', '.join(WORDS)}, or any, which checks shapes alone"


def of_word(word: str, kind: str) -> type[Role]:
    """The role of a word, for a kind of prediction."""
    found = WORDS[word]
    return CLASSES.get(found, found) if kind == "pred" else found


class Free(Role):
    """Inputs of any kind: rows of the same number, of which all values are numbers.

    The shape of the losses is what the function makes of the first row, given two and three times.
    """

    precise = True
    shape_of: ClassVar[Any]
    said: ClassVar[str]

    def __init__(self, asked: Asked) -> None:
        whole = [side for side, one in asked.fields.items() if one.dtype.kind in "iub"]
        self.labels = tuple(side for side in whole if side != "prediction")  # type: ignore[misc]
        super().__init__(asked)

    def pair(self) -> Pairing:
        fields = self.asked.fields
        first = self.asked.prediction
        for one in fields.values():
            if not one.shape or one.shape[0] != first.shape[0]:
                raise DataError(
                    f"the inputs of {self.asked.loss} have as many rows each: {first.label} has "
                    f"shape {first.shape}, {one.label} has shape {one.shape}",
                    code="row-count",
                )
        message = f"{self.said}: only shapes and finite numbers are checked"
        note = Finding("role-any", Level.NOTE, message)
        views = {side: View(one.shape[1:]) for side, one in fields.items()}
        return Pairing(first.shape[0], views, (first.shape[0], *self._row()), notes=(note,))

    def _row(self) -> tuple[int, ...]:
        """The shape of the losses of one row.

        Raises:
            DataError: it changes with the rows.
        """
        fields = [*self.asked.fields.values()]
        if any(one.dtype.kind == "U" for one in fields):
            return ()  # text is refused next
        two, three = (self.shape_of([_head(one, rows) for one in fields]) for rows in (2, 3))
        if two[:1] != (2,) or three != (3, *two[1:]):
            raise DataError(
                f"{self.asked.loss} gives losses of shape {two} for 2 rows, {three} for 3 rows: "
                "one for each row is expected, or several",
                hint="are shapes such as (N,) and (N, 1) broadcast?",
                code="own-loss",
            )
        row: tuple[int, ...] = two[1:]
        return row

    def read(self, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            side: values.astype(np.int64) if side in self.labels else values
            for side, values in given.items()
        }

    def checks(self) -> Sequence[Check]:
        sides = [side for side in self.asked.fields if side != "prediction"]
        first = BY_KIND.get(self.asked.kind, numbers("prediction"))
        return (*first, *(check for side in sides for check in numbers(side)))

    def measure(self, batch: Batch) -> Totals:
        return Totals()

    def report(self, totals: Totals) -> Report:
        return Report()

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        return [[] for _ in places]

    @property
    def headings(self) -> list[str]:
        return []


def _dropped(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:1], *(size for size in shape[1:] if size != 1))


def _head(field: Field, rows: int) -> np.ndarray:
    """The first row, several times."""
    return np.repeat(field.rows(0, 1), rows, 0)


def chosen(form: Sequence[str], word: str | None, shape_of: Ask, name: str) -> type[Role]:
    """The role of a loss that has none.

    Args:
        form: Its inputs, the prediction first.
        word: What --role says, if it is given.
        shape_of: The shape of the losses of some inputs.
        name: The loss.

    Raises:
        UsageError: the role is that of another kind of inputs.
    """
    kind, *rest = form
    plain = rest == ["target"] and kind in (*_REAL, "logits", "probs", "log_probs")
    members: dict[str, Any] = {"shape_of": staticmethod(shape_of)}
    if word == "any" or (word is None and not plain):
        members["said"] = f"the inputs of {name} may be anything"
        return type("Any", (Free,), members)
    if word is None:
        return type("Told", (Told,), members)
    if rest != ["target"] or len({*rest} & {*TARGETS}) != 1 or kind not in BY_KIND:
        listed = " and ".join(map(flag, form))
        raise UsageError(
            f"--role {word} is for a prediction and a target, and {name} takes {listed}",
            hint="--role any checks shapes and finite numbers alone",
        )
    return of_word(word, kind)
