"""Losses of the scores of the items of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import Tensor
from losscli.losses.limits import log_softmax, times
from losscli.registry import loss
from losscli.roles import Lists, SoftLists
from losscli.roles.base import number, ratio

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    SoftLists,
    unit="nats",
    reference="torch.nn.functional.cross_entropy(scores, softmax(relevances))",
    aliases=("ListNetLoss",),
)
def listnet(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy between who is first by relevance and by score: ListNet.

    loss = -sum over items of softmax(relevances) · ln softmax(scores), for each list. It is not 0
    where scores and relevances are equal: then it is the entropy of that softmax.

    Shape:
        Scores (N, L) and relevances (N, L); one loss for each list. --mask (N, L) leaves items
        out, such as those that fill up a list.

    Related:
        ranking-softmax: relevances are taken as they are.
        ce: the same, with the softmax of the relevances as class probabilities.

    Reference:
        torch.nn.functional.cross_entropy(scores, softmax(relevances)); Cao et al., "Learning to
        Rank: From Pairwise Approach to Listwise Approach", 2007.

    Example:
        >>> listnet(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([0.6648])
    """
    wanted = log_softmax(target, 1).exp()
    return -times(wanted, log_softmax(logits, 1)).sum(1)


@listnet.guessed("equal scores")
def _(totals: Totals) -> float:
    """That of scores that are all equal: for each list ln of its items."""
    return ratio(totals["even"].value, number(totals["count"]))


@loss(
    Lists,
    unit="nats",
    reference="optax.losses.ranking_softmax_loss",
    aliases=("ranking-softmax-loss", "softmax-ranking"),
)
def ranking_softmax(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of the scores of a list, weighted with the relevance of each item.

    loss = -sum over items of relevance · ln softmax(scores), for each list. Relevances are taken
    as they are: they need not sum to 1.

    Shape:
        Scores (N, L) and relevances (N, L); one loss for each list. --mask (N, L) leaves items
        out, such as those that fill up a list.

    Related:
        listnet: relevances are made shares by a softmax.

    Reference:
        optax.losses.ranking_softmax_loss; Bruch et al., "An Analysis of the Softmax Cross Entropy
        Loss for Learning-to-Rank with Binary Relevance", 2019.

    Example:
        >>> ranking_softmax(torch.tensor([[2.0, 0.0]]), torch.tensor([[2.0, 0.0]]))
        tensor([0.2539])
    """
    return -times(target, log_softmax(logits, 1)).sum(1)


@ranking_softmax.guessed("equal scores")
def _(totals: Totals) -> float:
    """That of scores that are all equal: for each list its relevance times ln of its items."""
    return ratio(totals["even"].value, number(totals["count"]))
