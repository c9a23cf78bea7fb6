"""A frozen matrix and its LoRA adapter as one operation, for decoders that compute in bfloat16.

PEFT multiplies, scales and adds the adapter's part in operations of their own, in float32: every one of them reads and
writes all activations. Here the adapter's part is added by the matrix products themselves, forwards and backwards, in
the decoder's data type; the adapter's weights and their gradients stay float32 for the optimiser.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class AdaptedMatrix(torch.autograd.Function):
    """`x W^T + bias + scaling (x A^T) B^T` (Hu et al., arXiv 2106.09685, eq. 3)."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        down: torch.Tensor,
        up: torch.Tensor,
        scaling: float,
    ) -> torch.Tensor:
        """Args: x [..., inputs], weight [outputs, inputs], bias [outputs], down [rank, inputs], up [outputs, rank]."""
        tokens = x.flatten(0, -2)  # [tokens, inputs]
        narrow_down, narrow_up = down.to(x.dtype), (up * scaling).to(x.dtype)
        low = tokens @ narrow_down.T  # [tokens, rank]
        output = functional.linear(tokens, weight, bias).addmm_(low, narrow_up.T)  # [tokens, outputs]
        ctx.save_for_backward(tokens, low, weight, narrow_down, narrow_up)
        ctx.scaling, ctx.precision = scaling, down.dtype
        return output.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of x, down and up; the matrix is frozen."""
        tokens, low, weight, down, up = ctx.saved_tensors
        outer = gradient.flatten(0, -2)  # [tokens, outputs]
        low_gradient = outer @ up  # [tokens, rank]
        x_gradient = None
        if ctx.needs_input_grad[0]:
            x_gradient = (outer @ weight).addmm_(low_gradient, down).view(*gradient.shape[:-1], -1)
        down_gradient = (low_gradient.T @ tokens).to(ctx.precision)  # [rank, inputs]
        up_gradient = (outer.T @ low).to(ctx.precision) * ctx.scaling  # [outputs, rank]
        return x_gradient, None, None, down_gradient, up_gradient, None


def fuse_adapters(decoder: nn.Module) -> None:
    """Lets every matrix of a decoder that has an adapter of PEFT's compute with it as one operation, in place."""
    from peft.tuners.lora import Linear

    for module in decoder.modules():
        if isinstance(module, Linear):
            module.forward = _one_operation(module)


def _one_operation(module: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    base, (name,) = module.base_layer, module.active_adapters
    down, up, scaling = module.lora_A[name], module.lora_B[name], module.scaling[name]

    def forward(x: torch.Tensor) -> torch.Tensor:
        weight = base.weight if isinstance(base, nn.Linear) else base.weight.T  # GPT-2's matrices are transposed
        return AdaptedMatrix.apply(x, weight, base.bias, down.weight, up.weight, scaling)

    return forward
