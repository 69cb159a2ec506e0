"""The arrays of a module, as its state_dict names them, each an input of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.formats.keys import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from losscli.formats.base import Listing
    from losscli.formats.locate import Ref

__all__ = ["in_file", "in_place"]

FIRST = "head.weight"
"""Every such module has this array."""


def in_file(ref: Ref, label: str, held: Sequence[Listing]) -> dict[str, Ref]:
    """The inputs that a file holds, under the prefix that is its key.

    Args:
        ref: What was typed: FILE, or FILE:PREFIX.
        label: What messages call the file.
        held: What it holds.

    Raises:
        DataError: it holds no such module.
    """
    start = f"{ref.key}." if ref.key else ""
    names = [one.key for one in held]
    found = {
        name.removeprefix(start): name
        for name in names
        if name.startswith(start) and name.removeprefix(start).startswith(("head.", "tail."))
    }
    if FIRST not in found:
        elsewhere = [name.removesuffix(f".{FIRST}") for name in names if name.endswith(f".{FIRST}")]
        error = unknown(label, start + FIRST, list(held), "array")
        hint = f"is it {label}:{elsewhere[0]}?" if len(elsewhere) == 1 else error.hint
        raise DataError(error.message, hint=hint, code=error.code)
    return {
        f"{ref.name}.{short}": replace(ref, name=f"{ref.name}.{short}", key=name)
        for short, name in sorted(found.items())
    }


def in_place(ref: Ref) -> dict[str, Ref]:
    """The inputs that a state_dict holds."""
    value = ref.value
    state: Mapping[str, object] = value.state_dict() if hasattr(value, "state_dict") else value  # type: ignore[assignment]
    if not hasattr(state, "items"):
        raise DataError(f"{ref.name} is no state_dict: a dict of arrays by their names")
    return {
        f"{ref.name}.{short}": replace(ref, name=f"{ref.name}.{short}", value=array)
        for short, array in sorted(state.items())
    }
