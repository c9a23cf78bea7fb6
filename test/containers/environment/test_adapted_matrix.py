"""Class: AdaptedMatrix, against derivatives by differences and against PEFT's own product."""

from pathlib import Path

import pytest
import torch
from environment.adapted_matrix import AdaptedMatrix, fuse_adapters
from environment.adapter import add_adapter
from environment.base_model import load_base_model
from environment.config import AdapterConfig

CPU = torch.device("cpu")


@pytest.mark.parametrize("has_bias", [True, False])
def test_gradients_are_those_of_differences(has_bias: bool):
    # Arrange: [batch 2, time 3, inputs 5], 4 outputs, rank 2
    generator = torch.Generator().manual_seed(1)
    x, weight, bias, down, up = (
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((2, 3, 5), (4, 5), (4,), (2, 5), (4, 2))
    )
    learned = [value.requires_grad_() for value in (x, down, up)]

    # Act & Assess
    expected = x @ weight.T + (bias if has_bias else 0) + 0.7 * (x @ down.T) @ up.T
    output = AdaptedMatrix.apply(x, weight, bias if has_bias else None, down, up, 0.7)
    torch.testing.assert_close(output, expected)
    assert torch.autograd.gradcheck(
        lambda x, down, up: AdaptedMatrix.apply(x, weight, bias if has_bias else None, down, up, 0.7), learned
    )


def test_a_decoder_computes_what_peft_computes(family_model: Path):
    # Arrange: the same decoder and adapters twice
    config = AdapterConfig(rank=2, modules="all")
    decoders = [load_base_model(family_model, None, torch.float32, CPU).decoder for _ in range(2)]
    for decoder in decoders:
        add_adapter(decoder, config, seed=3)
        torch.manual_seed(4)
        for name, value in decoder.named_parameters():
            if "lora_B" in name:
                value.data = torch.randn_like(value) * 0.1
    fuse_adapters(decoders[1])
    embeddings = torch.randn(2, 6, 32)
    seen = torch.ones(6, 6, dtype=torch.bool).tril()[None, None]

    # Act
    outputs, gradients = [], []
    for decoder in decoders:
        output = decoder(inputs_embeds=embeddings, attention_mask=seen, use_cache=False).last_hidden_state
        output.square().sum().backward()
        outputs.append(output.detach())
        gradients.append({name: value.grad for name, value in decoder.named_parameters() if value.requires_grad})

    # Assess
    torch.testing.assert_close(outputs[1], outputs[0], atol=1e-4, rtol=1e-4)
    assert len(gradients[0]) >= 2 * 3 * 4
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, atol=1e-3 * float(gradient.abs().max()), rtol=1e-3)


def test_weights_of_half_precision_learn_in_single_precision(llama_model: Path):
    # Arrange
    decoder = load_base_model(llama_model, None, torch.bfloat16, CPU).decoder
    adapted = add_adapter(decoder, AdapterConfig(rank=2), seed=3)
    learned = {name: value for name, value in decoder.named_parameters() if value.requires_grad}

    # Act
    seen = torch.ones(3, 3, dtype=torch.bool).tril()[None, None]
    output = decoder(inputs_embeds=torch.randn(1, 3, 32).bfloat16(), attention_mask=seen, use_cache=False).last_hidden_state
    output.float().square().sum().backward()

    # Assess
    assert output.dtype == torch.bfloat16
    assert {value.dtype for value in learned.values()} == {value.grad.dtype for value in learned.values()} == {torch.float32}
    assert sum(float(value.grad.abs().sum()) > 0 for name, value in learned.items() if "lora_B" in name) == len(learned) // 2
    merged = adapted.merge_and_unload()
    assert all("lora" not in name for name, _ in merged.named_parameters())
