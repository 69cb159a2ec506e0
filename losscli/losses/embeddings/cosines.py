"""Losses of given cosines: of vectors with the centre of each class."""

from __future__ import annotations

from math import pi, sin
from typing import TYPE_CHECKING, Annotated, Any

from losscli.lazy import F, Tensor, torch
from losscli.losses.binary.entropy import LINEAR
from losscli.losses.limits import felt
from losscli.options import Bound, Positive
from losscli.registry import loss
from losscli.roles import Angles

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.stats import Totals

HalfTurn = Annotated[float, Bound(">=", -pi), Bound("<=", pi)]


def _unrelated(function: Callable[..., Tensor]) -> Callable[..., float | None]:
    """That of cosines that are all 0."""

    def guess(totals: Totals, **options: Any) -> float | None:
        """That of cosines of 0, whatever the class is."""
        if "classes" not in totals:
            return None
        zeros = torch.zeros(1, len(totals["classes"]), dtype=torch.float64)
        every = {**options, "ignore_index": -1}  # class 0 may be the one that does not count
        return function(zeros, torch.zeros(1, dtype=torch.int64), **every).item()

    return guess


@loss(
    Angles,
    unit="nats",
    reference="pytorch_metric_learning.losses.ArcFaceLoss",
    aliases=("ArcFaceLoss",),
)
def arcface(
    logits: Tensor,
    target: Tensor,
    *,
    margin: HalfTurn = 0.5,
    scale: Positive = 64.0,
    ignore_index: int = -100,
) -> Tensor:
    """Cross-entropy of scaled cosines, with a margin added to the angle of the true class.

    loss = -ln softmax(scale · cos'), where cos' is cos(angle + margin) for the true class and the
    given cosine for the others. Where angle + margin is more than half a turn, it is cos - margin ·
    sin(margin), so that it goes on falling.

    Args:
        margin: In radians: 0.5 in the paper; pytorch-metric-learning has 28.6 degrees.
        scale: What cosines are multiplied with.
        ignore_index: Targets of this value do not count.

    Shape:
        Cosines (N, C), not yet scaled; class indices (N,).

    Related:
        cosface: the margin is taken from the cosine.
        ce: without a margin, of scale times the cosines.

    Reference:
        pytorch_metric_learning.losses.ArcFaceLoss; Deng et al., arXiv:1801.07698.

    Example:
        >>> arcface(torch.tensor([[0.8, 0.3]]), torch.tensor([0]), scale=4.0)
        tensor([0.4903])
    """
    counted, own = _own(logits, target, ignore_index)
    angle = felt(own).clamp(-1, 1).acos()
    pushed = torch.where(angle + margin <= pi, (angle + margin).cos(), own - margin * sin(margin))
    return _crossed(logits, target, counted, pushed, scale)


arcface.guessed("unrelated vectors")(_unrelated(arcface))


@loss(
    Angles,
    unit="nats",
    reference="pytorch_metric_learning.losses.CosFaceLoss",
    aliases=("CosFaceLoss", "am-softmax"),
)
def cosface(
    logits: Tensor,
    target: Tensor,
    *,
    margin: float = 0.35,
    scale: Positive = 64.0,
    ignore_index: int = -100,
) -> Tensor:
    """Cross-entropy of scaled cosines, with a margin taken from that of the true class.

    loss = -ln softmax(scale · cos'), where cos' is cos - margin for the true class and the given
    cosine for the others.

    Args:
        margin: What is taken from the cosine of the true class.
        scale: What cosines are multiplied with.
        ignore_index: Targets of this value do not count.

    Shape:
        Cosines (N, C), not yet scaled; class indices (N,).

    Related:
        arcface: the margin is added to the angle.
        ce: without a margin, of scale times the cosines.

    Reference:
        pytorch_metric_learning.losses.CosFaceLoss; Wang et al., arXiv:1801.09414.

    Example:
        >>> cosface(torch.tensor([[0.8, 0.3]]), torch.tensor([0]), scale=4.0)
        tensor([0.4375])
    """
    counted, own = _own(logits, target, ignore_index)
    return _crossed(logits, target, counted, own - margin, scale)


cosface.guessed("unrelated vectors")(_unrelated(cosface))


@loss(
    Angles,
    unit="nats",
    reference="pytorch_metric_learning.losses.CircleLoss",
    aliases=("CircleLoss",),
)
def circle(
    logits: Tensor,
    target: Tensor,
    *,
    margin: float = 0.4,
    gamma: Positive = 80.0,
    ignore_index: int = -100,
) -> Tensor:
    """Circle loss: the true cosine against all others, each with a weight of its own.

    loss = ln(1 + sum over n of exp(gamma · (a_n · (s_n - margin) - a_p · (s_p - 1 + margin)))),
    with the true cosine s_p, the others s_n, and the weights a_p = max(0, 1 + margin - s_p) and
    a_n = max(0, s_n + margin).

    Args:
        margin: 0.25 in the paper; pytorch-metric-learning has 0.4.
        gamma: What weighted cosines are multiplied with: 256 in the paper.
        ignore_index: Targets of this value do not count.

    Shape:
        Cosines (N, C), not yet scaled; class indices (N,).

    Related:
        arcface: one margin, the same for all cosines.

    Reference:
        pytorch_metric_learning.losses.CircleLoss; Sun et al., arXiv:2002.10857.

    Example:
        >>> circle(torch.tensor([[0.8, 0.3]]), torch.tensor([0]), gamma=4.0)
        tensor([0.3837])
    """
    counted, own = _own(logits, target, ignore_index)
    low = (logits + margin).clamp(min=0) * (logits - margin)
    high = (1 + margin - own).clamp(min=0) * (own - 1 + margin)
    others = low.scatter(1, _places(target, counted), -torch.inf)
    found = F.softplus(gamma * (others.mul(gamma).logsumexp(1) / gamma - high), threshold=LINEAR)
    return torch.where(counted, found, 0.0)


circle.guessed("unrelated vectors")(_unrelated(circle))


def _places(target: Tensor, counted: Tensor) -> Tensor:
    """Where the true classes are: class 0 for what does not count."""
    return torch.where(counted, target, 0)[:, None]


def _own(logits: Tensor, target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Which targets count, and the cosines of the true classes."""
    counted = target != ignore_index
    return counted, logits.gather(1, _places(target, counted))[:, 0]


def _crossed(
    logits: Tensor, target: Tensor, counted: Tensor, pushed: Tensor, scale: float
) -> Tensor:
    """The cross-entropy where the true classes have other cosines."""
    places = _places(target, counted)
    logs = torch.log_softmax(scale * logits.scatter(1, places, pushed[:, None]), 1)
    return torch.where(counted, -logs.gather(1, places)[:, 0], 0.0)
