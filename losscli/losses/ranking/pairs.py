"""Losses of two scores, of which one is to be higher."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor
from losscli.losses.binary.entropy import LINEAR
from losscli.losses.limits import minus, times
from losscli.options import Fraction, Positive
from losscli.registry import loss
from losscli.roles import Preference, Ranking, Rewards

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Ranking,
    reference="torch.nn.functional.margin_ranking_loss",
    aliases=("MarginRankingLoss", "pairwise-ranking"),
)
def margin_ranking(
    input1: Tensor, input2: Tensor, target: Tensor, *, margin: float = 0.0
) -> Tensor:
    """How far two scores are from the right order, or from a margin between them.

    loss = max(0, -y · (x1 - x2) + margin): the first is to be higher where y = 1, the second where
    y = -1. Labels 0 and 1 are read as -1 and +1, with a warning; for 0 PyTorch gives the margin.

    Args:
        margin: How much higher the one has to be.

    Shape:
        Any: the same for all three.

    Related:
        bpr: smooth, and without labels.
        hinge: of one score.

    Reference:
        torch.nn.functional.margin_ranking_loss; Herbrich, Graepel and Obermayer, 2000.

    Example:
        >>> one, other = torch.tensor([[0.3, 0.2], [0.1, 0.7]])
        >>> margin_ranking(one, other, torch.tensor([1.0, 1.0]))
        tensor([0.0000, 0.5000])
    """
    return (-target * minus(input1, input2) + margin).clamp(min=0)


@margin_ranking.guessed("equal scores")
def _(totals: Totals, *, margin: float) -> float:
    """That of two scores that are equal: the margin."""
    return max(margin, 0.0)


@loss(
    Preference,
    unit="nats",
    reference="torch.nn.functional.binary_cross_entropy_with_logits(positive - negative, 1)",
    aliases=("pairwise-logistic", "ranknet", "bradley-terry", "reward-model"),
)
def bpr(positive: Tensor, negative: Tensor) -> Tensor:
    """Logistic loss of a preferred score against another: of recommenders and of reward models.

    loss = ln(1 + exp(negative - positive)): minus the log-likelihood of the preference under the
    model of Bradley and Terry.

    Shape:
        Any: the same for both.

    Related:
        soft-margin: the same of the difference of the scores.
        dpo: of log-ratios instead of scores.

    Reference:
        torch.nn.functional.binary_cross_entropy_with_logits(positive - negative, 1); Rendle et
        al., arXiv:1205.2618; RankNet: Burges et al., 2005.

    Example:
        >>> bpr(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 0.0]))
        tensor([0.1269, 0.6931])
    """
    return F.softplus(minus(negative, positive), threshold=LINEAR)


@bpr.guessed("equal scores")
def _(totals: Totals) -> float:
    """That of scores that are all equal."""
    return log(2)


@loss(
    Rewards,
    unit="nats",
    reference="trl.DPOTrainer(loss_type='sigmoid')",
    aliases=("dpo-loss", "direct-preference-optimization"),
)
def dpo(
    chosen: Tensor,
    rejected: Tensor,
    ref_chosen: Tensor,
    ref_rejected: Tensor,
    *,
    beta: Positive = 0.1,
    label_smoothing: Fraction = 0.0,
) -> Tensor:
    """Logistic loss of the rewards that a policy gives to chosen against rejected answers.

    loss = (1 - ε) · ln(1 + exp(-z)) + ε · ln(1 + exp(z)), with z = beta · ((chosen - ref chosen) -
    (rejected - ref rejected)) of log-probabilities of whole answers, and ε the label smoothing.

    Args:
        beta: How much the log-ratios count.
        label_smoothing: The share of answers that are taken to be labelled the wrong way round.

    Shape:
        Any: the same for all four.

    Related:
        bpr: the same of any scores.

    Reference:
        trl.DPOTrainer with loss_type "sigmoid"; Rafailov et al., arXiv:2305.18290; label
        smoothing: Mitchell, "A note on DPO with noisy preferences", 2023.

    Example:
        >>> z = torch.zeros(1)
        >>> dpo(z - 10.0, z - 30.0, z - 15.0, z - 15.0)
        tensor([0.1269])
    """
    gain = minus(minus(chosen, ref_chosen), minus(rejected, ref_rejected))
    right, wrong = (F.softplus(side * beta * gain, threshold=LINEAR) for side in (-1, 1))
    if not label_smoothing:
        return right
    return times(1 - label_smoothing, right) + times(label_smoothing, wrong)


@dpo.guessed("the reference itself")
def _(totals: Totals, **options: object) -> float:
    """That of a policy that is the reference."""
    return log(2)
