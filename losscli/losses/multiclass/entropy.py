"""Cross-entropy of one class out of several for each row."""

from __future__ import annotations

from math import exp, inf, log
from typing import TYPE_CHECKING, Annotated, Any

from losscli.lazy import F, Tensor, np, torch
from losscli.losses.limits import cooled, entropy, felt, times
from losscli.options import Bound, Fraction, PerClass, Positive, Stretch
from losscli.registry import Terms, loss
from losscli.roles import Classes, Likelihood
from losscli.roles.base import number

if TYPE_CHECKING:
    from losscli.stats import Totals

Later = Annotated[int, Bound(">=", 0)]


def perplexity(mean: float) -> float:
    """How many equally likely classes a mean in nats amounts to."""
    return inf if mean > 700 else exp(mean)


def bits(mean: float) -> float:
    """A mean in nats, in bits."""
    return mean / log(2)


@loss(
    Classes,
    unit="nats",
    also={"perplexity": perplexity, "bits": bits},
    skill="d2_log_loss",
    reference="torch.nn.functional.cross_entropy",
    aliases=(
        "cross-entropy",
        "CrossEntropyLoss",
        "xent",
        "softmax-ce",
        "softmax_cross_entropy",
        "softmax_cross_entropy_with_logits",
        "softmax_cross_entropy_with_integer_labels",
        "safe_softmax_cross_entropy",
        "sparse_softmax_cross_entropy",
        "sparse_softmax_cross_entropy_with_logits",
        "SoftTargetCrossEntropy",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "mlogloss",
        "multi-logloss",
    ),
    differs={
        "LabelSmoothingCrossEntropy": "nothing is smoothed; timm's own default is "
        "--label-smoothing 0.1"
    },
)
def ce(
    logits: Tensor,
    target: Tensor,
    *,
    weight: PerClass = 1.0,
    ignore_index: int = -100,
    label_smoothing: Fraction = 0.0,
    temperature: Positive = 1.0,
    shift: Later = 0,
    class_axis: int | None = None,
) -> Tensor | Terms:
    """Cross-entropy: of one class out of several for each row.

    loss = -weight_y · log_softmax(logits)_y for class indices, and -sum over c of
    weight_c · y_c · log_softmax(logits)_c for class probabilities.

    Args:
        weight: Factor of each class.
        ignore_index: Targets of this value do not count.
        label_smoothing: Mixes the target with the uniform distribution.
        temperature: Divides logits, those of the target too.
        shift: Scores position t of sequences against target t + shift, and drops the ends: 1 for
            a causal language model. Masks and weights of positions go with the targets.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Logits (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of classes, or of
        the logits' own shape, as those that are scores or log-probabilities always are.

    Mean:
        The mean divides by the sum of the --weight of the true classes that count, for class
        indices; by the number of losses, for class probabilities.

    Elsewhere:
        Class weights of 1 and 3, for two rows that cost 1 and 3 without them: PyTorch divides by
        the weights for class indices, and by the rows for class probabilities, as Keras does for
        both by default.

        >>> (1 * 1 + 3 * 3) / (1 + 3)  # PyTorch, losscli: class indices
        2.5
        >>> (1 * 1 + 3 * 3) / 2  # PyTorch, losscli: class probabilities; Keras
        5.0

        Probabilities of 0.2 for each of three classes: Keras makes them sum to 1 first.

        >>> from math import log
        >>> round(-log(0.2), 4)  # PyTorch, scikit-learn, losscli
        1.6094
        >>> round(-log(0.2 / 0.6), 4)  # Keras
        1.0986

        A true class of probability 0 is infinite here and in PyTorch; Keras clips it at 1e-7,
        scikit-learn at the eps of the dtype.

        >>> round(-log(1e-7), 3)  # Keras
        16.118

        Two rows of which one is ignored: what is divided by.

        >>> kept = ce(torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([0])).item()
        >>> round(kept / 1, 4)  # PyTorch, losscli, Keras' class
        0.4076
        >>> round(kept / 2, 4)  # Keras' function, segmentation-models-pytorch
        0.2038

        The classes are on axis 1 in PyTorch, on the last in Keras, optax and TensorFlow; here
        either, as the shapes say.

    Related:
        nll: ce = nll ∘ log-softmax.
        bce: ce of the logits 0 and z is bce of z; bce is for labels that do not exclude others.
        kl: ce is kl plus the entropy of the target.
        focal-ce: ce that counts easy rows less.
        poly1: ce with another first term.
        gce: bounded, for wrong labels.

    Reference:
        torch.nn.functional.cross_entropy; label smoothing: Szegedy et al., arXiv:1512.00567.

    Example:
        >>> ce(torch.tensor([[0.8, 2.0, 1.2]]), torch.tensor([0]))
        tensor([1.7599])
    """
    return _cross(cooled(logits, temperature), target, weight, ignore_index, label_smoothing)


@ce.given
def _(probs: Tensor, target: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(felt(probs).log(), target, **options)


@ce.given
def _(log_probs: Tensor, target: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(log_probs, target, **options)


@ce.given
def _(logits: Tensor, target_logits: Tensor, **options: Any) -> Tensor | Terms:
    logs, shares = (cooled(one, options["temperature"]) for one in (logits, target_logits))
    return _chosen(logs, shares.exp(), **options)


@ce.given
def _(logits: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(cooled(logits, options["temperature"]), target_log_probs.exp(), **options)


@ce.given
def _(probs: Tensor, target_logits: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(
        felt(probs).log(), cooled(target_logits, options["temperature"]).exp(), **options
    )


@ce.given
def _(probs: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(felt(probs).log(), target_log_probs.exp(), **options)


@ce.given
def _(log_probs: Tensor, target_logits: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(log_probs, cooled(target_logits, options["temperature"]).exp(), **options)


@ce.given
def _(log_probs: Tensor, target_log_probs: Tensor, **options: Any) -> Tensor | Terms:
    return _chosen(log_probs, target_log_probs.exp(), **options)


def _chosen(
    log_probs: Tensor,
    target: Tensor,
    *,
    weight: PerClass,
    ignore_index: int,
    label_smoothing: float,
    **_: Any,
) -> Tensor | Terms:
    """Cross-entropy by the options of ce, of which the others have been heeded."""
    return _cross(log_probs, target, weight, ignore_index, label_smoothing)


def _cross(
    log_probs: Tensor, target: Tensor, weight: Tensor | float, ignored: int, smoothing: float
) -> Tensor | Terms:
    """Cross-entropy from log-probabilities, classes on axis 1."""
    classes = log_probs.shape[1]
    weights = None if isinstance(weight, float) else weight
    if target.is_floating_point():
        shares = target * (1 - smoothing) + smoothing / classes if smoothing else target
        return -weighted(product(shares, log_probs), weights).sum(1)
    counted = target != ignored
    found = F.nll_loss(log_probs, target, ignore_index=ignored, reduction="none")
    over = None
    if weights is not None:
        over = weights[torch.where(counted, target, 0)] * counted
        found = product(over, found)
    if smoothing:
        even = torch.where(counted, -weighted(log_probs, weights).sum(1) / classes, 0.0)
        found = (1 - smoothing) * found + smoothing * even
    return found if over is None else Terms(found, over)


def weighted(values: Tensor, weights: Tensor | None) -> Tensor:
    """Values with the classes on axis 1, each times the weight of its class."""
    if weights is None:
        return values
    return product(weights.reshape(-1, *[1] * (values.ndim - 2)), values)


def product(factor: Tensor, values: Tensor) -> Tensor:
    return factor * values if bool(values.isfinite().all()) else times(factor, values)


@ce.guessed("the base rate")
def _(
    totals: Totals,
    *,
    weight: PerClass,
    ignore_index: int,
    label_smoothing: float = 0.0,
    **_: Any,
) -> float | None:
    """The entropy of the class frequencies: that of always naming them."""
    masses = totals.get("masses" if "masses" in totals else "classes")
    if masses is None:
        return None
    count, each = number(totals["count"]), np.broadcast_to(np.asarray(weight), len(masses)).tolist()
    even = label_smoothing * count / len(masses)
    held = [number(one) for one in masses.tolist()]
    found = [
        factor * ((1 - label_smoothing) * one + even)
        for factor, one in zip(each, held, strict=True)
    ]
    hard = "masses" not in totals  # then each loss counts as much as its class weighs
    over = sum(factor * one for factor, one in zip(each, held, strict=True)) if hard else count
    whole = sum(found)
    if not (over > 0 and whole > 0 and min(found) >= 0):
        return None
    return float(entropy(one / whole for one in found) * whole / over)


@loss(
    Likelihood,
    unit="nats",
    also={"perplexity": perplexity, "bits": bits},
    skill="d2_log_loss",
    reference="torch.nn.functional.nll_loss",
    aliases=("nll-loss", "NLLLoss", "NLLLoss2d", "negative-log-likelihood"),
)
def nll(
    log_probs: Tensor,
    target: Tensor,
    *,
    weight: PerClass = 1.0,
    ignore_index: int = -100,
    shift: Later = 0,
    class_axis: int | None = None,
) -> Tensor | Terms:
    """Negative log-likelihood: cross-entropy from log-probabilities.

    loss = -weight_y · log_prob_y, or -log_prob of each token of --token-log-probs: those of the
    tokens that were there, as servers of language models give them, in sequences of any length.
    They take no target. A null in front of a sequence is left out; beside the mean over tokens
    stand the mean over sequences of their own means, that of their sums, and with --bytes the
    bits per byte.

    Args:
        weight: Factor of each class.
        ignore_index: Targets of this value do not count.
        shift: Scores position t of sequences against target t + shift, and drops the ends: 1 for
            a causal language model. Masks and weights of positions go with the targets.
        class_axis: Where the classes are, if the shapes leave it open.

    Shape:
        Log-probabilities (N, C), (N, C, d1, …) or (N, d1, …, C); targets without the axis of
        classes. Images (N, C, H, W) are what NLLLoss2d was for. Of --token-log-probs, lists in
        lists, of which the innermost are sequences, or an array whose last axis is that of tokens;
        the losses are on one axis.

    Mean:
        The mean divides by the sum of the --weight of the true classes that count; of
        --token-log-probs, by the number of tokens, and the batchmean by that of sequences.

    Elsewhere:
        Probabilities by mistake for log-probabilities, of 0.7 for the true class: PyTorch gives
        their negative; here that is an error.

        >>> F.nll_loss(torch.tensor([[0.7, 0.3]]), torch.tensor([0]))  # PyTorch
        tensor(-0.7000)

    Related:
        ce: nll of the log-softmax of logits.
        poisson-nll: another likelihood: of counts.

    Reference:
        torch.nn.functional.nll_loss.

    Example:
        >>> nll(torch.tensor([[-0.5, -1.5, -1.2]]), torch.tensor([1]))
        tensor([1.5000])
    """
    return _cross(log_probs, target, weight, ignore_index, 0.0)


@nll.given
def _(token_log_probs: Tensor, **_: Any) -> Tensor:
    return -token_log_probs


@nll.given
def _(token_log_probs: Tensor, bytes: Stretch, **_: Any) -> Tensor:  # noqa: A002 — an option
    return -token_log_probs


nll.guess = ce.guess
