"""Classes that hold values which nobody changes: dataclasses that cost little to define.

A frozen dataclass writes and compiles six methods, which takes a millisecond or two each time a
process starts, and a command imports a hundred of them. Here it writes one; the others are the same
functions for all. That no field is set again is held by the type checker.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

__all__ = ["record"]


@overload
@dataclass_transform(frozen_default=True)
def record(cls: type[T], /) -> type[T]: ...


@overload
@dataclass_transform(frozen_default=True)
def record(*, eq: bool = True) -> Callable[[type[T]], type[T]]: ...


def record(cls: Any = None, /, *, eq: bool = True) -> Any:
    """A dataclass whose fields are set once.

    Args:
        cls: The class; None where options are given.
        eq: Two are equal, and have one hash, if their fields are; else if they are the same one.

    Example:
        >>> @record
        ... class Point:
        ...     x: float
        ...     y: float = 0.0
        >>> Point(1.0), Point(1.0) == Point(1.0, 0.0)
        (Point(x=1.0, y=0.0), True)
    """

    def make(cls: type[T]) -> type[T]:
        shared = {"__repr__": _shown, **({"__eq__": _equal, "__hash__": _hash} if eq else {})}
        for name, method in shared.items():
            if name not in vars(cls):
                setattr(cls, name, method)
        return dataclass(cls, repr=False, eq=False)

    return make if cls is None else make(cls)


def _shown(self: Any) -> str:
    held = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(held)})"


def _equal(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _values(one: Any) -> tuple[Any, ...]:
    return tuple(getattr(one, each.name) for each in fields(one) if each.compare)
