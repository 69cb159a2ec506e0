"""Sequences in JSON: lists of several lengths, of numbers that may be null.

What a path finds is lists in lists; the innermost ones are sequences.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError
from losscli.formats.files import named
from losscli.formats.json.document import step
from losscli.formats.json.nested import NON_FINITE, described
from losscli.formats.json.plain import LineError, values
from losscli.formats.packed import HoleError, Packing, Runs
from losscli.lazy import np
from losscli.records import record
from losscli.spool import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from losscli.formats.packed import Packed

__all__ = ["Wanted", "documented", "is_listed", "lined", "pieced"]

EACH = "*."
"""What the path of something in every item or line may begin with."""


@record
class Wanted:
    """What is taken of every line or item.

    Attributes:
        path: Dotted, with ``*`` for every item of a list; "" for all of it.
        sizes: Text is taken for the bytes that it has in UTF-8, and may stand alone.
        missing: A null is a value that is missing.
    """

    path: str
    sizes: bool = False
    missing: bool = False


class _LostError(Exception):
    """A path leads nowhere."""


class _OddError(Exception):
    """A value is no number: which of all."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def lined(
    parts: Iterable[tuple[int, Runs]], path: str | None, key: str | None, store: Store
) -> Packed:
    """The sequences in the lines of a file."""
    packing = Packing(store)
    for lines, found in parts:
        packing.add(found, lines)
    return packing.field(path, key, "line").noted()


def documented(
    value: Any, path: str | None, key: str | None, *, sizes: bool, missing: bool, name: str = ""
) -> Packed | None:
    """The sequences in a document, or in every item of a list of objects.

    Args:
        value: The document.
        path: Its file; None for no file.
        key: What leads to the sequences.
        sizes: Text is taken for the bytes that it has in UTF-8.
        missing: A null is a value that is missing.
        name: What messages call it that has no file.

    Raises:
        DataError: values that are no numbers, or items without any.
    """
    label = named(path) if path else name or "inline JSON"
    inner, items, noun = key or "", [value], ""
    if isinstance(value, list) and all(type(one) is dict for one in value):
        head = inner.partition(".")[0]
        if not head.lstrip("-").isdigit():
            inner, items, noun = inner.removeprefix(EACH), value, "item"
    wanted = Wanted(inner, sizes, missing)
    if not items or not is_listed(items[0], wanted):
        return None
    packing = Packing(Store())
    try:
        packing.add(runs(items, wanted), len(items))
    except LineError as error:
        where = f", {noun} {error.line + 1}" if noun else ""
        raise DataError(f"{label}{where}: {error.reason}") from None
    found = packing.field(path, key, noun)
    found.name = label
    return found.noted()


def pieced(piece: bytes, wanted: Wanted) -> tuple[int, int, Runs | LineError]:
    """The bytes and the lines of a piece of a file, and the sequences in them."""
    try:
        rows = values(piece)
        return len(piece), len(rows), runs(rows, wanted)
    except LineError as error:
        return len(piece), 0, error


def runs(items: Sequence[Any], wanted: Wanted) -> Runs:
    """The sequences in some lines or items.

    Raises:
        LineError: one that has none, or values that are no numbers.
    """
    flat: list[Any] = []
    lengths: list[int] = []
    places: list[int] = []
    for place, item in enumerate(items):
        try:
            found = _found(item, wanted.path)
        except _LostError:
            raise LineError(place, f"there is no {wanted.path!r}") from None
        for one in _sequences(found, place, wanted):
            flat += one
            lengths.append(len(one))
            places.append(place)
    nulls = np.array([one is None for one in flat], bool)
    sizes, where = np.array(lengths, np.int64), np.array(places, np.int64)
    ends = np.cumsum(sizes)

    def token(at: int) -> tuple[int, str]:
        sequence = int(np.searchsorted(ends, at, "right"))
        return places[sequence], f"value {at - int(ends[sequence]) + lengths[sequence] + 1}"

    if wanted.sizes and nulls.any():
        line, text = token(int(nulls.argmax()))
        raise LineError(line, f"{text} is null, and no text")
    try:
        numbers = _numbers(flat, sizes=wanted.sizes)
    except _OddError as odd:
        line, text = token(odd.at)
        raise LineError(line, f"{text}: {described(flat[odd.at])}") from None
    try:
        return Runs.of(numbers, nulls, sizes, where, missing=wanted.missing)
    except HoleError as error:
        reason = f"value {error.at + 1} of {lengths[error.sequence]} is null"
        hint = "only the first may be; --missing omit leaves it out"
        raise LineError(places[error.sequence], f"{reason}: {hint}") from None


def is_listed(item: Any, wanted: Wanted) -> bool:
    """Whether a line or an item holds lists, or text where its size is asked."""
    try:
        found = _found(item, wanted.path)
    except _LostError:
        return "*" in wanted.path
    return isinstance(found, list) or (wanted.sizes and isinstance(found, (str, int)))


def _numbers(flat: list[Any], *, sizes: bool) -> np.ndarray:
    """All values at once where they are plain, and else one by one."""
    if set(map(type, flat)) <= {float, int, type(None)}:
        with suppress(OverflowError):
            return np.array(flat, np.float64)
    found = np.empty(len(flat), np.float64)
    for at, one in enumerate(flat):
        try:
            found[at] = _number(one, sizes=sizes)
        except (TypeError, OverflowError):
            raise _OddError(at) from None
    return found


def _number(value: Any, *, sizes: bool) -> float:
    kind = type(value)
    if kind is float or kind is int:
        return float(value)
    if value is None:
        return np.nan
    if kind is str and sizes:
        return float(len(value.encode()))
    if kind is str and value in NON_FINITE:
        return NON_FINITE[value]
    raise TypeError


def _found(value: Any, path: str) -> Any:
    """What a path leads to: lists in lists, with the nulls that it met in a list."""
    while path:
        if path == "*" or path.startswith("*."):
            if not isinstance(value, list):
                raise _LostError
            rest = path[2:]
            if rest and "." not in rest and all(type(one) is dict and rest in one for one in value):
                return [one[rest] for one in value]
            return [None if item is None else _found(item, rest) for item in value]
        taken = step(value, path)
        if taken is None:
            raise _LostError
        value, path = taken
    return value


def _sequences(found: Any, place: int, wanted: Wanted) -> Iterator[list[Any]]:
    """The innermost lists."""
    if not isinstance(found, list):
        if not wanted.sizes:
            raise LineError(place, "is no list, and so no sequence")
        yield [found]
    elif any(isinstance(one, list) for one in found):
        for one in found:
            yield from _sequences(one, place, wanted)
    else:
        yield found
