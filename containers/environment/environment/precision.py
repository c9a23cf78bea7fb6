"""The data type that a decoder computes in."""

from typing import Literal

import torch


def data_type(precision: Literal["auto", "float32", "bfloat16"], device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 on a GPU that computes in it itself, float32 elsewhere.

    A processor with bfloat16 instructions is no exception: their results depend on how threads share the work, and a
    run on one machine is to give the same numbers again.
    """
    if precision == "auto":
        native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        precision = "bfloat16" if native else "float32"
    return torch.bfloat16 if precision == "bfloat16" else torch.float32
