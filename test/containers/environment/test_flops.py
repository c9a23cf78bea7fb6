"""Module: flops, against hand counts."""

from pathlib import Path

import torch
from environment.base_model import load_base_model
from environment.config import AdapterConfig
from environment.flops import adapter_flops, item_token_flops, matrix_parameters


def test_operations_are_hand_counts(family_model: Path):
    # Arrange: three layers of dimension 32
    decoder = load_base_model(family_model, None, torch.float32, torch.device("cpu")).decoder
    attention = 2 * 32 * 32 + 2 * 32 * 16  # queries, output; keys and values of half the heads
    layer = 4 * 32 * 32 + 8 * 32 * 32 if decoder.config.model_type == "gpt2" else attention + 3 * 32 * 48

    # Act & Assess
    assert matrix_parameters(decoder) == 3 * layer
    assert matrix_parameters(decoder, 1) == layer
    assert adapter_flops(decoder, AdapterConfig(), 10) == 10 * 4 * 3 * layer
    # Nothing flows back through frozen layers below the adapters.
    assert adapter_flops(decoder, AdapterConfig(layers=1), 10) == 10 * (2 * 3 * layer + 2 * layer)
    assert adapter_flops(decoder, AdapterConfig(joint=False), 10) == 10 * 8 * 3 * layer
    assert item_token_flops(decoder, 7, 32, 10, cut=False) == 10 * 4 * (3 * layer + 7 * 32)
    assert item_token_flops(decoder, 7, 32, 10, cut=True) == 10 * (4 * 3 * layer + 6 * 7 * 32)
