"""Losses of signals and images."""

from __future__ import annotations

from math import exp, inf
from typing import TYPE_CHECKING

from losscli.lazy import Tensor, torch
from losscli.options import Positive
from losscli.registry import loss
from losscli.roles import Image, Picture, Signal
from losscli.roles.values import variance

if TYPE_CHECKING:
    from losscli.stats import Totals


def decibels(mean: Tensor) -> Tensor:
    """Ten times the decimal logarithm of a mean: -∞ for 0.

    >>> decibels(torch.tensor([0.01, 0.0]))
    tensor([-20., -inf])
    """
    return 10 * mean.log10()


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
        ssim: of what images look like, where psnr takes each pixel by itself.

    Reference:
        kornia.losses.psnr_loss; torchmetrics.functional.image.peak_signal_noise_ratio and
        skimage.metrics.peak_signal_noise_ratio, which are not negated.

    Example:
        >>> psnr(torch.tensor([0.0, 0.5]), torch.tensor([0.0, 0.0]))
        tensor([0.0000, 0.2500])
    """
    return ((pred - target) / data_range).square()


@psnr.guessed("the mean", share=False)
def _(totals: Totals, *, data_range: float) -> float | None:
    """That of always predicting the mean: its squared error, of which decibels are taken."""
    found = variance(totals)
    return None if found is None else found / data_range**2


BELL = [exp(-(place**2) / (2 * 1.5**2)) for place in range(-(Picture.window // 2), 6)]
"""A Gaussian of 1.5 pixels, as long as the window."""


def blurred(maps: Tensor, axis: int) -> Tensor:
    """The weighted means of all stretches of an axis that are as long as the window.

    Term by term: how a convolution adds up depends on how many images it is given.
    """
    size, whole = maps.shape[axis] - Picture.window + 1, sum(BELL)
    found = torch.zeros_like(maps.narrow(axis, 0, size))
    for start, weight in enumerate(BELL):
        found += maps.narrow(axis, start, size) * (weight / whole)
    return found


def moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """The means of images in the windows, and the variances."""
    base = images[..., :1, :1].nan_to_num(0, 0, 0)  # what is far from 0 would cancel
    moved = images - base
    mean, power = blurred(blurred(torch.stack((moved, moved.square())), -1), -2)
    variance = torch.where(power.isinf(), inf, power - mean.square())
    return mean + base, variance.clamp(min=0)


@loss(
    Picture,
    reference="skimage.metrics.structural_similarity",
    aliases=("structural-similarity", "structural-similarity-index-measure", "dssim"),
    differs={
        **dict.fromkeys(
            ("SSIMLoss", "ssim-loss"),
            "1 - SSIM, as in MONAI; that of kornia is half of it, of padded images",
        ),
    },
)
def ssim(pred: Tensor, target: Tensor, *, data_range: Positive = 1.0) -> Tensor:
    """1 - the structural similarity, of images.

    With means m, variances v and the covariance c in a Gaussian window of 11 x 11 pixels and a
    deviation of 1.5, L = data_range, C1 = (0.01 · L)² and C2 = (0.03 · L)²:
    loss = 1 - mean of (2 · mp · my + C1) · (2 · c + C2) / ((mp² + my² + C1) · (vp + vy + C2)),
    over all windows that lie wholly within the image, and over its channels. The variances are
    those of the weights, with no sample's correction. Between 0 and 2.

    Args:
        data_range: The largest difference that there can be: 1, or 255 for bytes.

    Shape:
        Images (N, C, H, W), (N, H, W), or one (H, W), of 11 x 11 pixels at least; the target's
        is the same. Losses (N,), one for each image.

    Elsewhere:
        scikit-image gives this with gaussian_weights=True and use_sample_covariance=False; else
        its windows are flat, and 7 x 7. torchmetrics and kornia pad an image by reflection, so
        that it has a window for each pixel. Two images, one of 1 and one of 0:

        >>> ssim(torch.ones(1, 11, 11), torch.zeros(1, 11, 11))  # MONAI, losscli
        tensor([0.9999])
        >>> (1 - 0.01**2 / (1 + 0.01**2)) / 2  # kornia
        0.49995000499950004

    Related:
        psnr: of each pixel by itself.

    Reference:
        skimage.metrics.structural_similarity; torchmetrics.functional.image; MONAI's SSIMLoss;
        Wang et al., "Image quality assessment: from error visibility to structural similarity",
        IEEE Transactions on Image Processing 13, 2004.

    Example:
        >>> ssim(torch.full((1, 11, 11), 0.5), torch.ones(1, 11, 11))
        tensor([0.2000])
    """
    one, other = pred.double(), target.double()
    (left, spread), (right, wide), (gap, rough) = map(moments, (one, other, one - other))
    # 1 - both ratios is a sum of what is never negative, in which equal images cost exactly 0.
    light = gap.square() / (left.square() + right.square() + (0.01 * data_range) ** 2)
    form = rough / (spread + wide + (0.03 * data_range) ** 2)
    found = light + form - light * form
    lost = spread.isinf() & wide.isfinite() | wide.isinf() & spread.isfinite()
    found = torch.where(lost, 1.0, found)
    return found.reshape(len(found), -1).sum(-1).div(found[0].numel()).to(pred.dtype)


ssim.unguessed("what a constant picture costs is another thing in each window")


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
    found = 10 * (noise / signal).log10()
    silent = (power[..., 0] == 0) | (signal == 0)
    return torch.where(silent, inf, found).to(pred.dtype)


si_sdr.unguessed("a constant has no shape, and the loss compares nothing else")
