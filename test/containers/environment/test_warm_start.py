"""A fit that begins from an earlier environment: where it begins, what it keeps, what it refuses."""

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from conftest import ITEMS, TINY, fit, write_job, write_sequences, write_stream
from environment import train as command
from environment.artefact import read_manifest
from environment.checkpoint import Checkpoints, Interrupted
from environment.contract import Folders, read_hyperparameters
from environment.errors import DataError
from environment.warm_start import read_earlier
from safetensors.torch import load_file


@pytest.fixture(scope="module")
def earlier(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted environment as the pipeline has it."""
    folder = tmp_path_factory.mktemp("earlier") / "environment"
    shutil.copytree(fitted / "model", folder)
    (folder / "registration.json").write_text(json.dumps({"version": "monday-abc"}))
    return folder


def write_warm_job(root: Path, sequences: Path, base: Path, earlier: Path, config: dict | None = None) -> Path:
    write_job(root, sequences, base, config)
    (root / "input" / "data" / "earlier").symlink_to(earlier)
    return root


def metrics(root: Path) -> dict:
    return json.loads((root / "model" / "metrics.json").read_text())


def test_it_begins_where_the_earlier_fit_ended(fitted: Path, earlier: Path, sequences: Path, llama_model: Path, tmp_path: Path):
    # Arrange
    best = min(epoch["heldOutLoss"] for epoch in metrics(fitted)["earlyStopping"])

    # Act
    root = fit(write_warm_job(tmp_path, sequences, llama_model, earlier))

    # Assess: before the first step held-out users say of it what they said of the earlier fit's best weights
    first, *rest = metrics(root)["earlyStopping"]
    assert first["steps"] == 0 and len(rest) == 2
    assert first["heldOutLoss"] == pytest.approx(best, abs=1e-6)
    assert metrics(root)["startedFrom"] == read_manifest(root / "model").started_from == "monday-abc"
    assert metrics(root)["itemTokenTokens"] == 0
    assert metrics(fitted)["startedFrom"] is read_manifest(fitted / "model").started_from is None


def test_weights_that_no_epoch_betters_are_kept(earlier: Path, sequences: Path, llama_model: Path, tmp_path: Path):
    # Arrange: steps so wide that they can only harm
    wild = {"learningRate": 5.0, "headLearningRate": 5.0, "itemTokenLearningRate": 5.0}

    # Act
    root = fit(write_warm_job(tmp_path, sequences, llama_model, earlier, {"adapter": TINY["adapter"] | wild}))

    # Assess
    for name in ("environment", "adapter"):
        before, after = load_file(earlier / f"{name}.safetensors"), load_file(root / "model" / f"{name}.safetensors")
        for weight, value in before.items():
            assert torch.equal(after[weight], value), weight


def test_items_keep_their_tokens_and_new_ones_get_theirs_from_text(earlier: Path, llama_model: Path, tmp_path: Path):
    # Arrange: the vocabulary the other way round, with two items more
    more = write_sequences(tmp_path / "more", items=ITEMS + 2)
    table = pa.ipc.open_stream((more / "items.arrow").read_bytes()).read_all()
    write_stream(more / "items.arrow", table.take(np.arange(ITEMS + 2)[::-1]))
    folders = Folders(write_warm_job(tmp_path / "job", more, llama_model, earlier))

    # Act
    job = command.read_input(folders, read_hyperparameters(folders.root))
    tokens, read = command.fit_item_tokens(job, Checkpoints(tmp_path / "none", ""), None)

    # Assess
    before = load_file(earlier / "environment.safetensors")["item_tokens"]
    assert read == 0 and not tokens[0].any()
    assert torch.equal(tokens[3:], before[1:].flip(0))
    words = job.base.embedding[job.sentences.vocabulary]
    texts = [words[torch.from_numpy(job.sentences.tokens[row])] for row in (0, 1)]
    torch.testing.assert_close(tokens[1:3], read_earlier(earlier).start.of(texts))


def test_a_killed_job_goes_on_exactly(earlier: Path, sequences: Path, llama_model: Path, tmp_path: Path, monkeypatch):
    # Arrange
    whole = fit(write_warm_job(tmp_path / "whole", sequences, llama_model, earlier))
    root = write_warm_job(tmp_path / "killed", sequences, llama_model, earlier)
    pause, calls = Checkpoints.pause, []

    def interrupted_pause(self, stage, saved):
        calls.append(stage)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGTERM)
        pause(self, stage, saved)

    monkeypatch.setattr(Checkpoints, "pause", interrupted_pause)

    # Act
    with pytest.raises(Interrupted):
        fit(root)
    fit(root)

    # Assess
    for name in ("environment", "adapter", "decoder"):
        expected, got = (load_file(one / "model" / f"{name}.safetensors") for one in (whole, root))
        for weight, value in expected.items():
            assert torch.equal(got[weight], value), weight
    assert metrics(root)["earlyStopping"] == metrics(whole)["earlyStopping"]


def test_an_environment_of_another_configuration_is_refused(earlier: Path, sequences: Path, llama_model: Path, tmp_path: Path):
    # Arrange
    root = write_warm_job(tmp_path, sequences, llama_model, earlier, {"adapter": TINY["adapter"] | {"rank": 4}})

    # Act & Assess
    with pytest.raises(DataError, match=r"begin from has another \(\[2, \d+\], not \[4, \d+\]\) decoder\..*another configuration"):
        fit(root)


@pytest.mark.parametrize("missing", ["manifest.json", "adapter.safetensors", "registration.json", "items.arrow"])
def test_half_an_environment_is_refused(earlier: Path, tmp_path: Path, missing: str):
    # Arrange
    folder = tmp_path / "earlier"
    shutil.copytree(earlier, folder)
    (folder / missing).unlink()

    # Act & Assess
    with pytest.raises(DataError, match=f"{missing} is missing"):
        read_earlier(folder)
