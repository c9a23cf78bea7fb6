"""Command: train, as SageMaker runs it, on a small run and tiny base models."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TINY, fit, write_base_model, write_job, write_sequences
from environment import train as command
from environment.adapter_fit import AdapterFit
from environment.artefact import read_environment, read_proposer
from environment.checkpoint import Checkpoints, Interrupted
from environment.contract import Folders, read_hyperparameters
from environment.data import TrainingRows, read_manifest, read_training_rows
from environment.engine import CandidatePolicy, Engine
from environment.errors import CapacityError, ConfigurationError
from environment.users import choose_users
from safetensors.torch import load_file

PACKAGE = Path(__file__).resolve().parents[3] / "containers" / "environment"


def weights(root: Path) -> dict[str, torch.Tensor]:
    files = sorted((root / "model").glob("*.safetensors"))
    return {f"{path.stem}.{name}": value for path in files for name, value in load_file(path).items()}


def metrics(root: Path) -> dict:
    return json.loads((root / "model" / "metrics.json").read_text())


def test_a_job_writes_a_model_that_serves(family_model: Path, sequences: Path, tmp_path: Path):
    # Arrange
    root = write_job(tmp_path, sequences, family_model, {"layers": 2, "instruction": "great river"})

    # Act
    fit(root)
    model, manifest = read_environment(root / "model", torch.device("cpu"))
    proposer = read_proposer(root / "model", model, manifest)
    engine = Engine(model, CandidatePolicy(manifest.similar_candidates, manifest.repeats, manifest.seed), proposer)
    (answer,) = engine.answer([np.array([1, 2, 3], np.int32)], [4])

    # Assess
    report = metrics(root)
    assert report["layers"] == 2 and report["baseModelOrigin"] == "uploaded Hugging Face folder"
    assert 0 <= report["pairAccuracy"] <= 1 and report["tokens"] > 0
    assert answer.states.shape == (3, 8) and answer.candidates.shape == (2, 4)
    assert np.isfinite(answer.states.astype(float)).all()
    assert np.abs(answer.rewards).max() <= 1
    assert manifest.proposes == (report["actions"]["refused"] is None)
    assert 0 <= report["actions"]["kept"] <= report["actions"]["positions"]


def test_the_merged_model_answers_as_the_adapted_one_did(llama_model: Path, sequences: Path, tmp_path: Path):
    for joint in (True, False):
        # Arrange
        root = write_job(tmp_path / str(joint), sequences, llama_model, {"adapter": TINY["adapter"] | {"joint": joint}})
        job = command.read_input(Folders(root), read_hyperparameters(root))
        table, _ = command.fit_item_tokens(job, Checkpoints(tmp_path / "none", ""), None)
        model = command.build_model(job, table)
        adapted = command.adapt(model, job.config)
        torch.manual_seed(0)
        for name, value in model.named_parameters():
            if "lora" in name:
                value.data = torch.randn_like(value) * 0.1
        from environment.layout import pack

        batch = pack([np.array([3, 4, 5])], [np.array([[6, 7], [8, 9]])])
        with torch.no_grad():
            before = model.score(batch, model(batch))

            # Act
            command.merge(model, adapted)
            after = model.score(batch, model(batch))

        # Assess
        for expected, value in zip(vars(before).values(), vars(after).values()):
            torch.testing.assert_close(value, expected, atol=1e-4, rtol=1e-4)


def test_fitting_learns_what_the_sequences_hold(llama_model: Path, tmp_path: Path):
    # Arrange: users walk a ring, so the next item is predictable and all items are about equally popular
    rates = {"learningRate": 0.01, "headLearningRate": 0.02, "itemTokenLearningRate": 0.02}
    adapter = TINY["adapter"] | rates | {"epochs": 6, "patience": 6}
    many = write_sequences(tmp_path / "sequences", users=300)
    root = write_job(tmp_path / "job", many, llama_model, {"adapter": adapter})

    # Act
    fit(root)

    # Assess
    report = metrics(root)
    assert report["pairAccuracy"] > report["popularityPairAccuracy"] + 0.1
    assert report["recallAt10"] > report["popularityRecallAt10"]
    assert report["meanRewardLogged"] > 0.4 and report["meanRewardNegative"] < -0.4
    assert len(report["earlyStopping"]) == 6


def test_the_same_job_gives_the_same_model(fitted: Path, sequences: Path, llama_model: Path, tmp_path: Path):
    # Act
    fit(write_job(tmp_path, sequences, llama_model))

    # Assess
    for name, value in weights(fitted).items():
        assert torch.equal(value, weights(tmp_path)[name]), name
    # Sizes of a real job are summed by several threads, which tiny ones are not.
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("stop", [2, 5, 13])
def test_a_killed_job_goes_on_exactly(fitted: Path, sequences: Path, llama_model: Path, tmp_path: Path, stop: int, monkeypatch):
    # Arrange: SIGTERM during step `stop`, be it of the item tokens or of the adapter
    root = write_job(tmp_path, sequences, llama_model)
    pause, calls = Checkpoints.pause, []

    def interrupted_pause(self, stage, saved):
        calls.append(stage)
        if len(calls) == stop:
            signal.raise_signal(signal.SIGTERM)
        pause(self, stage, saved)

    monkeypatch.setattr(Checkpoints, "pause", interrupted_pause)

    # Act
    with pytest.raises(Interrupted, match="start the same job again"):
        fit(root)
    assert not (root / "model" / "manifest.json").exists()
    fit(root)

    # Assess
    for name, value in weights(fitted).items():
        assert torch.equal(value, weights(root)[name]), name
    assert metrics(root)["tokens"] == metrics(fitted)["tokens"]
    assert not (root / "checkpoints" / "checkpoint.pt").exists()


def test_a_checkpoint_of_another_job_is_left_alone(tmp_path: Path):
    # Arrange
    Checkpoints(tmp_path, "other").write("adapter", {"value": torch.ones(2)})

    # Act & Assess
    assert Checkpoints(tmp_path, "mine").load() is None
    assert Checkpoints(tmp_path, "other").load()["stage"] == "adapter"
    (tmp_path / "checkpoint.pt").write_bytes(b"torn")
    assert Checkpoints(tmp_path, "other").load() is None


def test_the_command_reports_progress_and_failures(sequences: Path, llama_model: Path, tmp_path: Path):
    # Arrange
    good = write_job(tmp_path / "good", sequences, llama_model, {"adapter": TINY["adapter"] | {"epochs": 0.3}})
    bad = write_job(tmp_path / "bad", sequences, llama_model, {"layers": 9})

    # Act
    runs = [
        subprocess.run(
            [sys.executable, "-m", "environment", "train"],
            cwd=PACKAGE,
            env=os.environ | {"ML_ROOT": str(root)},
            capture_output=True,
            text=True,
        )
        for root in (good, bad)
    ]

    # Assess
    assert [run.returncode for run in runs] == [0, 1], runs[0].stderr
    lines = runs[0].stdout.splitlines()
    assert all(line.startswith("stage=") and " progress=" in line for line in lines)
    assert [line.split()[0] for line in lines if "progress=1.000" in line][-4:] == [
        "stage=adapter",
        "stage=calibration",
        "stage=actions",
        "stage=metrics",
    ]
    reason = (bad / "output" / "failure").read_text()
    assert "has 3 layers, option environment.layers asks for 9" in reason


def test_a_device_that_is_too_small_is_explained(sequences: Path, llama_model: Path, tmp_path: Path, monkeypatch):
    # Arrange
    def without_memory(*_: object):
        raise torch.OutOfMemoryError("tried to allocate 20 GiB")

    monkeypatch.setattr(AdapterFit, "step", without_memory)

    # Act & Assess
    with pytest.raises(CapacityError, match="lower environment.adapter.batchTokens .* larger instance type. .tried to allocate"):
        fit(write_job(tmp_path, sequences, llama_model))


def test_half_precision_fits_and_serves(family_model: Path, sequences: Path, tmp_path: Path):
    # Arrange
    root = write_job(tmp_path, sequences, family_model, {"precision": "bfloat16"})

    # Act
    fit(root)
    model, _ = read_environment(root / "model", torch.device("cpu"))
    (answer,) = Engine(model, CandidatePolicy(2, False, 1)).answer([np.array([1, 2, 3], np.int32)], [4])

    # Assess: weights in half precision; heads, item tokens and what comes out in float32
    assert model.precision == torch.bfloat16 and model.item_tokens.dtype == torch.float32
    assert np.isfinite(answer.candidate_rewards).all()
    assert 0 <= metrics(root)["pairAccuracy"] <= 1


@pytest.mark.parametrize("exclude", [True, False])
def test_whether_actions_may_repeat_is_the_runs_decision(sequences: Path, llama_model: Path, tmp_path: Path, exclude: bool):
    # Arrange
    folder = tmp_path / "sequences"
    shutil.copytree(sequences, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"excludeHistory": exclude}))
    root = write_job(tmp_path / "job", folder, llama_model)

    # Act
    job = command.read_input(Folders(root), read_hyperparameters(root))

    # Assess
    assert job.repeats is not exclude


def test_a_window_that_is_not_the_sequences_own_is_refused(sequences: Path, llama_model: Path, tmp_path: Path):
    # Arrange
    root = write_job(tmp_path, sequences, llama_model, window=9)

    # Act & Assess
    with pytest.raises(ConfigurationError, match="window is 9, the sequences have window 8"):
        command.read_input(Folders(root), read_hyperparameters(root))


def test_users_are_split_without_overlap(sequences: Path):
    # Arrange
    rows = read_training_rows(sequences, read_manifest(sequences))

    # Act
    chosen = choose_users(rows, 0.5, 1)
    everybody = choose_users(rows, 1.0, 1)

    # Assess
    users = [set(rows.users[part]) for part in (chosen.fitted, chosen.held_out, chosen.calibration)]
    assert not (users[0] & users[1] or users[0] & users[2] or users[1] & users[2])
    assert len(users[0]) == chosen.fitted_users == 20
    assert len(users[1]) == 4
    assert len(users[0] | users[1] | users[2]) == 40
    assert everybody.held_out.tolist() == chosen.held_out.tolist()
    assert set(everybody.calibration) == set(everybody.fitted)
    assert not set(rows.users[everybody.held_out]) & set(rows.users[everybody.fitted])


def test_users_stay_on_their_side_when_others_come(tmp_path: Path):
    # Arrange: the same users and as many more, in another order
    few, many = (
        TrainingRows(np.arange(len(ids)), ids, np.ones(2 * len(ids), np.int32), np.arange(len(ids) + 1) * 2)
        for ids in ([f"user-{user}" for user in range(500)], [f"user-{user}" for user in range(999, -1, -1)])
    )

    # Act
    before, after = choose_users(few, 0.5, 1), choose_users(many, 0.5, 1)
    other = choose_users(few, 0.5, 2)

    # Assess: who was fitted on is held out later only where the border between the two has moved
    def ids_of(rows: TrainingRows, chosen: np.ndarray) -> set[str]:
        return {rows.user_ids[user] for user in rows.users[chosen]}

    held_out = ids_of(many, after.held_out)
    assert len(held_out) == 100
    assert len(ids_of(few, before.fitted) & held_out) <= 5
    assert len(ids_of(few, other.fitted) & held_out) > 15


def test_an_adapter_in_the_upper_layers_leaves_the_lower_ones_alone(sequences: Path, tmp_path: Path):
    # Arrange
    base = write_base_model(tmp_path / "base", "gpt2")
    config = {"adapter": TINY["adapter"] | {"layers": 1, "modules": "attention", "epochs": 0.5}}
    root = write_job(tmp_path / "job", sequences, base, config)

    # Act
    fit(root)

    # Assess
    adapter = load_file(root / "model" / "adapter.safetensors")
    assert adapter and all(".h.2.attn." in name for name in adapter)
