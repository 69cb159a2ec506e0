"""Every loss, asked once: for tests of where it is computed and with what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from asked import FORMS
from cases import CASES, data

from losscli import evaluate
from losscli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


def answers(rows: int = 20) -> Iterator[tuple[str, str]]:
    """The results of all losses as JSON, with the bytes of their gradients."""
    for case in [*CASES, *FORMS]:
        if case in CASES:
            name, given = CASES[case][0], data(case, rows)
        else:
            name, make = FORMS[case]
            given = make(np.random.default_rng(5), rows)
        try:
            result = evaluate(name, **given, grad=True)
        except UsageError:  # it is of decisions
            result = evaluate(name, **given)
        slopes = [one.tobytes().hex() for one in (result.gradient or {}).values()]
        yield case, json.dumps([result.to_dict(), slopes])
