"""Losses of times until something happens, of which some are only known to be longer."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated

from losscli.lazy import Tensor, torch
from losscli.options import Choice
from losscli.registry import Terms, loss
from losscli.roles import Survival
from losscli.roles.base import number, ratio

if TYPE_CHECKING:
    from losscli.stats import Totals

Ties = Annotated[str, Choice(("breslow", "efron"))]


@loss(
    Survival,
    unit="nats",
    rows="all",
    reference="lifelines.CoxPHFitter (efron), pycox.models.loss.CoxPHLoss (breslow)",
    aliases=("cox-ph", "coxph", "CoxPHLoss", "partial-likelihood", "deepsurv"),
)
def cox(log_hazard: Tensor, time: Tensor, event: Tensor, *, ties: Ties = "breslow") -> Terms:
    """Negative log partial likelihood of Cox's model: who of those at risk it happens to.

    loss = ln(sum of exp(h) over all rows whose time is not shorter) - h for a row to which it
    happens, and 0 for a censored one, that counts among those at risk alone. The mean is over
    events; sample weights weigh events, and not those at risk.

    Args:
        ties: Events at the same time are all at risk for each of them (breslow), or leave one by
            one in an order that nobody knows (efron).

    Shape:
        Log-hazards, times and events (N); an event is 1, a censored time 0.

    Mean:
        The mean divides by the number of events.

    Related:
        ce: the same, of those at risk instead of classes.

    Reference:
        Cox, 1972; Breslow, 1974; Efron, 1977. The sum is the partial likelihood of lifelines and
        of survival::coxph of R.

    Example:
        >>> cox(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 2.0]), torch.tensor([1, 1])).elements
        tensor([0.3133, 0.0000])
    """
    bounded, level = _bounded(log_hazard.double())
    order = bounded.argsort(stable=True)  # rows of a time are added up from the least
    order = order[time[order].argsort(descending=True, stable=True)]
    hazard, event_here = bounded[order], event[order] != 0
    when = time[order]
    group = torch.cat([when[:1] != when[:1], when[1:] != when[:-1]]).cumsum(0)
    sizes = group.bincount()
    last = (sizes.cumsum(0) - 1)[group]
    risk = hazard.logcumsumexp(0)[last]
    if ties == "efron":
        found = _leaving(hazard, risk, event_here, group, len(sizes)) - hazard
    else:
        found = (risk - hazard).clamp(min=0)
    beyond = level[order] < level[order].cummax(0).values[last]
    found = torch.where(event_here, torch.where(beyond, inf, found), 0.0)
    elements = torch.empty_like(found)
    elements[order] = found
    return Terms(elements.to(log_hazard.dtype), (event != 0).to(log_hazard.dtype))


@cox.guessed("equal hazards")
def _(totals: Totals, *, ties: str) -> float | None:
    """That of hazards that are all equal: for each event ln of how many are at risk."""
    found = ratio(totals["even"].value, number(totals["events"]))
    return found if found >= 0 else None


def _leaving(hazard: Tensor, risk: Tensor, event: Tensor, group: Tensor, groups: int) -> Tensor:
    """The mean of ln(those at risk) while the events of a time leave one by one.

    Args:
        hazard: The log-hazards, in groups of equal times.
        risk: The logarithm of the sum of all hazards at risk, the same for a group.
        event: Where it happens.
        group: The number of each row's group.
        groups: How many there are.
    """
    counts = torch.zeros(groups, dtype=hazard.dtype, device=hazard.device)
    events = counts.index_add(0, group, event.to(hazard.dtype))[group]
    share = torch.where(event, (hazard - risk).exp(), 0.0)
    leaving = counts.index_add(0, group, share)[group].clamp(max=1)
    before = event.cumsum(0) - event.long()  # events before this one, in all groups
    first = torch.full_like(counts, len(hazard)).scatter_reduce(
        0, group, before.to(hazard.dtype), "amin"
    )
    part = (before - first[group]) / events.clamp(min=1)
    gone = torch.where(event, (-part * leaving).log1p(), 0.0)
    return risk + counts.index_add(0, group, gone)[group] / events.clamp(min=1)


def _bounded(hazard: Tensor) -> tuple[Tensor, Tensor]:
    """Log-hazards with infinities so far away that they are limits, and how infinite each is."""
    level = (hazard == inf).long() - (hazard == -inf).long()
    finite = hazard[hazard.isfinite()].abs()
    far = (finite.max().item() if len(finite) else 0.0) + 1e3
    return hazard.clamp(-far, far), level
