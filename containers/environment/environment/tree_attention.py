"""Attention over a packed row: a shared history, and actions that each see a part of it and themselves.

Registered with transformers under the name `ATTENTION`, so every decoder family whose attention is exchangeable
can run the packed layout. The keys are `[history | actions]`; the mask covers the history only,
`[1 or batch, 1, queries, history]`, so its width tells the two apart. An action's key is seen by that action
alone. Cost: queries x history, instead of (history + actions)^2 with a dense tree mask.
"""

import torch
from torch import nn

from .errors import BaseModelError

ATTENTION = "environment_tree"


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
        attention_mask: [1 or batch, 1, queries, history] bool, True where a query sees a history token.
        scaling: factor of the products, 1 / sqrt(width) by default.
        dropout: must be 0: the base model is frozen and runs in evaluation mode.

    Returns:
        [batch, queries, heads, width] and None in the place of the weights.

    Raises:
        BaseModelError: the model's attention has a feature that this layout does not support.
    """
    _check(options, dropout, attention_mask)
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
        weights = products[:, :, :, :first].softmax(-1, dtype=torch.float32).to(value.dtype)
        seen = weights.flatten(2, 3) @ value[:, :, :history]
        outputs.append(seen.view(batch, groups, -1, first, width))
    if actions > 0:
        own_key, own_value = key[:, :, None, history:], value[:, :, None, history:]  # [batch, groups, 1, actions, width]
        own = (grouped[:, :, :, first:] * own_key).sum(-1, keepdim=True)  # [batch, groups, heads / groups, actions, 1]
        joined = torch.cat([products[:, :, :, first:], own], -1)  # [..., actions, history + 1]
        weights = joined.softmax(-1, dtype=torch.float32).to(value.dtype)
        seen = weights[..., :-1].flatten(2, 3) @ value[:, :, :history]
        outputs.append(seen.view(batch, groups, -1, actions, width) + weights[..., -1:] * own_value)
    output = outputs[0] if len(outputs) == 1 else torch.cat(outputs, 3)
    return output.reshape(batch, heads, queries, width).transpose(1, 2), None


def register() -> None:
    """Makes `attn_implementation=ATTENTION` known to transformers."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, tree_attention)


def _check(options: dict[str, object], dropout: float, mask: torch.Tensor | None) -> None:
    if mask is None or mask.dim() != 4:
        raise BaseModelError("This architecture does not hand its attention the mask it is given; use another base model.")
    for name in ("softcap", "s_aux", "position_bias"):
        if options.get(name) is not None:
            raise BaseModelError(f"This architecture's attention uses {name}, which the packed layout does not support.")
    window = options.get("sliding_window")
    if isinstance(window, int) and window < mask.shape[-1]:
        raise BaseModelError(f"The base model's sliding window of {window} tokens is shorter than a history of {mask.shape[-1]}.")
    if dropout:
        raise BaseModelError("The base model must run in evaluation mode.")
