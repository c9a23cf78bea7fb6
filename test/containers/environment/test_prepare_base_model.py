"""Command: prepare_base_model."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import titles
from environment import prepare_base_model as command
from environment import train_base_model
from environment.base_model import load_base_model
from environment.errors import DataError, LanguageEnvironmentError

PACKAGE = Path(__file__).resolve().parents[3] / "containers" / "environment"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Items as a team uploads them."""
    path = tmp_path / "items.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf8") as lines:
        for index, title in enumerate(titles(40)):
            lines.write(json.dumps({"item_id": str(index), "title": title, "genre": None if index % 2 else "épique"}) + "\n")
    return path


def test_a_small_model_is_trained_where_the_package_is_missing(catalogue: Path, tmp_path: Path, monkeypatch, capsys):
    # Arrange
    monkeypatch.setattr(command, "packaged_weights", lambda: None)
    monkeypatch.setattr(train_base_model, "STEPS", 3)

    # Act
    origin = command.prepare(tmp_path / "out", catalogue)
    again = command.prepare(tmp_path / "out", None)
    base = load_base_model(tmp_path / "out", 2, torch.float32, torch.device("cpu"))

    # Assess
    assert "training a small causal language model" in capsys.readouterr().out
    assert origin == again == json.loads((tmp_path / "out" / "origin.json").read_text())
    assert "not a pretrained model" in origin["origin"] and "40 items" in origin["origin"]
    assert (base.name, base.layers) == ("catalogue-llama", 2)
    assert base.tokenise(["épique"]) != base.tokenise(["day"])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_without_package_and_catalogue_nothing_is_written(tmp_path: Path, monkeypatch):
    # Arrange
    monkeypatch.setattr(command, "packaged_weights", lambda: None)

    # Act & Assess
    with pytest.raises(LanguageEnvironmentError, match="pass --catalogue"):
        command.prepare(tmp_path / "out", None)
    with pytest.raises(DataError, match="catalogue is missing|is missing: pass the catalogue"):
        command.prepare(tmp_path / "out", tmp_path / "none.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_folder_is_replaced(catalogue: Path, tmp_path: Path, monkeypatch):
    # Arrange: a killed run left a folder without origin.json
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.safetensors").write_bytes(b"torn")
    monkeypatch.setattr(command, "packaged_weights", lambda: None)
    monkeypatch.setattr(train_base_model, "STEPS", 2)

    # Act
    command.prepare(tmp_path / "out", catalogue)

    # Assess
    assert load_base_model(tmp_path / "out", None, torch.float32, torch.device("cpu")).layers == train_base_model.LAYERS


@pytest.mark.parametrize(("content", "message"), [("", "has no items"), ("[1]\n", "not JSON lines of items"), ("{\n", "not JSON lines")])
def test_a_broken_catalogue_is_explained(tmp_path: Path, content: str, message: str):
    # Arrange
    path = tmp_path / "items.jsonl"
    path.write_text(content)

    # Act & Assess
    with pytest.raises(DataError, match=message):
        train_base_model.read_texts(path)


def test_the_command_line_names_the_model(tmp_path: Path):
    # Arrange
    out = tmp_path / "done"
    out.mkdir()
    (out / "origin.json").write_text('{"name": "tiny", "origin": "made here", "parameters": 12345}')
    run = subprocess.run(
        [sys.executable, "-m", "environment.prepare_base_model", "--out", out], cwd=PACKAGE, capture_output=True, text=True
    )

    # Assess
    assert run.returncode == 0
    assert run.stdout.strip() == f"{out}: tiny, 12,345 parameters (made here)"
