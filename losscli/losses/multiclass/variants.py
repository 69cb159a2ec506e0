"""Cross-entropy that counts easy, hard or mislabelled rows otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from losscli.lazy import F, Tensor, np, torch
from losscli.losses.constants import best_shares
from losscli.losses.limits import felt, log_softmax
from losscli.losses.multiclass.entropy import product, weighted
from losscli.options import Bound, NonNegative, PerClass
from losscli.registry import loss
from losscli.roles import BoundedClassIndex, Classes
from losscli.roles.base import number
from losscli.roles.classes import frequencies

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.stats import Totals

ALMOST = 1 - 2.0**-53
"""The largest double below 1."""

Exponent = Annotated[float, Bound(">", 0), Bound("<=", 1)]


@loss(
    Classes,
    unit="nats",
    reference="kornia.losses.focal_loss (alpha off: None), summed over the classes",
    aliases=(
        "softmax-focal",
        "softmax_focal_loss_with_logits",
        "multiclass-focal",
        "categorical-focal",
    ),
    differs={
        "categorical_focal_crossentropy": "no class weighs more or less; Keras multiplies all of "
        "them by 0.25 by default"
    },
)
def focal_ce(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: NonNegative = 2.0,
    alpha: PerClass = 1.0,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Cross-entropy that counts well-classified rows less: focal for several classes.

    loss = -alpha_y · (1 - p_y)^gamma · ln p_y, with p = softmax(logits); for class probabilities
    the sum of y_c times that of each class. With gamma 0 it is ce.

    Args:
        gamma: How much easy rows are discounted.
        alpha: Factor of each class.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Logits (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes, or of
        the logits' own shape.

    Elsewhere:
        An alpha of 0.25 with equal logits of three classes: Keras multiplies all classes by it, by
        default; in MONAI and kornia class 0 has 1 - alpha. Here it is a number for each class.

        >>> even, y = torch.zeros(2, 3), torch.tensor([0, 1])
        >>> focal_ce(even, y)  # losscli; kornia and MONAI without alpha
        tensor([0.4883, 0.4883])
        >>> focal_ce(even, y) * 0.25  # Keras
        tensor([0.1221, 0.1221])
        >>> focal_ce(even, y, alpha=torch.tensor([0.75, 0.25, 0.25]))  # MONAI, kornia
        tensor([0.3662, 0.1221])

        MONAI's mean divides by the classes besides; the multi-class form of
        segmentation-models-pytorch is the sigmoid one, which is focal.

    Related:
        ce: focal-ce with gamma 0.
        focal: of one score for each label, from a sigmoid.

    Reference:
        kornia.losses.focal_loss; Lin et al., arXiv:1708.02002.

    Example:
        >>> focal_ce(torch.tensor([[0.8, 2.0, 1.2]]), torch.tensor([0]))
        tensor([1.2064])
    """
    return _focal(log_softmax(logits, 1), target, gamma, alpha, ignore_index)


@focal_ce.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    gamma: NonNegative,
    alpha: PerClass,
    ignore_index: int,
    class_axis: int | None,
) -> Tensor:
    return _focal(felt(probs).log(), target, gamma, alpha, ignore_index)


@focal_ce.guessed("the best probabilities")
def _(totals: Totals, *, gamma: float, alpha: PerClass, **_: Any) -> float | None:
    """The same probabilities for all rows, found by trying."""

    def cost(probs: np.ndarray) -> np.ndarray:
        return np.asarray(-((1 - probs) ** gamma) * np.log(probs))

    def rate(probs: np.ndarray) -> np.ndarray:
        rest = 1 - np.minimum(probs, ALMOST)
        return np.asarray(rest**gamma / probs - gamma * rest ** (gamma - 1) * np.log(probs))

    return _tried(totals, alpha, cost, rate)


def _focal(
    log_probs: Tensor, target: Tensor, gamma: float, alpha: Tensor | float, ignored: int
) -> Tensor:
    def cost(logs: Tensor) -> Tensor:
        return -product((-felt(logs).expm1()) ** gamma, logs)

    weights = None if isinstance(alpha, float) else alpha
    if target.is_floating_point():
        return product(target, weighted(cost(log_probs), weights)).sum(1)
    found = _expected(log_probs, target, ignored, cost)
    if weights is None:
        return found
    return product(weights[torch.where(target == ignored, 0, target)], found)


@loss(
    Classes,
    unit="nats",
    reference="optax.losses.poly_loss_cross_entropy, timm.loss.PolyCrossEntropy",
    aliases=(
        "poly",
        "polyloss",
        "poly-loss",
        "poly_loss_cross_entropy",
        "PolyCrossEntropy",
    ),
)
def poly1(
    logits: Tensor,
    target: Tensor,
    *,
    epsilon: float = 2.0,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Cross-entropy with another weight of the first term of its series: PolyLoss.

    loss = -ln p_y + epsilon · (1 - p_y), with p = softmax(logits); for class probabilities the sum
    of y_c times that of each class. With epsilon 0 it is ce.

    Args:
        epsilon: What is added to the factor 1 of 1 - p_y; below -1, losses may be negative.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Logits (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes, or of
        the logits' own shape.

    Related:
        ce: poly1 with epsilon 0.
        focal-ce: another way to weight easy rows.

    Reference:
        optax.losses.poly_loss_cross_entropy; Leng et al., arXiv:2204.12511.

    Example:
        >>> poly1(torch.tensor([[0.8, 2.0, 1.2]]), torch.tensor([0]))
        tensor([3.4158])
    """
    return _poly(log_softmax(logits, 1), target, epsilon, ignore_index)


@poly1.given
def _(
    probs: Tensor, target: Tensor, *, epsilon: float, ignore_index: int, class_axis: int | None
) -> Tensor:
    return _poly(felt(probs).log(), target, epsilon, ignore_index)


@poly1.guessed("the best probabilities")
def _(totals: Totals, *, epsilon: float, **_: Any) -> float | None:
    """The same probabilities for all rows, found by trying."""
    if epsilon < -1:
        return None

    def cost(probs: np.ndarray) -> np.ndarray:
        return np.asarray(epsilon * (1 - probs) - np.log(probs))

    return _tried(totals, 1.0, cost, lambda probs: np.asarray(1 / probs + epsilon))


def _tried(
    totals: Totals,
    weight: PerClass,
    cost: Callable[[np.ndarray], np.ndarray],
    rate: Callable[[np.ndarray], np.ndarray],
) -> float | None:
    """The mean of what the best probabilities cost: see :func:`best_shares`."""
    masses = totals.get("masses" if "masses" in totals else "classes")
    count = number(totals["count"])
    if masses is None or not count > 0:
        return None
    shares = np.array([number(one) / count for one in masses.tolist()]) * np.asarray(weight)
    if not (np.isfinite(shares).all() and shares.min() >= 0 and shares.max() > 0):
        return None
    return float((shares * cost(best_shares(shares, rate))).sum())


def _poly(log_probs: Tensor, target: Tensor, epsilon: float, ignored: int) -> Tensor:
    return _expected(log_probs, target, ignored, lambda logs: -logs - epsilon * logs.expm1())


@loss(
    BoundedClassIndex,
    reference="keras.losses.categorical_generalized_cross_entropy (q=0.7)",
    aliases=("generalized-ce", "generalized-cross-entropy", "lq"),
    differs={
        "categorical_generalized_cross_entropy": "q is 0.7, as in the paper; that of Keras is "
        "--q 0.5"
    },
)
def gce(
    logits: Tensor,
    target: Tensor,
    *,
    q: Exponent = 0.7,
    ignore_index: int = -100,
    class_axis: int | None = None,
) -> Tensor:
    """Generalized cross-entropy: bounded, so that wrong labels cost less.

    loss = (1 - p_y^q) / q, with p = softmax(logits): between ce, which it becomes for a q next to
    0, and the absolute error 1 - p_y, for a q of 1. It is never above 1/q.

    Args:
        q: The exponent.
        ignore_index: Targets of this value do not count.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Logits (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes.

    Elsewhere:
        q is 0.5 in Keras, 0.7 in the paper and here: for a true class of probability 0.25.

        >>> gce(torch.tensor([[0.25, 0.75]]).log(), torch.tensor([0]))  # losscli, the paper
        tensor([0.8872])
        >>> gce(torch.tensor([[0.25, 0.75]]).log(), torch.tensor([0]), q=0.5)  # Keras
        tensor([1.])

    Related:
        ce: where gce goes for a q next to 0.
        mae: with a q of 1, gce is half of the sum of the absolute errors of a row.

    Reference:
        keras.losses.categorical_generalized_cross_entropy; Zhang and Sabuncu, arXiv:1805.07836.

    Example:
        >>> gce(torch.tensor([[0.8, 2.0, 1.2]]), torch.tensor([0]))
        tensor([1.0118])
    """
    return _generalized(log_softmax(logits, 1), target, q, ignore_index)


@gce.given
def _(
    probs: Tensor, target: Tensor, *, q: Exponent, ignore_index: int, class_axis: int | None
) -> Tensor:
    return _generalized(felt(probs).log(), target, q, ignore_index)


def _generalized(log_probs: Tensor, target: Tensor, q: float, ignored: int) -> Tensor:
    return _expected(log_probs, target, ignored, lambda logs: -(q * logs).expm1() / q)


@gce.guessed("the base rate")
def _(totals: Totals, *, q: float, ignore_index: int, class_axis: int | None) -> float | None:
    """That of the best probabilities: the frequencies to the power 1 / (1 - q), normalised."""
    shares = frequencies(totals)
    if shares is None:
        return None
    top: float = max(shares)
    # (sum of shares^(1 / (1 - q)))^(1 - q), which neither overflows nor underflows so.
    rest = [(share / top) ** (1 / (1 - q)) for share in shares] if q < 1 else [1.0]
    return (1 - top * float(sum(rest) ** (1 - q))) / q


def _expected(
    log_probs: Tensor, target: Tensor, ignored: int, cost: Callable[[Tensor], Tensor]
) -> Tensor:
    """What the true class costs by its log-probability, or a soft target on the average.

    Args:
        log_probs: With the classes on axis 1.
        target: Class indices, or a share of each class.
        ignored: Targets of this value cost as much as a probability of 1: nothing.
        cost: What a log-probability costs.
    """
    if target.is_floating_point():
        return product(target, cost(log_probs)).sum(1)
    return cost(-F.nll_loss(log_probs, target, ignore_index=ignored, reduction="none"))
