"""Package: bench, on tiny models: its peers give the same answers, its counts are hand counts."""

from pathlib import Path

import pytest
import torch
from bench.accelerator import Shape, forward_utilisation, peak_of, training_utilisation
from bench.measure import by_turns, higher_is_better, lower_is_better
from bench.scoring import packed_beside_naive
from bench.serialisation import serialisation_share
from bench.training import cheaper_training

from bench import __main__ as command


@pytest.mark.parametrize("instruction", [0, 4])
def test_packed_and_naive_scoring_agree_and_their_tokens_are_hand_counts(family_model: Path, instruction: int):
    # Act
    agreement, tokens, transitions, _ = packed_beside_naive(family_model, 2, 3, instruction, rounds=1, length=5, actions=2)

    # Assess: 4 transitions a row; histories of 1-4 items, 3 actions each
    assert agreement.value < 1e-4
    assert tokens.value == (instruction + 5 + 4 * 2) / 4
    assert tokens.peer_value == 3 * (4 * instruction + 2 + 3 + 4 + 5) / 4
    assert tokens.ratio == tokens.peer_value / tokens.value
    assert transitions.value > 0


def test_a_packed_layout_that_is_wrong_is_noticed(llama_model: Path, monkeypatch: pytest.MonkeyPatch):
    # Arrange: actions one position too late
    from environment import model

    positions = model.positions

    def late(batch, instruction):
        history, actions = positions(batch, instruction)
        return history, actions + 1

    monkeypatch.setattr(model, "positions", late)

    # Act & Assess
    with pytest.raises(AssertionError, match="rewards differ"):
        packed_beside_naive(llama_model, None, 3, 0, rounds=1, length=5, actions=2)


def test_packed_and_naive_training_have_the_same_gradients(family_model: Path):
    # Act
    lines = {line.metric: line for line in cheaper_training(family_model, None, rounds=1)}

    # Assess: rows of 11 items, one action beside each logged one
    assert lines["packed: largest relative difference of a gradient"].value < 1e-3
    tokens = lines["packed: tokens of a step"]
    assert (tokens.value, tokens.peer_value) == (24 * 21, 24 * 2 * 65)
    assert lines["packed: operations of a step"].ratio == pytest.approx(2 * 65 / 21)
    # The upper one of three layers: 3 forwards and 1 backwards, instead of 3 and 3.
    assert lines["upper half adapted: operations of a step"].ratio == pytest.approx(6 / 4)


def test_serialisation_is_a_share_of_the_request(llama_model: Path):
    # Act
    arrow, beside_json, size = serialisation_share(llama_model, 1, rounds=1)

    # Assess
    assert 0 < arrow.value < 1 and 0 < beside_json.peer_value < 1
    assert size.value < size.peer_value


@pytest.mark.parametrize("measured", [forward_utilisation, training_utilisation])
def test_shares_of_a_peak_follow_from_operations_and_seconds(measured, monkeypatch: pytest.MonkeyPatch):
    # Arrange: on the processor, as if its peak were 1 TFLOP/s
    from bench import accelerator

    monkeypatch.setattr(accelerator, "FORWARD_TOKENS", 600)
    monkeypatch.setattr(accelerator, "ITEMS", 60)
    shape = Shape(32, 2, 4, 2, 48, training_tokens=300)

    # Act
    share, tokens, transitions = measured(shape, torch.device("cpu"), 1e12, 1)

    # Assess: the same seconds are behind both
    assert share.value > 0
    assert share.ratio == pytest.approx(tokens.ratio)
    each, positions = (51 + 50 * 8, 50) if measured is forward_utilisation else (51 + 50, 50)
    assert transitions.value / tokens.value == pytest.approx(positions / each)


def test_half_precision_is_checked_against_single_precision(monkeypatch: pytest.MonkeyPatch):
    # Arrange: without a GPU the same computation twice, and one that is off
    from bench import accelerator, agreement

    monkeypatch.setattr(accelerator, "ITEMS", 60)
    lines = agreement.fused_beside_float32(torch.device("cpu"))
    results = agreement.results

    def off(made, precision, device):
        found = results(made, precision, device)
        return found if precision == torch.float32 else found | {"gradients": found["gradients"] * (1 + next(factors))}

    factors = iter((0.0, 0.1))
    monkeypatch.setattr(agreement, "results", off)

    # Act & Assess
    assert [line.metric.partition(":")[0] for line in lines] == ["states", "rewards", "gradients"]
    assert all(line.ratio == 1 and 1e-5 < line.value < 2e-2 for line in lines)
    with pytest.raises(AssertionError, match="gradients: relative error"):
        agreement.fused_beside_float32(torch.device("cpu"))


def test_peaks_are_known_by_name():
    assert peak_of("NVIDIA H100 80GB HBM3") == 989e12
    with pytest.raises(KeyError, match="--peak-teraflops"):
        peak_of("Abacus")


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_without_a_gpu_its_cases_are_left_out_and_it_is_said(capsys: pytest.CaptureFixture):
    # Act
    code = command.main(["--device", "cuda"])

    # Assess
    assert code == 0
    captured = capsys.readouterr()
    assert captured.out == "" and "skipped: there is no CUDA device" in captured.err


def test_cases_are_listed(capsys: pytest.CaptureFixture):
    assert command.main(["--list", "--only", "full depth"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert "LoRA step, full depth" in listed and all("full depth" in name for name in listed)


def test_ratios_above_1_are_better():
    assert higher_is_better("speed", 6, "", "peer", 2).ratio == 3
    assert lower_is_better("seconds", 2, "", "peer", 6).ratio == 3
    assert len(by_turns([lambda: None, lambda: None], rounds=3)) == 2
