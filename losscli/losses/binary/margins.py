"""Losses of labels of -1 and +1: how far a score is on the right side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor
from losscli.losses.binary.entropy import LINEAR
from losscli.losses.limits import entropy
from losscli.registry import loss
from losscli.roles import PlusMinus
from losscli.roles.binary import balance

if TYPE_CHECKING:
    from losscli.stats import Totals


@loss(PlusMinus, reference="keras.losses.hinge", aliases=("hinge-loss", "svm", "binary-hinge"))
def hinge(logits: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    """Hinge of the support vector machine: how far a score is from the right side of the margin.

    loss = max(0, margin - y · score), for labels y of -1 and +1; 0 and 1 are read as -1 and +1.

    Args:
        margin: The score from which on nothing is lost.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        A target of 0 with a score of 0.3: Keras, scikit-learn and losscli read it as -1; optax
        does not, and multiplies the score by 0.

        >>> hinge(torch.tensor(0.3), torch.tensor(-1.0))  # losscli, Keras, scikit-learn
        tensor(1.3000)
        >>> hinge(torch.tensor(0.3), torch.tensor(0.0))  # optax
        tensor(1.)

        PyTorch has no such loss: its HingeEmbeddingLoss takes distances. torchmetrics squashes
        scores by a sigmoid first.

    Related:
        squared-hinge: its square.
        perceptron: the same with a margin of 0.
        multiclass-hinge: the same for one of several classes.
        soft-margin: a smooth one, which never ends.

    Reference:
        keras.losses.hinge, sklearn.metrics.hinge_loss; Cortes and Vapnik, 1995.

    Example:
        >>> hinge(torch.tensor([0.3, -2.0]), torch.tensor([1.0, -1.0]))
        tensor([0.7000, 0.0000])
    """
    return (margin - target * logits).clamp(min=0)


@hinge.guessed("the more frequent label")
def _(totals: Totals, *, margin: float) -> float | None:
    """That of always giving the score of the margin to the more frequent label."""
    share = balance(totals)
    return None if share is None else 2 * max(margin, 0.0) * min(share, 1 - share)


@loss(PlusMinus, reference="keras.losses.squared_hinge", aliases=("sq-hinge", "l2-svm"))
def squared_hinge(logits: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    """Squared hinge: smooth at the margin, harder on what is far beyond it.

    loss = max(0, margin - y · score)², for labels y of -1 and +1; 0 and 1 are read as -1 and +1.

    Args:
        margin: The score from which on nothing is lost.

    Shape:
        Any; the target's is the same.

    Related:
        hinge: the same, not squared.

    Reference:
        keras.losses.squared_hinge; Tang, arXiv:1306.0239.

    Example:
        >>> squared_hinge(torch.tensor([0.5, -2.0]), torch.tensor([1.0, -1.0]))
        tensor([0.2500, 0.0000])
    """
    return (margin - target * logits).clamp(min=0).square()


@squared_hinge.guessed("the base rate")
def _(totals: Totals, *, margin: float) -> float | None:
    """That of always giving the score margin · (share of +1 - share of -1)."""
    share = balance(totals)
    return None if share is None else 4 * max(margin, 0.0) ** 2 * share * (1 - share)


@loss(
    PlusMinus,
    unit="nats",
    reference="torch.nn.functional.soft_margin_loss",
    aliases=("logistic", "logistic-loss", "SoftMarginLoss"),
)
def soft_margin(logits: Tensor, target: Tensor) -> Tensor:
    """Logistic loss of labels -1 and +1: bce under another convention.

    loss = ln(1 + exp(-y · score)); 0 and 1 are read as -1 and +1. PyTorch's own kernel overflows
    in float32 where y · score is below -88; here it does not.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        A score of 200 for a label of -1, in float32: PyTorch takes the exponential as it is.

        >>> score, label = torch.tensor([200.0]), torch.tensor([-1.0])
        >>> F.soft_margin_loss(score, label).item()  # PyTorch
        inf
        >>> soft_margin(score, label).item()  # losscli
        200.0

        A label of 0 gives ln 2 in PyTorch, whatever the score; here it is read as -1.

    Related:
        bce: the same for targets of 0 and 1: soft-margin(z, 2 y - 1) = bce(z, y).
        hinge: straight, and 0 from a margin on.

    Reference:
        torch.nn.functional.soft_margin_loss; Friedman, Hastie and Tibshirani, 2000.

    Example:
        >>> soft_margin(torch.tensor([2.0, 200.0]), torch.tensor([1.0, -1.0]))
        tensor([1.2693e-01, 2.0000e+02])
    """
    return F.softplus(-target * logits, threshold=LINEAR)


@soft_margin.guessed("the base rate")
def _(totals: Totals) -> float | None:
    """The entropy of the labels: that of always naming the base rate."""
    share = balance(totals)
    return None if share is None else entropy([share, 1 - share])


@loss(PlusMinus, reference="optax.losses.perceptron_loss", aliases=("perceptron-loss",))
def perceptron(logits: Tensor, target: Tensor) -> Tensor:
    """Perceptron: how far a score is on the wrong side.

    loss = max(0, -y · score), for labels y of -1 and +1; 0 and 1 are read as -1 and +1. It is
    hinge with a margin of 0, so that a score of 0 costs nothing.

    Shape:
        Any; the target's is the same.

    Related:
        hinge: perceptron is hinge with a margin of 0.
        multiclass-hinge: with a margin of 0, the same for one of several classes.

    Reference:
        optax.losses.perceptron_loss; Rosenblatt, "The Perceptron", 1958.

    Example:
        >>> perceptron(torch.tensor([0.3, -2.0, 0.5]), torch.tensor([1.0, 1.0, -1.0]))
        tensor([0.0000, 2.0000, 0.5000])
    """
    return (-target * logits).clamp(min=0)


perceptron.unguessed("a score of 0 costs nothing, whatever the label is")
