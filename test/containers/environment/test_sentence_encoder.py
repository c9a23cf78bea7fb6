"""Module: sentence_encoder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from environment.base_model import BaseModel, load_base_model
from environment.sentence_encoder import SentenceEncoder, space, with_random_weights

SENTENCES = ["item is titled Red blue 1.", "green", "item is titled Dark old river stone day night 12, colour: red.", "x"]


def load(folder: Path, layers: int | None = None, dtype: torch.dtype = torch.float32) -> BaseModel:
    return load_base_model(folder, layers, dtype, torch.device("cpu"))


@pytest.mark.parametrize("layers", [None, 1])
def test_a_vector_is_the_mean_of_what_transformers_own_model_gives(family_model: Path, layers: int | None):
    # Arrange: the model as the library runs it, with its own attention, one sentence at a time, without padding
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    config = AutoConfig.from_pretrained(family_model)
    config.num_hidden_layers = layers or config.num_hidden_layers
    reference = AutoModel.from_pretrained(family_model, config=config, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(family_model)
    expected = []
    for sentence in SENTENCES:
        ids = tokenizer(f" {sentence}", add_special_tokens=False, return_tensors="pt").input_ids[:, :16]
        with torch.inference_mode():
            expected.append(reference(input_ids=ids).last_hidden_state[0].mean(0).numpy())

    # Act: all in one batch, padded
    vectors = SentenceEncoder(load(family_model, layers), 16, 1000).encode(SENTENCES)

    # Assess: to the rounding of float16
    assert vectors.dtype == np.float16
    np.testing.assert_allclose(vectors, np.stack(expected), rtol=1e-3, atol=1e-3)


def test_vectors_do_not_depend_on_batches(llama_model: Path):
    # Act
    together = SentenceEncoder(load(llama_model), 64, 1000).encode(SENTENCES).astype(np.float32)
    encoder = SentenceEncoder(load(llama_model), 64, 1)
    alone = encoder.encode(SENTENCES).astype(np.float32)

    # Assess: but for float16's last digit; order is that of the sentences
    np.testing.assert_allclose(together, alone, rtol=2e-3, atol=1e-3)
    assert encoder.tokens == sum(map(len, encoder.base.tokenise([f" {sentence}" for sentence in SENTENCES])))


def test_only_the_first_tokens_are_read(llama_model: Path):
    # Arrange
    base = load(llama_model)
    long = "item is titled Red blue 1 green stone river night."

    # Act
    short_of, whole = (SentenceEncoder(base, tokens, 100).encode([long]) for tokens in (4, 64))
    encoder = SentenceEncoder(base, 4, 100)
    encoder.encode([long])

    # Assess
    assert encoder.tokens == 4
    assert np.abs(short_of - whole).max() > 0.01


def test_random_weights_follow_their_seed_alone(llama_model: Path):
    # Arrange
    base = load(llama_model)

    # Act
    first, again, other = (
        SentenceEncoder(with_random_weights(base, seed), 64, 100).encode(SENTENCES) for seed in (1, 1, 2)
    )

    # Assess
    np.testing.assert_array_equal(first, again)
    assert np.abs(first.astype(np.float32) - other).max() > 0.1
    assert np.abs(first.astype(np.float32) - SentenceEncoder(base, 64, 100).encode(SENTENCES)).max() > 0.1
    assert with_random_weights(base, 1).origin == f"random weights (seed 1) in the shape of {base.name}"


def test_the_space_names_all_that_decides_a_vector(llama_model: Path, tmp_path: Path):
    # Arrange
    base = load(llama_model)
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in llama_model.iterdir():
        (changed / path.name).write_bytes(path.read_bytes())
    weights = changed / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    moved = tmp_path / "moved"
    moved.symlink_to(llama_model)

    # Act
    usual = space(base, llama_model, 64, None)
    others = [
        space(replace(base, layers=2), llama_model, 64, None),
        space(load(llama_model, None, torch.bfloat16), llama_model, 64, None),
        space(base, llama_model, 32, None),
        space(base, llama_model, 64, 1),
        space(base, changed, 64, None),
    ]

    # Assess: the folder's name is no part of it
    assert len({usual, *others}) == 6
    assert space(base, moved, 64, None) == usual
