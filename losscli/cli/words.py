"""Words as numbers, without the library that Typer would do it with.

Typer builds a pydantic adapter for each of forty options, given or not: that takes longer than to
import Typer and to find a missing file together.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from typer import BadParameter
from typer._coercion import RuntimeParam

__all__ = ["spared"]


def spared(params: list[Any]) -> list[Any]:
    """The parameters of a command, whose words become what they say without pydantic."""
    for param in params:
        found = getattr(param, "type_descriptor", None)
        if found is not None:
            param._runtime_param = Word(found.parameter_info, found.annotation)  # noqa: SLF001
    return params


class Word(RuntimeParam):
    """One word as text, a whole number or a number; or several as a list of texts."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [str(one) for one in value]
        kinds = {int, float} & {self.annotation, *get_args(self.annotation)}
        if not kinds or not isinstance(value, str):
            return value
        whole = kinds == {int}
        try:
            return _whole(value) if whole else float(value)
        except ValueError as error:
            wanted = "integer" if whole else "number"
            raise BadParameter(f"a valid {wanted} is wanted", ctx=ctx, param=param) from error


def _whole(word: str) -> int:
    """A whole number; Python's int takes more, such as 1_000."""
    if not re.fullmatch(r"[+-]?[0-9]+", word.strip()):
        raise ValueError(word)
    return int(word)
