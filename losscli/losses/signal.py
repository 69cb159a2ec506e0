"""Losses of signals and images, in decibels."""

from __future__ import annotations

from math import inf, log10, nan
from typing import TYPE_CHECKING

from losscli.lazy import Tensor, torch
from losscli.options import Positive
from losscli.registry import loss
from losscli.roles import Image, Signal

if TYPE_CHECKING:
    from losscli.stats import Moments, Totals


def decibels(mean: float) -> float:
    """Ten times the decimal logarithm of a mean: -∞ for 0.

    >>> decibels(0.01), decibels(0.0)
    (-20.0, -inf)
    """
    if mean > 0:
        return 10 * log10(mean) if mean < inf else inf
    return -inf if mean == 0 else nan


@loss(
    Image,
    unit="dB",
    reference="kornia.losses.psnr_loss",
    aliases=("psnr-loss", "PSNRLoss", "peak-signal-noise-ratio", "peak-signal-to-noise-ratio"),
    finish=decibels,
)
def psnr(pred: Tensor, target: Tensor, *, data_range: Positive = 1.0) -> Tensor:
    """Peak signal-to-noise ratio, negated: the mean squared error in decibels.

    loss = 10 · log10(mean of (prediction - target)² / data_range²) = -PSNR. The logarithm is
    taken of the mean over all values of all images, and not of each image.

    Args:
        data_range: The largest difference that there can be: 1, or 255 for bytes.

    Shape:
        Any; the target's is the same.

    Related:
        mse: the same before the logarithm, with --data-range 1.

    Reference:
        kornia.losses.psnr_loss; torchmetrics.functional.image.peak_signal_noise_ratio and
        skimage.metrics.peak_signal_noise_ratio, which are not negated.

    Example:
        >>> psnr(torch.tensor([0.0, 0.5]), torch.tensor([0.0, 0.0]))
        tensor([0.0000, 0.2500])
    """
    return ((pred - target) / data_range).square()


@psnr.guessed
def _(totals: Totals, *, data_range: float) -> float | None:
    """That of always predicting the mean: its squared error, of which decibels are taken."""
    target: Moments | None = totals.get("target")
    if target is None or target.variance is None:
        return None
    return target.variance / data_range**2


@loss(
    Signal,
    unit="dB",
    reference="torchmetrics.functional.audio.scale_invariant_signal_distortion_ratio",
    aliases=("sisdr", "si-snr", "scale-invariant-signal-distortion-ratio"),
)
def si_sdr(pred: Tensor, target: Tensor, *, zero_mean: bool = False) -> Tensor:
    """Scale-invariant signal-to-distortion ratio, negated, in decibels.

    With a = ⟨p, y⟩ / ‖y‖²:  loss = -10 · log10(‖a · y‖² / ‖a · y - p‖²), one for each signal. A
    factor of the prediction does not matter; a silent signal on either side costs ∞.

    Args:
        zero_mean: Takes the mean from each signal first, as SI-SNR does.

    Shape:
        Prediction and target (N, T), (N, …, T) or (T); losses without the axis of time.

    Related:
        psnr: of errors that are measured in a fixed unit.

    Reference:
        torchmetrics.functional.audio.scale_invariant_signal_distortion_ratio; Le Roux et al.,
        arXiv:1811.02508.

    Example:
        >>> si_sdr(torch.tensor([[2.0, 1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([-6.0206])
    """
    one, other = pred.double(), target.double()
    if zero_mean:
        one = one - one.mean(-1, keepdim=True)
        other = other - other.mean(-1, keepdim=True)
    power = other.square().sum(-1, keepdim=True)
    part = (one * other).sum(-1, keepdim=True) / power * other
    signal, noise = part.square().sum(-1), (part - one).square().sum(-1)
    found = 10 * (noise.log10() - signal.log10())
    silent = (power[..., 0] == 0) | (signal == 0)
    return torch.where(silent, inf, found).to(pred.dtype)
