"""Losses as they come out of a notebook, right and wrong."""

from __future__ import annotations

NOTEBOOK = '''
import torch
import torch.nn.functional as F
from torch import nn


def bce2(logits, target, gamma=0, *, pos_weight: float = 1.0):
    """Cross-entropy from my notebook.

    Args:
        gamma: How little easy rows count.
        pos_weight: Factor of positives.
    """
    p = torch.sigmoid(logits)
    ce = -(pos_weight * target * p.log() + (1 - target) * (1 - p).log())
    return ce * (p - target).abs() ** gamma


def huber2(y_true, y_pred, delta: float = 1.0):
    error = (y_pred - y_true).abs()
    return torch.where(error < delta, error**2 / 2, delta * (error - delta / 2))


def nll2(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None])[:, 0]


def soft(logits, target):
    return -(logits.log_softmax(1) * target).sum(1)


def margin(anchor, positive, negative, *, margin: float = 1.0):
    return F.relu((anchor - positive).norm(dim=1) - (anchor - negative).norm(dim=1) + margin)


def standardised(pred, target):
    error = pred - target
    return (error / error.std()) ** 2


def reduced(pred, target, reduction="mean", mode: str = "a"):
    found = (pred - target) ** 2
    return found if reduction == "none" else found.mean()


class Huber(nn.Module):
    """Huber loss.

    Args:
        delta: Where it bends.
    """

    def __init__(self, delta: float = 1.0, reduction: str = "mean"):
        super().__init__()
        self.delta, self.reduction = delta, reduction

    def forward(self, input, target):
        return F.huber_loss(input, target, delta=self.delta, reduction=self.reduction)


huber3 = Huber(3.0)


class Weighty(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, pred, target):
        return self.layer(pred)


def scalar(pred, target):
    return ((pred - target) ** 2).mean()


def nothing(pred, target):
    (pred - target) ** 2


def listed(pred, target):
    return ((pred - target) ** 2).tolist()


def whole(pred, target):
    return (pred > target).long()


def moved(pred, target):
    return ((pred - target) ** 2).to("meta")


def halved(pred, target):
    return ((pred - target) ** 2).half()


def crossed(pred, target):
    return (pred[:, None] - target) ** 2


def undefined(pred, target):
    return (pred - 10).log()


def changing(pred, target):
    pred.sub_(target)
    return pred**2


def random(pred, target):
    return (pred - target) ** 2 * torch.rand_like(pred)


def summed(pred, target):
    return ((pred - target) ** 2).cumsum(0)


def neighbours(pred, target):
    error = (pred - target) ** 2
    error[1:] = error[1:] - error[:-1].clone()
    return error


def turning(pred, target):
    pred.copy_(pred.flip(0).clone())
    return (pred - target) ** 2


def leaving(pred, target):
    raise SystemExit(3)


def printing(pred, target, *, margin: float | None = None, undocumented: bool = False):
    print("hello")
    return (pred - target) ** 2


def failing(pred, target):
    raise ValueError("no such thing\\nas this")


def no_default(pred, target, gamma):
    return pred


def option_without_default(pred, target, *, gamma):
    return pred


def only_target(target):
    return target


def twice(input, pred, target):
    return pred


def threads(pred, target, *, threads: int = 1):
    return pred


def json(pred, target, *, json: bool = True):
    return pred


def starred(*inputs):
    return inputs[0]


number = 3
'''
FAILING_LINE = NOTEBOOK[: NOTEBOOK.index('raise ValueError("no')].count("\n") + 1
