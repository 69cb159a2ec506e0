"""Losses of sequences that are not aligned with their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import F, Tensor, torch
from losscli.losses.limits import felt, log_softmax
from losscli.options import Stretch
from losscli.registry import Terms, loss
from losscli.roles import Sequences
from losscli.roles.base import number, ratio

if TYPE_CHECKING:
    from losscli.stats import Totals

FILL = -1
"""What stands behind the last label of a row."""


@loss(
    Sequences,
    unit="nats",
    shared="loss / labels",
    reference="torch.nn.functional.ctc_loss",
    aliases=("ctc-loss", "CTCLoss"),
)
def ctc(
    log_probs: Tensor,
    target: Tensor,
    *,
    blank: int = 0,
    zero_infinity: bool = False,
    batch_first: bool = False,
) -> Tensor | Terms:
    """Connectionist temporal classification: labels in their order, at whatever time.

    loss = -ln of the sum, over all ways to spread the labels of a row over its time steps, of the
    product of their probabilities: with repeats, and with blanks between. Infinite where there are
    fewer steps than labels, and one more for each pair of equal neighbours.

    Args:
        blank: The class that stands for no label.
        zero_infinity: Losses that are infinite count as 0.
        batch_first: Scores are (N, T, C), and not (T, N, C).

    Shape:
        Log-probabilities or logits (T, N, C), time first; labels (N, S), padded with -1 or the
        blank; or (all of them), end to end, with --target-lengths; or a line of text for each row,
        with --classes, which lists the characters in order, without the blank (<space> is one).
        Losses (N,). The function itself takes (N, T, C).

    Mean:
        The mean of each loss divided by its number of labels, or by 1 without any, over the rows.
        plain_mean is that of the losses themselves.

    Elsewhere:
        Two rows of 2 and 1 labels: Keras has the plain mean, and softmaxes what it is given.

        >>> round((6.0 / 2 + 4.0 / 1) / 2, 4)  # PyTorch, losscli
        3.5
        >>> round((6.0 + 4.0) / 2, 4)  # Keras, losscli's plain_mean
        5.0

        The gradient by log-probabilities is PyTorch's, as of a log-softmax of them: it has the
        slope of every way that leaves their sum at 1, and sums to 0 at each time step.

        >>> half = torch.tensor([[[0.5, 0.5], [0.5, 0.5]]]).log().requires_grad_()
        >>> torch.autograd.grad(ctc(half, torch.tensor([[1]])).elements, half)  # PyTorch, losscli
        (tensor([[[ 0.1667, -0.1667],
                  [ 0.1667, -0.1667]]]),)

    Related:
        ce: where the class of each time step is known.

    Reference:
        torch.nn.functional.ctc_loss; Graves et al., 2006.

    Example:
        >>> half = torch.tensor([[[0.5, 0.5], [0.5, 0.5]]]).log()
        >>> ctc(half, torch.tensor([[1]])).elements
        tensor([0.2877])
    """
    return _ctc(log_probs, target, None, blank, zero_infinity)


@ctc.given
def _(
    log_probs: Tensor,
    target: Tensor,
    input_lengths: Stretch,
    *,
    blank: int,
    zero_infinity: bool,
    **_: Any,
) -> Terms:
    return _ctc(log_probs, target, input_lengths, blank, zero_infinity)


@ctc.given
def _(
    log_probs: Tensor,
    target: Tensor,
    target_lengths: Stretch,
    *,
    blank: int,
    zero_infinity: bool,
    **_: Any,
) -> Terms:
    return _ctc(log_probs, _cut(target, target_lengths), None, blank, zero_infinity)


@ctc.given
def _(
    log_probs: Tensor,
    target: Tensor,
    input_lengths: Stretch,
    target_lengths: Stretch,
    *,
    blank: int,
    zero_infinity: bool,
    **_: Any,
) -> Terms:
    return _ctc(log_probs, _cut(target, target_lengths), input_lengths, blank, zero_infinity)


@ctc.given
def _(logits: Tensor, target: Tensor, *, blank: int, zero_infinity: bool, **_: Any) -> Terms:
    return _ctc(log_softmax(logits, -1), target, None, blank, zero_infinity)


@ctc.given
def _(
    logits: Tensor,
    target: Tensor,
    input_lengths: Stretch,
    *,
    blank: int,
    zero_infinity: bool,
    **_: Any,
) -> Terms:
    return _ctc(log_softmax(logits, -1), target, input_lengths, blank, zero_infinity)


@ctc.given
def _(
    logits: Tensor,
    target: Tensor,
    target_lengths: Stretch,
    *,
    blank: int,
    zero_infinity: bool,
    **_: Any,
) -> Terms:
    target = _cut(target, target_lengths)
    return _ctc(log_softmax(logits, -1), target, None, blank, zero_infinity)


@ctc.given
def _(
    logits: Tensor,
    target: Tensor,
    input_lengths: Stretch,
    target_lengths: Stretch,
    *,
    blank: int,
    zero_infinity: bool,
    **_: Any,
) -> Terms:
    target = _cut(target, target_lengths)
    return _ctc(log_softmax(logits, -1), target, input_lengths, blank, zero_infinity)


@ctc.guessed("equal probabilities")
def _(totals: Totals, **_: Any) -> float:
    """That of classes that are all as likely: by how many ways the labels can be spread."""
    return ratio(totals["even"].value, number(totals["count"]))


def _cut(target: Tensor, lengths: Tensor) -> Tensor:
    """Labels, with what stands behind the last one of each row marked."""
    places = torch.arange(target.shape[1], device=target.device)
    return torch.where(places < lengths[:, None], target, FILL)


def _ctc(
    log_probs: Tensor, target: Tensor, steps: Tensor | None, blank: int, zero_infinity: bool
) -> Terms:
    rows, every = log_probs.shape[:2]
    places = torch.arange(1, 1 + target.shape[1], device=target.device)
    lengths = ((target != FILL) * places).amax(1)
    if steps is None:
        steps = torch.full((rows,), every, device=target.device)
    wide = log_probs if log_probs.dtype is torch.float64 else log_probs.float()
    found = F.ctc_loss(
        felt(wide).transpose(0, 1),
        target.clamp(min=0),
        steps,
        lengths,
        blank=blank,
        reduction="none",
        zero_infinity=zero_infinity,
    )
    return Terms(found, None, found / lengths.clamp(min=1))
