"""From the files of a question to the rows of each that are taken."""

from __future__ import annotations

from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from losscli.errors import DataError, Finding, Level, UsageError
from losscli.formats.picked import Picked, Reordered
from losscli.lazy import np
from losscli.picking.ids import BLOCK, Ids, settled
from losscli.picking.join import EXAMPLES, Alone, Ascent, join
from losscli.picking.where import holds, values
from losscli.records import record
from losscli.spool import Spool, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.formats.base import Field
    from losscli.formats.locate import Ref
    from losscli.picking.asked import Asked, Where

__all__ = ["Group", "Picking", "picked"]


@record
class Group:
    """The inputs of one file, or of the same shards.

    Attributes:
        label: The file.
        fields: The inputs by their names.
        ids: The columns of ids; none if the file has not all of them.
        where: The columns of ``--where`` that the file has.
        error: Why it has no ids.
    """

    label: str
    fields: Mapping[str, Field]
    ids: tuple[Field, ...] = ()
    where: Mapping[Where, Field] | None = None
    error: DataError | None = None

    @property
    def kept(self) -> np.ndarray | None:
        """Which rows ``--where`` takes; None where it says nothing of this file."""
        found = None
        for where, field in (self.where or {}).items():
            mask = holds(field, where)
            found = mask if found is None else found & mask
        return found


@record
class Picking:
    """What was asked, and of which inputs.

    Attributes:
        asked: --key, --unmatched and --where.
        sides: The prediction first, and what else has rows for sure.
        small: Arrays that go along with the rows only if they have as many axes.
        store: The room for indices.
        held: Inputs without rows, of which nothing is picked.
    """

    asked: Asked
    sides: tuple[str, ...]
    small: tuple[str, ...]
    store: Store
    held: tuple[str, ...] = ()

    def rows(self, refs: Mapping[str, Ref]) -> dict[str, Ref]:
        """The inputs that have rows; of the arrays of a module none has."""
        return {name: one for name, one in refs.items() if name.partition(".")[0] not in self.held}

    def along(self, name: str, field: Field, prediction: Field, rows: int) -> bool:
        """Whether a field has one row for each of a file."""
        if not field.shape or field.shape[0] != rows:
            return False
        if name in self.small:
            return len(field.shape) == len(prediction.shape)
        return name in self.sides or field.uneven or prod(field.shape) > 1


class Taken(NamedTuple):
    """The inputs with their rows picked, what is to be said of that, and the ids of the rows.

    The ids are columns by their names in the file of the prediction; none of rows without.
    """

    fields: dict[str, Field]
    findings: list[Finding]
    ids: Mapping[str, Field] = MappingProxyType({})


def picked(groups: Sequence[Group], picking: Picking) -> Taken:
    """The inputs, less the rows that fall out, each in the order of the prediction's file.

    Args:
        groups: The files; that of the prediction first.
        picking: What was asked.

    Raises:
        DataError: no partner, several of them, or nothing left.
    """
    fields = {name: field for group in groups for name, field in group.fields.items()}
    prediction = fields[picking.sides[0]]
    if not picking.asked.ours:
        return _filtered(groups, fields, prediction, picking)
    return _paired(groups, fields, prediction, picking)


def _filtered(
    groups: Sequence[Group], fields: Mapping[str, Field], prediction: Field, picking: Picking
) -> Taken:
    """Rows by position: those of which the file itself says that they are taken."""
    masks = {place: mask for place, group in enumerate(groups) if (mask := group.kept) is not None}
    (first, mask), *others = masks.items()
    for place, other in others:
        if len(other) == len(mask) and (other != mask).any():
            raise DataError(
                f"{_asked(picking)} takes other rows of {groups[place].label} than of "
                f"{groups[first].label}: their rows are in another order",
                hint="--key COLUMN pairs rows by id",
                code="where",
            )
    count = int(np.count_nonzero(mask))
    if not count:
        _nothing(groups, picking)
    found = dict(fields)
    for place, group in enumerate(groups):
        own = masks.get(place, mask)
        rows = Rows(own, picking.store)
        for name, field in group.fields.items():
            if picking.along(name, field, prediction, len(own)):
                found[name] = rows.of(field)
    message = f"{_asked(picking)}: {count:,} of {len(mask):,} rows of {groups[first].label}"
    return Taken(found, [Finding("picked", Level.NOTE, message, count=count)])


class Rows:
    """The rows that a mask takes."""

    def __init__(self, mask: np.ndarray, store: Store) -> None:
        self._all = bool(mask.all())
        self._index = Spool(store)
        for start in range(0, len(mask), BLOCK):
            self._index.add(start + np.flatnonzero(mask[start : start + BLOCK]))

    def of(self, field: Field) -> Field:
        return field if self._all else Picked(field, self._index)


def _nothing(groups: Sequence[Group], picking: Picking) -> NoReturn:
    """Tells that no row is left, and what the columns hold that were asked."""
    columns = [field for group in groups for field in (group.where or {}).values()]
    if not columns:
        raise DataError("no id is in all files", code="no-partner")
    held = "; ".join(f"{field.label} holds {values(field)}" for field in columns)
    raise DataError(f"{_asked(picking)} leaves no row: {held}", code="where")


def _asked(picking: Picking) -> str:
    return " ".join(f"--where {where}" for where in picking.asked.where)


class _Index:
    """Which row of one file each pair has, as it is found."""

    def __init__(self, store: Store, rows: int) -> None:
        self.spool = Spool(store)
        self._rows = rows
        self._last = -1
        self._ascends = True
        self._same = True

    def add(self, index: np.ndarray) -> None:
        if not len(index):
            return
        start = len(self.spool)
        self._ascends = (
            self._ascends and index[0] > self._last and bool((index[1:] > index[:-1]).all())
        )
        self._same = self._same and np.array_equal(index, np.arange(start, start + len(index)))
        self._last = int(index[-1])
        self.spool.add(index)

    def of(self, field: Field, store: Store) -> Field:
        """The rows of a field."""
        if self._same and len(self.spool) == self._rows:
            return field
        if self._ascends:
            return Picked(field, self.spool)
        return Reordered(field, self.spool, store)


def _paired(
    groups: Sequence[Group], fields: Mapping[str, Field], prediction: Field, picking: Picking
) -> Taken:
    """Rows by their ids."""
    files = [group for group in groups if _has_ids(group, prediction, picking)]
    if len(files) == 1:
        raise UsageError(
            f"--key pairs rows of several files, and only {files[0].label} has ids here"
        )
    every = [Ids(group.ids, group.label) for group in files]
    for ids in every:
        if not len(ids):
            raise DataError(f"{ids.columns[0].label} has no rows", code="empty")
    settled(every)
    for group, ids in zip(files, every, strict=True):
        _check_rows(group, ids, picking)
    lead, *others = map(Ascent.of, every)
    masks = [group.kept for group in files]
    joined = [
        join(lead, other, _wanted(mask), picking.store)
        for other, mask in zip(others, masks[1:], strict=True)
    ]
    indices = [_Index(picking.store, len(ids)) for ids in every]
    lone = [Alone() for _ in others]
    for start in range(0, len(every[0]), BLOCK):
        stop = min(start + BLOCK, len(every[0]))
        keep = np.ones(stop - start, bool) if masks[0] is None else masks[0][start:stop].copy()
        partners = [partner[start:stop] for partner, _ in joined]
        kept = keep.copy()
        for alone, partner, mask in zip(lone, partners, masks[1:], strict=True):
            alone.add(start, kept & (partner < 0))
            keep &= partner >= 0
            if mask is not None:
                keep &= mask[partner]
        indices[0].add(start + np.flatnonzero(keep))
        for index, partner in zip(indices[1:], partners, strict=True):
            index.add(partner[keep])
    outcome = _Outcome(every, lone, [alone for _, alone in joined], len(indices[0].spool))
    findings = outcome.judged(picking)
    if not outcome.pairs:
        _nothing(files, picking)
    taken = {
        name: index.of(field, picking.store)
        for group, ids, index in zip(files, every, indices, strict=True)
        for name, field in group.fields.items()
        if picking.along(name, field, prediction, len(ids))
    }
    lead_ids = {
        name: indices[0].of(column, picking.store)
        for name, column in zip(picking.asked.ours, every[0].columns, strict=True)
    }
    return Taken({**fields, **taken}, findings, lead_ids)


def _wanted(mask: np.ndarray | None) -> Callable[[int, int], np.ndarray]:
    """Which of some rows should have a partner."""

    def wanted(start: int, stop: int) -> np.ndarray:
        return np.ones(stop - start, bool) if mask is None else mask[start:stop]

    return wanted


def _has_ids(group: Group, prediction: Field, picking: Picking) -> bool:
    """Whether a file has ids; one without may hold what is the same for all rows."""
    if group.ids:
        return True
    rows = prediction.shape[0] if prediction.shape else 1
    if group.error is not None and any(
        name in picking.sides or picking.along(name, field, prediction, rows)
        for name, field in group.fields.items()
    ):
        raise group.error
    return False


def _check_rows(group: Group, ids: Ids, picking: Picking) -> None:
    for name, field in group.fields.items():
        if name in picking.sides and field.shape[:1] != (len(ids),):
            raise DataError(
                f"{field.label} has shape {field.shape}, and {ids.columns[0].label} has "
                f"{len(ids):,} ids: there is one for each row",
                code="key",
            )


@record
class _Outcome:
    """How a pairing by ids went.

    Attributes:
        ids: Of all files.
        ours: Rows of the first that have no partner in each other file.
        theirs: Rows of each other file that have none in the first.
        pairs: How many rows are left.
    """

    ids: Sequence[Ids]
    ours: Sequence[Alone]
    theirs: Sequence[Alone]
    pairs: int

    def judged(self, picking: Picking) -> list[Finding]:
        """What there is to say.

        Raises:
            DataError: rows without a partner, unless they may fall out.
        """
        lead, *others = self.ids
        said: list[str] = []
        for other, ours, theirs in zip(others, self.ours, self.theirs, strict=True):
            if ours.count == len(lead):
                raise DataError(
                    f"no id of {lead.label} is in {other.label}: "
                    f"{_first(lead)} there, and {_first(other)} here",
                    code="no-partner",
                )
            said += _told(lead, other, ours) + _told(other, lead, theirs)
        count = sum(alone.count for alone in (*self.ours, *self.theirs))
        if said and not picking.asked.omit:
            raise DataError(
                "; ".join(said),
                hint="--unmatched omit takes the rows that have a partner",
                code="no-partner",
            )
        key = ",".join(picking.asked.ours)
        where = f", {_asked(picking)}" if picking.asked.where else ""
        message = f"{self.pairs:,} rows paired by {key}{where}, in the order of {lead.label}"
        found = [Finding("paired", Level.NOTE, message, count=self.pairs)]
        if said:
            text = f"left out: {'; '.join(said)}"
            found.append(Finding("unmatched", Level.WARNING, text, count=count))
        return found


def _first(ids: Ids) -> str:
    return ids.examples(range(min(EXAMPLES, len(ids)))) or "nothing"


def _told(ids: Ids, other: Ids, alone: Alone) -> list[str]:
    if not alone.count:
        return []
    such = "such as " if alone.count > len(alone.rows) else ""
    has = "has" if alone.count == 1 else "have"
    rows = f"{alone.count:,} of {len(ids):,} rows of {ids.label}"
    return [f"{rows} {has} no partner in {other.label}: {such}{ids.examples(alone.rows)}"]
