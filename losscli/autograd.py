"""A vector-Jacobian product, without what torch would import to ask for one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from losscli.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.lazy import Tensor

__all__ = ["product"]


def product(
    outputs: Sequence[Tensor], weights: Sequence[Tensor], inputs: Sequence[Tensor]
) -> Sequence[Tensor | None]:
    """What ``torch.autograd.grad`` gives for the same: the gradient by each input, if there is any.

    Given weights, torch compares shapes with the help of SymPy, which takes a second to import.
    So it is asked for the gradient of one number, whose own gradients are the weights.
    """
    one = _number().apply(weights, *outputs)
    return torch.autograd.grad(one, inputs, allow_unused=True)


@cache
def _number() -> Any:
    class Number(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, weights: Sequence[Tensor], *outputs: Tensor) -> Tensor:
            ctx.weights = weights
            return outputs[0].new_zeros(())

        @staticmethod
        def backward(ctx: Any, _: Tensor) -> Any:
            return None, *ctx.weights

    return Number
