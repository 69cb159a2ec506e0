"""Losses of vectors that are to be told from all others of the data."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor, torch
from losscli.losses.binary.entropy import LINEAR
from losscli.losses.limits import entropy, log_softmax
from losscli.options import Positive
from losscli.registry import Terms, loss
from losscli.roles import Groups, Partners, Twins
from losscli.vectors import each, unit

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(
    Partners,
    unit="nats",
    rows="pairs",
    reference="torch.nn.functional.cross_entropy(a @ b.T / temperature, arange(N))",
    aliases=("InfoNCELoss", "in-batch-negatives"),
    differs={
        "clip": "CLIP takes the mean of both directions: --symmetric",
        "ClipLoss": "CLIP takes the mean of both directions: --symmetric",
        "mnrl": "sentence-transformers multiplies by 20: --temperature 0.05",
        "MultipleNegativesRankingLoss": "its own scale is 20: --temperature 0.05",
    },
)
def infonce(
    input1: Tensor,
    input2: Tensor,
    *,
    temperature: Positive = 0.07,
    symmetric: bool = False,
    normalize: bool = True,
) -> Tensor:
    """Cross-entropy of finding the partner of each row among all rows of the other input.

    loss = -ln softmax over j of (a_i · b_j / temperature), at j = i, with a and b of length 1.
    More rows are more candidates, and another loss.

    Args:
        temperature: What similarities are divided by.
        symmetric: Takes the mean with the other direction, as CLIP does.
        normalize: Divides each vector by its length, so that similarities are cosines.

    Shape:
        (N, D) for both; one loss for each row.

    Related:
        ntxent: candidates of both inputs.
        siglip: each candidate by itself.

    Reference:
        torch.nn.functional.cross_entropy(a @ b.T / temperature, arange(N)); van den Oord, Li and
        Vinyals, arXiv:1807.03748; symmetric: Radford et al., arXiv:2103.00020.

    Example:
        >>> infonce(torch.eye(2), torch.tensor([[3.0, 4.0], [0.0, 1.0]]), temperature=0.5)
        tensor([0.2633, 0.5130])
    """
    one, other = (unit(side) if normalize else side for side in (input1, input2))
    found = _own(one, other, temperature)
    return (found + _own(other, one, temperature)) / 2 if symmetric else found


@infonce.given
def _(
    anchor: Tensor, positive: Tensor, *, temperature: float, symmetric: bool, normalize: bool
) -> Tensor:
    options = {"symmetric": symmetric, "normalize": normalize}
    return infonce(anchor, positive, temperature=temperature, **options)


@infonce.guessed("equal vectors")
def _(totals: Totals, **options: object) -> float:
    """That of candidates that are all alike."""
    return log(totals["rows"])


@loss(
    Twins,
    unit="nats",
    rows="pairs",
    reference="optax.losses.ntxent, pytorch_metric_learning.losses.NTXentLoss",
    aliases=("simclr",),
    differs={
        "NTXentLoss": "the temperature is 0.5, as in SimCLR; that of pytorch-metric-learning is "
        "--temperature 0.07"
    },
)
def ntxent(input1: Tensor, input2: Tensor, *, temperature: Positive = 0.5) -> Tensor:
    """Cross-entropy of finding the other view of each vector among all 2N - 1 others.

    loss = -ln softmax over j ≠ i of (cos(z_i, z_j) / temperature), at the other view of i, where z
    are the vectors of both inputs. infonce looks only among those of the other input.

    Args:
        temperature: What cosines are divided by: 0.5 in the paper; optax and
            pytorch-metric-learning have 0.07.

    Shape:
        (N, D) for both; losses (2N,): those of the first input, then those of the second.

    Related:
        infonce: candidates of the other input alone.
        supcon: the same with labels: several may be right.

    Reference:
        optax.losses.ntxent, pytorch_metric_learning.losses.NTXentLoss,
        monai.losses.ContrastiveLoss; Chen et al., arXiv:2002.05709.

    Example:
        >>> ntxent(torch.eye(2), torch.eye(2))
        tensor([0.2395, 0.2395, 0.2395, 0.2395])
    """
    both = unit(torch.cat([input1, input2]))

    def cost(block: slice, scores: Tensor) -> Tensor:
        rows = torch.arange(block.start, block.stop, device=both.device)
        twins = (rows + len(input1)) % len(both)
        return -_others(block, scores, temperature).gather(1, twins[:, None])[:, 0]

    return each(both, both, cost)


@ntxent.guessed("equal vectors")
def _(totals: Totals, *, temperature: float) -> float:
    """That of vectors that are all alike."""
    return log(totals["count"] - 1)


@loss(
    Groups,
    unit="nats",
    rows="pairs",
    reference="pytorch_metric_learning.losses.SupConLoss",
    aliases=("SupConLoss", "supervised-contrastive"),
)
def supcon(embeddings: Tensor, target: Tensor, *, temperature: Positive = 0.1) -> Terms:
    """Cross-entropy of finding the vectors of the same label among all others.

    loss = mean over j with the label of i of -ln softmax over k ≠ i of (cos(z_i, z_k) /
    temperature), at k = j. The mean is over the vectors that have another of their label; the loss
    of one without is 0, and does not count. Labels may be text.

    Args:
        temperature: What cosines are divided by.

    Shape:
        (N, D) with labels (N,); one loss for each row.

    Mean:
        The mean divides by the number of rows that have another of their label.

    Related:
        ntxent: the same without labels: one other is right.

    Reference:
        pytorch_metric_learning.losses.SupConLoss; Khosla et al., arXiv:2004.11362.

    Example:
        >>> supcon(torch.eye(3), torch.tensor([0, 0, 1])).elements
        tensor([0.6931, 0.6931, 0.0000])
    """
    vectors = unit(embeddings)
    paired = torch.empty_like(vectors[:, 0].detach())

    def cost(block: slice, scores: Tensor) -> Tensor:
        same = target[block, None] == target
        same.diagonal(block.start).fill_(False)
        count = same.sum(1)
        paired[block] = (count > 0).to(paired.dtype)
        logs = _others(block, scores, temperature)
        return torch.where(same, -logs, 0.0).sum(1) / count.clamp(min=1)

    return Terms(each(vectors, vectors, cost), paired)


@supcon.guessed("equal vectors")
def _(totals: Totals, *, temperature: float) -> float:
    """That of vectors that are all alike: ln of how many others there are."""
    return log(max(totals["rows"] - 1, 1))


@loss(
    Partners,
    unit="nats",
    rows="pairs",
    reference="open_clip.loss.SigLipLoss",
    aliases=("SigLipLoss", "sigmoid-contrastive"),
)
def siglip(
    input1: Tensor, input2: Tensor, *, temperature: Positive = 0.1, bias: float = -10.0
) -> Tensor:
    """Binary cross-entropy of telling the partner of each row from every other row.

    loss = sum over j of ln(1 + exp(-s · (cos(a_i, b_j) / temperature + bias))), with s = 1 where
    j = i and -1 elsewhere. The mean is over the rows, not over the pairs.

    Args:
        temperature: What cosines are divided by.
        bias: Is added to them then.

    Shape:
        (N, D) for both; one loss for each row.

    Related:
        infonce: the candidates of a row against each other.

    Reference:
        open_clip.loss.SigLipLoss; Zhai et al., arXiv:2303.15343, whose training begins with these
        values.

    Example:
        >>> siglip(torch.eye(2), torch.eye(2))
        tensor([0.6932, 0.6932])
    """

    def cost(block: slice, scores: Tensor) -> Tensor:
        logits = scores / temperature + bias
        logits.diagonal(block.start).neg_()
        return F.softplus(logits, threshold=LINEAR).sum(1)

    return each(unit(input1), unit(input2), cost)


@siglip.guessed("equal similarities")
def _(totals: Totals, **options: object) -> float:
    """That of naming one pair in so many rows, for all of them."""
    share = 1 / float(totals["rows"])
    return entropy([share, 1 - share]) / share


def _own(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """The cross-entropy of finding the key in the same place."""

    def cost(block: slice, scores: Tensor) -> Tensor:
        return -log_softmax(scores / temperature, 1).diagonal(block.start)

    return each(queries, keys, cost)


def _others(block: slice, scores: Tensor, temperature: float) -> Tensor:
    """The log-softmax of similarities of some vectors with all, of which none is its own."""
    logits = scores / temperature
    logits.diagonal(block.start).fill_(-torch.inf)
    return torch.log_softmax(logits, 1)
