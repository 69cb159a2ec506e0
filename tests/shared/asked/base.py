"""What is known of a loss in tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LAWS = (
    "zero at truth",  # where the prediction says what is true: see Example.truth
    "non-negative",
    "row order",  # rows in another order: the same losses in that order
    "symmetric",  # the first input and Example.other may be swapped
    "shift",  # 3 may be added to all of Example.shifted
)


class Held(np.ndarray):
    """An array that a loss holds: it has no rows of the data."""


def has_rows(value: object) -> bool:
    """Whether an input goes along with the rows."""
    return isinstance(value, np.ndarray) and not isinstance(value, Held)


@dataclass(frozen=True)
class Example:
    """Inputs that suit a loss, and what holds of it.

    Attributes:
        forms: By a name: what makes inputs and options of a generator of random numbers and a
            number of rows. Arrays have the rows first; 7 rows and more are asked for.
        options: The words that set each option of the loss itself, to what changes the number of
            the first form; or (form, words) where it takes another form.
        laws: Those of LAWS that hold for the first form.
        truth: The best prediction for the inputs of the first form: new inputs.
        shifted: The inputs that "shift" adds to; the first if none is named.
        other: The input that "symmetric" swaps with the first.
        positive: The first input must be above 0, so that tests of odd values keep it so.
        alone: The loss of a row depends on that row alone, and each row has its own.
        rows: Each row has its own loss, which may depend on others.
        limits: Inputs and options where floats end, and the losses in the limit: each is asked in
            double, single and half.
    """

    forms: Mapping[str, Callable[[np.random.Generator, int], dict[str, Any]]]
    options: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)
    laws: frozenset[str] = frozenset()
    truth: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    shifted: tuple[str, ...] = ()
    other: str = "target"
    positive: bool = False
    alone: bool = True
    rows: bool = True
    limits: Sequence[tuple[dict[str, Any], list[Any]]] = ()

    def __post_init__(self) -> None:
        assert self.laws <= {*LAWS}
        assert ("zero at truth" in self.laws) <= (self.truth is not None)

    def inputs(self, form: str | None = None, rows: int = 24, seed: int = 3) -> dict[str, Any]:
        """Inputs and options of one form, the first if none is named."""
        make = self.forms[form or next(iter(self.forms))]
        return make(np.random.default_rng(seed), rows)
