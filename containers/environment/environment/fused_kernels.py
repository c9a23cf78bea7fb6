"""Norms, rotations and gated activations as one kernel each on a GPU (Liger Kernel), which otherwise waits for memory."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def fuse_kernels(decoder: "PreTrainedModel") -> None:
    """Replaces what a decoder on a GPU computes between its matrix products, in place.

    Nothing happens elsewhere, and for a family that the library does not know. Weights and names stay as they are.
    """
    if next(decoder.parameters()).device.type != "cuda":
        return
    # The door that transformers' own trainer uses.
    from liger_kernel.transformers import _apply_liger_kernel_to_instance

    _apply_liger_kernel_to_instance(model=decoder, cross_entropy=False, fused_linear_cross_entropy=False)
