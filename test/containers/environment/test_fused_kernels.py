"""Module: fused_kernels, what it leaves behind; the kernels themselves need a GPU: `npm run bench -- environment --device cuda`."""

from pathlib import Path
from types import ModuleType, SimpleNamespace

import torch
from environment.base_model import load_base_model
from environment.fused_kernels import ROTATION, by_device, change_instance, fuse_kernels


def test_a_decoder_on_a_processor_stays_as_it_is(family_model: Path):
    # Arrange: loading asks for it already
    decoder = load_base_model(family_model, None, torch.float32, torch.device("cpu")).decoder

    # Act
    fuse_kernels(decoder)

    # Assess
    assert all("forward" not in vars(module) for module in decoder.modules())


def test_only_the_instance_and_the_rotation_on_a_gpu_are_changed():
    # Arrange: a library that replaces classes for everybody
    family = ModuleType("family")
    family.Norm, family.apply_rotary_pos_emb = dict, lambda query, key: "first"
    norm, changed = family.Norm, []

    def library():
        family.Norm, family.apply_rotary_pos_emb = list, lambda query, key: "fused"
        changed.append(True)

    # Act
    change_instance(family, library)

    # Assess
    assert changed == [True] and family.Norm is norm
    assert getattr(family, ROTATION)(SimpleNamespace(is_cuda=True), None) == "fused"
    assert getattr(family, ROTATION)(SimpleNamespace(is_cuda=False), None) == "first"


def test_a_family_without_rotation_gets_none():
    # Arrange
    family = ModuleType("family")

    # Act
    change_instance(family, lambda: None)

    # Assess
    assert not hasattr(family, ROTATION)
    assert by_device(lambda query: 1, lambda query: 2)(SimpleNamespace(is_cuda=False)) == 2
