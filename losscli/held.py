"""The arrays that a loss holds, such as the weights of a layer: read and looked over once."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from losscli.errors import DataError
from losscli.facts import Facts
from losscli.formats.arrays.rows import numbers
from losscli.lazy import np
from losscli.records import record
from losscli.state import State, fingerprint
from losscli.views import Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from losscli.devices import Way
    from losscli.formats.base import Field
    from losscli.lazy import Tensor
    from losscli.roles import Role

__all__ = ["Arrays"]

PIECE = 2**22
"""So many values are looked over at a time."""


@record
class Arrays:
    """What a loss holds.

    Attributes:
        tensors: The arrays on the device and in their own dtype, by their side.
        state: What is known of their values, and what tells them from others.
    """

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    state: State = State()

    @classmethod
    def of(cls, role: Role, way: Way) -> Arrays:
        """Those of a question.

        Raises:
            DataError: one holds a value that is no finite number.
        """
        tensors, facts, digests = {}, {}, {}
        for side, view in role.pairing.views.items():
            if isinstance(view, Held):
                one = role.asked.fields[side]
                tensor = one.tensor()
                facts[side], digests[side] = _looked(one, tensor)
                tensors[side] = tensor.to(way.device)
        return cls(tensors, State(facts=facts, digests=digests))


def _looked(one: Field, tensor: Tensor) -> tuple[Facts, int]:
    """What is known of an array, and its fingerprint."""
    facts, digest = Facts(), 0
    for first, values in _pieces(tensor):
        found = Facts.of(values)
        if found.nan or not np.isfinite([found.low, found.high]).all():
            _refuse(one, first, values)
        facts, digest = facts + found, digest + fingerprint(first, values)
    return facts, digest


def _pieces(tensor: Tensor) -> Iterator[tuple[int, np.ndarray]]:
    """Some rows at a time, as numbers, and how many values come before them."""
    width = tensor[0].numel()
    step = max(1, PIECE // width)
    for start in range(0, len(tensor), step):
        values = numbers(tensor[start : start + step])
        yield start * width, values.view(np.uint8) if values.dtype.kind == "b" else values


def _refuse(one: Field, first: int, values: np.ndarray) -> None:
    """Tells the first value that is no finite number.

    Raises:
        DataError: always.
    """
    flat = values.reshape(-1)
    at = int((~np.isfinite(flat)).argmax())
    place = one.place(tuple(int(axis) for axis in np.unravel_index(first + at, one.shape)))
    raise DataError(
        f"{one.label}, {place}: {flat[at]:g}, and what the loss holds are finite numbers",
        code="weight-value",
    )
