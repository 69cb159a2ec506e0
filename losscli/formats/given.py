"""Inputs that are no files: values of Python, and JSON in a word of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losscli.formats.base import Field
    from losscli.formats.locate import Ref

__all__ = ["in_place", "packed_in_place"]


def in_place(ref: Ref, *, missing: bool) -> Field:
    """A Python value, or inline JSON: messages name it by its input."""
    from losscli.formats.json.document import literal
    from losscli.formats.values import from_value

    if ref.literal:
        found = literal(ref.word, missing=missing)
    else:
        found = from_value(ref.name, ref.value, missing=missing)
    found.name = ref.name
    return found


def packed_in_place(ref: Ref, *, sizes: bool, missing: bool) -> Field:
    """As :func:`in_place`, of lists that may differ in length."""
    from losscli.formats.json.document import parse
    from losscli.formats.json.runs import documented
    from losscli.formats.packed import even

    value = parse(ref.word, "inline JSON") if ref.literal else ref.value
    if isinstance(value, (list, tuple)):
        value = [one.tolist() if hasattr(one, "tolist") else one for one in value]
    if isinstance(value, list) and any(isinstance(one, (list, tuple)) for one in value):
        nested = [[*one] if isinstance(one, tuple) else one for one in value]
        found = documented(nested, None, None, sizes=sizes, missing=missing)
        if found is not None:
            found.name = ref.name
            return found
    return even(in_place(ref, missing=missing))
