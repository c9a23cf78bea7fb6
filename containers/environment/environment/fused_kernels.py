"""Norms, rotations and gated activations as one kernel each on a GPU (Liger Kernel), which otherwise waits for memory."""

import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    Rotation = Callable[..., tuple[torch.Tensor, torch.Tensor]]

ROTATION = "apply_rotary_pos_emb"
"""What a family's module calls the function that rotates queries and keys by their positions."""


def fuse_kernels(decoder: "PreTrainedModel") -> None:
    """Replaces what a decoder on a GPU computes between its matrix products, in place.

    Nothing happens elsewhere, and for a family that the library does not know. Weights and names stay as they are.
    """
    if next(decoder.parameters()).device.type != "cuda":
        return
    # It warns of every engine that it could use as well and that is not there.
    logging.getLogger("liger_kernel").setLevel(logging.ERROR)
    # The door that transformers' own trainer uses.
    from liger_kernel.transformers import _apply_liger_kernel_to_instance

    change_instance(
        sys.modules[type(decoder).__module__],
        lambda: _apply_liger_kernel_to_instance(model=decoder, cross_entropy=False, fused_linear_cross_entropy=False),
    )


def change_instance(family: ModuleType, apply: Callable[[], None]) -> None:
    """Lets the library change a decoder, and takes back what it did to the family's module.

    It replaces the classes there too, whose next instances would lack what the originals have (a bias in the gated
    layer), and run on a GPU only. The rotation is a plain function there, so it stays, for queries on a GPU.
    """
    before = dict(vars(family))
    apply()
    fused: Rotation | None = vars(family).get(ROTATION)
    for name, value in before.items():
        setattr(family, name, value)
    if fused is not None and fused is not before.get(ROTATION):
        setattr(family, ROTATION, by_device(fused, before[ROTATION]))


def by_device(on_gpu: "Rotation", elsewhere: "Rotation") -> "Rotation":
    """A rotation that looks where its queries are."""

    def rotate(query: "torch.Tensor", *others: object, **named: object) -> "tuple[torch.Tensor, torch.Tensor]":
        return (on_gpu if query.is_cuda else elsewhere)(query, *others, **named)

    return rotate
