import torch
import torch.nn.functional as F
from torch import nn


def focal2(logits, target, *, gamma: float = 2.0):
    """Cross-entropy in which easy rows count less.

    loss = (1 - p)^gamma · -ln p, with p the probability of what is true.

    Args:
        gamma: How much less they count; 0 is cross-entropy.
    """
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.exp(-bce)
    return (1 - p) ** gamma * bce


class Bent(nn.Module):
    """Squared for small errors, straight for large ones.

    Args:
        delta: Where it bends.
    """

    def __init__(self, delta: float = 1.0):
        super().__init__()
        self.delta = delta

    def forward(self, pred, target):
        return F.huber_loss(pred, target, delta=self.delta, reduction="none")
