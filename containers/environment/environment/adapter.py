"""Puts LoRA adapters into a decoder of any family, and takes them out merged."""

import copy
from typing import TYPE_CHECKING

import torch
from torch import nn

from .adapted_matrix import fuse_adapters
from .config import AdapterConfig
from .errors import ConfigurationError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ATTENTION_NAMES = ("attn", "attention")
"""What the attention's module is called in a layer, in part."""


def add_adapter(decoder: "PreTrainedModel", config: AdapterConfig, seed: int) -> nn.Module:
    """Puts LoRA (Hu et al., arXiv 2106.09685; alpha = 2 rank) into a decoder, in place.

    Returns:
        The PEFT model around the decoder, for `merge_adapter`.
    """
    from peft import LoraConfig, get_peft_model

    names = target_modules(decoder, config)
    transposed = any(type(decoder.get_submodule(name)).__name__ == "Conv1D" for name in names)
    lora = LoraConfig(
        r=config.rank, lora_alpha=2 * config.rank, target_modules=names, fan_in_fan_out=transposed
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        adapted = get_peft_model(decoder, lora)
    if next(value for value in decoder.parameters() if value.dim() == 2).dtype == torch.bfloat16:
        fuse_adapters(decoder)
    return adapted


def merge_adapter(adapted: nn.Module) -> "PreTrainedModel":
    """Adds the adapter to the weights; the decoder then costs what the base model costs."""
    return adapted.merge_and_unload().eval().requires_grad_(False)


def share_weights(decoder: "PreTrainedModel") -> "PreTrainedModel":
    """A second decoder on the same frozen weights, for an adapter of its own."""
    kept = {id(value): value for value in [*decoder.parameters(), *decoder.buffers()]}
    return copy.deepcopy(decoder, kept)


def separate_weights(decoder: "PreTrainedModel") -> None:
    """Gives a decoder from `share_weights` its own copy of the weights, before its adapter is merged into them."""
    for module in decoder.modules():
        for name, value in module.named_parameters(recurse=False):
            setattr(module, name, nn.Parameter(value.detach().clone(), requires_grad=False))


def target_modules(decoder: "PreTrainedModel", config: AdapterConfig) -> list[str]:
    """Names of the matrices that get an adapter: those of the upper `config.layers` layers (None: of all).

    Raises:
        ConfigurationError: more layers asked for than the decoder has.
    """
    total = decoder.config.num_hidden_layers
    adapted = total if config.layers is None else config.layers
    if adapted > total:
        raise ConfigurationError(f"environment.adapter.layers is {adapted}, the base model keeps {total} layers.")
    prefixes = layer_stacks(decoder, adapted)
    names = [name for name, module in decoder.named_modules() if name.startswith(prefixes) and is_matrix(module)]
    if config.modules == "attention":
        names = [name for name in names if any(part in name.rsplit(".", 2)[-2] for part in ATTENTION_NAMES)]
    return names


def layer_stacks(decoder: nn.Module, upper: int) -> tuple[str, ...]:
    """How the names of modules in the last `upper` layers begin."""
    total = decoder.config.num_hidden_layers
    stacks = {
        name for name, module in decoder.named_modules() if isinstance(module, nn.ModuleList) and len(module) == total
    }
    return tuple(f"{stack}.{layer}." for stack in stacks for layer in range(total - upper, total))


def is_matrix(module: nn.Module) -> bool:
    """Whether a module multiplies every token with a matrix; GPT-2 calls its transposed linear layer Conv1D."""
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"
