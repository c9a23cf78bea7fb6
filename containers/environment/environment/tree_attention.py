"""Attention over a packed row: a shared history, and actions that each see a part of it and themselves.

Registered with transformers under the name `ATTENTION`, so every decoder family whose attention is exchangeable
can run the packed layout. The keys are `[history | actions]`. What a query sees of the history says a mask
`[1 or batch, 1, queries, history]`; an action's key is seen by that action alone. Cost: queries x history, instead of
(history + actions)^2 with a dense tree mask. A GPU's fused kernel is faster still with the dense mask, since it
keeps the products to itself.
"""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from .errors import BaseModelError

ATTENTION = "environment_tree"
FUSED_BACKENDS = [SDPBackend.CUDNN_ATTENTION, SDPBackend.MATH]
"""The first takes any mask and lets heads share keys; the second is there where it does not run."""
MASK_ALIGNMENT = 16
"""Rows of a dense mask start at multiples of so many entries; kernels copy it otherwise, once a layer."""


def attention_mask(seen: torch.Tensor, actions: int, precision: torch.dtype) -> torch.Tensor:
    """The mask that `tree_attention` is to be given, the same for all layers.

    Args:
        seen: [1 or batch, 1, queries, history] bool, True where a query sees a history token.
        actions: how many of the last queries are actions.
        precision: what the decoder computes in.

    Returns:
        `seen` itself or, for half precision on a GPU, what is added to the products of queries and all keys:
        [1 or batch, 1, queries, history + actions], 0 where a query sees a key.
    """
    if precision == torch.float32 or seen.device.type != "cuda":
        return seen
    return dense_mask(seen, actions, precision)


def dense_mask(seen: torch.Tensor, actions: int, precision: torch.dtype) -> torch.Tensor:
    """The mask of all keys, whatever the device; arguments and result as those of `attention_mask`."""
    rows, _, queries, history = seen.shape
    keys = history + actions
    width = -(-keys // MASK_ALIGNMENT) * MASK_ALIGNMENT
    added = torch.full((rows, 1, queries, width), float("-inf"), dtype=precision, device=seen.device)
    added[..., :history].masked_fill_(seen, 0)
    added[..., queries - actions :, history:keys].diagonal(dim1=-2, dim2=-1).zero_()
    return added[..., :keys]


def tree_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float | None = None,
    dropout: float = 0.0,
    **options: object,
) -> tuple[torch.Tensor, None]:
    """Softmax attention of `query` over the history and, for actions, over themselves.

    Args:
        module: the attention module that calls (not used).
        query: [batch, heads, queries, width]; the last queries belong to the actions.
        key: [batch, groups, history + actions, width]; `heads` is a multiple of `groups`.
        value: as `key`.
        attention_mask: from the function of that name.
        scaling: factor of the products, 1 / sqrt(width) by default.
        dropout: must be 0: the base model is frozen and runs in evaluation mode.

    Returns:
        [batch, queries, heads, width] and None in the place of the weights.

    Raises:
        BaseModelError: the model's attention has a feature that this layout does not support.
    """
    _check(options, dropout, attention_mask)
    if attention_mask.dtype != torch.bool:
        with sdpa_kernel(FUSED_BACKENDS):
            output = functional.scaled_dot_product_attention(
                query, key, value, attn_mask=attention_mask, scale=scaling, enable_gqa=True
            )
        return output.transpose(1, 2), None
    batch, heads, queries, width = query.shape
    groups, history = key.shape[1], attention_mask.shape[-1]
    actions = key.shape[2] - history
    scaling = width**-0.5 if scaling is None else scaling
    # Heads that share a key become more queries: [batch, groups, heads / groups, queries, width]
    grouped = query.view(batch, groups, heads // groups, queries, width) * scaling
    # [batch, groups, heads / groups * queries, history]
    products = grouped.flatten(2, 3) @ key[:, :, :history].transpose(-1, -2)
    products = products.view(batch, groups, -1, queries, history)
    products = products.masked_fill(~attention_mask.unsqueeze(1), float("-inf"))
    outputs = []
    first = queries - actions  # queries before it are history tokens
    if first > 0:
        weights = products[:, :, :, :first].softmax(-1).to(value.dtype)  # [batch, groups, heads / groups, first, history]
        seen = weights.flatten(2, 3) @ value[:, :, :history]
        outputs.append(seen.view(batch, groups, -1, first, width))
    if actions > 0:
        own_key, own_value = key[:, :, None, history:], value[:, :, None, history:]  # [batch, groups, 1, actions, width]
        own = (grouped[:, :, :, first:] * own_key).sum(-1, keepdim=True)  # [batch, groups, heads / groups, actions, 1]
        joined = torch.cat([products[:, :, :, first:], own], -1)  # [..., actions, history + 1]
        weights = joined.softmax(-1).to(value.dtype)
        seen = weights[..., :-1].flatten(2, 3) @ value[:, :, :history]
        outputs.append(seen.view(batch, groups, -1, actions, width) + weights[..., -1:] * own_value)
    output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, 3)
    return output.reshape(batch, heads, queries, width).transpose(1, 2), None


def register() -> None:
    """Makes `attn_implementation=ATTENTION` known to transformers."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, tree_attention)


def check_window(config: object, history: int) -> None:
    """Raises BaseModelError where a decoder's configuration lets a token see less than a whole history."""
    window = getattr(config, "sliding_window", None)
    if isinstance(window, int) and window < history:
        raise BaseModelError(f"The base model's sliding window of {window} tokens is shorter than a history of {history}.")


def _check(options: dict[str, object], dropout: float, mask: torch.Tensor | None) -> None:
    if mask is None or mask.dim() != 4:
        raise BaseModelError("This architecture does not hand its attention the mask it is given; use another base model.")
    for name in ("softcap", "s_aux", "position_bias"):
        if options.get(name) is not None:
            raise BaseModelError(f"This architecture's attention uses {name}, which the packed layout does not support.")
    if dropout:
        raise BaseModelError("The base model must run in evaluation mode.")
