import torch
import torch.nn.functional as F


def focal2(logits, target, gamma=2.0):
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.exp(-bce)
    return ((1 - p) ** gamma * bce).mean()
