"""The data type that a decoder computes in."""

from typing import Literal

import torch

NATIVE = ("avx512_bf16", "amx_bf16", "sve_bf16")
"""Capabilities of a processor that multiplies bfloat16 matrices itself; others emulate it, slower than float32."""


def data_type(precision: Literal["auto", "float32", "bfloat16"], device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 where the device computes in it natively, float32 elsewhere."""
    if precision == "auto":
        precision = "bfloat16" if is_native(device) else "float32"
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def is_native(device: torch.device) -> bool:
    """Whether a device computes in bfloat16 itself."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in NATIVE)
