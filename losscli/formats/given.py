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
        found = literal(ref.word, missing=missing).select(None)
    else:
        found = from_value(ref.name, ref.value, missing=missing)
    found.name = ref.name
    return found


def packed_in_place(ref: Ref, *, sizes: bool, missing: bool) -> Field:
    """As :func:`in_place`, of lists that may differ in length."""
    from losscli.formats.json.document import literal
    from losscli.formats.json.runs import documented
    from losscli.formats.packed import even

    found, value = None, ref.value
    if ref.literal:
        found = literal(ref.word, missing=missing).sequences(None, sizes=sizes)
    elif isinstance(value, (list, tuple)):
        items = [one.tolist() if hasattr(one, "tolist") else one for one in value]
        lists = [[*one] if isinstance(one, tuple) else one for one in items]
        if any(isinstance(one, list) for one in lists):
            found = documented(
                lists, None, None, sizes=sizes, missing=missing, name=ref.name.replace("_", "-")
            )
    if found is None:
        return even(in_place(ref, missing=missing))
    found.name = ref.name
    return found
