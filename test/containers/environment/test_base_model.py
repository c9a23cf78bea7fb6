"""Module: base_model."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from conftest import write_base_model
from environment.base_model import build_decoder, decoder_config, load_base_model
from environment.errors import BaseModelError
from safetensors.torch import load_file, save_file

CPU = torch.device("cpu")


def load(folder: Path, layers: int | None = None):
    return load_base_model(folder, layers, torch.float32, CPU)


@pytest.fixture
def copied(llama_model: Path, tmp_path: Path) -> Path:
    """A base model's folder to damage."""
    return Path(shutil.copytree(llama_model, tmp_path / "model"))


def test_the_first_layers_are_kept_unchanged(family_model: Path):
    # Arrange
    whole, cut = load(family_model), load(family_model, 2)
    embeddings = torch.randn(1, 4, whole.dimension)
    ids = torch.arange(4)[None]
    mask = torch.ones(4, 4, dtype=torch.bool).tril()[None, None]

    # Act
    options = {"inputs_embeds": embeddings, "position_ids": ids, "attention_mask": mask, "use_cache": False}
    expected = whole.decoder(**options, output_hidden_states=True).hidden_states[2]
    norm = next(module for name, module in cut.decoder.named_modules() if name in ("norm", "ln_f"))
    actual = cut.decoder(**options).last_hidden_state

    # Assess
    assert (whole.layers, cut.layers, whole.cut, cut.cut) == (3, 2, False, True)
    torch.testing.assert_close(actual, norm(expected), atol=1e-5, rtol=1e-4)
    assert not any(value.requires_grad for value in cut.decoder.parameters())


def test_a_saved_decoder_without_words_is_the_same(family_model: Path):
    # Arrange
    decoder = load(family_model, 2).decoder
    words = {f"{name}.weight" for name, module in decoder.named_modules() if module is decoder.get_input_embeddings()}
    weights = {name: value for name, value in decoder.state_dict().items() if name not in words}
    options = {
        "inputs_embeds": torch.randn(2, 3, decoder.config.hidden_size),
        "position_ids": torch.arange(3)[None],
        "attention_mask": torch.ones(1, 1, 3, 3, dtype=torch.bool).tril(),
        "use_cache": False,
    }

    # Act
    built = build_decoder(json.loads(json.dumps(decoder_config(decoder))), weights, torch.float32, torch.device("cpu"))

    # Assess
    assert built.config.vocab_size == 1
    torch.testing.assert_close(built(**options).last_hidden_state, decoder(**options).last_hidden_state)


def test_weights_that_do_not_fit_their_decoder_are_refused(llama_model: Path):
    decoder = load(llama_model, 1).decoder
    with pytest.raises(BaseModelError, match="do not fit"):
        build_decoder(decoder_config(decoder), {"norm.weight": torch.ones(32)}, torch.float32, torch.device("cpu"))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("config.json", "lacks config.json: upload a complete"),
        ("model.safetensors", "lacks weights"),
        ("tokenizer.json", "lacks a tokenizer"),
    ],
)
def test_a_missing_file_is_named(copied: Path, file: str, message: str):
    # Arrange
    (copied / file).unlink()

    # Act & Assess
    with pytest.raises(BaseModelError, match=message):
        load(copied)


def test_too_many_layers_are_refused(llama_model: Path):
    with pytest.raises(BaseModelError, match="has 3 layers, option environment.layers asks for 4"):
        load(llama_model, 4)


def test_a_tokenizer_of_another_model_is_refused(copied: Path):
    # Arrange: a vocabulary smaller than the tokenizer's
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(config | {"vocab_size": 50}))
    weights = load_file(copied / "model.safetensors")
    cut = {name: value[:50].clone() if value.shape[0] > 300 else value for name, value in weights.items()}
    save_file(cut, copied / "model.safetensors")

    # Act & Assess
    with pytest.raises(BaseModelError, match="the tokenizer knows .* tokens, the model embeds 50"):
        load(copied)


def test_weights_of_another_shape_are_refused(copied: Path):
    # Arrange
    weights = load_file(copied / "model.safetensors")
    name = "model.layers.1.mlp.down_proj.weight"
    save_file(weights | {name: torch.zeros(3, 3)}, copied / "model.safetensors")

    # Act & Assess
    with pytest.raises(BaseModelError, match="weights do not fit config.json"):
        load(copied)


def test_missing_tensors_are_refused(copied: Path):
    # Arrange
    weights = load_file(copied / "model.safetensors")
    del weights["model.layers.0.self_attn.q_proj.weight"]
    save_file(weights, copied / "model.safetensors")

    # Act & Assess
    with pytest.raises(BaseModelError, match="missing or of another shape, such as .*q_proj"):
        load(copied)


def test_a_damaged_configuration_or_weights_file_is_explained(copied: Path):
    # Act & Assess
    content = (copied / "model.safetensors").read_bytes()
    (copied / "model.safetensors").write_bytes(content[:1000])
    with pytest.raises(BaseModelError, match="cannot be loaded"):
        load(copied)
    (copied / "config.json").write_text("{")
    with pytest.raises(BaseModelError, match="not a usable configuration"):
        load(copied)


def test_an_architecture_without_exchangeable_attention_is_refused(tmp_path: Path):
    # Arrange: BLOOM adds a bias to its attention
    from transformers import BloomConfig, BloomForCausalLM

    folder = write_base_model(tmp_path / "bloom", "llama")
    (folder / "model.safetensors").unlink()
    BloomForCausalLM(BloomConfig(vocab_size=400, hidden_size=32, n_layer=1, n_head=2)).save_pretrained(folder)

    # Act & Assess
    with pytest.raises(BaseModelError, match="bloom"):
        load(folder)


def test_the_origin_is_named(copied: Path):
    # Act & Assess
    assert load(copied).origin == "uploaded Hugging Face folder"
    (copied / "origin.json").write_text('{"name": "tiny", "origin": "made here", "parameters": 1}')
    base = load(copied)
    assert (base.name, base.origin) == ("tiny", "made here")
