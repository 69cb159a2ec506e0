"""Cross-entropy of one yes or no for each score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import F, Tensor, np, torch
from losscli.losses.constants import of_two_sides
from losscli.losses.limits import entropy, felt, times
from losscli.options import Array, Fraction, NonNegative, PerClass, PerColumn
from losscli.registry import loss
from losscli.roles import Binary
from losscli.roles.base import number, ratio

if TYPE_CHECKING:
    from losscli.stats import Totals

FLOOR = -100.0
"""Logarithms of probabilities are clamped here, as torch.nn.BCELoss does."""

LINEAR = 50
"""From here on ln(1 + exp(x)) is x in every dtype; exp(x) would leave float32 at 88."""


@loss(
    Binary,
    unit="nats",
    skill="d2_log_loss",
    reference="torch.nn.functional.binary_cross_entropy_with_logits, .binary_cross_entropy",
    aliases=(
        "binary-cross-entropy",
        "binary_cross_entropy_with_logits",
        "binary_crossentropy",
        "bce-with-logits",
        "bce-logits",
        "BCEWithLogitsLoss",
        "BCELoss",
        "sigmoid-ce",
        "sigmoid_cross_entropy",
        "sigmoid_cross_entropy_with_logits",
        "weighted_cross_entropy_with_logits",
        "sigmoid_binary_cross_entropy",
        "binary-logloss",
    ),
)
def bce(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Array = 1.0,
    class_weight: PerClass = 1.0,
    pos_weight: PerColumn = 1.0,
    label_smoothing: Fraction = 0.0,
    ignore_index: int | None = None,
) -> Tensor:
    """Binary cross-entropy: of one yes or no for each score.

    With p = sigmoid(logit):  loss = -weight · (pos_weight · y · ln p + (1 - y) · ln(1 - p)).
    Targets are 0, 1, or any probability between. From --logits it is BCEWithLogitsLoss, from
    --probs BCELoss, which clamps each logarithm at -100: BCEWithLogits = BCE ∘ sigmoid.

    Args:
        weight: Factor of each element's loss; broadcast, as in PyTorch.
        class_weight: Factors of the negative and of the positive part: two numbers, names
            (0=1,1=3), balanced, or effective=BETA.
        pos_weight: Factor of the positive part: one number, one for each column, or balanced:
            negatives / positives, of each column of (N, C), else of all targets.
        label_smoothing: Moves targets towards 1/2: y(1 - s) + s/2.
        ignore_index: Targets of this value do not count; if not given, all do.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        A probability of 0 whose target is 1: PyTorch clamps the logarithm at -100; Keras clips the
        probability at 1e-7, scikit-learn at the eps of its dtype, here float64.

        >>> from math import log
        >>> F.binary_cross_entropy(torch.zeros(1), torch.ones(1)).item()  # PyTorch, losscli
        100.0
        >>> round(-log(1e-7), 3)  # Keras
        16.118
        >>> round(-log(2.0**-52), 3)  # scikit-learn
        36.044

        Label smoothing of 0.1, of a logit of 2 whose target is 1: it moves the target to 0.95 in
        Keras and TensorFlow 1, to 0.9 in segmentation-models-pytorch.

        >>> bce(torch.tensor(2.0), torch.tensor(1.0), label_smoothing=0.1)  # Keras, losscli
        tensor(0.2269)
        >>> bce(torch.tensor(2.0), torch.tensor(0.9))  # segmentation-models-pytorch
        tensor(0.3269)

        One score and a sigmoid, or two and a softmax: a logit of 2 is the same as those of 0 and 2,
        or of 1 and 3.

        >>> bce(torch.tensor(2.0), torch.tensor(1.0))  # bce, a sigmoid
        tensor(0.1269)
        >>> F.cross_entropy(torch.tensor([[1.0, 3.0]]), torch.tensor([1]))  # ce, a softmax
        tensor(0.1269)

    Related:
        ce: the same for two classes: sigmoid(z) is the softmax of the logits 0 and z.
        soft-margin: the same for labels of -1 and +1.
        focal: counts easy elements less; with gamma 0 and no alpha it is bce.
        brier: the squared error of the same probabilities.

    Reference:
        torch.nn.functional.binary_cross_entropy_with_logits; Good, "Rational Decisions", 1952.

    Example:
        >>> bce(torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0]))
        tensor([0.1269, 0.3133])
    """
    target = _smooth(target, label_smoothing)
    # Nothing of y - y², which is never negative, is left where all are 0 or 1.
    if not torch.addcmul(target, target, target, value=-1).sum():
        # One kernel is enough, and unlike PyTorch's (1 - y) x - ln p nothing cancels in it. The
        # bits are those of the general case: no element depends on the targets of others.
        found = F.softplus(logits * torch.rsub(target, 1, alpha=2), threshold=LINEAR)
        lighter, heavier = (times(one, found) for one in _sides(class_weight, pos_weight))
        if lighter is not found or heavier is not found:
            found = torch.where(target > 0.5, heavier, lighter)
        return times(weight, found)
    yes, no = (-F.softplus(z, threshold=LINEAR) for z in (-logits, logits))
    return times(weight, _both(target, yes, no, *_sides(class_weight, pos_weight)))


@bce.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    weight: Array,
    class_weight: PerClass,
    pos_weight: PerColumn,
    label_smoothing: Fraction,
    ignore_index: int | None,
) -> Tensor:
    target = _smooth(target, label_smoothing)
    yes, no = felt(probs).log().clamp(min=FLOOR), (-felt(probs)).log1p().clamp(min=FLOOR)
    return times(weight, _both(target, yes, no, *_sides(class_weight, pos_weight)))


@bce.given
def _(
    log_probs: Tensor,
    target: Tensor,
    *,
    weight: Array,
    class_weight: PerClass,
    pos_weight: PerColumn,
    label_smoothing: Fraction,
    ignore_index: int | None,
) -> Tensor:
    target = _smooth(target, label_smoothing)
    yes = log_probs.clamp(max=0)
    # ln(1 - p): from expm1 while p is near 1, from log1p while it is small (Mächler, 2012).
    near, far = (-felt(yes).expm1()).log(), (-felt(yes).exp()).log1p()
    no = torch.where(yes > -0.6931472, near, far)
    return times(weight, _both(target, yes, no, *_sides(class_weight, pos_weight)))


@bce.guessed("the base rate")
def base_rate(
    totals: Totals,
    *,
    weight: Array,
    pos_weight: Array,
    label_smoothing: float,
    class_weight: PerClass = 1.0,
    ignore_index: int | None = None,
) -> float | None:
    """The entropy of the mean target, of which either side may weigh more: that of naming it.

    Not known where --weight or --pos-weight are several numbers.
    """
    if np.size(weight) > 1 or np.size(pos_weight) > 1:
        return None
    count = sum(number(totals[name]) for name in ("tp", "fp", "fn", "tn"))
    mean = ratio(totals["y"].value, count) * (1 - label_smoothing) + label_smoothing / 2
    lighter, heavier = np.broadcast_to(class_weight, 2) * np.float64(weight).reshape(())
    yes = float(mean * heavier * np.float64(pos_weight).reshape(()))
    no = float((1 - mean) * lighter)
    whole = yes + no
    return whole * entropy([yes / whole, no / whole]) if yes >= 0 <= no and whole > 0 else None


def _sides(
    class_weight: Tensor | float, pos_weight: Tensor | float
) -> tuple[Tensor | float, Tensor | float]:
    """What the negative and the positive part count."""
    if isinstance(class_weight, float):
        return 1.0, pos_weight
    return class_weight[0], class_weight[1] * pos_weight


def _both(
    target: Tensor, yes: Tensor, no: Tensor, lighter: Tensor | float, heavier: Tensor | float
) -> Tensor:
    """The cross-entropy of both sides, from their logarithms and what they count."""
    return -(times(heavier, times(target, yes)) + times(lighter, times(1 - target, no)))


def _smooth(target: Tensor, amount: float) -> Tensor:
    return target * (1 - amount) + amount / 2 if amount else target


@loss(
    Binary,
    unit="nats",
    reference="torchvision.ops.sigmoid_focal_loss (alpha off: -1)",
    aliases=(
        "focal-loss",
        "binary-focal",
        "bfl",
        "sigmoid-focal",
        "binary_focal_crossentropy",
    ),
    differs={
        "sigmoid_focal_loss": "no class weighs more, as in optax; torchvision's own default is "
        "--alpha 0.25 and --reduction none"
    },
)
def focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: NonNegative = 2.0,
    alpha: Fraction | None = None,
    class_weight: PerClass = 1.0,
) -> Tensor:
    """Binary cross-entropy that counts well-classified elements less.

    With p_t the probability of the true side:  loss = a_t · (1 - p_t)^gamma · bce. Soft targets
    mix both sides, as in torchvision. With gamma 0 it is bce.

    Args:
        gamma: How much easy elements are discounted.
        alpha: Weight of the positive class, the negative one has 1 - alpha (RetinaNet: 0.25).
        class_weight: Factors of negatives and positives besides: two numbers, names (0=1,1=3),
            balanced, or effective=BETA.

    Shape:
        Any; the target's is the same.

    Elsewhere:
        Whether alpha is on by default. Of p = 0.5 and gamma 2, for a target of 1 and of 0:
        torchvision weights them by 0.25 and 0.75; Keras, optax and MONAI do not.

        >>> scores, target = torch.zeros(2), torch.tensor([1.0, 0.0])
        >>> focal(scores, target)  # losscli, Keras, optax, MONAI
        tensor([0.1733, 0.1733])
        >>> focal(scores, target, alpha=0.25)  # torchvision, losscli --alpha 0.25
        tensor([0.0433, 0.1300])

    Related:
        bce: focal with gamma 0 and no alpha.
        focal-ce: the same for one of several classes, from a softmax.
        asl: a gamma of its own for either side.

    Reference:
        torchvision.ops.sigmoid_focal_loss; Lin et al., arXiv:1708.02002.

    Example:
        >>> focal(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 1.0]))
        tensor([0.1733, 0.0018])
    """
    cross = bce(logits, target)
    # 1 - p_t, without the cancellation of 1 - (p y + (1 - p)(1 - y)).
    missed = torch.sigmoid(-logits) * target + torch.sigmoid(logits) * (1 - target)
    return _sided(times(felt(missed) ** gamma, cross), target, alpha, class_weight)


focal.guessed("the best probability")(of_two_sides(focal))


@focal.given
def _(
    probs: Tensor,
    target: Tensor,
    *,
    gamma: NonNegative,
    alpha: Fraction | None,
    class_weight: PerClass,
) -> Tensor:
    yes, no = felt(probs).log().clamp(min=FLOOR), (-felt(probs)).log1p().clamp(min=FLOOR)
    cross = -(target * yes + (1 - target) * no)
    missed = (1 - probs) * target + probs * (1 - target)
    return _sided(felt(missed) ** gamma * cross, target, alpha, class_weight)


def _sided(
    found: Tensor, target: Tensor, alpha: float | None, class_weight: Tensor | float
) -> Tensor:
    if alpha is not None:
        found = times(alpha * target + (1 - alpha) * (1 - target), found)
    if isinstance(class_weight, float):
        return found
    return times(class_weight[1] * target + class_weight[0] * (1 - target), found)
