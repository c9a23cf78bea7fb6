"""Command: random_base_model."""

import json
from pathlib import Path

import pytest
import torch
from conftest import write_base_model
from environment.base_model import load_base_model
from environment.errors import BaseModelError
from environment.random_base_model import randomise


def load(folder: Path):
    """A folder as the environment's fit reads it."""
    return load_base_model(folder, 2, torch.float32, torch.device("cpu"))


def test_a_twin_has_the_shape_and_the_words_and_nothing_that_was_learned(tmp_path: Path):
    # Arrange
    base_model = write_base_model(tmp_path / "base", "llama")

    # Act
    origin = randomise(base_model, tmp_path / "one", 1)
    randomise(base_model, tmp_path / "same", 1)
    randomise(base_model, tmp_path / "other", 2)

    # Assess
    base, one, same, other = (load(tmp_path / name) for name in ("base", "one", "same", "other"))
    shapes = [{name: value.shape for name, value in each.decoder.state_dict().items()} for each in (base, one)]
    assert shapes[0] == shapes[1]
    assert one.tokenise(["épique day"]) == base.tokenise(["épique day"])
    matrix = "layers.0.mlp.up_proj.weight"
    weights = [each.decoder.state_dict()[matrix] for each in (base, one, same, other)]
    assert torch.equal(weights[1], weights[2])
    assert not torch.equal(weights[1], weights[3])
    assert abs(torch.corrcoef(torch.stack([weights[0].flatten(), weights[1].flatten()]))[0, 1]) < 0.2
    assert not torch.equal(base.embedding, one.embedding)
    assert one.origin == origin["origin"] == "random weights (seed 1) in the shape of base"


def test_a_complete_folder_is_left_and_a_torn_one_replaced(tmp_path: Path):
    # Arrange
    base_model = write_base_model(tmp_path / "base", "gpt2")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.safetensors").write_bytes(b"torn")

    # Act
    randomise(base_model, tmp_path / "out", 1)
    written = (tmp_path / "out" / "origin.json").stat().st_mtime_ns
    again = randomise(base_model, tmp_path / "out", 5)

    # Assess
    assert (tmp_path / "out" / "origin.json").stat().st_mtime_ns == written
    assert again == json.loads((tmp_path / "out" / "origin.json").read_text())
    assert load(tmp_path / "out").layers == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_without_configuration_is_refused(tmp_path: Path):
    with pytest.raises(BaseModelError, match="not a usable configuration"):
        randomise(tmp_path, tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()
