"""Floating-point operations of a fit, counted from its real tokens.

A matrix costs 2 operations a parameter and token forwards, and 2 more backwards for the gradient of its input. A frozen
matrix needs no gradient of its own, so LoRA costs 4N a token and not 6N; below the lowest adapter nothing flows back at
all. Attention's products, adapters and heads are left out: they are small beside it.
"""

from torch import nn

from .adapter import is_matrix, layer_stacks
from .config import AdapterConfig


def matrix_parameters(decoder: nn.Module, upper: int | None = None) -> int:
    """Parameters that a token is multiplied with, in all layers or in the last `upper` ones."""
    modules = decoder.named_modules()
    matrices = {name: module for name, module in modules if is_matrix(module) and "lora_" not in name}
    if upper is not None:
        prefixes = layer_stacks(decoder, upper)
        matrices = {name: module for name, module in matrices.items() if name.startswith(prefixes)}
    return sum(module.weight.numel() for module in matrices.values())


def adapter_flops(decoder: nn.Module, config: AdapterConfig, tokens: int) -> float:
    """Of fitting adapters on that many tokens; a decoder of its own for the rewards costs as much again."""
    once = 2.0 * (matrix_parameters(decoder) + matrix_parameters(decoder, config.layers)) * tokens
    return once if config.joint else 2.0 * once


def item_token_flops(decoder: nn.Module, words: int, dimension: int, tokens: int, cut: bool) -> float:
    """Of learning item tokens on that many tokens, with a read-out of `words` rows that learns too where layers are cut."""
    return (4.0 * matrix_parameters(decoder) + (6.0 if cut else 4.0) * words * dimension) * tokens
