"""Losses of several labels for each row: those that it has, and those that it has not."""

from __future__ import annotations

from math import inf, log
from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor, torch
from losscli.losses.binary.entropy import LINEAR, base_rate, bce
from losscli.losses.constants import FAR, HALVES, of_two_sides
from losscli.losses.limits import felt, minus, times
from losscli.options import Array, Fraction, NonNegative
from losscli.registry import loss
from losscli.roles import BoundedBinary, LabelLists, MultiLabel, Ranked
from losscli.roles.base import number

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    MultiLabel,
    unit="nats",
    reference="torch.nn.functional.multilabel_soft_margin_loss",
    aliases=("mlsm", "MultiLabelSoftMarginLoss"),
)
def multilabel_soft_margin(logits: Tensor, target: Tensor, *, weight: Array = 1.0) -> Tensor:
    """Mean of bce over the labels of each row.

    loss = mean over c of weight_c · bce(logit_c, y_c): one loss for each row.

    Args:
        weight: Factor of each label's loss.

    Shape:
        Logits and targets (N, C), or more axes before the last; losses without the last axis.

    Related:
        bce: the same before the mean over labels, and one loss for each label.
        zlpr: of each label against each other one.

    Reference:
        torch.nn.functional.multilabel_soft_margin_loss.

    Example:
        >>> multilabel_soft_margin(torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([0.2201])
    """
    return bce(logits, target, weight=weight).mean(-1)


@multilabel_soft_margin.guessed("the base rate")
def _(totals: Totals, *, weight: Array) -> float | None:
    """That of bce: all rows have as many labels."""
    return base_rate(totals, weight=weight, pos_weight=1.0, label_smoothing=0.0)


@loss(
    LabelLists,
    reference="torch.nn.functional.multilabel_margin_loss",
    aliases=("mlm", "MultiLabelMarginLoss"),
)
def multilabel_margin(logits: Tensor, target: Tensor) -> Tensor:
    """Hinge of each label of a row against each that it has not.

    loss = sum over labels j and others i of max(0, 1 - (score_j - score_i)) / C: one loss for each
    row. The target lists the labels of a row, and -1 ends the list; a label that is listed twice
    counts twice, as in PyTorch. Targets of only 0 and 1 are read as multi-hot, which is said.

    Shape:
        Scores and targets (N, C), or more axes before the last; losses without the last axis. The
        function itself takes how often each label is listed.

    Elsewhere:
        Rows of 0 and 1: PyTorch reads them as a list of the labels 1, 0, 0, 1; here they are
        multi-hot, with a warning.

        >>> scores, hot = torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[1, 0, 0, 1]])
        >>> round(F.multilabel_margin_loss(scores, hot).item(), 4)  # PyTorch
        2.9
        >>> multilabel_margin(scores, hot)  # losscli
        tensor([0.8500])

    Related:
        multi-margin: of one label only.
        multilabel-soft-margin: smooth, and each label alone.

    Reference:
        torch.nn.functional.multilabel_margin_loss; Crammer and Singer, 2003.

    Example:
        >>> multilabel_margin(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[1, 0, 0, 1]]))
        tensor([0.8500])
    """
    others = target == 0
    counts, places = target.sort(dim=-1, descending=True, stable=True)
    counts = counts.to(logits.dtype)
    found = torch.zeros_like(logits[..., 0])
    for at in range(max(1, int((counts > 0).sum(-1).max()))):
        own = logits.gather(-1, places[..., at : at + 1])
        short = (1 - minus(own, logits)).clamp(min=0)
        found += times(counts[..., at], torch.where(others, short, 0.0).sum(-1))
    unknown = logits.isnan().any(-1) | target.isnan().any(-1)
    return torch.where(unknown, torch.nan, found / logits.shape[-1])


@multilabel_margin.guessed("equal scores")
def _(totals: Totals) -> float | None:
    """That of scores that are all equal: each label of a row against each that it has not."""
    return totals["even"].value / totals["lists"].value if "even" in totals else None


@loss(
    BoundedBinary,
    unit="nats",
    reduction="batchmean",
    reference="timm.loss.AsymmetricLossMultiLabel",
    aliases=("asymmetric", "asymmetric-loss", "AsymmetricLossMultiLabel"),
)
def asl(
    logits: Tensor,
    target: Tensor,
    *,
    gamma_neg: NonNegative = 4.0,
    gamma_pos: NonNegative = 1.0,
    clip: Fraction = 0.05,
    eps: NonNegative = 1e-8,
) -> Tensor:
    """Asymmetric loss: easy negatives count less than easy positives, the easiest not at all.

    With p = sigmoid(logit) and q = min(1, 1 - p + clip):  loss = -y · (1 - p)^gamma_pos · ln p
    - (1 - y) · (1 - q)^gamma_neg · ln q. The batchmean, its default, is the sum of all labels of a
    row and the mean over rows, as in timm; the authors' own code takes the sum (--reduction sum).

    Args:
        gamma_neg: How much easy negatives are discounted.
        gamma_pos: How much easy positives are discounted.
        clip: Negatives of a probability below it cost nothing.
        eps: Logarithms are taken of no less.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        What the sum is divided by: by the rows in timm, by nothing in the authors' code.

        >>> found = asl(torch.tensor([[0.0, 2.0], [3.0, 0.0]]), torch.eye(2))
        >>> found.sum() / 2  # timm, losscli
        tensor(1.5425)
        >>> found.sum()  # the authors, losscli --reduction sum
        tensor(3.0850)
        >>> found.mean()  # losscli --reduction mean
        tensor(0.7712)

    Related:
        bce: asl with both gammas and clip 0.
        focal: the same gamma on both sides, and no clip.

    Reference:
        timm.loss.AsymmetricLossMultiLabel; Ben-Baruch et al., arXiv:2009.14119.

    Example:
        >>> asl(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([[0.3466, 0.8464]])
    """
    yes, no = torch.sigmoid(logits), torch.sigmoid(-logits)
    log_yes = -F.softplus(-logits, threshold=LINEAR)
    return _asymmetric(yes, no, log_yes, target, gamma_neg, gamma_pos, clip, eps)


@asl.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    gamma_neg: NonNegative,
    gamma_pos: NonNegative,
    clip: Fraction,
    eps: NonNegative,
) -> Tensor:
    return _asymmetric(probs, 1 - probs, felt(probs).log(), target, gamma_neg, gamma_pos, clip, eps)


asl.guessed("the best probability")(of_two_sides(asl))


def _asymmetric(
    yes: Tensor,
    no: Tensor,
    log_yes: Tensor,
    target: Tensor,
    gamma_neg: float,
    gamma_pos: float,
    clip: float,
    eps: float,
) -> Tensor:
    """The asymmetric loss of the probabilities of both sides."""
    gamma = gamma_pos * target + gamma_neg * (1 - target)
    least = log(eps) if eps else -inf
    beyond = (yes - clip).clamp(min=0)
    # ln q, which is next to 0 where q is next to 1.
    log_no = torch.where(beyond < 0.5, (-felt(beyond)).log1p(), felt(no + clip).clamp(max=1).log())
    missed = no * target + beyond * (1 - target)
    cross = times(target, log_yes.clamp(min=least)) + times(1 - target, log_no.clamp(min=least))
    return -times(felt(missed) ** gamma, cross)


@loss(
    Ranked,
    unit="nats",
    reference="timm.loss.ZlprLoss",
    aliases=("zlpr-loss", "multilabel-ce", "multilabel_categorical_crossentropy"),
)
def zlpr(logits: Tensor, target: Tensor) -> Tensor:
    """Zero-bounded log-sum-exp and pairwise rank: labels above 0, and all others below.

    loss = ln(1 + sum over labels of exp(-score)) + ln(1 + sum over the others of exp(score)): one
    loss for each row. Soft targets mix both sides.

    Shape:
        Scores and targets (N, C), or more axes before the last; losses without the last axis.

    Related:
        multilabel-soft-margin: of each label alone.
        bce: the same for a single label.

    Reference:
        timm.loss.ZlprLoss; Su et al., arXiv:2208.02955.

    Example:
        >>> zlpr(torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([0.4402])
    """
    return _above(-logits, target) + _above(logits, 1 - target)


@zlpr.guessed("the best score")
def _(totals: Totals) -> float | None:
    """The same score for all labels, found by trying, for targets of 0 and 1."""
    if "sizes" not in totals or number(totals["soft"]):
        return None
    counts = [number(one) for one in totals["sizes"].tolist()]
    if not sum(counts) > 0 or min(counts) < 0:
        return None
    shares = torch.tensor(counts, dtype=torch.float64) / sum(counts)
    yes = torch.arange(len(counts), dtype=torch.float64)
    low, high = -FAR, FAR
    for _ in range(HALVES):  # the loss is convex, and its slope the sum of two sigmoids
        score = (low + high) / 2
        falls = torch.sigmoid(yes.log() - score) - torch.sigmoid(
            (len(counts) - 1 - yes).log() + score
        )
        low, high = (score, high) if (shares * falls).sum() > 0 else (low, score)
    both = (yes.log() - low, (len(counts) - 1 - yes).log() + low)
    return sum((shares * F.softplus(one, threshold=LINEAR)).sum().item() for one in both)


def _above(scores: Tensor, shares: Tensor) -> Tensor:
    """ln(1 + sum of share · exp(score)), where a share of 0 counts nothing."""
    parts = torch.where(shares == 0, -torch.inf, scores + shares.log())
    whole = felt(parts).logsumexp(-1)
    # A small sum keeps its digits, which its logarithm would cost.
    few = parts.clamp(max=0).exp().sum(-1).log1p()
    return torch.where(whole < 0, few, F.softplus(whole, threshold=LINEAR))
