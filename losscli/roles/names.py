"""Classes by name: from ``--classes``, or from the columns of the predictions."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from losscli.checks.targets import UNKNOWN
from losscli.errors import DataError, UsageError
from losscli.lazy import np
from losscli.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.roles.base import Asked
    from losscli.views import Pairing


@record
class Names:
    """The names of the classes in the order of the predictions; none for plain indices."""

    text: tuple[str, ...] = ()
    whole: tuple[int, ...] = ()  # where all names are whole numbers, other than 0..C-1
    base: int = 0  # the number of the first class, where they have no names

    @classmethod
    def of(cls, asked: Asked, pairing: Pairing, columns: Sequence[str] | None) -> Names:
        """The names that a question carries.

        Args:
            asked: The question.
            pairing: How its inputs go together.
            columns: The names of the columns of scores, where they have any.

        Raises:
            UsageError: --classes does not list one name for each class.
            DataError: the targets are names, and nothing says what they mean.
        """
        classes = pairing.classes or 0
        listed = asked.settings.classes
        if listed is not None and len(listed) != classes:
            raise UsageError(
                f"--classes lists {len(listed)} names, but the predictions have {classes} classes"
            )
        text = tuple(listed or (columns if columns and len(columns) == classes else ()))
        _check_distinct(text)
        if asked.target.dtype.kind == "U":
            if not text:
                raise DataError(
                    f"{asked.target.label}: the targets are names, and the predictions' columns "
                    "have none",
                    hint="--classes a,b,c lists the names in the order of the predictions' columns",
                    code="class-unknown",
                )
            return cls(text if listed else _bare(text))
        whole = _whole(text) or _shuffled(_bare(text))
        if not whole or whole == tuple(range(classes)):
            return cls(text if listed else _bare(text), base=asked.settings.target_base or 0)
        if asked.settings.target_base is not None:
            raise UsageError(
                "--target-base counts positions, but the predictions' columns are numbered "
                f"{whole[0]}..{whole[-1]}, and targets are matched to these names"
            )
        return cls(text, whole)

    def indices(self, raw: np.ndarray) -> np.ndarray:
        """Class indices from 0, of names or of numbers; what has no name is UNKNOWN."""
        if raw.dtype.kind == "U":
            return _looked_up(raw, dict(zip(self.text, range(len(self.text)), strict=True)))
        found = raw.astype(np.int64)
        if self.whole:
            return _looked_up(found, dict(zip(self.whole, range(len(self.whole)), strict=True)))
        return found - self.base

    def shown(self, index: int) -> str:
        """A class as a person knows it, and as targets have it."""
        return self.text[index] if 0 <= index < len(self.text) else str(self.base + index)


def _check_distinct(text: tuple[str, ...]) -> None:
    names = [int(name) if name.isascii() and name.isdigit() else name for name in text]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"two classes are named {twice!r}", code="class-unknown")


def _looked_up(raw: np.ndarray, places: dict[str, int] | dict[int, int]) -> np.ndarray:
    values, back = np.unique(raw, return_inverse=True)
    known = np.array([places.get(one.item(), UNKNOWN) for one in values], np.int64)
    return known[back].reshape(raw.shape)


def _whole(names: tuple[str, ...]) -> tuple[int, ...]:
    """The names as whole numbers, if all of them are."""
    if not all(name.isascii() and name.isdigit() for name in names):
        return ()
    return tuple(map(int, names))


def _shuffled(names: tuple[str, ...]) -> tuple[int, ...]:
    """The names as whole numbers, if they are the indices of the classes in another order."""
    numbers = _whole(names)
    return numbers if sorted(numbers) == list(range(len(names))) else ()


def _bare(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names without what all of them begin with: logit_cat, logit_dog are cat and dog."""
    prefix = "".join(
        one[0]
        for one in takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    )
    start = max(prefix.rfind(mark) for mark in "_-. ") + 1
    return tuple(name[start:] for name in names)
