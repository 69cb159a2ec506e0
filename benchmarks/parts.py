"""Where the engine's time goes: its parts are timed while it runs, each without those inside it."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = (
    "reading",
    "facts and checks",
    "to tensors",
    "kernel",
    "statistics",
    "role's measures",
    "quantile bins",
    "adding up",
    "ends",
)
"""In the order in which a leaf goes through them.

Reading is from the page cache, with what the role makes of targets. To tensors is the way into
the dtype of the kernel and back. The ends are opening files before, and judging and the result
after all leaves; of up to 2^24 values the quantiles are found there.
"""


class Clock:
    """One stopwatch that belongs to whichever part is running."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._inside: list[str] = []
        self._since = 0.0

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that does the same, and whose time goes to a part."""

        def timed(*given: Any, **named: Any) -> Any:
            self._switch()
            self._inside.append(part)
            try:
                return function(*given, **named)
            finally:
                self._switch()
                self._inside.pop()

        return timed

    def _switch(self) -> None:
        now = time.perf_counter()
        if self._inside:
            self.spent[self._inside[-1]] += now - self._since
        self._since = now


def breakdown(loss: str, answer: Callable[[], Any]) -> dict[str, float]:
    """Seconds of each part while something is answered, in one thread.

    Args:
        loss: The name of the loss.
        answer: Answers a question about it.
    """
    from losscli import losses, plan, quantiles, reader, state

    clock = Clock()
    found = losses.find(loss)
    forms = {form: clock.around("kernel", one) for form, one in found.forms.items()}
    places = (
        ("reading", reader.Reader, "leaf"),
        ("facts and checks", plan, "look"),
        ("to tensors", plan.Plan, "found"),
        ("to tensors", plan.Plan, "losses"),
        ("statistics", plan, "measure"),
        ("role's measures", found.target, "measure"),
        ("quantile bins", quantiles.Sample, "joined"),
        ("adding up", state.State, "joined"),
    )
    with ExitStack() as stack:
        for part, owner, name in places:
            stack.enter_context(patch.object(owner, name, clock.around(part, getattr(owner, name))))
        stack.enter_context(patch.dict(found.forms, forms))
        clock.around("ends", answer)()
    return {part: clock.spent[part] for part in PARTS}
